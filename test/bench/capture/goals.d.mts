export interface Row {
  readonly what: string;
  readonly goal: number;
  readonly reached: number;
  readonly unit: string;
  readonly note: string;
  readonly least?: boolean;
}
export interface Round {
  readonly figures: Readonly<Record<string, number>>;
  readonly check: null | Readonly<Record<'made' | 'captured' | 'lost' | 'twice' | 'altered' | 'strange', number>>;
}
export function rows(results: Readonly<Record<string, Readonly<Record<string, readonly (Round | null)[]>>>>): readonly Row[];
