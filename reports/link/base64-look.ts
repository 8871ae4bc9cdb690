import { decodeBase64, textLike } from './decode.js';
import { packed } from './magic.js';

/** Shortest run of base64 that is believed to be one by what it comes to. */
const MIN_DEEPER = 32;

/** Whether a run of base64 below the last layer comes to text or to something packed. */
export function goesDeeper(bytes: Uint8Array, base64: readonly number[]): boolean {
  const out = new Uint8Array(256);
  for (let k = 0; k < base64.length; k += 2) {
    const [start, end] = [base64[k] as number, base64[k + 1] as number];
    if (end - start < MIN_DEEPER) continue;
    const n = decodeBase64(bytes, start, Math.min(end, start + 256), out);
    if (textLike(out, n) || packed(out, n)) return true;
  }
  return false;
}

/** For a long run: the alignments at which a sample reads as text; the first and all others where none does. */
export function likelyShifts(bytes: Uint8Array, start: number, end: number): readonly number[] {
  const out = new Uint8Array(256);
  const middle = start + (((end - start) >> 1) & ~3);
  const text = [0, 1, 2, 3].filter((shift) =>
    [start, middle, ((end - 260 - start) & ~3) + start].some((at) => textLike(out, decodeBase64(bytes, at + shift, at + shift + 256, out))),
  );
  if (text.length > 0) return text;
  return packed(out, decodeBase64(bytes, start, start + 16, out)) ? [0] : [0, 1, 2, 3];
}
