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
  /** `tunnel`: bytes pass untouched. `opaque`: likewise, and they are not read as HTTP. Else the one exchange whose request head waits, whole, to be read from the client. */
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

/** How a relay ended. `done`: its one exchange is over, and both connections stand; what the client sent behind it has been put back. */
export type Ending =
  | { readonly by: 'client' | 'origin' | 'lab'; readonly code: string | null; readonly exchanges: number }
  | { readonly by: 'done' };

/** What a socket tells, and what becomes of it. */
export interface Ears {
  data(chunk: Buffer): void;
  end(): void;
  /** `code`: the system's; null: it closed. */
  gone(code: string | null): void;
  /** What `data` threw. */
  bug(cause: unknown): void;
}

/** Ears that are attached. */
export interface Listening {
  /** Hears what was read of the socket before. */
  take(chunk: Buffer): void;
  stop(): void;
}

/** Attaches to a socket. */
export function listen(socket: Socket, ears: Ears): Listening {
  const took = (chunk: Buffer): void => {
    try {
      ears.data(chunk);
    } catch (cause) {
      ears.bug(cause);
    }
  };
  const ended = (): void => ears.end();
  const failed = (error: NodeJS.ErrnoException): void => ears.gone(error.code ?? error.message);
  const closed = (): void => ears.gone(null);
  socket.on('data', took).on('end', ended).on('error', failed).on('close', closed);
  const stop = (): void => void socket.off('data', took).off('end', ended).off('error', failed).off('close', closed);
  return { take: took, stop };
}
