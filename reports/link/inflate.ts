import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { unzstd } from './zstd.js';

export type PackOp = 'gzip' | 'deflate' | 'brotli' | 'zstd';

/** Whether an operation of a layer is a packing. */
export function isPack(op: string): op is PackOp {
  return op === 'gzip' || op === 'deflate' || op === 'brotli' || op === 'zstd';
}

/** Unpacked bytes, `limit` when more would have come than is allowed, or null when the bytes are not of this kind. */
export type Unpacked = Uint8Array | 'limit' | null;

/** Most bytes that one stream may become. */
export const MAX_INFLATED = 32 * 1024 * 1024;
/** Most bytes out for one in, above SMALL. */
const MAX_RATIO = 200;
const SMALL = 1024 * 1024;

/** Undoes one compression; a stream that was cut gives what came before the cut. One with nothing in it gives null: there is nothing to search. */
export function unpack(op: PackOp, bytes: Uint8Array): Unpacked {
  const out = inflated(op, bytes);
  return out instanceof Uint8Array && out.length === 0 ? null : out;
}

/** The same, but nothing packed gives nothing. */
export function inflated(op: PackOp, bytes: Uint8Array): Unpacked {
  return attempt(op, bytes, { most: MAX_INFLATED, whole: false });
}

/** Undoes one compression as far as `most` bytes. */
export function unpackTo(op: PackOp, bytes: Uint8Array, most: number): Unpacked {
  const out = attempt(op, bytes, { most, whole: false });
  return out instanceof Uint8Array && out.length === 0 ? null : out;
}

/** Undoes one compression only if the stream is whole: half of one that nothing announces may be chance. */
export function unpackWhole(op: PackOp, bytes: Uint8Array): Unpacked {
  const out = attempt(op, bytes, { most: MAX_INFLATED, whole: true });
  return out instanceof Uint8Array && out.length === 0 ? null : out;
}

/** Most bytes that may come out of so many. */
export function mostOut(bytes: number): number {
  return Math.min(MAX_INFLATED, Math.max(SMALL, bytes * MAX_RATIO));
}

function attempt(op: PackOp, bytes: Uint8Array, { most, whole }: { readonly most: number; readonly whole: boolean }): Unpacked {
  try {
    return OPS[op](bytes, { max: Math.max(1, Math.min(mostOut(bytes.length), most)), whole });
  } catch (error) {
    return error instanceof RangeError ? 'limit' : null;
  }
}

interface Bound {
  readonly max: number;
  readonly whole: boolean;
}

const zlib = ({ max, whole }: Bound): { readonly finishFlush: number; readonly maxOutputLength: number } => ({
  finishFlush: whole ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
  maxOutputLength: max,
});

const OPS: Readonly<Record<PackOp, (bytes: Uint8Array, bound: Bound) => Uint8Array>> = {
  gzip: gunzip,
  deflate: (bytes, bound) => (isZlib(bytes, 0) ? inflateSync(bytes, zlib(bound)) : inflateRawSync(bytes, zlib(bound))),
  brotli: (bytes, { max, whole }) =>
    brotliDecompressSync(bytes, {
      finishFlush: whole ? constants.BROTLI_OPERATION_FINISH : constants.BROTLI_OPERATION_FLUSH,
      maxOutputLength: max,
    }),
  zstd,
};

interface Inflated {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}
const GZIP_TRAILER = 8;
const lengths = new WeakMap<Uint8Array, number>();

/** How many bytes of a stream gave what was unpacked, where others lie behind it; `all` where none do. */
export function lengthOf(unpacked: Uint8Array, all: number): number {
  return lengths.get(unpacked) ?? all;
}

/** Node refuses a member with other bytes behind it (a multipart boundary, say); then the first member is unpacked bare. */
function gunzip(bytes: Uint8Array, bound: Bound): Uint8Array {
  try {
    return gunzipSync(bytes, zlib(bound));
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const header = gzipHeader(bytes);
    // `info` is known to Node and not to its types.
    const { buffer, engine } = inflateRawSync(bytes.subarray(header), { ...zlib(bound), info: true } as object) as unknown as Inflated;
    lengths.set(buffer, header + engine.bytesWritten + GZIP_TRAILER);
    return buffer;
  }
}

/** Frames with other bytes behind them give their own length. */
function zstd(bytes: Uint8Array, bound: Bound): Uint8Array {
  const { bytes: out, length } = unzstd(bytes, bound);
  if (length < bytes.length) lengths.set(out, length);
  return out;
}

/** Length of the member header (RFC 1952, 2.3). */
function gzipHeader(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + ((bytes[at + 1] ?? 0) << 8);
  for (const flag of [8, 16]) if ((flags & flag) !== 0) at = bytes.indexOf(0, at) + 1;
  return (flags & 2) !== 0 ? at + 2 : at;
}

/** Whether a zlib header stands at `at` (RFC 1950). */
export function isZlib(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at] ?? 0;
  return (first & 0x0f) === 8 && first >> 4 <= 7 && ((first << 8) | (bytes[at + 1] ?? 0)) % 31 === 0 && ((bytes[at + 1] ?? 0) & 0x20) === 0;
}

/** What a Content-Encoding word means; null: nothing to undo or not known. */
export function packOf(word: string): PackOp | null {
  const found = ({ gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', br: 'brotli', zstd: 'zstd' } as Readonly<Record<string, PackOp>>)[
    word.trim().toLowerCase()
  ];
  return found ?? null;
}
