import { DIGITS } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** The sand of the western Taklamakan, west of the desert road: inside China, so that GCJ-02 applies, and nobody's home. Tenths of a degree. */
const LATITUDES = ['38.3', '38.4', '38.5', '38.6', '38.7', '38.8', '38.9', '39.0', '39.1', '39.2'] as const;
const LONGITUDES = [
  '81.0',
  '81.1',
  '81.2',
  '81.3',
  '81.4',
  '81.5',
  '81.6',
  '81.7',
  '81.8',
  '81.9',
  '82.0',
  '82.1',
  '82.2',
  '82.3',
  '82.4',
  '82.5',
  '82.6',
  '82.7',
  '82.8',
  '82.9',
] as const;

/** `lat,lon` with seven decimals each; the last is not 0, so that a number printed and read again keeps its digits. */
export default {
  id: 'location',
  bits: bitsOf(LATITUDES.length, LONGITUDES.length, 1e5, 9, 1e5, 9),
  draw: (chance) =>
    [LATITUDES, LONGITUDES].map((tenths) => chance.pick(tenths) + chance.text(DIGITS, 5) + String(1 + chance.int(9))).join(','),
  // Decimals 3 to 7 alone must tell one point from another.
  marks: (text) => text.split(',').map((part) => `decimals:${part.slice(-5)}`),
} satisfies ValueRule;
