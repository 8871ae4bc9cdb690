import type { Event, EventId, GapSource, Phase, ValueId } from './event.js';
import type { ManifestValue } from './values.js';
import type { RunHead } from './run.js';
import type { Need } from './scenario.js';

/** `md5-16`: the middle 8 bytes of an MD5. `crc32`: big-endian, as its hex is written. */
export type DigestName = 'md5' | 'md5-16' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512' | 'sm3' | 'crc32';

/** One step of a certificate's chain, from the wire to the value. */
export type Encoding =
  /** `deflate`: with or without the zlib header. `utf-16…` (two-byte units), `gbk`: text in that charset, undone to UTF-8. */
  | {
      readonly op:
        | 'percent'
        | 'json'
        | 'html'
        | 'quoted-printable'
        | 'utf-16le'
        | 'utf-16be'
        | 'gbk'
        | 'base64'
        | 'hex'
        | 'gzip'
        | 'deflate'
        | 'brotli'
        | 'zstd';
    }
  /** The bytes are the digest of the value in the certificate's form. */
  | { readonly op: DigestName }
  /** The digest `outer` of the digest `inner` of it, written as `as` between the two. */
  | {
      readonly op: 'digest-of-digest';
      readonly outer: DigestName;
      readonly inner: DigestName;
      readonly as: 'hex-lower' | 'hex-upper' | 'raw' | 'base64';
    }
  /** The digest of it between two texts that an SDK is known to use. */
  | { readonly op: 'salted'; readonly digest: DigestName; readonly before: string; readonly after: string }
  /** The HMAC of it under a key that an SDK is known to use. */
  | { readonly op: 'hmac'; readonly digest: DigestName; readonly key: string }
  /**
   * Bytes that a hook saw leave a digest, MAC, cipher or coding whose input holds the value. `from`: at which byte of that output they begin;
   * other than the whole output only for a cipher, whose input then holds the value within the same stretch (give or take a block of 16).
   */
  | { readonly op: 'derived'; readonly derivation: EventId; readonly from: number }
  /** Only as the first layer: two pieces of one request or one of each of several, at least 3 bytes each, in order. The last lies in the link's own flow and part. */
  | { readonly op: 'joined'; readonly pieces: readonly JoinedPiece[] };

/** A stretch of a request: how it is reached in its part, and where it lies in the last layer on that way. */
export interface JoinedPiece {
  readonly flow: EventId;
  readonly part: Span['part'];
  readonly sourceSha256: string;
  readonly layers: Certificate['layers'];
  readonly at: { readonly start: number; readonly end: number };
}

/** Where a value lies: in bytes as sent. */
export interface Span {
  readonly part: 'url' | 'body' | `header:${string}` | `frame:${number}`;
  readonly start: number;
  readonly end: number;
}

/** Everything that a verifier needs to show one link again from the recorded bytes. */
export interface Certificate {
  readonly value: ValueId;
  /**
   * How the value is written there:
   * `raw`, `lower`, `upper`, `reversed`, `full-width` (digits U+FF10…), `plus-for-space`, charsets of the raw text `gbk`, `utf-16le`, `utf-16be`;
   * phones: `with-86`, `with-plus-86`, `with-0086`, `with-086`, each also with `-space` or `-dash` behind the prefix (`with-86-dash`: `86-140…`),
   * `space-3-4-4`, `dash-3-4-4`, `plus-86-space-3-4-4` (`+86 140 8273 6951`), `plus-86-dash-3-4-4`;
   * addresses (MAC, BSSID): `colon-`, `dash-`, `dot-` (`0a3f.9c51.e27d`), `no-separator-` × `lower`, `upper`; OAID also `no-separator-…`;
   * IMEI `no-check-digit`; bank card `space-4`, `dash-4`;
   * with the name of the same group before or behind it: `name-JOIN-value`, `value-JOIN-name`, JOIN one of `plain` (nothing), `colon`, `comma`, `bar`, `space`;
   * `masked-A-B`: the first A and last B characters stand, the rest is mask characters (`*`, `•`, `＊`, `#`, `x`, `X`), at least two,
   * with a space or dash beside or between groups of them or not (`7217 **** **** 1234`);
   * coordinates: `pair[-gcj02|-bd09][-NUMBER]-N`: latitude and longitude in any order, in that datum, agreeing to N decimals (cut or rounded, and 2e-6 more where the datum is shifted);
   * NUMBER, when not decimal text: `e5`, `e6`, `e7` (integers as text), `f64le`, `f64be`, `f32le`, `f32be`, `i32le-e6`, `i32be-e6`, `i32le-e7`, `i32be-e7`,
   * `varint-e6`, `varint-e7`, `zigzag-e6`, `zigzag-e7` (protobuf); `geohash-N`: N characters.
   */
  readonly form: string;
  /** SHA-256 of the part's bytes as sent: of the part in which the value ends. */
  readonly sourceSha256: string;
  /** For each layer: what was decoded, from which bytes of the layer above, and the SHA-256 of what came out. For `joined` the range is the whole part. */
  readonly layers: readonly { readonly encoding: Encoding; readonly start: number; readonly end: number; readonly sha256: string }[];
  /** Where the spelling lies in the last layer. For a digest that layer is the spelling itself: its `start` and `end` say where the digest lies. */
  readonly at: { readonly start: number; readonly end: number };
}

export type Level = 'C1' | 'C2' | 'C3' | 'C4' | 'C5';

/** One value in one flow. */
export interface Link {
  readonly id: `l${number}`;
  readonly value: ValueId;
  readonly datum: string;
  readonly flow: EventId;
  readonly reads: readonly EventId[];
  /** The latest read before the flow; null: no read was seen (see `origin`). */
  readonly observation: EventId | null;
  readonly origin: 'read' | 'typed' | 'picked' | 'unseen';
  readonly order: 'before' | 'after' | 'undecided' | 'none';
  readonly owner: 'same' | 'other' | 'unknown';
  /** The certificate's, but for the pieces of `joined`, which stand there alone. */
  readonly chain: readonly Encoding[];
  readonly span: Span;
  readonly level: Level;
  readonly surpriseBits: number;
  readonly certificate: Certificate;
}

/** Who is behind a host, by the sourced table. */
export interface Receiver {
  readonly host: string;
  readonly registrable: string;
  readonly party: 'first' | 'third' | 'unknown';
  readonly sdk: string | null;
  /** Row of the cloud or CDN that lends the host: its tenant, whom the host does not tell, is the receiver. Null: none known. */
  readonly landlord: string | null;
  /** The name by which the table knew it, where DNS said that the host is another name for it; else null. */
  readonly alias: string | null;
  readonly company: { readonly zh: string; readonly checked: boolean } | null;
}

/** A recorded run on one clock, with its links: all that a rule may see. */
export interface Timeline {
  readonly head: RunHead;
  readonly events: readonly Event[];
  readonly links: readonly Link[];
  readonly values: ReadonlyMap<ValueId, ManifestValue>;
  /** `undecided` where clocks cannot tell on which side of a consent event it lies. */
  readonly phases: ReadonlyMap<EventId, Phase | 'undecided'>;
  readonly receivers: ReadonlyMap<EventId, Receiver>;
  /** SDK id by class prefix of a caller; null: the app's own code or unknown. */
  sdkOf(caller: string): string | null;
  readonly reached: ReadonlySet<Need>;
  readonly interrupted: boolean;
}

export type Verdict = 'violation' | 'undecided' | 'clear' | 'not-tested';
export type Facts = Readonly<Record<string, string | number>>;

/** What makes two findings the same one across runs. */
export interface FingerprintParts {
  readonly datum: string;
  readonly family: string;
  readonly phase: string;
  readonly receiver: string;
  readonly sdk: string;
}

/** What a rule returns. Claims of one fingerprint become one finding. */
export interface Claim {
  readonly verdict: 'violation' | 'undecided' | 'not-tested';
  /** Closed words for a verdict that is not a violation: `clock`, `documents`, `host-unseen`… */
  readonly reason: string | null;
  readonly events: readonly [EventId, ...EventId[]];
  readonly links: readonly Link['id'][];
  readonly facts: Facts;
  readonly about: FingerprintParts;
}

export interface Finding {
  readonly rule: string;
  /** Provisions in force on the day of the conduct that may be named, primary first. */
  readonly provisions: readonly string[];
  readonly verdict: Verdict;
  /** `gap`, `scenario`, `missed`, `interrupted`, `clock`, `documents`… ; null for violation and clear. */
  readonly reason: string | null;
  readonly events: readonly EventId[];
  readonly links: readonly Link['id'][];
  readonly facts: Facts;
  readonly about: FingerprintParts;
  readonly fingerprint: string;
  readonly count: number;
  /** A: found by machine alone; H: a person decides. */
  readonly mode: 'A' | 'H';
  readonly review: { readonly by: string; readonly when: string; readonly outcome: 'confirmed' | 'rejected' } | null;
  readonly documents: readonly EventId[] | null;
}

export interface Words {
  readonly zh: string;
  readonly en: string;
}

/** A rule of `data/rules.json`, as code. Pure: same timeline, same claims. */
export interface Rule {
  readonly id: `LA-${string}`;
  readonly title: Words;
  readonly severity: 'critical' | 'high' | 'medium' | 'low';
  readonly mode: 'A' | 'H';
  /** MIIT's word for the issue in its lists (所涉问题). */
  readonly miitIssue: string;
  readonly provisions: {
    readonly primary: string;
    readonly printable: readonly string[];
    readonly supporting: readonly string[];
    readonly defence: readonly string[];
  };
  readonly needs: readonly Need[];
  /** A gap here, where it overlaps a claim's datum, host and phase, makes that claim `not-tested`. */
  readonly toAccuse: readonly GapSource[];
  /** A gap here only keeps the rule from saying `clear`. */
  readonly toClear: readonly GapSource[];
  /** Data the rule watches (ids of datum.json); a gap about other data does not touch it. Empty: all. */
  readonly data: readonly string[];
  /** Phases the rule speaks of; a gap about another phase does not touch it. Empty: all. */
  readonly phases: readonly Phase[];
  /** One sentence with `{fact}` slots, the same slots in both languages. */
  readonly text: Words;
  /** What the operator may answer. */
  readonly defences: readonly Words[];
  judge(timeline: Timeline): readonly Claim[];
  readonly examples: { readonly violation: Timeline; readonly clear: Timeline } & Readonly<Record<string, Timeline>>;
}

/** A finding that an app must give under a scenario. `clear` and `not-tested` for `scenario` are implied for the rest. */
export interface Truth {
  readonly scenario: string;
  readonly rule: Rule['id'];
  readonly verdict: Exclude<Verdict, 'clear'>;
  readonly datum: string;
  /** Host, or `-`. */
  readonly receiver: string;
  /** SDK id of the receivers table, or `-`. */
  readonly sdk: string;
  readonly phase: string;
}

/** report.json. */
export interface Report {
  readonly schema: 1;
  readonly run: {
    readonly id: string;
    readonly began: string;
    readonly interrupted: boolean;
    readonly head: string;
    readonly events: number;
    readonly tool: RunHead['tool'];
  };
  readonly app: RunHead['app'];
  readonly handset: RunHead['handset'];
  readonly scenario: { readonly id: string; readonly title: string; readonly aims: readonly Need[]; readonly reached: readonly Need[] };
  readonly findings: readonly Finding[];
  readonly links: readonly Link[];
  readonly coverage: ReportCoverage;
  /** Values drawn like the planted ones and never planted. Each hit is a false positive by construction. */
  readonly placebo: {
    readonly drawn: number;
    readonly hits: number;
    readonly bytesSearched: number;
    readonly byType: readonly { readonly type: string; readonly drawn: number; readonly hits: number }[];
  };
}

/** What was looked at and what was not. */
export interface ReportCoverage {
  readonly hooks: {
    readonly installed: number;
    readonly missing: readonly string[];
    readonly failed: readonly string[];
    readonly fired: Readonly<Record<string, number>>;
  };
  /** Data of a handset, ids of datum.json, that a hook watched and that none did. */
  readonly data: { readonly watched: readonly string[]; readonly unwatched: readonly string[] };
  readonly flows: {
    readonly seen: number;
    readonly whole: number;
    readonly refused: readonly string[];
    readonly opaque: readonly string[];
    readonly broken: number;
  };
  readonly gaps: readonly {
    readonly source: GapSource;
    readonly what: string;
    readonly why: string;
    readonly scope: { readonly datum: string | null; readonly host: string | null; readonly phase: Phase | null };
  }[];
  readonly rules: { readonly judged: number; readonly notTested: readonly string[] };
}

/** Reads recorded bodies; given to `reports` by the cli. */
export interface Bodies {
  /** Bytes of `[offset, offset+length)` of a run file (`bodies/…`, `values/…`). */
  read(file: string, offset: number, length: number): Uint8Array;
}
