import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { farServer } from '../harness/capture/rig.js';
import { answering, begin, capturing, curl, freePort, HOST, read } from './capture-rig.js';
import { alive, folderOf, ROOT, run, STACK_TRACE, until } from './cli.js';

const folder = folderOf('capture-endings');
const MAIN = join(ROOT, 'dist/harness/cli/main.js');
let server: Awaited<ReturnType<typeof farServer>>;
let rules: readonly string[];
beforeAll(async () => {
  server = await answering('ok', null);
  rules = ['--resolve', `*.example.com=127.0.0.1:${server.port}`];
});
afterAll(() => server.close());

const ask = (port: number, path = '/'): ReturnType<typeof curl> => curl('-x', `http://127.0.0.1:${port}`, `http://${HOST}${path}`);

describe('the usual end', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s: exit 0, the run complete, what was under way recorded as such',
    async (signal) => {
      const silent = await farServer((socket) => socket.resume(), null);
      const out = `by-${signal}`;
      const capture = await capturing(folder, ['--out', out, '--resolve', `slow.example.com=127.0.0.1:${silent.port}`, ...rules]);
      await ask(capture.port);
      const waiting = curl('-x', `http://127.0.0.1:${capture.port}`, 'http://slow.example.com/wait');
      await until('the server is asked', () => silent.sockets.size === 1);
      await until('it has the request', () => [...silent.sockets].every((socket) => socket.bytesRead > 0));
      capture.child.kill(signal);
      const ended = await capture.ended;
      await waiting;
      silent.close();
      expect(ended).toMatchObject({ code: 0, signal: null });
      expect(ended.stderr).not.toMatch(STACK_TRACE);
      const { flows, interrupted, end } = read(folder, out);
      expect({ interrupted, outcome: end?.outcome }).toEqual({ interrupted: false, outcome: 'complete' });
      expect(flows.map((flow) => [flow.n, flow.host, flow.state])).toEqual([
        [1, HOST, 'whole'],
        [2, 'slow.example.com', expect.stringMatching(/^(aborted|truncated)$/)],
      ]);
      expect(readdirSync(join(folder, out)).filter((name) => name.startsWith('.'))).toEqual([]);
    },
  );

  it('asked for twice is not waited for: exit 130, and what was recorded reads as interrupted', async () => {
    // A port that is slow to close, so that the second surely comes before the first was done.
    writeFileSync(
      join(folder, 'slow.cjs'),
      `const { Server } = require('node:net'); const { close } = Server.prototype;
       Server.prototype.close = function (done) { console.error('closing'); return close.call(this, () => setTimeout(done, 1500)); };`,
    );
    const capture = await capturing(folder, ['--out', 'twice', ...rules], {
      env: { NODE_OPTIONS: `--require ${join(folder, 'slow.cjs')}` },
    });
    await ask(capture.port);
    capture.child.kill('SIGINT');
    await capture.said(/closing/);
    capture.child.kill('SIGINT');
    expect(await capture.ended).toMatchObject({ code: 130, signal: null });
    expect(read(folder, 'twice')).toMatchObject({ interrupted: true, recording: false, flows: [{ host: HOST, state: 'whole' }] });
  });
});

describe('kill -9 in the middle', () => {
  it('leaves a run that reads to its last whole line, with every byte that it tells of', async () => {
    const body = randomBytes(40_000);
    const busy = await answering(body, null);
    const capture = await capturing(folder, ['--out', 'killed', '--resolve', `${HOST}=127.0.0.1:${busy.port}`]);
    const { pid = 0 } = capture.child;
    const load = async (): Promise<void> => {
      for (let n = 0, code = 0; code === 0; n += 1) code = (await ask(capture.port, `/${n}`)).code;
    };
    const loads = [load(), load(), load()];
    const log = (): string => readFileSync(join(folder, 'killed/events.jsonl'), 'utf8');
    await until('a good deal is recorded', () => log().split('\n').length > 30);
    capture.child.kill('SIGKILL');
    await capture.ended;
    await Promise.all(loads);
    busy.close();
    expect(alive(pid)).toBe(false);
    const { flows, interrupted, recording } = read(folder, 'killed');
    expect({ interrupted, recording }).toEqual({ interrupted: true, recording: false });
    const whole = flows.filter((flow) => flow.state === 'whole');
    expect(whole.length).toBeGreaterThan(25);
    for (const flow of whole) expect(flow.bodies).toMatchObject([{ of: 'response', bytes: body.length, state: 'whole' }]);
    expect(new Set(flows.map((flow) => flow.n)).size).toBe(flows.length);
    expect(await run(folder, ['report', 'killed'], { lang: 'zh' })).toMatchObject({
      code: 4,
      stdout: expect.stringMatching(/本次运行没有录完.+没有检测任何应用/s),
    });
    expect(await run(folder, ['export', 'killed', '--har'], { lang: 'zh' })).toMatchObject({
      code: 0,
      stderr: '记录被中断：只有中断前的内容。\n',
    });
    expect((await run(folder, ['runs', '--in', '.'], { lang: 'zh' })).stdout).toMatch(/^killed +中断 /m);
    expect(await run(folder, ['capture', '--listen', '127.0.0.1:0', '--out', 'killed'])).toMatchObject({ code: 2 });
  });
});

describe('one folder', () => {
  it('takes one capture: a second is refused, and the first goes on', async () => {
    const capture = await capturing(folder, ['--out', 'shared', ...rules]);
    const second = await run(folder, ['capture', '--listen', '127.0.0.1:0', '--out', 'shared'], { lang: 'zh' });
    expect(second).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^错误：记录文件夹 shared 已被占用。\n办法：.+\n$/),
    });
    expect(await run(folder, ['judge', 'shared'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/in use/) });
    expect(await ask(capture.port)).toEqual({ code: 0, body: 'ok' });
    expect(await capture.stop()).toMatchObject({ code: 0 });
    expect(read(folder, 'shared')).toMatchObject({ interrupted: false, flows: [{ state: 'whole' }] });
  });
});

describe('nobody at the other end', () => {
  const listens = async (port: number): Promise<void> => {
    for (let met = false; !met;) {
      const socket = connect(port, '127.0.0.1');
      met = await new Promise((done) => socket.once('connect', () => done(true)).once('error', () => done(false)));
      socket.destroy();
      if (!met) await new Promise((next) => setTimeout(next, 50));
    }
  };

  it.each([
    ['stdout', ['--json']],
    ['stdout', []],
    ['stderr', ['--json']],
    ['stderr', []],
  ] as const)('%s is closed (%j): the traffic goes on, and the run is closed at its end', async (stream, args) => {
    const port = await freePort();
    const out = `deaf-${stream}-${args.length}`;
    const capture = begin(folder, ['capture', '--listen', `127.0.0.1:${port}`, '--out', out, ...args, ...rules]);
    capture.child[stream]?.destroy();
    await listens(port);
    expect(await ask(port)).toEqual({ code: 0, body: 'ok' });
    capture.child.kill('SIGINT');
    expect(await capture.ended).toMatchObject({ code: 0, signal: null });
    expect(read(folder, out)).toMatchObject({ interrupted: false, flows: [{ state: 'whole' }] });
  });

  it('the reader of its first line goes, as in a pipe: nothing changes', async () => {
    const capture = await capturing(folder, ['--out', 'piped', ...rules]);
    capture.child.stdout?.destroy();
    expect(await ask(capture.port)).toEqual({ code: 0, body: 'ok' });
    expect(await capture.stop()).toMatchObject({ code: 0, stderr: expect.stringMatching(/recorded 1 flow, 0 of them unread; 0 gaps/) });
    expect(read(folder, 'piped')).toMatchObject({ interrupted: false });
  });

  it('stdin is closed: nothing changes', async () => {
    const port = await freePort();
    const command = `exec '${process.execPath}' '${MAIN}' capture --listen 127.0.0.1:${port} --out no-stdin ${rules.join(' ')} <&-`;
    const env = { PATH: process.env['PATH'], HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp'), LANG: 'en_US.UTF-8' };
    const child = spawn('bash', ['-c', command], { cwd: folder, env, stdio: 'ignore' });
    onTestFinished(() => void child.kill('SIGKILL'));
    await listens(port);
    expect(await ask(port)).toEqual({ code: 0, body: 'ok' });
    child.kill('SIGINT');
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(read(folder, 'no-stdin')).toMatchObject({ interrupted: false, flows: [{ state: 'whole' }] });
  });
});

describe('a disk', () => {
  const mount = (dir: string, size: string): boolean => {
    mkdirSync(join(folder, dir));
    return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', join(folder, dir)]).status === 0;
  };
  const umount = (dir: string): void => void spawnSync('umount', ['-l', join(folder, dir)]);

  it.each([
    ['by many small bodies', 60_000, 40],
    ['by one large body', 3_000_000, 3],
  ])('that fills up %s: the traffic goes on, one sentence says so, exit 3', async (what, bytes, times) => {
    const disk = `disk-${bytes}`;
    if (!mount(disk, '1m')) return console.log(`skipped (${what}): a small disk cannot be mounted here`);
    try {
      const body = randomBytes(bytes).toString('base64').slice(0, bytes);
      const large = await answering(body, null);
      const args = ['capture', '--listen', '127.0.0.1:0', '--out', `${disk}/run`, '--resolve', `${HOST}=127.0.0.1:${large.port}`];
      const capture = begin(folder, args, { lang: 'zh' });
      let said = '';
      capture.child.stdout?.on('data', (text: string) => (said += text));
      await capture.said(/按 Ctrl-C 结束/);
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(said)?.[1]);
      for (let n = 0; n < times; n += 1) expect((await ask(port, `/${n}`)).body.length).toBe(bytes);
      // At once, not when somebody thinks of ending it.
      await capture.said(/磁盘已满/);
      capture.child.kill('SIGINT');
      const ended = await capture.ended;
      large.close();
      expect(ended.code).toBe(3);
      expect(ended.stderr.match(/错误：/g)).toHaveLength(1);
      expect(ended.stderr).toMatch(/\n错误：磁盘已满，无法写入 \S+；已写入的记录仍可使用。从此不再记录，流量照常通过；按 Ctrl-C 结束\n/);
      expect(ended.stderr).not.toMatch(STACK_TRACE);
      expect(ended.stdout).toMatch(/\n磁盘出错之前的流量已记录，之后的没有\ndisk-\d+\/run\n$/);
      cpSync(join(folder, disk, 'run'), join(folder, `moved-${bytes}`), { recursive: true });
    } finally {
      umount(disk);
    }
    const { flows, gaps, interrupted } = read(folder, `moved-${bytes}`);
    expect(interrupted).toBe(true);
    expect(flows.length).toBeLessThan(times);
    expect(gaps).toMatchObject([{ source: 'store', what: expect.stringMatching(/^not-written: /), why: 'disk: ENOSPC' }]);
    expect(await run(folder, ['judge', `moved-${bytes}`])).toMatchObject({ code: 4 });
  });

  it('that is too small to begin: nothing stays, and nothing is said to be usable', async (context) => {
    for (const size of ['4k', '16k', '64k', '80k']) {
      const disk = `small-${size}`;
      if (!mount(disk, size)) return context.skip('a small disk cannot be mounted here');
      try {
        for (const args of [
          ['--out', `${disk}/deep/run`],
          ['--out', `out-${size}`, '--ca', `${disk}/ca`],
        ]) {
          writeFileSync(join(folder, disk, 'filling'), '');
          if (args.includes('--ca')) spawnSync('dd', ['if=/dev/zero', `of=${join(folder, disk, 'filling')}`, 'bs=4k'], { stdio: 'ignore' });
          const ended = await run(folder, ['capture', '--listen', '127.0.0.1:0', ...args]);
          expect(ended).toMatchObject({ code: 3, stdout: '' });
          expect(ended.stderr).toMatch(/^error: the disk is full, \S+ could not be made; nothing was recorded\nway out: .+\n$/);
          expect(existsSync(join(folder, `out-${size}`))).toBe(false);
          expect(readdirSync(join(folder, disk)).filter((name) => name !== 'ca')).toEqual(['filling']);
        }
      } finally {
        umount(disk);
      }
    }
  });
});
