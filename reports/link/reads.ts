import type { Event, EventId, Flow, Observation, ProcessRef, ValueId } from '../../harness/model/event.js';
import type { Link, Receiver } from '../../harness/model/finding.js';
import type { RunHead } from '../../harness/model/run.js';
import { order, type Order, type Stamp } from '../../harness/model/stamp.js';
import { isAppsRead, orderOfSpan, pickedValues, spanOf } from '../../harness/model/timeline.js';
import type { ManifestValue } from '../../harness/model/values.js';
import type { ReceiverTable } from '../receivers/receivers.js';

/** Reads of one value that nothing but their time tells apart, by time. */
interface Alike {
  readonly pid: number;
  readonly sdk: string | null;
  /** Inside another watched call of the same datum, which stands for it. */
  readonly nested: boolean;
  readonly list: Observation[];
}

/** Reads of one value that may have been the app's. */
interface ValueReads {
  readonly ids: readonly EventId[];
  readonly alike: readonly Alike[];
}

/** Who read each value, and which values a picker handed over. */
export interface Reads {
  of(value: ValueId): ValueReads | null;
  readonly picked: ReadonlyMap<ValueId, readonly Stamp[]>;
}

/** Collects them from a run. */
export function readsOf(events: readonly Event[], head: RunHead, table: ReceiverTable): Reads {
  const byValue = new Map<ValueId, { readonly ids: EventId[]; readonly alike: Map<string, Alike> }>();
  const picked = new Map<ValueId, Stamp[]>();
  const datumOf = new Map<EventId, string>();
  for (const event of events) {
    if (event.kind === 'lifecycle') for (const id of pickedValues(event)) picked.set(id, [...(picked.get(id) ?? []), event.at]);
    if (event.kind !== 'observation') continue;
    datumOf.set(event.id, event.datum);
    const values = new Set(event.values.flatMap((ref) => ('value' in ref ? [ref.value] : [])));
    if (values.size === 0 || !isAppsRead({ head }, event)) continue;
    const { pid } = event.process;
    const sdk = table.sdkOf(event.caller);
    const nested = event.parent !== null && datumOf.get(event.parent) === event.datum;
    for (const value of values) {
      const known = byValue.get(value) ?? { ids: [], alike: new Map<string, Alike>() };
      byValue.set(value, known);
      known.ids.push(event.id);
      const key = `${pid} ${nested} ${sdk}`;
      const same = known.alike.get(key);
      if (same === undefined) known.alike.set(key, { pid, sdk, nested, list: [event] });
      else same.list.push(event);
    }
  }
  const sorted = new Map([...byValue].map(([value, { ids, alike }]) => [value, { ids, alike: [...alike.values()] }] as const));
  for (const { alike } of sorted.values()) for (const { list } of alike) list.sort((a, b) => a.firstAt.ms - b.firstAt.ms);
  return { of: (value) => sorted.get(value) ?? null, picked };
}

export type Causes = Pick<Link, 'reads' | 'observation' | 'origin' | 'order' | 'owner'>;

/** A request and who got it. */
interface Sending {
  readonly flow: Flow;
  readonly receiver: Receiver;
  readonly appPackage: string;
}

/** Where a value that left in a flow came from. */
export function causesOf(value: ManifestValue, reads: Reads, { flow, receiver, appPackage }: Sending): Causes {
  const all = reads.of(value.id);
  const span = spanOf(flow);
  // A counted read happened first at `firstAt`: that it was done again later takes nothing away.
  const side = (at: Stamp): Order => opposite(orderOfSpan(span, (when) => order(when, at)));
  const near = likeliest(all?.alike ?? [], (one) => nearness(one, flow, receiver), { end: span.to, side });
  const fromPicker = (reads.picked.get(value.id) ?? []).some((at) => side(at) !== 'after');
  const origin = value.origin === 'typed' ? 'typed' : near !== null ? 'read' : fromPicker ? 'picked' : 'unseen';
  return {
    reads: all?.ids ?? [],
    observation: near?.id ?? null,
    origin,
    order: near !== null ? side(near.firstAt) : all !== null ? 'after' : 'none',
    owner: ownerOf(near?.process ?? null, flow, appPackage),
  };
}

const opposite = (side: Order): Order => (side === 'undecided' ? side : side === 'before' ? 'after' : 'before');

/** How much speaks for reads being those whose value went out here: the sender's process, then the receiver's own SDK. */
function nearness({ pid, nested, sdk }: Alike, { owner }: Flow, receiver: Receiver): number {
  const sameProcess = owner.pid !== null && owner.pid === pid;
  const sameSdk = receiver.party !== 'unknown' && sdk === receiver.sdk;
  return (sameProcess ? 4 : 0) + (sameSdk ? 2 : 0) + (nested ? 0 : 1);
}

/** When the value was gone, and where a moment lies to its going. */
interface Going {
  readonly end: Stamp;
  readonly side: (at: Stamp) => Order;
}

/** Of the reads that were surely before the flow the nearest, of those the latest; where there is none, of those that may have been. */
function likeliest(all: readonly Alike[], nearnessOf: (one: Alike) => number, going: Going): Observation | null {
  let best: Candidate | null = null;
  for (const alike of all) {
    const last = lastBefore(alike.list, going);
    if (last === null) continue;
    const one: Candidate = { ...last, near: nearnessOf(alike) };
    if (best === null || isBetter(one, best)) best = one;
  }
  return best?.o ?? null;
}

interface Candidate {
  readonly o: Observation;
  readonly sure: boolean;
  readonly near: number;
}

function isBetter(one: Candidate, best: Candidate): boolean {
  if (one.sure !== best.sure) return one.sure;
  if (one.near !== best.near) return one.near > best.near;
  return order(one.o.firstAt, best.o.firstAt) === 'after' || one.o.firstAt.ms > best.o.firstAt.ms;
}

/** The latest that was surely before; where there is none, the latest that may have been. */
function lastBefore(list: readonly Observation[], { end, side }: Going): Omit<Candidate, 'near'> | null {
  let perhaps: Observation | null = null;
  for (let i = countUntil(list, end) - 1; i >= 0; i -= 1) {
    const o = list[i] as Observation;
    const where = side(o.firstAt);
    if (where === 'before') return { o, sure: true };
    if (where === 'undecided') perhaps ??= o;
  }
  return perhaps === null ? null : { o: perhaps, sure: false };
}

/** How many of the list, by time, could be before `end`. */
function countUntil(list: readonly Observation[], end: Stamp): number {
  let [from, to] = [0, list.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const at = (list[middle] as Observation).firstAt;
    const off = at.clock === end.clock ? 0 : at.slackMs + end.slackMs;
    if (at.ms - off <= end.ms) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** Whether who read is who sent. Where no read was seen the app under audit is asked after. */
function ownerOf(reader: ProcessRef | null, flow: Flow, appPackage: string): Link['owner'] {
  const sender = flow.owner.package;
  if (sender === null) return 'unknown';
  return sender === (reader?.package ?? appPackage) ? 'same' : 'other';
}
