import { bitsOf, type ValueRule } from '../rule.js';
import { RARE_FIRST, RARE_SECOND } from './person-name.js';

/** An employer that does not exist. */
export default {
  id: 'job',
  bits: bitsOf(RARE_FIRST.length, RARE_SECOND.length, RARE_FIRST.length, RARE_SECOND.length),
  draw: (chance) =>
    `${chance.text(RARE_FIRST, 1)}${chance.text(RARE_SECOND, 1)}${chance.text(RARE_FIRST, 1)}${chance.text(RARE_SECOND, 1)}制造有限公司`,
} satisfies ValueRule;
