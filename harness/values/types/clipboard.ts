import { CODE } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** A pick-up code such as people copy. */
export default {
  id: 'clipboard',
  bits: bitsOf(2 ** 80),
  draw: (chance) => `提货码 ${chance.text(CODE, 8)}-${chance.text(CODE, 8)}`,
} satisfies ValueRule;
