import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseXmlDocument, type Document } from 'slimdom';
import { beforeAll, describe, expect, it } from 'vitest';
import { below, alive, documentOf, folderOf, leftovers, run, STACK_TRACE, start, type Ended } from './cli.js';

const folder = folderOf('nightly');
writeFileSync(join(folder, 'list.yaml'), ['eager', 'honest', 'proud'].map((app) => `- app: ${app}\n  scenario: observe-only\n`).join(''));

interface Row {
  readonly app: string;
  readonly exit: number;
  readonly run: string;
  readonly changes: readonly { readonly change: string }[] | null;
}
let first: Ended;
let second: Ended;

beforeAll(async () => {
  first = await run(folder, ['nightly', 'list.yaml'], { lang: 'zh' });
  second = await run(folder, ['nightly', 'list.yaml', '--json']);
}, 120_000);

const nights = (): readonly string[] => readdirSync(join(folder, 'nights')).toSorted();
const textOf = (night: string, file: string): string => readFileSync(join(folder, 'nights', night, file), 'utf8');

function suitesOf(night: string): readonly Document['documentElement'][] {
  const top = parseXmlDocument(textOf(night, 'junit.xml')).documentElement;
  return top === null ? [] : [...top.getElementsByTagName('testsuite')];
}

describe('a night', () => {
  it('audits the list one after another and ends with 1 for a violation that is new', () => {
    expect(first).toMatchObject({ code: 1, signal: null });
    expect(first.stdout).toMatch(/^nights\/\d{8}-\d{6}-[0-9a-f]{4}\/summary\.html\n$/);
    expect(first.stderr).toMatch(
      /^eager +observe-only +有违规 · \d+\.\d s\nhonest +observe-only +未发现违规 · .+\nproud +observe-only +.+\n$/,
    );
    expect(first.stderr).not.toMatch(STACK_TRACE);
    for (const { run: dir } of JSON.parse(textOf(nights()[0] ?? '', 'summary.json')).rows as Row[])
      expect(existsSync(join(folder, 'nights', nights()[0] ?? '', dir, 'report.html'))).toBe(true);
  });

  it('writes a JUnit file that is well-formed, with a failure for each rule that was broken', () => {
    const [eager, honest, proud] = suitesOf(nights()[0] ?? '');
    expect([eager, honest, proud].map((suite) => suite?.getAttribute('name'))).toEqual([
      'eager · observe-only',
      'honest · observe-only',
      'proud · observe-only',
    ]);
    expect(Number(eager?.getAttribute('failures'))).toBe(eager?.getElementsByTagName('failure').length);
    expect(eager?.getElementsByTagName('failure')[0]?.textContent).toMatch(/用户同意隐私政策前/);
    expect(honest?.getAttribute('failures')).toBe('0');
    expect(honest?.getAttribute('errors')).toBe('0');
  });

  it('says on its page that the runs are simulated, and links each report', () => {
    const page = textOf(nights()[0] ?? '', 'summary.html');
    expect(page).toMatch(/含模拟运行 · 虚拟手机 · 不可作为证据/);
    expect(page).toMatch(/没有上次的结果/);
    for (const app of ['001-eager', '002-honest', '003-proud']) expect(page).toContain(`href="${app}-observe-only/report.html"`);
    expect(page).not.toMatch(/undefined|\[object/);
  });

  it('is compared with the night before: what is still there is not new, and does not end with 1', () => {
    const { exit, rows } = documentOf<{ exit: number; rows: Row[] }>(second);
    expect(second.code).toBe(exit);
    expect([0, 4]).toContain(exit);
    expect(second.stderr).toBe('');
    expect(rows.map((row) => row.exit)[0]).toBe(1);
    expect(rows[0]?.changes?.length).toBeGreaterThan(0);
    expect(new Set(rows.flatMap((row) => row.changes?.map(({ change }) => change) ?? []))).toEqual(new Set(['still']));
    expect(textOf(nights()[1] ?? '', 'summary.html')).toMatch(/仍存在/);
  });

  it('that is stopped by Ctrl-C ends with 130 and keeps what was done', async () => {
    const night = start(folder, ['nightly', 'list.yaml', '--out', 'stopped']);
    await night.said(/^eager /m);
    const children = below(night.child.pid ?? 0);
    night.child.kill('SIGINT');
    const ended = await night.ended;
    expect(ended).toMatchObject({
      code: 130,
      signal: null,
      stdout: expect.stringMatching(/summary\.html\n$/),
      stderr: expect.stringMatching(/interrupted: [12] of 3 entries were done/),
    });
    expect(ended.stderr).not.toMatch(STACK_TRACE);
    expect(children.filter(alive)).toEqual([]);
    const [name = ''] = readdirSync(join(folder, 'stopped'));
    const { rows } = JSON.parse(readFileSync(join(folder, 'stopped', name, 'summary.json'), 'utf8')) as { rows: Row[] };
    expect(rows[0]).toMatchObject({ app: 'eager', exit: 1 });
    expect(rows.slice(1).every(({ exit }) => exit === 130)).toBe(true);
    expect(readFileSync(join(folder, 'stopped', name, 'junit.xml'), 'utf8')).not.toMatch(/<error/);
    expect(
      parseXmlDocument(readFileSync(join(folder, 'stopped', name, 'junit.xml'), 'utf8')).documentElement?.getElementsByTagName('testsuite'),
    ).toHaveLength(rows.length);
  });

  it('leaves no file outside its folder', () => {
    expect(leftovers(folder)).toEqual([]);
  });
});
