import { bitsOf, type ValueRule } from '../rule.js';

/** An amount of yuan from 10000 to 99999 that is no round hundred; too short to prove anything alone. */
export default {
  id: 'amount',
  bits: bitsOf(90_000 - 900),
  draw: (chance) => String(10_000 + chance.int(90_000)),
  fits: (text) => !text.endsWith('00'),
} satisfies ValueRule;
