import type { LightOp } from '../decode.js';

/** Shortest needle: its four windows of 8 bytes (one for each alignment of the haystack) need 11 bytes. */
export const MIN_NEEDLE = 11;

/** Where something lies in the arena, in bytes from its beginning. */
export type Address = number;

/** What is called for each place where a needle stands whole. */
export type Found = (needle: number, at: number) => void;

/** Pairs of numbers `start, end` in the arena: `wordAt(at + 8 * i)` and four bytes on. */
export interface Pairs {
  readonly at: Address;
  readonly length: number;
}

/** What bytes are made of. Places are offsets in them; the lists live until the arena is released below them. */
export interface Survey {
  /** Runs of base64 characters, over line ends too. */
  readonly base64: Pairs;
  readonly hex: Pairs;
  /** Words of 8 or more characters of base64, and numbers of 8 or more digits. */
  readonly tokens: number;
  readonly numbers: number;
  /** Sum of MARK values: which of those characters stand in the bytes. */
  readonly marks: number;
}

/** Places, as offsets in bytes, that matchers have to look at. Only until the next call of the kernel. */
export interface Glance {
  /** Pairs `start, end` of whole words that `addWord` may have been given; some were not. */
  readonly words: Int32Array;
  /** Pairs of runs of digits that `addDigits` may have been given; some were not. */
  readonly digits: Int32Array;
  /** Pairs of where a run of digits and points begins that may be degrees near a place of `setPlaces`, and how many such runs came before it. */
  readonly degrees: Int32Array;
  /** Places of the second of two bytes of `setPairs` where a number near such a place may stand; none where the bytes may be text. */
  readonly packed: Int32Array;
  /** Sum of TWO values: which of those stand in the bytes twice in a row, or may. */
  readonly twos: number;
}

/** Marks of a mask: `*` or `#`; `x` or `X`; the characters that begin with E2 or EF. */
export const TWO = { asterisk: 1, letter: 2, wide: 4 } as const;

/** Hundredths of a degree from nought to 180.01, a bit for each. */
export const PLACE_BYTES = 2251;

/** Characters whose absence spares a search for what begins with them. */
export const MARK = { percent: 1, backslash: 2, ampersand: 4, equals: 8, asterisk: 16 } as const;

/** What coded runs came to that were passed over. */
export interface Passed {
  readonly bytes: number;
  /** Bytes decoded for them, as the budget counts. */
  readonly decoded: number;
}

/**
 * Finds many byte strings at once; they can be added at any time. Layers lie in its arena, a stack of bytes: what was decoded lies on top,
 * is scanned where it lies, and goes when the arena is released to a mark from before. Nothing in it survives that.
 */
export interface Kernel {
  /** Adds a needle of at least MIN_NEEDLE bytes and returns its index. */
  add(needle: Uint8Array): number;
  /** Calls back for each place in `hay[0, length)` where a needle stands whole; needles may be added and other bytes scanned meanwhile. */
  scan(hay: Uint8Array, length: number, found: Found): void;
  /** Makes a word of 4 to 12 bytes (letters, digits, bytes beyond ASCII) one that glances look for. */
  addWord(word: Uint8Array): void;
  /** Makes a run of 6 to 16 digits one that glances look for; the last may be an X. */
  addDigits(digits: Uint8Array): void;
  /** Takes the hundredths of a degree, without sign, near which numbers are of interest: bit k of byte n is number 8n + k. */
  setPlaces(bits: Uint8Array): void;
  /** Takes the pairs of bytes, by their number `first * 256 + second`, that numbers of interest begin or end with; 0: not this one. */
  setPairs(pairs: Uint8Array): void;
  /** Makes 8 bytes known to `isMiddle` and `nextHex`. */
  addMiddle(bytes: Uint8Array): void;
  /** Whether `addMiddle` may have been given these bytes. */
  isMiddle(at: Address, length: number): boolean;

  /** The top of the arena: the address that the next decoded bytes get. */
  mark(): Address;
  release(mark: Address): void;
  /** Copies bytes onto the arena. */
  put(bytes: Uint8Array): Address;
  /** The bytes themselves, not a copy: only until the next call. */
  view(at: Address, length: number): Uint8Array;
  byteAt(at: Address): number;
  /** The 32-bit number at a multiple of 4. */
  wordAt(at: Address): number;

  scanAt(at: Address, length: number, found: Found): void;
  /** Whether a needle stands in the bytes. */
  has(at: Address, length: number): boolean;
  survey(at: Address, length: number): Survey;
  /** Leaves its lists on top of the arena. */
  glance(at: Address, length: number): Glance;
  textLike(at: Address, length: number): boolean;
  /** 53 bits that tell contents apart. */
  hash(at: Address, length: number): number;

  /** Decodes onto the top of the arena; each returns how many bytes came out. */
  base64(at: Address, length: number): number;
  hex(at: Address, length: number): number;
  /** Undoes one light layer; null when nothing changed (then nothing lies on top). */
  light(op: LightOp, at: Address, length: number): number | null;

  /** Offset of the first head of a gzip, zstd or zlib stream; -1 when there is none. */
  magic(at: Address, length: number): number;
  /** Whether the bytes begin as such a stream. */
  packed(at: Address, length: number): boolean;
  /**
   * Whether there may be anything in a few bytes that are no text: a needle, a stream, an escape, four characters of base64 in a row, two
   * marks of a mask, two numbers that begin with one of `pairs`, or UTF-16. Of many bytes it is true nearly always.
   */
  holds(at: Address, length: number): boolean;
  /**
   * The first of the surveyed runs of base64, from the k-th on, that at some alignment comes to text, to a stream or to a needle, or is
   * longer than 4096 bytes, or is so long that it is believed whatever it looks like and holds anything; how many there are when none does.
   * Runs of 32 or more hex digits are passed over.
   */
  nextBase64(from: Address, survey: Survey, k: number): number;
  /** The same for runs of hex. One of 16 digits whose bytes may be known stops it too. */
  nextHex(from: Address, survey: Survey, k: number): number;
  /** What the last call of `nextBase64` or `nextHex` passed over. */
  passed(): Passed;
}
