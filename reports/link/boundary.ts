import type { Range } from './layer.js';
import type { Spelling } from './spelling.js';

/**
 * Whether a number stands alone: no digit, and no decimal point with a digit behind it, on either side. A canary inside a longer number
 * (a time stamp, an order number) is chance.
 */
export function standsAlone({ boundary, form }: Pick<Spelling, 'boundary' | 'form'>, bytes: Uint8Array, { start, end }: Range): boolean {
  if (boundary === 'none') return true;
  const at = (i: number): number => bytes[i] ?? 0;
  if (form === 'utf-16le') return !(at(start - 1) === 0 && isDigit(at(start - 2))) && !(isDigit(at(end)) && at(end + 1) === 0);
  if (boundary === 'hex') return !isHex(at(start - 1)) && !isHex(at(end));
  if (isDigit(at(start - 1)) || isDigit(at(end))) return false;
  if (fullWidth(at, start - 3) || fullWidth(at, end)) return false;
  return !(at(start - 1) === 0x2e && isDigit(at(start - 2))) && !(at(end) === 0x2e && isDigit(at(end + 1)));
}

const isDigit = (b: number): boolean => b >= 0x30 && b <= 0x39;
const isHex = (b: number): boolean => isDigit(b) || (b >= 0x41 && b <= 0x46) || (b >= 0x61 && b <= 0x66);

function fullWidth(at: (i: number) => number, i: number): boolean {
  return at(i) === 0xef && at(i + 1) === 0xbc && at(i + 2) >= 0x90 && at(i + 2) <= 0x99;
}
