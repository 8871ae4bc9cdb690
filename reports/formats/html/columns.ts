import type { Event } from '../../../harness/model/event.js';
import type { Report, Timeline } from '../../../harness/model/finding.js';
import { datumWord } from '../../words.js';

/** Lanes of the timeline, top to bottom. */
export const LANES = ['ui', 'prompt', 'read', 'derivation', 'flow', 'gap'] as const;

/** The timeline as columns with a table of words, so that 100,000 events stay a few megabytes. */
export interface Columns {
  /** Number of the event: 12 for `e12`. */
  readonly id: readonly number[];
  readonly ms: readonly number[];
  readonly lane: readonly number[];
  /** Index into `words`. */
  readonly word: readonly number[];
  /** 1: cited by a violation, 2: by another finding. */
  readonly mark: readonly number[];
  readonly words: readonly (readonly [string, string])[];
  /** `[read, flow, violation?]`, event numbers; read 0: none seen. */
  readonly links: readonly (readonly [number, number, 0 | 1])[];
  /** `[from, to, phase]` in ms. */
  readonly phases: readonly (readonly [number, number, string])[];
  readonly findings: readonly { readonly id: string; readonly rule: string; readonly verdict: string; readonly events: readonly number[] }[];
}

type Row = readonly [(typeof LANES)[number], string, string];

/** Columns for the page's script. Events that nobody looks at on a timeline (coverage, clock, end) are left out. */
export function columnsOf(report: Report, timeline: Timeline): Columns {
  const marks = marksOf(report);
  const words = new Map<string, number>();
  const list: [string, string][] = [];
  const out = { id: [] as number[], ms: [] as number[], lane: [] as number[], word: [] as number[], mark: [] as number[] };
  for (const event of timeline.events) {
    const row = rowOf(event);
    if (row === null) continue;
    const [lane, zh, en] = row;
    const key = `${zh}\n${en}`;
    if (!words.has(key)) words.set(key, list.push([zh, en]) - 1);
    out.id.push(number(event.id));
    out.ms.push(Math.round(event.at.ms * 10) / 10);
    out.lane.push(LANES.indexOf(lane));
    out.word.push(words.get(key) ?? 0);
    out.mark.push(marks.get(event.id) ?? 0);
  }
  return { ...out, words: list, links: linksOf(report), phases: phasesOf(timeline), findings: report.findings.map((f, i) => ({ id: `f${i + 1}`, rule: f.rule, verdict: f.verdict, events: f.events.map(number) })) };
}

const number = (id: string): number => Number(id.slice(1));

function rowOf(e: Event): Row | null {
  switch (e.kind) {
    case 'step': return e.state === 'begun' ? ['ui', `${e.path} ${e.act} ${e.detail}`, `${e.path} ${e.act} ${e.detail}`] : null;
    case 'consent': return ['ui', { shown: '出现隐私提示', agreed: '同意', declined: '拒绝', withdrawn: '撤回同意' }[e.act], { shown: 'notice shown', agreed: 'agreed', declined: 'declined', withdrawn: 'withdrawn' }[e.act]];
    case 'lifecycle': return ['ui', `${e.what} ${e.detail}`, `${e.what} ${e.detail}`];
    case 'document': return ['ui', e.title, e.title];
    case 'prompt': return ['prompt', `${{ requested: '请求权限', shown: '权限弹窗', answered: '回答' }[e.act]} ${e.groups.join('、')} ${e.answer ?? ''}`, `${e.act} ${e.groups.join(', ')} ${e.answer ?? ''}`];
    case 'observation': return ['read', `${e.threw === null ? '读取' : '尝试读取'}${datumWord(e.datum, 'zh')} · ${e.caller}${e.n > 1 ? ` ×${e.n}` : ''}`, `${e.threw === null ? 'read' : 'tried to read'} ${datumWord(e.datum, 'en')} · ${e.caller}${e.n > 1 ? ` ×${e.n}` : ''}`];
    case 'derivation': return ['derivation', `${e.op} ${e.algorithm} · ${e.caller}`, `${e.op} ${e.algorithm} · ${e.caller}`];
    case 'flow': return ['flow', `${e.request?.method ?? ''} ${e.host} ${e.state}`, `${e.request?.method ?? ''} ${e.host} ${e.state}`];
    case 'gap': return ['gap', `未看到：${e.what}`, `not seen: ${e.what}`];
    case 'clock': case 'coverage': case 'end': return null;
  }
}

function marksOf(report: Report): ReadonlyMap<string, 1 | 2> {
  const marks = new Map<string, 1 | 2>();
  for (const f of report.findings) for (const e of f.events) if (f.verdict === 'violation' || !marks.has(e)) marks.set(e, f.verdict === 'violation' ? 1 : 2);
  return marks;
}

function linksOf(report: Report): Columns['links'] {
  const accused = new Set(report.findings.filter((f) => f.verdict === 'violation').flatMap((f) => f.links));
  const seen = new Map<string, readonly [number, number, 0 | 1]>();
  for (const l of report.links) {
    const read = l.observation === null ? 0 : number(l.observation);
    const key = `${read} ${l.flow}`;
    const bad = accused.has(l.id) ? 1 : 0;
    if (bad === 1 || !seen.has(key)) seen.set(key, [read, number(l.flow), bad]);
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
