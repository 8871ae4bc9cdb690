import type { Encoding } from '../../harness/model/finding.js';

/** A salt that a tracker is known to use for every user: with it the digest tells whoever has it as much as one without. */
interface KnownSalt {
  readonly encoding: Extract<Encoding, { readonly op: 'salted' | 'hmac' }>;
  /** Where it is published. */
  readonly source: string;
}

/** Only what is published and was read there. Any other salt is seen by the hooks. */
export const KNOWN_SALTS: readonly KnownSalt[] = [
  {
    encoding: { op: 'salted', digest: 'sha256', before: '', after: 'QX4QkKEU' },
    source: 'https://github.com/leaky-forms/leaky-forms, leak-detector: `sha_salted_1`',
  },
];
