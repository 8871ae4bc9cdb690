import { CODE } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** A device serial number of 16 characters. */
export default { id: 'serial', bits: bitsOf(2 ** 80), draw: (chance) => chance.text(CODE, 16) } satisfies ValueRule;
