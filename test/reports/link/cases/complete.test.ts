import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const FOLDER = import.meta.dirname;
const CASES = 96;
/** Families that the linker does not know, by number: expected to fail until it does. */
const HELD_OUT = [38, 39, 72];

const sources = readdirSync(FOLDER).filter((file) => file.endsWith('.test.ts') && file !== 'complete.test.ts');
const lines = sources.flatMap((file) => readFileSync(join(FOLDER, file), 'utf8').split('\n'));

/** Numbers at the beginning of a quoted text in a line, which is how a case is named. */
const numbersIn = (line: string): readonly number[] => [...line.matchAll(/['"`](\d{1,2}) \S/g)].map(([, n]) => Number(n));

test('every case of the list has a test here', () => {
  const numbers = new Set(lines.flatMap(numbersIn));
  const missing = Array.from({ length: CASES }, (_, i) => i + 1).filter((n) => !numbers.has(n));
  expect(missing).toEqual([]);
  expect([...numbers].filter((n) => n < 1 || n > CASES)).toEqual([]);
});

test('what is held out is expected to fail, and nothing else is', () => {
  const failing = lines.filter((line) => /\btest\.fails\b/.test(line));
  expect(
    failing
      .filter((line) => /held out/.test(line))
      .flatMap(numbersIn)
      .toSorted(),
  ).toEqual(HELD_OUT);
  // A line of a vCard that is folded inside a value (RFC 6350, 3.2) cannot be said in a certificate.
  expect(failing.filter((line) => !/held out/.test(line)).flatMap(numbersIn)).toEqual([30]);
});
