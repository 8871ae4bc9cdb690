import { Ajv } from 'ajv';
import { cpSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../harness/model/finding.js';
import schema from '../../reports/report.schema.json' with { type: 'json' };
import { documentOf, folderOf, leftovers, run, STACK_TRACE, type Ended } from './cli.js';

const folder = folderOf('runs');
/** A recorded and judged run; cases that change it work on a copy. */
const RUN = 'runs/whole';
let audit: Ended;

beforeAll(async () => {
  audit = await run(folder, ['audit', 'eager', '--out', RUN, '--case', 'C-7', '--operator', 'tester', '--lab', 'trial lab'], {
    lang: 'zh',
  });
});

function copyOf(name: string): string {
  cpSync(join(folder, RUN), join(folder, 'copies', name), { recursive: true });
  return `copies/${name}`;
}

function report(dir: string): Report {
  return JSON.parse(readFileSync(join(folder, dir, 'report.json'), 'utf8'));
}

describe('an audit of the eager app', () => {
  it('ends with 1 and names what was read before consent, by which class, and which host received it', () => {
    expect(audit).toMatchObject({ code: 1, signal: null });
    expect(audit.stdout).toMatch(/模拟运行（虚拟手机），不可作为证据/);
    const flat = audit.stdout.replaceAll(/\n\s*/g, '');
    expect(flat).toMatch(
      /用户同意隐私政策前，com\.example\.shuque\.stat\.DeviceId\.imei 通过 ?android\.telephony\.TelephonyManager\.getImei 读取了 IMEI/,
    );
    expect(flat).toMatch(
      /通讯录被发送至第三方 ?collect\.dunyan-risk\.example ?（SDK：盾眼风控（虚构）；形式：Base64 → gzip；位置：请求正文）/,
    );
    expect(flat).toMatch(/IMEI\/MEID 被提供给第三方 ?collect\.shuque-stat\.example ?（SDK：数雀统计（虚构）；形式：十六进制 → MD5 摘要/);
  });

  it('keeps to 80 columns but for words that are longer', () => {
    const wide = audit.stdout
      .split('\n')
      .filter((line) => [...line].reduce((sum, char) => sum + (char.charCodeAt(0) > 0x2e80 ? 2 : 1), 0) > 80);
    expect(wide).toEqual([]);
  });

  it('says what to do next, with the first finding that was shown', () => {
    const first = /^(f\d+) +违规/m.exec(audit.stdout)?.[1];
    expect(first).toBeDefined();
    expect(audit.stdout).toContain(`npx jiejing show ${RUN} ${first}\n`);
    expect(audit.stdout).toContain(`npx jiejing open ${RUN}\n`);
    expect(audit.stdout).toContain(`记录在 ${RUN}`);
  });

  it('tells its progress on standard error, each read once', () => {
    expect(audit.stderr).toMatch(/4\. 隐私提示 agree\n/);
    expect(audit.stderr.match(/读取 IMEI/g)).toHaveLength(1);
    expect(audit.stderr).not.toMatch(STACK_TRACE);
    expect(audit.stderr).not.toMatch(/undefined|\[object/);
  });

  it('leaves no file outside the run', () => {
    expect(leftovers(folder)).toEqual([]);
    expect(readdirSync(join(folder, 'home'))).toEqual([]);
  });

  it('keeps what was asked and what the handset is in run.json', () => {
    const head = JSON.parse(readFileSync(join(folder, RUN, 'run.json'), 'utf8'));
    expect(head).toMatchObject({
      caseNumber: 'C-7',
      operator: 'tester',
      lab: 'trial lab',
      handset: {
        kind: 'virtual',
        simulated: true,
        profile: 'p9',
        facts: { model: 'Virtual P9', apiLevel: '28', 'ro.jiejing.simulated': '1' },
      },
    });
  });

  it('writes a report.json that keeps to its schema', () => {
    const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);
    validate(report(RUN));
    expect(validate.errors).toBeNull();
    const damaged = { ...report(RUN), findings: [{ ...report(RUN).findings[0], verdict: 'guilty' }] };
    expect(validate(damaged)).toBe(false);
  });
});

describe('one recorded run', () => {
  it('judge writes a new judgement beside the old one and says the same', async () => {
    const dir = copyOf('judged');
    const before = readdirSync(join(folder, dir, 'judgements')).length;
    const ended = await run(folder, ['judge', dir, '--json']);
    expect(ended.code).toBe(1);
    expect(documentOf<Report>(ended)).toEqual(report(dir));
    expect(documentOf<Report>(ended).findings).toEqual(report(RUN).findings);
    expect(readdirSync(join(folder, dir, 'judgements'))).toHaveLength(before + 1);
  });

  it('judged by many at the same time has a judgement of each', async () => {
    const dir = copyOf('crowded');
    const ended = await Promise.all([1, 2, 3, 4].map(() => run(folder, ['judge', dir])));
    expect(ended.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
    expect(readdirSync(join(folder, dir, 'judgements')).toSorted()).toEqual(['1', '2', '3', '4', '5']);
  });

  it('report says where the page is', async () => {
    const dir = copyOf('reported');
    rmSync(join(folder, dir, 'report.html'));
    const [text, document] = [await run(folder, ['report', dir], { lang: 'zh' }), await run(folder, ['report', dir, '--json'])];
    expect(text).toMatchObject({ code: 1, stdout: expect.stringMatching(/报告在 copies\/reported\/report\.html\n$/) });
    expect(documentOf(document)).toMatchObject({ exit: 1, interrupted: false, report: join(folder, dir, 'report.html') });
    expect(existsSync(join(folder, dir, 'report.html'))).toBe(true);
  });

  it('show explains an event, a link and a finding', async () => {
    const { findings, links } = report(RUN);
    const at = findings.findIndex((f) => f.rule === 'LA-C05');
    const finding = await run(folder, ['show', RUN, `f${at + 1}`], { lang: 'zh' });
    expect(finding.code).toBe(0);
    for (const part of ['违规 · LA-C05', '证据', '值的去向', '依据', '经营者可能的答辩', '"fingerprint"'])
      expect(finding.stdout).toContain(part);
    const link = await run(folder, ['show', RUN, links[0]?.id ?? '', '--json']);
    expect(documentOf(link)).toEqual(links[0]);
    const event = await run(folder, ['show', RUN, links[0]?.flow ?? '']);
    expect(event).toMatchObject({ code: 0, stdout: expect.stringMatching(/^e\d+ \+\d+\.\d{3} s POST api\.eager-loan\.example/) });
  });

  it('show does not accuse where nothing was found or tested', async () => {
    const { findings } = report(RUN);
    for (const verdict of ['clear', 'not-tested'] as const) {
      const at = findings.findIndex((f) => f.verdict === verdict);
      expect(at).toBeGreaterThanOrEqual(0);
      const { stdout } = await run(folder, ['show', RUN, `f${at + 1}`], { lang: 'zh' });
      const words = stdout.slice(0, stdout.indexOf('\n{'));
      expect(words).toMatch(verdict === 'clear' ? /^未发现 · LA-/ : /^未检测 · LA-/);
      expect(words).not.toMatch(/\{\w+\}/);
    }
  });

  it('show names what it does not have, as text and as a document', async () => {
    const ended = await run(folder, ['show', RUN, 'f999', '--json']);
    expect(ended).toMatchObject({ code: 2, stderr: expect.stringMatching(/has no item "f999"/) });
    expect(documentOf(ended)).toMatchObject({ error: { code: 'UNKNOWN_ID', exit: 2 } });
  });

  it('runs lists it', async () => {
    const [text, document] = await Promise.all([run(folder, ['runs'], { lang: 'zh' }), run(folder, ['runs', '--json'])]);
    expect(text.stdout).toMatch(/^runs\/whole +完整 +\d{4}-\d\d-\d\d \d\d:\d\d [+-]\d\d:\d\d +sign-up-allow\n$/);
    expect(documentOf<object[]>(document)).toMatchObject([{ app: 'eager', scenario: 'sign-up-allow', state: 'complete' }]);
  });

  it('open says where the report is when there is no browser', async () => {
    const ended = await run(folder, ['open', RUN], { lang: 'zh', env: { PATH: join(folder, 'home') } });
    expect(ended).toMatchObject({ code: 0, stdout: `${RUN}/report.html\n`, stderr: expect.stringMatching(/没有找到浏览器/) });
    const document = await run(folder, ['open', RUN, '--json'], { env: { PATH: join(folder, 'home') } });
    expect(documentOf(document)).toEqual({ report: join(folder, RUN, 'report.html'), opened: false });
  });
});

describe('a packet', () => {
  it('is sealed, verified, and says that it is unfit as evidence', async () => {
    const sealed = await run(folder, ['seal', RUN, '--out', 'packets/one'], { lang: 'zh' });
    expect(sealed).toMatchObject({ code: 0, stderr: '' });
    expect(sealed.stdout).toMatch(/作为证据 +不可（模拟手机）/);
    const root = /证据根哈希 +([0-9a-f]{64})/.exec(sealed.stdout)?.[1];
    const verified = await run(folder, ['verify', 'packets/one'], { lang: 'zh' });
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toMatch(/证据包完整/);
    expect(verified.stdout).toContain(root);
    expect(documentOf(await run(folder, ['verify', 'packets/one', '--json']))).toMatchObject({
      ok: true,
      root,
      ended: true,
      info: { 'Case-Number': 'C-7', 'Fit-As-Evidence': expect.stringMatching(/^no/) },
    });
  });

  it('is never written over another, nor into the run itself', async () => {
    const first = await run(folder, ['seal', RUN, '--out', 'packets/two', '--json']);
    expect(documentOf(first)).toMatchObject({ dir: join(folder, 'packets/two'), unfit: 'simulated handset' });
    expect(await run(folder, ['seal', RUN, '--out', 'packets/two'])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/is not empty and is never overwritten/),
    });
    for (const [lang, words] of [
      ['zh', /证据包不能放在记录文件夹里面/],
      ['en', /must not lie inside/],
    ] as const)
      expect(await run(folder, ['seal', RUN, '--out', `${RUN}/packet`], { lang })).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(words),
      });
  });

  it('with one changed byte ends with 5 and the file named', async () => {
    await run(folder, ['seal', RUN, '--out', 'packets/three']);
    const file = join(folder, 'packets/three/data/run.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('C-7', 'C-8'));
    const ended = await run(folder, ['verify', 'packets/three', '--json'], { lang: 'zh' });
    expect(ended).toMatchObject({ code: 5, stderr: expect.stringMatching(/data\/run\.json/) });
    expect(documentOf(ended)).toMatchObject({ error: { code: 'PACKET_BROKEN', exit: 5 } });
  });
});

describe('a run that was altered', () => {
  const altered: readonly (readonly [string, (lines: string[]) => void, RegExp])[] = [
    ['a flipped byte', (lines) => lines.splice(6, 1, (lines[6] ?? '').replace('"seq":', '"sep":')), /第 7 行/],
    ['a missing line', (lines) => lines.splice(6, 1), /第 7 行/],
    ['a doubled line', (lines) => lines.splice(6, 0, lines[6] ?? ''), /第 8 行/],
    ['swapped lines', (lines) => lines.splice(6, 2, lines[7] ?? '', lines[6] ?? ''), /第 7 行/],
  ];
  it.each(altered)('%s in events.jsonl ends with 5 and the line named, by every command that reads it', async (name, change, line) => {
    const dir = copyOf(name.replaceAll(' ', '-'));
    const file = join(folder, dir, 'events.jsonl');
    const lines = readFileSync(file, 'utf8').split('\n');
    change(lines);
    writeFileSync(file, lines.join('\n'));
    const commands = [
      ['judge', dir],
      ['report', dir],
      ['show', dir, 'e1'],
      ['seal', dir, '--out', `packets/${dir}`],
    ];
    const [first, ...others] = await Promise.all(commands.map((args) => run(folder, args, { lang: 'zh' })));
    for (const ended of [first, ...others]) {
      expect(ended).toMatchObject({ code: 5, stdout: '', stderr: expect.stringMatching(line) });
      expect(ended?.stderr).not.toMatch(STACK_TRACE);
    }
    expect(existsSync(join(folder, 'packets', dir))).toBe(false);
  });

  it('a body of another size ends with 5 and the file named', async () => {
    const dir = copyOf('body');
    const segment = readdirSync(join(folder, dir, 'bodies'))[0] ?? '';
    const bytes = readFileSync(join(folder, dir, 'bodies', segment));
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    writeFileSync(join(folder, dir, 'bodies', segment), bytes);
    expect(await run(folder, ['judge', dir])).toMatchObject({ code: 5, stderr: expect.stringContaining(`bodies/${segment}`) });
  });

  it('a run of a newer schema ends with 3 and both versions', async () => {
    const dir = copyOf('newer');
    const file = join(folder, dir, 'run.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"schema": \d+/, '"schema": 99'));
    writeFileSync(join(folder, dir, 'events.jsonl'), '');
    expect(await run(folder, ['report', dir], { lang: 'zh' })).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/格式版本为 99，本程序只认识到 \d/),
    });
  });

  it('a forgotten run leaves its tombstone and can neither be judged nor forgotten again', async () => {
    const dir = copyOf('forgotten');
    expect(await run(folder, ['forget', dir, '--by', 'tester', '--why', '试过了'], { lang: 'zh' })).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/只留下存根/),
    });
    expect(readdirSync(join(folder, dir))).toEqual(['tombstone.json']);
    expect(JSON.parse(readFileSync(join(folder, dir, 'tombstone.json'), 'utf8'))).toMatchObject({ by: 'tester', why: '试过了' });
    for (const command of ['judge', 'forget'])
      expect(await run(folder, [command, dir])).toMatchObject({ code: 2, stderr: expect.stringMatching(/was forgotten on/) });
    expect(documentOf<object[]>(await run(folder, ['runs', '--in', 'copies', '--json']))).toContainEqual(
      expect.objectContaining({ dir: dir, state: 'forgotten' }),
    );
  });
});
