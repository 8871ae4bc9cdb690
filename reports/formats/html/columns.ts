import type { Event } from '../../../harness/model/event.js';
import type { Report, Timeline } from '../../../harness/model/finding.js';
import { eventWords } from '../../event-words.js';

/** Lanes of the timeline, top to bottom. */
export const LANES = ['ui', 'prompt', 'read', 'derivation', 'flow', 'gap'] as const;

/** An event in few bytes: 12 for `e12`, else its name. */
export type EventKey = number | string;

/** The timeline as columns with a table of words, so that 100,000 events stay a few megabytes. */
export interface Columns {
  readonly id: readonly EventKey[];
  readonly ms: readonly number[];
  readonly lane: readonly number[];
  /** Index into `words`. */
  readonly word: readonly number[];
  /** 1: cited by a violation, 2: by another finding. */
  readonly mark: readonly number[];
  readonly words: readonly (readonly [string, string])[];
  /** `[read, flow, violation?]`; read 0: none seen. */
  readonly links: readonly (readonly [EventKey, EventKey, 0 | 1])[];
  /** `[from, to, phase]` in ms. */
  readonly phases: readonly (readonly [number, number, string])[];
  readonly findings: readonly {
    readonly id: string;
    readonly rule: string;
    readonly verdict: string;
    readonly events: readonly EventKey[];
  }[];
}

/** Columns for the page's script. Events that nobody looks at on a timeline (coverage, clock, end) are left out. */
export function columnsOf(report: Report, timeline: Timeline): Columns {
  const marks = marksOf(report);
  const words = new Map<string, number>();
  const list: [string, string][] = [];
  const out = { id: [] as EventKey[], ms: [] as number[], lane: [] as number[], word: [] as number[], mark: [] as number[] };
  for (const event of timeline.events) {
    const lane = laneOf(event);
    if (lane === null) continue;
    const { zh, en } = eventWords(event);
    const key = `${zh}\n${en}`;
    if (!words.has(key)) words.set(key, list.push([zh, en]) - 1);
    out.id.push(keyOf(event.id));
    out.ms.push(Math.round(event.at.ms * 10) / 10);
    out.lane.push(LANES.indexOf(lane));
    out.word.push(words.get(key) ?? 0);
    out.mark.push(marks.get(event.id) ?? 0);
  }
  return {
    ...out,
    words: list,
    links: linksOf(report),
    // Nobody was asked for consent in a capture on its own.
    phases: report.handset.kind === 'none' ? [] : phasesOf(timeline),
    findings: report.findings.map((f, i) => ({ id: `f${i + 1}`, rule: f.rule, verdict: f.verdict, events: f.events.map(keyOf) })),
  };
}

const keyOf = (id: string): EventKey => (/^e[1-9]\d*$/.test(id) ? Number(id.slice(1)) : id);

function laneOf(e: Event): (typeof LANES)[number] | null {
  switch (e.kind) {
    case 'step':
      return e.state === 'done' ? null : 'ui';
    case 'consent':
    case 'lifecycle':
    case 'document':
      return 'ui';
    case 'prompt':
      return 'prompt';
    case 'observation':
      return 'read';
    case 'derivation':
    case 'flow':
    case 'gap':
      return e.kind;
    case 'clock':
    case 'coverage':
    case 'end':
      return null;
  }
}

function marksOf(report: Report): ReadonlyMap<string, 1 | 2> {
  const marks = new Map<string, 1 | 2>();
  for (const f of report.findings)
    for (const e of f.events) if (f.verdict === 'violation' || !marks.has(e)) marks.set(e, f.verdict === 'violation' ? 1 : 2);
  return marks;
}

function linksOf(report: Report): Columns['links'] {
  const accused = new Set(report.findings.filter((f) => f.verdict === 'violation').flatMap((f) => f.links));
  const seen = new Map<string, readonly [EventKey, EventKey, 0 | 1]>();
  for (const l of report.links) {
    const read = l.observation === null ? 0 : keyOf(l.observation);
    const key = `${read} ${l.flow}`;
    const bad = accused.has(l.id) ? 1 : 0;
    if (bad === 1 || !seen.has(key)) seen.set(key, [read, keyOf(l.flow), bad]);
  }
  return [...seen.values()];
}

function phasesOf(timeline: Timeline): Columns['phases'] {
  const out: [number, number, string][] = [];
  for (const event of timeline.events) {
    const phase = timeline.phases.get(event.id) ?? 'undecided';
    const last = out.at(-1);
    if (last && (last[2] === phase || phase === 'undecided')) last[1] = Math.max(last[1], event.at.ms);
    else out.push([last ? last[1] : 0, event.at.ms, phase]);
  }
  return out;
}
