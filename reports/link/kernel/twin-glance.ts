// The glance of the twin: what `glance.wat` is to do, read plainly.
import { TWO, type Glance } from './kernel.js';

/** What glances look for. `places`: bits as in `setPlaces`; null: no degrees are looked for. */
export interface Sought {
  readonly words: Set<string>;
  readonly digits: Set<string>;
  places: Uint8Array | null;
  pairs: Uint8Array;
}

/** What of the bytes the matchers have to look at. */
export function glanceOf({ words, digits, places, pairs }: Sought, bytes: Uint8Array): Glance {
  const text = Buffer.from(bytes).toString('latin1');
  const spans = (pattern: RegExp, sought: ReadonlySet<string>): Int32Array =>
    Int32Array.from([...text.matchAll(pattern)].filter(([found]) => sought.has(found)).flatMap((m) => [m.index, m.index + m[0].length]));
  const twos = [/[*#]{2}/, /[xX]{2}/, /[\xe2\xef]..[\xe2\xef]/s].reduce(
    (sum, mark, i) => sum + (mark.test(text) ? ([TWO.asterisk, TWO.letter, TWO.wide][i] ?? 0) : 0),
    0,
  );
  const near = (hundredths: number): boolean =>
    places !== null && hundredths < 18_002 && (((places[hundredths >> 3] ?? 0) >> (hundredths & 7)) & 1) === 1;
  return {
    words: spans(/(?<![0-9A-Za-z\x80-\xff])[0-9A-Za-z\x80-\xff]{4,12}(?![0-9A-Za-z\x80-\xff])/g, words),
    digits: spans(/(?<![0-9])[0-9]+(?![0-9])[xX]?/g, digits),
    degrees: places === null ? new Int32Array(0) : degreesOf(text, near),
    packed: places === null || !bytes.some(isControl) ? new Int32Array(0) : packedOf(bytes, { near, pairs }),
    twos,
  };
}

const isControl = (byte: number): boolean => byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13;

type Near = (hundredths: number) => boolean;

function degreesOf(text: string, near: Near): Int32Array {
  const runs = [...text.matchAll(/[0-9.]+/g)]
    .map((m) => ({ index: m.index, run: m[0].replace(/\.+$/, '') }))
    .filter(({ run }) => run.length >= 5);
  return Int32Array.from(runs.flatMap(({ index, run }, before) => (mayBeDegrees(run, near) ? [index, before] : [])));
}

function mayBeDegrees(run: string, near: Near): boolean {
  if (/^[0-9]{6,10}$/.test(run)) return [1e3, 1e4, 1e5].some((scale) => near(Math.floor(Number(run) / scale)));
  const [, whole, two] = /^([0-9]{1,3})\.([0-9]{2})./.exec(run) ?? [];
  return whole !== undefined && near(Number(whole) * 100 + Number(two));
}

function packedOf(bytes: Uint8Array, { near, pairs }: { readonly near: Near; readonly pairs: Uint8Array }): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const degrees = (number: number): boolean => near(Math.trunc(Math.abs(number) * 100));
  const whole = (number: number): boolean => [1e4, 1e5].some((scale) => near(Math.trunc(Math.abs(number) / scale)));
  const fits = (at: number, size: number, test: () => boolean): boolean => at >= 0 && at + size <= bytes.length && test();
  const places: number[] = [];
  for (let i = 1; i < bytes.length; i += 1) {
    const flags = pairs[(bytes[i - 1] as number) * 256 + (bytes[i] as number)] ?? 0;
    const is = (flag: number): boolean => (flags & flag) !== 0;
    const found =
      (is(1) && fits(i - 1, 8, () => degrees(view.getFloat64(i - 1)))) ||
      (is(2) && fits(i - 7, 8, () => degrees(view.getFloat64(i - 7, true)))) ||
      (is(4) && fits(i - 1, 4, () => degrees(view.getFloat32(i - 1)))) ||
      (is(8) && fits(i - 3, 4, () => degrees(view.getFloat32(i - 3, true)))) ||
      (is(16) && fits(i - 1, 4, () => whole(view.getInt32(i - 1)))) ||
      (is(32) && fits(i - 3, 4, () => whole(view.getInt32(i - 3, true)))) ||
      (is(64) && varints(bytes, i).some(whole));
    if (found) places.push(i);
  }
  return Int32Array.from(places);
}

/** The varint that ends at `last`, and half of it rounded up, as zigzag; none that has more than five bytes. */
function varints(bytes: Uint8Array, last: number): readonly number[] {
  let start = last;
  let written = bytes[last] as number;
  while (start > 0 && (bytes[start - 1] as number) >= 128) {
    start -= 1;
    if (last - start >= 5) return [];
    written = written * 128 + ((bytes[start] as number) & 127);
  }
  return [written, Math.ceil(written / 2)];
}
