import { hash } from 'node:crypto';
import type { Derivation, EventId } from '../../harness/model/event.js';
import type { Certificate, JoinedPiece, Level, Span } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import { rootOf, unitsAround, type Layer, type Range } from './layer.js';
import type { DerivedNeedle, Needle } from './needles.js';
import type { Find } from './walk.js';

/** What came of one find: a way from the bytes as sent to a value. */
export interface Path {
  readonly value: ManifestValue;
  readonly kind: Exclude<Needle['kind'], 'derived'>;
  readonly form: string;
  /** Entropy of what was found, in bits. */
  readonly bits: number;
  /** The highest level that it may have; null: any. */
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

/** A value in a hooked call's input, and the bytes of the output without which nobody has it back. */
export interface Held {
  readonly path: Path;
  readonly range: Range;
}

/** A stretch of what a cipher gave: it can be sent without the rest, and whoever decrypts it has the values whose plaintext it covers. */
export interface Stretch {
  /** Where in the output the needle begins. */
  readonly from: number;
  readonly output: Uint8Array;
  /** Values that this needle answers for. */
  readonly holds: readonly Held[];
  /** Whether to look how far the output goes on beside the needle. */
  readonly grows: boolean;
}

/** Bytes kept on both sides of a find, so that a verifier sees what stands beside it. */
const MARGIN = 8;
/** The same of a piece, where layers may be cut anew. */
const PIECE_MARGIN = 16;
/** Fewer bytes of an output are met by chance. */
const MIN_STRETCH = 16;

export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes, 'hex');
}

/** The ways to values that one find shows: one, or one for each value in a hooked call's input. */
export function pathsOf(find: Find, inputOf: (derivation: Derivation) => DerivedInput | null): readonly Path[] {
  const { needle, layer } = find;
  if (needle.kind === 'derived') return derivedPaths(find, needle, inputOf(needle.derivation));
  const { layers, at, span, where } = wayUp(layer, find);
  const base = { layers, at, span, where, derivations: [], blended: false, digest: null };
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
          cap: needle.cap,
          layers: [...layers, last],
          at: { start: 0, end: needle.spelled.length },
          digest: needle.bytes,
        },
      ];
    }
    case 'literal':
      return [
        {
          ...base,
          kind: 'literal',
          value: needle.value,
          form: needle.form,
          bits: needle.value.bits,
          cap: lower(capOf(needle), seamCap(layer)),
        },
      ];
    case 'matched': {
      const { value, form, bits, cap } = needle;
      return [{ ...base, kind: 'matched', value, form, bits, cap }];
    }
  }
}

/** The highest level that a find may have. A value that reads backwards may be another's that reads forwards. */
export function capOf(needle: Exclude<Needle, DerivedNeedle>): Level | null {
  return needle.kind === 'literal' && needle.form === 'reversed' ? (needle.cap ?? 'C3') : needle.cap;
}

const lower = (a: Level | null, b: Level | null): Level | null => (a === null || (b !== null && b < a) ? b : a);

/** Two requests that are counted by fields of their own may each be whole: plain text over their seam is likely, no more. */
function seamCap(layer: Layer): Level | null {
  const { source } = rootOf(layer);
  if (source?.kind !== 'joined' || source.pieces.every(({ ranged }) => ranged)) return null;
  let at: Layer | null = layer;
  while (at !== null && (at.step === null || LIGHT.has(at.step.op))) at = at.above;
  return at === null ? 'C3' : null;
}

const LIGHT: ReadonlySet<string> = new Set(['percent', 'json', 'html', 'quoted-printable', 'utf-16le', 'utf-16be', 'gbk']);

function derivedPaths(find: Find, { derivation, stretch }: DerivedNeedle, input: DerivedInput | null): readonly Path[] {
  if (input === null) return [];
  const place = stretch === null ? { start: find.start, end: find.end, from: 0 } : placeOf(find, stretch);
  const length = place.end - place.start;
  // Where the whole output stands, the needle of the whole output finds it as well.
  if (stretch !== null && (length < MIN_STRETCH || (stretch.grows && length === stretch.output.length))) return [];
  const inside = { start: place.from, end: place.from + length };
  const held = stretch === null ? input.paths : stretch.holds.flatMap(({ path, range }) => (covers(inside, range) ? [path] : []));
  if (held.length === 0) return [];
  const { layers, at, span, where } = wayUp(find.layer, place);
  const last = { encoding: { op: 'derived' as const, derivation: derivation.id, from: place.from }, ...at, sha256: input.sha256 };
  return held.map((p) => ({ ...p, layers: [...layers, last, ...p.layers], span, where, derivations: [derivation, ...p.derivations] }));
}

const covers = (outer: Range, inner: Range): boolean => outer.start <= inner.start && inner.end <= outer.end;

/** Which bytes of a hooked call's input a path from there needs. */
export function inputRange({ layers, at }: Path): Range {
  const [first] = layers;
  return first === undefined ? at : { start: first.start, end: first.end };
}

/** How far the bytes around a find are those of the output: `start` and `end` in the layer, `from` in the output. */
export function placeOf({ layer: { bytes }, start, end }: Find, { from, output, grows }: Stretch): Range & { readonly from: number } {
  let before = 0;
  let after = 0;
  const to = from + end - start;
  const most = grows ? { before: Math.min(from, start), after: Math.min(output.length - to, bytes.length - end) } : { before: 0, after: 0 };
  while (before < most.before && bytes[start - before - 1] === output[from - before - 1]) before += 1;
  while (after < most.after && bytes[end + after] === output[to + after]) after += 1;
  return { start: start - before, end: end + after, from: from - before };
}

interface Way {
  readonly layers: Certificate['layers'];
  readonly at: Range;
  readonly span: Range;
  readonly where: Where | null;
}

/** Cuts each layer down to the units around the find, from the innermost out. */
function wayUp(from: Layer, find: Range): Way {
  const root = rootOf(from);
  const wide = cutsOf(from, find, MARGIN);
  // What only stands beside it must not bring in a later request.
  const far = root.source?.kind === 'joined' && pieceAt(root.source.pieces, wide.need.end) > pieceAt(root.source.pieces, wide.span.end);
  const { cuts, need, span } = far ? cutsOf(from, find, 0) : wide;
  const base = baseOf(root, need, span);
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

interface Cuts {
  /** From the outermost. */
  readonly cuts: readonly { readonly layer: Layer; readonly own: Range; readonly above: Range }[];
  /** What of the root is needed, and where in it the find itself lies. */
  readonly need: Range;
  readonly span: Range;
}

function cutsOf(from: Layer, find: Range, margin: number): Cuts {
  const cuts: Cuts['cuts'][number][] = [];
  let need: Range = { start: find.start, end: find.end };
  let span: Range = need;
  for (let layer = from; layer.above !== null; layer = layer.above) {
    const cut = unitsAround(layer, need, margin);
    cuts.unshift({ layer, ...cut });
    span = unitsAround(layer, span, 0).above;
    need = cut.above;
  }
  return { cuts, need, span };
}

/** What the cut layers stand on: the part itself, or the pieces of a joined root that are needed. `origin`: where its bytes begin in the root's. */
interface Base {
  readonly layers: Certificate['layers'];
  readonly origin: number;
  readonly span: Range;
  readonly where: Where | null;
}

function baseOf(root: Layer, need: Range, span: Range): Base {
  const { source } = root;
  if (source === null) throw new Error('a root has a source');
  if (source.kind === 'call') return { layers: [], origin: 0, span, where: null };
  if (source.kind === 'part') {
    const { flow, part } = source;
    return { layers: [], origin: 0, span, where: { flow, part, sourceSha256: wholeSha(root) } };
  }
  const placed = placedIn(source.pieces).slice(pieceAt(source.pieces, need.start + 1), pieceAt(source.pieces, need.end) + 1);
  const [first] = placed;
  const last = placed.at(-1);
  if (first === undefined || last === undefined) throw new Error('a find lies in some piece');
  const own = ({ piece, at }: Placed, { start, end }: Range): Range => ({
    start: piece.start + Math.max(0, start - at),
    end: piece.start + Math.min(piece.end - piece.start, end - at),
  });
  const spanWay = wayUp(last.piece.layer, own(last, span));
  if (first === last) {
    const way = wayUp(first.piece.layer, own(first, need));
    return { ...way, span: spanWay.span, origin: need.start - way.at.start };
  }
  const kept = { start: need.start - PIECE_MARGIN, end: need.end + PIECE_MARGIN };
  const pieces = placed.map((p): JoinedPiece => {
    const way = wayUp(p.piece.layer, own(p, kept));
    if (way.where === null) throw new Error('a piece lies in a part');
    return { ...way.where, layers: way.layers, at: way.at };
  });
  const origin = first.at + own(first, kept).start - first.piece.start;
  const to = last.at + own(last, kept).end - last.piece.start;
  const partBytes = rootOf(last.piece.layer).bytes.length;
  const joined = {
    encoding: { op: 'joined' as const, pieces },
    start: 0,
    end: partBytes,
    sha256: cutSha(root, { start: origin, end: to }),
  };
  return { layers: [joined], origin, span: spanWay.span, where: spanWay.where };
}

/** The pieces of a joined root. */
export type Pieces = Extract<NonNullable<Layer['source']>, { readonly kind: 'joined' }>['pieces'];
interface Placed {
  readonly piece: Pieces[number];
  /** Where it begins in the root. */
  readonly at: number;
}

/** Where in its root a find lies. */
export function rootSpan(find: Find): Range {
  return cutsOf(find.layer, find, 0).span;
}

const places = new WeakMap<Pieces, readonly Placed[]>();

function placedIn(pieces: Pieces): readonly Placed[] {
  let known = places.get(pieces);
  if (known === undefined) {
    let at = 0;
    known = pieces.map((piece) => {
      const placed = { piece, at };
      at += piece.end - piece.start;
      return placed;
    });
    places.set(pieces, known);
  }
  return known;
}

/** In which piece of a joined root the byte before `end` lies. */
export function pieceAt(pieces: Pieces, end: number): number {
  const placed = placedIn(pieces);
  let low = 0;
  let high = placed.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((placed[middle] as Placed).at < end) low = middle;
    else high = middle - 1;
  }
  return low;
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
