import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCaFolder } from '../../harness/capture/ca-folder.js';
import { documentOf, folderOf, run, STACK_TRACE, UNBOUND } from './cli.js';

const folder = folderOf('ca');
const openssl = (args: readonly string[]): string => execFileSync('openssl', args, { encoding: 'utf8' });
const certOf = (file: string): X509Certificate => new X509Certificate(fs.readFileSync(file));
/** A folder of one test's own to run in. */
function place(name: string): string {
  const dir = join(folder, name);
  fs.mkdirSync(dir);
  return dir;
}

interface Exported {
  readonly file: string;
  readonly format: string;
  readonly made: boolean;
  readonly folder: string;
  readonly sha256: string;
  readonly subjectHashOld: string;
}

describe('ca export', () => {
  it('makes a CA where none is, says so, and writes its certificate in all forms', async () => {
    const cwd = place('forms');
    const pem = await run(folder, ['ca', 'export'], { cwd });
    expect(pem).toMatchObject({ code: 0, stderr: expect.stringMatching(/^made a new CA in jiejing-ca\n$/) });
    expect(pem.stdout).toMatch(/^wrote jiejing-ca\.pem\n/);
    const own = certOf(join(cwd, 'jiejing-ca', 'ca.pem'));
    expect(pem.stdout).toContain(own.fingerprint256);
    expect(fs.statSync(join(cwd, 'jiejing-ca', 'ca.key')).mode & 0o777).toBe(0o600);

    const der = documentOf<Exported>(await run(folder, ['ca', 'export', '--format', 'der', '--json'], { cwd }));
    expect(der).toMatchObject({ format: 'der', made: false, folder: join(cwd, 'jiejing-ca'), file: join(cwd, 'jiejing-ca.cer') });
    expect(fs.readFileSync(der.file).equals(own.raw)).toBe(true);

    const android = documentOf<Exported>(await run(folder, ['ca', 'export', '--format', 'android', '--json'], { cwd }));
    const hash = openssl(['x509', '-noout', '-subject_hash_old', '-in', join(cwd, 'jiejing-ca', 'ca.pem')]).trim();
    expect(android).toMatchObject({ subjectHashOld: hash, file: join(cwd, `${hash}.0`) });
    for (const file of [android.file, join(cwd, 'jiejing-ca.pem')]) {
      expect(certOf(file).raw.equals(own.raw)).toBe(true);
      expect(fs.readFileSync(file, 'latin1')).not.toContain('PRIVATE KEY');
    }
    expect(android.sha256).toBe(own.fingerprint256.replaceAll(':', '').toLowerCase());
  });

  it('writes to the file or folder that it is told, from the folder that it is told', async () => {
    const cwd = place('told');
    fs.mkdirSync(join(cwd, 'usb'));
    const into = documentOf<Exported>(
      await run(folder, ['ca', 'export', '--ca', 'my ca', '--out', 'usb', '--format', 'android', '--json'], { cwd }),
    );
    expect(into).toMatchObject({ made: true, folder: join(cwd, 'my ca'), file: join(cwd, 'usb', `${into.subjectHashOld}.0`) });
    const as = await run(folder, ['ca', 'export', '--ca', 'my ca', '--out', join('usb', 'x.crt')], { cwd, lang: 'zh' });
    expect(as).toMatchObject({ code: 0, stderr: '' });
    expect(as.stdout).toMatch(/^已写出 usb\/x\.crt\n/);
    expect(as.stdout).toContain("npx jiejing ca install-hint --ca 'my ca'");
    expect(as.stdout).toContain("npx jiejing capture --ca 'my ca'");
    expect(certOf(join(cwd, 'usb', 'x.crt')).raw.equals(certOf(into.file).raw)).toBe(true);
  });

  it('may be run again, and overwrites nothing else', async () => {
    const cwd = place('again');
    for (const _ of [1, 2]) expect((await run(folder, ['ca', 'export'], { cwd })).code).toBe(0);
    fs.writeFileSync(join(cwd, 'jiejing-ca.pem'), 'mine');
    const refused = await run(folder, ['ca', 'export'], { cwd });
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('jiejing-ca.pem is there already') });
    expect(fs.readFileSync(join(cwd, 'jiejing-ca.pem'), 'utf8')).toBe('mine');
  });
});

describe('ca install-hint', () => {
  interface Hint {
    readonly subjectHashOld: string;
    readonly ways: readonly {
      readonly android: { readonly en: string };
      readonly store: string;
      readonly needsRoot: boolean;
      readonly steps: readonly { readonly zh: string; readonly en: string; readonly command: string | null }[];
    }[];
  }

  it('tells each Android its way, with the files that export writes', async () => {
    const cwd = place('hint');
    const { ways, subjectHashOld } = documentOf<Hint>(await run(folder, ['ca', 'install-hint', '--ca', 'lab', '--json'], { cwd }));
    expect(ways.map(({ store, needsRoot, android }) => [android.en, store, needsRoot])).toEqual([
      ['Android 6 and earlier', 'user', false],
      ['Android 7 to 13', 'system', true],
      ['Android 14 and later', 'system', true],
    ]);
    const commands = ways.map(({ steps }) => steps.flatMap(({ command }) => command ?? []).join('\n'));
    for (const text of commands) expect(text).toMatch(/^npx jiejing ca export --ca lab --format (?:der|android)$/m);
    expect(commands.map((text) => text.includes(`${subjectHashOld}.0`))).toEqual([false, true, true]);
    expect(commands.map((text) => text.includes('mount -t tmpfs tmpfs /system/etc/security/cacerts'))).toEqual([false, true, true]);
    expect(commands.map((text) => text.includes('/apex/com.android.conscrypt/cacerts'))).toEqual([false, false, true]);
    // What it tells to run does run, and writes the names that the next step takes.
    for (const text of commands) {
      const args = /^npx jiejing (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
      const { file } = documentOf<Exported>(await run(folder, [...args, '--json'], { cwd }));
      expect(text).toContain(`adb push ${file.slice(cwd.length + 1)} `);
    }
    // Each script is one that a shell can read.
    for (const script of commands.join('\n').matchAll(/^adb shell '(.*)'$/gm)) execFileSync('sh', ['-n', '-c', script[1] ?? '']);
  });

  it.each([
    ['zh', [/Android 14 及以上：系统证书库，需要 root/, /撤销：重启手机/, /仍会被它拒绝：借镜如实记录，不设法绕过/]],
    ['en', [/Android 14 and later: system store, needs root/, /to undo: reboot/, /go on refusing ours: that is recorded/]],
  ] as const)('says it in %s, and offers no way round pins', async (lang, expected) => {
    const { code, stdout } = await run(folder, ['ca', 'install-hint', '--ca', 'ca'], { lang });
    expect(code).toBe(0);
    for (const words of expected) expect(stdout).toMatch(words);
    expect(stdout).not.toMatch(/frida|objection|unpin/i);
  });
});

describe('ca, when it cannot', () => {
  const keyOf = (dir: string): string => join(dir, 'jiejing-ca', 'ca.key');
  const CASES: readonly (readonly [what: string, code: number, expected: RegExp, args: readonly string[], spoil: (dir: string) => void])[] =
    [
      ['an act that is not there', 2, /no subcommand import; there are export and install-hint/, ['import'], () => {}],
      ['no act', 2, /missing required argument 'act'\nway out: usage: npx jiejing ca --help/, [], () => {}],
      ['a form that is not there', 2, /Allowed choices are pem, der, android/, ['export', '--format', 'p12'], () => {}],
      ['a hint with --out', 2, /install-hint writes no file/, ['install-hint', '--out', 'x'], () => {}],
      [
        'a key open to others',
        3,
        /is open to other users \(mode 644\)\n.*chmod 600 jiejing-ca\/ca\.key/,
        ['export'],
        (dir) => fs.chmodSync(keyOf(dir), 0o644),
      ],
      ['a key that is gone', 3, /jiejing-ca has a CA certificate, ca\.pem, but no key/, ['export'], (dir) => fs.rmSync(keyOf(dir))],
      ['a folder that is a file', 2, /the path .* cannot be used/, ['export', '--ca', 'jiejing-ca/ca.pem'], () => {}],
      ['no place for the file', 2, /the path no\/such\/x\.pem cannot be used/, ['export', '--out', 'no/such/x.pem'], () => {}],
    ];
  it.each(CASES)('%s', async (what, code, ...[expected, args, spoil]) => {
    const cwd = place(what.replaceAll(' ', '-'));
    openCaFolder(join(cwd, 'jiejing-ca'), Date.now());
    spoil(cwd);
    const ended = await run(folder, ['ca', ...args], { cwd });
    expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(expected) });
    expect(ended.stderr).not.toMatch(STACK_TRACE);
  });

  it.skipIf(UNBOUND !== null)('a folder that it may not write', async () => {
    const cwd = place('closed');
    fs.chmodSync(cwd, 0o555);
    const ended = await run(folder, ['ca', 'export'], { cwd, bound: true });
    fs.chmodSync(cwd, 0o755);
    expect(ended).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('no permission to write jiejing-ca') });
    expect(fs.readdirSync(cwd)).toEqual([]);
  });
});
