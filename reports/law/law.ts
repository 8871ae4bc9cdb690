import type { Provision } from '../../harness/model/provision.js';
import { INSTRUMENTS } from './instruments.js';

/** A provision as its instrument's file has it. */
export interface LawRow extends Provision {
  /** What it may serve as; `context-only` is never named in a finding. */
  readonly use: string;
  /** Rank of the instrument: law, department rule, recommended standard … */
  readonly binding: string;
  /** The provision with the same content that held before this one came into force; null where there is none. */
  readonly replaces: string | null;
}

/** The provisions that a judgement rests on, asked by the day of the conduct (`2026-03-02`, in China). */
export interface Law {
  readonly rows: ReadonlyMap<string, LawRow>;
  inForce(id: string, day: string): boolean;
  /** Whether its text may be printed as it stands. */
  printable(id: string): boolean;
  /** Those of `ids` that may be named for that day; for one not yet in force, the one that it replaced. */
  citable(ids: readonly string[], day: string): readonly string[];
}

/** A Law over these rows. */
export function lawOf(list: readonly LawRow[]): Law {
  const rows = new Map(list.map((row) => [row.id, row]));
  const holds = (id: string, day: string): boolean => {
    const row = rows.get(id);
    return row !== undefined && inForceOn(row, day);
  };
  const printable = (id: string): boolean => {
    const row = rows.get(id);
    return row !== undefined && row.quote_ok === 'yes' && row.use !== 'context-only' && !isDraft(row);
  };
  const named = (id: string, day: string): string | null => {
    const ids = [id, rows.get(id)?.replaces ?? null];
    return ids.find((one) => one !== null && printable(one) && holds(one, day)) ?? null;
  };
  return {
    rows,
    inForce: holds,
    printable,
    citable: (ids, day) => [...new Set(ids.flatMap((id) => named(id, day) ?? []))],
  };
}

/** All shipped provisions. */
export const LAW: Law = lawOf(INSTRUMENTS.flatMap((rows) => rows as readonly LawRow[]));

/** Day of the conduct in China for an ISO 8601 time with zone. */
export function conductDay(began: string): string {
  const eightHoursMs = 8 * 3600 * 1000;
  return new Date(Date.parse(began) + eightHoursMs).toISOString().slice(0, 10);
}

// A start that is not known cannot be shown to a court, so such a row holds on no day.
function inForceOn(row: LawRow, day: string): boolean {
  if (isDraft(row) || row.effective_from === null) return false;
  return firstDay(row.effective_from) <= day && (row.effective_to === null || day <= row.effective_to);
}

// Only the month is known of some: they surely hold from its last day on.
function firstDay(from: string): string {
  return from.length === 7 ? `${from}-31` : from;
}

function isDraft(row: LawRow): boolean {
  return /draft|征求意见/i.test(`${row.status} ${row.law} ${row.binding}`);
}
