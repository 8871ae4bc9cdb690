import type { Derivation, EventId } from './event.js';
import type { Span } from './finding.js';
import type { ManifestValue } from './values.js';

/** A crypto or coding call as a hook saw it. */
export type HookedCall = Pick<Derivation, 'op' | 'algorithm'> & Readonly<Record<'input' | 'output', Uint8Array>>;

/** What a certificate is shown from: the part as sent, the manifest's value, and the recorded bytes of hooked calls (null: no such call). */
export interface ReplayParts {
  readonly part: Uint8Array;
  readonly value: ManifestValue;
  /** The name in the same group; null: none. */
  readonly name: ManifestValue | null;
  derivation(id: EventId): HookedCall | null;
  /** Another part as sent, for pieces put together; null: there is none. */
  partOf(flow: EventId, part: Span['part']): Uint8Array | null;
}

/** Whether a certificate holds, and why it does not. */
export type Replayed = { readonly ok: true } | { readonly ok: false; readonly why: string };
