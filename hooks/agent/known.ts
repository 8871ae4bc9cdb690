import { base64, hex, utf8 } from './bytes.js';

/** Shorter values are in everything. */
const SHORTEST = 5;
/** How much of a long derived value is looked for: whoever holds its beginning took it from there. */
const BEGINNING = 32;
const KEPT = 8192;

/** Values that a crypto or coding call may carry. */
export interface Known {
  /** A value read by a hook or planted on the handset. */
  add(text: string): void;
  /** The bytes that came out of a call, in the spellings that apps give them. */
  addDerived(binary: string): void;
  /** Whether the bytes hold a known value. */
  within(binary: string): boolean;
}

/** Makes the set of known values, oldest forgotten first once there are too many. */
export function createKnown(): Known {
  const needles = new Set<string>();

  function keep(needle: string): void {
    if (needle.length < SHORTEST || needles.has(needle)) return;
    if (needles.size >= KEPT) needles.delete(needles.values().next().value ?? '');
    needles.add(needle);
  }
  return {
    add(text) {
      if (text.length > 4096) return;
      for (const spelling of spellings(text)) keep(utf8(spelling));
    },
    addDerived(binary) {
      const start = binary.slice(0, BEGINNING);
      keep(start);
      keep(hex(start, ''));
      keep(hex(start, '').toUpperCase());
      keep(base64(start.slice(0, start.length - (start.length % 3))));
    },
    within(binary) {
      for (const needle of needles) if (needle.length <= binary.length && binary.includes(needle)) return true;
      return false;
    },
  };
}

/** A value as read, in both cases, a MAC without its colons, and a coordinate pair by its two numbers to four decimals. */
function spellings(text: string): readonly string[] {
  const pair = /^(-?\d+\.\d{4})\d*,(-?\d+\.\d{4})\d*$/.exec(text);
  if (pair !== null) return [text, pair[1] ?? '', pair[2] ?? ''];
  const all = [text, text.toUpperCase(), text.toLowerCase()];
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text)) all.push(...all.map((spelling) => spelling.replaceAll(':', '')));
  return all;
}
