import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, pssOf } from './processes.mjs';

const AUDITS = 60;
/** The first audits fill caches; growth is told from what comes after them. */
const WARM = 10;

export async function measure() {
  const root = mkdtempSync(join(tmpdir(), 'jiejing-bench-'));
  try {
    const apps = ['eager', 'honest', 'sly', 'proud'];
    const list = join(root, 'list.yaml');
    writeFileSync(list, Array.from({ length: AUDITS }, (_, i) => `- app: ${apps[i % apps.length]}\n`).join(''));
    const { code, weights, seconds } = await night(list, join(root, 'nights'));
    const [folder] = readdirSync(join(root, 'nights'));
    const { rows } = JSON.parse(readFileSync(join(root, 'nights', folder, 'summary.json'), 'utf8'));
    const failed = rows.filter((row) => row.error !== null || row.exit === 3).length;
    const third = weights.slice(WARM);
    const early = median(third.slice(0, 10));
    const late = median(third.slice(-10));
    return [
      {
        what: `failures in ${AUDITS} audits of one nightly process`,
        goal: 0,
        reached: failed + (AUDITS - rows.length),
        unit: 'audits',
        note: `exit ${code}, ${(seconds / AUDITS).toFixed(2)} s an audit`,
      },
      {
        what: 'growth of its memory, audits 11–20 to 51–60',
        goal: 10,
        reached: Math.max(0, ((late - early) / early) * 100),
        unit: '%',
        note: `${(early / 1024).toFixed(0)} → ${(late / 1024).toFixed(0)} MiB PSS of the process, after each audit`,
      },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function night(list, out) {
  return new Promise((done, fail) => {
    const began = performance.now();
    const child = spawn(process.execPath, ['dist/harness/cli/main.js', 'nightly', list, '--out', out], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const weights = [];
    // Each audit tells one line on stderr when it is done.
    child.stderr.on('data', (chunk) => {
      for (const line of String(chunk).split('\n')) if (line.trim() !== '') weights.push(pssOf([child.pid]));
    });
    child.once('error', fail);
    child.once('close', (code) => done({ code, weights, seconds: (performance.now() - began) / 1000 }));
  });
}
