import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { inflated, isZlib, MAX_INFLATED, packOf, unpack, type PackOp } from '../../link/inflate.js';

/** What came out of a packed body; `isWhole` is false where the packed stream broke off or was spoilt on the way. */
export interface UnpackedBody {
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
}

/** Why a body stays packed. `limit`: more would come out than is allowed. */
export type StaysPacked = 'limit' | 'damaged' | 'unknown-coding';

const LIMIT = { maxOutputLength: MAX_INFLATED };
const WHOLE: Readonly<Record<PackOp, (bytes: Uint8Array) => Uint8Array | null>> = {
  gzip: (bytes) => gunzipSync(bytes, LIMIT),
  deflate: (bytes) => (isZlib(bytes, 0) ? inflateSync(bytes, LIMIT) : inflateRawSync(bytes, LIMIT)),
  brotli: (bytes) => brotliDecompressSync(bytes, LIMIT),
  zstd: (bytes) => {
    const out = inflated('zstd', bytes);
    if (out === 'limit') throw new RangeError('too large');
    return out;
  },
};

/** Undoes one word of Content-Encoding: all of it, or what can be had of it. */
export function unpackBody(coding: string, bytes: Uint8Array): UnpackedBody | StaysPacked {
  const op = packOf(coding);
  if (op === null) return 'unknown-coding';
  try {
    const whole = WHOLE[op](bytes);
    if (whole !== null) return { bytes: whole, isWhole: true };
  } catch {
    // Too large, broken off or spoilt: the slower look below tells.
  }
  const part = unpack(op, bytes);
  if (part === 'limit') return part;
  return part === null ? 'damaged' : { bytes: part, isWhole: false };
}
