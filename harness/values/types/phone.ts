import { DIGITS } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** Mobile prefixes that libphonenumber calls valid for no subscriber of China; they pass the usual ^1[3-9]\d{9}$. */
export const PHONE_PREFIXES = ['140', '141', '142', '143', '144', '146', '148', '149', '154', '194'] as const;

/** No time stamp of the run or of a month around it may hold the number. Farther off it cannot be asked: 17 before any number that begins with 1 is a moment of 2024. */
const AROUND_MS = 30 * 24 * 3600 * 1000;

/** A mobile number that belongs to nobody. */
export default {
  id: 'phone',
  bits: bitsOf(PHONE_PREFIXES.length, 1e8),
  draw: (chance) => chance.pick(PHONE_PREFIXES) + chance.text(DIGITS, 8),
  fits: (text, clockWallMs) => !insideTimestamp(text, clockWallMs),
  marks: (text) => [`last6:${text.slice(-6)}`, `mask:${text.slice(0, 3)}****${text.slice(-4)}`],
} satisfies ValueRule;

/** Whether a 13-digit millisecond stamp within a month of `clockWallMs` can hold the digits. */
export function insideTimestamp(phone: string, clockWallMs: number): boolean {
  const from = clockWallMs - AROUND_MS;
  const to = clockWallMs + AROUND_MS;
  // First, second or third digit of the stamp; the digits around it are free.
  for (const [before, after] of [
    [0, 2],
    [1, 1],
    [2, 0],
  ] as const) {
    for (let lead = 0; lead < 10 ** before; lead += 1) {
      const lowest = Number(`${before === 0 ? '' : String(lead).padStart(before, '0')}${phone}`) * 10 ** after;
      if (lowest <= to && lowest + 10 ** after - 1 >= from) return true;
    }
  }
  return false;
}
