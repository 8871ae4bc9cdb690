import type { HeaderList, RecordLine } from './record.js';

/** How a wait on a socket ended. `limit`: the time was up and the connection still open. */
export type Ended = 'whole' | 'closed' | 'reset' | 'limit';

/** What the proxy said to CONNECT. */
export interface TunnelResult {
  /** Null when it closed or said nothing within the limit. */
  readonly status: number | null;
  readonly ended: Ended;
  readonly ms: number;
}

/** How a TLS handshake of the client ended. */
export interface TlsResult {
  readonly done: boolean;
  /** The protocol that ALPN chose. */
  readonly alpn: string | null;
  readonly error: string | null;
  readonly ended: Ended;
}

/** One final answer as the client read it. */
export interface Answer {
  readonly version: string;
  /** Null when no status line came. */
  readonly status: number | null;
  readonly reason: string;
  /** Raw: order, case and duplicates as they came. */
  readonly headers: HeaderList;
  readonly trailers: HeaderList;
  readonly interim: readonly { readonly status: number; readonly headers: HeaderList; readonly ms: number }[];
  readonly framing: 'length' | 'chunked' | 'close' | 'none' | 'h2';
  readonly bytes: number;
  readonly sha256: string;
  /** Latin-1 of the body, chunk framing off; null above 60,000 bytes. */
  readonly text: string | null;
  /** `whole`: the framing says that it is complete. */
  readonly ended: Ended;
  readonly ms: number;
  /** Bytes behind the answer while the client went on listening. */
  readonly late: number;
}

/** Bytes that a raw client got. */
export interface RawResult {
  readonly hex: string;
  readonly ended: Ended;
  readonly ms: number;
}

/** One WebSocket as the client saw it. */
export interface WebSocketResult {
  readonly opened: boolean;
  readonly protocol: string;
  readonly extensions: string;
  readonly messages: readonly { readonly bytes: number; readonly sha256: string }[];
  readonly pongs: number;
  readonly close: { readonly code: number; readonly reason: string } | null;
}

/** All that one client saw. */
export interface ClientResult {
  readonly tunnels: readonly TunnelResult[];
  readonly tls: readonly TlsResult[];
  readonly answers: readonly Answer[];
  readonly raw: RawResult | null;
  readonly websocket: WebSocketResult | null;
  /** What a refusing client did; null where the row has none. */
  readonly refused: string | null;
  /** Bytes had and the time until the client left; null where the row does not leave. */
  readonly left: { readonly bytes: number; readonly ms: number } | null;
}

/** A client that saw nothing. */
export const sawNothing: ClientResult = { tunnels: [], tls: [], answers: [], raw: null, websocket: null, refused: null, left: null };

/** A request as it came to the origin; `bytes` and `sha256` are null until its body was whole. */
export interface OriginRequest {
  readonly kind: 'request';
  readonly version: string;
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderList;
  readonly sni: string | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
}

/** What the origin saw. `bytes`: a raw chunk. `gone`: the stream of an endless or hanging answer closed. `malformed`: no HTTP. */
export type OriginEntry =
  | OriginRequest
  | { readonly kind: 'bytes'; readonly hex: string; readonly insideTls: boolean }
  | { readonly kind: 'gone'; readonly path: string; readonly written: number }
  | { readonly kind: 'malformed'; readonly code: string }
  | { readonly kind: 'websocket-message'; readonly bytes: number; readonly sha256: string }
  | { readonly kind: 'ping' };

/** The origin's log; connections open at the end are those not closed when the record was read. */
export interface OriginLog {
  readonly entries: readonly OriginEntry[];
  readonly open: number;
}

/** What the system says of the contender's process before and after; null where it does not tell. */
export interface Vitals {
  readonly alive: boolean;
  readonly descriptors: { readonly before: number | null; readonly after: number | null };
  readonly rssBytes: { readonly before: number | null; readonly after: number | null };
}

/** Everything that the judge may look at. No contender's name is in it. */
export interface Evidence {
  /** The target as the client gave it. */
  readonly host: string;
  readonly port: number;
  readonly client: ClientResult;
  readonly origin: OriginLog;
  readonly record: readonly RecordLine[];
  readonly vitals: Vitals;
  /** Names of all files below the contender's folder. */
  readonly files: readonly string[];
  /** GET /control on a new connection afterwards. */
  readonly control: Answer | null;
}
