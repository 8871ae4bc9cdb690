/** Layers that change single characters and leave the rest as it is. */
export type LightOp = 'percent' | 'json' | 'html';

/** Result of a light layer: what came out, and for each byte of it where its unit began in the source (one more at the end). */
export interface Mapped {
  readonly bytes: Uint8Array;
  readonly map: Uint32Array;
}

const HEX = new Uint8Array(256).fill(255);
for (let i = 0; i < 16; i += 1) {
  HEX['0123456789abcdef'.charCodeAt(i)] = i;
  HEX['0123456789ABCDEF'.charCodeAt(i)] = i;
}
const B64 = new Uint8Array(256).fill(255);
for (let i = 0; i < 64; i += 1) B64['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.charCodeAt(i)] = i;
B64[0x2d] = 62;
B64[0x5f] = 63;

const nibble = (byte: number | undefined): number => HEX[byte ?? 0] as number;

/** One unit of a light layer at `i`: how many source bytes it takes and the code point or byte it stands for; null when there is none. */
type Unit = { readonly length: number; readonly byte: number } | { readonly length: number; readonly code: number };

function percentUnit(src: Uint8Array, i: number): Unit | null {
  const high = nibble(src[i + 1]);
  const low = nibble(src[i + 2]);
  return i + 2 < src.length && high !== 255 && low !== 255 ? { length: 3, byte: (high << 4) | low } : null;
}

const SHORT: Readonly<Record<string, number>> = { '/': 0x2f, '"': 0x22, '\\': 0x5c, n: 10, r: 13, t: 9, b: 8, f: 12 };

function hex4(src: Uint8Array, i: number): number {
  if (i + 4 > src.length) return -1;
  let code = 0;
  for (let k = 0; k < 4; k += 1) {
    const n = nibble(src[i + k]);
    if (n === 255) return -1;
    code = (code << 4) | n;
  }
  return code;
}

function jsonUnit(src: Uint8Array, i: number): Unit | null {
  const next = String.fromCharCode(src[i + 1] ?? 0);
  if (next !== 'u') {
    const byte = SHORT[next];
    return byte === undefined ? null : { length: 2, byte };
  }
  const code = hex4(src, i + 2);
  if (code < 0) return null;
  if (code >= 0xd800 && code < 0xdc00 && src[i + 6] === 0x5c && src[i + 7] === 0x75) {
    const low = hex4(src, i + 8);
    if (low >= 0xdc00 && low < 0xe000) return { length: 12, code: 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00) };
  }
  return { length: 6, code };
}

const ENTITIES: Readonly<Record<string, number>> = { amp: 0x26, lt: 0x3c, gt: 0x3e, quot: 0x22, apos: 0x27 };

function htmlUnit(src: Uint8Array, i: number): Unit | null {
  const end = src.subarray(i, i + 12).indexOf(0x3b);
  if (end < 3) return null;
  const name = Buffer.from(src.subarray(i + 1, i + end)).toString('latin1');
  const number = /^#(?:[xX]([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
  const code = number === null ? ENTITIES[name] : number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16);
  return code === undefined || code > 0x10ffff ? null : { length: end + 1, code };
}

const LIGHT: Readonly<Record<LightOp, { readonly mark: number; readonly unit: (src: Uint8Array, i: number) => Unit | null }>> = {
  percent: { mark: 0x25, unit: percentUnit },
  json: { mark: 0x5c, unit: jsonUnit },
  html: { mark: 0x26, unit: htmlUnit },
};

function writeByte(out: Uint8Array, at: number, byte: number): number {
  out[at] = byte;
  return 1;
}

/** Writes a code point as UTF-8 (a lone surrogate as its three bytes); returns how many bytes. */
function writeCode(out: Uint8Array, at: number, code: number): number {
  if (code < 0x80) return writeByte(out, at, code);
  const length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  out[at] = ([0xc0, 0xe0, 0xf0][length - 2] as number) | (code >> (6 * (length - 1)));
  for (let k = 1; k < length; k += 1) out[at + k] = 0x80 | ((code >> (6 * (length - 1 - k))) & 63);
  return length;
}

/** Undoes one light layer over all of `src`; null when nothing changed. `map`, where given, must hold `src.length + 1` entries and is filled. */
export function decodeLight(op: LightOp, src: Uint8Array, map: Uint32Array | null): Uint8Array | null {
  const { mark, unit } = LIGHT[op];
  let i = src.indexOf(mark);
  if (i < 0) return null;
  const out = new Uint8Array(src.length);
  let n = 0;
  let from = 0;
  let changed = false;
  while (i >= 0) {
    const u = unit(src, i);
    if (u !== null) {
      out.set(src.subarray(from, i), n);
      if (map !== null) for (let k = from; k < i; k += 1) map[n + k - from] = k;
      n += i - from;
      const before = n;
      n += 'byte' in u ? writeByte(out, n, u.byte) : writeCode(out, n, u.code);
      if (map !== null) map.fill(i, before, n);
      from = i + u.length;
      changed = true;
    }
    i = src.indexOf(mark, u === null ? i + 1 : from);
  }
  if (!changed) return null;
  out.set(src.subarray(from), n);
  if (map !== null) for (let k = from; k <= src.length; k += 1) map[n + k - from] = k;
  return out.subarray(0, n + src.length - from);
}

/** Undoes a light layer with its position map. */
export function mapLight(op: LightOp, src: Uint8Array): Mapped {
  const map = new Uint32Array(src.length + 1);
  const bytes = decodeLight(op, src, map);
  if (bytes === null) throw new Error(`no ${op} layer here`);
  return { bytes, map };
}

/** Decodes base64 (both alphabets; other bytes are passed over) of `src[start, end)` into `out`; returns how many bytes. */
export function decodeBase64(src: Uint8Array, start: number, end: number, out: Uint8Array): number {
  let n = 0;
  let held = 0;
  let count = 0;
  for (let i = start; i < end; i += 1) {
    const v = B64[src[i] as number] as number;
    if (v === 255) continue;
    held = (held << 6) | v;
    count += 1;
    if (count === 4) {
      out[n] = (held >> 16) & 255;
      out[n + 1] = (held >> 8) & 255;
      out[n + 2] = held & 255;
      n += 3;
      held = 0;
      count = 0;
    }
  }
  if (count === 3) {
    out[n] = (held >> 10) & 255;
    out[n + 1] = (held >> 2) & 255;
    return n + 2;
  }
  if (count === 2) out[n] = (held >> 4) & 255;
  return count === 2 ? n + 1 : n;
}

/** Whether the byte belongs to either base64 alphabet. */
export function isBase64(byte: number): boolean {
  return B64[byte] !== 255;
}

/** Decodes an even number of hex digits of `src[start, end)` into `out`; returns how many bytes. */
export function decodeHex(src: Uint8Array, start: number, end: number, out: Uint8Array): number {
  const n = (end - start) >> 1;
  for (let k = 0; k < n; k += 1)
    out[k] = ((HEX[src[start + 2 * k] as number] as number) << 4) | (HEX[src[start + 2 * k + 1] as number] as number);
  return n;
}

const SAMPLE = 256;

/** Whether a sample of the bytes reads as text: at least nine in ten are printable ASCII or well-formed UTF-8. */
export function textLike(bytes: Uint8Array, length: number): boolean {
  if (length <= 2 * SAMPLE) return share(bytes, 0, length) >= 0.9;
  const middle = length >> 1;
  return share(bytes, 0, SAMPLE) >= 0.9 || share(bytes, middle, middle + SAMPLE) >= 0.9;
}

function share(bytes: Uint8Array, from: number, to: number): number {
  let good = 0;
  for (let i = from; i < to; i += 1) {
    const b = bytes[i] as number;
    if ((b >= 0x20 && b < 0x7f) || b === 9 || b === 10 || b === 13) good += 1;
    else if (b >= 0xc2 && b < 0xf5) {
      const length = b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
      let ok = i + length <= to;
      for (let k = 1; ok && k < length; k += 1) ok = ((bytes[i + k] as number) & 0xc0) === 0x80;
      if (!ok) continue;
      good += length;
      i += length - 1;
    }
  }
  return to === from ? 0 : good / (to - from);
}
