import type { Consent, Event, EventId, Flow, Gap, Phase, ValueId } from '../harness/model/event.js';
import type { Link, Receiver, Timeline } from '../harness/model/finding.js';
import type { RunHead } from '../harness/model/run.js';
import type { Need } from '../harness/model/scenario.js';
import { order, type Stamp } from '../harness/model/stamp.js';
import { hostOf, possiblePhases, spanOf, type Span } from '../harness/model/timeline.js';
import type { Manifest, ManifestValue } from '../harness/model/values.js';
import type { ReceiverTable } from './receivers/receivers.js';

/** All that a timeline is made of. `gaps` are those that the linker found; they join the recorded events. */
export interface TimelineParts {
  readonly head: RunHead;
  readonly events: readonly Event[];
  readonly manifest: Manifest;
  readonly links: readonly Link[];
  readonly gaps: readonly Gap[];
  readonly interrupted: boolean;
  readonly receivers: ReceiverTable;
}

/** Puts a recorded run on one clock: events in order, each with its phase, each flow with its receiver. */
export function timeline({ head, events: recorded, manifest, links, gaps, interrupted, receivers }: TimelineParts): Timeline {
  const events = inOrder([...recorded, ...gaps]);
  return {
    head,
    events,
    links,
    values: new Map<ValueId, ManifestValue>(manifest.values.map((v) => [v.id, v])),
    phases: phasesOf(events),
    receivers: receiversOf(events, receivers),
    sdkOf: receivers.sdkOf,
    reached: reachedBy(events),
    interrupted,
  };
}

/** By run time; the same moment on one clock by its count; else as they were recorded. */
function inOrder(events: readonly Event[]): readonly Event[] {
  return events.toSorted((a, b) => a.at.ms - b.at.ms || (a.at.clock === b.at.clock ? a.at.seq - b.at.seq : 0));
}

function phasesOf(events: readonly Event[]): ReadonlyMap<EventId, Phase | 'undecided'> {
  const consents = events.filter((e): e is Consent => e.kind === 'consent' && e.act !== 'shown').toSorted((a, b) => a.at.ms - b.at.ms);
  const start = launchOf(events);
  return new Map(events.map((event) => [event.id, phaseOf(spanOf(event), start, consents)] as const));
}

/** When the app can first have run. The earliest sign of it: a later one would call a read at start-up a read before launch. */
function launchOf(events: readonly Event[]): Stamp | null {
  const signs = events.filter(
    (e) =>
      (e.kind === 'lifecycle' && (e.what === 'launched' || e.what === 'process-started')) ||
      (e.kind === 'step' && e.act === 'launch' && e.state === 'begun'),
  );
  return signs[0]?.at ?? null;
}

function phaseOf(span: Span, start: Stamp | null, consents: readonly Consent[]): Phase | 'undecided' {
  if (start !== null && order(span.from, start) === 'before') return 'before-launch';
  const open = possiblePhases(consents, span);
  const [only] = open;
  return open.length === 1 && only !== undefined ? only : 'undecided';
}

function receiversOf(events: readonly Event[], table: ReceiverTable): ReadonlyMap<EventId, Receiver> {
  const byHost = new Map<string, Receiver>();
  const of = (host: string): Receiver => {
    const known = byHost.get(host) ?? table.receiverOf(host);
    byHost.set(host, known);
    return known;
  };
  return new Map(events.filter((e): e is Flow => e.kind === 'flow').map((flow) => [flow.id, of(hostOf(flow))] as const));
}

const CONSENT_NEEDS: Readonly<Record<Consent['act'], Need>> = {
  shown: 'notice-shown',
  agreed: 'agreed',
  declined: 'declined',
  withdrawn: 'withdrawn',
};
const NEEDS: ReadonlySet<string> = new Set<Need>([
  'launched',
  'notice-shown',
  'agreed',
  'declined',
  'withdrawn',
  'form-reached',
  'background',
]);

function isNeed(word: string): word is Need {
  return NEEDS.has(word);
}

/** What the scenario got to, by its own acts and by what the analyser saw. */
function reachedBy(events: readonly Event[]): ReadonlySet<Need> {
  const reached = new Set<Need>();
  for (const event of events) {
    if (event.kind === 'consent') reached.add(CONSENT_NEEDS[event.act]);
    if (event.kind !== 'step' || event.state !== 'done') continue;
    if (event.act === 'launch' || event.act === 'relaunch') reached.add('launched');
    if (event.act === 'background') reached.add('background');
    if (event.act === 'reach' && isNeed(event.detail)) reached.add(event.detail);
  }
  return reached;
}
