import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../harness/model/finding.js';
import { documentOf, folderOf, ROOT, run, STACK_TRACE } from './cli.js';

const folder = folderOf('verify');
const file = (name: string): string => join(folder, name);
let links = 0;

beforeAll(async () => {
  cpSync(join(ROOT, 'test/golden/eager/run'), file('whole'), { recursive: true });
  await run(folder, ['judge', 'whole']);
  links = reportOf('whole').links.length;
});

function reportOf(dir: string): Report {
  return JSON.parse(readFileSync(file(`${dir}/report.json`), 'utf8')) as Report;
}

function copyOf(name: string): string {
  cpSync(file('whole'), file(name), { recursive: true });
  return name;
}

describe('verify of a run', () => {
  it('shows every link of its report again from the record, and says how many', async () => {
    expect(links).toBeGreaterThan(10);
    const [zh, en] = [await run(folder, ['verify', 'whole'], { lang: 'zh' }), await run(folder, ['verify', 'whole'])];
    expect(zh).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(`${links} 条，每份证书都可由记录重放验证`) });
    expect(en).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining(`${links}, the certificate of each replayed`) });
    expect(documentOf(await run(folder, ['verify', 'whole', '--json']))).toMatchObject({ ok: true, ended: true, replayed: links });
  });

  it('ends with 5 and names the first link that does not follow from the record', async () => {
    const dir = copyOf('forged');
    const report = reportOf(dir);
    const forged = report.links.map((link, n) => (n < 3 ? link : { ...link, value: report.links[0]?.value }));
    writeFileSync(file(`${dir}/report.json`), JSON.stringify({ ...report, links: forged }));
    const [zh, en] = [await run(folder, ['verify', dir], { lang: 'zh' }), await run(folder, ['verify', dir])];
    expect(zh).toMatchObject({ code: 5, stdout: '', stderr: expect.stringMatching(/report\.json.*关联 l4 的证书不能由记录重放/) });
    expect(en).toMatchObject({ code: 5, stderr: expect.stringMatching(/report\.json.*certificate of link l4 does not replay/) });
    expect(en.stderr).not.toMatch(STACK_TRACE);
  });

  it.each<readonly [string, (report: Report) => object]>([
    ['a verdict was changed', (report) => ({ ...report, findings: report.findings.map((f) => ({ ...f, verdict: 'clear' })) })],
    ['links were left out', (report) => ({ ...report, links: [] })],
    ['a level was changed', (report) => ({ ...report, links: report.links.map((l) => ({ ...l, level: 'C3' })) })],
  ])('ends with 5 where %s in the report', async (name, change) => {
    const dir = copyOf(name.replaceAll(' ', '-'));
    writeFileSync(file(`${dir}/report.json`), `${JSON.stringify(change(reportOf(dir)), null, 2)}\n`);
    expect(await run(folder, ['verify', dir])).toMatchObject({ code: 5, stderr: expect.stringMatching(/report\.json/) });
  });

  it.each([
    ['no JSON', '{"links":['],
    ['another document', '{"links":7}'],
    ['links that are none', '{"links":[null]}'],
  ])('ends with 5 where the report is %s', async (name, text) => {
    const dir = copyOf(name.replaceAll(' ', '-'));
    writeFileSync(file(`${dir}/report.json`), text);
    const ended = await run(folder, ['verify', dir]);
    expect(ended).toMatchObject({ code: 5, stderr: expect.stringMatching(/report\.json/) });
    expect(ended.stderr).not.toMatch(STACK_TRACE);
  });

  it('says so where there is no report', async () => {
    const dir = copyOf('unjudged');
    rmSync(file(`${dir}/report.json`));
    expect(await run(folder, ['verify', dir])).toMatchObject({ code: 0, stdout: expect.stringMatching(/not judged yet/) });
    expect(documentOf(await run(folder, ['verify', dir, '--json']))).toMatchObject({ ok: true, replayed: null });
  });

  it('ends with 5 where a byte of a body was changed', async () => {
    const dir = copyOf('changed');
    const body = file(`${dir}/bodies/s0001.seg`);
    const bytes = readFileSync(body);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    writeFileSync(body, bytes);
    expect(await run(folder, ['verify', dir])).toMatchObject({ code: 5, stderr: expect.stringMatching(/s0001\.seg/) });
  });
});

describe('verify of a packet', () => {
  it('replays the links of the report in it', async () => {
    expect(await run(folder, ['seal', copyOf('sealed'), '--out', 'packet'])).toMatchObject({ code: 0 });
    const ended = await run(folder, ['verify', 'packet']);
    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining(`${links}, the certificate of each replayed`) });
    expect(documentOf(await run(folder, ['verify', 'packet', '--json']))).toMatchObject({ ok: true, replayed: links });
  });
});
