import type { ListEntry } from './list-file.js';

/** One audit of a night. */
export interface NightRow<Report, Change> {
  readonly entry: ListEntry;
  readonly dir: string;
  /** 0, 1, 3 or 4 as an audit's own, 130 for one that was stopped; 3 is inconclusive, never "no violations". */
  readonly exit: number;
  readonly report: Report | null;
  readonly error: string | null;
  readonly seconds: number;
  /** Against the last night that has a report of the same app and scenario; null: there is none. */
  readonly changes: readonly Change[] | null;
}

/** What a night is made of; judging and comparing are given, so that the harness need not know how. */
export interface NightParts<Report, Change> {
  readonly entries: readonly ListEntry[];
  readonly signal: AbortSignal;
  dirOf(entry: ListEntry, n: number): string;
  /** Audits into `dir`; never rejects. */
  audit(entry: ListEntry, dir: string): Promise<{ readonly exit: number; readonly report: Report | null; readonly error: string | null }>;
  lastReport(entry: ListEntry): Report | null;
  compare(older: Report, newer: Report): readonly Change[];
  /** What the night's pages need of a report: a night holds all of them to its end. */
  keep(report: Report): Report;
  /** Whether a change is a violation that the last night did not have. */
  isNew(change: Change): boolean;
  monoMs(): number;
  onRow(row: NightRow<Report, Change>): void;
}

/** Audits a list one after another. Exit: 1 if any new violation, else the worst of 3, 4, 0; 130 when stopped. */
export async function nightly<Report, Change>(
  parts: NightParts<Report, Change>,
): Promise<{ readonly rows: readonly NightRow<Report, Change>[]; readonly exit: number }> {
  const rows: NightRow<Report, Change>[] = [];
  for (const [i, entry] of parts.entries.entries()) {
    if (parts.signal.aborted) break;
    const began = parts.monoMs();
    const dir = parts.dirOf(entry, i + 1);
    const older = parts.lastReport(entry);
    const { exit, report, error } = await parts.audit(entry, dir);
    const changes = older !== null && report !== null ? parts.compare(older, report) : null;
    const row = {
      entry,
      dir,
      exit,
      report: report === null ? null : parts.keep(report),
      error,
      seconds: (parts.monoMs() - began) / 1000,
      changes,
    };
    rows.push(row);
    parts.onRow(row);
  }
  return { rows, exit: parts.signal.aborted ? 130 : exitOf(rows, parts.isNew) };
}

function exitOf<Report, Change>(rows: readonly NightRow<Report, Change>[], isNew: (change: Change) => boolean): number {
  const fresh = rows.some(({ exit, changes }) => (changes === null ? exit === 1 : changes.some(isNew)));
  if (fresh) return 1;
  if (rows.some((row) => row.exit === 3 || row.exit === 5)) return 3;
  return rows.some((row) => row.exit === 4) ? 4 : 0;
}
