import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { judgeRun } from '../harness/cli/pipeline.js';
import jsonFormat from '../reports/formats/json.js';
import htmlFormat from '../reports/formats/html.js';

const GOLDEN = 'test/golden';
const scratch = mkdtempSync(join(tmpdir(), 'jiejing-golden-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

// Recorded once, judged again for ever. `npm run golden` writes what today's rules say; the diff is read line by line.
describe.each(readdirSync(GOLDEN))('the recorded run %s', (name) => {
  it('is judged as it was before', async () => {
    const file = join(GOLDEN, name, 'report.json');
    const text = jsonFormat.render(await judgeRun(join(GOLDEN, name, 'run'), 'zh'));
    if (process.env['JIEJING_GOLDEN'] === 'write') writeFileSync(file, text);
    expect(existsSync(file)).toBe(true);
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  });

  it('gives the same bytes twice, wherever it lies', async () => {
    const moved = join(scratch, name);
    cpSync(join(GOLDEN, name, 'run'), moved, { recursive: true });
    const [here, there] = [await judgeRun(join(GOLDEN, name, 'run'), 'zh'), await judgeRun(moved, 'zh')];
    expect(jsonFormat.render(there)).toBe(jsonFormat.render(here));
    expect(htmlFormat.render(there)).toBe(htmlFormat.render(here));
  });
});
