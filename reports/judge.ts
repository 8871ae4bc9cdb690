import { createHash } from 'node:crypto';
import { about } from '../harness/model/claims.js';
import type { EventId, Flow, Gap, GapSource, Phase } from '../harness/model/event.js';
import type { Claim, Finding, FingerprintParts, Rule, Timeline, Verdict } from '../harness/model/finding.js';
import { order } from '../harness/model/stamp.js';
import { eventsOf, hostOf, possiblePhases, spanOf } from '../harness/model/timeline.js';
import { conductDay, type Law } from './law/law.js';

/** What one rule is judged with. */
interface Bench {
  readonly timeline: Timeline;
  readonly rule: Rule;
  readonly provisions: readonly string[];
  readonly day: string;
}

/** A finding before it has its rule's own parts. */
type Core = Pick<Finding, 'verdict' | 'reason' | 'events' | 'links' | 'facts' | 'about' | 'count'>;

/**
 * Findings of every rule on one timeline, in the order of the rules: one for each fingerprint, and at least one for each rule.
 * Pure: the same timeline, rules and law give the same bytes.
 */
export function judge(timeline: Timeline, rules: readonly Rule[], law: Law): readonly Finding[] {
  const day = conductDay(timeline.head.began);
  return rules.flatMap((rule) => {
    const provisions = law.citable([rule.provisions.primary, ...rule.provisions.printable], day);
    const bench: Bench = { timeline, rule, provisions, day };
    return coresOf(bench).map((core) => finish(bench, core));
  });
}

/** 1: a violation. 4: none, but something that this run set out to test stays open. 0: neither. */
export function exitOf(findings: readonly Finding[]): 0 | 1 | 4 {
  if (findings.some((f) => f.verdict === 'violation')) return 1;
  return findings.some(isOpen) ? 4 : 0;
}

// `scenario`: this run never set out to test it. `documents`: what the run can see was seen; the rest stands in texts that no run
// reads yet. Both are printed, neither makes a run fail.
const OUTSIDE_THE_EXIT_CODE: ReadonlySet<string | null> = new Set(['scenario', 'documents']);

/** Whether it counts against a run although it is no violation. */
function isOpen({ verdict, reason }: Pick<Finding, 'verdict' | 'reason'>): boolean {
  return verdict === 'undecided' || (verdict === 'not-tested' && !OUTSIDE_THE_EXIT_CODE.has(reason));
}

function coresOf(bench: Bench): readonly Core[] {
  // Nothing was driven, planted or hooked, and nobody knows whose traffic it is.
  if (bench.timeline.head.handset.kind === 'none') return [ofRule('not-tested', 'no-app', [], {})];
  // Nobody is accused without a provision that may be named and was in force on that day.
  if (bench.provisions.length === 0) return [ofRule('not-tested', 'no-law', [], { day: bench.day })];
  const claimed = merge(
    bench,
    bench.rule.judge(bench.timeline).map((claim) => blocked(bench, claim)),
  );
  const speaks = claimed.some((core) => core.verdict === 'violation' || isOpen(core));
  if (speaks) return claimed;
  const rest = whenSilent(bench);
  return rest.verdict === 'clear' && claimed.length > 0 ? claimed : [...claimed, rest];
}

/** The claim, or `not-tested` when a gap that could have changed it overlaps it. */
function blocked({ timeline, rule }: Bench, claim: Claim): Claim {
  if (claim.verdict === 'not-tested') return claim;
  const gap = gapsOf(timeline, rule.toAccuse).find((one) => touchesClaim(timeline, one, claim.about));
  if (gap === undefined) return claim;
  return { ...claim, verdict: 'not-tested', reason: 'gap', events: [...claim.events, gap.id], facts: gapFacts(gap) };
}

function touchesClaim(timeline: Timeline, gap: Gap, parts: FingerprintParts): boolean {
  const { scope } = gap;
  const phases = momentsPhases(timeline, gap);
  const phaseFits = phases === null || parts.phase === 'undecided' || parts.phase === '-' || phases.some((phase) => phase === parts.phase);
  return phaseFits && (scope.datum === null || scope.datum === parts.datum) && (scope.host === null || scope.host === parts.receiver);
}

function touchesRule(timeline: Timeline, gap: Gap, rule: Rule): boolean {
  const { datum } = gap.scope;
  if (datum !== null && rule.data.length > 0 && !rule.data.includes(datum)) return false;
  const phases = phasesOfGap(timeline, gap);
  return phases === null || rule.phases.length === 0 || phases.some((phase) => rule.phases.includes(phase));
}

/** Phases in which a gap about a moment lies; null: all. What the driver lost sight of, it had seen until then and saw again afterwards. */
function momentsPhases(timeline: Timeline, gap: Gap): readonly Phase[] | null {
  if (gap.scope.phase !== null) return [gap.scope.phase];
  return gap.source === 'driver' ? possiblePhases(eventsOf(timeline, 'consent'), spanOf(gap)) : null;
}

/** Phases that a gap may lie in; null: all. A gap about one host lies where that host was spoken to, not seen whole. */
function phasesOfGap(timeline: Timeline, gap: Gap): readonly Phase[] | null {
  const { phase, host } = gap.scope;
  if (phase !== null || host === null) return momentsPhases(timeline, gap);
  // The linker dates a gap as the request that it could not read.
  const isMeant = (f: Flow): boolean =>
    hostOf(f) === host && (gap.source === 'linker' ? order(f.at, gap.at) === 'undecided' && f.at.ms === gap.at.ms : f.state !== 'whole');
  const broken = eventsOf(timeline, 'flow').filter(isMeant);
  if (broken.length === 0) return null;
  const consents = eventsOf(timeline, 'consent');
  return [...new Set([gap, ...broken].flatMap((event) => possiblePhases(consents, spanOf(event))))];
}

function gapsOf(timeline: Timeline, sources: readonly GapSource[]): readonly Gap[] {
  return eventsOf(timeline, 'gap').filter((gap) => sources.includes(gap.source));
}

/** What a rule without a claim that counts comes to. */
function whenSilent({ timeline, rule }: Bench): Core {
  const { aims } = timeline.head.scenario;
  const beyond = rule.needs.filter((need) => !aims.includes(need));
  if (beyond.length > 0) return ofRule('not-tested', 'scenario', [], { needs: beyond.join(',') });
  if (timeline.interrupted)
    return ofRule(
      'not-tested',
      'interrupted',
      eventsOf(timeline, 'end').map((e) => e.id),
      {},
    );
  const missed = rule.needs.filter((need) => !timeline.reached.has(need));
  if (missed.length > 0) return ofRule('not-tested', 'missed', [], { needs: missed.join(',') });
  const gaps = gapsOf(timeline, rule.toClear).filter((gap) => touchesRule(timeline, gap, rule));
  const first = gaps[0];
  if (first !== undefined)
    return ofRule(
      'not-tested',
      'gap',
      gaps.map((gap) => gap.id),
      gapFacts(first),
    );
  return whenSeen(timeline, rule);
}

/** What nothing found and nothing missed comes to: clear as far as hooks watched, and never where none did. */
function whenSeen(timeline: Timeline, rule: Rule): Core {
  if (!rule.toClear.includes('hooks')) return ofRule('clear', null, [], {});
  const { data } = timeline.head.catalogue;
  const blind = blindProcesses(timeline);
  if (blind !== null) return ofRule('not-tested', 'unwatched', blind, { data: (rule.data.length > 0 ? rule.data : data).join(',') });
  const unwatched = rule.data.filter((datum) => !data.includes(datum));
  if (unwatched.length === 0) return ofRule('clear', null, [], {});
  if (unwatched.length === rule.data.length) return ofRule('not-tested', 'unwatched', [], { data: unwatched.join(',') });
  return ofRule('clear', null, [], { data: unwatched.join(','), reason: 'watched-in-part' });
}

/** The records of a process of the app in which no hook is; empty when no process gave one; null when each has some. */
function blindProcesses(timeline: Timeline): readonly EventId[] | null {
  const records = eventsOf(timeline, 'coverage');
  if (records.length === 0) return [];
  const hooked = new Set(records.filter((c) => c.installed.length > 0).map((c) => c.process.pid));
  const blind = records.filter((c) => !hooked.has(c.process.pid));
  return blind.length === 0 ? null : blind.map((c) => c.id);
}

function ofRule(verdict: Verdict, reason: string | null, events: readonly EventId[], facts: Finding['facts']): Core {
  return { verdict, reason, events, links: [], facts: reason === null ? facts : { ...facts, reason }, about: about({}), count: 1 };
}

const gapFacts = ({ what, why }: Gap): Finding['facts'] => ({ what, why, reason: 'gap' });

const WEIGHT = { violation: 3, undecided: 2, 'not-tested': 1 } as const;

/** One for each fingerprint: the gravest verdict, with the events of all claims that share it and the facts of the first. */
function merge({ rule }: Bench, claims: readonly Claim[]): readonly Core[] {
  const groups = new Map<string, Claim[]>();
  for (const claim of claims) {
    const key = canonical(rule.id, claim.about);
    const group = groups.get(key);
    if (group === undefined || WEIGHT[claim.verdict] > WEIGHT[group[0]?.verdict ?? 'not-tested']) groups.set(key, [claim]);
    else if (claim.verdict === group[0]?.verdict) group.push(claim);
  }
  return [...groups.values()].flatMap((group): readonly Core[] => {
    const [first] = group;
    if (first === undefined) return [];
    const events = [...new Set(group.flatMap((claim) => claim.events))];
    return [{ ...first, events, links: [...new Set(group.flatMap((claim) => claim.links))], count: group.length }];
  });
}

function finish({ rule, provisions }: Bench, core: Core): Finding {
  const { verdict, reason, events, links, facts, count } = core;
  const fingerprint = fingerprintOf(rule.id, core.about);
  return {
    rule: rule.id,
    provisions,
    verdict,
    reason,
    events,
    links,
    facts,
    about: core.about,
    fingerprint,
    count,
    mode: rule.mode,
    review: null,
    documents: null,
  };
}

/** First 16 hex digits of the SHA-256 over the parts that make two findings the same one across runs. */
export function fingerprintOf(rule: string, parts: FingerprintParts): string {
  return createHash('sha256').update(canonical(rule, parts)).digest('hex').slice(0, 16);
}

function canonical(rule: string, { datum, family, phase, receiver, sdk }: FingerprintParts): string {
  return JSON.stringify([rule, datum, family, phase, receiver, sdk]);
}
