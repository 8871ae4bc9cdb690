import type { Glance, Kernel } from './kernel.js';
import type { Layer, Range } from './layer.js';
import type { Found, Matcher } from './matcher.js';

/** A word to look for, and what to do where it stands. */
export interface Word {
  readonly text: string;
  meet(layer: Layer, place: Range, found: Found): void;
}

/** Shortest and longest word that may be looked for, in bytes. */
export const MIN_WORD = 4;
const MAX_WORD = 10;

/** Finds whole words: runs of letters, digits and bytes beyond ASCII. Null: there are none to look for. */
export function wordMatcher(all: readonly Word[], kernel: Kernel): Matcher | null {
  const words = new Map<string, Word[]>();
  for (const word of all) {
    const bytes = Buffer.from(word.text);
    if (bytes.length < MIN_WORD || bytes.length > MAX_WORD) continue;
    kernel.addWord(bytes);
    const others = words.get(word.text);
    if (others === undefined) words.set(word.text, [word]);
    else others.push(word);
  }
  if (words.size === 0) return null;
  return {
    begin: (found) => ({
      look: (layer, glance) =>
        eachWord(layer.bytes, glance, (text, place) => {
          for (const word of words.get(text) ?? []) word.meet(layer, place, found);
        }),
      end: () => undefined,
    }),
  };
}

/** Calls back for each word that the kernel may have been taught. */
export function eachWord({ buffer, byteOffset, length }: Uint8Array, { words }: Glance, see: (text: string, place: Range) => void): void {
  if (words.length === 0) return;
  const bytes = Buffer.from(buffer, byteOffset, length);
  for (let k = 0; k < words.length; k += 2) {
    const start = words[k] as number;
    const end = words[k + 1] as number;
    see(bytes.toString('utf8', start, end), { start, end });
  }
}
