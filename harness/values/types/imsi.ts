import { DIGITS } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** An IMSI of China (460) under a network code that no operator has (99). Source: ITU-T E.212 list of mobile network codes. */
export default { id: 'imsi', bits: bitsOf(1e10), draw: (chance) => `46099${chance.text(DIGITS, 10)}` } satisfies ValueRule;
