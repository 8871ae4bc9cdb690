import type { Level } from '../../harness/model/finding.js';
import type { CanaryType, ManifestValue } from '../../harness/model/values.js';
import { isCommon } from './common-values.js';
import { textLike } from './decode.js';
import { TWO } from './kernel/kernel.js';
import type { Layer } from './layer.js';
import { classOf } from './level.js';
import { fitsOf, maskIndex, type MaskIndex } from './mask-index.js';
import type { Found, Matcher } from './matcher.js';
import { PHONE_LIKE } from './spelling.js';

const MASKED: ReadonlySet<CanaryType> = new Set<CanaryType>([
  ...PHONE_LIKE,
  'imei',
  'imsi',
  'iccid',
  'id_card',
  'bank_card',
  'email',
  'name',
  'contact_name',
]);

/** What hides a character. Letters stand in every text: they are looked for in small layers alone. */
const MARKS: readonly { readonly bytes: Buffer; readonly two: Buffer; readonly sort: number }[] = ['*', '•', '＊', '#', 'x', 'X'].map(
  (mark) => ({
    bytes: Buffer.from(mark),
    two: Buffer.from(mark + mark),
    sort: /x/i.test(mark) ? TWO.letter : mark > '\x7f' ? TWO.wide : TWO.asterisk,
  }),
);
const MOST_BYTES_FOR_LETTERS = 256 * 1024;
/** Runs of marks that are looked at in one flow: a hostile body is made of nothing else. */
const MOST_RUNS = 20_000;

/** From so many visible characters a mask tells one value of a run from all others of its class. */
const TELLING = 5;
/** Where more values than these fit, the mask says nothing. */
const MOST_FITS = 4;
const LEAST_VISIBLE_DIGITS = 4;
/** A name of which one character stands is met in random bytes: text must stand around it, so many bytes on both sides. */
const AROUND = 12;

/** Finds values of which the middle is hidden (`140****6951`). Null: the run has none that are written so. */
export function masked(values: readonly ManifestValue[]): Matcher | null {
  const mine = values.filter(({ type, text }) => MASKED.has(type) && !isCommon(text));
  if (mine.length === 0) return null;
  const isPlacebo = ({ origin }: ManifestValue): boolean => origin === 'placebo';
  // Among the run's own values it is counted how many fit; a placebo is not one of them.
  const indexes = [mine.filter((v) => !isPlacebo(v)), mine.filter(isPlacebo)].map((list) => maskIndex(list, classOf));
  return {
    begin: (found) => {
      const budget = { runs: MOST_RUNS };
      return { look: (layer, { twos }) => look({ indexes, budget, found }, layer, twos), end: () => undefined };
    },
  };
}

interface Search {
  readonly indexes: readonly MaskIndex[];
  readonly budget: { runs: number };
  readonly found: Found;
}

function look(search: Search, layer: Layer, twos: number): void {
  const { bytes } = layer;
  if (twos === 0 || (twos === TWO.letter && bytes.length > MOST_BYTES_FOR_LETTERS)) return;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (const { bytes: mark, two, sort } of MARKS) {
    if ((twos & sort) === 0 || (sort === TWO.letter && bytes.length > MOST_BYTES_FOR_LETTERS)) continue;
    for (let start = buffer.indexOf(two); start >= 0 && search.budget.runs > 0;) {
      const end = endOfRun(buffer, start + two.length, mark);
      search.budget.runs -= 1;
      tryRun(search, layer, { buffer, start, end });
      start = buffer.indexOf(two, end);
    }
  }
}

const isDigit = (b: number): boolean => b >= 0x30 && b <= 0x39;
const isSeparator = (b: number | undefined): boolean => b === 0x20 || b === 0x2d;

/** Where marks end that begin before `from`: groups of them may have one space or dash between. */
function endOfRun(buffer: Buffer, from: number, mark: Buffer): number {
  const isMark = (i: number): boolean => mark.every((byte, k) => buffer[i + k] === byte);
  let end = from;
  for (;;) {
    if (isMark(end)) end += mark.length;
    else if (isSeparator(buffer[end]) && isMark(end + 1)) end += 1 + mark.length;
    else return end;
  }
}

interface Run {
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
}

/** What stands on one side of the marks, and how many bytes away from them the farther end of it lies. */
interface Side {
  readonly text: string;
  readonly bytes: number;
}

const NOTHING: Side = { text: '', bytes: 0 };
const SIDE_BYTES = 48;

function tryRun(search: Search, layer: Layer, { buffer, start, end }: Run): void {
  const left = leftSides(buffer.toString('latin1', Math.max(0, start - SIDE_BYTES), start));
  const right = rightSides(buffer.toString('latin1', end, end + SIDE_BYTES));
  for (const before of left)
    for (const after of right) {
      if (before === NOTHING && after === NOTHING) continue;
      const place = { start: start - before.bytes, end: end + after.bytes };
      for (const index of search.indexes) tryShape({ ...search, index }, layer, { before: before.text, after: after.text, place });
    }
}

const DIGITS_BEFORE = /(?<!\xef\xbc[\x90-\x99]|[0-9])([0-9]+)[ -]?$/;
const WIDE_BEFORE = /((?:[\xe3-\xe9][\x80-\xbf]{2}){1,2})$/;

function leftSides(text: string): readonly Side[] {
  const sides: Side[] = [];
  // Marks stand often in bytes that are none of this: the last byte spares most expressions.
  const last = text.charCodeAt(text.length - 1);
  const digits = isDigit(last) || isSeparator(last) ? DIGITS_BEFORE.exec(text) : null;
  if (digits !== null) sides.push({ text: digits[1] ?? '', bytes: digits[0].length });
  const mail = mailBefore(text);
  if (mail !== '') sides.push({ text: mail, bytes: mail.length });
  const name = last >= 0x80 ? (WIDE_BEFORE.exec(text)?.[1] ?? '') : '';
  for (let bytes = 3; bytes <= name.length; bytes += 3) sides.push({ text: utf8(name.slice(-bytes)), bytes });
  return sides.length === 0 ? [NOTHING] : sides;
}

const MAIL = 1;
const LETTER = 2;
const CLASS = new Uint8Array(256)
  .fill(MAIL, 0x30, 0x3a)
  .fill(MAIL | LETTER, 0x41, 0x5b)
  .fill(MAIL | LETTER, 0x61, 0x7b);
for (const b of Buffer.from('._+')) CLASS[b] = MAIL;

/** The characters of a name of an e-mail address at the end of a text; '' when none is a letter. */
function mailBefore(text: string): string {
  let start = text.length;
  let classes = 0;
  for (; start > 0; start -= 1) {
    const found = CLASS[text.charCodeAt(start - 1)] as number;
    if (found === 0) break;
    classes |= found;
  }
  return (classes & LETTER) === 0 ? '' : text.slice(start);
}

const DIGITS_AFTER = /^[ -]?([0-9]+[Xx]?)(?![0-9A-Za-z]|\xef\xbc[\x90-\x99]|[ -]?[*#])/;
const MAIL_AFTER = /^([A-Za-z0-9._+-]*@[A-Za-z0-9.-]*[A-Za-z0-9])/;
const WIDE_AFTER = /^([\xe3-\xe9][\x80-\xbf]{2})/;

function rightSides(text: string): readonly Side[] {
  const digits = DIGITS_AFTER.exec(text);
  if (digits !== null) return [{ text: digits[1] ?? '', bytes: digits[0].length }];
  // Digits that go on are another number's.
  if (/^(?:[0-9]|\xef\xbc[\x90-\x99])/.test(text)) return [];
  const mail = MAIL_AFTER.exec(text)?.[1];
  if (mail !== undefined) return [{ text: mail, bytes: mail.length }];
  const name = WIDE_AFTER.exec(text)?.[1];
  return name === undefined ? [NOTHING] : [NOTHING, { text: utf8(name), bytes: name.length }];
}

const utf8 = (text: string): string => Buffer.from(text, 'latin1').toString('utf8');

interface Shape {
  readonly before: string;
  readonly after: string;
  readonly place: { readonly start: number; readonly end: number };
}

function tryShape({ index, found }: Search & { readonly index: MaskIndex }, layer: Layer, { before, after, place }: Shape): void {
  const visible = [...before].length + [...after].length;
  if (/[0-9]/.test(before + after) && visible < LEAST_VISIBLE_DIGITS) return;
  for (const fits of fitsOf(index, { before, after, most: MOST_FITS })) {
    if (isName(fits[0]) && !isAmongText(layer, place)) continue;
    // Of an address without its domain a letter or two tell nothing: they stand before marks in any bytes.
    if (isMail(fits[0]) && !after.includes('@') && visible < TELLING) continue;
    const one = new Set(fits.map(({ text }) => text)).size === 1;
    for (const value of fits) {
      const cap: Level = one && telling(value, before, after) >= TELLING ? 'C2' : 'C1';
      const bits = (value.bits * visible) / [...value.text].length;
      found({ kind: 'matched', value, form: `masked-${[...before].length}-${[...after].length}`, bits, cap }, layer, place);
    }
  }
}

const isName = (value: ManifestValue | undefined): boolean => value !== undefined && classOf(value.type) === 'name';

const isMail = (value: ManifestValue | undefined): boolean => value?.type === 'email';

function isAmongText({ bytes }: Layer, { start, end }: Shape['place']): boolean {
  const around = bytes.subarray(Math.max(0, start - AROUND), end + AROUND);
  return textLike(around, around.length);
}

/** Visible characters that tell: many people's addresses end in the same domain. */
function telling({ type }: ManifestValue, before: string, after: string): number {
  const tail = type === 'email' ? (after.split('@')[0] ?? '') : after;
  return [...before].length + [...tail].length;
}
