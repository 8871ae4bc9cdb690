import { dropLonePackages } from './app-set.js';
import type { Address } from './kernel/kernel.js';
import type { Layer } from './layer.js';
import type { Matching } from './matcher.js';
import type { Needle, Needles } from './needles.js';

/** A needle at a place of a layer. */
export interface Find {
  readonly needle: Needle;
  readonly layer: Layer;
  readonly start: number;
  readonly end: number;
}

/** What one request may still cost, and what was looked at. Shared by all parts of the request. */
export interface Walk {
  readonly needles: Needles;
  readonly finds: Find[];
  /** Bytes that may still be decoded. */
  left: number;
  bytes: number;
  tokens: number;
  numbers: number;
  /** Why something was not looked at; each reason once. */
  readonly unseen: Set<string>;
  readonly seen: Set<string | number>;
  /** Layers that were not looked at since the same bytes had come by. */
  again: number;
  readonly matchings: readonly Matching[];
  /** To be called once after the last part. */
  end(): void;
}

/** Heavy layers (base64, hex, compression) that are undone one inside the other. */
export const MAX_DEPTH = 3;
/** Decoded bytes for each byte of a request, and the least that any request may use. */
export const BUDGET = 8;
const BUDGET_FLOOR = 8 * 1024 * 1024;

/** A walk over the parts of one request of `bytes` bytes. */
export function beginWalk(needles: Needles, bytes: number): Walk {
  const finds: Find[] = [];
  const matchings = needles.matchers.map((matcher) =>
    matcher.begin((needle, layer, { start, end }) => finds.push({ needle, layer, start, end })),
  );
  return {
    needles,
    finds,
    matchings,
    end: () => {
      for (const matching of matchings) matching.end();
      dropLonePackages(finds, needles.apps);
    },
    left: Math.max(BUDGET_FLOOR, bytes * BUDGET),
    bytes: 0,
    tokens: 0,
    numbers: 0,
    unseen: new Set(),
    seen: new Set(),
    again: 0,
  };
}

/** A layer whose bytes lie in the kernel's arena too, until it is released. */
export interface Placed {
  readonly layer: Layer;
  readonly at: Address;
}

/** Takes decoded bytes off the budget; false when it is used up. */
export function spend(walk: Walk, bytes: number): boolean {
  walk.left -= bytes;
  if (walk.left >= 0) return true;
  walk.unseen.add('decoding budget');
  return false;
}
