import type { Duplex } from 'node:stream';

/** What a client is given: addresses, trust, and a place to leave its sockets. */
export interface Scene {
  readonly proxyPort: number;
  /** The contender's CA. */
  readonly caPem: string;
  /** The CA behind the origins. */
  readonly originCaPem: string;
  readonly originPort: number;
  readonly dataDir: string;
  /** The socket is destroyed when the row is over, and its errors are no exceptions. */
  keep(socket: Duplex): void;
}

/** A scene and its end. */
export interface OpenScene extends Scene {
  close(): void;
}

/** A scene whose sockets `close` destroys. */
export function openScene(parts: Omit<Scene, 'keep'>): OpenScene {
  const sockets = new Set<Duplex>();
  return {
    ...parts,
    keep(socket) {
      sockets.add(socket);
      socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}
