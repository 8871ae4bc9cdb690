/** Some bytes in a file of `bodies/`. */
export interface RawBytes {
  readonly sha256: string;
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** Header or trailer fields as [name, value]: names, order and repeats as sent. */
export type Fields = readonly (readonly [string, string])[];

export interface HttpRequestHead {
  readonly method: string;
  /** As sent. */ readonly target: string;
  /** Absolute. */ readonly url: string;
  readonly version: string;
  readonly headers: Fields;
  /** Under the name `;`, which no field can have: extensions of chunks, and what came of a line that never ended. */
  readonly trailers: Fields;
  /** The bytes of the head as they came; null where there are none of that kind (HTTP/2, an old run). */
  readonly raw: RawBytes | null;
}
export interface HttpResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly headers: Fields;
  readonly trailers: Fields;
  /** Responses of 1xx that came before, in their order. */
  readonly interim: readonly { readonly status: number; readonly reason: string; readonly headers: Fields }[];
  readonly raw: RawBytes | null;
}

/** TLS on both sides of the proxy; null where a side did not get so far. */
export interface FlowTls {
  /** What the app offered, and what it got from us. */
  readonly client: {
    /** MD5 of the JA3 string. */ readonly ja3: string | null;
    readonly ja4: string | null;
    readonly alpnOffered: readonly string[];
    readonly version: string | null;
    readonly cipher: string | null;
    readonly alpn: string | null;
  } | null;
  /** What we got from the server. `untrusted`: the code for which it would have been refused, had the operator not asked to go on. */
  readonly upstream: {
    readonly version: string | null;
    readonly cipher: string | null;
    readonly alpn: string | null;
    readonly untrusted: string | null;
  } | null;
}

/**
 * A WebSocket. `channel`: the exchange that opened it, written when it ended, with how it was closed and how many messages went each way;
 * its bodies are the bytes of the frames as sent. `message`: one message of it, decoded, in the one body of its flow.
 */
export type FlowWebSocket =
  | {
      readonly kind: 'channel';
      readonly messages: { readonly request: number; readonly response: number };
      readonly closes: readonly { readonly by: 'client' | 'origin'; readonly code: number | null; readonly reason: string }[];
    }
  | {
      readonly kind: 'message';
      /** `n` of the channel's flow. */
      readonly channel: number;
      /** Place among the messages of its direction, from 1. */
      readonly number: number;
      readonly opcode: 'text' | 'binary';
      readonly compressed: boolean;
    };

/** What of a flow the proxy itself made; what is not named here passed as it came. */
export type Synthetic =
  | /** The request head was written anew. */ 'request-head'
  /** The response head was written anew. */
  | 'response-head'
  /** The recorded response is ours, no server sent it. */
  | 'response'
  /** The app was told by us that there is no way; that answer is not recorded as a response. */
  | 'answer'
  /** A rule changed the request or the response on its way. */
  | 'changed';
