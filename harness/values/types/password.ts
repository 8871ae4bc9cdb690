import { CODE, LOWER } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** A password of sixteen characters that holds capitals, small letters and digits, as forms ask. */
export default {
  id: 'password',
  bits: bitsOf(2 ** 40, 26 ** 7, 10),
  draw: (chance) => `${chance.text(CODE, 8)}${chance.text(LOWER, 7)}${chance.int(10)}`,
} satisfies ValueRule;
