const BASE64 = 1;
const HEX = 2;
const DIGIT = 4;
const CLASS = new Uint8Array(256);
for (let b = 0; b < 256; b += 1) {
  const char = String.fromCharCode(b);
  CLASS[b] = (/[A-Za-z0-9+/_-]/.test(char) ? BASE64 : 0) | (/[0-9a-fA-F]/.test(char) ? HEX : 0) | (/[0-9]/.test(char) ? DIGIT : 0);
}

/** Shortest base64 run that can hold a needle (11 bytes without padding). */
const MIN_BASE64 = 15;
/** Shortest hex run of interest: the middle half of an MD5. */
const MIN_HEX = 16;
/** A line of wrapped base64 is at least this long; shorter lines are lines. */
const MIN_LINE = 40;

/** Runs of coded characters as flat `start, end` pairs, and how many tokens could have matched by chance. */
export interface Runs {
  readonly base64: readonly number[];
  readonly hex: readonly number[];
  readonly tokens: number;
  readonly numbers: number;
}

/** Finds runs of base64 (over line ends too) and hex, and counts words of 8 or more characters and numbers of 8 or more digits. */
export function findRuns(bytes: Uint8Array): Runs {
  const base64: number[] = [];
  const hex: number[] = [];
  let tokens = 0;
  let numbers = 0;
  const n = bytes.length;
  let i = 0;
  while (i < n) {
    if (((CLASS[bytes[i] as number] as number) & BASE64) === 0) {
      i += 1;
      continue;
    }
    const start = i;
    let line = i;
    for (;;) {
      let hexFrom = i;
      let digitsFrom = i;
      for (; i < n; i += 1) {
        const c = CLASS[bytes[i] as number] as number;
        if ((c & DIGIT) !== 0) continue;
        if (i - digitsFrom >= 8) numbers += 1;
        digitsFrom = i + 1;
        if ((c & HEX) !== 0) continue;
        if (i - hexFrom >= MIN_HEX) hex.push(hexFrom, i);
        hexFrom = i + 1;
        if ((c & BASE64) === 0) break;
      }
      if (i === n) {
        if (n - digitsFrom >= 8) numbers += 1;
        if (n - hexFrom >= MIN_HEX) hex.push(hexFrom, n);
      }
      if (i - line >= 8) tokens += 1;
      const next = i - line >= MIN_LINE ? afterLineEnd(bytes, i) : -1;
      if (next < 0) break;
      line = i = next;
    }
    if (i - start >= MIN_BASE64) base64.push(start, i);
  }
  return { base64, hex, tokens, numbers };
}

/** Where coded characters go on after a line end at `i`; -1 when they do not. */
function afterLineEnd(bytes: Uint8Array, i: number): number {
  let next = i;
  if (bytes[next] === 13) next += 1;
  if (bytes[next] !== 10) return -1;
  next += 1;
  return next < bytes.length && ((CLASS[bytes[next] as number] as number) & BASE64) !== 0 ? next : -1;
}
