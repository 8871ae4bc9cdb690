import type { Level } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import type { Glance } from './kernel.js';
import type { Layer } from './layer.js';
import type { DigestNeedle } from './needles.js';

/** A value met by a matcher at a place of a layer, in one of the forms of a certificate. */
export interface Match {
  readonly kind: 'matched';
  readonly value: ManifestValue;
  readonly form: string;
  /** Entropy, in bits, of what stands there: less than the value's own where it is rounded, masked or cut. */
  readonly bits: number;
  /** The highest level that such a find may have; null: its bits decide. */
  readonly cap: Level | null;
}

/** Finds values by other means than whole byte strings: numbers, short, masked and split values, sets. */
export interface Matcher {
  /** Begins one flow (or one hooked call). */
  begin(found: Found): Matching;
}
export type Found = (match: Match | DigestNeedle, layer: Layer, place: { readonly start: number; readonly end: number }) => void;

/** One flow being looked through. */
export interface Matching {
  /** Every layer of the flow comes by once, all parts in order, with what the kernel saw at a glance: only that is read, not every byte. */
  look(layer: Layer, glance: Glance): void;
  /** After the last layer: for what stands in several of them. */
  end(): void;
}
