import { eachAxis, mayBeNear, type Axes, type Reading } from './coordinate-axes.js';
import type { Sight } from './coordinate-text.js';

/** The first two bytes of a number, most significant first, say which kinds of numbers may begin or end there. */
type FrontTable = Uint8Array;

const F64BE = 1;
const F64LE = 2;
const F32BE = 4;
const F32LE = 8;
const I32BE = 16;
const I32LE = 32;
const VARINT = 64;
const MAX_VARINT = 5;
/** How far a number may be from an axis, in degrees: a coarser one is found only where it is a rounded double. */
const FINE = 1.3e-5;
const ROUNDED = 1.1e-3;

/** Which pairs of bytes can be part of a number near an axis: one look-up for each byte of a layer. */
export function frontsOf({ degrees }: Axes): FrontTable {
  const table = new Uint8Array(65_536);
  const view = new DataView(new ArrayBuffer(8));
  const mark = (flags: readonly [number, number]): void => {
    const [first, second] = [view.getUint8(0), view.getUint8(1)];
    table[first * 256 + second] = (table[first * 256 + second] ?? 0) | flags[0];
    table[second * 256 + first] = (table[second * 256 + first] ?? 0) | flags[1];
  };
  for (const axis of degrees)
    for (const side of [-1, 0, 1]) {
      view.setFloat64(0, axis + side * ROUNDED);
      mark([F64BE, F64LE]);
      view.setFloat32(0, axis + side * FINE);
      mark([F32BE, F32LE]);
      for (const scale of [1e6, 1e7]) {
        const whole = Math.round((axis + side * FINE) * scale);
        view.setInt32(0, whole);
        mark([I32BE, I32LE]);
        for (const written of whole < 0 ? [-2 * whole - 1] : [whole, 2 * whole]) markVarint(table, written);
      }
    }
  return table;
}

function markVarint(table: FrontTable, written: number): void {
  let before = 0;
  let left = written;
  for (; left >= 128; left = Math.floor(left / 128)) before = (left % 128) | 128;
  table[before * 256 + left] = (table[before * 256 + left] ?? 0) | VARINT;
}

/** Finds axes written as numbers of a program: floats of both widths, whole numbers of 1e-6 and 1e-7 degrees, protobuf integers. */
export function seeNumbers(
  sight: Sight,
  fronts: FrontTable,
  { bytes, packed }: { readonly bytes: Uint8Array; readonly packed: Int32Array },
): void {
  if (packed.length === 0) return;
  const reader: Reader = { sight, bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
  for (const i of packed) {
    const flags = fronts[(bytes[i - 1] as number) * 256 + (bytes[i] as number)] as number;
    if ((flags & (F64BE | F32BE | I32BE)) !== 0) seeFixed(reader, flags, { at: i - 1, little: false });
    if ((flags & (F64LE | F32LE | I32LE)) !== 0) seeFixed(reader, flags >> 1, { at: i, little: true });
    if ((flags & VARINT) !== 0) seeVarint(reader, i);
  }
}

interface Reader {
  readonly sight: Sight;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Reads the numbers whose most significant byte is at `at`. Names and places are made only for what is near: most of it is chance. */
function seeFixed(reader: Reader, flags: number, { at, little }: { readonly at: number; readonly little: boolean }): void {
  const { view, sight } = reader;
  const wide = little ? at - 7 : at;
  if ((flags & F64BE) !== 0 && wide >= 0 && wide + 8 <= view.byteLength) {
    const degrees = view.getFloat64(wide, little);
    if (mayBeNear(sight.axes, Math.abs(degrees)))
      seeDouble(reader, degrees, { form: little ? 'f64le' : 'f64be', start: wide, end: wide + 8 });
  }
  const start = little ? at - 3 : at;
  if (start < 0 || start + 4 > view.byteLength) return;
  if ((flags & F32BE) !== 0) {
    const degrees = view.getFloat32(start, little);
    if (mayBeNear(sight.axes, Math.abs(degrees)))
      report(reader, { degrees, places: 7, form: little ? 'f32le' : 'f32be', start, end: start + 4 });
  }
  if ((flags & I32BE) === 0) return;
  const whole = view.getInt32(start, little);
  if (wholeMayBeNear(sight, whole)) seeWhole(reader, whole, { form: little ? 'i32le' : 'i32be', start, end: start + 4 });
}

/** A double may have been rounded to three or four decimals before it was sent: then that is all that it tells. */
function seeDouble(reader: Reader, degrees: number, place: Place): void {
  report(reader, { ...place, degrees, places: 7 });
  for (const places of [4, 3]) {
    const scaled = degrees * 10 ** places;
    if (Math.abs(scaled - Math.round(scaled)) < 1e-8) report(reader, { ...place, degrees, places });
  }
}

function seeVarint(reader: Reader, last: number): void {
  const { bytes, sight } = reader;
  let start = last;
  let written = bytes[last] as number;
  while (start > 0 && (bytes[start - 1] as number) >= 128) {
    start -= 1;
    if (last - start >= MAX_VARINT) return;
    written = written * 128 + ((bytes[start] as number) & 127);
  }
  if (wholeMayBeNear(sight, written)) seeWhole(reader, written, { form: 'varint', start, end: last + 1 });
  const unfolded = written % 2 === 0 ? written / 2 : -(written + 1) / 2;
  if (wholeMayBeNear(sight, unfolded)) seeWhole(reader, unfolded, { form: 'zigzag', start, end: last + 1 });
}

interface Place {
  readonly form: string;
  readonly start: number;
  readonly end: number;
}

function wholeMayBeNear({ axes }: Sight, whole: number): boolean {
  const size = Math.abs(whole);
  return mayBeNear(axes, size / 1e6) || mayBeNear(axes, size / 1e7);
}

function seeWhole(reader: Reader, whole: number, { form, start, end }: Place): void {
  report(reader, { form: `${form}-e6`, start, end, degrees: whole / 1e6, places: 6 });
  report(reader, { form: `${form}-e7`, start, end, degrees: whole / 1e7, places: 7 });
}

function report({ sight }: Reader, { degrees, places, form, start, end }: Reading & Place): void {
  eachAxis(sight.axes, { degrees, places }, (axis, agreement) => sight.see({ axis, ...agreement, form, start, end, before: 0 }));
}
