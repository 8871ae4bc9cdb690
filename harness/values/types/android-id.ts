import { HEX } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** 64 random bits in lower-case hex, as Settings.Secure.ANDROID_ID. */
export default { id: 'android-id', bits: bitsOf(2 ** 64), draw: (chance) => chance.text(HEX, 16) } satisfies ValueRule;
