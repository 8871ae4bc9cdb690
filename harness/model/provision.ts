/** An article of a law or rule, as data. Source of the drafts: the project's regulations study; each row names its own source. */
export interface Provision {
  readonly id: string;
  readonly law: string;
  readonly article: string;
  readonly text_zh: string;
  readonly summary_en: string;
  /** `yes`: may be printed; `check-first`: after a person has compared it; `no`: never. */
  readonly quote_ok: 'yes' | 'check-first' | 'no';
  readonly status: string;
  readonly effective_from: string | null;
  readonly effective_to: string | null;
  readonly source: string;
}

/** A receiver of the sourced table. */
export interface ReceiverRow {
  readonly id: string;
  readonly sdk_zh: string;
  readonly sdk_en: string;
  readonly company_zh: string | null;
  readonly category: string;
  readonly domains: readonly string[];
  readonly class_prefixes: readonly string[];
}
