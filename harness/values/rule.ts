import type { Chance } from './chance.js';

/** How one shape of value is drawn. */
export interface ValueRule {
  readonly id: string;
  /** Entropy of the drawing rule, in bits, rounded down to tenths. */
  readonly bits: number;
  /** One value. `clockWallMs` is real wall time, for rules that must not look like a moment near it. */
  draw(chance: Chance, clockWallMs: number): string;
  /** False: draw again. Absent: every draw will do. */
  fits?(text: string, clockWallMs: number): boolean;
  /** Parts of the value that no other value of the run may share: what a masked or shortened spelling leaves over. */
  marks?(text: string): readonly string[];
}

/** Bits of so many equally likely draws, rounded down to tenths. */
export function bitsOf(...choices: readonly number[]): number {
  return Math.floor(choices.reduce((sum, n) => sum + Math.log2(n), 0) * 10) / 10;
}
