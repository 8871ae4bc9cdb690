import type { TextRun } from './text-layers.js';

/** So many characters of ASCII in a row, each with a zero byte, are believed to be UTF-16. */
const MIN_UNITS = 8;
const MAX_RUNS = 512;

interface Reading extends TextRun {
  readonly op: 'utf-16le' | 'utf-16be';
}

/** Where zero bytes alternate with printable ones: the first and last zero. */
interface Zeros {
  readonly first: number;
  readonly last: number;
}

/** Stretches of UTF-16 text that hold some ASCII (keys, digits); text of Chinese characters alone is not told from noise. `more`: there are more than are returned. */
export function wideRuns(bytes: Uint8Array): { readonly runs: readonly TextRun[]; readonly more: boolean } {
  const runs: TextRun[] = [];
  let done = 0;
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, at)) {
    while (bytes[at + 1] === 0) at += 1;
    let last = at;
    while (isPrintable(bytes[last + 1]) && bytes[last + 2] === 0) last += 2;
    if (last - at < 2 * (MIN_UNITS - 1)) {
      at = last + 1;
      continue;
    }
    if (runs.length === MAX_RUNS) return { runs, more: true };
    const run = readingOf(bytes, { first: at, last }, done);
    done = Math.max(run.end, last + 1);
    at = done;
    if (run.end - run.start >= 2 * (MIN_UNITS - 1)) runs.push(run);
  }
  return { runs, more: false };
}

const isPrintable = (b: number | undefined): boolean => b !== undefined && ((b >= 0x20 && b < 0x7f) || b === 9 || b === 10 || b === 13);

/**
 * Between its ends, alternating text reads the same with the zero first and with the zero last; at the ends one of the readings loses a
 * character, which may be a digit of a longer number. Text of low bytes first begins with a character before the first zero, text of high
 * bytes first ends with one behind the last zero. Where both stand there, the reading that goes further (over Chinese characters) was meant.
 */
function readingOf(bytes: Uint8Array, { first, last }: Zeros, floor: number): TextRun {
  const left = first > floor && isPrintable(bytes[first - 1]);
  const right = isPrintable(bytes[last + 1]);
  const little: Reading = { op: 'utf-16le', start: left ? first - 1 : first + 1, end: last + 1 };
  const big: Reading = { op: 'utf-16be', start: first, end: right ? last + 2 : last };
  if (left !== right) return extend(bytes, left ? little : big, floor);
  const [far, wide] = [extend(bytes, little, floor), extend(bytes, big, floor)];
  const more = far.end - far.start - (wide.end - wide.start);
  if (more !== 0) return more > 0 ? far : wide;
  return little.start % 2 === 0 ? cutBack(bytes, little) : cutForward(bytes, big);
}

function extend(bytes: Uint8Array, { op, start, end }: Reading, floor: number): Reading {
  const high = op === 'utf-16le' ? 1 : 0;
  const reads = (i: number): boolean => isText(((bytes[i + high] as number) << 8) | (bytes[i + 1 - high] as number));
  let from = start;
  let to = end;
  while (from - 2 >= floor && reads(from - 2)) from -= 2;
  while (to + 2 <= bytes.length && reads(to)) to += 2;
  return { op, start: from, end: to };
}

const RANGES = [
  0x20, 0x7e, 0xa0, 0x52f, 0x2010, 0x206f, 0x2100, 0x27bf, 0x3000, 0x30ff, 0x3400, 0x9fff, 0xd800, 0xdfff, 0xff01, 0xffee,
] as const;

function isText(code: number): boolean {
  if (code === 9 || code === 10 || code === 13) return true;
  for (let k = 0; k < RANGES.length; k += 2) if (code >= (RANGES[k] as number) && code <= (RANGES[k + 1] as number)) return true;
  return false;
}

const isWord = (b: number | undefined): boolean => b !== undefined && /[0-9A-Za-z]/.test(String.fromCharCode(b));

/** Which of two readings was meant is not known: a word or number at the end that may go on outside is left out. */
function cutBack(bytes: Uint8Array, run: Reading): Reading {
  let { end } = run;
  if (isWord(bytes[end])) while (end > run.start && isWord(bytes[end - 2])) end -= 2;
  return { ...run, end };
}

function cutForward(bytes: Uint8Array, run: Reading): Reading {
  let { start } = run;
  if (isWord(bytes[start - 1])) while (start < run.end && isWord(bytes[start + 1])) start += 2;
  return { ...run, start };
}
