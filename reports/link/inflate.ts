import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { Decompress } from 'fzstd';

export type PackOp = 'gzip' | 'deflate' | 'brotli' | 'zstd';

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
  const max = Math.min(MAX_INFLATED, Math.max(SMALL, bytes.length * MAX_RATIO));
  try {
    return OPS[op](bytes, max);
  } catch (error) {
    return error instanceof RangeError ? 'limit' : null;
  }
}

const zlib = (max: number): { readonly finishFlush: number; readonly maxOutputLength: number } => ({
  finishFlush: constants.Z_SYNC_FLUSH,
  maxOutputLength: max,
});

const OPS: Readonly<Record<PackOp, (bytes: Uint8Array, max: number) => Uint8Array>> = {
  gzip: gunzip,
  deflate: (bytes, max) => (isZlib(bytes, 0) ? inflateSync(bytes, zlib(max)) : inflateRawSync(bytes, zlib(max))),
  brotli: (bytes, max) => brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength: max }),
  zstd: (bytes, max) => {
    const chunks: Uint8Array[] = [];
    let total = 0;
    const stream = new Decompress((chunk) => {
      total += chunk.length;
      if (total > max) throw new RangeError('too large');
      chunks.push(chunk.slice());
    });
    if (windowOf(bytes) > max) throw new RangeError('too large');
    stream.push(bytes, true);
    return Buffer.concat(chunks);
  },
};

/** Node refuses a member with other bytes behind it (a multipart boundary, say); then the first member is unpacked bare. */
function gunzip(bytes: Uint8Array, max: number): Uint8Array {
  try {
    return gunzipSync(bytes, zlib(max));
  } catch (error) {
    if (error instanceof RangeError) throw error;
    return inflateRawSync(bytes.subarray(gzipHeader(bytes)), zlib(max));
  }
}

/** Length of the member header (RFC 1952, 2.3). */
function gzipHeader(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if ((flags & 4) !== 0) at += 2 + (bytes[at] ?? 0) + ((bytes[at + 1] ?? 0) << 8);
  for (const flag of [8, 16]) if ((flags & flag) !== 0) at = bytes.indexOf(0, at) + 1;
  return (flags & 2) !== 0 ? at + 2 : at;
}

/** The memory that a zstd frame asks for before its first byte (RFC 8878, 3.1.1.1). */
function windowOf(bytes: Uint8Array): number {
  const descriptor = bytes[4] ?? 0;
  if ((descriptor & 0x20) !== 0) {
    const size = [1, 2, 4, 8][descriptor >> 6] ?? 8;
    const at = 5 + ([0, 1, 2, 4][descriptor & 3] ?? 0);
    let total = 0;
    for (let k = size - 1; k >= 0; k -= 1) total = total * 256 + (bytes[at + k] ?? 0);
    return total;
  }
  const window = bytes[5] ?? 0;
  const base = 2 ** (10 + (window >> 3));
  return base + (base / 8) * (window & 7);
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
