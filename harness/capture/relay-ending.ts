import type { Exchange } from './exchange.js';
import { writeHalfRequest } from './half-request.js';
import type { RelayParts } from './relay-parts.js';
import type { WebSocketChannel } from './websocket-channel.js';

/** Who ended a connection. */
export type EndedBy = 'client' | 'origin' | 'lab';

const WHO: Readonly<Record<EndedBy, string>> = { client: 'the app went away', origin: 'the server stopped early', lab: 'the run ended' };

/** Writes what was in flight on a connection when it ended. */
export function finishAll(
  exchanges: readonly Exchange[],
  channel: WebSocketChannel | null,
  { by, code }: { readonly by: EndedBy; readonly code: string | null },
): void {
  const ending = by === 'origin' ? 'truncated' : 'aborted';
  const reason = code === null ? WHO[by] : `${WHO[by]}: ${code}`;
  for (const exchange of exchanges) {
    if (exchange === channel?.exchange) channel.end({ ending, reason, clean: code === null && by !== 'lab' });
    else if (exchange.opaque && by === 'lab') exchange.finish('aborted', WHO.lab);
    else if (exchange.opaque && code === null) {
      exchange.requestWhole = true;
      exchange.responseWhole = true;
      exchange.finish('whole', null);
    } else exchange.finish(ending, reason);
  }
}

/** Writes what a client sent behind its request that never came to its turn. */
export function writeUnread({ journal, line }: RelayParts, bytes: Buffer | null): void {
  if (bytes !== null && bytes.length > 0) writeHalfRequest(journal, line, bytes);
}
