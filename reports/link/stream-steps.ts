import { pieceAt, type Pieces } from './certificate.js';
import { decodeBase64, decodeHex, decodeLight, type LightOp } from './decode.js';
import { unpack, type PackOp } from './inflate.js';
import type { Layer, LayerStep } from './layer.js';
import type { Find } from './walk.js';
import { decodeText } from './text-layers.js';

const PACKS: ReadonlySet<LayerStep['op']> = new Set<PackOp>(['gzip', 'deflate', 'brotli', 'zstd']);
const LIGHT: ReadonlySet<LayerStep['op']> = new Set<LightOp>(['percent', 'json', 'html']);
/** Bytes that may be decoded again to learn with which piece a value is complete. */
const MAX_REDONE = 256 * 1024 * 1024;
const LEAST_STEPS = 8;

/**
 * Puts a find of something packed on as few pieces as it needs: with them its bytes come out. A stream in very many or long pieces is
 * looked at in larger steps, and a value may then be laid to a later piece than the one that completes it.
 */
export function createSteps(pieces: Pieces, bytes: Uint8Array): (find: Find) => Find {
  const steps = Math.max(LEAST_STEPS, Math.floor((2 * MAX_REDONE) / Math.max(1, bytes.length)));
  const stride = Math.ceil(pieces.length / steps);
  const counts = pieces.map((_, i) => i + 1).filter((n) => n % stride === 0 || n === pieces.length);
  const ends = endsOf(pieces);
  const known = new Map<Layer, Map<number, Layer | null>>();
  const redo = (layer: Layer, count: number): Layer | null => {
    const mine = known.get(layer) ?? new Map<number, Layer | null>();
    known.set(layer, mine);
    const found = mine.get(count);
    if (found !== undefined) return found;
    const { above, step } = layer;
    const again = above === null || step === null ? rootTo(count) : below(redo(above, count), layer, step);
    mine.set(count, again);
    return again;
  };
  const rootTo = (count: number): Layer => ({
    bytes: bytes.subarray(0, ends[count - 1]),
    above: null,
    step: null,
    depth: 0,
    source: { kind: 'joined', pieces: pieces.slice(0, count) },
  });
  return (find) => {
    if (!isPacked(find.layer)) return find;
    const wanted = find.layer.bytes.subarray(find.start, find.end);
    const complete = (count: number): boolean => {
      const layer = redo(find.layer, count);
      return layer !== null && Buffer.compare(layer.bytes.subarray(find.start, find.end), wanted) === 0;
    };
    let low = 0;
    let high = counts.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (complete(counts[middle] as number)) high = middle;
      else low = middle + 1;
    }
    const layer = low === counts.length - 1 ? null : redo(find.layer, counts[low] as number);
    return layer === null ? find : { ...find, layer };
  };
}

function endsOf(pieces: Pieces): readonly number[] {
  let at = 0;
  return pieces.map(({ start, end }) => (at += end - start));
}

function isPacked(from: Layer): boolean {
  for (let layer = from; layer.above !== null; layer = layer.above) if (layer.step !== null && PACKS.has(layer.step.op)) return true;
  return false;
}

/** Whether the first thing undone on the way to a layer is a packing. */
export function isPackedFirst(from: Layer): boolean {
  let layer = from;
  while (layer.above !== null && layer.above.above !== null) layer = layer.above;
  return layer.step !== null && PACKS.has(layer.step.op);
}

/** The layer as it comes out of less of the one above it; null: nothing comes out. */
function below(above: Layer | null, layer: Layer, step: LayerStep): Layer | null {
  if (above === null) return null;
  const end = Math.min(step.end, above.bytes.length);
  const bytes = end <= step.start ? null : undone(step, above.bytes, end);
  // Where less has no escapes yet, the layer is the one above it.
  if (bytes === null && LIGHT.has(step.op)) return above;
  return bytes === null ? null : { ...layer, bytes, above, step: { ...step, end } };
}

function undone({ op, start }: LayerStep, bytes: Uint8Array, end: number): Uint8Array | null {
  switch (op) {
    case 'percent':
    case 'json':
    case 'html':
      return decodeLight(op, bytes, null);
    case 'quoted-printable':
    case 'utf-16le':
    case 'utf-16be':
    case 'gbk':
      return decodeText(op, bytes.subarray(start, end), null);
    case 'base64':
    case 'hex': {
      const out = new Uint8Array(end - start + 3);
      return out.subarray(0, op === 'hex' ? decodeHex(bytes, start, end, out) : decodeBase64(bytes, start, end, out));
    }
    default: {
      const out = unpack(op, bytes.subarray(start, end));
      return out === 'limit' ? null : out;
    }
  }
}

/** Whether a find lies in more than one piece, with at least `least` bytes in the first and in the last. */
export function crosses(pieces: Pieces, { start, end }: { readonly start: number; readonly end: number }, least: number): boolean {
  return pieceAt(pieces, start + least) < pieceAt(pieces, end - least + 1);
}
