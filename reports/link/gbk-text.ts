import { isUtf8 } from 'node:buffer';
import { gbkCodes } from './gbk.js';
import type { TextRun } from './text-layers.js';

/** A name of four characters is the shortest that is looked for. */
const MIN_PAIRS = 4;
const MAX_RUNS = 512;
/** Shorter bytes are looked through whatever they look like, longer ones where a sample of them reads as text. */
const ALWAYS = 4096;
const SAMPLE = 256;
const LEAST_TEXT = 0.9;

/**
 * Stretches that are text in GBK and not in UTF-8, so many as a body of honest text has. In a binary message the byte before a text tells its
 * length and looks like the first half of a character: there each run of high bytes is read from its second byte on as well.
 */
export function gbkRuns(bytes: Uint8Array): readonly TextRun[] {
  const runs: TextRun[] = [];
  if (isUtf8(bytes) || !mayBeText(bytes)) return runs;
  for (let at = 0; at < bytes.length;) {
    const { end, pairs } = stretchAt(bytes, at, bytes.length);
    const whole = at === 0 && end === bytes.length;
    if (pairs >= MIN_PAIRS && !isUtf8(bytes.subarray(at, end))) {
      runs.push({ op: 'gbk', start: at, end });
      if (!whole) runs.push(...halfOn(bytes, at, end));
      if (runs.length > MAX_RUNS) return runs.slice(0, MAX_RUNS);
    }
    at = end + 1;
  }
  return runs;
}

function mayBeText(bytes: Uint8Array): boolean {
  if (bytes.length <= ALWAYS) return true;
  const middle = bytes.length >> 1;
  return readsAsGbk(bytes.subarray(0, SAMPLE)) || readsAsGbk(bytes.subarray(middle, middle + SAMPLE));
}

/** Whether nine in ten bytes are characters of GBK, most of those beyond ASCII of the everyday set: other codings come to characters of all sorts. */
export function readsAsGbk(sample: Uint8Array): boolean {
  const most = (1 - LEAST_TEXT) * sample.length;
  let [bad, pairs, everyday] = [0, 0, 0];
  for (let at = 0; at < sample.length && bad <= most;) {
    const size = sizeAt(sample, at);
    if (size === 2) {
      pairs += 1;
      if (isEveryday(sample[at] as number, sample[at + 1] as number)) everyday += 1;
    } else if (size === 0) bad += 1;
    at += Math.max(1, size);
  }
  return bad <= most && 2 * everyday >= pairs;
}

/** Whether two bytes are a Chinese character of GB 2312. */
export function isEveryday(first: number, second: number): boolean {
  return first >= 0xb0 && first <= 0xf7 && second >= 0xa1;
}

/** How many bytes the character at `at` takes; 0: none stands there. */
function sizeAt(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first >= 0x80) return gbkCodes()[(first << 8) | (bytes[at + 1] ?? 0)] === 0 ? 0 : 2;
  return (first >= 0x20 && first < 0x7f) || first === 9 || first === 10 || first === 13 ? 1 : 0;
}

function stretchAt(bytes: Uint8Array, from: number, most: number): { readonly end: number; readonly pairs: number } {
  let at = from;
  let pairs = 0;
  while (at < most) {
    const size = sizeAt(bytes, at);
    if (size === 0 || at + size > most) break;
    if (size === 2) pairs += 1;
    at += size;
  }
  return { end: at, pairs };
}

/** The runs of high bytes of a stretch, each from its second byte on. */
function halfOn(bytes: Uint8Array, start: number, end: number): readonly TextRun[] {
  const runs: TextRun[] = [];
  for (let at = start; at < end; at += 1) {
    if ((bytes[at] as number) < 0x80) continue;
    let to = at;
    while (to < end && (bytes[to] as number) >= 0x80) to += 1;
    const { end: stop, pairs } = stretchAt(bytes, at + 1, Math.min(end, to + 1));
    if (pairs >= MIN_PAIRS) runs.push({ op: 'gbk', start: at + 1, end: stop });
    at = to;
  }
  return runs;
}
