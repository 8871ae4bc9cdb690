import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentOf, folderOf, run, STACK_TRACE } from './cli.js';

const folder = folderOf('usage');
mkdirSync(join(folder, 'empty'));

type Case = readonly [title: string, args: readonly string[], zh: RegExp, en: RegExp];

const SCENARIO = 'title: 试\naims: [launched]\nsteps:\n  - launch: { clean: true }\n';
const written = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};

const CASES: readonly Case[] = [
  ['no command at all', [], /缺少命令/, /no command/],
  [
    'a command that is not there, with the nearest',
    ['aduit', 'eager'],
    /没有命令 aduit，是不是 audit？/,
    /unknown command 'aduit' \(Did you mean audit\?\)/,
  ],
  [
    'an app that is not there, with the nearest',
    ['audit', 'eagre'],
    /没有名为“eagre”的应用。\n办法：最接近的名称：eager/,
    /no app named "eagre"\nway out: nearest names: eager/,
  ],
  ['an app like none', ['audit', 'zzzzzzzz'], /最接近的名称：—；全部应用见 npx jiejing apps/, /list them with: npx jiejing apps/],
  [
    'a scenario that is not there, with the nearest',
    ['audit', 'eager', '--scenario', 'sign-up'],
    /sign-up-allow, sign-up-deny/,
    /nearest names: sign-up-allow, sign-up-deny/,
  ],
  [
    'a scenario file that is not there',
    ['audit', 'eager', '--scenario', 'x/none.yaml'],
    /没有名为“x\/none.yaml”的场景/,
    /no scenario named "x\/none.yaml"/,
  ],
  [
    'an option that is not there, with the nearest',
    ['audit', 'eager', '--scenaro', 'decline'],
    /没有选项 --scenaro，是不是 --scenario？/,
    /unknown option '--scenaro' \(Did you mean --scenario\?\)/,
  ],
  ['a handset that is not there', ['audit', 'eager', '--handset', 'pixel'], /无法识别手机“pixel”/, /which handset "pixel" is/],
  [
    'an argument that is missing',
    ['audit'],
    /缺少参数 app。\n办法：用法见 npx jiejing audit --help/,
    /missing required argument 'app'\nway out: usage: npx jiejing audit --help/,
  ],
  ['an argument too many', ['judge', 'a', 'b'], /参数过多/, /too many arguments/],
  ['an option without its value', ['audit', 'eager', '--out'], /选项 --out <folder> 缺少值/, /argument missing/],
  ['an option that must be there', ['seal', 'empty'], /缺少必需的选项 --out <packet>/, /required option/],
  ['a language that is not there', ['runs', '--lang', 'fr'], /选项 --lang <zh\|en> 的值无效/, /Allowed choices are zh, en/],
  ['a run that is not there', ['judge', 'nope'], /“nope”不是运行记录文件夹/, /"nope" is not a run folder/],
  ['a folder that is no run', ['report', 'empty'], /“empty”不是运行记录文件夹/, /"empty" is not a run folder/],
  ['a run to forget that is not there', ['forget', 'nope'], /“nope”不是运行记录文件夹/, /not a run folder/],
  ['a packet that is not there', ['verify', 'nope'], /没有文件夹 nope/, /no folder nope/],
  ['a list that is not there', ['nightly', 'nope.yaml'], /没有名单文件 nope.yaml/, /no list nope.yaml/],
  ['an act of scenarios that is not there', ['scenarios', 'check'], /没有子命令 check/, /no subcommand check/],
  ['a scenario to check that is not there', ['scenarios', 'validate', 'nope.yaml'], /没有文件 nope.yaml/, /no file nope.yaml/],
  [
    'a scenario with a wrong key',
    ['scenarios', 'validate', written('key.yaml', `${SCENARIO}  - tapp: 登录\n`)],
    /key.yaml 第 5 行：不认识 tapp，是不是 tap/,
    /key.yaml:5: unknown key "tapp", did you mean tap/,
  ],
  [
    'a scenario whose only wrong key is the one it needs',
    ['scenarios', 'validate', written('stepz.yaml', SCENARIO.replace('steps:', 'stepz:'))],
    /stepz.yaml 第 3 行：不认识 stepz，是不是 steps/,
    /stepz.yaml:3: unknown key "stepz", did you mean steps/,
  ],
  [
    'a scenario with a wrong type',
    ['audit', 'eager', '--scenario', written('type.yaml', `${SCENARIO}  - observe: soon\n`)],
    /type.yaml 第 5 行：observe 要写数字，现在是 "soon"/,
    /type.yaml:5: "observe" must be number, not "soon"/,
  ],
  [
    'a scenario that is no YAML',
    ['scenarios', 'validate', written('broken.yaml', `${SCENARIO}  - tap: "登录\n`)],
    /broken.yaml 第 \d 行：不是合法的 YAML/,
    /broken.yaml:\d: not valid YAML/,
  ],
  [
    'a list with an app that is not there',
    ['nightly', written('list.yaml', '- app: eager\n- app: eagre\n')],
    /list.yaml 第 2 行：没有名为“eagre”的应用（最接近的名称：eager/,
    /list.yaml:2: no app named "eagre"/,
  ],
  [
    'a list with a wrong key',
    ['nightly', written('list-key.yaml', '- app: eager\n  scenari: decline\n')],
    /list-key.yaml 第 2 行：不认识的键 scenari/,
    /list-key.yaml:2: unknown key scenari/,
  ],
  [
    'a list that is none',
    ['nightly', written('list-none.yaml', 'app: eager\n')],
    /list-none.yaml 第 1 行：应当是一个列表/,
    /list-none.yaml:1: it should be a list/,
  ],
];

const LISTEN = ['capture', '--listen', '127.0.0.1:0'] as const;
const CERT = '-----BEGIN CERTIFICATE-----';
const BROKEN = `${CERT}\nAAAA\n-----END CERTIFICATE-----\n`;
const CAPTURES: readonly Case[] = [
  ['a capture that is not told where', ['capture'], /缺少必需的选项 --listen <127.0.0.1:port>/, /required option '--listen/],
  ...['8080', 'localhost:8080', '0.0.0.0:8080', '[::1]:8080', '127.0.0.1:65536', '127.0.0.1:080', '127.0.0.1:80x', '127.0.0.1'].map(
    (at): Case => [
      `a capture at ${at}`,
      ['capture', '--listen', at],
      new RegExp(`--listen 只能写 127.0.0.1:端口，而不是“${at.replace(/[[\]]/g, String.raw`\$&`)}”`),
      /--listen takes 127.0.0.1:PORT only, not "/,
    ],
  ),
  [
    'a DNS stub elsewhere',
    [...LISTEN, '--dns', '0.0.0.0:53'],
    /--dns 只能写 127.0.0.1:端口/,
    /--dns takes 127.0.0.1:PORT only, not "0.0.0.0:53"/,
  ],
  [
    'a DNS stub on the port of the proxy',
    ['capture', '--listen', '127.0.0.1:8899', '--dns', '127.0.0.1:8899'],
    /--listen 与 --dns 不能用同一端口/,
    /--listen and --dns must not have the same port/,
  ],
  [
    'a name that leads nowhere',
    [...LISTEN, '--resolve', 'api.example.com'],
    /--resolve 的“api.example.com”应写作 域名=IP 或 域名=IP:端口/,
    /--resolve "api.example.com" must read HOST=IP or HOST=IP:PORT/,
  ],
  [
    'a name that leads to two places',
    [...LISTEN, '--resolve', 'a.example=127.0.0.1', '--resolve', 'A.example=127.0.0.1:81'],
    /--resolve 把“a.example”指向了两处/,
    /--resolve leads "a.example" to two places/,
  ],
  [
    'an engine that is not there',
    [...LISTEN, '--engine', 'fast'],
    /选项 --engine <relay\|pipeline> 的值无效/,
    /Allowed choices are relay, pipeline/,
  ],
  [
    'a CA of servers that is not there',
    [...LISTEN, '--upstream-ca', 'nope.pem'],
    /--upstream-ca：没有文件 nope.pem/,
    /there is no file nope.pem/,
  ],
  [
    'a CA of servers that is a folder',
    [...LISTEN, '--upstream-ca', 'empty'],
    /无法使用路径 empty：是文件夹/,
    /empty cannot be used: it is a folder/,
  ],
  [
    'a CA of servers that is no PEM',
    [...LISTEN, '--upstream-ca', written('no.pem', 'x')],
    /--upstream-ca 的 no.pem 不是 PEM 格式的证书/,
    /no.pem is no certificate in PEM form/,
  ],
  [
    'a CA of servers that is broken',
    [...LISTEN, '--upstream-ca', written('broken.pem', BROKEN)],
    /broken.pem 中第 1 份证书已损坏/,
    /certificate 1 in broken.pem is broken/,
  ],
  [
    'a CA of servers that is cut off',
    [...LISTEN, '--upstream-ca', written('cut.pem', `${CERT}\nAAAA\n`)],
    /cut.pem 中第 1 份证书已损坏/,
    /certificate 1 in cut.pem is broken/,
  ],
  [
    'a CA key inside a run',
    [...LISTEN, '--out', 'run', '--ca', 'run/ca'],
    /--ca 不能在 --out 的记录文件夹里/,
    /--ca must not be the run folder of --out, nor lie in it/,
  ],
  ['a CA key in the place of a run', [...LISTEN, '--out', 'run', '--ca', './run/'], /--ca 不能在 --out/, /--ca must not be the run folder/],
  ['a capture into a folder that is not empty', [...LISTEN, '--out', '.'], /文件夹 \. 里已有内容，不会覆盖/, /the folder \. is not empty/],
  ['a capture into a file', [...LISTEN, '--out', 'no.pem'], /无法使用路径 no.pem/, /the path no.pem cannot be used/],
  ['a CA folder that is a file', [...LISTEN, '--ca', 'no.pem'], /无法使用路径 no.pem/, /the path no.pem cannot be used/],
  ['a word too many for a capture', [...LISTEN, 'now'], /参数过多/, /too many arguments for 'capture'/],
];

describe('bad usage ends with 2, says what is wrong and the way out', () => {
  it.concurrent.each([...CASES, ...CAPTURES])('%s', async (_, args, zh, en) => {
    const [chinese, english] = await Promise.all([run(folder, args, { lang: 'zh' }), run(folder, [...args, '--json'], { lang: 'en' })]);
    for (const ended of [chinese, english]) {
      expect(ended).toMatchObject({ code: 2, signal: null });
      expect(ended.stderr).not.toMatch(STACK_TRACE);
      expect(ended.stderr).not.toMatch(/\{\w+\}|undefined/);
    }
    expect(chinese.stdout).toBe('');
    expect(chinese.stderr).toMatch(zh);
    expect(chinese.stderr).toMatch(/^错误：.+\n办法：.+\n$/s);
    expect(english.stderr).toMatch(en);
    expect(documentOf(english)).toMatchObject({
      error: { exit: 2, code: expect.any(String), what: expect.stringMatching(/./), remedy: expect.stringMatching(/./) },
    });
  });
});

describe('a fault of the program itself', () => {
  it('never ends with the exit code of a verdict', async () => {
    writeFileSync(
      join(folder, 'fault.cjs'),
      `process.on('newListener', (name) => name === 'uncaughtException' && setImmediate(() => { throw new Error('a fault'); }));`,
    );
    const ended = await run(folder, ['doctor'], { env: { NODE_OPTIONS: `--require ${join(folder, 'fault.cjs')}` } });
    expect(ended).toMatchObject({ code: 70, signal: null, stderr: expect.stringMatching(/a fault/) });
  });
});

describe('commands that need no run', () => {
  it('--help lists every command in both languages', async () => {
    const [zh, en] = await Promise.all([run(folder, ['--help'], { lang: 'zh' }), run(folder, ['--lang', 'en', '--help'], { lang: 'zh' })]);
    for (const { code, stdout } of [zh, en]) {
      expect(code).toBe(0);
      for (const command of [
        'audit',
        'record',
        'judge',
        'report',
        'open',
        'show',
        'runs',
        'apps',
        'scenarios',
        'doctor',
        'nightly',
        'seal',
        'verify',
        'forget',
        'capture',
        'export',
        'ca',
      ])
        expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
    expect(zh.stdout).toMatch(/用法：.+\n\n借镜/s);
    expect(zh.stdout).not.toMatch(/Usage|Options|Commands|default/);
    expect(en.stdout).toMatch(/Exit codes: 0 clear/);
  });

  it('--version says the version of package.json', async () => {
    expect(await run(folder, ['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
  });

  it('apps names each simulated app and what it does', async () => {
    const [zh, en] = await Promise.all([run(folder, ['apps'], { lang: 'zh' }), run(folder, ['apps', '--json'])]);
    expect(zh.stdout).toMatch(/^eager +急用花（虚构）：/m);
    expect(documentOf<{ id: string }[]>(en).map(({ id }) => id)).toEqual(['eager', 'honest', 'piecemeal', 'proud', 'sly', 'veiled']);
  });

  it('scenarios lists the shipped ones', async () => {
    const [zh, en] = await Promise.all([run(folder, ['scenarios'], { lang: 'zh' }), run(folder, ['scenarios', '--json'])]);
    expect(zh.stdout).toMatch(/^decline +不同意隐私政策$/m);
    expect(documentOf<{ id: string }[]>(en).map(({ id }) => id)).toEqual(
      expect.arrayContaining(['background', 'decline', 'observe-only', 'sign-up-allow', 'sign-up-deny', 'withdraw']),
    );
  });

  it('a new scenario is sound from the start and never overwrites one', async () => {
    expect(await run(folder, ['scenarios', 'new', 'mine.yaml'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/wrote mine.yaml/),
    });
    expect(await run(folder, ['scenarios', 'validate', 'mine.yaml'], { lang: 'zh' })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/mine.yaml 没有问题：\d 步/),
    });
    expect(documentOf(await run(folder, ['scenarios', 'validate', 'mine.yaml', '--json']))).toMatchObject({ ok: true, id: 'mine' });
    expect(await run(folder, ['scenarios', 'new', 'mine.yaml'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/exists and is not overwritten/),
    });
  });

  it('doctor finds nothing amiss here', async () => {
    const [zh, en] = await Promise.all([run(folder, ['doctor'], { lang: 'zh' }), run(folder, ['doctor', '--json'])]);
    expect(zh).toMatchObject({ code: 0, stdout: expect.stringMatching(/✓ Node.js 20.19 或更新：/) });
    expect(documentOf<{ state: string }[]>(en).every(({ state }) => state !== 'missing')).toBe(true);
  });

  it('runs says how to begin where there are none', async () => {
    expect(await run(folder, ['runs'], { lang: 'zh' })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/npx jiejing audit eager/),
    });
    expect(documentOf(await run(folder, ['runs', '--json']))).toEqual([]);
  });
});
