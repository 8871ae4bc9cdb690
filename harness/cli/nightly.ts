import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { compare, type Difference } from '../../reports/compare.js';
import { exitOf } from '../../reports/judge.js';
import { junit } from '../../reports/night/junit.js';
import type { Night } from '../../reports/night/night.js';
import { EXIT_WORDS, summaryPage } from '../../reports/night/summary-page.js';
import { parseList, type ListEntry } from '../jobs/list-file.js';
import { nightly, type NightRow } from '../jobs/nightly.js';
import { LabError } from '../model/errors.js';
import type { Report } from '../model/finding.js';
import { fromDisk, makeFolders, onDisk } from '../store/disk.js';
import { judgeRun, writeJudgement } from './pipeline.js';
import { plan } from './plan.js';
import type { Common } from './program.js';
import { allRules } from './registry.js';
import { cell, json, oneLine, remark, result } from './say.js';
import { untilStopped } from './signals.js';

/** Audits a list one after another and writes junit.xml, summary.html and summary.json beside the runs. */
export async function nightlyCommand(file: string, out: string, common: Common): Promise<number> {
  const entries = await checked(file, common);
  const began = new Date().toISOString();
  const folder = join(out, `${began.slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')}-${randomBytes(2).toString('hex')}`);
  const older = nightsIn(out);
  makeFolders(folder);
  const { rows, exit } = await untilStopped((signal) =>
    nightly<Report, Difference>({
      entries,
      signal,
      dirOf: (entry, n) => join(folder, `${String(n).padStart(3, '0')}-${entry.app}-${entry.scenario.replaceAll(/[^\w-]/g, '_')}`),
      audit: (entry, dir) => auditOne(entry, dir, signal, common),
      lastReport: (entry) => lastReport(older, entry),
      compare,
      keep: withoutLinks,
      isNew: ({ change }) => change === 'new',
      monoMs: () => performance.now(),
      onRow: (row) => told(row, common),
    }),
  );
  // Paths as a browser wants them, which go by name from the summary's own folder.
  await writeNight(
    folder,
    {
      began,
      lines: rows.map((row) => ({
        ...row,
        app: row.entry.app,
        scenario: row.entry.scenario,
        run: relative(folder, row.dir).replaceAll('\\', '/'),
      })),
    },
    common,
  );
  if (common.json)
    json({
      night: resolve(folder),
      exit,
      planned: entries.length,
      rows: rows.map(documentOf),
    });
  else finish({ folder, done: rows.length, planned: entries.length, exit }, common);
  return exit;
}

function finish(
  { folder, done, planned, exit }: { readonly folder: string; readonly done: number; readonly planned: number; readonly exit: number },
  { language }: Common,
): void {
  const zh = language === 'zh';
  result(join(folder, 'summary.html'));
  if (exit === 130)
    remark(
      zh
        ? `已中断：名单上 ${planned} 项做了 ${done} 项；以上汇总只含这些。`
        : `interrupted: ${done} of ${planned} entries were done; the summary holds only these.`,
    );
}

/** The list, with every app and scenario looked up before anything starts. */
async function checked(file: string, { language }: Common): Promise<readonly ListEntry[]> {
  if (!existsSync(file))
    throw new LabError('USAGE', { what: `没有名单文件 ${file}`, whatEn: `there is no list ${file}`, command: 'nightly' });
  const entries = parseList(
    fromDisk(file, () => readFileSync(file, 'utf8')),
    file,
  );
  for (const { app, scenario, line } of entries) {
    await plan({ app, scenario, handset: 'virtual', out: null, caseNumber: null, operator: null, lab: null, language }).catch(
      (error: unknown) => {
        if (!(error instanceof LabError)) throw error;
        const [zh, en] = [error.words('zh'), error.words('en')];
        throw new LabError(
          'LIST_SYNTAX',
          { file, line, what: `${zh.what}（${zh.remedy}）`, whatEn: `${en.what} (${en.remedy})` },
          { cause: error },
        );
      },
    );
  }
  return entries;
}

async function auditOne(
  entry: ListEntry,
  dir: string,
  signal: AbortSignal,
  { language }: Common,
): Promise<{ exit: number; report: Report | null; error: string | null }> {
  try {
    const planned = await plan({
      app: entry.app,
      scenario: entry.scenario,
      handset: 'virtual',
      out: dir,
      caseNumber: null,
      operator: null,
      lab: null,
      language,
    });
    const { record } = await import('../record.js');
    const { error } = await record({ ...planned, signal, onEvent: () => {}, onPhase: () => {} });
    const parts = await judgeRun(dir, language);
    writeJudgement(dir, parts);
    const found = exitOf(parts.report.findings);
    const exit = error?.code === 'INTERRUPTED' ? error.exit : error === null || found === 1 ? found : 3;
    return { exit, report: parts.report, error: error?.words(language).what ?? null };
  } catch (error) {
    // One app must not end the night; what went wrong stands in its row, and the row is inconclusive.
    const exit = signal.aborted ? 130 : 3;
    return { exit, report: null, error: error instanceof LabError ? error.words(language).what : String(error) };
  }
}

function told({ entry, exit, seconds, error, changes }: NightRow<Report, Difference>, common: Common): void {
  if (common.json) return;
  const { language } = common;
  const fresh = changes?.filter(({ change }) => change === 'new').length ?? 0;
  const news = fresh === 0 ? '' : language === 'zh' ? ` · 新增 ${fresh}` : ` · ${fresh} new`;
  remark(
    `${cell(entry.app, 16)} ${cell(entry.scenario, 16)} ${EXIT_WORDS[exit]?.[language] ?? exit}${news} · ${seconds.toFixed(1)} s${error === null ? '' : ` · ${oneLine(error)}`}`,
  );
}

async function writeNight(folder: string, night: Night, { language }: Common): Promise<void> {
  const write = (name: string, text: string): void => onDisk(folder, () => writeFileSync(join(folder, name), text));
  write('junit.xml', junit(night, await allRules()));
  write('summary.html', summaryPage(night, language));
  write(
    'summary.json',
    `${JSON.stringify({ began: night.began, rows: night.lines.map(({ app, scenario, run, exit, error, seconds }) => ({ app, scenario, run, exit, error, seconds })) }, null, 2)}\n`,
  );
}

/** Folders of earlier nights, newest first. */
function nightsIn(out: string): readonly string[] {
  if (!existsSync(out)) return [];
  return fromDisk(out, () => readdirSync(out))
    .filter((name) => existsSync(join(out, name, 'summary.json')))
    .toSorted()
    .toReversed()
    .map((name) => join(out, name));
}

/** The newest whole report of the same audit; one that was cut off would make old violations look new. */
function lastReport(nights: readonly string[], entry: ListEntry): Report | null {
  for (const night of nights) {
    const summary = parsed<{ readonly rows: readonly { app: string; scenario: string; run: string }[] }>(join(night, 'summary.json'));
    const row = summary?.rows.find((r) => r.app === entry.app && r.scenario === entry.scenario);
    const report = row ? parsed<Report>(join(night, row.run, 'report.json')) : null;
    if (report !== null && !report.run.interrupted) return report;
  }
  return null;
}

/** A JSON file that we wrote; null when it is not there or was cut off while it was written. */
function parsed<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Links and their certificates are most of a report, and stand in its file. */
function withoutLinks(report: Report): Report {
  return { ...report, links: [] };
}

/** A row of the night as `--json` has it. */
function documentOf({ entry, dir, exit, error, seconds, changes }: NightRow<Report, Difference>): object {
  return { ...entry, run: resolve(dir), exit, error, seconds, changes };
}
