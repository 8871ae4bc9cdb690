import type { Manifest, ManifestValue } from '../model/values.js';
import { chanceFrom, type Chance } from './chance.js';
import { seedBytes } from './manifest.js';
import { PLAN, type PlanRow } from './plan.js';

/** Placebos for each value of the run. */
const PLACEBO_SETS = 10;
/** So many misses in a row mean a rule that cannot be met, not bad luck. */
const ATTEMPTS = 1000;

/**
 * All values of a run and ten placebos for each, from its seed (32 hex digits) alone; `clockWallMs` is real wall time, ms since 1970.
 * No two values are equal, none holds another, whatever their case and separators; no placebo equals, holds or lies in a real one.
 */
export function drawManifest(seed: string, clockWallMs: number): Manifest {
  const chance = chanceFrom(seedBytes(seed));
  const apart = new Apart();
  const values = PLAN.map((row, i) => {
    const text = drawRow(row, chance, clockWallMs, apart);
    return asValue(row, text, { id: `v${i + 1}`, origin: row.origin, group: row.group });
  });
  apart.realsAreDrawn();
  const sets = Array.from({ length: PLACEBO_SETS }, (_, set) =>
    PLAN.map((row, i) => {
      const text = drawRow(row, chance, clockWallMs, apart);
      const group = row.group === null ? null : `placebo-${set + 1}/${row.group}`;
      return asValue(row, text, { id: `p${set * PLAN.length + i + 1}`, origin: 'placebo', group });
    }),
  );
  return { seed, values, placebos: sets.flat() };
}

function asValue({ type, datum, rule }: PlanRow, text: string, place: Pick<ManifestValue, 'id' | 'origin' | 'group'>): ManifestValue {
  return { id: place.id, type, datum, origin: place.origin, text, group: place.group, bits: rule.bits };
}

function drawRow(row: PlanRow, chance: Chance, clockWallMs: number, apart: Apart): string {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const text = row.rule.draw(chance, clockWallMs);
    const marks = (row.rule.marks?.(text) ?? []).map((mark) => `${row.rule.id} ${mark}`);
    if ((row.rule.fits?.(text, clockWallMs) ?? true) && apart.take(text, marks)) return text;
  }
  throw new Error(`no value for rule ${row.rule.id} in ${ATTEMPTS} draws`);
}

/** Keeps what was drawn apart, in the form that spellings have in common: small letters, no separators. */
class Apart {
  readonly #all = new Set<string>();
  readonly #marks = new Set<string>();
  readonly #reals: string[] = [];
  #joined = '';
  #drawingReals = true;

  /** Takes the value unless it comes too close to one that is there. */
  take(text: string, marks: readonly string[]): boolean {
    const bare = text.toLowerCase().replace(/[\s:,.+-]/g, '');
    if (this.#all.has(bare) || this.#joined.includes(bare) || this.#reals.some((real) => bare.includes(real))) return false;
    if (marks.some((mark) => this.#marks.has(mark))) return false;
    this.#all.add(bare);
    for (const mark of marks) this.#marks.add(mark);
    if (!this.#drawingReals) return true;
    this.#reals.push(bare);
    this.#joined += `\n${bare}`;
    return true;
  }

  realsAreDrawn(): void {
    this.#drawingReals = false;
  }
}
