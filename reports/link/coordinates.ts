import type { ManifestValue } from '../../harness/model/values.js';
import type { Matcher } from './matcher.js';

/** Latitudes and longitudes of the run, by their first three decimals. */
interface CoordinateIndex {
  readonly lat: ReadonlyMap<string, readonly Axis[]>;
  readonly lon: ReadonlyMap<string, readonly Axis[]>;
}
interface Axis {
  readonly value: ManifestValue;
  readonly text: string;
}

/** A latitude and a longitude of one value, near each other. `decimals` is the coarser of the two. */
interface PairHit {
  readonly value: ManifestValue;
  readonly start: number;
  readonly end: number;
  readonly decimals: number;
}

/** Both numbers stand within so many bytes; a lone number proves nothing (measured: 188 chance hits at 3 decimals in 200 MB, as pairs none). */
const PAIR_WINDOW = 128;
const MIN_DECIMALS = 3;

/** Finds the locations of a run as pairs of decimal numbers. Null: the run has none. */
export function coordinates(values: readonly ManifestValue[]): Matcher | null {
  const index = coordinateIndex(values);
  if (index.lat.size === 0) return null;
  return {
    begin: (found) => ({
      look: (layer) => {
        for (const { value, start, end, decimals } of findPairs(index, layer.bytes)) {
          const cap = decimals <= MIN_DECIMALS ? 'C2' : null;
          found({ kind: 'matched', value, form: `pair-${decimals}`, bits: bitsOf(value, decimals), cap }, layer, { start, end });
        }
      },
      end: () => undefined,
    }),
  };
}

/** Half a turn and a whole one, in steps of the last decimal that agrees. */
function bitsOf(value: ManifestValue, decimals: number): number {
  return Math.min(value.bits, Math.log2(180) + Math.log2(360) + 2 * decimals * Math.log2(10));
}

/** Splits the `lat,lon` of every location value for look-up. */
function coordinateIndex(values: readonly ManifestValue[]): CoordinateIndex {
  const lat = new Map<string, Axis[]>();
  const lon = new Map<string, Axis[]>();
  for (const value of values) {
    if (value.type !== 'location') continue;
    const [a, b] = value.text.split(',');
    if (a === undefined || b === undefined) continue;
    for (const [map, text] of [
      [lat, a],
      [lon, b],
    ] as const)
      for (const key of keys(text)) map.set(key, [...(map.get(key) ?? []), { value, text }]);
  }
  return { lat, lon };
}

/** The number cut and rounded to three decimals: one of them is how every longer spelling begins. */
function keys(text: string): readonly string[] {
  const cut = text.slice(0, text.indexOf('.') + 1 + MIN_DECIMALS);
  return [...new Set([cut, Number(text).toFixed(MIN_DECIMALS)])];
}

/** How many decimals of `found` tell the same number as `text`, cut or rounded; 0 when it is another number. */
function agreeing(found: string, text: string): number {
  const places = found.length - found.indexOf('.') - 1;
  if (text.startsWith(found)) return places;
  if (Number(found) === Number(text) || Number(text).toFixed(Math.min(places, 20)) === found)
    return Math.min(places, text.length - text.indexOf('.') - 1);
  // A float printed as a double: the error of 32 bits at 180 degrees is 4e-6 at most.
  return Math.abs(Number(found) - Number(text)) < 5e-6 ? Math.min(5, places) : 0;
}

/** Finds pairs in one layer. */
function findPairs(index: CoordinateIndex, bytes: Uint8Array): readonly PairHit[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const lats: Near[] = [];
  const best = new Map<ManifestValue, PairHit>();
  const lons: Near[] = [];
  for (let dot = buffer.indexOf(0x2e); dot >= 0; dot = buffer.indexOf(0x2e, dot + 1)) {
    const number = numberAt(buffer, dot);
    if (number === null) continue;
    const key = number.text.slice(0, dot - number.start + 1 + MIN_DECIMALS);
    collect(index.lat.get(key), number, { mine: lats, others: lons, best });
    collect(index.lon.get(key), number, { mine: lons, others: lats, best });
  }
  return [...best.values()];
}

interface Near {
  readonly value: ManifestValue;
  readonly start: number;
  readonly end: number;
  readonly decimals: number;
}

interface Sides {
  readonly mine: Near[];
  readonly others: readonly Near[];
  readonly best: Map<ManifestValue, PairHit>;
}

function collect(axes: readonly Axis[] | undefined, number: Found, { mine, others, best }: Sides): void {
  for (const { value, text } of axes ?? []) {
    const decimals = agreeing(number.text, text);
    if (decimals < MIN_DECIMALS) continue;
    const near: Near = { value, start: number.start, end: number.end, decimals };
    mine.push(near);
    for (let k = others.length - 1; k >= 0; k -= 1) {
      const other = others[k] as Near;
      if (number.start - other.end > PAIR_WINDOW) break;
      if (other.value !== value) continue;
      const both = Math.min(decimals, other.decimals);
      if (both > (best.get(value)?.decimals ?? 0)) best.set(value, { value, start: other.start, end: number.end, decimals: both });
    }
  }
}

interface Found {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** The decimal number around a point; null when it has no integer part, fewer than three decimals, or too many digits. */
function numberAt(buffer: Buffer, dot: number): Found | null {
  let start = dot;
  while (isDigit(buffer[start - 1]) && dot - start < 4) start -= 1;
  if (start === dot || dot - start > 3) return null;
  if (buffer[start - 1] === 0x2d) start -= 1;
  let end = dot + 1;
  while (isDigit(buffer[end]) && end - dot < 20) end += 1;
  if (end - dot - 1 < MIN_DECIMALS || isDigit(buffer[end]) || (buffer[end] === 0x2e && isDigit(buffer[end + 1]))) return null;
  return { text: buffer.toString('latin1', start, end), start, end };
}
