import type { Derivation, Event, EventId, ValueId } from '../../harness/model/event.js';
import type { Bodies, Certificate, Span } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import { capOf, pathsOf, type Path } from './certificate.js';
import type { Derived } from './derived.js';
import { stepsOf } from './layer.js';
import { isName } from './level.js';
import { partBytes, type Part } from './parts.js';
import { createReplay } from './replay.js';
import type { Find } from './walk.js';

/** A find that its certificate has shown again. */
export interface Proof {
  readonly path: Path;
  readonly certificate: Certificate;
}
/** What certificates are made and shown from, beside the finds. */
export interface Evidence {
  /** The bytes of a part as sent; null where there is none. */
  partOf(flow: EventId, part: Span['part']): Uint8Array | null;
  /** The name in a value's group; null: none. */
  nameOf(value: ManifestValue): ManifestValue | null;
  /** The parts of the flow that is being looked at: they are not read again. */
  hold(flow: EventId, parts: readonly Part[]): void;
}

/** Bytes of other flows' parts that are kept at hand. */
const MOST_KEPT = 64 * 1024 * 1024;

interface Recorded {
  readonly events: readonly Event[];
  readonly bodies: Bodies;
  readonly values: readonly ManifestValue[];
}

/** Look-ups in a recorded run. */
export function evidenceOf({ events, bodies, values }: Recorded): Evidence {
  const flows = new Map(events.flatMap((e) => (e.kind === 'flow' ? [[e.id, e] as const] : [])));
  const names = new Map(values.flatMap((v) => (v.group !== null && isName(v) ? [[v.group, v] as const] : [])));
  let held: { readonly flow: EventId; readonly parts: readonly Part[] } | null = null;
  const kept = new Map<string, Uint8Array>();
  let keptBytes = 0;
  // A stream over many requests is shown from all of them, once for each of its values.
  const keep = (key: string, bytes: Uint8Array): Uint8Array => {
    if (keptBytes + bytes.length > MOST_KEPT) {
      kept.clear();
      keptBytes = 0;
    }
    kept.set(key, bytes);
    keptBytes += bytes.length;
    return bytes;
  };
  return {
    partOf: (id, part) => {
      const known = held?.flow === id ? held.parts.find((p) => p.part === part)?.bytes : kept.get(`${part} ${id}`);
      if (known !== undefined) return known;
      const flow = flows.get(id);
      const bytes = flow === undefined ? null : partBytes(flow, part, bodies);
      return bytes === null ? null : keep(`${part} ${id}`, bytes);
    },
    nameOf: (value) => (value.group === null ? null : (names.get(value.group) ?? null)),
    hold: (flow, parts) => {
      held = { flow, parts };
    },
  };
}

/** What came of finds. `unproved`: values with a certificate that did not replay, which is a bug of ours; such a find is dropped. */
export interface Proved {
  readonly proofs: ReadonlyMap<ValueId, readonly Proof[]>;
  readonly unproved: ReadonlySet<ValueId>;
}

/** Makes certificates of finds and keeps those that replay. */
export function prove(finds: readonly Find[], derived: Derived, { partOf, nameOf }: Evidence): Proved {
  const proofs = new Map<ValueId, Proof[]>();
  const sorts = new Map<ValueId, Set<string>>();
  const unproved = new Set<ValueId>();
  const replay = createReplay();
  const isKnown = (id: ValueId, sort: string): boolean => sorts.get(id)?.has(sort) ?? false;
  for (const find of fewest(finds)) {
    const { needle } = find;
    // Most finds of a value that comes often need no way made for them.
    if (needle.kind !== 'derived' && isKnown(needle.value.id, plainSort(needle.kind, capOf(needle)))) continue;
    for (const path of pathsOf(find, derived.inputOf)) {
      const sort = sortOf(path);
      if (path.where === null || isKnown(path.value.id, sort)) continue;
      const { value, form, layers, at, where } = path;
      const certificate: Certificate = { value: value.id, form, sourceSha256: where.sourceSha256, layers, at };
      const part = partOf(where.flow, where.part) ?? new Uint8Array(0);
      const shown = replay(certificate, { part, value, name: nameOf(value), derivation: derived.callOf, partOf });
      if (!shown.ok) {
        unproved.add(value.id);
        continue;
      }
      const mine = proofs.get(value.id);
      if (mine === undefined) {
        proofs.set(value.id, [{ path, certificate }]);
        sorts.set(value.id, new Set([sort]));
      } else {
        mine.push({ path, certificate });
        sorts.get(value.id)?.add(sort);
      }
    }
  }
  return { proofs, unproved };
}

/** Hooked calls that are no more than a coding. */
export const CODECS: ReadonlySet<Derivation['op']> = new Set(['base64', 'gzip']);
const BEHIND_ALL = 1000;

/** Finds of the fewest layers first: of two ways to the same value the plainer one is shown; of two pairs the one that tells more; hooked codecs last: what we can decode ourselves a reader can do again, and need not trust a hook. */
function fewest(finds: readonly Find[]): readonly Find[] {
  const finer = ({ needle }: Find): number => (needle.kind === 'matched' ? needle.bits / 1000 : 0);
  const codec = ({ needle }: Find): number => (needle.kind === 'derived' && CODECS.has(needle.derivation.op) ? BEHIND_ALL : 0);
  if (finds.length < 2) return finds;
  return finds
    .map((find) => ({ find, n: stepsOf(find.layer) - finer(find) + codec(find) }))
    .toSorted((a, b) => a.n - b.n)
    .map(({ find }) => find);
}

/** One proof of each sort is kept for a value; the level decides between them. */
function sortOf(path: Path): string {
  if (path.blended) return 'blended';
  if (path.derivations.length > 0) return 'derived';
  return plainSort(path.kind, path.cap);
}

function plainSort(kind: Path['kind'], cap: Path['cap']): string {
  return cap === null ? kind : `${kind} up to ${cap}`;
}
