/** How a row's value is taken out of a call. */
export type ValuePath =
  | { readonly from: 'return' }
  | { readonly from: 'argument'; readonly index: number }
  /** android.database.Cursor given back by a content query: all string columns of all rows, bounded. */
  | { readonly from: 'cursor' }
  /** java.util.List or array given back: each element by a no-argument method or a field; null: the element itself. */
  | { readonly from: 'list'; readonly element: string | null }
  /** android.location.Location given back or passed in: `lat,lon`. */
  | { readonly from: 'location'; readonly argument: number | null }
  /** ClipData given back: the text of its items. */
  | { readonly from: 'clip' }
  /** byte[] given back, as a colon-separated MAC. */
  | { readonly from: 'mac' }
  /** The call itself is the fact. */
  | { readonly from: 'none' };

/** What a call means. Only `read` yields a datum. */
export type RowKind = 'read' | 'permission-request' | 'click' | 'activity' | 'digest' | 'mac' | 'cipher' | 'base64' | 'gzip';

/** One hooked API: all its overloads. */
export interface HookRow {
  readonly id: string;
  readonly kind: RowKind;
  /** Ids of datum.json; `by-uri` for content queries; null for rows that carry, derive or witness. */
  readonly datum: string | null;
  /** The same for siblings that read one datum. */
  readonly family: string;
  readonly class: string;
  readonly method: string;
  /** Exact Java class names of the arguments: `int`, `[B`, `java.lang.String`, `a.b.C$D`. */
  readonly overloads: readonly (readonly string[])[];
  readonly since: number;
  readonly until: number | null;
  readonly value: ValuePath;
  /** Only calls whose string argument `index` is in `among` count. */
  readonly only: { readonly index: number; readonly among: readonly string[] } | null;
  /** Called often: counted by (row, stack, value), no record for each call. */
  readonly hot: boolean;
  /** Java expression that makes it fire, for the self-test and the reader. */
  readonly exercise: string;
  /** Where the row's facts come from. */
  readonly source: string;
}

/** Time as the agent's process tells it; on the virtual handset this is the run clock. */
export interface WireStamp {
  readonly ms: number;
  readonly slackMs: number;
  readonly clock: string;
  readonly seq: number;
}
export interface WireFrame {
  readonly c: string;
  readonly m: string;
  readonly f: string | null;
  readonly l: number | null;
}

interface RecordBase {
  readonly seq: number;
  readonly at: WireStamp;
  readonly tid: number;
  readonly thread: string;
}

/** The part of a row that a reader of records needs. */
export interface WireRow {
  readonly id: string;
  readonly kind: RowKind;
  readonly datum: string | null;
  readonly family: string;
  readonly class: string;
  readonly method: string;
}

/** A value as read: text, or bytes in base64 (the one without the other). */
export type WireValue = { readonly text: string } | { readonly base64: string };

/** What was left out: values of one read, the end of a long value, the end of a crypto call's input, the state of one of too many crypto objects, values to look for in crypto calls. */
export type WireCut = 'values' | 'value' | 'input' | 'objects' | 'known';

export type WireRecord =
  | (RecordBase & {
      readonly type: 'stack';
      readonly id: number;
      readonly frames: readonly WireFrame[];
      /** Index of the innermost frame that is neither the framework's nor the language's; null: none. */ readonly caller: number | null;
    })
  /** What the rows of this agent mean; sent once, before any other record speaks of them. */
  | (RecordBase & { readonly type: 'rows'; readonly rows: readonly WireRow[] })
  | (RecordBase & {
      readonly type: 'api';
      readonly hook: string;
      readonly datum: string;
      readonly values: readonly WireValue[];
      readonly rows: number | null;
      readonly threw: string | null;
      readonly stack: number;
      readonly parent: number | null;
      readonly foreground: boolean | null;
      readonly n: number;
      readonly firstAt: WireStamp;
      readonly lastAt: WireStamp;
    })
  | (RecordBase & { readonly type: 'prompt'; readonly hook: string; readonly permissions: readonly string[]; readonly stack: number })
  | (RecordBase & { readonly type: 'click'; readonly view: string; readonly text: string })
  | (RecordBase & { readonly type: 'activity'; readonly name: string; readonly state: 'resumed' | 'paused' })
  | (RecordBase & {
      readonly type: 'derive';
      readonly op: 'digest' | 'mac' | 'cipher' | 'base64' | 'gzip';
      readonly algorithm: string;
      readonly input: string;
      readonly output: string;
      readonly stack: number;
    })
  | (RecordBase & {
      readonly type: 'coverage';
      readonly when: 'early' | 'late' | 'end';
      readonly installed: readonly string[];
      readonly missing: readonly string[];
      readonly failed: readonly { readonly hook: string; readonly why: string }[];
      readonly fired: Readonly<Record<string, number>>;
    })
  /** Part of what passed was left out: `datum` is that of the read, null where any value may be in what was left out. */
  | (RecordBase & { readonly type: 'cut'; readonly hook: string; readonly datum: string | null; readonly what: WireCut })
  | (RecordBase & { readonly type: 'fault'; readonly hook: string; readonly where: string; readonly message: string });

/** What the agent sends: `seq` of records has no gaps but for those counted in `dropped`. */
export interface WireBatch {
  readonly type: 'batch';
  readonly v: 1;
  readonly pid: number;
  readonly process: string;
  readonly package: string;
  readonly n: number;
  readonly dropped: number;
  readonly records: readonly WireRecord[];
}
