import type { TLSSocket } from 'node:tls';
import { serveDown } from './http2-down.js';
import { relayHttp2 } from './http2-relay.js';
import type { Journal, Line } from './journal.js';
import type { Ending } from './relay-parts.js';

/** An app's connection on which it speaks HTTP/2, and a server's. */
export interface Http2Parts {
  readonly journal: Journal;
  readonly line: Line;
  /** Agreed on h2; its `error` is listened to. */
  readonly client: TLSSocket;
  /** Its `alpnProtocol` is `h2`, or else it speaks HTTP/1.1; its `error` is listened to. */
  readonly upstream: TLSSocket;
  /** Another connection to the same server, for when the first is busy or closed. Rejects with Unreachable. */
  readonly again: () => Promise<TLSSocket>;
  /** Breaks the app's connection. */
  readonly breakClient: () => void;
}

/**
 * Serves an app's HTTP/2 connection and writes each exchange; resolves when it ends, and never rejects for what a peer does.
 * Where the server speaks HTTP/2 as well the bytes pass untouched; where it does not, we answer for it and ask it in HTTP/1.1.
 */
export function serveHttp2(parts: Http2Parts): Promise<Ending> {
  const { line } = parts;
  if (parts.upstream.alpnProtocol === 'h2') return relayHttp2({ ...parts, line: { ...line, engine: 'relay' } });
  return serveDown({ ...parts, line: { ...line, engine: 'http2' } });
}
