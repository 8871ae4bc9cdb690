import { DIGITS } from '../chance.js';
import { luhnDigit } from '../checks.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** An IMEI of the test allocation (type codes that begin with 00), Luhn digit right. Source: GSMA TS.06, test IMEI. */
export default {
  id: 'imei',
  bits: bitsOf(1e12),
  draw: (chance) => {
    const body = `00${chance.text(DIGITS, 12)}`;
    return body + luhnDigit(body);
  },
} satisfies ValueRule;
