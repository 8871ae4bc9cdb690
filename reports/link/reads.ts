import { order, type Order, type Stamp } from '../../harness/model/stamp.js';
import type { Event, EventId, Flow, Observation, ProcessRef, ValueId } from '../../harness/model/event.js';
import type { Link } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';

/** Who read each value, and which values a picker handed over. */
export interface Reads {
  readonly byValue: ReadonlyMap<ValueId, readonly Observation[]>;
  readonly picked: ReadonlyMap<ValueId, readonly Stamp[]>;
}

export function readsOf(events: readonly Event[]): Reads {
  const byValue = new Map<ValueId, Observation[]>();
  const picked = new Map<ValueId, Stamp[]>();
  for (const event of events) {
    if (event.kind === 'lifecycle' && event.what === 'picked')
      for (const id of event.detail.split(',')) if (isValueId(id)) picked.set(id, [...(picked.get(id) ?? []), event.at]);
    if (event.kind !== 'observation') continue;
    const ids = new Set(event.values.flatMap((ref) => ('value' in ref ? [ref.value] : [])));
    for (const id of ids) {
      const list = byValue.get(id);
      if (list === undefined) byValue.set(id, [event]);
      else list.push(event);
    }
  }
  return { byValue, picked };
}

function isValueId(text: string): text is ValueId {
  return /^[vp]\d+$/.test(text);
}

export type Causes = Pick<Link, 'reads' | 'observation' | 'origin' | 'order' | 'owner'>;

/** Where a value that left in a flow came from. */
export function causesOf(value: ManifestValue, flow: Flow, reads: Reads, appPackage: string): Causes {
  const all = reads.byValue.get(value.id) ?? [];
  const ids: EventId[] = all.map((o) => o.id);
  // A counted read happened first at `firstAt`: that it was done again later takes nothing away.
  const side = (o: Observation): Order => order(o.firstAt, flow.at);
  const near = nearest(all, side);
  const fromPicker = (reads.picked.get(value.id) ?? []).some((at) => order(at, flow.at) !== 'after');
  const origin = value.origin === 'typed' ? 'typed' : near !== null ? 'read' : fromPicker ? 'picked' : 'unseen';
  return {
    reads: ids,
    observation: near?.id ?? null,
    origin,
    order: near !== null ? side(near) : all.length > 0 ? 'after' : 'none',
    owner: ownerOf(near?.process ?? null, flow, appPackage),
  };
}

/** The latest read that was surely before the flow; where there is none, the latest that may have been. */
function nearest(all: readonly Observation[], side: (o: Observation) => Order): Observation | null {
  let before: Observation | null = null;
  let perhaps: Observation | null = null;
  for (const o of all) {
    const where = side(o);
    if (where === 'before') before = later(before, o);
    else if (where === 'undecided') perhaps = later(perhaps, o);
  }
  return before ?? perhaps;
}

function later(best: Observation | null, o: Observation): Observation {
  return best === null || order(o.firstAt, best.firstAt) === 'after' || o.firstAt.ms > best.firstAt.ms ? o : best;
}

/** Whether who read is who sent. Where no read was seen the app under audit is asked after. */
function ownerOf(reader: ProcessRef | null, flow: Flow, appPackage: string): Link['owner'] {
  const sender = flow.owner.package;
  if (sender === null) return 'unknown';
  return sender === (reader?.package ?? appPackage) ? 'same' : 'other';
}
