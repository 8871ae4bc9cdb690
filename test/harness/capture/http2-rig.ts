import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  Http2SecureServer,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
  Settings,
} from 'node:http2';
import { connect, createSecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { ACK, frame, NOTHING, onFrames, PREFACE, SETTINGS } from './http2-frames.js';
import type { Frame } from './http2-frames.js';
import { far, farServer, tlsThrough } from './rig.js';
import type { Rig } from './rig.js';

export const HOST = 'api.example.com';

/** A server that speaks HTTP/2, and what it saw. */
export interface Http2Origin {
  readonly server: Http2SecureServer;
  readonly sessions: Set<ServerHttp2Session>;
  readonly sockets: Set<Socket>;
  close(): void;
}
export type OnStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]) => void;

/** A far server on which `take` gets each stream; `HOST` leads to it. */
export async function http2Origin(rig: Rig, take: OnStream, settings: Settings = {}): Promise<Http2Origin> {
  const server = createSecureServer({ SNICallback: (name, done) => done(null, far.context(name)), settings });
  const sessions = new Set<ServerHttp2Session>();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.on('session', (session) => {
    sessions.add(session);
    session.on('error', () => {}).once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: readonly string[]) => {
    stream.on('error', () => {});
    take(stream, headers, raw);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  rig.route(HOST, (server.address() as AddressInfo).port);
  return rig.keep({
    server,
    sessions,
    sockets,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
}

/** Takes a stream's whole body, then answers with its SHA-256 and length. */
export const echoHash: OnStream = (stream) => {
  const hash = createHash('sha256');
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  stream.on('end', () => {
    if (stream.closed || stream.destroyed) return;
    stream.respond({ ':status': 200, 'content-type': 'text/plain' });
    stream.end(`${bytes} ${hash.digest('hex')}`);
  });
};

/** An app that speaks nothing but HTTP/2, through the proxy. */
export async function http2App(rig: Rig, settings: Settings = {}): Promise<ClientHttp2Session> {
  const socket = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
  // The rig's sockets are half-open, an app's are not.
  socket.on('end', () => void socket.destroy());
  const session = connect(`https://${HOST}`, { createConnection: () => socket, settings });
  session.on('error', () => {});
  rig.keep({ close: () => session.destroy() });
  await once(session, 'connect');
  return session;
}

/** What an app got on one stream. */
export interface Got {
  readonly status: number | null;
  readonly headers: readonly string[];
  readonly interim: readonly { readonly status: number; readonly link: unknown }[];
  readonly body: Buffer;
  readonly trailers: readonly string[];
  /** Code of the reset; 0 when there was none. */
  readonly reset: number;
  /** The server's end was seen. */
  readonly ended: boolean;
}

/** Asks and takes the whole answer. `body` null: none; undefined: the caller writes on the stream. */
export function ask(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body: Buffer | string | null = null): Promise<Got> {
  const stream = session.request(headers, { endStream: body === null });
  if (body !== null) stream.end(body);
  return answerOf(stream);
}

export function answerOf(stream: ClientHttp2Stream): Promise<Got> {
  let status: number | null = null;
  let fields: readonly string[] = [];
  let trailers: readonly string[] = [];
  let ended = false;
  const interim: { status: number; link: unknown }[] = [];
  const chunks: Buffer[] = [];
  return new Promise((resolve) => {
    stream
      .on('headers', (headers: IncomingHttpHeaders) => void interim.push({ status: Number(headers[':status']), link: headers['link'] }))
      .on('response', (headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
        status = Number(headers[':status']);
        fields = raw;
      })
      .on('trailers', (_headers: IncomingHttpHeaders, _flags: number, raw: string[]) => {
        trailers = raw;
      })
      .on('data', (chunk: Buffer) => void chunks.push(chunk))
      .on('end', () => {
        ended = true;
      })
      .on('error', () => {})
      .on('close', () =>
        resolve({ status, headers: fields, interim, body: Buffer.concat(chunks), trailers, reset: stream.rstCode, ended }),
      );
  });
}

/** A flat list of names and values as pairs. */
export function pairs(flat: readonly string[]): [string, string][] {
  return flat.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : []));
}

/** A far server that agrees on HTTP/2 and writes frames by hand; `HOST` leads to it. */
export async function rawOrigin(
  rig: Rig,
  take: (got: Frame & { readonly write: (bytes: Buffer) => void; readonly socket: Socket }) => void,
): Promise<{ readonly sockets: Set<Socket> }> {
  const origin = await farServer(
    (socket) => {
      const write = (bytes: Buffer): void => void (socket.writable && socket.write(bytes));
      write(frame(SETTINGS, 0, 0, NOTHING));
      onFrames(socket, PREFACE.length, (got) => {
        if (got.type === SETTINGS && (got.flags & ACK) === 0) write(frame(SETTINGS, ACK, 0, NOTHING));
        take({ ...got, write, socket });
      });
    },
    { ALPNProtocols: ['h2'] },
  );
  rig.keep(origin);
  rig.route(HOST, origin.port);
  return origin;
}
