import type { FlowTls, FlowWebSocket, HttpRequestHead, HttpResponseHead, Synthetic } from './flow-parts.js';
import type { Stamp } from './stamp.js';

/** `e1`, `e2` … in the order of the record; of an imported event its name in the evidence it came from. */
export type EventId = string;
/** A value of the run's manifest: `v…` planted, typed or registered before launch, `p…` a placebo; of imported evidence its canary's id. */
export type ValueId = string;
export type Phase = 'before-launch' | 'before-consent' | 'after-consent' | 'after-refusal' | 'after-withdrawal';

/** A file of the run folder, by its path from the run folder. */
export interface FileRef {
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** One Java stack frame, innermost first in a list. */
export interface Frame {
  readonly class: string;
  readonly method: string;
  readonly file: string | null;
  readonly line: number | null;
}

export interface ProcessRef {
  readonly pid: number;
  readonly name: string;
  readonly package: string;
}

/** A value seen by a hook: one of the manifest, or bytes kept in `values/` under a hash keyed by the run's secret. */
export type ValueRef = { readonly value: ValueId } | { readonly keyedHash: string; readonly bytes: number };

export type BodyState = 'whole' | 'cut' | 'truncated' | 'aborted';

/** Bytes of one body as they crossed the wire (content-encoding still on), in an append-only file of `bodies/`. */
export interface BodyRef {
  readonly of: 'request' | 'response';
  readonly sha256: string;
  readonly bytes: number;
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  /** `cut`: more came than the limit keeps; `truncated`: the peer stopped early; `aborted`: our side's app went away. */
  readonly state: BodyState;
}

export type GapSource = 'hooks' | 'proxy' | 'driver' | 'handset' | 'values' | 'store' | 'linker' | 'documents' | 'run';

interface Base {
  readonly id: EventId;
  readonly at: Stamp;
}

/** A picture of the screen and the view tree behind it. */
export interface Picture {
  readonly screen: FileRef;
  readonly tree: FileRef;
}

/** One act of the scenario. */
export interface Step extends Base {
  readonly kind: 'step';
  /** Path in the scenario, from 1: `3`, or `3.2` for the second act inside `optional`. */
  readonly path: string;
  readonly act: string;
  readonly state: 'begun' | 'done' | 'failed';
  readonly detail: string;
  readonly picture: Picture | null;
}

/** What the analyser saw of a notice before anything was touched. */
export interface NoticeView {
  readonly title: string;
  readonly text: string;
  readonly agree: string | null;
  readonly decline: string | null;
  /** `unknown`: a box-like picture whose state the tree does not tell; `none`: no box. */
  readonly box: { readonly state: 'ticked' | 'unticked' | 'unknown'; readonly label: string; readonly bounds: string } | null;
  readonly links: readonly string[];
  readonly score: number;
}

export interface Consent extends Base {
  readonly kind: 'consent';
  readonly act: 'shown' | 'agreed' | 'declined' | 'withdrawn';
  /**
   * How it was expressed; null for `shown` and where an old run does not tell. `button`: a button that says so in words; `put-off`: one that
   * only puts off or turns back; `back`: the back key; `log-in`: 登录 beside a box; `plain-tap`: the scenario itself named the button.
   */
  readonly how: 'button' | 'put-off' | 'back' | 'log-in' | 'plain-tap' | null;
  /** From tap sent to tap answered; null for `shown`. */
  readonly window: { readonly from: Stamp; readonly to: Stamp } | null;
  /** The click as the agent in that process stamped it; null when no agent saw it. */
  readonly click: Stamp | null;
  readonly notice: NoticeView | null;
  readonly before: Picture | null;
  readonly after: Picture | null;
}

/** A permission asked for (seen by a hook), shown or answered (seen on the screen). */
export interface Prompt extends Base {
  readonly kind: 'prompt';
  readonly act: 'requested' | 'shown' | 'answered';
  readonly permissions: readonly string[];
  /** Android permission groups of `permissions`, from `datum.json`'s names. */
  readonly groups: readonly string[];
  readonly answer: 'allow' | 'once' | 'deny' | null;
  readonly caller: string | null;
  readonly stack: readonly Frame[];
  readonly process: ProcessRef | null;
}

/** Calls of one hooked API that read (or tried to read) one datum. */
export interface Observation extends Base {
  readonly kind: 'observation';
  /** Id of the hook row. */
  readonly hook: string;
  /** `class.method` as hooked. */
  readonly api: string;
  /** API family, the same for overloads and siblings of one datum; part of fingerprints. */
  readonly family: string;
  readonly datum: string;
  /** `class.method` of the innermost frame that is neither the framework's nor the language's. */
  readonly caller: string;
  readonly stack: readonly Frame[];
  readonly values: readonly ValueRef[];
  /** Rows or elements that the call gave back; null where that has no meaning. */
  readonly rows: number | null;
  readonly n: number;
  readonly firstAt: Stamp;
  readonly lastAt: Stamp;
  readonly parent: EventId | null;
  /** Java class of what the call threw; a refused read is evidence as well. */
  readonly threw: string | null;
  readonly process: ProcessRef;
  readonly thread: string;
  /** False when no activity of the app was resumed; null when not known. */
  readonly foreground: boolean | null;
}

/** A crypto or coding call whose input holds a known value. */
export interface Derivation extends Base {
  readonly kind: 'derivation';
  readonly op: 'digest' | 'mac' | 'cipher' | 'base64' | 'gzip';
  readonly algorithm: string;
  readonly input: FileRef;
  readonly output: FileRef;
  readonly caller: string;
  readonly stack: readonly Frame[];
  readonly process: ProcessRef;
  readonly thread: string;
}

export interface Moment {
  readonly wallMs: number;
  readonly monoMs: number;
  readonly ms: number;
}

/** Real wall and monotonic time of each step, and run time; null where the step did not happen or was not seen. */
export interface FlowTimes {
  readonly connect: Moment | null;
  readonly clientHello: Moment | null;
  readonly handshake: Moment | null;
  readonly requestFirst: Moment | null;
  readonly requestLast: Moment | null;
  readonly responseFirst: Moment | null;
  readonly responseLast: Moment | null;
}

/** An exchange seen by the proxy or by a TLS hook, a message of a WebSocket, a refusal, or bytes that could not be read. `at` is the first byte of the request. */
export interface Flow extends Base {
  readonly kind: 'flow';
  readonly witness: 'proxy' | 'tls-hook';
  /** Place among the flows of the proxy in the order in which they began or were refused, from 1; in a complete run none is missing. Null: not counted. */
  readonly n: number | null;
  /** What carried it: `relay` passed the bytes, `pipeline` went through handlers, `http2` translated HTTP/2 to HTTP/1. */
  readonly engine: 'relay' | 'pipeline' | 'http2' | 'none';
  readonly door: 'http-proxy' | 'socks5' | 'tls' | 'dns' | 'none';
  readonly scheme: 'https' | 'http' | 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  readonly sni: string | null;
  readonly peer: { readonly ip: string; readonly port: number; readonly certificateSha256: string | null } | null;
  readonly owner: {
    readonly uid: number | null;
    readonly package: string | null;
    readonly pid: number | null;
    readonly how: 'virtual' | 'proc-net' | 'socks' | 'unknown';
  };
  readonly state: 'whole' | 'cut' | 'truncated' | 'aborted' | 'refused' | 'opaque';
  /** Why the state is not `whole`: a TLS alert, a reset, a code. */
  readonly reason: string | null;
  readonly request: HttpRequestHead | null;
  readonly response: HttpResponseHead | null;
  readonly bodies: readonly BodyRef[];
  readonly tls: FlowTls | null;
  readonly websocket: FlowWebSocket | null;
  readonly synthetic: readonly Synthetic[];
  readonly times: FlowTimes;
}

/** A policy or list that the app or its operator published. */
export interface Document extends Base {
  readonly kind: 'document';
  readonly what: 'privacy-policy' | 'agreement' | 'sdk-list' | 'other';
  readonly title: string;
  readonly url: string | null;
  readonly text: FileRef | null;
}

export interface Lifecycle extends Base {
  readonly kind: 'lifecycle';
  readonly what:
    | 'opened'
    | 'installed'
    | 'cleared'
    | 'planted'
    | 'launched'
    | 'process-started'
    | 'process-ended'
    | 'crashed'
    | 'resumed'
    | 'paused'
    | 'stopped'
    | 'collected'
    | 'picked';
  readonly process: ProcessRef | null;
  /** For `picked`: the ids of the values that the system's picker handed over, with commas between. */
  readonly detail: string;
  /** SHA-256 of run.json in the first line of a run, else null. */
  readonly head: string | null;
}

export interface Clock extends Base {
  readonly kind: 'clock';
  readonly what: 'jump' | 'round-trip' | 'ntp';
  readonly fromMs: number;
  readonly toMs: number;
  readonly why: string;
}

/** Which hooks are in, which are not, and which never fired. */
export interface Coverage extends Base {
  readonly kind: 'coverage';
  readonly when: 'early' | 'late' | 'end';
  readonly process: ProcessRef;
  readonly installed: readonly string[];
  readonly missing: readonly string[];
  readonly failed: readonly { readonly hook: string; readonly why: string }[];
  readonly fired: Readonly<Record<string, number>>;
}

/** Something the lab could not see. A null in `scope` means: all of them. */
export interface Gap extends Base {
  readonly kind: 'gap';
  readonly source: GapSource;
  readonly what: string;
  readonly why: string;
  readonly scope: { readonly datum: string | null; readonly host: string | null; readonly phase: Phase | null };
}

export interface End extends Base {
  readonly kind: 'end';
  readonly outcome: 'complete' | 'interrupted' | 'failed';
  readonly why: string | null;
}

export type Event = Step | Consent | Prompt | Observation | Derivation | Flow | Document | Lifecycle | Clock | Coverage | Gap | End;

type WithoutId<E> = E extends Event ? Omit<E, 'id'> : never;
/** An event before the recorder gave it its id. */
export type Draft = WithoutId<Event>;
