import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DATUM_ROWS } from '../../harness/model/datum.js';
import { conductDay, LAW, lawOf, type LawRow } from '../../reports/law/law.js';
import taxonomy from '../../reports/law/taxonomy.json' with { type: 'json' };

const FOLDER = join(import.meta.dirname, '../../reports/law');
const INDEX = join(FOLDER, 'instruments.ts');
const ids = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.json') && name !== 'taxonomy.json')
  .map((name) => name.slice(0, -'.json'.length))
  .toSorted();
const rows = [...LAW.rows.values()];

const name = (id: string): string => `i_${id.replaceAll(/[^a-z0-9]/g, '_')}`;

function indexOf(instruments: readonly string[]): string {
  const imports = instruments.map((id) => `import ${name(id)} from './${id}.json' with { type: 'json' };\n`).join('');
  const head = '// Generated from the folder; `JIEJING_GOLDEN=write npx vitest run test/reports/law.test.ts` writes it again.\n';
  const list = instruments.map((id) => `  ${name(id)},\n`).join('');
  return `${head}${imports}\n/** The rows of every instrument in this folder, one list a file. */\nexport const INSTRUMENTS: readonly (readonly object[])[] = [\n${list}];\n`;
}

describe('the folder of laws', () => {
  it('is the index, to the file', () => {
    if (process.env['JIEJING_GOLDEN'] === 'write') writeFileSync(INDEX, indexOf(ids));
    expect(readFileSync(INDEX, 'utf8')).toBe(indexOf(ids));
  });

  it('holds 269 provisions, each id once, each file one law', () => {
    const all = ids.map((id): LawRow[] => JSON.parse(readFileSync(join(FOLDER, `${id}.json`), 'utf8')));
    expect(all.flat()).toHaveLength(269);
    expect(LAW.rows.size).toBe(269);
    for (const file of all) expect(new Set(file.map((row) => row.law)).size).toBe(1);
  });

  it.each(rows)('$id names its law, article and source, and dates that can be compared', (row) => {
    for (const text of [row.law, row.article, row.source, row.status]) expect(text.length).toBeGreaterThan(0);
    for (const day of [row.effective_from, row.effective_to]) if (day !== null) expect(day).toMatch(/^\d{4}-\d\d(-\d\d)?$/);
    if (row.replaces !== null) expect(LAW.rows.has(row.replaces)).toBe(true);
    expect(['yes', 'check-first', 'no']).toContain(row.quote_ok);
  });

  it('keeps no text of what may never be printed, and the text of all else', () => {
    for (const row of rows) expect([row.id, row.text_zh.length > 0]).toEqual([row.id, row.quote_ok !== 'no']);
  });

  it('has a category for every datum', () => {
    const known = new Set(taxonomy.map((row) => row.id));
    for (const { taxonomy: id } of DATUM_ROWS) expect(known).toContain(id);
  });
});

describe('law on the day of the conduct', () => {
  it.each([
    ['csl-43', '2025-12-31', false],
    ['csl-43', '2026-01-01', true],
    ['csl2016-41', '2025-12-31', true],
    ['csl2016-41', '2026-01-01', false],
    ['pipl-13', '2021-10-31', false],
    ['pipl-13', '2021-11-01', true],
    ['nds-22', '2024-12-31', false],
    ['cac-191-3-1', '2019-11-27', false],
    ['cac-191-3-1', '2019-11-28', true],
    ['tc260-20244a-fin', '2024-09-15', false],
    ['tc260-20244a-fin', '2024-10-01', true],
    ['cac-draft-2026-contacts', '2026-03-02', false],
    ['cl-253-1', '2026-03-02', false],
    ['no-such-article', '2026-03-02', false],
  ])('%s on %s: %s', (id, day, holds) => {
    expect(LAW.inForce(id, day)).toBe(holds);
  });

  it('names the article that held before, where the cited one did not hold yet', () => {
    expect(LAW.citable(['cac-191-3-1', 'csl-43'], '2025-06-01')).toEqual(['cac-191-3-1', 'csl2016-41']);
    expect(LAW.citable(['cac-191-3-1', 'csl-43'], '2026-06-01')).toEqual(['cac-191-3-1', 'csl-43']);
    expect(LAW.citable(['nds-22'], '2024-06-01')).toEqual([]);
  });

  it('takes the day in China', () => {
    expect(conductDay('2025-12-31T16:00:00Z')).toBe('2026-01-01');
    expect(conductDay('2025-12-31T23:59:59+08:00')).toBe('2025-12-31');
  });
});

describe('what may be named', () => {
  it('is never a draft, a text to be checked first, or a text that serves as context only', () => {
    for (const row of rows) {
      const may = LAW.printable(row.id);
      if (row.quote_ok !== 'yes' || /DRAFT/i.test(row.status) || row.law.includes('征求意见稿') || row.use === 'context-only')
        expect([row.id, may]).toEqual([row.id, false]);
    }
    expect(rows.filter((row) => LAW.printable(row.id)).length).toBeGreaterThan(150);
  });

  it('is never a draft even when somebody marks its text as printable', () => {
    const draft: LawRow = {
      id: 'd-1',
      law: '某规定（征求意见稿）',
      article: '1',
      text_zh: '文',
      summary_en: 's',
      quote_ok: 'yes',
      status: 'in-force',
      effective_from: '2020-01-01',
      effective_to: null,
      source: 's',
      use: 'basis',
      binding: 'law',
      replaces: null,
    };
    const law = lawOf([draft]);
    expect([law.printable('d-1'), law.inForce('d-1', '2026-01-01'), law.citable(['d-1'], '2026-01-01')]).toEqual([false, false, []]);
  });
});
