import { createHash } from 'node:crypto';
import type { Derivation, EventId } from '../../harness/model/event.js';
import type { Certificate, JoinedPiece, Level, Span } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import { rootOf, unitsAround, type Layer, type Range } from './layer.js';
import type { Needle } from './needles.js';
import type { Find } from './search.js';

/** What came of one find: a way from the bytes as sent to a value. */
export interface Path {
  readonly value: ManifestValue;
  readonly kind: Exclude<Needle['kind'], 'derived'>;
  readonly form: string;
  /** Entropy of what was found, and the highest level that it may have (null: any). */
  readonly bits: number;
  readonly cap: Level | null;
  /** The part as sent in which the value ends; null inside a hooked call. */
  readonly where: Where | null;
  readonly layers: Certificate['layers'];
  readonly at: Range;
  /** Where the coded value lies in the part as sent. */
  readonly span: Range;
  /** Hooks that saw the bytes on the way, outermost first. */
  readonly derivations: readonly Derivation[];
  /** A digest or MAC on the way took in more than this value and a salt: it tells whoever has it nothing of the value. */
  readonly blended: boolean;
  /** The digest bytes found, for a digest. */
  readonly digest: Uint8Array | null;
}

/** A part of a request. */
export interface Where {
  readonly flow: EventId;
  readonly part: Span['part'];
  readonly sourceSha256: string;
}

/** What a crypto call took in: its bytes and the values in it. */
export interface DerivedInput {
  readonly sha256: string;
  readonly paths: readonly Path[];
}

/** Bytes kept on both sides of a find, so that a verifier sees what stands beside it. */
const MARGIN = 8;

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The ways to values that one find shows: one, or one for each value in a hooked call's input. */
export function pathsOf(find: Find, inputOf: (derivation: Derivation) => DerivedInput | null): readonly Path[] {
  const { needle, layer } = find;
  const { layers, at, span, where } = wayUp(layer, find);
  const base = { layers, at, span, where, derivations: [], blended: false, digest: null, cap: null };
  switch (needle.kind) {
    case 'digest': {
      const last = { encoding: needle.encoding, ...at, sha256: sha256(needle.spelled) };
      return [
        {
          ...base,
          kind: 'digest',
          value: needle.value,
          form: needle.form,
          bits: needle.value.bits,
          layers: [...layers, last],
          at: { start: 0, end: needle.spelled.length },
          digest: needle.bytes,
        },
      ];
    }
    case 'derived': {
      const { derivation } = needle;
      const input = inputOf(derivation);
      if (input === null) return [];
      const last = { encoding: { op: 'derived' as const, derivation: derivation.id, from: 0 }, ...at, sha256: input.sha256 };
      return input.paths.map((p) => ({
        ...p,
        layers: [...layers, last, ...p.layers],
        span,
        where,
        derivations: [derivation, ...p.derivations],
      }));
    }
    case 'literal':
      return [{ ...base, kind: 'literal', value: needle.value, form: needle.form, bits: needle.value.bits, cap: capOf(needle.form) }];
    case 'matched': {
      const { value, form, bits, cap } = needle;
      return [{ ...base, kind: 'matched', value, form, bits, cap }];
    }
  }
}

// A value that reads backwards may be another's that reads forwards.
const capOf = (form: string): Level | null => (form === 'reversed' ? 'C3' : null);

interface Way {
  readonly layers: Certificate['layers'];
  readonly at: Range;
  readonly span: Range;
  readonly where: Where | null;
}

/** Cuts each layer down to the units around the find, from the innermost out. */
function wayUp(from: Layer, find: Range): Way {
  const cuts: { readonly layer: Layer; readonly own: Range; readonly above: Range }[] = [];
  let need: Range = find;
  let span: Range = find;
  for (let layer = from; layer.above !== null; layer = layer.above) {
    const cut = unitsAround(layer, need, MARGIN);
    cuts.unshift({ layer, ...cut });
    span = unitsAround(layer, span, 0).above;
    need = cut.above;
  }
  const base = baseOf(rootOf(from), need, span);
  let { origin } = base;
  const layers: Certificate['layers'][number][] = [...base.layers];
  for (const { layer, own, above } of cuts) {
    if (layer.step === null) throw new Error('a cut layer has a step');
    layers.push({ encoding: { op: layer.step.op }, start: above.start - origin, end: above.end - origin, sha256: cutSha(layer, own) });
    origin = own.start;
  }
  const at = { start: find.start - origin, end: find.end - origin };
  return { layers, at, span: base.span, where: base.where };
}

/** What the cut layers stand on: the part itself, or the pieces of a joined root that are needed. `origin`: where its bytes begin in the root's. */
interface Base {
  readonly layers: Certificate['layers'];
  readonly origin: number;
  readonly span: Range;
  readonly where: Where | null;
}

function baseOf(root: Layer, need: Range, { start, end }: Range): Base {
  const { source } = root;
  if (source === null) throw new Error('a root has a source');
  if (source.kind === 'call') return { layers: [], origin: 0, span: { start, end }, where: null };
  if (source.kind === 'part') {
    const { flow, part } = source;
    return { layers: [], origin: 0, span: { start, end }, where: { flow, part, sourceSha256: wholeSha(root) } };
  }
  const pieces: JoinedPiece[] = [];
  let origin = -1;
  let to = 0;
  let last: { readonly way: Way; readonly partBytes: number } | null = null;
  for (let at = 0, k = 0; k < source.pieces.length; k += 1) {
    const piece = source.pieces[k] as (typeof source.pieces)[number];
    const next = at + piece.end - piece.start;
    if (next > need.start && at < need.end) {
      if (origin < 0) origin = at;
      to = next;
      const way = wayUp(piece.layer, piece);
      if (way.where === null) throw new Error('a piece lies in a part');
      pieces.push({ ...way.where, layers: way.layers, at: way.at });
      last = { way, partBytes: rootOf(piece.layer).bytes.length };
    }
    at = next;
  }
  if (last === null) throw new Error('a find lies in some piece');
  const { way, partBytes } = last;
  const joined = {
    encoding: { op: 'joined' as const, pieces },
    start: 0,
    end: partBytes,
    sha256: cutSha(root, { start: origin, end: to }),
  };
  return { layers: [joined], origin, span: way.span, where: way.where };
}

const wholeShas = new WeakMap<Layer, string>();

/** Unpacked layers cannot be cut; their hash is the same for every find in them. */
function cutSha(layer: Layer, own: Range): string {
  return own.start > 0 || own.end < layer.bytes.length ? sha256(layer.bytes.subarray(own.start, own.end)) : wholeSha(layer);
}

function wholeSha(layer: Layer): string {
  const known = wholeShas.get(layer) ?? sha256(layer.bytes);
  wholeShas.set(layer, known);
  return known;
}
