import { bitsOf, type ValueRule } from '../rule.js';
import { RARE_FIRST, RARE_SECOND } from './person-name.js';

/** A postal address in a province, town and street that do not exist. */
export default {
  id: 'address',
  bits: bitsOf(RARE_FIRST.length, RARE_SECOND.length, RARE_FIRST.length, RARE_SECOND.length, 9000, 900),
  draw: (chance) => {
    const place = (): string => chance.text(RARE_FIRST, 1) + chance.text(RARE_SECOND, 1);
    return `云屿省${place()}市${place()}路${1000 + chance.int(9000)}号${100 + chance.int(900)}室`;
  },
} satisfies ValueRule;
