import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Report } from '../../harness/model/finding.js';
import { compare } from '../../reports/compare.js';
import { far, type farServer } from '../harness/capture/rig.js';
import { answering, begin, capturing, curl, freePort, HOST, read } from './capture-rig.js';
import { documentOf, folderOf, ROOT, run, STACK_TRACE, until } from './cli.js';

const folder = folderOf('capture');
const MAIN = join(ROOT, 'dist/harness/cli/main.js');
const file = (...names: readonly string[]): string => join(folder, ...names);
let server: Awaited<ReturnType<typeof farServer>>;
let upstream: readonly string[];
beforeAll(async () => {
  server = await answering('ok', {});
  writeFileSync(file('far.pem'), far.certPem);
  upstream = ['--upstream-ca', 'far.pem', '--resolve', `*.example.com=127.0.0.1:${server.port}`];
});
afterAll(() => server.close());

describe('a capture', () => {
  it('takes all doors on one port and writes a run like any other, without an app and without a handset', async () => {
    const capture = await capturing(folder, ['--out', 'doors', '--socks', '--dns', '127.0.0.1:0', '--case', 'C-8', ...upstream]);
    const { port, said1 } = capture;
    expect(said1).toEqual({
      listening: { host: '127.0.0.1', port },
      dns: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      dir: file('doors'),
      ca: file('doors/ca.pem'),
    });
    const ways = [
      ['-x', `http://127.0.0.1:${port}`],
      ['-x', `socks5h://10123%3Acom.example.loan%3A40000:x@127.0.0.1:${port}`],
      ['--connect-to', `::127.0.0.1:${port}`],
    ];
    for (const way of ways) expect(await curl(...way, '--cacert', said1.ca, `https://${HOST}/`)).toEqual({ code: 0, body: 'ok' });
    const ended = await capture.stop();
    expect(ended).toMatchObject({ code: 0, signal: null, stdout: `${JSON.stringify(said1)}\n` });
    expect(ended.stderr).toBe('recorded 3 flows, 0 of them unread; 0 gaps\ndoors\nnext: npx jiejing export doors --har --out FILE\n');
    const { head, flows, gaps, interrupted, end, manifest } = read(folder, 'doors');
    expect(flows.map((flow) => [flow.n, flow.door, flow.host, flow.state, flow.owner.package])).toEqual([
      [1, 'http-proxy', HOST, 'whole', null],
      [2, 'socks5', HOST, 'whole', 'com.example.loan'],
      [3, 'tls', HOST, 'whole', null],
    ]);
    expect([gaps, interrupted, end?.outcome, manifest.values]).toEqual([[], false, 'complete', []]);
    expect(head).toMatchObject({ caseNumber: 'C-8', app: { package: '', permissions: [] }, scenario: { aims: [] } });
    expect(head.handset).toEqual({ kind: 'none', simulated: false, profile: 'none', probe: null, facts: {} });
  });

  it('that nothing came through says so', async () => {
    const capture = begin(folder, ['capture', '--listen', '127.0.0.1:0', '--out', 'quiet'], { lang: 'zh' });
    await capture.said(/按 Ctrl-C 结束/);
    capture.child.kill('SIGINT');
    const ended = await capture.ended;
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringMatching(/\n没有流量到达：请检查设备的代理是否为 127\.0\.0\.1:\d+\n$/) });
    expect(ended.stdout).toMatch(/\n记录了 0 条流量，其中 0 条内容未能读取；0 处缺口\nquiet\n$/);
    expect(read(folder, 'quiet')).toMatchObject({ interrupted: false, flows: [], gaps: [] });
  });

  it.each(['zh', 'en'] as const)('speaks plainly and fits a terminal of 80 columns (%s)', async (lang) => {
    const args = ['capture', '--listen', '127.0.0.1:0', '--socks', '--dns', '127.0.0.1:0', '--upstream-insecure', ...upstream];
    const capture = begin(folder, args, { lang });
    await capture.said(/Ctrl-C/);
    capture.child.kill('SIGTERM');
    const { stdout, stderr, code } = await capture.ended;
    expect(code).toBe(0);
    const dir = /^runs\/\d{8}-\d{6}-capture-[0-9a-f]{4}$/m.exec(stdout)?.[0] ?? '';
    const words = {
      zh: [
        `被测设备须信任证书 ${dir}/ca.pem`,
        `记录写入 ${dir}；按 Ctrl-C 结束`,
        '不核对服务器的证书，逐条注明',
        `接下来：npx jiejing export ${dir}`,
      ],
      en: [
        `the device must trust ${dir}/ca.pem`,
        `recording into ${dir}; end with Ctrl-C`,
        'certificates are not checked',
        `next: npx jiejing`,
      ],
    }[lang];
    for (const word of words) expect(stderr).toContain(word);
    expect(stdout).toMatch(
      lang === 'zh' ? /正在 127\.0\.0\.1:\d+ 抓包（HTTP 代理、SOCKS5、TLS）\nDNS 在 / : /\(HTTP proxy, SOCKS5, TLS\)\nDNS on /,
    );
    for (const line of `${stdout}${stderr}`.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    expect(`${stdout}${stderr}`).not.toMatch(/\{\w+\}|undefined/);
  });

  it('its help fits as well', async () => {
    for (const lang of ['zh', 'en'] as const) {
      const { code, stdout } = await run(folder, ['capture', '--help'], { lang });
      expect(code).toBe(0);
      for (const line of stdout.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    }
  });

  it('never dials itself: TLS that a name leads back to the proxy is refused once', async () => {
    const port = await freePort();
    const args = ['--out', 'loop', '--resolve', `loop.example.com=127.0.0.1:${port}`];
    const capture = begin(folder, ['capture', '--listen', `127.0.0.1:${port}`, ...args]);
    await capture.said(/Ctrl-C/);
    expect((await curl('-k', '--connect-to', `::127.0.0.1:${port}`, 'https://loop.example.com/')).code).toBe(35);
    capture.child.kill('SIGINT');
    expect(await capture.ended).toMatchObject({ code: 0 });
    expect(read(folder, 'loop').flows.map((flow) => [flow.door, flow.state, flow.reason])).toEqual([['tls', 'refused', 'upstream: ELOOP']]);
  });
});

describe('the CA of a capture', () => {
  it('is made for one run and its key never touches the disk, unless a folder is told', async () => {
    const names: string[] = [];
    for (const out of ['ca-1', 'ca-2']) {
      await (await capturing(folder, ['--out', out])).stop();
      for (const name of readdirSync(file(out), { recursive: true, encoding: 'utf8' }))
        if (statSync(file(out, name)).isFile()) expect(readFileSync(file(out, name), 'latin1')).not.toContain('PRIVATE KEY');
      names.push(spawnSync('openssl', ['x509', '-in', file(out, 'ca.pem'), '-noout', '-subject'], { encoding: 'utf8' }).stdout);
    }
    // Two of one name could not be in the store of a handset together.
    expect(names[0]).toMatch(/Jiejing Capture CA \d{8}-\d{6}-capture-/);
    expect(names[0]).not.toBe(names[1]);
  });

  it('in a folder is made once, for its owner alone, and used again', async () => {
    const pems: string[] = [];
    for (const out of ['kept-1', 'kept-2']) {
      const capture = await capturing(folder, ['--out', out, '--ca', 'lab-ca', ...upstream]);
      expect(capture.said1.ca).toBe(file('lab-ca/ca.pem'));
      const asked = await curl('-x', `http://127.0.0.1:${capture.port}`, '--cacert', file('lab-ca/ca.pem'), `https://${HOST}/`);
      expect(asked).toEqual({ code: 0, body: 'ok' });
      await capture.stop();
      pems.push(readFileSync(file('lab-ca/ca.pem'), 'utf8'));
      expect(existsSync(file(out, 'ca.pem'))).toBe(false);
    }
    expect(pems[0]).toBe(pems[1]);
    expect(statSync(file('lab-ca/ca.key')).mode & 0o777).toBe(0o600);
  });

  it('that is broken ends with 3, and no run is begun', async () => {
    await run(folder, ['ca', 'export', '--ca', 'bad-ca', '--out', 'bad.pem']);
    writeFileSync(file('bad-ca/ca.key'), 'no key');
    const ended = await run(folder, ['capture', '--listen', '127.0.0.1:0', '--ca', 'bad-ca', '--out', 'never'], { lang: 'zh' });
    expect(ended).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(/^错误：bad-ca\/ca\.key 不能用作根证书：.+\n办法：.+\n$/),
    });
    expect(existsSync(file('never'))).toBe(false);
  });
});

describe('a port that is taken', () => {
  it.each([
    ['--listen', (port: number) => ['--listen', `127.0.0.1:${port}`]],
    ['--dns', (port: number) => ['--listen', '127.0.0.1:0', '--dns', `127.0.0.1:${port}`]],
  ])('for %s ends with 3 and leaves no run, whatever else was open by then', async (_, args) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const ended = await run(folder, ['capture', ...args(port), '--out', 'taken/run'], { lang: 'zh' });
    const json = await run(folder, ['capture', ...args(port), '--out', 'taken/run', '--json']);
    other.close();
    expect(ended).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(`^错误：端口 ${port} 已被其他程序占用。\n办法：.+\n$`),
    });
    expect(documentOf(json)).toMatchObject({ error: { code: 'PORT_TAKEN', exit: 3 } });
    expect(existsSync(file('taken'))).toBe(false);
  });

  it('that only another user may have ends with 3', async (context) => {
    const lowest = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
    if (process.getuid?.() !== 0 || lowest <= 81 || spawnSync('setpriv', ['--version']).status !== 0)
      return context.skip('every port may be had here');
    const { status, stdout, stderr } = spawnSync(
      'setpriv',
      ['--bounding-set=-net_bind_service', process.execPath, MAIN, 'capture', '--listen', '127.0.0.1:81', '--out', 'low'],
      { cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'], HOME: file('home'), TMPDIR: file('tmp'), LANG: 'en_US.UTF-8' } },
    );
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toMatch(/^error: no permission to listen on port 81\nway out: .+\n$/);
    expect(existsSync(file('low'))).toBe(false);
  });
});

describe('a run of it, judged', () => {
  it.each(['judge', 'report'])('%s says that no app was tested, and ends with 4', async (command) => {
    const [zh, en] = [await run(folder, [command, 'doors'], { lang: 'zh' }), await run(folder, [command, 'doors'])];
    for (const { code, stderr, stdout } of [zh, en]) {
      expect({ code, stderr }).toEqual({ code: 4, stderr: '' });
      expect(stdout).not.toMatch(/undefined|没有发现违规|No violation|模拟|simulated|STACK/);
      for (const line of stdout.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    }
    expect(zh.stdout).toMatch(
      /^\n单独抓包\n\n这是单独抓包的记录：只有流量，没有检测任何应用，不能得出有无违规的结论。\n\n违规 0 · 无法判定 0 · 未检测 \d+ · 未发现 0\n未检测（单独抓包，没有检测任何应用）：LA-/,
    );
    expect(zh.stdout).toContain('npx jiejing export doors --har --out 文件');
    expect(en.stdout).toMatch(/no app was tested, and nothing\s+follows for or against one\./);
  });

  it('its report holds nothing of an audit: every rule not tested, no phase, no empty label', () => {
    const report = JSON.parse(readFileSync(file('doors/report.json'), 'utf8')) as Report;
    expect(new Set(report.findings.map(({ verdict, reason }) => `${verdict} ${reason}`))).toEqual(new Set(['not-tested no-app']));
    const page = readFileSync(file('doors/report.html'), 'utf8');
    const text = page.replaceAll(/<(style|script)[\s\S]*?<\/\1>/g, '').replaceAll(/<[^>]*>/g, '\n');
    expect(text).toMatch(/单独抓包/);
    expect(text).not.toMatch(/模拟|[Ss]imulated|undefined|null|e3b0c44298fc1c14|违规时间线|没有发现违规/);
    expect(page).not.toMatch(/<(dd|h1|h2|h3|title)>\s*<\/\1>|<span lang="(zh-CN|en)">\s*<\/span>/);
    expect(page).toMatch(/"phases":\[\]/);
  });

  it('show, runs and export know it', async () => {
    expect(await run(folder, ['show', 'doors', 'f1'], { lang: 'zh' })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^未检测 · LA-.+\n单独抓包，没有检测任何应用\n/),
    });
    expect(await run(folder, ['show', 'doors', 'e2'], { lang: 'zh' })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^e2 .+ GET api\.example\.com/),
    });
    expect((await run(folder, ['runs', '--in', '.'], { lang: 'zh' })).stdout).toMatch(/^doors +完整 +\S+ \S+ \S+ +单独抓包$/m);
    const { log } = JSON.parse((await run(folder, ['export', 'doors', '--har'])).stdout);
    expect(log.entries).toHaveLength(3);
    expect((await run(folder, ['export', 'doors', '--keylog'])).stdout).toMatch(/^[A-Z_]+ [0-9a-f]{64} /m);
  });

  it('its packet is whole, and is no evidence about an app', async () => {
    const sealed = await run(folder, ['seal', 'doors', '--out', 'packet'], { lang: 'zh' });
    expect(sealed).toMatchObject({ code: 0, stdout: expect.stringMatching(/作为证据 +不可（单独抓包，未记录是哪台手机、哪个应用）/) });
    const [zh, en] = [await run(folder, ['verify', 'packet'], { lang: 'zh' }), await run(folder, ['verify', 'packet'])];
    expect(zh).toMatchObject({ code: 0, stdout: expect.stringMatching(/内容 +单独抓包，开始于 \S+ \S+（北京时间）\n/) });
    expect(zh.stdout).toMatch(/作为证据 +不可（单独抓包，未记录是哪台手机、哪个应用）/);
    expect(en.stdout).toMatch(/about +capture on its own, began \S+\n/);
    expect(en.stdout).toMatch(/as evidence +no \(a capture on its own - no handset and no app recorded\)/);
    expect(readFileSync(file('packet/核验说明.txt'), 'utf8')).toMatch(/单独抓包的记录（.+），不可作为证据使用/);
  });

  it('compared with another, or with an audit, shows nothing as fixed', async () => {
    await run(folder, ['judge', 'quiet']);
    const [one, two] = ['doors', 'quiet'].map((dir) => JSON.parse(readFileSync(file(dir, 'report.json'), 'utf8')) as Report);
    if (one === undefined || two === undefined) throw new Error('two reports were read');
    expect(compare(one, two)).toEqual([]);
    expect(await run(folder, ['audit', 'eager', '--scenario', 'observe-only', '--out', 'audit'])).toMatchObject({ code: 1 });
    const audit = JSON.parse(readFileSync(file('audit/report.json'), 'utf8')) as Report;
    expect(new Set(compare(audit, one).map(({ change, why }) => `${change} ${why}`))).toEqual(new Set(['incomparable app']));
  });
});

describe('on a terminal', () => {
  /** The command on a terminal of its own; what is typed there, and all that it shows. */
  const onTerminal = (args: readonly string[]): { shown(): string; type(text: string): void; readonly ended: Promise<unknown> } => {
    const words = [process.execPath, MAIN, 'capture', ...args].map((word) => `'${word}'`).join(' ');
    const child = spawn('script', ['-qefc', `stty cols 60; exec ${words}`, '/dev/null'], {
      cwd: folder,
      env: { PATH: process.env['PATH'], HOME: file('home'), TMPDIR: file('tmp'), LANG: 'zh_CN.UTF-8', TERM: 'xterm' },
    });
    // With its terminal gone, the command ends as well.
    onTestFinished(() => void child.kill('SIGKILL'));
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
    return { shown: () => shown, type: (text) => void child.stdin.write(text), ended: once(child, 'close') };
  };

  it('one line counts what arrives, is cut at the edge, and is gone at the end', async (context) => {
    if (spawnSync('script', ['--version']).status !== 0) return context.skip('there is no script(1) here');
    const port = await freePort();
    const terminal = onTerminal(['--listen', `127.0.0.1:${port}`, '--out', 'tty', ...upstream]);
    await until('it waits', () => terminal.shown().includes('等待流量'));
    const long = `${'n'.repeat(50)}.example.com`;
    const ask = (host: string): Promise<unknown> => curl('-x', `http://127.0.0.1:${port}`, '-k', `https://${host}/`);
    await ask(HOST);
    await until('it counts', () => terminal.shown().includes(`流量 1 · 未能读取 0 · 缺口 0 · 最近 ${HOST}`));
    await ask(long);
    await until('it counts the long one', () => /流量 2 · 未能读取 0 · 缺口 0 · 最近 n+…/.test(terminal.shown()));
    await ask('nobody.invalid');
    await until('it counts on', () => /流量 3 · 未能读取 1 · 缺口 1 · 最近 nobody\.invalid/.test(terminal.shown()));
    terminal.type('\u0003');
    await terminal.ended;
    const shown = terminal.shown();
    expect(shown).not.toMatch(STACK_TRACE);
    const states = shown.split('\r\u001b[2K').slice(1);
    for (const state of states.slice(0, -1)) expect(stringWidth(state.split('\r\n')[0] ?? '')).toBeLessThan(60);
    expect(states.at(-1)).toMatch(/^记录了 3 条流量，其中 1 条内容未能读取；1 处缺口\r\ntty\r\n/);
  });
});
