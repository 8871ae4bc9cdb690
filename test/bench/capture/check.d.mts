export interface Told {
  readonly path: string | null;
  readonly error?: string;
  readonly gap?: string;
  readonly up?: { readonly bytes: number; readonly sha256: string | null };
  readonly down?: { readonly bytes: number; readonly sha256: string | null };
}
export interface Checked {
  readonly made: number;
  readonly captured: number;
  readonly lost: number;
  readonly twice: number;
  readonly altered: number;
  readonly strange: number;
  readonly examples: readonly string[];
}
export interface Span {
  readonly kind: string;
  readonly from: number;
  readonly to: number;
  readonly tail?: string;
}
export function check(records: Iterable<Told> | AsyncIterable<Told>, spans: readonly Span[]): Promise<Checked>;
export function checkUnused(records: Iterable<Told> | AsyncIterable<Told>, made: number): Promise<Checked>;
