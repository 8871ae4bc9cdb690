import type { CanaryType, ManifestValue } from '../../harness/model/values.js';
import type { Range } from './layer.js';
import { isCommon } from './common-values.js';
import { PHONE_LIKE } from './spelling.js';

/** One half of a value, and what the other is. */
export interface Half {
  readonly value: ManifestValue;
  readonly other: string;
  /** Whether this half comes first. */
  readonly first: boolean;
}

/** The longer half of every cut of every value, by its text. */
export interface Halves {
  readonly byText: ReadonlyMap<string, readonly Half[]>;
  /** By the first three digits and the last three, whether any half has them. */
  readonly ends: Uint8Array;
}

/** Types whose values are long enough that two halves of one are told from two numbers. */
const CUT: ReadonlySet<CanaryType> = new Set([...PHONE_LIKE, 'id_card', 'bank_card']);
const VALUE = /^\d{11,19}[Xx]?$/;
/** Shortest half; shortest where the other does not tell the value by itself. */
const MIN_PIECE = 3;
export const MIN_BESIDE = 4;
/** From so many digits on a half tells a value by itself. */
export const TELLING = 7;
/** A longer half has at least so many characters, and at most. */
const MIN_SOUGHT = 6;
const MAX_SOUGHT = 16;

/** Cuts the phone, ID and card numbers among these values. Null: there are none. */
export function halvesOf(values: readonly ManifestValue[]): Halves | null {
  const byText = new Map<string, Half[]>();
  const ends = new Uint8Array(1_000_000);
  for (const value of values) {
    const { text, type } = value;
    if (!CUT.has(type) || !VALUE.test(text) || isCommon(text)) continue;
    for (let cut = MIN_PIECE; cut <= text.length - MIN_PIECE; cut += 1) {
      const first = cut * 2 >= text.length;
      const [longer, other] = first ? [text.slice(0, cut), text.slice(cut)] : [text.slice(cut), text.slice(0, cut)];
      if (longer.length < MIN_SOUGHT || (longer.length < TELLING && other.length < MIN_BESIDE)) continue;
      byText.set(longer, [...(byText.get(longer) ?? []), { value, other, first }]);
      ends[endsOf(Buffer.from(longer), { start: 0, end: longer.length })] = 1;
    }
  }
  return byText.size === 0 ? null : { byText, ends };
}

function endsOf(bytes: Uint8Array, { start, end }: Range): number {
  let key = 0;
  for (const at of [start, start + 1, start + 2, end - 3, end - 2, end - 1]) key = key * 10 + (((bytes[at] as number) & 15) % 10);
  return key;
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
const isX = (byte: number | undefined): boolean => byte !== undefined && (byte | 0x20) === 0x78;

/** Calls back for every run of digits (with the X of an ID number) that is a longer half. */
export function eachHalf(
  { byText, ends }: Halves,
  bytes: Uint8Array,
  see: (text: string, halves: readonly Half[], range: Range) => void,
): void {
  for (let i = MIN_SOUGHT - 1; i < bytes.length; i += MIN_SOUGHT) {
    const x = isX(bytes[i]);
    if (!x && !isDigit(bytes[i])) continue;
    let start = i;
    while (isDigit(bytes[start - 1])) start -= 1;
    let end = i;
    while (isDigit(bytes[end])) end += 1;
    if (isX(bytes[end])) end += 1;
    i = Math.max(i, end - 1);
    if (end - start < MIN_SOUGHT || end - start > MAX_SOUGHT || ends[endsOf(bytes, { start, end })] === 0) continue;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
    const halves = byText.get(text);
    if (halves !== undefined) see(text, halves, { start, end });
  }
}
