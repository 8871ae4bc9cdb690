import type { Report } from '../../harness/model/finding.js';
import type { Difference } from '../compare.js';

/** One audit of a night, as its pages show it. */
export interface NightLine {
  readonly app: string;
  readonly scenario: string;
  /** Path of the run from the night's folder. */
  readonly run: string;
  readonly exit: number;
  readonly report: Report | null;
  readonly error: string | null;
  readonly seconds: number;
  readonly changes: readonly Difference[] | null;
}

/** A night's results. `began` is ISO 8601. */
export interface Night {
  readonly began: string;
  readonly lines: readonly NightLine[];
}
