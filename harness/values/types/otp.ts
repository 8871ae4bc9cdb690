import { DIGITS } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** A one-time code of six digits; too short to prove anything alone. */
export default { id: 'otp', bits: bitsOf(1e6), draw: (chance) => chance.text(DIGITS, 6) } satisfies ValueRule;
