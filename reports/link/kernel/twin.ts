// The kernel in plain TypeScript: what the WebAssembly is held against in tests. Nothing else uses it. Its probes: twin-probes.ts.
import { decodeBase64, decodeHex, decodeLight, textLike } from '../decode.js';
import { findRuns } from '../runs.js';
import { MARK, MIN_NEEDLE, type Address, type Kernel, type Pairs, type Survey } from './kernel.js';
import { glanceOf, type Sought } from './twin-glance.js';
import { probesOf, type Basis } from './twin-probes.js';

/** Least address: bytes before the first layer can be read. */
const BASE = 1024;
const CANDIDATE_WINDOWS = 8;

interface Entry {
  readonly needle: number;
  /** Where its window lies in the needle. */
  readonly offset: number;
}

interface Tables {
  readonly needles: Uint8Array[];
  /** Entries by their window's 8 bytes as latin1. */
  readonly entries: Map<string, Entry[]>;
}

const latin1 = (bytes: Uint8Array, start: number, end: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1', start, end);

/** A needle owns, for each residue 0…3, its least popular 8-byte window. */
function addNeedle({ needles, entries }: Tables, needle: Uint8Array): number {
  if (needle.length < MIN_NEEDLE) throw new Error(`a needle has at least ${MIN_NEEDLE} bytes`);
  const index = needles.push(needle.slice()) - 1;
  for (let residue = 0; residue < 4; residue += 1) {
    const windows: { readonly offset: number; readonly key: string; readonly popular: number }[] = [];
    for (let o = residue; o + 8 <= needle.length && o < residue + 4 * CANDIDATE_WINDOWS; o += 4) {
      const key = latin1(needle, o, o + 8);
      windows.push({ offset: o, key, popular: entries.get(key)?.length ?? 0 });
    }
    const best = windows.reduce((a, b) => (b.popular < a.popular ? b : a));
    const entry = { needle: index, offset: best.offset };
    const others = entries.get(best.key);
    if (others === undefined) entries.set(best.key, [entry]);
    else others.push(entry);
  }
  return index;
}

/** Flat pairs of needle and place. */
function findAll({ needles, entries }: Tables, hay: Uint8Array): readonly number[] {
  const out: number[] = [];
  for (let p = 0; p + 8 <= hay.length; p += 4) {
    for (const { needle, offset } of entries.get(latin1(hay, p, p + 8)) ?? []) {
      const bytes = needles[needle] as Uint8Array;
      const at = p - offset;
      if (at >= 0 && at + bytes.length <= hay.length && bytes.every((byte, i) => hay[at + i] === byte)) out.push(needle, at);
    }
  }
  return out;
}

/** Bytes that grow, with a top. */
interface Store {
  bytes: Uint8Array;
  top: Address;
}

function grow(store: Store, size: number): Address {
  const at = store.top;
  store.top = (at + size + 79) & -16;
  if (store.top + 64 > store.bytes.length) {
    const larger = new Uint8Array(2 * (store.top + 64));
    larger.set(store.bytes);
    store.bytes = larger;
  }
  return at;
}

function put(store: Store, bytes: Uint8Array): Address {
  const at = grow(store, bytes.length);
  store.bytes.set(bytes, at);
  return at;
}

const putPairs = (store: Store, pairs: readonly number[]): Pairs => ({
  at: put(store, new Uint8Array(Int32Array.from(pairs).buffer)),
  length: pairs.length / 2,
});

function surveyOf(store: Store, bytes: Uint8Array): Survey {
  const { base64, hex, tokens, numbers } = findRuns(bytes);
  const text = latin1(bytes, 0, bytes.length);
  const has = (char: string, mark: number): number => (text.includes(char) ? mark : 0);
  return {
    base64: putPairs(store, base64),
    hex: putPairs(store, hex),
    tokens,
    numbers,
    marks: has('%', MARK.percent) | has('\\', MARK.backslash) | has('&', MARK.ampersand) | has('=', MARK.equals) | has('*', MARK.asterisk),
  };
}

function hashOf(bytes: Uint8Array): number {
  let a = bytes.length;
  let b = 0;
  for (const byte of bytes) {
    a = Math.imul(a ^ byte, 0x85ebca6b);
    a ^= a >>> 13;
    b = (Math.imul(b, 31) + a) | 0;
  }
  return (a >>> 0) * 0x200000 + (b >>> 11);
}

/** A kernel without WebAssembly. */
export function createTwin(): Kernel {
  const basis = createBasis();
  return { ...basis, ...probesOf(basis) };
}

function createBasis(): Basis {
  const tables: Tables = { needles: [], entries: new Map() };
  const store: Store = { bytes: new Uint8Array(2 * BASE), top: BASE };
  const middles = new Set<string>();
  const sought: Sought = { words: new Set(), digits: new Set(), places: null, pairs: new Uint8Array(65_536) };
  const view = (at: Address, length: number): Uint8Array => store.bytes.subarray(at, at + length);
  /** Decodes by a function that writes into a buffer large enough. */
  const decoded = (length: number, write: (out: Uint8Array) => number): number => {
    const out = new Uint8Array(length + 3);
    const n = write(out);
    put(store, out.subarray(0, n));
    return n;
  };
  const scan: Kernel['scan'] = (hay, length, found) => {
    const hits = findAll(tables, hay.subarray(0, length));
    for (let k = 0; k < hits.length; k += 2) found(hits[k] as number, hits[k + 1] as number);
  };
  return {
    add: (needle) => addNeedle(tables, needle),
    addWord: (word) => void sought.words.add(latin1(word, 0, word.length)),
    addDigits: (digits) => void sought.digits.add(latin1(digits, 0, digits.length)),
    setPairs: (table) => void (sought.pairs = table.slice()),
    setPlaces: (bits) => void (sought.places = bits.slice()),
    isPair: (two) => sought.pairs[two] !== 0,
    addMiddle: (bytes) => void middles.add(latin1(bytes, 0, bytes.length)),
    isMiddle: (at, length) => middles.has(latin1(view(at, length), 0, length)),
    scan,
    mark: () => store.top,
    release: (mark) => void (store.top = mark),
    put: (bytes) => put(store, bytes),
    view,
    byteAt: (at) => store.bytes[at] as number,
    wordAt: (at) => new DataView(store.bytes.buffer).getInt32(at, true),
    scanAt: (at, length, found) => scan(view(at, length), length, found),
    has: (at, length) => findAll(tables, view(at, length)).length > 0,
    survey: (at, length) => surveyOf(store, view(at, length).slice()),
    glance: (at, length) => glanceOf(sought, view(at, length).slice()),
    textLike: (at, length) => textLike(view(at, length), length),
    hash: (at, length) => hashOf(view(at, length)),
    base64: (at, length) => decoded(length, (out) => decodeBase64(view(at, length), 0, length, out)),
    hex: (at, length) => decoded(length, (out) => decodeHex(view(at, length), 0, length, out)),
    light: (op, at, length) => {
      const out = decodeLight(op, view(at, length), null);
      return out === null ? null : decoded(out.length, (into) => (into.set(out), out.length));
    },
  };
}
