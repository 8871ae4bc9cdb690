import datum from '../harness/model/datum.json' with { type: 'json' };
import type { Coverage, Flow, Gap } from '../harness/model/event.js';
import { hostOf } from '../harness/model/timeline.js';
import type { Finding, Report, ReportCoverage, Timeline } from '../harness/model/finding.js';

/** Everything that one judgement of a run came to. */
export interface ReportParts {
  readonly timeline: Timeline;
  readonly findings: readonly Finding[];
  readonly placebo: Report['placebo'];
  /** SHA-256 of run.json. */
  readonly headSha256: string;
}

/** Puts a judgement together as report.json has it. Same parts, same bytes. */
export function buildReport({ timeline, findings, placebo, headSha256 }: ReportParts): Report {
  const { head, events, links } = timeline;
  return {
    schema: 1,
    run: { id: head.id, began: head.began, interrupted: timeline.interrupted, head: headSha256, events: events.length, tool: head.tool },
    app: head.app,
    handset: head.handset,
    scenario: { id: head.scenario.id, title: head.scenario.title, aims: head.scenario.aims, reached: reachedInOrder(timeline) },
    findings,
    links,
    coverage: coverageOf(timeline, findings),
    placebo,
  };
}

/** In the order of the aims, then what was reached besides. */
function reachedInOrder({ head, reached }: Timeline): Report['scenario']['reached'] {
  const { aims } = head.scenario;
  return [...aims.filter((need) => reached.has(need)), ...[...reached].filter((need) => !aims.includes(need))];
}

function coverageOf({ head, events }: Timeline, findings: readonly Finding[]): ReportCoverage {
  const flows = events.filter((e): e is Flow => e.kind === 'flow');
  const gaps = events.filter((e): e is Gap => e.kind === 'gap');
  const hosts = (state: Flow['state']): string[] => unique(flows.filter((f) => f.state === state).map(hostOf));
  return {
    hooks: hookCoverage(events.filter((e): e is Coverage => e.kind === 'coverage')),
    data: {
      watched: head.catalogue.data,
      // What a form takes is not read from the handset: typed and picked data need no hook.
      unwatched: datum.rows.map((row) => row.datum).filter((id) => !/^(typed|picked)-/.test(id) && !head.catalogue.data.includes(id)),
    },
    flows: {
      seen: flows.length,
      whole: flows.filter((f) => f.state === 'whole').length,
      refused: hosts('refused'),
      opaque: hosts('opaque'),
      broken: flows.filter((f) => f.state === 'truncated' || f.state === 'aborted' || f.state === 'cut').length,
    },
    gaps: distinctGaps(gaps),
    rules: {
      judged: new Set(findings.map((f) => f.rule)).size,
      notTested: unique(findings.filter((f) => f.verdict === 'not-tested').map((f) => f.rule)),
    },
  };
}

function hookCoverage(records: readonly Coverage[]): ReportCoverage['hooks'] {
  const installed = new Set(records.flatMap((c) => c.installed));
  const fired: Record<string, number> = {};
  // The last record of each process counts all that fired in it.
  const last = new Map(records.map((c) => [c.process.pid, c]));
  for (const record of last.values()) for (const [hook, n] of Object.entries(record.fired)) fired[hook] = (fired[hook] ?? 0) + n;
  return {
    installed: installed.size,
    missing: unique(records.flatMap((c) => c.missing)).filter((hook) => !installed.has(hook)),
    failed: unique(records.flatMap((c) => c.failed.map((f) => f.hook))),
    fired: Object.fromEntries(Object.entries(fired).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

function distinctGaps(gaps: readonly Gap[]): ReportCoverage['gaps'] {
  const byText = new Map(gaps.map((g) => [JSON.stringify([g.source, g.what, g.why, g.scope]), g]));
  return [...byText.values()].map(({ source, what, why, scope }) => ({ source, what, why, scope }));
}

function unique(list: readonly string[]): string[] {
  return [...new Set(list)].toSorted();
}
