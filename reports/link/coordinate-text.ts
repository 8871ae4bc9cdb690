import { eachAxis, mayBeNear, MIN_DECIMALS, type Agreement, type Axes, type Axis, type Reading } from './coordinate-axes.js';
import type { Range } from './layer.js';

/** An axis met at a place. `form`: how the number is written, as in a certificate's form; '' is decimal text. */
export interface AxisHit extends Agreement {
  readonly axis: Axis;
  readonly form: string;
  readonly start: number;
  readonly end: number;
  /** How many numbers of the layer came before it. */
  readonly before: number;
}
export type SeeAxis = (hit: AxisHit) => void;

const DIGIT = 1;
const POINT = 2;
const CLASS = new Uint8Array(256).fill(DIGIT, 0x30, 0x3a).fill(POINT, 0x2e, 0x2f);
const MINUS = 0x2d;
const MIN_INTEGER = 6;
const MAX_INTEGER = 10;
/** Decimals beyond these are not read. */
const MAX_PLACES = 11;
const POWERS = Array.from({ length: MAX_PLACES + 1 }, (_, n) => 10 ** n);

/** What is looked for, and who is told. */
export interface Sight {
  readonly axes: Axes;
  readonly see: SeeAxis;
}

/** Finds axes written as decimals, and as whole numbers of 1e-5, 1e-6 and 1e-7 degrees. `degrees` as in a glance of the kernel. */
export function seeText(sight: Sight, { bytes, degrees }: { readonly bytes: Uint8Array; readonly degrees: Int32Array }): void {
  for (let k = 0; k < degrees.length; k += 2) {
    const start = degrees[k] as number;
    let end = start + 1;
    while (end < bytes.length && CLASS[bytes[end] as number] !== 0) end += 1;
    while (bytes[end - 1] === 0x2e) end -= 1;
    seeNumber(sight, bytes, { start, end, before: degrees[k + 1] as number });
  }
}

/** Reads one run of digits and points. Several points are an address or a version, many digits before the point no degrees. */
function seeNumber(sight: Sight, bytes: Uint8Array, { start, end, before }: Place): void {
  let whole = 0;
  let at = start;
  for (; at < end && bytes[at] !== 0x2e; at += 1) whole = whole * 10 + ((bytes[at] as number) - 0x30);
  const digits = at - start;
  if (at === end) {
    if (digits < MIN_INTEGER || digits > MAX_INTEGER) return;
    for (const { places, form, scale } of INTEGERS)
      if (mayBeNear(sight.axes, whole / scale)) report(sight, bytes, { degrees: whole / scale, places, form, start, end, before });
    return;
  }
  const places = end - at - 1;
  if (digits === 0 || digits > 3 || places < MIN_DECIMALS) return;
  const read = Math.min(places, MAX_PLACES);
  let scaled = whole;
  for (let k = 1; k <= read; k += 1) {
    const byte = bytes[at + k] as number;
    if (byte === 0x2e) return;
    scaled = scaled * 10 + (byte - 0x30);
  }
  const degrees = scaled / (POWERS[read] as number);
  if (!mayBeNear(sight.axes, degrees)) return;
  for (let k = at + read + 1; k < end; k += 1) if (bytes[k] === 0x2e) return;
  report(sight, bytes, { degrees, places, form: '', start, end, before });
}

const INTEGERS = [
  { places: 5, form: 'e5', scale: 1e5 },
  { places: 6, form: 'e6', scale: 1e6 },
  { places: 7, form: 'e7', scale: 1e7 },
] as const;

interface Place extends Range {
  readonly before: number;
}
interface Token extends Reading, Place {
  readonly form: string;
}

function report({ axes, see }: Sight, bytes: Uint8Array, { degrees, places, form, start, end, before }: Token): void {
  if (hasExponent(bytes, end)) return;
  const negative = bytes[start - 1] === MINUS;
  const from = negative ? start - 1 : start;
  eachAxis(axes, { degrees: negative ? -degrees : degrees, places }, (axis, agreement) =>
    see({ axis, ...agreement, form, start: from, end, before }),
  );
}

/** Whether a power of ten follows: then the digits are not degrees. */
function hasExponent(bytes: Uint8Array, end: number): boolean {
  if (((bytes[end] ?? 0) | 0x20) !== 0x65) return false;
  const next = bytes[end + 1] ?? 0;
  return next === MINUS || next === 0x2b || CLASS[next] === DIGIT;
}
