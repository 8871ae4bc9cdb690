import type { Finding, FingerprintParts, Report, Words } from '../harness/model/finding.js';

/** What became of one violation between two reports. */
export type Change = 'new' | 'still' | 'fixed' | 'incomparable';

/** Change as words of the regulators' re-tests. */
export const CHANGE_WORDS: Readonly<Record<Change, Words>> = {
  new: { zh: '新增', en: 'new' },
  still: { zh: '仍存在', en: 'still there' },
  fixed: { zh: '已整改', en: 'fixed' },
  incomparable: { zh: '不可比', en: 'cannot be compared' },
};

/** One violation of either report. */
export interface Difference {
  readonly change: Change;
  readonly fingerprint: string;
  /** From the newer report where it is there, else from the older. */
  readonly finding: Finding;
  /** Why it cannot be compared: `app`, `scenario`, `handset`, or the reason why the rule could not be judged; else null. */
  readonly why: string | null;
}

/**
 * Every violation of two reports, by fingerprint. A violation that is gone counts as fixed only when its rule was
 * judged again, whole, under the same scenario; one that is there now is new even when it could not be tested before.
 */
export function compare(older: Report, newer: Report): readonly Difference[] {
  const apart = whyApart(older, newer);
  const before = violations(older);
  const now = violations(newer);
  const fresh = [...now.values()].map((finding): Difference => {
    const change = apart !== null ? 'incomparable' : before.has(finding.fingerprint) ? 'still' : 'new';
    return { change, fingerprint: finding.fingerprint, finding, why: apart };
  });
  const gone = [...before.values()]
    .filter((finding) => !now.has(finding.fingerprint))
    .map((finding): Difference => {
      const why = apart ?? whyOpen(newer, finding);
      return { change: why === null ? 'fixed' : 'incomparable', fingerprint: finding.fingerprint, finding, why };
    });
  return [...fresh, ...gone];
}

function violations(report: Report): ReadonlyMap<string, Finding> {
  return new Map(report.findings.filter((f) => f.verdict === 'violation').map((f) => [f.fingerprint, f]));
}

function whyApart(older: Report, newer: Report): string | null {
  if (older.app.package !== newer.app.package) return 'app';
  if (older.scenario.id !== newer.scenario.id) return 'scenario';
  return older.handset.kind === newer.handset.kind && older.handset.profile === newer.handset.profile ? null : 'handset';
}

/** Why the newer report does not show that this violation is gone; null when it does. */
function whyOpen(newer: Report, gone: Finding): string | null {
  const same = newer.findings.filter((f) => f.rule === gone.rule);
  if (same.length === 0) return 'rule';
  if (newer.run.interrupted) return 'interrupted';
  const open = same.find(
    (f) => (f.verdict === 'undecided' || f.verdict === 'not-tested') && f.reason !== 'documents' && covers(f.about, gone.about),
  );
  return open === undefined ? null : (open.reason ?? open.verdict);
}

// An open finding speaks of a violation when none of its parts says that it is about something else.
function covers(open: FingerprintParts, gone: FingerprintParts): boolean {
  const parts = ['datum', 'family', 'phase', 'receiver', 'sdk'] as const;
  return parts.every((part) => open[part] === '-' || open[part] === 'undecided' || open[part] === gone[part]);
}
