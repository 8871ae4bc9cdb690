import { isPersonalGroup } from './datum.js';
import type { Consent, Event, EventId, Flow, Phase, Prompt } from './event.js';
import type { Claim, Facts, FingerprintParts, Receiver, Timeline } from './finding.js';
import {
  boundary,
  eventsOf,
  orderToConsent,
  permissionRequests,
  spanOf,
  orderOfSpan,
  reads,
  receiverOf,
  sent,
  standing,
  unseenFlows,
  type Read,
  type Sent,
} from './timeline.js';

/** What an act was: fact `act`, said in words by `ACT_WORDS`. */
export type Act = 'read' | 'tried' | 'sent' | 'asked';

/** Phases in which no consent stands. */
export const NO_CONSENT: readonly Phase[] = ['before-consent', 'after-refusal', 'after-withdrawal'];

const ABOUT_NOTHING: FingerprintParts = { datum: '-', family: '-', phase: '-', receiver: '-', sdk: '-' };

/** Fingerprint parts with `-` for all that is not said. */
export function about(parts: Partial<FingerprintParts>): FingerprintParts {
  return { ...ABOUT_NOTHING, ...parts };
}

/** The event, and the consent act that bounds its phase. */
export function withBoundary(timeline: Timeline, event: Event, phase: Phase): readonly [EventId, ...EventId[]] {
  const bound = boundary(timeline, phase);
  return bound === null || bound.id === event.id ? [event.id] : [event.id, bound.id];
}

// `put-off`, `back`: no button that says so in words was pressed.
const IN_NO_WORDS: ReadonlySet<Consent['how']> = new Set(['put-off', 'back']);
const ENDS = { 'after-refusal': 'declined', 'after-withdrawal': 'withdrawn' } as const;

/** `implicit` where the claim rests on a refusal or withdrawal that the user never put in words. Where no consent stood before it either, it rests on none. */
function saidDoubt(timeline: Timeline, event: Event, phase: Phase, phases: readonly Phase[]): 'implicit' | null {
  if (phase !== 'after-refusal' && phase !== 'after-withdrawal') return null;
  if (phase === 'after-refusal' && phases.includes('before-consent')) return null;
  const acts = eventsOf(timeline, 'consent').filter(
    (act) => act.act === ENDS[phase] && orderOfSpan(spanOf(event), (at) => orderToConsent(at, act)) !== 'before',
  );
  return acts.length > 0 && acts.every((act) => IN_NO_WORDS.has(act.how)) ? 'implicit' : null;
}

/** Verdict and reason of a claim: a violation when nothing speaks against it. */
export function verdictOf(...doubts: readonly (string | null)[]): Pick<Claim, 'verdict' | 'reason'> {
  const reason = doubts.find((doubt) => doubt !== null) ?? null;
  return { verdict: reason === null ? 'violation' : 'undecided', reason };
}

/** Phase of an event for a rule that holds in every phase; `undecided` where the clocks cannot tell. */
export function phaseOf(timeline: Timeline, event: Event): Phase | 'undecided' {
  return timeline.phases.get(event.id) ?? 'undecided';
}

/** The parts by which a read is told from others. */
export function aboutRead(timeline: Timeline, { observation }: Read, phase: string): FingerprintParts {
  return about({ datum: observation.datum, family: observation.family, phase, sdk: timeline.sdkOf(observation.caller) ?? '-' });
}

/** `tried` when the system gave nothing. */
export function actOf({ doubt }: Read): Act {
  return doubt === 'refused' || doubt === 'empty' ? 'tried' : 'read';
}

/** A claim that this read lies in one of the phases; none when it does not. */
export function readIn(timeline: Timeline, read: Read, phases: readonly Phase[], facts: Facts): readonly Claim[] {
  const stands = standing(timeline, read.observation, phases);
  if (stands === null) return [];
  return [
    {
      ...verdictOf(stands.sure ? null : 'clock', saidDoubt(timeline, read.observation, stands.phase, phases), read.doubt),
      events: withBoundary(timeline, read.observation, stands.phase),
      links: [],
      facts,
      about: aboutRead(timeline, read, stands.phase),
    },
  ];
}

/** Claims on every read of these data before consent: who, what, through which call. */
export function readBefore(timeline: Timeline, data: readonly string[]): readonly Claim[] {
  return reads(timeline, data).flatMap((read) => {
    const { caller, datum, api } = read.observation;
    return readIn(timeline, read, ['before-consent'], { caller, act: actOf(read), datum, api });
  });
}

/** The parts by which a sending is told from others: the receiver's SDK, not the reader's. */
export function aboutSent({ link, receiver }: Sent, phase: string): FingerprintParts {
  return about({ datum: link.datum, phase, receiver: receiver.host, sdk: receiver.sdk ?? '-' });
}

/** A claim that this sending lies in one of the phases; `doubts` are reasons against it, null for none. */
export function sentIn(
  timeline: Timeline,
  one: Sent,
  phases: readonly Phase[],
  more: { readonly facts: Facts; readonly doubts: readonly (string | null)[] },
): readonly Claim[] {
  const stands = standing(timeline, one.flow, phases);
  if (stands === null) return [];
  return [
    {
      ...verdictOf(stands.sure ? null : 'clock', saidDoubt(timeline, one.flow, stands.phase, phases), one.doubt, ...more.doubts),
      events: sentEvents(timeline, one, stands.phase),
      links: [one.link.id],
      facts: more.facts,
      about: aboutSent(one, stands.phase),
    },
  ];
}

function sentEvents(timeline: Timeline, { link, flow }: Sent, phase: Phase): readonly [EventId, ...EventId[]] {
  const events = withBoundary(timeline, flow, phase);
  return link.observation === null ? events : [flow.id, link.observation, ...events.slice(1)];
}

/** For a rule on sendings to a party where no consent stands. */
export interface Sending {
  /** Whom the rule speaks of. A receiver that nobody is known to stand behind may be either: undecided for both. */
  readonly party: 'first' | 'third';
  readonly phases: readonly Phase[];
  readonly doubt: (one: Sent) => string | null;
}

/** Claims on sendings to that party in these phases, and on its hosts where none could be seen. */
export function sentTo(timeline: Timeline, { party, phases, doubt }: Sending): readonly Claim[] {
  const other = party === 'first' ? 'third' : 'first';
  const claims = sent(timeline).flatMap((one) => {
    if (one.receiver.party === other) return [];
    const facts = party === 'third' ? { ...sentFacts(one), ...sdkFact(one) } : sentFacts(one);
    return sentIn(timeline, one, phases, { facts, doubts: [one.receiver.party === 'unknown' ? 'receiver-unknown' : null, doubt(one)] });
  });
  const unseen = unseenFlows(timeline).filter(({ receiver }) => receiver.party !== other);
  return [...claims, ...unseen.flatMap(({ flow }) => hostUnseen(timeline, flow, phases))];
}

/** Facts of a sending: what, to whom, how written, in which part of the request. */
export function sentFacts(one: Sent): Facts {
  return { datum: one.link.datum, receiver: one.receiver.host, form: one.form, part: one.link.span.part };
}

/** The receiver's SDK as a fact. */
export function sdkFact({ receiver }: Sent): Facts {
  return { sdk: receiver.sdk ?? '-' };
}

/** `typed` when the user handed the value over and it went to the app's own operator: what he asked for, a person decides. */
export function typedDoubt({ link, receiver }: Sent): 'typed' | null {
  const handedOver = link.origin === 'typed' || link.origin === 'picked';
  return handedOver && receiver.party === 'first' ? 'typed' : null;
}

/** For a rule about sending: what went to this host was not seen, so the rule is not tested there. */
export function hostUnseen(timeline: Timeline, flow: Flow, phases: readonly Phase[] | null): readonly Claim[] {
  const stands = phases === null ? { phase: phaseOf(timeline, flow) } : standing(timeline, flow, phases);
  if (stands === null) return [];
  const receiver = receiverOf(timeline, flow);
  return [notTested('host-unseen', [flow.id], { receiver: receiver.host, state: flow.state }, aboutHost(receiver, stands.phase))];
}

/** Parts of a claim about a whole receiver. */
export function aboutHost(receiver: Receiver, phase: string): FingerprintParts {
  return about({ phase, receiver: receiver.host, sdk: receiver.sdk ?? '-' });
}

/** A claim that the rule could not be tested here. Its sentence is `REASON_SENTENCES[reason]`, told by the fact `reason`. */
export function notTested(
  reason: 'host-unseen' | 'documents',
  events: readonly [EventId, ...EventId[]],
  facts: Facts,
  parts: FingerprintParts,
): Claim {
  return { verdict: 'not-tested', reason, events, links: [], facts: { ...facts, reason }, about: parts };
}

/** Facts of an act of any kind, for rules that watch all of them. */
interface ActFacts extends Record<string, string> {
  readonly act: Act;
  readonly datum: string;
  readonly caller: string;
  readonly receiver: string;
}

/** Facts of a read among acts of other kinds. */
export function readAct(read: Read): ActFacts {
  return { act: actOf(read), datum: read.observation.datum, caller: read.observation.caller, receiver: '-' };
}

/** Facts of a sending among acts of other kinds. */
export function sentAct({ link, receiver }: Sent): ActFacts {
  return { act: 'sent', datum: link.datum, caller: '-', receiver: receiver.host };
}

/** Claims on requests for permissions in these phases, one for each group. */
export function askedIn(timeline: Timeline, phases: readonly Phase[], factsOf: (prompt: Prompt, group: string) => Facts): readonly Claim[] {
  return permissionRequests(timeline).flatMap(({ prompt, group }) => {
    const stands = isPersonalGroup(group) ? standing(timeline, prompt, phases) : null;
    if (stands === null) return [];
    return [
      {
        ...verdictOf(stands.sure ? null : 'clock', saidDoubt(timeline, prompt, stands.phase, phases)),
        events: withBoundary(timeline, prompt, stands.phase),
        links: [],
        facts: factsOf(prompt, group),
        about: aboutAsked(timeline, prompt, { group, phase: stands.phase }),
      },
    ];
  });
}

/** Parts of a claim about a permission group: the group stands in for the API family. */
export function aboutAsked(
  timeline: Timeline,
  prompt: Prompt,
  { group, phase }: { readonly group: string; readonly phase: string },
): FingerprintParts {
  return about({ family: group, phase, sdk: (prompt.caller === null ? null : timeline.sdkOf(prompt.caller)) ?? '-' });
}

/** Of the sendings: which ones a rule lets pass (`spares`), and why one is undecided (`doubts`); and why a read is (`readDoubts`). */
export interface Sparing {
  readonly spares: (one: Sent) => boolean;
  readonly doubts: (one: Sent) => string | null;
  readonly readDoubts: (read: Read) => string | null;
}

/** Every read and sending in one phase, and hosts where a sending could not be seen. */
export function actsIn(timeline: Timeline, phase: Phase, { spares, doubts, readDoubts }: Sparing): readonly Claim[] {
  const sendings = sent(timeline).filter((one) => !spares(one));
  return [
    ...reads(timeline, null).flatMap((read) =>
      readIn(timeline, read, [phase], readAct(read)).map((claim) => doubted(claim, readDoubts(read))),
    ),
    ...sendings.flatMap((one) => sentIn(timeline, one, [phase], { facts: sentAct(one), doubts: [doubts(one)] })),
    ...unseenFlows(timeline).flatMap(({ flow }) => hostUnseen(timeline, flow, [phase])),
  ];
}

function doubted(claim: Claim, reason: string | null): Claim {
  return reason === null || claim.verdict !== 'violation' ? claim : { ...claim, verdict: 'undecided', reason };
}
