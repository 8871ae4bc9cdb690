import type { Range } from './layer.js';
import type { Spelling } from './spelling.js';

type Bytes = (i: number) => number;

/**
 * Whether a spelling stands alone where its boundary asks for that. A number: no digit, and no decimal point with a digit behind it, on
 * either side; inside a longer number (a time stamp, an order number) it is chance. An e-mail address or the name of an app: nothing that
 * makes it another's.
 */
export function standsAlone({ boundary, form }: Pick<Spelling, 'boundary' | 'form'>, bytes: Uint8Array, range: Range): boolean {
  if (boundary === 'none') return true;
  const { start, end } = range;
  const at: Bytes = (i) => bytes[i] ?? 0;
  // Read the other way round, its digits are those of a text one byte off: a digit beside it in either reading makes it a longer number.
  if (form === 'utf-16le') return !(at(start - 1) === 0 && isDigit(at(start - 2))) && !isDigit(at(end));
  if (form === 'utf-16be') return !isDigit(at(start - 1)) && !(at(end) === 0 && isDigit(at(end + 1)));
  if (boundary === 'hex') return !isHex(at(start - 1)) && !isHex(at(end));
  if (boundary === 'mail') return !isMail(at(start - 1)) && !goesOn(at, end, isWordOrDash);
  if (boundary === 'package') return !isNamed(at(start - 1)) && !goesOn(at, end, isWord);
  return numberAlone(at, range) || isWholeField(at, range);
}

/** A length-delimited field of protobuf (wire type 2) that the number fills: the next field's tag may look like a digit. */
function isWholeField(at: Bytes, { start, end }: Range): boolean {
  return at(start - 1) === end - start && (at(start - 2) & 7) === 2 && !isDigit(at(start - 1)) && isFieldTag(at(end));
}

const isFieldTag = (b: number): boolean => b >= 8 && (b & 7) <= 5 && (b & 7) !== 3 && (b & 7) !== 4;

function numberAlone(at: Bytes, { start, end }: Range): boolean {
  if (isDigit(at(start - 1)) || isDigit(at(end))) return false;
  if (fullWidth(at, start - 3) || fullWidth(at, end)) return false;
  if (isEscapedDigit(at, end)) return false;
  return !(at(start - 1) === 0x2e && isDigit(at(start - 2))) && !(at(end) === 0x2e && isDigit(at(end + 1)));
}

/** A digit written as an escape (`%38`, `\u0038`, `&#56;`, `&#x38;`) goes on with the number as well as a plain one. */
function isEscapedDigit(at: Bytes, i: number): boolean {
  const text = String.fromCharCode(...Array.from({ length: 6 }, (_, k) => at(i + k)));
  return /^(?:%3[0-9]|\\u003[0-9]|&#(?:[xX]3[0-9]|4[89]|5[0-7]);?)/.test(text);
}

const isDigit = (b: number): boolean => b >= 0x30 && b <= 0x39;
const isHex = (b: number): boolean => isDigit(b) || (b >= 0x41 && b <= 0x46) || (b >= 0x61 && b <= 0x66);
const isWord = (b: number): boolean => isDigit(b) || (b >= 0x41 && b <= 0x5a) || (b >= 0x61 && b <= 0x7a) || b === 0x5f;
const isNamed = (b: number): boolean => isWord(b) || b === 0x2e;
const isWordOrDash = (b: number): boolean => isWord(b) || b === 0x2d;
/** What may stand in front of the last character before the `@`: letters, digits and `. _ + - %`. */
const isMail = (b: number): boolean => isNamed(b) || b === 0x2b || b === 0x2d || b === 0x25;

/** Whether a name goes on at `i`: with a character of it, or with a point and one. A point at the end of a sentence is none of it. */
function goesOn(at: Bytes, i: number, belongs: (b: number) => boolean): boolean {
  return belongs(at(i)) || (at(i) === 0x2e && belongs(at(i + 1)));
}

function fullWidth(at: Bytes, i: number): boolean {
  return at(i) === 0xef && at(i + 1) === 0xbc && at(i + 2) >= 0x90 && at(i + 2) <= 0x99;
}
