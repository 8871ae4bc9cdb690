import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, run } from './processes.mjs';

const RUNS = 5;

export async function measure() {
  const root = mkdtempSync(join(tmpdir(), 'jiejing-bench-'));
  try {
    const timed = [];
    for (let i = 0; i < RUNS; i++) {
      const one = await run(process.execPath, ['dist/harness/cli/main.js', 'audit', 'eager', '--out', join(root, `t${i}`)]);
      if (one.code !== 1) throw new Error(`audit ended with ${one.code}\n${one.stderr}`);
      timed.push(one.seconds);
    }
    // Weighed apart: reading /proc 20 times a second costs time of its own.
    const weighed = await run(process.execPath, ['dist/harness/cli/main.js', 'audit', 'eager', '--out', join(root, 'w')], { weigh: true });
    return [
      {
        what: `whole audit of eager, median of ${RUNS}`,
        goal: 6,
        reached: median(timed),
        unit: 's',
        note: `${timed.map((s) => s.toFixed(2)).join(' ')}`,
      },
      {
        what: 'memory of that audit, peak of the summed PSS',
        goal: 600,
        reached: weighed.peakMiB,
        unit: 'MiB',
        note: 'sampled every 50 ms, children included',
      },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
