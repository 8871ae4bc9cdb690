import type { Layer } from './layer.js';
import type { Found, Matcher } from './matcher.js';

/** A word to look for, and what to do where it stands. */
export interface Word {
  readonly text: string;
  meet(layer: Layer, place: { readonly start: number; readonly end: number }, found: Found): void;
}

const CLASS = new Uint8Array(256);
for (let b = 0; b < 256; b += 1) CLASS[b] = /[0-9A-Za-z\x80-\xff]/.test(String.fromCharCode(b)) ? 1 : 0;

interface Table {
  readonly words: ReadonlyMap<string, readonly Word[]>;
  readonly lengths: Uint8Array;
  /** Whether some word begins so: most words of a request are told apart by it. */
  readonly heads: Uint8Array;
}

/** The first four bytes of a word, mixed to 16 bits. */
function headOf(bytes: Uint8Array, at: number): number {
  const four =
    ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  return Math.imul(four, 0x9e3779b1) >>> 16;
}

/** Shortest and longest word that may be looked for, in bytes. */
export const MIN_WORD = 4;
export const MAX_WORD = 10;

/** Finds whole words: runs of letters, digits and bytes beyond ASCII. Null: there are none to look for. */
export function wordMatcher(all: readonly Word[]): Matcher | null {
  const words = new Map<string, Word[]>();
  const lengths = new Uint8Array(MAX_WORD + 1);
  const heads = new Uint8Array(1 << 16);
  for (const word of all) {
    const bytes = Buffer.from(word.text);
    if (bytes.length < MIN_WORD || bytes.length > MAX_WORD) continue;
    lengths[bytes.length] = 1;
    heads[headOf(bytes, 0)] = 1;
    const others = words.get(word.text);
    if (others === undefined) words.set(word.text, [word]);
    else others.push(word);
  }
  if (words.size === 0) return null;
  return { begin: (found) => ({ look: (layer) => look({ words, lengths, heads }, layer, found), end: () => undefined }) };
}

function look({ words, lengths, heads }: Table, layer: Layer, found: Found): void {
  const { bytes } = layer;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const n = bytes.length;
  for (let i = 0; i < n;) {
    if (CLASS[bytes[i] as number] === 0) {
      i += 1;
      continue;
    }
    const start = i;
    while (i < n && CLASS[bytes[i] as number] === 1) i += 1;
    if (i - start > MAX_WORD || lengths[i - start] !== 1 || heads[headOf(bytes, start)] !== 1) continue;
    for (const word of words.get(buffer.toString('utf8', start, i)) ?? []) word.meet(layer, { start, end: i }, found);
  }
}
