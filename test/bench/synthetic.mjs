import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './processes.mjs';
import { writeSyntheticRun } from './synthetic-run.mjs';

const EVENTS = 100_000;
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

export async function measure() {
  const root = mkdtempSync(join(tmpdir(), 'jiejing-bench-'));
  try {
    const dir = join(root, 'run');
    await writeSyntheticRun(dir, EVENTS);
    const judged = await run(process.execPath, ['dist/harness/cli/main.js', 'report', dir, '--json']);
    if (judged.code !== 1) throw new Error(`report ended with ${judged.code}\n${judged.stderr}`);
    return [
      {
        what: `judge and report ${EVENTS} synthetic events, whole command`,
        goal: 5,
        reached: judged.seconds,
        unit: 's',
        note: 'reading and checking the chain included',
      },
      {
        what: 'its page in headless Chromium, to ready',
        goal: 1,
        reached: (await pageReady(join(dir, 'report.html'))) / 1000,
        unit: 's',
        note: 'from navigation start to the first table and chart',
      },
    ];
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function pageReady(file) {
  const { chromium } = await import('playwright-core');
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const times = [];
    for (let i = 0; i < 3; i++) {
      await page.goto(pathToFileURL(file).href);
      await page.waitForFunction(() => document.documentElement.dataset.ready !== undefined);
      times.push(Number(await page.evaluate(() => document.documentElement.dataset.ready)));
    }
    return times.toSorted((a, b) => a - b)[1];
  } finally {
    await browser.close();
  }
}
