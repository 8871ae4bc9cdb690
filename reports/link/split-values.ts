import type { ManifestValue } from '../../harness/model/values.js';
import { fieldsBeside } from './fields.js';
import type { Kernel } from './kernel.js';
import { rootOf, type Layer, type Range } from './layer.js';
import type { Found, Matcher } from './matcher.js';
import { eachHalf, halvesOf, MIN_BESIDE, TELLING, type Half } from './number-halves.js';

/** Fields that may lie between the two halves. */
const MAX_BETWEEN = 2;
/** Bytes of each side that are kept in mind for halves that the other side holds. */
const MAX_KEPT = 1024 * 1024;
const MAX_TRIES = 256;
/** Halves of one request that are looked at, and that are kept for the other side: a body may hold nothing else. */
const MAX_LOOKED = 10_000;
const MAX_SEEN = 64;

/** A half at a place. */
interface Piece extends Range {
  readonly layer: Layer;
}
interface Seen {
  readonly half: Half;
  readonly piece: Piece;
}
/** What URL or body of a request hold. */
interface Side {
  readonly layers: Layer[];
  readonly seen: Seen[];
  kept: number;
}

type Join = (half: Half, longer: Piece, shorter: Piece) => void;

/** Finds values cut in two: over fields of one object or form, or one half in the URL and one in the body. Null: the run has none. */
export function splitValues(values: readonly ManifestValue[], kernel: Kernel): Matcher | null {
  const halves = halvesOf(values, kernel);
  if (halves === null) return null;
  return {
    begin: (found) => {
      const join = joiner(found);
      const sides = { url: newSide(), body: newSide() };
      let looked = 0;
      return {
        look: (layer, { digits }) => {
          const { source } = rootOf(layer);
          if (source?.kind !== 'part') return;
          const side = source.part === 'url' || source.part === 'body' ? sides[source.part] : null;
          if (side !== null) keepInMind(side, layer);
          eachHalf(halves, { bytes: layer.bytes, digits }, (text, known, range) => {
            looked += 1;
            const fields = looked > MAX_LOOKED ? null : fieldsBeside(layer.bytes, range);
            if (fields === null) return;
            const told = text.length >= TELLING && new Set(known.map(({ value }) => value.text)).size === 1;
            for (const half of known) {
              const most = told ? MAX_BETWEEN + 1 : half.other.length >= MIN_BESIDE ? 1 : 0;
              const other = fields.find((field) => field.distance <= most && field.text === half.other);
              if (other !== undefined) join(half, { layer, ...range }, { layer, start: other.start, end: other.end });
              else if (told && side !== null && side.seen.length < MAX_SEEN) side.seen.push({ half, piece: { layer, ...range } });
            }
          });
        },
        end: () => {
          joinAcross(sides.url, sides.body, join);
          joinAcross(sides.body, sides.url, join);
        },
      };
    },
  };
}

const newSide = (): Side => ({ layers: [], seen: [], kept: 0 });

function keepInMind(side: Side, layer: Layer): void {
  if (side.kept + layer.bytes.length > MAX_KEPT) return;
  side.kept += layer.bytes.length;
  side.layers.push(layer);
}

/** Reports each value once, over the two pieces put together. */
function joiner(found: Found): Join {
  const done = new Set<ManifestValue>();
  return ({ value, first }, longer, shorter) => {
    if (done.has(value)) return;
    done.add(value);
    const pieces = (first ? [longer, shorter] : [shorter, longer]).map(({ layer, start, end }) => ({ layer, start, end, ranged: false }));
    const bytes = Uint8Array.from(Buffer.concat(pieces.map(({ layer, start, end }) => layer.bytes.subarray(start, end))));
    const joined: Layer = { bytes, above: null, step: null, depth: 0, source: { kind: 'joined', pieces } };
    found({ kind: 'matched', value, form: 'raw', bits: value.bits, cap: 'C2' }, joined, { start: 0, end: bytes.length });
  };
}

/** Looks on the other side for what is missing from the halves of one side. */
function joinAcross(from: Side, to: Side, join: Join): void {
  for (const { half, piece } of from.seen) {
    const shorter = findField(to.layers, half.other);
    if (shorter !== null) join(half, piece, shorter);
  }
}

/** The first field that holds just this; null: none does, or none among the first places where the digits stand. */
function findField(layers: readonly Layer[], text: string): Piece | null {
  let tries = 0;
  for (const layer of layers) {
    const buffer = Buffer.from(layer.bytes.buffer, layer.bytes.byteOffset, layer.bytes.length);
    for (let start = buffer.indexOf(text); start >= 0 && tries < MAX_TRIES; start = buffer.indexOf(text, start + 1)) {
      tries += 1;
      const range = { start, end: start + text.length };
      if (fieldsBeside(layer.bytes, range) !== null) return { layer, ...range };
    }
  }
  return null;
}
