import { DIGITS } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** A sender in the 1069 block of business messages, longer than any that is given out by itself. */
export default { id: 'sms-sender', bits: bitsOf(1e12), draw: (chance) => `1069${chance.text(DIGITS, 12)}` } satisfies ValueRule;
