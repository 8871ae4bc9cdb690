import { textLike } from './decode.js';
import { unpackWhole, type PackOp } from './inflate.js';

/** A stream that no magic announces, opened. */
export interface Unmarked {
  readonly op: Extract<PackOp, 'brotli' | 'deflate'>;
  readonly bytes: Uint8Array;
}

const MIN_BYTES = 16;
/** What text becomes by packing, at the least and at the most. */
const LEAST_RATIO = 0.8;
const MOST_RATIO = 64;

/** Opens bytes that are one whole stream of brotli or bare deflate and come to text; null: they are not. Cheap for bytes that begin like neither. */
export function openUnmarked(bytes: Uint8Array): Unmarked | null {
  if (bytes.length < MIN_BYTES) return null;
  for (const [op, begins] of [
    ['deflate', beginsDeflate],
    ['brotli', beginsBrotli],
  ] as const) {
    if (!begins(bytes)) continue;
    const out = unpackWhole(op, bytes);
    if (out instanceof Uint8Array && textLike(out, out.length)) return { op, bytes: out };
  }
  return null;
}

function bitsOf(bytes: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let k = 0; k < count; k += 1) value |= (((bytes[(from + k) >> 3] ?? 0) >> ((from + k) & 7)) & 1) << k;
  return value;
}

/** RFC 1951: a stored block whose lengths agree, fixed codes that begin with text, or code lengths that make a whole code. */
function beginsDeflate(bytes: Uint8Array): boolean {
  const type = bitsOf(bytes, 1, 2);
  if (type === 0) return (((bytes[1] ?? 0) ^ (bytes[3] ?? 0)) & ((bytes[2] ?? 0) ^ (bytes[4] ?? 0))) === 255;
  if (type === 1) return fixedText(bytes);
  if (type === 3 || bitsOf(bytes, 3, 5) > 29 || bitsOf(bytes, 8, 5) > 29) return false;
  let whole = 0;
  for (let k = 0; k < bitsOf(bytes, 13, 4) + 4; k += 1) {
    const length = bitsOf(bytes, 17 + 3 * k, 3);
    if (length > 0) whole += 128 >> length;
  }
  return whole === 128;
}

const FIRST_LITERALS = 3;

/** Literals of fixed codes have eight bits below 144 and nine above, the first bit of a code being its highest (RFC 1951, 3.2.6). */
function fixedText(bytes: Uint8Array): boolean {
  let at = 3;
  let following = 0;
  for (let k = 0; k < FIRST_LITERALS; k += 1) {
    let code = 0;
    for (let bit = 0; bit < 8; bit += 1) code = (code << 1) | bitsOf(bytes, at + bit, 1);
    // A copy of what came before, which only the first symbol cannot be.
    if (code < 0x30) return k > 0;
    if (code >= 0xc0 && code < 0xc8) return k > 0;
    const literal = code < 0xc0 ? code - 0x30 : ((code << 1) | bitsOf(bytes, at + 8, 1)) - 0x100;
    at += code < 0xc0 ? 8 : 9;
    if (following > 0 ? literal >> 6 !== 2 : !beginsCharacter(literal)) return false;
    following = following > 0 ? following - 1 : literal >= 0xe0 ? 2 : literal >= 0xc2 ? 1 : 0;
  }
  return true;
}

/** ASCII, or the first byte of a character of Chinese text in UTF-8. */
const beginsCharacter = (b: number): boolean =>
  (b >= 0x20 && b < 0x7f) || b === 9 || b === 10 || b === 13 || b === 0xc2 || (b >= 0xe2 && b <= 0xe9) || b === 0xef;

/** RFC 7932, 9.1 and 9.2: a window, then a block that says how long it is, which must go with how long the stream is. */
function beginsBrotli(bytes: Uint8Array): boolean {
  let at = 1;
  if (bitsOf(bytes, 0, 1) === 1) {
    at = bitsOf(bytes, 1, 3) === 0 ? 7 : 4;
    if (at === 7 && bitsOf(bytes, 4, 3) === 1) return false;
  }
  const last = bitsOf(bytes, at, 1) === 1;
  at += 1;
  if (last && bitsOf(bytes, at++, 1) === 1) return false;
  const nibbles = bitsOf(bytes, at, 2) + 4;
  if (nibbles === 7) return false;
  const length = bitsOf(bytes, at + 2, nibbles * 4) + 1;
  return length >= LEAST_RATIO * bytes.length && length <= MOST_RATIO * bytes.length;
}
