import { HEX } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** The address that Android shows to apps without the right to see the true one; it must never be a canary. */
const ANDROIDS_DUMMY = '02:00:00:00:00:00';

/** A unicast address with the local bit set: no maker's block. Source: IEEE 802-2014, 8.2. */
export default {
  id: 'mac',
  bits: bitsOf(2 ** 46),
  draw: (chance) => [chance.text(HEX, 1) + chance.text('26ae', 1), ...Array.from({ length: 5 }, () => chance.text(HEX, 2))].join(':'),
  fits: (text) => text !== ANDROIDS_DUMMY,
} satisfies ValueRule;
