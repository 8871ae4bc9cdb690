import { HEX } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

const GROUPS = [8, 4, 4, 4, 12] as const;

/** 128 random bits in the form of a UUID, as vendors give out the OAID. */
export default {
  id: 'oaid',
  bits: bitsOf(2 ** 128),
  draw: (chance) => GROUPS.map((length) => chance.text(HEX, length)).join('-'),
} satisfies ValueRule;
