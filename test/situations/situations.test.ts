import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from './bundle.mjs';
import { SITUATIONS } from './catalogue.js';
import { jiejing } from './ours.js';
import type { Outcome } from './perform.js';
import { hasIpv6 } from './perform.js';
import { openBench, performAll } from './suite.js';
import { clauseText } from './table.js';

const ENGINES = ['relay', 'pipeline'] as const;
/** Most of a situation is waiting. */
const JOBS = 4 * availableParallelism();

/** What came out, by engine and number. */
const outcomes = new Map<string, Outcome>();

beforeAll(async () => {
  const { dir, file } = await bundle(['origin/main.ts']);
  const { bench, close } = openBench(file['origin/main.ts'] ?? '', dirname(fileURLToPath(import.meta.url)));
  try {
    const caDir = join(dir, 'ca');
    const tasks = ENGINES.flatMap((name) => SITUATIONS.map((situation) => ({ name, launch: jiejing(name, caDir), situation })));
    await performAll(tasks, bench, JOBS, ({ name, situation }, outcome) => outcomes.set(`${name} ${situation.n}`, outcome));
  } finally {
    close();
    rmSync(dir, { recursive: true, force: true });
  }
}, 240_000);

describe.each(ENGINES)('the %s engine', (engine) => {
  it('is the one that carried the baseline', () => {
    expect(outcomes.get(`${engine} 1`)?.evidence?.record.map(({ event }) => event)).toEqual([`flow 1, ${engine}, whole`]);
  });
  it.each(SITUATIONS)('passes situation $n: $title', ({ n, origin }) => {
    const outcome = outcomes.get(`${engine} ${n}`);
    if (origin === 'mirror-ipv6' && !hasIpv6()) return void expect(outcome?.mark).toBe('skipped');
    expect(outcome?.broken.map(clauseText)).toEqual([]);
    expect(outcome?.mark).toBe('P');
    expect(outcome?.passed).toBe(outcome?.tries);
  });
});
