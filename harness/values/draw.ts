import type { ValueId } from '../model/event.js';
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
  const draw = (row: PlanRow): string => drawRow(row, chance, clockWallMs, apart);
  const values = PLAN.map((row, i): ManifestValue => asValue(row, `v${i + 1}`, row.origin, draw(row), row.group));
  apart.realsAreDrawn();
  const placebos = Array.from({ length: PLACEBO_SETS }, (_, set) =>
    PLAN.map((row, i): ManifestValue => {
      const group = row.group === null ? null : `placebo-${set + 1}/${row.group}`;
      return asValue(row, `p${set * PLAN.length + i + 1}`, 'placebo', draw(row), group);
    }),
  ).flat();
  return { seed, values, placebos };
}

function asValue(row: PlanRow, id: ValueId, origin: ManifestValue['origin'], text: string, group: string | null): ManifestValue {
  return { id, type: row.type, datum: row.datum, origin, text, group, bits: row.rule.bits };
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
