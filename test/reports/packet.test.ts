import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LabError } from '../../harness/model/errors.js';
import { seal, type SealParts } from '../../reports/packet.js';
import { verifyPacket, verifyRun } from '../../reports/verify.js';
import { openRun, tempFolder, writeSample } from '../harness/store/sample.js';

const root = tempFolder();
const runDir = path.join(root, 'run');
const packet = path.join(root, 'packet');
let parts: SealParts;
beforeAll(async () => {
  await writeSample(runDir);
  fs.mkdirSync(path.join(runDir, 'judgements', '1'), { recursive: true });
  fs.writeFileSync(path.join(runDir, 'judgements', '1', 'report.json'), '{"schema":1}');
  fs.writeFileSync(path.join(runDir, 'report.html'), '<title>报告</title>');
  parts = { runDir, out: packet, sealedAt: '2026-11-22T12:00:00.000+08:00', tool: { name: 'jiejing', version: '0.1.0' }, judgement: 1 };
});
beforeEach(() => void seal(parts));
afterEach(() => fs.rmSync(packet, { recursive: true, force: true }));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const at = (file: string): string => path.join(packet, file);
const read = (file: string): string => fs.readFileSync(at(file), 'utf8');
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const filesOf = (dir: string): string[] =>
  fs.readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) => fs.lstatSync(path.join(dir, name)).isFile());

/** Makes both manifests true again for what now lies in the packet: what a forger does who knows BagIt. */
function rehash(): void {
  const line = (name: string): string => `${sha256(fs.readFileSync(at(name)))}  ${name}\n`;
  const payload = filesOf(packet)
    .filter((name) => name.startsWith('data/'))
    .toSorted();
  const bytes = payload.reduce((sum, name) => sum + fs.statSync(at(name)).size, 0);
  fs.writeFileSync(at('manifest-sha256.txt'), payload.map(line).join(''));
  fs.writeFileSync(at('bag-info.txt'), read('bag-info.txt').replace(/Payload-Oxum: .*/, `Payload-Oxum: ${bytes}.${payload.length}`));
  const tags = filesOf(packet).filter((name) => !name.startsWith('data/') && name !== 'tagmanifest-sha256.txt');
  fs.writeFileSync(at('tagmanifest-sha256.txt'), tags.toSorted().map(line).join(''));
}

function retag(): void {
  const tags = read('tagmanifest-sha256.txt').replace(/[0-9a-f]{64}(?= {2}manifest)/, sha256(fs.readFileSync(at('manifest-sha256.txt'))));
  fs.writeFileSync(at('tagmanifest-sha256.txt'), tags);
}

/** Alters a file and makes both manifests fit. */
function edit(file: string, from: string, to: string): void {
  fs.writeFileSync(at(file), read(file).replace(from, to));
  rehash();
}

function codeOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    if (error instanceof LabError)
      return [error.code, error.facts['file'], error.facts['line']].filter((fact) => fact !== undefined).join(' ');
    throw error;
  }
  return 'none';
}

describe('a sealed packet', () => {
  it('holds, and stock tools say so too', () => {
    const checked = verifyPacket(packet);
    expect(checked).toMatchObject({
      ok: true,
      run: 'r-20261122-0001',
      events: 6,
      ended: true,
      root: sha256(fs.readFileSync(at('tagmanifest-sha256.txt'))),
    });
    for (const manifest of ['manifest-sha256.txt', 'tagmanifest-sha256.txt']) {
      const said = execFileSync('sha256sum', ['--strict', '-c', manifest], {
        cwd: packet,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], LC_ALL: 'C' },
      });
      expect(
        said
          .trim()
          .split('\n')
          .every((line) => line.endsWith(': OK')),
      ).toBe(true);
      expect(said.trim().split('\n')).toHaveLength(read(manifest).trim().split('\n').length);
    }
  });

  it("is a BagIt 1.0 bag of the whole run, without the recorder's own files", () => {
    expect(read('bagit.txt')).toBe('BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n');
    const payload = filesOf(runDir).map((name) => `data/${name}`);
    const listed = read('manifest-sha256.txt')
      .trim()
      .split('\n')
      .map((line) => line.slice(66));
    expect(listed).toEqual(payload.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    expect(read('manifest-sha256.txt')).toMatch(/^([0-9a-f]{64} {2}data\/\S+\n)+$/);
    for (const name of payload) expect(fs.readFileSync(at(name)).equals(fs.readFileSync(path.join(runDir, name.slice(5))))).toBe(true);
    const bytes = payload.reduce((sum, name) => sum + fs.statSync(at(name)).size, 0);
    expect(read('bag-info.txt')).toContain(`Payload-Oxum: ${bytes}.${payload.length}\n`);
    expect(read('bag-info.txt')).toContain('Run-Id: r-20261122-0001\n');
    expect(read('bag-info.txt')).toMatch(/^Log-Head: [0-9a-f]{64}$/m);
  });

  it('of a simulated handset says that it is no evidence, in the bag and in words', () => {
    expect(read('bag-info.txt')).toContain('Fit-As-Evidence: no — simulated handset\n');
    expect(read('核验说明.txt')).toContain('不可作为证据使用');
    expect(read('核验说明.txt')).toContain('sha256sum -c manifest-sha256.txt');
  });

  it('is the same bytes when it is made again', () => {
    const first = read('tagmanifest-sha256.txt');
    const again = seal({ ...parts, out: path.join(root, 'again') });
    expect(fs.readFileSync(path.join(root, 'again', 'tagmanifest-sha256.txt'), 'utf8')).toBe(first);
    expect(again).toMatchObject({ run: 'r-20261122-0001', unfit: 'simulated handset' });
    fs.rmSync(path.join(root, 'again'), { recursive: true });
  });

  it('holds the one judgement that it is made for, and without one no report', () => {
    const judged = path.join(root, 'judged');
    fs.cpSync(runDir, judged, { recursive: true });
    fs.cpSync(path.join(judged, 'judgements', '1'), path.join(judged, 'judgements', '11'), { recursive: true });
    const reportsOf = (judgement: number | null): string[] => {
      const out = path.join(root, `judged-${judgement}`);
      seal({ ...parts, runDir: judged, out, judgement });
      return filesOf(path.join(out, 'data')).filter((name) => /report|judgement/.test(name));
    };
    expect(reportsOf(1).toSorted()).toEqual(['judgements/1/report.json', 'report.html']);
    expect(reportsOf(11).toSorted()).toEqual(['judgements/11/report.json', 'report.html']);
    expect(reportsOf(null)).toEqual([]);
  });

  it.each([
    ['below a file', '/dev/null/x'],
    ['where none can be made', '/proc/x'],
  ])('%s is refused and the path named', (_, out) => {
    expect(codeOf(() => seal({ ...parts, out }))).toBe('BAD_PATH');
  });

  it('is never written over, nor made inside its run, nor from a broken run', async () => {
    expect(codeOf(() => seal(parts))).toBe('RUN_EXISTS');
    expect(codeOf(() => seal({ ...parts, out: path.join(runDir, 'packet') }))).toBe('USAGE');
    expect(codeOf(() => seal({ ...parts, runDir: root, out: path.join(root, 'p2') }))).toBe('UNKNOWN_RUN');
    const broken = path.join(root, 'broken');
    fs.cpSync(runDir, broken, { recursive: true });
    fs.appendFileSync(path.join(broken, 'screens', fs.readdirSync(path.join(broken, 'screens'))[0] ?? ''), 'x');
    fs.writeFileSync(
      path.join(broken, 'events.jsonl'),
      fs.readFileSync(path.join(broken, 'events.jsonl'), 'utf8').replace('"hooks"', '"proxy"'),
    );
    expect(codeOf(() => seal({ ...parts, runDir: broken, out: path.join(root, 'p3') }))).toBe('RUN_BROKEN events.jsonl 6');
    expect(fs.existsSync(path.join(root, 'p3'))).toBe(false);
    expect(fs.existsSync(path.join(root, 'p3.sealing'))).toBe(false);
    fs.symlinkSync('/etc/passwd', path.join(broken, 'link'));
    fs.copyFileSync(path.join(runDir, 'events.jsonl'), path.join(broken, 'events.jsonl'));
    expect(codeOf(() => seal({ ...parts, runDir: broken, out: path.join(root, 'p3') }))).toBe('RUN_FILE_BROKEN link');
    fs.rmSync(broken, { recursive: true });
  });

  it('may be made of an interrupted run, and says so', () => {
    const cut = path.join(root, 'cut');
    openRun(cut).gap('run', 'not-settled', 'after-error');
    fs.rmSync(path.join(cut, '.lock'));
    fs.appendFileSync(path.join(cut, 'events.jsonl'), '{"prev":"');
    const out = path.join(root, 'cut-packet');
    seal({ ...parts, runDir: cut, out });
    expect(verifyPacket(out)).toMatchObject({ ok: true, ended: false, events: 2 });
    expect(fs.readFileSync(path.join(out, 'bag-info.txt'), 'utf8')).toContain('Log-Ended: no');
    expect(fs.readdirSync(path.join(out, 'data')).toSorted()).toEqual(['events.jsonl', 'run.json', 'values']);
  });
});

describe('the verifier', () => {
  it('names every file in which a byte was flipped, or that is missing', () => {
    for (const file of filesOf(packet)) {
      const whole = fs.readFileSync(at(file));
      for (const place of [0, Math.floor(whole.length / 2), whole.length - 1]) {
        const bytes = Buffer.from(whole);
        bytes[place] = (bytes[place] ?? 0) ^ 1;
        fs.writeFileSync(at(file), bytes);
        const found = verifyPacket(packet);
        expect([file, place, found.ok]).toEqual([file, place, false]);
        // No file stands above the tag manifest: what does not fit it may be either's fault, and both are named.
        if (!found.ok) expect(`${found.file} ${found.whatEn}`).toContain(file);
        if (!found.ok && file !== 'tagmanifest-sha256.txt') expect(found.file).toBe(file);
        fs.writeFileSync(at(file), whole);
      }
      fs.rmSync(at(file));
      expect(verifyPacket(packet)).toMatchObject({ ok: false, file });
      fs.writeFileSync(at(file), whole);
    }
    expect(verifyPacket(packet).ok).toBe(true);
  });

  const forgeries: readonly (readonly [string, string, () => void])[] = [
    ['a file added to the payload', 'data/extra.txt', () => fs.writeFileSync(at('data/extra.txt'), 'x')],
    ['a file added beside it', 'fetch.txt', () => fs.writeFileSync(at('fetch.txt'), 'http://example.com/ 1 data/x')],
    ['a link', 'data/link', () => fs.symlinkSync('run.json', at('data/link'))],
    [
      'a linked folder',
      'data/ui',
      () => {
        fs.renameSync(at('data/ui'), path.join(root, 'ui'));
        fs.symlinkSync(path.join(root, 'ui'), at('data/ui'));
      },
    ],
    [
      'a listed file that became a link to the same bytes',
      'data/report.html',
      () => {
        fs.rmSync(at('data/report.html'));
        fs.symlinkSync(path.join(runDir, 'report.html'), at('data/report.html'));
      },
    ],
    [
      'a path that leads out',
      'manifest-sha256.txt',
      () => {
        fs.writeFileSync(path.join(root, 'out.txt'), 'x');
        fs.appendFileSync(at('manifest-sha256.txt'), `${sha256(Buffer.from('x'))}  data/../../out.txt\n`);
        retag();
      },
    ],
    [
      'a file listed twice',
      'manifest-sha256.txt',
      () => {
        fs.appendFileSync(at('manifest-sha256.txt'), read('manifest-sha256.txt').split('\n')[0] ?? '');
        retag();
      },
    ],
    ['another version of BagIt', 'bagit.txt', () => edit('bagit.txt', '1.0', '0.97')],
    ['an event altered, all manifests made to fit', 'data/events.jsonl', () => edit('data/events.jsonl', 'getImei', 'getIme1')],
    [
      'an event removed, all manifests made to fit',
      'data/events.jsonl',
      () => {
        fs.writeFileSync(at('data/events.jsonl'), read('data/events.jsonl').split('\n').toSpliced(2, 1).join('\n'));
        rehash();
      },
    ],
    [
      'the end cut off, all manifests made to fit',
      'bag-info.txt',
      () => {
        fs.writeFileSync(at('data/events.jsonl'), `${read('data/events.jsonl').trimEnd().split('\n').slice(0, -1).join('\n')}\n`);
        rehash();
      },
    ],
    [
      'the end altered, all manifests and the log head made to fit',
      'data/events.jsonl',
      () => {
        fs.writeFileSync(at('data/events.jsonl'), read('data/events.jsonl').replace('"complete"', '"failed"'));
        const last = read('data/events.jsonl').trimEnd().split('\n').at(-1) ?? '';
        fs.writeFileSync(at('bag-info.txt'), read('bag-info.txt').replace(/Log-Head: .*/, `Log-Head: ${sha256(Buffer.from(last))}`));
        rehash();
      },
    ],
    ['run.json altered, all manifests made to fit', 'data/events.jsonl', () => edit('data/run.json', 'eager', 'sober')],
    [
      'a body altered, all manifests made to fit',
      'data/bodies/s0001.seg',
      () => {
        fs.writeFileSync(at('data/bodies/s0001.seg'), 'imei=001234567890124');
        rehash();
      },
    ],
    [
      'a value altered, all manifests made to fit',
      'data/values/',
      () => {
        const [file = ''] = filesOf(at('data/values')).filter((name) => name.endsWith('.bin'));
        fs.writeFileSync(at(`data/values/${file}`), 'something elsf');
        rehash();
      },
    ],
    [
      'a screen removed, all manifests made to fit',
      'data/screens/',
      () => {
        fs.rmSync(at('data/screens'), { recursive: true });
        rehash();
      },
    ],
    [
      'an event that refers to a file outside',
      'data/events.jsonl',
      () => edit('data/events.jsonl', '"bodies/s0001.seg"', '"../../../out.txt"'),
    ],
    [
      'no run.json, all manifests made to fit',
      'data/run.json',
      () => {
        fs.rmSync(at('data/run.json'));
        rehash();
      },
    ],
  ];
  for (const [what, file, forge] of forgeries) {
    it(`finds ${what}`, () => {
      forge();
      const found = verifyPacket(packet);
      expect(found.ok).toBe(false);
      if (!found.ok) expect(found.file.startsWith(file) ? file : found.file).toBe(file);
      fs.rmSync(path.join(root, 'ui'), { recursive: true, force: true });
    });
  }

  it('reads names with %, line ends and Chinese as RFC 8493 writes them', () => {
    const names = ['100%.txt', 'a\nb.txt', 'c\rd.txt', '截图 1.txt', '%0A.txt'];
    const odd = path.join(root, 'odd');
    fs.cpSync(runDir, odd, { recursive: true });
    for (const name of names) fs.writeFileSync(path.join(odd, name), name);
    const out = path.join(root, 'odd-packet');
    seal({ ...parts, runDir: odd, out });
    expect(verifyPacket(out).ok).toBe(true);
    const manifest = fs.readFileSync(path.join(out, 'manifest-sha256.txt'), 'utf8');
    for (const name of ['100%25.txt', 'a%0Ab.txt', 'c%0Dd.txt', '截图 1.txt', '%250A.txt']) expect(manifest).toContain(`  data/${name}\n`);
  });

  it('says no to what is no packet, without throwing', () => {
    const deep = path.join(root, 'nothing');
    expect(verifyPacket(deep).ok).toBe(false);
    fs.mkdirSync(deep);
    expect(verifyPacket(deep)).toMatchObject({ ok: false, file: 'bagit.txt' });
    expect(verifyRun(deep)).toMatchObject({ ok: false, file: 'run.json' });
    const events = read('data/events.jsonl');
    fs.writeFileSync(
      at('data/events.jsonl'),
      events.replace('"picture":{', `"picture":${'['.repeat(50_000)}${']'.repeat(50_000)},"picture2":{`),
    );
    rehash();
    expect(verifyPacket(packet)).toMatchObject({ ok: false, file: 'data/events.jsonl', line: 2 });
  });

  it('runs alone, with nothing but Node, and exits 0 or 5', () => {
    const alone = path.join(root, 'verify.js');
    buildSync({ entryPoints: ['reports/verify.ts'], outfile: alone, format: 'esm', platform: 'node', logLevel: 'error' });
    const good = spawnSync(process.execPath, [alone, packet], { encoding: 'utf8' });
    expect([good.status, good.stdout.split('  ').slice(0, 2)]).toEqual([0, ['OK', 'r-20261122-0001']]);
    fs.appendFileSync(at('data/run.json'), ' ');
    const bad = spawnSync(process.execPath, [alone.replace('.js', ''), packet], { encoding: 'utf8' });
    const named = spawnSync(process.execPath, [alone, packet], { encoding: 'utf8' });
    expect([named.status, named.stdout]).toEqual([5, expect.stringContaining('BROKEN  data/run.json')]);
    // Asked for in a way in which nothing would be checked, it must not look like a yes.
    expect(bad.status).not.toBe(0);
  });
});
