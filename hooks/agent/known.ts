import { base64, hex, utf8 } from './bytes.js';

/** Shorter values are in everything. */
const SHORTEST = 5;
/** How much of a long derived value is looked for: whoever holds its beginning took it from there. */
const BEGINNING = 32;
const LONGEST = 4096;
const KEPT = 8192;

/** Values that a crypto or coding call may carry. */
export interface Known {
  /** A value read by a hook. */
  add(text: string): void;
  /** A value that is never forgotten: planted on the handset, or typed. */
  pin(text: string): void;
  /** The bytes that came out of a call, in the spellings that apps give them. */
  addDerived(binary: string): void;
  /** Whether the bytes hold a known value. */
  within(binary: string): boolean;
}

/** Makes the set of known values. Once there are too many, the oldest that is not pinned is forgotten, and so is a value too long to look for: `onForgotten` is told. */
export function createKnown(onForgotten: () => void): Known {
  const needles = new Set<string>();
  const pinned = new Set<string>();
  const byStart = new Map<string, string[]>();

  function forget(needle: string): void {
    needles.delete(needle);
    const start = needle.slice(0, SHORTEST);
    const left = (byStart.get(start) ?? []).filter((other) => other !== needle);
    if (left.length === 0) byStart.delete(start);
    else byStart.set(start, left);
  }
  function keep(needle: string, among: Set<string>): void {
    if (needle.length < SHORTEST || pinned.has(needle) || needles.has(needle)) return;
    if (needles.size >= KEPT && among === needles) {
      forget(needles.values().next().value ?? '');
      onForgotten();
    }
    among.add(needle);
    const start = needle.slice(0, SHORTEST);
    const others = byStart.get(start);
    if (others === undefined) byStart.set(start, [needle]);
    else others.push(needle);
  }
  function keepAll(text: string, among: Set<string>): void {
    if (text.length > LONGEST) return onForgotten();
    for (const spelling of spellings(text)) keep(utf8(spelling), among);
  }
  return {
    add: (text) => keepAll(text, needles),
    pin: (text) => keepAll(text, pinned),
    addDerived(binary) {
      const start = binary.slice(0, BEGINNING);
      keep(start, needles);
      keep(hex(start, ''), needles);
      keep(hex(start, '').toUpperCase(), needles);
      const coded = base64(start.slice(0, start.length - (start.length % 3)));
      keep(coded, needles);
      keep(coded.replaceAll('+', '-').replaceAll('/', '_'), needles);
    },
    within(binary) {
      if (byStart.size === 0) return false;
      for (let at = 0; at + SHORTEST <= binary.length; at++) {
        const candidates = byStart.get(binary.slice(at, at + SHORTEST));
        if (candidates?.some((needle) => binary.startsWith(needle, at)) === true) return true;
      }
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
