import type { ClientHttp2Session, ServerHttp2Session, SessionOptions } from 'node:http2';
import { connect, performServerHandshake } from 'node:http2';
import type { TLSSocket } from 'node:tls';

/** What a peer may send on one stream before we have passed it on; with it a slow reader costs little memory and a fast one is not held up. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
/** Node gives this one back as bytes come, not as they are passed on: the window of each stream is what bounds memory. */
const SESSION_WINDOW_BYTES = 16 * 1024 * 1024;
const LONGEST_HEAD_BYTES = 256 * 1024;
const SETTINGS = { initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: LONGEST_HEAD_BYTES };
const LIMITS: SessionOptions = {
  // Node's own are made for a server that may choose its clients: 128 fields, 64 KiB of head, 10 MB for a session.
  maxHeaderListPairs: 2000,
  maxSendHeaderBlockLength: 2 * LONGEST_HEAD_BYTES,
  maxSessionMemory: 1024,
};

/** Plays the server's part of HTTP/2 on a connection with the app. */
export function serverSession(client: TLSSocket, most: number | null): ServerHttp2Session {
  // A TLSSocket that no tls.Server made says for ever that its handshake is not over, and HTTP/2 would wait for that.
  Object.assign(client, { secureConnecting: false });
  const settings = most === null ? SETTINGS : { ...SETTINGS, maxConcurrentStreams: most };
  const session = performServerHandshake(client, { ...LIMITS, settings });
  session.setLocalWindowSize(SESSION_WINDOW_BYTES);
  lettingGo(client);
  return session;
}

/** Plays the client's part on a connection with the server; a server may not push. */
export function clientSession(upstream: TLSSocket): ClientHttp2Session {
  const session = connect('https://unnamed.invalid', {
    ...LIMITS,
    settings: { ...SETTINGS, enablePush: false },
    createConnection: () => upstream,
  });
  session.setLocalWindowSize(SESSION_WINDOW_BYTES);
  lettingGo(upstream);
  return session;
}

/** Our sockets are half-open and a session that closes waits for its peer: one that never answers would be kept for ever. */
function lettingGo(socket: TLSSocket): void {
  socket.once('finish', () => setImmediate(() => socket.destroy()));
}

/** Whether nothing more can come from a connection. */
export function isOver(socket: TLSSocket): boolean {
  return socket.destroyed || socket.readableEnded;
}
