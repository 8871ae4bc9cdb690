import type { JavaCrypto } from '../../harness/virtual/java/crypto.js';

/** A test that runs in any realm: it throws when it fails. */
export interface EngineCase {
  readonly name: string;
  run(crypto: JavaCrypto): Promise<void> | void;
}

/** Fails unless both are the same as JSON. */
export function same(seen: unknown, wanted: unknown, what: string): void {
  if (JSON.stringify(seen) !== JSON.stringify(wanted))
    throw new Error(`${what}: wanted ${JSON.stringify(wanted)}, saw ${JSON.stringify(seen)}`);
}
