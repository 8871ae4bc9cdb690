import type { Level } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import { pointOf } from './coordinate-axes.js';
import type { Point } from './datum-shift.js';
import type { Kernel } from './kernel.js';
import type { Matcher } from './matcher.js';
import { eachWord } from './words.js';

const LETTERS = '0123456789bcdefghjkmnpqrstuvwxyz';
const MIN_LENGTH = 5;
const MAX_LENGTH = 12;
const BITS_PER_LETTER = 5;

/** Finds the locations of a run as geohashes that are whole words. Null: the run has none. */
export function geohashes(values: readonly ManifestValue[], kernel: Kernel): Matcher | null {
  const words = new Map<string, ManifestValue[]>();
  for (const value of values) {
    const point = pointOf(value);
    if (point === null) continue;
    const longest = geohash(point, MAX_LENGTH);
    for (let n = MIN_LENGTH; n <= MAX_LENGTH; n += 1) words.set(longest.slice(0, n), [...(words.get(longest.slice(0, n)) ?? []), value]);
  }
  if (words.size === 0) return null;
  for (const word of words.keys()) kernel.addWord(Buffer.from(word));
  return {
    begin: (found) => ({
      look: (layer, glance) =>
        eachWord(layer.bytes, glance, (text, place) => {
          for (const value of words.get(text) ?? [])
            found({ kind: 'matched', value, form: `geohash-${text.length}`, ...weight(value, text.length) }, layer, place);
        }),
      end: () => undefined,
    }),
  };
}

/** A point as a geohash of so many letters (Niemeyer's: halves of longitude and latitude in turn, five bits a letter). */
function geohash({ lat, lon }: Point, length: number): string {
  const low = { lon: -180, lat: -90 };
  const high = { lon: 180, lat: 90 };
  let text = '';
  let letter = 0;
  for (let n = 0; n < length * BITS_PER_LETTER; n += 1) {
    const side = n % 2 === 0 ? 'lon' : 'lat';
    const middle = (low[side] + high[side]) / 2;
    const upper = (side === 'lon' ? lon : lat) >= middle;
    (upper ? low : high)[side] = middle;
    letter = letter * 2 + (upper ? 1 : 0);
    if (n % BITS_PER_LETTER !== BITS_PER_LETTER - 1) continue;
    text += LETTERS[letter];
    letter = 0;
  }
  return text;
}

/** Six letters are a square kilometre, nine five metres; ten tell what five decimals do. */
function weight({ bits }: ManifestValue, letters: number): { readonly bits: number; readonly cap: Level | null } {
  return { bits: Math.min(bits, letters * BITS_PER_LETTER), cap: letters < 7 ? 'C1' : letters < 10 ? 'C2' : null };
}
