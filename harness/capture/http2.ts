import type { TLSSocket } from 'node:tls';
import type { Journal, Line } from './journal.js';
import type { Ending } from './relay.js';

/** Being written. */
export interface Http2Parts {
  readonly journal: Journal;
  readonly line: Line;
  readonly client: TLSSocket;
  readonly upstream: TLSSocket;
  readonly again: () => Promise<TLSSocket>;
  readonly breakClient: () => void;
}
export async function serveHttp2(parts: Http2Parts): Promise<Ending> {
  parts.breakClient();
  parts.upstream.destroy();
  return { by: 'lab', code: null, exchanges: 0 };
}
