import type { Range } from './layer.js';

/** The value of one field, by its bytes, and how many fields of the same object or form lie between it and the one asked for, plus one. */
export interface Beside extends Range {
  readonly text: string;
  readonly distance: number;
}

/** How far fields are read on both sides of one, in bytes. */
const REACH = 320;
/** Members of a JSON object with a plain value, and pairs of a form or query. In both the value is the last group but for its end. */
const MEMBER = /"[^"\\]{0,64}"\s*:\s*(?:"([^"\\]{0,128})"|(-?\d[\d.]{0,24}|true|false|null))(?=\s*[,}])/dg;
const PAIR = /(?<![^?&\s])[^=&?#\s"{}]{1,64}=([^&#\s"{}]{0,128})(?![^&#\s])/dg;
/** What may stand before the value of a field and behind it; white space of Latin-1 among it. */
const SPACES = [9, 10, 11, 12, 13, 0x20, 0xa0];
const OPENS: ReadonlySet<number> = new Set([...SPACES, ...Buffer.from('":=')]);
const CLOSES: ReadonlySet<number> = new Set([...SPACES, ...Buffer.from('",}&#')]);
const MEMBERS_APART = /^\s*,\s*$/;
const PAIRS_APART = /^&$/;

/**
 * The fields near a value, nearest last left out: plain members of the same JSON object, or pairs of the same form or query. An object or
 * list between two members parts them. Null: the range is not the whole value of a field.
 */
export function fieldsBeside(bytes: Uint8Array, range: Range): readonly Beside[] | null {
  // Most digits stand inside a word or a longer number: two bytes tell that.
  if (!OPENS.has(bytes[range.start - 1] ?? 0) || !CLOSES.has(bytes[range.end] ?? 0x26)) return null;
  const from = Math.max(0, range.start - REACH);
  const to = Math.min(bytes.length, range.end + REACH);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
  // What an edge of the window cuts off looks whole: only an edge of the bytes themselves ends a value.
  const cut = (start: number, end: number): boolean => (start === 0 && from > 0) || (end === text.length && to < bytes.length);
  for (const [pattern, apart] of [
    [MEMBER, MEMBERS_APART],
    [PAIR, PAIRS_APART],
  ] as const) {
    const fields = [...text.matchAll(pattern)].flatMap((match) => fieldOf(match, cut));
    const own = fields.findIndex((f) => f.value.start + from === range.start && f.value.end + from === range.end);
    if (own < 0) continue;
    return neighbours(fields, own, (a, b) => apart.test(text.slice(a.end, b.start))).map(({ field, distance }) => ({
      text: text.slice(field.value.start, field.value.end),
      start: field.value.start + from,
      end: field.value.end + from,
      distance,
    }));
  }
  return null;
}

interface Field extends Range {
  readonly value: Range;
}

function fieldOf(match: RegExpExecArray, cut: (start: number, end: number) => boolean): readonly Field[] {
  const [, first, second] = match.indices ?? [];
  const value = first ?? second;
  const start = match.index;
  const end = start + match[0].length;
  return value === undefined || cut(start, end) ? [] : [{ start, end, value: { start: value[0], end: value[1] } }];
}

function neighbours(
  fields: readonly Field[],
  own: number,
  touch: (a: Field, b: Field) => boolean,
): readonly { readonly field: Field; readonly distance: number }[] {
  const out: { field: Field; distance: number }[] = [];
  for (const step of [-1, 1])
    for (let at = own + step, last = fields[own] as Field; at >= 0 && at < fields.length; at += step) {
      const field = fields[at] as Field;
      if (!(step > 0 ? touch(last, field) : touch(field, last))) break;
      out.push({ field, distance: Math.abs(at - own) });
      last = field;
    }
  return out;
}
