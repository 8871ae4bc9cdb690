import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Flow } from '../../harness/model/event.js';
import { readRun } from '../../harness/store/read.js';
import { writeSample } from '../harness/store/sample.js';
import { documentOf, folderOf, ROOT, run, STACK_TRACE, start, until } from './cli.js';

const folder = folderOf('export');
const RUN = 'runs/whole';
const KEYS = join(folder, RUN, 'keys/tls.keylog');
const KEY_LINE = `CLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}\n`;
const file = (...names: readonly string[]): string => join(folder, ...names);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const flowsOf = (dir: string): readonly Flow[] => readRun(file(dir)).events.filter((event) => event.kind === 'flow');

beforeAll(async () => {
  expect(await run(folder, ['audit', 'eager', '--out', RUN, '--case', 'C-7'])).toMatchObject({ code: 1 });
});

function copyOf(name: string): string {
  cpSync(file(RUN), file('copies', name), { recursive: true });
  return `copies/${name}`;
}

describe('export --har', () => {
  it('writes to standard output what it writes to a file, with each flow', async () => {
    const [shown, kept] = [await run(folder, ['export', RUN, '--har']), await run(folder, ['export', RUN, '--har', '--out', 'a.har'])];
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(kept).toMatchObject({ code: 0, stderr: '', stdout: expect.stringMatching(/^a\.har: \d+ entries/) });
    expect(readFileSync(file('a.har'), 'utf8')).toBe(shown.stdout);
    const { log } = JSON.parse(shown.stdout);
    expect(log.entries).toHaveLength(flowsOf(RUN).length);
    expect(log).toMatchObject({ comment: expect.stringMatching(/不可作为证据/), _jiejing: { caseNumber: 'C-7', state: 'complete' } });
    const version = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
    expect(log.creator).toMatchObject({ name: 'jiejing', version });
  });

  it('never overwrites a file', async () => {
    writeFileSync(file('mine.har'), 'mine');
    const [zh, en] = [
      await run(folder, ['export', RUN, '--har', '--out', 'mine.har'], { lang: 'zh' }),
      await run(folder, ['export', RUN, '--har', '--out', 'mine.har', '--json']),
    ];
    expect(zh).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^错误：mine\.har 已存在，不会覆盖。\n办法：.+\n$/) });
    expect(documentOf(en)).toMatchObject({ error: { code: 'OUT_EXISTS', exit: 2 } });
    expect(readFileSync(file('mine.har'), 'utf8')).toBe('mine');
  });

  it('says in one document what it wrote', async () => {
    const ended = await run(folder, ['export', RUN, '--har', '--out', 'j.har', '--json']);
    const bytes = readFileSync(file('j.har'));
    expect(documentOf(ended)).toEqual({
      run: file(RUN),
      kind: 'har',
      file: file('j.har'),
      bytes: bytes.length,
      sha256: sha256(bytes),
      flows: flowsOf(RUN).length,
      entries: flowsOf(RUN).length,
      webSocketMessages: 0,
      dns: 0,
      gaps: 0,
    });
  });

  it('ends quietly when its reader has had enough', async () => {
    await writeSample(file('large'));
    const piped = spawnSync(
      'bash',
      ['-c', `set -o pipefail; '${process.execPath}' '${join(ROOT, 'dist/harness/cli/main.js')}' export large --har | head -c 20`],
      {
        cwd: folder,
        encoding: 'utf8',
        env: { PATH: process.env['PATH'], HOME: file('home'), TMPDIR: file('tmp'), LANG: 'en_US.UTF-8' },
      },
    );
    expect(piped).toMatchObject({ status: 0, stderr: '', stdout: '{"log":{"version":"1' });
    expect((await run(folder, ['export', 'large', '--har'])).stdout.length).toBeGreaterThan(600_000);
  });

  it('takes a run that was cut off, and says so', async () => {
    const dir = copyOf('cut');
    const log = readFileSync(file(dir, 'events.jsonl'));
    writeFileSync(file(dir, 'events.jsonl'), log.subarray(0, log.length - 30));
    const ended = await run(folder, ['export', dir, '--har'], { lang: 'zh' });
    expect(ended).toMatchObject({ code: 0, stderr: '记录被中断：只有中断前的内容。\n' });
    expect(JSON.parse(ended.stdout).log).toMatchObject({
      comment: expect.stringMatching(/the run did not end/),
      _jiejing: { state: 'interrupted' },
    });
    expect(JSON.parse(ended.stdout).log.entries).toHaveLength(flowsOf(RUN).length);
  });

  it('takes a capture that stands alone, and long bodies', async () => {
    const body = '看'.repeat(500_000);
    const server = createServer((_, response) => void response.end(body)).listen(0, '127.0.0.1');
    await until('the server listens', () => server.listening);
    const { port } = server.address() as AddressInfo;
    const capture = start(folder, [
      'capture',
      '--listen',
      '127.0.0.1:0',
      '--out',
      'captured',
      '--resolve',
      `lab.example.com=127.0.0.1:${port}`,
      '--json',
    ]);
    let said = '';
    capture.child.stdout?.on('data', (text: string) => (said += text));
    await until('it says where it listens', () => said.includes('\n'));
    const proxy = JSON.parse(said).listening.port;
    await new Promise<void>((done) => {
      get({ host: '127.0.0.1', port: proxy, path: 'http://lab.example.com/x?y=1', agent: false }, (response) =>
        response.resume().once('end', done),
      );
    });
    capture.child.kill('SIGINT');
    await capture.ended;
    server.close();
    const { log } = JSON.parse((await run(folder, ['export', 'captured', '--har'])).stdout);
    expect(log).not.toHaveProperty('browser');
    expect(log.entries).toMatchObject([{ request: { url: 'http://lab.example.com/x?y=1' }, response: { content: { text: body } } }]);
    expect(await run(folder, ['export', 'captured', '--bodies', '--out', 'long'])).toMatchObject({ code: 0 });
    expect(readFileSync(file('long/00001-response.bin'), 'utf8')).toBe(body);
  });
});

describe('export --bodies', () => {
  it('writes each body and each raw head as it was sent, with hashes that sha256sum agrees to', async () => {
    const ended = await run(folder, ['export', RUN, '--bodies', '--out', 'bodies', '--json']);
    const [head = '', ...rows] = readFileSync(file('bodies/index.tsv'), 'utf8').trimEnd().split('\n');
    const columns = head.split('\t');
    const index = rows.map((row) => Object.fromEntries(row.split('\t').map((cell, i) => [columns[i], cell])));
    execFileSync('sha256sum', ['-c', '--quiet'], {
      cwd: file('bodies'),
      input: index.map((row) => `${row['sha256']}  ${row['file']}\n`).join(''),
    });
    const flows = flowsOf(RUN);
    const expected = flows.flatMap(({ n, bodies, request, response }) => [
      ...bodies.map(({ of, sha256: hash }) => [`${String(n).padStart(5, '0')}-${of}.bin`, hash]),
      ...[request, response].flatMap((part, i) => {
        const name = `${String(n).padStart(5, '0')}-${i === 0 ? 'request' : 'response'}-head.txt`;
        return part?.raw ? [[name, part.raw.sha256]] : [];
      }),
    ]);
    expect(index.map((row) => [row['file'], row['sha256']]).toSorted()).toEqual(expected.toSorted());
    expect(expected.length).toBeGreaterThan(flows.length * 3);
    expect(readdirSync(file('bodies')).toSorted()).toEqual(['index.tsv', ...expected.map(([name]) => name)].toSorted());
    expect(readFileSync(file('bodies/00001-request-head.txt'), 'latin1')).toMatch(/^POST \/v1\/activate HTTP\/1\.1\r\n(.+\r\n)+\r\n$/);
    const heads = index.filter((row) => row['part'] === 'head').length;
    expect(documentOf(ended)).toMatchObject({
      kind: 'bodies',
      folder: file('bodies'),
      index: file('bodies/index.tsv'),
      bodies: rows.length - heads,
      heads,
    });
  });

  it('has a folder of its own where none is given', async () => {
    const zh = await run(folder, ['export', RUN, '--bodies'], { lang: 'zh' });
    expect(zh).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^bodies-whole：正文 \d+ 个，原始消息头 \d+ 个；哈希见 bodies-whole\/index\.tsv\n$/),
    });
  });

  it('refuses a folder with something in it, and takes an empty one', async () => {
    mkdirSync(file('full'));
    writeFileSync(file('full/x'), 'mine');
    mkdirSync(file('empty'));
    const refused = await run(folder, ['export', RUN, '--bodies', '--out', 'full', '--json']);
    expect(documentOf(refused)).toMatchObject({ error: { code: 'RUN_EXISTS', exit: 2 } });
    expect(readdirSync(file('full'))).toEqual(['x']);
    expect(await run(folder, ['export', RUN, '--bodies', '--out', 'empty'])).toMatchObject({ code: 0 });
    expect(existsSync(file('empty/index.tsv'))).toBe(true);
  });

  it('names files by events where an old run has no numbers', async () => {
    cpSync(join(ROOT, 'test/old-runs/v2'), file('old'), { recursive: true });
    expect(await run(folder, ['export', 'old', '--bodies', '--out', 'old-bodies'])).toMatchObject({ code: 0 });
    const [flow] = flowsOf('old');
    expect(readdirSync(file('old-bodies'))).toContain(`${flow?.id}-request.bin`);
  });
});

describe('export --keylog', () => {
  it('writes the key log of the run, for its owner only', async () => {
    const shown = await run(folder, ['export', RUN, '--keylog']);
    const kept = await run(folder, ['export', RUN, '--keylog', '--out', 'keys.log', '--json']);
    const lines = readFileSync(KEYS, 'utf8');
    expect(lines).toMatch(/^CLIENT_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} /m);
    expect(shown).toMatchObject({ code: 0, stdout: lines, stderr: '' });
    expect(readFileSync(file('keys.log'), 'utf8')).toBe(lines);
    expect(statSync(file('keys.log')).mode & 0o777).toBe(0o600);
    expect(documentOf(kept)).toMatchObject({
      kind: 'keylog',
      file: file('keys.log'),
      lines: lines.split('\n').length - 1,
      sha256: sha256(Buffer.from(lines)),
    });
    expect(await run(folder, ['export', RUN, '--keylog', '--out', 'keys.log'])).toMatchObject({ code: 2 });
  });

  it('says in one sentence that there is none', async () => {
    const dir = copyOf('no keys');
    rmSync(file(dir, 'keys'), { recursive: true });
    const zh = await run(folder, ['export', dir, '--keylog'], { lang: 'zh' });
    expect(zh).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^错误：记录 copies\/no keys 里没有 TLS 密钥日志。\n办法：.+\n$/),
    });
    expect(zh.stderr).toContain(`npx jiejing export 'copies/no keys' --bodies`);
    mkdirSync(file(dir, 'keys'));
    writeFileSync(file(dir, 'keys/tls.keylog'), '');
    expect(documentOf(await run(folder, ['export', dir, '--keylog', '--out', 'none.log', '--json']))).toMatchObject({
      error: { code: 'NO_KEY_LOG' },
    });
    expect(existsSync(file('none.log'))).toBe(false);
  });

  it('leaves out a torn last line, and refuses what is no key log', async () => {
    const dir = copyOf('torn');
    writeFileSync(file(dir, 'keys/tls.keylog'), `# made by a test\n${KEY_LINE}${KEY_LINE.slice(0, 40)}`);
    expect(await run(folder, ['export', dir, '--keylog'])).toMatchObject({
      code: 0,
      stdout: `# made by a test\n${KEY_LINE}`,
      stderr: 'the last line of the key log was torn and is left out.\n',
    });
    writeFileSync(file(dir, 'keys/tls.keylog'), `${KEY_LINE}\u001b[2Jno key\n`);
    expect(await run(folder, ['export', dir, '--keylog', '--out', 'spoilt.log'])).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/keys\/tls\.keylog is not what the run recorded: line 2 is no key/),
    });
    expect(existsSync(file('spoilt.log'))).toBe(false);
  });
});

describe('export', () => {
  const bad: readonly (readonly [string, readonly string[], RegExp, RegExp])[] = [
    ['nothing to export', ['export', RUN], /要写其中一个/, /exactly one of/],
    ['two things at once', ['export', RUN, '--har', '--bodies'], /要写其中一个/, /exactly one of/],
    ['a run that is not there', ['export', 'nope', '--har', '--out', 'x'], /“nope”不是运行记录文件夹/, /"nope" is not a run folder/],
    [
      'a file where there is no folder',
      ['export', RUN, '--har', '--out', 'no/x.har'],
      /无法使用路径 no\/x\.har/,
      /no\/x\.har cannot be used/,
    ],
    [
      'a folder below a file',
      ['export', RUN, '--bodies', '--out', '/dev/null/x'],
      /无法使用路径 \/dev\/null\/x/,
      /\/dev\/null\/x cannot be used/,
    ],
  ];
  it.each(bad)('%s ends with 2', async (_, args, zh, en) => {
    const [chinese, english] = [await run(folder, args, { lang: 'zh' }), await run(folder, [...args, '--json'])];
    expect(chinese).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(zh) });
    expect(english).toMatchObject({ code: 2, stderr: expect.stringMatching(en) });
    expect(english.stderr).not.toMatch(STACK_TRACE);
    expect(documentOf(english)).toMatchObject({ error: { exit: 2 } });
  });

  it('needs --out where --json asks for one document', async () => {
    for (const kind of ['--har', '--keylog'])
      expect(await run(folder, ['export', RUN, kind, '--json'])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/--json needs --out/),
      });
  });

  it.each(['--har', '--keylog', '--bodies'])('%s refuses a run with one byte changed, and writes nothing', async (kind) => {
    const dir = copyOf(`spoilt${kind}`);
    const segment = file(dir, 'bodies/s0001.seg');
    const bytes = readFileSync(segment);
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    writeFileSync(segment, bytes);
    const ended = await run(folder, ['export', dir, kind, '--out', `never${kind}`], { lang: 'zh' });
    expect(ended).toMatchObject({ code: 5, stdout: '', stderr: expect.stringMatching(/记录文件 bodies\/s0001\.seg 与登记不符/) });
    expect(existsSync(file(`never${kind}`))).toBe(false);
  });

  it('is told of in --help, in both languages', async () => {
    const [zh, en] = [await run(folder, ['export', '--help'], { lang: 'zh' }), await run(folder, ['export', '--help'])];
    expect(zh.stdout).toMatch(/--keylog +TLS 密钥日志/);
    expect(en.stdout).toMatch(/--keylog +TLS key log/);
  });
});
