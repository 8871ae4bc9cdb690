import { LOWER } from '../chance.js';
import { bitsOf, type ValueRule } from '../rule.js';

/** The package name of an app that does not exist. */
export default {
  id: 'app-package',
  bits: bitsOf(26 ** 16),
  draw: (chance) => `com.${chance.text(LOWER, 8)}.${chance.text(LOWER, 8)}`,
} satisfies ValueRule;
