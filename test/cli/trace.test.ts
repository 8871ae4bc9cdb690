import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Manifest, ManifestValue } from '../../harness/model/values.js';
import { documentOf, folderOf, run, STACK_TRACE, type Ended } from './cli.js';

const folder = folderOf('trace');
const RUN = 'runs/confirmed';
let audit: Ended;
let phone: ManifestValue;

beforeAll(async () => {
  audit = await run(folder, ['audit', 'eager', '--confirm', '--out', RUN], { lang: 'zh' });
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, RUN, 'values/manifest.json'), 'utf8'));
  phone = manifest.values.find(({ type }) => type === 'contact_phone') as ManifestValue;
});

describe('audit --confirm', () => {
  it('records twice with other values, and every link moves with its value', () => {
    expect(audit.code).toBe(1);
    const flat = audit.stdout.replaceAll(/\n\s*/g, '');
    const [, moved, links, confirmed, violations] =
      /换一组值重做：(\d+) 个关联中 (\d+) 个随值改变；(\d+) 项违规中 (\d+) 项得到证实/.exec(flat) ?? [];
    expect(Number(links)).toBeGreaterThan(50);
    expect([moved, confirmed]).toEqual([links, violations]);
    const file = JSON.parse(readFileSync(join(folder, RUN, 'confirmation.json'), 'utf8'));
    expect(file).toMatchObject({ links: Number(links), unmoved: [] });
    const other: Manifest = JSON.parse(readFileSync(join(folder, `${RUN}-confirm`, 'values/manifest.json'), 'utf8'));
    expect(other.values.some(({ text }) => text === phone.text)).toBe(false);
  });
});

describe('trace', () => {
  it('says who read a planted value and in which request it left', async () => {
    const { code, stdout } = await run(folder, ['trace', phone.text, RUN], { lang: 'zh' });
    expect(code).toBe(0);
    expect(stdout).toContain(`${phone.text} · 通讯录 · ${phone.id}`);
    expect(stdout).toMatch(/被读取 1 次/);
    expect(stdout.replaceAll(/\n\s*/g, '')).toMatch(/collect\.dunyan-risk\.example · 第三方 盾眼风控（虚构） · Base64 ?→ gzip/);
  });

  it('takes a file with a value in each line, and finds one that is none of the run where it stands', async () => {
    writeFileSync(join(folder, 'values.txt'), `${phone.text}\r\n\na1b2c3\nstore-nowhere-99\n`);
    const found = await run(folder, ['trace', 'values.txt', RUN, '--json'], { lang: 'en' });
    const { traces } = documentOf(found) as { traces: readonly { text: string; known: boolean; sends: readonly unknown[] }[] };
    expect(traces.map(({ text, known, sends }) => [text, known, sends.length])).toEqual([
      [phone.text, true, 1],
      ['a1b2c3', false, 1],
      ['store-nowhere-99', false, 0],
    ]);
  });

  it('refuses a value that any traffic holds, and a run that is not there, in one sentence', async () => {
    for (const [args, words] of [
      [['trace', '123', RUN], 'fewer than 4 bytes'],
      [['trace', phone.text, 'runs/none'], 'runs/none'],
    ] as const) {
      const { code, stderr } = await run(folder, args, { lang: 'en' });
      expect(code).toBe(2);
      expect(stderr).toContain(words);
      expect(stderr).not.toMatch(STACK_TRACE);
    }
  });
});
