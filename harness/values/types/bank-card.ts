import { DIGITS } from '../chance.js';
import { luhnDigit } from '../checks.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** A 19-digit card number, Luhn digit right, of industry 7 (petroleum): no bank has it, nor does any of the 1,800 BINs of npm bankcardinfo 2.0.6 begin so. Source: ISO/IEC 7812-1. */
export default {
  id: 'bank-card',
  bits: bitsOf(1e17),
  draw: (chance) => {
    const body = `7${chance.text(DIGITS, 17)}`;
    return body + luhnDigit(body);
  },
} satisfies ValueRule;
