import type { Socket } from 'node:net';
import type { Exchange } from './exchange.js';
import type { Head } from './http1.js';
import type { Beginning, Journal, Line, ProxyWhy } from './journal.js';

/** A message as it goes on: its head, and what takes the place of its body; null: the body passes as it comes. */
export interface Outgoing {
  readonly head: Buffer;
  readonly body: Buffer | null;
}

/** What joins an app's connection to the server's. */
export interface RelayParts {
  readonly journal: Journal;
  readonly line: Line;
  /** Both ends, TLS taken off; each with its `error` already listened to. */
  readonly client: Socket;
  readonly upstream: Socket;
  /** `tunnel`: bytes pass untouched. `opaque`: likewise, and they are not read as HTTP. Else one exchange whose head is written anew. */
  readonly mode:
    | { readonly kind: 'tunnel' }
    | { readonly kind: 'opaque'; readonly reason: ProxyWhy }
    | {
        readonly kind: 'one';
        readonly began: Beginning;
        /** What goes to the server. */
        readonly ask: (head: Head, exchange: Exchange) => Outgoing;
        /** What goes to the app, of each response that comes; null: as it comes. */
        readonly answer: ((head: Head, exchange: Exchange) => Outgoing) | null;
      };
  /** Breaks the app's connection so that a body without a length does not look complete. */
  readonly breakClient: () => void;
}

/** How a relay ended. `done`: its one exchange is over, both connections stand, and the client has sent `rest` already. */
export type Ending =
  | { readonly by: 'client' | 'origin' | 'lab'; readonly code: string | null; readonly exchanges: number }
  | { readonly by: 'done'; readonly rest: Buffer };
