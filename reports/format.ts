import type { Report, Rule, Timeline } from '../harness/model/finding.js';
import type { LawRow } from './law/law.js';
import type { Language } from './words.js';

/** All that a format may show. */
export interface FormatParts {
  readonly report: Report;
  readonly timeline: Timeline;
  readonly rules: readonly Rule[];
  readonly law: ReadonlyMap<string, LawRow>;
  /** Bytes of a picture of the run, or null when it is gone. */
  picture(file: string): Uint8Array | null;
  /** The language that a page opens in; it holds both. */
  readonly language: Language;
}

/** A way to write a report: a leaf in reports/formats. Same parts, same bytes. */
export interface ReportFormat {
  readonly id: string;
  /** Name of the file in the judgement's folder and at the top of the run. */
  readonly fileName: string;
  render(parts: FormatParts): string;
}
