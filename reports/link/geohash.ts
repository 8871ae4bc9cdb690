import type { Level } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import { pointOf } from './coordinate-axes.js';
import type { Point } from './datum-shift.js';
import type { Layer } from './layer.js';
import type { Found, Matcher } from './matcher.js';

const LETTERS = '0123456789bcdefghjkmnpqrstuvwxyz';
const MIN_LENGTH = 5;
const MAX_LENGTH = 12;
const BITS_PER_LETTER = 5;
/** Of the shortest geohash, one pair of letters begins at a place that is looked at. */
const STRIDE = MIN_LENGTH - 1;

/** Finds the locations of a run as geohashes that are whole words. Null: the run has none. */
export function geohashes(values: readonly ManifestValue[]): Matcher | null {
  const words = new Map<string, ManifestValue[]>();
  const pairs = new Uint8Array(65_536);
  for (const value of values) {
    const point = pointOf(value);
    if (point === null) continue;
    const longest = geohash(point, MAX_LENGTH);
    for (let n = MIN_LENGTH; n <= MAX_LENGTH; n += 1) words.set(longest.slice(0, n), [...(words.get(longest.slice(0, n)) ?? []), value]);
    for (let k = 0; k < STRIDE; k += 1) pairs[longest.charCodeAt(k) * 256 + longest.charCodeAt(k + 1)] = 1;
  }
  if (words.size === 0) return null;
  return { begin: (found) => ({ look: (layer) => look({ words, pairs }, layer, found), end: () => undefined }) };
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

interface Tables {
  readonly words: ReadonlyMap<string, readonly ManifestValue[]>;
  /** Pairs of letters near the beginning of any of the words, by their two bytes. */
  readonly pairs: Uint8Array;
}

const WORD = new Uint8Array(256).fill(1, 0x30, 0x3a).fill(1, 0x41, 0x5b).fill(1, 0x61, 0x7b).fill(1, 0x80);

function look({ words, pairs }: Tables, layer: Layer, found: Found): void {
  const { bytes } = layer;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i + 1 < bytes.length; i += STRIDE) {
    if (pairs[(bytes[i] as number) * 256 + (bytes[i + 1] as number)] === 0) continue;
    let start = i;
    while (i - start <= MAX_LENGTH && WORD[bytes[start - 1] ?? 0] === 1) start -= 1;
    let end = i + 2;
    while (end - start <= MAX_LENGTH && WORD[bytes[end] ?? 0] === 1) end += 1;
    if (end - start > MAX_LENGTH || end - start < MIN_LENGTH) continue;
    for (const value of words.get(buffer.toString('latin1', start, end)) ?? [])
      found({ kind: 'matched', value, form: `geohash-${end - start}`, ...weight(value, end - start) }, layer, { start, end });
    i += Math.max(0, end - i - STRIDE);
  }
}

/** Six letters are a square kilometre, nine five metres; ten tell what five decimals do. */
function weight({ bits }: ManifestValue, letters: number): { readonly bits: number; readonly cap: Level | null } {
  return { bits: Math.min(bits, letters * BITS_PER_LETTER), cap: letters < 7 ? 'C1' : letters < 10 ? 'C2' : null };
}
