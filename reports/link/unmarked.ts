import { isForeign } from './coded-look.js';
import { textLike } from './decode.js';
import { isEveryday } from './gbk-text.js';
import { unpackWhole, type PackOp } from './inflate.js';

/** A stream that no magic announces, opened. */
interface Unmarked {
  readonly op: Extract<PackOp, 'brotli' | 'deflate'>;
  readonly bytes: Uint8Array;
}

const MIN_BYTES = 16;
/** What text becomes by packing, at the least and at the most. */
const LEAST_RATIO = 0.8;
const MOST_RATIO = 64;
/** So few bytes of brotli become at most so many times as many. */
const SMALL = 64;
const SMALL_RATIO = 16;

/** Opens bytes that are one whole stream of brotli or bare deflate and come to text; null: they are not. Cheap for bytes that begin like neither. */
export function openUnmarked(bytes: Uint8Array): Unmarked | null {
  if (bytes.length < MIN_BYTES) return null;
  for (const [op, begins] of [
    ['deflate', beginsDeflate],
    ['brotli', beginsBrotli],
  ] as const) {
    if (!begins(bytes)) continue;
    const out = unpackWhole(op, bytes);
    if (out instanceof Uint8Array && (textLike(out, out.length) || isForeign(out))) return { op, bytes: out };
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

const FIRST_SYMBOLS = 24;
const END = 256;
/** Bytes that may stand behind a stream: a line end. */
const MOST_BEHIND = 3;

/**
 * Fixed codes (RFC 1951, 3.2.6) that give text: its first symbols are read, for what is no stream goes wrong in them, and the library is slow to
 * say so. Behind a copy it is not known where a character stands.
 */
function fixedText(bytes: Uint8Array): boolean {
  const bits = { bytes, at: 3 };
  const last: number[] = [];
  let copied = false;
  let produced = 0;
  for (let k = 0; k < FIRST_SYMBOLS; k += 1) {
    const symbol = fixedSymbol(bits);
    // A last block ends with the stream.
    if (symbol === END && bitsOf(bytes, 0, 1) === 1 && bits.at >> 3 < bytes.length - MOST_BEHIND) return false;
    if (symbol === END) return produced > 0 && isTextBegun(last);
    if (symbol > END) {
      const length = copiedLength(bits, symbol);
      if (length === 0 || copiedFrom(bits) > produced) return false;
      produced += length;
      copied = true;
      continue;
    }
    produced += 1;
    if (!copied) last.push(symbol);
  }
  return isTextBegun(last);
}

interface Bits {
  readonly bytes: Uint8Array;
  at: number;
}

function take(bits: Bits, count: number): number {
  const value = bitsOf(bits.bytes, bits.at, count);
  bits.at += count;
  return value;
}

/** Bits of a code, the first being the highest. */
function code(bits: Bits, count: number): number {
  let value = 0;
  for (let k = 0; k < count; k += 1) value = (value << 1) | take(bits, 1);
  return value;
}

function fixedSymbol(bits: Bits): number {
  const seven = code(bits, 7);
  if (seven < 0x18) return END + seven;
  const eight = (seven << 1) | take(bits, 1);
  if (eight < 0xc0) return eight - 0x30;
  if (eight < 0xc8) return 280 + eight - 0xc0;
  return ((eight << 1) | take(bits, 1)) - 0x190 + 144;
}

/** How many bytes a copy is; 0: no such code. */
function copiedLength(bits: Bits, symbol: number): number {
  if (symbol > 285) return 0;
  if (symbol === 285) return 258;
  const extra = symbol < 265 ? 0 : (symbol - 261) >> 2;
  const base = symbol < 265 ? symbol - 254 : ((4 + ((symbol - 265) & 3)) << extra) + 3;
  return base + take(bits, extra);
}

/** How far back; infinite: no such code. */
function copiedFrom(bits: Bits): number {
  const symbol = code(bits, 5);
  if (symbol > 29) return Infinity;
  const extra = symbol < 4 ? 0 : (symbol >> 1) - 1;
  const base = symbol < 4 ? symbol + 1 : ((2 + (symbol & 1)) << extra) + 1;
  return base + take(bits, extra);
}

/** Whether bytes begin text in UTF-8, UTF-16 or GBK. */
function isTextBegun(bytes: readonly number[]): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = bytes;
  if (bytes.length > 3 && ((first === 0 && third === 0) || (second === 0 && fourth === 0))) return first + second > 0 && third + fourth > 0;
  let following = 0;
  for (const byte of bytes) {
    if (following > 0 ? byte >> 6 !== 2 : !beginsCharacter(byte)) return isGbkFrom(bytes);
    following = following > 0 ? following - 1 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : 0;
  }
  return true;
}

function isGbkFrom(bytes: readonly number[]): boolean {
  for (let k = 0; k < bytes.length; k += 1) {
    const byte = bytes[k] as number;
    if (byte < 0x80 && !beginsCharacter(byte)) return false;
    if (byte >= 0x80 && k + 1 < bytes.length && !isEveryday(byte, bytes[(k += 1)] as number)) return false;
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
  if (length < LEAST_RATIO * bytes.length || length > MOST_RATIO * bytes.length) return false;
  if (bytes.length >= SMALL) return true;
  // Few bytes: an uncompressed block, or one with one block type each of literals, commands and distances.
  at += 2 + nibbles * 4;
  if (!last && bitsOf(bytes, at, 1) === 1) return length <= bytes.length;
  return length <= SMALL_RATIO * bytes.length && bitsOf(bytes, last ? at : at + 1, 3) === 0;
}
