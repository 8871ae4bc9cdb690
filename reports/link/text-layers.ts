import type { Mapped } from './decode.js';
import { decodeGbk } from './gbk.js';

/** Layers of text that are not undone all over a layer but where they are seen to be: soft line breaks and `=XX`, two-byte units, GBK. */
export type TextOp = 'quoted-printable' | 'utf-16le' | 'utf-16be' | 'gbk';

/** A stretch of a layer that is text in another coding. UTF-16 and GBK stretches are whole characters. */
export interface TextRun {
  readonly op: TextOp;
  readonly start: number;
  readonly end: number;
}

/** Whether an operation of a layer is one of these. */
export function isTextOp(op: string): op is TextOp {
  return op === 'quoted-printable' || op === 'utf-16le' || op === 'utf-16be' || op === 'gbk';
}

/** Undoes one such layer over all of `src`. `map`, where given, must hold `3 * src.length + 1` entries and is filled like that of a light layer. */
export function decodeText(op: TextOp, src: Uint8Array, map: Uint32Array | null): Uint8Array {
  if (op === 'gbk') return decodeGbk(src, map);
  return op === 'quoted-printable' ? decodeQuoted(src, map) : decodeUnits(src, op === 'utf-16le' ? 1 : 0, map);
}

/** The same, with its position map. */
export function mapText(op: TextOp, src: Uint8Array): Mapped {
  const map = new Uint32Array(3 * src.length + 1);
  const bytes = decodeText(op, src, map);
  return { bytes, map: map.subarray(0, bytes.length + 1) };
}

const EQUALS = 0x3d;

function nibble(byte: number | undefined): number {
  const b = byte ?? 0;
  if (b >= 0x30 && b <= 0x39) return b - 0x30;
  const low = b | 0x20;
  return low >= 0x61 && low <= 0x66 ? low - 0x57 : 255;
}

/** Length of a soft line break at `i`; 0: none. */
function softBreak(src: Uint8Array, i: number): number {
  if (src[i + 1] === 10) return 2;
  return src[i + 1] === 13 && src[i + 2] === 10 ? 3 : 0;
}

function decodeQuoted(src: Uint8Array, map: Uint32Array | null): Uint8Array {
  const out = new Uint8Array(src.length);
  let n = 0;
  for (let i = 0; i < src.length;) {
    const byte = src[i] as number;
    const soft = byte === EQUALS ? softBreak(src, i) : 0;
    if (soft > 0) {
      i += soft;
      continue;
    }
    const high = byte === EQUALS ? nibble(src[i + 1]) : 255;
    const low = high === 255 ? 255 : nibble(src[i + 2]);
    if (map !== null) map[n] = i;
    out[n] = low === 255 ? byte : (high << 4) | low;
    n += 1;
    i += low === 255 ? 1 : 3;
  }
  if (map !== null) map[n] = src.length;
  return out.subarray(0, n);
}

/** `high`: which byte of a unit is the high one. A lone surrogate becomes its three bytes; half a unit at the end is left out. */
function decodeUnits(src: Uint8Array, high: 0 | 1, map: Uint32Array | null): Uint8Array {
  const end = src.length & ~1;
  const out = new Uint8Array((end >> 1) * 3);
  let n = 0;
  for (let i = 0; i < end;) {
    const began = i;
    let code = unitAt(src, i, high);
    i += 2;
    if (code >= 0xd800 && code < 0xdc00 && i < end) {
      const low = unitAt(src, i, high);
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        i += 2;
      }
    }
    const length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    out[n] = length === 1 ? code : ([0xc0, 0xe0, 0xf0][length - 2] as number) | (code >> (6 * (length - 1)));
    for (let k = 1; k < length; k += 1) out[n + k] = 0x80 | ((code >> (6 * (length - 1 - k))) & 63);
    if (map !== null) map.fill(began, n, n + length);
    n += length;
  }
  if (map !== null) map[n] = src.length;
  return out.subarray(0, n);
}

const unitAt = (src: Uint8Array, i: number, high: 0 | 1): number => ((src[i + high] as number) << 8) | (src[i + 1 - high] as number);

const LINE = 76;
const UTF8_LEAD = Buffer.from('=E');
const SOFT = [Buffer.from('=\r\n'), Buffer.from('=\n')] as const;
const WORDS = [Buffer.from('QUOTED-PRINTABLE'), Buffer.from('quoted-printable'), Buffer.from('Quoted-Printable')] as const;

/**
 * Whether something in the bytes is quoted-printable: a soft line break that is not the padding of base64, or Chinese characters in `=XX`, or the
 * coding's name. A form has `=` and two digits everywhere: that alone is none.
 */
export function hasQuotedPrintable(bytes: Uint8Array): boolean {
  if (bytes.indexOf(EQUALS) < 0) return false;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = buffer.indexOf(UTF8_LEAD); at >= 0; at = buffer.indexOf(UTF8_LEAD, at + 1))
    if (buffer[at + 3] === EQUALS && nibble(buffer[at + 2]) < 16 && nibble(buffer[at + 4]) >= 8 && nibble(buffer[at + 4]) < 12) return true;
  for (const soft of SOFT)
    for (let at = buffer.indexOf(soft); at >= 0; at = buffer.indexOf(soft, at + 1)) if (!isPadding(bytes, at)) return true;
  return WORDS.some((word) => buffer.includes(word));
}

/** Whether the `=` that ends a line is that of base64: nothing else stands in the line, in groups of four. */
function isPadding(bytes: Uint8Array, at: number): boolean {
  let from = at;
  while (from > 0 && at - from < LINE && isCoded(bytes[from - 1] as number)) from -= 1;
  const before = bytes[from - 1] ?? 10;
  return (before === 10 || before === 34) && (at + 1 - from) % 4 === 0;
}

const isCoded = (b: number): boolean =>
  (b >= 0x30 && b <= 0x39) || (b >= 0x41 && b <= 0x5a) || (b >= 0x61 && b <= 0x7a) || b === 0x2b || b === 0x2f || b === EQUALS;
