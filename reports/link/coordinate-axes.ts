import type { ManifestValue } from '../../harness/model/values.js';
import { toBd09, toGcj02, type Datum, type Point } from './datum-shift.js';
import { PLACE_BYTES } from './kernel/kernel.js';

/** A latitude or longitude of a run, in one datum. */
export interface Axis {
  readonly value: ManifestValue;
  readonly datum: Datum;
  readonly side: keyof Point;
  readonly degrees: number;
}

/** All of them, for look-up by number. */
export interface Axes {
  readonly sorted: readonly Axis[];
  readonly degrees: Float64Array;
  /** For each hundredth of a degree, without sign, whether any is near. */
  readonly coarse: Uint8Array;
  /** The same as bits, for the kernel. */
  readonly places: Uint8Array;
}

/** Fewest decimals to which a number must agree: with two, chance meets any point. */
export const MIN_DECIMALS = 3;
const MANIFEST_DECIMALS = 7;
/** A number that tells more decimals than these must agree to these: a float of 32 bits does (7.6e-6 at 180 degrees). */
const FINE_DECIMALS = 5;
/** By how much a shift may have been computed otherwise than ours. */
const SHIFT_SLACK = 2e-6;
/** No axis is nearer to a number than this without being it. */
const REACH = 1.1e-3;
const HUNDREDTHS = 18_002;

/** The point of a location value; null: it is another value, or not written as one. */
export function pointOf({ type, text }: ManifestValue): Point | null {
  const [, lat, lon] = type === 'location' ? (/^(-?\d{1,3}\.\d+),(-?\d{1,3}\.\d+)$/.exec(text) ?? []) : [];
  return lat === undefined || lon === undefined ? null : { lat: Number(lat), lon: Number(lon) };
}

/** The axes of all locations, in WGS-84, GCJ-02 and BD-09. Null: there are none. */
export function axesOf(values: readonly ManifestValue[]): Axes | null {
  const found = values.flatMap((value) => {
    const point = pointOf(value);
    return point === null ? [] : imagesOf(point).flatMap(([datum, image]) => bothSides(value, datum, image));
  });
  if (found.length === 0) return null;
  const sorted = found.toSorted((a, b) => a.degrees - b.degrees);
  const coarse = new Uint8Array(HUNDREDTHS);
  for (const { degrees } of sorted) for (const near of [-REACH, 0, REACH]) coarse[Math.floor(Math.abs(degrees + near) * 100)] = 1;
  const places = new Uint8Array(PLACE_BYTES);
  for (const [i, near] of coarse.entries()) if (near === 1) places[i >> 3] = (places[i >> 3] ?? 0) | (1 << (i & 7));
  return { sorted, degrees: Float64Array.from(sorted, ({ degrees }) => degrees), coarse, places };
}

function imagesOf(point: Point): readonly (readonly [Datum, Point])[] {
  const gcj = toGcj02(point);
  const shifted = gcj === point ? [] : [['-gcj02', gcj] as const];
  return [['', point], ...shifted, ['-bd09', toBd09(gcj)]];
}

function bothSides(value: ManifestValue, datum: Datum, { lat, lon }: Point): readonly Axis[] {
  return [
    { value, datum, side: 'lat', degrees: lat },
    { value, datum, side: 'lon', degrees: lon },
  ];
}

/** Whether a number of degrees, without sign, may be near some axis. Cheap. */
export function mayBeNear({ coarse }: Axes, degrees: number): boolean {
  return degrees < 180.01 && coarse[(degrees * 100) | 0] === 1;
}

/** A number read as degrees. `places`: the decimals that it tells. */
export interface Reading {
  readonly degrees: number;
  readonly places: number;
}

/** How well a number tells an axis. */
export interface Agreement {
  /** To how many decimals it agrees. */
  readonly decimals: number;
  /** It tells more decimals than agree, and is no float of the axis: computed in another way perhaps, or the house next door. */
  readonly loose: boolean;
}

/** Calls back for every axis that the number tells. */
export function eachAxis(axes: Axes, { degrees, places }: Reading, see: (axis: Axis, agreement: Agreement) => void): void {
  const list = axes.degrees;
  let low = 0;
  for (let high = list.length; low < high;) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) < degrees - REACH) low = middle + 1;
    else high = middle;
  }
  for (; low < list.length && (list[low] as number) <= degrees + REACH; low += 1) {
    const axis = axes.sorted[low] as Axis;
    const agreement = agreementOf(axis, degrees, places);
    if (agreement !== null) see(axis, agreement);
  }
}

/** Whether a number, cut, rounded or as a float of 32 bits, tells the axis. Null: it is another number. */
function agreementOf({ datum, degrees }: Axis, found: number, places: number): Agreement | null {
  const off = Math.abs(found - degrees);
  const told = Math.min(places, MANIFEST_DECIMALS);
  const slack = datum === '' ? 0 : SHIFT_SLACK;
  if (told <= FINE_DECIMALS) {
    // Cut, a number is nearer to nought, by less than its last decimal; farther it is only where it was rounded.
    const farther = Math.abs(found) > Math.abs(degrees);
    return off < (farther ? 10 ** -told / 2 + 1e-9 : stepOf(told)) + slack ? { decimals: told, loose: false } : null;
  }
  let decimals = told;
  while (decimals > FINE_DECIMALS && off >= stepOf(decimals)) decimals -= 1;
  if (off >= stepOf(decimals) + slack) return null;
  const exact = decimals === told || off < slack || Math.abs(found - Math.fround(degrees)) < 6e-7 + slack;
  return { decimals, loose: !exact };
}

/** What a number that agrees to so many decimals may be off by; a manifest tells seven. */
const stepOf = (decimals: number): number => 10 ** -decimals - 5e-8;
