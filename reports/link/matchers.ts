import type { ManifestValue } from '../../harness/model/values.js';
import { coordinates } from './coordinates.js';
import { geohashes } from './geohash.js';
import type { Kernel } from './kernel.js';
import { masked } from './masked.js';
import type { Matcher } from './matcher.js';
import { shortValues } from './short-values.js';
import { splitValues } from './split-values.js';

const ALL: readonly ((values: readonly ManifestValue[], kernel: Kernel) => Matcher | null)[] = [
  shortValues,
  masked,
  coordinates,
  geohashes,
  splitValues,
];

/** The matchers that have something to look for among these values. They teach the kernel what its glances are to see. */
export function matchersFor(values: readonly ManifestValue[], kernel: Kernel): readonly Matcher[] {
  return ALL.flatMap((make) => make(values, kernel) ?? []);
}
