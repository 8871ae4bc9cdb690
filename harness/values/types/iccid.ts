import { DIGITS } from '../chance.js';
import { luhnDigit } from '../checks.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** A 20-digit SIM serial number of China (8986) under an issuer that does not exist (99), Luhn digit right. Source: ITU-T E.118. */
export default {
  id: 'iccid',
  bits: bitsOf(1e13),
  draw: (chance) => {
    const body = `898699${chance.text(DIGITS, 13)}`;
    return body + luhnDigit(body);
  },
} satisfies ValueRule;
