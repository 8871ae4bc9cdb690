import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { documentOf, folderOf, leftovers, run, STACK_TRACE, UNBOUND } from './cli.js';

const folder = folderOf('mistakes');
const long = 'n'.repeat(300);

beforeAll(async () => {
  expect(await run(folder, ['record', 'honest', '--scenario', 'observe-only', '--out', 'a b/$r'])).toMatchObject({ code: 0 });
});

describe('a path that cannot be used ends with 2 and is named, without a stack trace', () => {
  const cases: readonly (readonly [string, readonly string[], string, string])[] = [
    ['a run folder below a file', ['audit', 'eager', '--out', '/dev/null/x'], '/dev/null/x', 'BAD_PATH'],
    ['a run folder that is a file', ['audit', 'eager', '--out', '/dev/null'], '/dev/null', 'BAD_PATH'],
    ['a run folder where none can be made', ['audit', 'eager', '--out', '/proc/x'], '/proc/x', 'BAD_PATH'],
    ['a name that is too long', ['audit', 'eager', '--out', long], long, 'BAD_PATH'],
    ['runs in a file', ['runs', '--in', '/dev/null'], '/dev/null', 'BAD_PATH'],
    ['a new scenario in no folder', ['scenarios', 'new', '/nonexist/x.yaml'], '/nonexist/x.yaml', 'BAD_PATH'],
    ['a new scenario without a name', ['scenarios', 'new', ''], 'scenarios new', 'USAGE'],
    ['a list that is a folder', ['nightly', '/tmp'], '/tmp', 'BAD_PATH'],
    ['nights in a file', ['nightly', 'list.yaml', '--out', '/dev/null'], '/dev/null', 'BAD_PATH'],
    ['a packet below a file', ['seal', 'a b/$r', '--out', '/dev/null/x'], '/dev/null/x', 'BAD_PATH'],
    ['a packet where none can be made', ['seal', 'a b/$r', '--out', '/proc/x'], '/proc/x', 'BAD_PATH'],
    ['a scenario that is a folder', ['audit', 'eager', '--scenario', '/tmp'], '/tmp', 'USAGE'],
    ['a scenario to check that is a folder', ['scenarios', 'validate', '/tmp'], '/tmp', 'USAGE'],
  ];
  it.each(cases)('%s', async (_, args, named, code) => {
    writeFileSync(join(folder, 'list.yaml'), '- app: eager\n');
    const timeout = spawnSync(
      'timeout',
      ['-s', 'KILL', '20', process.execPath, join(import.meta.dirname, '../../dist/harness/cli/main.js'), ...args, '--json'],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp'), LANG: 'en_US.UTF-8' },
      },
    );
    expect(timeout.status).toBe(2);
    expect(timeout.stderr).toContain(named);
    expect(timeout.stderr).not.toMatch(STACK_TRACE);
    expect(documentOf({ ...timeout, code: 2, signal: null })).toMatchObject({ error: { code, exit: 2 } });
    const zh = await run(folder, args, { lang: 'zh' });
    expect(zh).toMatchObject({ code: 2, stderr: expect.stringMatching(/^(\[.*\]\n)*错误：.*\n办法：.*\n$/) });
    if (args.some((arg) => arg === '/tmp')) expect(zh.stderr).toMatch(/文件夹/);
    expect(leftovers(folder)).toEqual([]);
  });

  it('a TMPDIR that is not there: nothing is begun', async () => {
    const ended = await run(folder, ['audit', 'eager', '--out', 'never'], { env: { TMPDIR: '/nonexist' } });
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringMatching(/\/nonexist/) });
    expect(ended.stderr).not.toMatch(STACK_TRACE);
    expect(readdirSync(folder)).not.toContain('never');
  });

  it("another user's run: may not be read, which is not the same as written", async (context) => {
    if (UNBOUND !== null) return context.skip(UNBOUND);
    chmodSync(join(folder, 'a b/$r/values'), 0);
    const ended = await run(folder, ['judge', 'a b/$r'], { bound: true });
    chmodSync(join(folder, 'a b/$r/values'), 0o700);
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringMatching(/no permission to read a b\/\$r\/values/) });
    expect(ended.stderr).not.toMatch(STACK_TRACE);
  });
});

describe('a command that is told to be run next', () => {
  it('is quoted for the shell where its path needs it', async () => {
    const judged = await run(folder, ['judge', 'a b/$r']);
    expect(judged.stdout).toContain(`npx jiejing open 'a b/$r'`);
    expect(judged.stdout).toContain(`npx jiejing seal 'a b/$r' --out packet-b`.replace('packet-b', `'packet-$r'`));
    const made = await run(folder, ['scenarios', 'new', `it's.yaml`]);
    const command = /npx jiejing scenarios validate (.*)/.exec(made.stdout)?.[1] ?? '';
    expect(spawnSync('sh', ['-c', `printf %s ${command}`], { encoding: 'utf8' }).stdout).toBe(`it's.yaml`);
    const sealed = await run(folder, ['seal', 'a b/$r', '--out', 'p q']);
    expect(sealed.stdout).toContain(`npx jiejing verify 'p q'`);
  });
});

describe('what an app says', () => {
  it('reaches the terminal without control characters, and JSON without those that turn text round', async () => {
    const bad = '\u001b]0;owned\u0007\u0000\u202e\u2066\u009b31m\u007f';
    writeFileSync(
      join(folder, 'ugly.yaml'),
      `title: { zh: "${JSON.stringify(bad).slice(1, -1)}", en: "a${JSON.stringify(bad).slice(1, -1)}z" }\naims: [launched]\nsteps:\n  - launch: { clean: true }\n`,
    );
    const raw = new RegExp(String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]`);
    for (const env of [{}, { FORCE_COLOR: '1' }]) {
      const ended = await run(folder, ['audit', 'honest', '--scenario', 'ugly.yaml', '--out', `ugly-${Object.keys(env).length}`], { env });
      const said = `${ended.stdout}${ended.stderr}`.replaceAll(new RegExp(String.raw`\u001b\[(1|22|3[135]|39)m`, 'g'), '');
      expect(said).not.toMatch(raw);
      expect(ended.stdout).toContain('\\u202e');
      const shown = await run(folder, ['show', `ugly-${Object.keys(env).length}`, 'f1', '--json'], { env });
      expect(shown.stdout).not.toMatch(raw);
    }
    const named = await run(folder, ['judge', bad.replaceAll('\u0000', ''), '--json']);
    expect(named.stderr).not.toMatch(raw);
    expect(named.stdout).not.toMatch(raw);
    expect(documentOf<{ error: { what: string } }>(named).error.what).toContain('\u202e');
  });
});

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT'])('%s right after the start ends with 130', async (signal) => {
    // Node tells of each listener: this one is the first thing that the program does.
    const file = join(folder, `early-${signal}.cjs`);
    writeFileSync(
      file,
      `process.once('newListener', () => {}); process.on('newListener', (name) => name === 'uncaughtException' && process.kill(process.pid, '${signal}'));`,
    );
    const ended = await run(folder, ['audit', 'eager', '--out', `early-${signal}`], { env: { NODE_OPTIONS: `--require ${file}` } });
    expect(ended).toMatchObject({ code: 130, signal: null });
    expect(leftovers(folder)).toEqual([]);
  });

  it('ends a command that computes without waiting for it', async () => {
    const file = join(folder, 'busy.cjs');
    writeFileSync(
      file,
      `const fs = require('node:fs'); const open = fs.readFileSync; let sent = false;
       fs.readFileSync = (...args) => { if (!sent && String(args[0]).endsWith('run.json')) { sent = true; process.kill(process.pid, 'SIGINT'); } return open(...args); };
       require('node:module').syncBuiltinESMExports();`,
    );
    const ended = await run(folder, ['judge', 'a b/$r'], { env: { NODE_OPTIONS: `--require ${file}` } });
    expect(ended).toMatchObject({ code: null, signal: 'SIGINT', stdout: '' });
  });
});

describe('a small disk', () => {
  const mount = (dir: string, size: string): boolean => {
    mkdirSync(dir);
    return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dir]).status === 0;
  };

  it('too small for the beginning of a run: nothing stays, and nothing is said to be usable', async (context) => {
    for (const size of ['4k', '16k', '64k', '80k']) {
      const disk = join(folder, `disk-${size}`);
      if (!mount(disk, size)) return context.skip('a small disk cannot be mounted here');
      context.onTestFinished(() => void spawnSync('umount', [disk]));
      const ended = await run(folder, ['audit', 'eager', '--out', `disk-${size}/deep/run`]);
      expect(ended.code).toBe(3);
      expect(ended.stderr).toMatch(/disk is full/);
      expect(ended.stderr).not.toMatch(/can still be used|jiejing judge/);
      expect(ended.stderr).not.toMatch(STACK_TRACE);
      expect(readdirSync(disk)).toEqual([]);
      expect(leftovers(folder)).toEqual([]);
    }
  });

  it('too small for a judgement: none is left half made', async (context) => {
    const disk = join(folder, 'disk-judge');
    if (!mount(disk, '3m')) return context.skip('a small disk cannot be mounted here');
    context.onTestFinished(() => void spawnSync('umount', [disk]));
    cpSync(join(folder, 'a b/$r'), join(disk, 'run'), { recursive: true });
    for (const spare of [0, 4096, 40_000]) {
      writeFileSync(join(disk, 'filling'), '');
      const { stdout } = spawnSync('df', ['-B1', '--output=avail', disk], { encoding: 'utf8' });
      writeFileSync(join(disk, 'filling'), Buffer.alloc(Math.max(0, Number(stdout.trim().split('\n')[1]) - spare)));
      const before = readdirSync(join(disk, 'run'));
      const top = before.filter((name) => name.startsWith('report.')).map((name) => readFileSync(join(disk, 'run', name), 'utf8'));
      expect(await run(folder, ['judge', 'disk-judge/run'])).toMatchObject({ code: 3, stderr: expect.stringMatching(/disk is full/) });
      expect(readdirSync(join(disk, 'run'))).toEqual(before);
      expect(before.filter((name) => name.startsWith('report.')).map((name) => readFileSync(join(disk, 'run', name), 'utf8'))).toEqual(top);
    }
  });
});
