import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { compare, type Difference } from '../../reports/compare.js';
import { exitOf } from '../../reports/judge.js';
import { junit } from '../../reports/night/junit.js';
import type { Night } from '../../reports/night/night.js';
import { summaryPage } from '../../reports/night/summary-page.js';
import { parseList, type ListEntry } from '../jobs/list-file.js';
import { nightly, type NightRow } from '../jobs/nightly.js';
import { LabError } from '../model/errors.js';
import type { Report } from '../model/finding.js';
import { record } from '../record.js';
import { onDisk } from '../store/disk.js';
import { judgeRun, writeJudgement } from './pipeline.js';
import { plan } from './plan.js';
import type { Common } from './program.js';
import { allRules } from './registry.js';
import { cell, json, remark, result } from './say.js';

/** Audits a list one after another and writes junit.xml, summary.html and summary.json beside the runs. */
export async function nightlyCommand(file: string, out: string, common: Common): Promise<number> {
  const entries = await checked(file, common);
  const began = new Date().toISOString();
  const folder = join(out, `${began.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${randomBytes(2).toString('hex')}`);
  const older = nightsIn(out);
  onDisk(folder, () => mkdirSync(folder, { recursive: true }));
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new Error('stopped by the operator'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  const { rows, exit } = await nightly<Report, Difference>({
    entries,
    signal: stop.signal,
    dirOf: (entry, n) => join(folder, `${String(n).padStart(3, '0')}-${entry.app}-${entry.scenario.replaceAll(/[^\w-]/g, '_')}`),
    audit: (entry, dir) => auditOne(entry, dir, stop.signal, common),
    lastReport: (entry) => lastReport(older, entry),
    compare,
    isNew: ({ change }) => change === 'new',
    monoMs: () => performance.now(),
    onRow: (row) => told(row, common),
  });
  await writeNight(folder, { began, lines: rows.map((row) => ({ ...row, app: row.entry.app, scenario: row.entry.scenario, run: relative(folder, row.dir) })) }, common);
  if (common.json) json({ night: folder, exit, rows: rows.map(({ entry, dir, exit: code, error, seconds }) => ({ ...entry, run: dir, exit: code, error, seconds })) });
  else result(join(folder, 'summary.html'));
  return exit;
}

/** The list, with every app and scenario looked up before anything starts. */
async function checked(file: string, { language }: Common): Promise<readonly ListEntry[]> {
  if (!existsSync(file)) throw new LabError('USAGE', { what: `没有名单文件 ${file}`, whatEn: `there is no list ${file}`, command: 'nightly' });
  const entries = parseList(onDisk(file, () => readFileSync(file, 'utf8')), file);
  for (const { app, scenario, line } of entries) {
    await plan({ app, scenario, handset: 'virtual', out: null, caseNumber: null, operator: null, lab: null, language }).catch((error: unknown) => {
      if (!(error instanceof LabError)) throw error;
      const [zh, en] = [error.words('zh'), error.words('en')];
      throw new LabError('LIST_SYNTAX', { file, line, what: `${zh.what}（${zh.remedy}）`, whatEn: `${en.what} (${en.remedy})` }, { cause: error });
    });
  }
  return entries;
}

async function auditOne(entry: ListEntry, dir: string, signal: AbortSignal, { language }: Common): Promise<{ exit: number; report: Report | null; error: string | null }> {
  try {
    const planned = await plan({ app: entry.app, scenario: entry.scenario, handset: 'virtual', out: dir, caseNumber: null, operator: null, lab: null, language });
    const { error } = await record({ ...planned, signal, onEvent: () => {}, onPhase: () => {} });
    const parts = await judgeRun(dir, language);
    writeJudgement(dir, parts);
    const found = exitOf(parts.report.findings);
    return { exit: error === null || found === 1 ? found : 3, report: parts.report, error: error?.words(language).what ?? null };
  } catch (error) {
    // One app must not end the night; what went wrong stands in its row, and the row is inconclusive.
    return { exit: 3, report: null, error: error instanceof LabError ? error.words(language).what : String(error) };
  }
}

function told({ entry, exit, seconds, error }: NightRow<Report, Difference>, common: Common): void {
  if (!common.json) remark(`${cell(entry.app, 16)} ${cell(entry.scenario, 16)} ${exit} ${seconds.toFixed(1)} s ${error ?? ''}`.trimEnd());
}

async function writeNight(folder: string, night: Night, { language }: Common): Promise<void> {
  const write = (name: string, text: string): void => onDisk(folder, () => writeFileSync(join(folder, name), text));
  write('junit.xml', junit(night, await allRules()));
  write('summary.html', summaryPage(night, language));
  write('summary.json', `${JSON.stringify({ began: night.began, rows: night.lines.map(({ app, scenario, run, exit, error, seconds }) => ({ app, scenario, run, exit, error, seconds })) }, null, 2)}\n`);
}

/** Folders of earlier nights, newest first. */
function nightsIn(out: string): readonly string[] {
  if (!existsSync(out)) return [];
  return onDisk(out, () => readdirSync(out))
    .filter((name) => existsSync(join(out, name, 'summary.json')))
    .toSorted()
    .toReversed()
    .map((name) => join(out, name));
}

function lastReport(nights: readonly string[], entry: ListEntry): Report | null {
  for (const night of nights) {
    const { rows }: { rows: readonly { app: string; scenario: string; run: string }[] } = JSON.parse(readFileSync(join(night, 'summary.json'), 'utf8'));
    const row = rows.find((r) => r.app === entry.app && r.scenario === entry.scenario);
    const file = row ? join(night, row.run, 'report.json') : '';
    if (row && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  }
  return null;
}
