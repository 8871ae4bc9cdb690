import { gunzipSync, inflateSync } from 'node:zlib';
import { isBase64 } from './decode.js';
import { isZlib, MAX_INFLATED } from './inflate.js';
import { rootOf } from './layer.js';
import type { Piece } from './upload-pieces.js';

/** Most pieces, and most bytes, that are put together. */
const MAX_PIECES = 4096;
const MAX_STREAM = 64 * 1024 * 1024;

/** Pieces that follow each other without a hole, two or more. `cut`: the upload went on, but more is not put together. */
export interface Run {
  readonly pieces: readonly Piece[];
  readonly cut: boolean;
}

/** The runs among pieces of one key, which come in the order of time. A number that comes again with other bytes begins another upload. */
export function runsOf(pieces: readonly Piece[]): readonly Run[] {
  const [first] = pieces;
  if (first === undefined) return [];
  if (first.by === 'none') return packedRuns(pieces);
  const runs = generations(pieces).flatMap((one) => consecutive(one.toSorted((a, b) => a.number - b.number)));
  if (first.by !== 'message') return runs;
  return [...runs, ...packedRuns(pieces)];
}

function generations(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const out: Piece[][] = [];
  let now = new Map<number, Piece>();
  for (const piece of pieces) {
    const known = now.get(piece.number);
    // Sent again after a failure: the first one counts.
    if (known !== undefined && Buffer.compare(dataOf(known), dataOf(piece)) === 0) continue;
    if (known !== undefined || out.length === 0) {
      now = new Map();
      out.push([]);
    }
    now.set(piece.number, piece);
    out.at(-1)?.push(piece);
  }
  return out;
}

/** The bytes of a piece. */
export function dataOf({ layer, start, end }: Piece): Uint8Array {
  return layer.bytes.subarray(start, end);
}

function consecutive(sorted: readonly Piece[]): readonly Run[] {
  const runs: { pieces: Piece[]; cut: boolean }[] = [];
  let bytes = 0;
  for (const piece of sorted) {
    const run = runs.at(-1);
    const last = run?.pieces.at(-1);
    bytes += piece.end - piece.start;
    if (run !== undefined && last !== undefined && follows(last, piece)) {
      if (run.pieces.length < MAX_PIECES && bytes <= MAX_STREAM) {
        run.pieces.push(piece);
        continue;
      }
      run.cut = true;
    }
    bytes = piece.end - piece.start;
    runs.push({ pieces: [piece], cut: false });
  }
  return runs.filter(({ pieces }) => pieces.length > 1 && isUpload(pieces));
}

function follows(last: Piece, next: Piece): boolean {
  const whole = last.flow.bodies.every(({ of, state }) => of !== 'request' || state === 'whole');
  if (!whole) return false;
  if (last.by !== 'offset') return next.number === last.number + 1;
  const skipped = next.number - last.number;
  // Counted as they stand there, or as the bytes that hex or base64 stands for.
  return [last.end - last.start, (last.end - last.start) / 2, decodedLength(last), rootOf(last.layer).bytes.length].includes(skipped);
}

/** How many bytes the base64 of a piece stands for. */
function decodedLength(piece: Piece): number {
  let chars = 0;
  for (const byte of dataOf(piece)) if (isBase64(byte)) chars += 1;
  return Math.floor((chars * 3) / 4);
}

/** Fewer bytes are not worth a request of their own. */
const MIN_EQUAL = 32;
/** A cut between characters moves a piece's end by so much. */
const UNEVEN = 4;

/** Events are counted too: where only the name of a counter speaks for an upload, all pieces but the last have to be alike in length. */
function isUpload(pieces: readonly Piece[]): boolean {
  if (pieces.some(({ by, sure }) => sure || by === 'message')) return true;
  const lengths = pieces.map(({ start, end }) => end - start);
  const [first = 0] = lengths;
  return first >= MIN_EQUAL && lengths.every((n, i) => Math.abs(n - first) <= UNEVEN || (i === lengths.length - 1 && n < first));
}

/** Pieces of one packed stream that number nothing, and the bytes that may be unpacked to see it. */
const MAX_UNNUMBERED = 64;
const MAX_TRIED = 64 * 1024 * 1024;

/** Bytes that begin as something packed, and what came behind until it was whole: its checksum shows that they belong together. */
function packedRuns(pieces: readonly Piece[]): readonly Run[] {
  const runs: Run[] = [];
  for (let i = 0; i < pieces.length - 1; i += 1) {
    const count = packedAcross(pieces.slice(i, i + MAX_UNNUMBERED));
    if (count < 2) continue;
    runs.push({ pieces: pieces.slice(i, i + count), cut: false });
    i += count - 1;
  }
  return runs;
}

/** Whether bytes begin like a stream of gzip or zlib. */
export function beginsPacked(bytes: Uint8Array): boolean {
  return (bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8) || (bytes[0] === 0x78 && isZlib(bytes, 0));
}

function packedAcross(pieces: readonly Piece[]): number {
  const [first] = pieces;
  if (first === undefined || !beginsPacked(dataOf(first))) return 0;
  let joined: Uint8Array = dataOf(first);
  let tried = 0;
  for (let count = 1; count <= pieces.length; count += 1) {
    const next = pieces[count];
    tried += joined.length;
    const state = stateOf(joined);
    if (state === 'whole') return count;
    if (state === 'broken' || next === undefined || tried > MAX_TRIED || beginsPacked(dataOf(next))) return 0;
    joined = Buffer.concat([joined, dataOf(next)]);
  }
  return 0;
}

/** Whether a packed stream that begins in the first piece goes on to the end of all of them. */
export function goesOn(first: Uint8Array, joined: Uint8Array): boolean {
  return beginsPacked(first) && stateOf(first) === 'more' && stateOf(joined) !== 'broken';
}

function stateOf(bytes: Uint8Array): 'whole' | 'more' | 'broken' {
  try {
    (bytes[0] === 0x1f ? gunzipSync : inflateSync)(bytes, { maxOutputLength: MAX_INFLATED });
    return 'whole';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'Z_BUF_ERROR' ? 'more' : 'broken';
  }
}
