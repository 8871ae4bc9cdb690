/** Bytes of one body as they crossed the wire (content-encoding still on, chunk framing off). */
export interface RecordedBody {
  readonly bytes: number;
  /** Hex, lower case; null where the contender keeps no body to hash. */
  readonly sha256: string | null;
}

/** Names and values as recorded: order, case and duplicates as the contender tells them, HTTP/2 pseudo headers left out. */
export type HeaderList = readonly (readonly [string, string])[];

/** What every line tells. Null means: the contender does not say. Never fill one field from what another implies. */
interface Base {
  /** The contender's own name of the event, for the reader of a failed situation; the judge does not look at it. */
  readonly event: string;
  /** The host as the client gave it to the proxy (CONNECT authority, else absolute URI): no port, no brackets round IPv6. Not the Host header. */
  readonly host: string | null;
  readonly port: number | null;
  /** Server name of the client's ClientHello. */
  readonly sni: string | null;
  /** Why it ended as it did, in the contender's own words or code (`unknown_ca`, `DEPTH_ZERO_SELF_SIGNED_CERT`, `ECONNRESET`). */
  readonly cause: string | null;
}

/**
 * A line about one HTTP request; several events of one request, joined by the contender's own ids, are one line. Bodies of what did not
 * come are null; of a request or answer without a body they are `{bytes: 0}`.
 *
 * - `exchange`: request and answer, both whole. A WebSocket's handshake is one as well (status 101).
 * - `cut`: the origin stopped in the middle of its answer, and the record says so. `responseBody` is the part that came.
 * - `client-left`: the client went away before the answer was whole, and the record says so.
 * - `upstream-failed`: the origin could not be reached or trusted, or gave no answer. Method and path are null where CONNECT itself failed.
 * - `request-cut`: the client stopped in the middle of its request, and the record says so.
 * - `bad-request`: not HTTP as the contender understands it, or a target it does not take (a CONNECT to no host name).
 */
export interface HttpLine extends Base {
  readonly kind: 'exchange' | 'cut' | 'client-left' | 'upstream-failed' | 'request-cut' | 'bad-request';
  /** Host header, or `:authority`, as recorded, with its port. */
  readonly hostHeader: string | null;
  readonly method: string | null;
  /** With query; of a plain proxy request the absolute URI or its path, as the contender tells it. */
  readonly path: string | null;
  readonly requestHeaders: HeaderList | null;
  readonly requestBody: RecordedBody | null;
  readonly status: number | null;
  /** Reason phrase; empty in HTTP/2. */
  readonly reason: string | null;
  readonly responseHeaders: HeaderList | null;
  readonly responseBody: RecordedBody | null;
  readonly responseTrailers: HeaderList | null;
  /** 1xx answers in the order they came, 101 not among them. Empty where the contender records none. */
  readonly interim: readonly { readonly status: number; readonly headers: HeaderList }[];
  /** True when the record marks the answer as the contender's own work and not the origin's (a tag, an error instead of a response). */
  readonly synthetic: boolean;
}

/** Bytes that are not HTTP and were passed on. */
export interface OpaqueLine extends Base {
  readonly kind: 'opaque';
  /** True when TLS was taken off first. Null where the contender does not say. */
  readonly insideTls: boolean | null;
  /** From the client to the origin, and back. */
  readonly up: number;
  readonly down: number;
}

/**
 * The client ended its TLS before any request: `refused-by-client`. The client opened a tunnel and never sent a byte: `silent`.
 * A line that only says that a connection opened is neither: leave it out.
 */
export interface RefusalLine extends Base {
  readonly kind: 'refused-by-client' | 'silent';
  /** `done`: the record says that the TLS handshake was complete; `broken`: that it was not; null: it does not say, or no TLS. */
  readonly handshake: 'done' | 'broken' | null;
}

/** One message of a WebSocket, after fragments are joined and compression is off. Pings and pongs are left out. */
export interface WebSocketMessageLine extends Base {
  readonly kind: 'websocket-message';
  readonly direction: 'up' | 'down';
  readonly bytes: number;
}

/** The end of a WebSocket. */
export interface WebSocketCloseLine extends Base {
  readonly kind: 'websocket-close';
  readonly code: number | null;
}

/** Any other fault that the contender reports. */
export interface ErrorLine extends Base {
  readonly kind: 'error';
}

/** One line of a contender's record in common field names. Adapters translate names; they infer nothing and watch no socket. */
export type RecordLine = HttpLine | OpaqueLine | RefusalLine | WebSocketMessageLine | WebSocketCloseLine | ErrorLine;

/** A line about which nothing is known but its event; spread it and set what the contender tells. */
export const blank = { host: null, port: null, sni: null, cause: null } as const;

/** An HTTP line about which nothing is known but its event and kind. */
export const blankHttp = {
  ...blank,
  hostHeader: null,
  method: null,
  path: null,
  requestHeaders: null,
  requestBody: null,
  status: null,
  reason: null,
  responseHeaders: null,
  responseBody: null,
  responseTrailers: null,
  interim: [],
  synthetic: false,
} as const;

/** What a launcher is given. */
export interface LaunchParts {
  /** Empty, absolute, less than six levels deep, this situation's alone: everything the contender writes goes below it. */
  readonly dataDir: string;
  /** The CA behind the origins: the contender must trust it (beside or instead of its own roots) and verify. */
  readonly upstreamCaPem: string;
  /** The same as a file. */
  readonly upstreamCaFile: string;
  /** Names that lead to loopback, through the contender's own resolver; ports are kept. `*.` stands for exactly one label. `*.invalid` must not resolve. */
  readonly resolve: readonly { readonly host: string; readonly ip: string }[];
  /** Absolute path of test/situations: a bundle's own place says nothing about where its sources lie. */
  readonly folder: string;
}

/** A contender that listens. */
export interface ProxyUnderTest {
  readonly name: string;
  /** Version and every option that is not a default, as printed beside the results. */
  readonly options: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** The contender's own CA, which clients trust. */
  readonly caPem: string;
  readonly dataDir: string;
  /** False once the process has ended, or has reported an uncaught exception or unhandled rejection. */
  alive(): boolean;
  /** Open descriptors of the process; null where this system does not tell. */
  descriptors(): number | null;
  /** Resident memory; null where this system does not tell. */
  rssBytes(): number | null;
  /** All lines so far, in order, of the living process. */
  record(): Promise<readonly RecordLine[]>;
  /** Ends the process and waits until it is gone. Never throws. */
  stop(): Promise<void>;
}

/** Starts a fresh contender in a process of its own; resolves when it listens. Default export of `contenders/<name>.ts`. */
export type Launcher = (parts: LaunchParts) => Promise<ProxyUnderTest>;
