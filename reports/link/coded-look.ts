import { isEveryday, readsAsGbk } from './gbk-text.js';

/** Where a run of coded characters begins and ends. */
export type CodedRun = readonly [start: number, end: number];

/** So many characters of UTF-16 with a zero byte each, one behind the other, are none of chance. */
const HEX_ZEROS = 6;
const DIGIT_ZERO = 0x30;
/** Decoded bytes that are looked at. */
const SAMPLE = 64;
const LONG = 24;
const SHORT = 8;

/** Whether a run of hex digits comes to UTF-16 or GBK, at either phase. */
export function hexIsForeign(bytes: Uint8Array, [start, end]: CodedRun): boolean {
  return hexIsWide(bytes, start, end) || [0, 1].some((phase) => isGbk(sampleOf(bytes, start + phase, end)));
}

/** Digits `00` at every second byte. */
function hexIsWide(bytes: Uint8Array, start: number, end: number): boolean {
  const zero = (i: number): boolean => bytes[i] === DIGIT_ZERO && bytes[i + 1] === DIGIT_ZERO;
  for (let i = start; i + 4 * HEX_ZEROS - 2 <= end; i += 4) {
    // Whatever the phase, one of four places begins a zero byte.
    if (bytes[i] !== DIGIT_ZERO && bytes[i + 1] !== DIGIT_ZERO && bytes[i + 3] !== DIGIT_ZERO) continue;
    for (let from = i; from < i + 4; from += 1) {
      let n = 0;
      while (from + 4 * n + 2 <= end && zero(from + 4 * n)) n += 1;
      if (n >= HEX_ZEROS && !zero(from + 2)) return true;
    }
  }
  return false;
}

/** A zero byte at every second place makes `A` at two of eight characters of base64, three apart. */
export function base64IsWide(bytes: Uint8Array, [start, end]: CodedRun): boolean {
  for (let i = start; i + 12 <= end; i += 1)
    if (bytes[i] === 0x41 && bytes[i + 3] === 0x41 && bytes[i + 8] === 0x41 && bytes[i + 11] === 0x41 && !allOne(bytes, i)) return true;
  return false;
}

/** How base64 of gzip, zlib and zstd begins. */
const PACKED = ['H4sI', 'eJ', 'eNo', 'eAE', 'KLUv'].map((head) => [...head].map((char) => char.charCodeAt(0)));
const SLASH = 0x2f;
const MAX_PATH = 4096;

/** Where base64 of something packed begins behind a slash of the run: a path before it reads as base64 too. */
export function packedBehindSlash(bytes: Uint8Array, [start, end]: CodedRun): readonly CodedRun[] {
  const out: CodedRun[] = [];
  if (end - start > MAX_PATH) return out;
  for (let i = start + 1; i < end; i += 1)
    if (bytes[i - 1] === SLASH && PACKED.some((head) => head.every((char, k) => bytes[i + k] === char))) out.push([i, end]);
  return out;
}

const allOne = (bytes: Uint8Array, i: number): boolean => bytes[i + 1] === 0x41 && bytes[i + 2] === 0x41 && bytes[i + 4] === 0x41;

/** Whether decoded bytes begin or go on as UTF-16 or GBK. */
export function isForeign(bytes: Uint8Array): boolean {
  const middle = bytes.length >> 1;
  return isGbk(bytes.subarray(0, SAMPLE)) || [0, middle].some((from) => isWide(bytes.subarray(from, from + SAMPLE)));
}

function isWide(bytes: Uint8Array): boolean {
  let zeros = 0;
  for (let i = 0; i < bytes.length && zeros < HEX_ZEROS; i += 1) {
    if (bytes[i] !== 0) continue;
    zeros = i >= 2 && bytes[i - 2] === 0 && bytes[i - 1] !== 0 ? zeros + 1 : 1;
  }
  return zeros >= HEX_ZEROS;
}

/** Text of GBK with some characters beyond ASCII. Of a few bytes all have to be of the everyday set. */
function isGbk(bytes: Uint8Array): boolean {
  if (bytes.length < SHORT || !bytes.some((b) => b >= 0x80)) return false;
  if (bytes.length >= LONG) return readsAsGbk(bytes);
  for (let i = 0; i < bytes.length; i += 1) {
    const first = bytes[i] as number;
    if (first >= 0x80) i += 1;
    if (first < 0x20 || (first >= 0x7f && !isEveryday(first, bytes[i] ?? 0))) return false;
  }
  return true;
}

function sampleOf(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const n = Math.min(SAMPLE, (end - start) >> 1);
  const out = new Uint8Array(n);
  for (let k = 0; k < n; k += 1) out[k] = (nibble(bytes[start + 2 * k] as number) << 4) | nibble(bytes[start + 2 * k + 1] as number);
  return out;
}

const nibble = (b: number): number => (b < 0x3a ? b - 0x30 : (b | 0x20) - 0x57);
