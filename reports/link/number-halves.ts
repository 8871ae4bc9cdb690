import type { CanaryType, ManifestValue } from '../../harness/model/values.js';
import { isCommon } from './common-values.js';
import type { Kernel } from './kernel.js';
import type { Range } from './layer.js';
import { PHONE_LIKE } from './spelling.js';

/** One half of a value, and what the other is. */
export interface Half {
  readonly value: ManifestValue;
  readonly other: string;
  /** Whether this half comes first. */
  readonly first: boolean;
}

/** The longer half of every cut of every value, by its text. */
export type Halves = ReadonlyMap<string, readonly Half[]>;

/** Types whose values are long enough that two halves of one are told from two numbers. */
const CUT: ReadonlySet<CanaryType> = new Set([...PHONE_LIKE, 'id_card', 'bank_card']);
const VALUE = /^\d{11,19}[Xx]?$/;
/** Shortest half; shortest where the other does not tell the value by itself. */
const MIN_PIECE = 3;
export const MIN_BESIDE = 4;
/** From so many digits on a half tells a value by itself. */
export const TELLING = 7;
/** A longer half has at least so many characters. */
const MIN_SOUGHT = 6;

/** Cuts the phone, ID and card numbers among these values, and makes the kernel look for their halves. Null: there are none. */
export function halvesOf(values: readonly ManifestValue[], kernel: Kernel): Halves | null {
  const byText = new Map<string, Half[]>();
  for (const value of values) {
    const { text, type } = value;
    if (!CUT.has(type) || !VALUE.test(text) || isCommon(text)) continue;
    for (let cut = MIN_PIECE; cut <= text.length - MIN_PIECE; cut += 1) {
      const first = cut * 2 >= text.length;
      const [longer, other] = first ? [text.slice(0, cut), text.slice(cut)] : [text.slice(cut), text.slice(0, cut)];
      if (longer.length < MIN_SOUGHT || (longer.length < TELLING && other.length < MIN_BESIDE)) continue;
      const half = { value, other, first };
      const others = byText.get(longer);
      if (others !== undefined) others.push(half);
      else {
        byText.set(longer, [half]);
        kernel.addDigits(Buffer.from(longer));
      }
    }
  }
  return byText.size === 0 ? null : byText;
}

/** Calls back for every run of digits (with the X of an ID number) that is a longer half. */
export function eachHalf(
  halves: Halves,
  { bytes, digits }: { readonly bytes: Uint8Array; readonly digits: Int32Array },
  see: (text: string, halves: readonly Half[], range: Range) => void,
): void {
  for (let k = 0; k < digits.length; k += 2) {
    const start = digits[k] as number;
    const end = digits[k + 1] as number;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
    const known = halves.get(text);
    if (known !== undefined) see(text, known, { start, end });
  }
}
