import { CODE } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** A Wi-Fi name with a nonce. */
export default { id: 'ssid', bits: bitsOf(2 ** 50), draw: (chance) => `WLAN-${chance.text(CODE, 10)}` } satisfies ValueRule;
