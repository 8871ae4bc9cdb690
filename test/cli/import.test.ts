import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../harness/model/finding.js';
import { CALL, FILES, IMEI, T0, entry, harOf, read } from '../harness/import/evidence-folder.js';
import { documentOf, folderOf, ROOT, run, STACK_TRACE, start, until } from './cli.js';

const folder = folderOf('import');
const file = (...names: readonly string[]): string => join(folder, ...names);

function evidence(name: string, files: Readonly<Record<string, unknown>>): void {
  mkdirSync(file(name));
  for (const [one, content] of Object.entries(files)) {
    const lines = one.endsWith('.jsonl') && Array.isArray(content) ? content.map((line) => JSON.stringify(line)).join('\n') : null;
    writeFileSync(file(name, one), lines ?? (typeof content === 'string' ? content : JSON.stringify(content)));
  }
}

beforeAll(() => {
  const body = { mimeType: 'application/json', text: JSON.stringify({ imei: IMEI }) };
  evidence('early', { ...FILES, 'flows.har': harOf({ _id: 'upload', ...entry(2000, { postData: body }) }) });
});

describe('import', () => {
  it('makes a run that is judged, shown, listed, sealed and verified like any other, and says that it is imported', async () => {
    const imported = await run(folder, ['import', 'early', '--out', 'r1', '--first-party', 'example.com']);
    expect(imported).toMatchObject({ code: 0, stderr: 'next: npx jiejing report r1\n' });
    expect(imported.stdout).toBe('imported 1 reads, 0 crypto calls, 2 acts of consent, 1 flows; 3 values to look for, 1 placebos\nr1\n');
    const told = await run(folder, ['report', 'r1']);
    expect(told.code).toBe(1);
    expect(told.stdout).toMatch(/imported from other tools: not fit as evidence/);
    const report = JSON.parse(readFileSync(file('r1', 'report.json'), 'utf8')) as Report;
    expect(report.links).toMatchObject([
      { value: 'imei-1', flow: 'upload', reads: ['o1'], observation: 'o1', origin: 'read', order: 'before', owner: 'same', level: 'C4' },
    ]);
    expect(report.findings.filter(({ verdict }) => verdict === 'violation').map(({ rule }) => rule)).toEqual(['LA-C01', 'LA-C04']);
    // What no file of the evidence can show is not called clear.
    expect(report.findings.filter(({ verdict }) => verdict === 'clear')).toEqual([]);
    expect(readFileSync(file('r1', 'report.html'), 'utf8')).toMatch(/由其他工具导入 · 不可作为证据/);
    expect(readFileSync(file('r1', 'report.html'), 'utf8')).toMatch(/"id":\[[^\]]*"c1","o1","upload","c2"\]/);
    expect((await run(folder, ['show', 'r1', 'upload'])).stdout).toMatch(/POST api\.example\.com/);
    expect((await run(folder, ['runs', '--in', '.'])).stdout).toMatch(/^r1 .*imported/m);
    expect((await run(folder, ['seal', 'r1', '--out', 'packet'])).stdout).toMatch(/as evidence +no \(imported from another tool\)/);
    expect((await run(folder, ['verify', 'packet'])).code).toBe(0);
  });

  it('without the acts of consent accuses nobody of having been before consent', async () => {
    const { 'consent.jsonl': _, ...files } = FILES;
    evidence('no-consent', files);
    expect((await run(folder, ['import', 'no-consent', '--out', 'r2', '--first-party', 'example.com'])).code).toBe(0);
    expect((await run(folder, ['report', 'r2'])).code).toBe(4);
    const { findings } = JSON.parse(readFileSync(file('r2', 'report.json'), 'utf8')) as Report;
    expect(findings.filter(({ verdict }) => verdict === 'violation')).toEqual([]);
    expect(findings.find(({ rule }) => rule === 'LA-C01')).toMatchObject({ verdict: 'not-tested', reason: 'gap' });
  });

  it('blames the app under audit for no read of another app', async () => {
    evidence('two-apps', { ...FILES, 'observations.jsonl': [read(1000, { app: 'com.example.other' })] });
    expect((await run(folder, ['import', 'two-apps', '--app', CALL.app, '--out', 'r7'])).code).toBe(0);
    expect((await run(folder, ['report', 'r7'])).code).toBe(4);
    const { findings, links } = JSON.parse(readFileSync(file('r7', 'report.json'), 'utf8')) as Report;
    expect(findings.filter(({ verdict }) => verdict === 'violation')).toEqual([]);
    expect(links).toMatchObject([{ reads: ['o1'], owner: 'other' }]);
  });

  it('takes a HAR and values alone, with a zone for its times, and gives one document', async () => {
    writeFileSync(file('alone.har'), JSON.stringify(harOf({ ...entry(0), startedDateTime: '2026-01-05 10:00:00', _app: undefined })));
    writeFileSync(file('values.json'), JSON.stringify(FILES['canaries.json']));
    const args = ['import', '--har', 'alone.har', '--values', 'values.json', '--out', 'r3'];
    expect(await run(folder, args)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/has no time zone\nway out: tell the zone with --zone/),
    });
    expect(existsSync(file('r3'))).toBe(false);
    const ended = await run(folder, [...args, '--zone', '+08:00', '--app', 'com.example.other', '--json']);
    expect(documentOf(ended)).toMatchObject({ run: file('r3'), app: 'com.example.other', flows: 1, reads: 0, values: 3, placebos: 1 });
    const head = JSON.parse(readFileSync(file('r3', 'run.json'), 'utf8'));
    expect(head.began).toBe(new Date(T0).toISOString());
  });

  it('takes a workbook of camille’s', async () => {
    const workbook = join(ROOT, 'test/harness/import/camille.xls');
    const args = ['import', '--camille', workbook, '--app', 'com.example.loan', '--out', 'r5'];
    expect(await run(folder, args)).toMatchObject({ code: 2, stderr: expect.stringMatching(/tell the handset's zone with --zone/) });
    expect((await run(folder, [...args, '--zone', '+08:00'])).stdout).toMatch(
      /^imported 4 reads, 0 crypto calls, 1 acts of consent, 0 flows;/,
    );
    expect((await run(folder, ['report', 'r5'])).code).toBe(1);
    const { findings } = JSON.parse(readFileSync(file('r5', 'report.json'), 'utf8')) as Report;
    expect(findings.filter(({ verdict }) => verdict === 'violation').map(({ about }) => about.datum)).toEqual(['imei', 'android-id']);
  });

  it('that is stopped leaves nothing', async () => {
    const body = { mimeType: 'text/plain', text: 'x'.repeat(100_000) };
    writeFileSync(file('long.har'), JSON.stringify(harOf(...Array.from({ length: 1500 }, (_, i) => entry(i, { postData: body })))));
    const running = start(folder, ['import', '--har', 'long.har', '--out', 'r6']);
    await until('the run is being made', () => existsSync(file('r6', 'events.jsonl')));
    running.child.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 130, stdout: '', stderr: 'interrupted; no run is left\n' });
    expect(existsSync(file('r6'))).toBe(false);
  });

  it.each([
    [['import'], 'zh', /错误：要写证据文件夹，或用 --har 写 HAR 文件。/],
    [['import', 'nowhere'], 'en', /there is no folder nowhere/],
    [['import', 'tmp'], 'en', /tmp holds no evidence \(canaries\.json, observations\.jsonl, consent\.jsonl, flows\.har\)/],
    [['import', 'early', '--out', 'early'], 'zh', /文件夹 early 里已有内容/],
    [['import', 'early', '--zone', 'Beijing'], 'en', /--zone takes \+08:00/],
    [['import', '--har', 'no.har'], 'en', /--har: there is no file no\.har/],
  ] as const)('%j is refused in one sentence with a way out (%s)', async (args, lang, words) => {
    const { code, stderr, stdout } = await run(folder, [...args], { lang });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(words);
    expect(stderr).not.toMatch(STACK_TRACE);
  });

  it('tells in both languages which line is wrong', async () => {
    evidence('wrong', { ...FILES, 'observations.jsonl': [read(1), read(2, { t: T0 / 1000, ...CALL })] });
    const zh = await run(folder, ['import', 'wrong', '--out', 'r4'], { lang: 'zh' });
    expect(zh).toMatchObject({
      code: 2,
      stderr: '错误：observations.jsonl 第 2 行：t 为 1767578400，不是 2000 至 2100 年间的毫秒数。\n办法：像是秒，应乘以 1000\n',
    });
    const en = await run(folder, ['import', 'wrong', '--out', 'r4']);
    expect(en.stderr).toMatch(/^error: observations\.jsonl:2: t is 1767578400, .*\nway out: it looks like seconds: multiply it by 1000\n$/);
    expect(existsSync(file('r4'))).toBe(false);
  });
});
