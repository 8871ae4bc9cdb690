/** Shortest needle: its four windows of 8 bytes (one for each alignment of the haystack) need 11 bytes. */
export const MIN_NEEDLE = 11;

/** Finds many byte strings at once. Needles can be added at any time. */
export interface Kernel {
  /** Adds a needle of at least MIN_NEEDLE bytes and returns its index. */
  add(needle: Uint8Array): number;
  /** Calls back for each place in `hay[0, length)` where a needle stands whole. */
  scan(hay: Uint8Array, length: number, found: (needle: number, at: number) => void): void;
}

const CANDIDATE_WINDOWS = 8;

function mix(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}

function windowHash(bytes: Uint8Array, at: number): number {
  const word = (i: number): number =>
    (bytes[i] ?? 0) | ((bytes[i + 1] ?? 0) << 8) | ((bytes[i + 2] ?? 0) << 16) | ((bytes[i + 3] ?? 0) << 24);
  return mix(word(at), word(at + 4));
}

/** The bytes on a 4-byte boundary, copied only where they are not. */
export function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
}

interface Tables {
  readonly bloom: Uint32Array;
  readonly needles: Uint8Array[];
  /** Window hash → entries `needle × 4 + residue`. */
  readonly heads: Map<number, number[]>;
  /** Where an entry's window lies in its needle. */
  readonly offsets: number[];
}

/**
 * A kernel over aligned windows: a needle owns, for each residue 0…3, its least popular 8-byte window, and the haystack is read
 * only at multiples of 4. A Bloom filter turns nearly all places away; the rest are compared byte by byte.
 */
export function createKernel(expected: number): Kernel {
  const bits = Math.min(27, Math.max(16, Math.ceil(Math.log2(Math.max(1, expected) * 4 * 16))));
  const tables: Tables = { bloom: new Uint32Array(1 << (bits - 5)), needles: [], heads: new Map(), offsets: [] };
  return {
    add: (needle) => addNeedle(tables, needle),
    scan: (hay, length, found) => scan(tables, aligned(hay).subarray(0, length), found),
  };
}

function addNeedle({ bloom, needles, heads, offsets }: Tables, needle: Uint8Array): number {
  const index = needles.push(needle) - 1;
  for (let residue = 0; residue < 4; residue += 1) {
    let best = residue;
    let bestHash = windowHash(needle, residue);
    let popular = heads.get(bestHash)?.length ?? 0;
    for (let o = residue + 4; popular > 0 && o + 8 <= needle.length && o < residue + 4 * CANDIDATE_WINDOWS; o += 4) {
      const hash = windowHash(needle, o);
      const count = heads.get(hash)?.length ?? 0;
      if (count < popular) [best, bestHash, popular] = [o, hash, count];
    }
    offsets.push(best);
    const head = heads.get(bestHash);
    if (head === undefined) heads.set(bestHash, [index * 4 + residue]);
    else head.push(index * 4 + residue);
    const word = (bestHash >>> 5) & (bloom.length - 1);
    bloom[word] = (bloom[word] ?? 0) | (1 << (bestHash & 31)) | (1 << (bestHash >>> 27));
  }
  return index;
}

function scan(tables: Tables, hay: Uint8Array, found: (needle: number, at: number) => void): void {
  const { bloom, heads } = tables;
  const mask = bloom.length - 1;
  const words = new Uint32Array(hay.buffer, hay.byteOffset, hay.length >> 2);
  const last = words.length - 1;
  for (let w = 0; w < last; w += 1) {
    // The mix of `mix`, written out: this loop reads every byte of a run.
    let h = Math.imul(words[w] as number, 0x9e3779b1) ^ Math.imul(words[w + 1] as number, 0x85ebca6b);
    h ^= h >>> 15;
    h = Math.imul(h, 0x2c1b3c6d);
    h ^= h >>> 13;
    const word = bloom[(h >>> 5) & mask] as number;
    if (((word >>> (h & 31)) & (word >>> (h >>> 27)) & 1) === 0) continue;
    for (const entry of heads.get(h >>> 0) ?? []) {
      const at = startOf(tables, hay, w * 4, entry);
      if (at >= 0) found(entry >> 2, at);
    }
  }
}

/** Where an entry's needle begins when its window stands at `position`; -1 when the needle is not there whole. */
function startOf({ needles, offsets }: Tables, hay: Uint8Array, position: number, entry: number): number {
  const needle = needles[entry >> 2] as Uint8Array;
  const at = position - (offsets[entry] as number);
  if (at < 0 || at + needle.length > hay.length) return -1;
  for (let i = 0; i < needle.length; i += 1) if (hay[at + i] !== needle[i]) return -1;
  return at;
}
