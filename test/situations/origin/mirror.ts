import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Pair } from '../certificates.js';
import type { Log } from './log.js';
import { pairs, sha256 } from './log.js';

/** 500 MiB. */
const ENDLESS_CHUNKS = 8000;
const CHUNK = Buffer.alloc(65_536, 'a');

type Ask = IncomingMessage | Http2ServerRequest;
type Reply = ServerResponse | Http2ServerResponse;

/** M: TLS, h2 and http/1.1, no idle limit. Answers with what it got; /hang never, /endless for 500 MiB. */
export function mirror(pair: Pair, log: Log | null): Server {
  const server = createSecureServer({ ...pair, allowHTTP1: true }, (ask, reply) => answer(ask, reply, log));
  server.on('sessionError', () => {});
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => malformed(error, socket, log));
  return server;
}

/** The same over http/1.1 alone: a client that speaks only h2 is refused. */
export function mirrorHttp1(pair: Pair, log: Log): Server {
  const server = createHttpsServer({ ...pair, ALPNProtocols: ['http/1.1'], keepAliveTimeout: 0 }, plain(log));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => malformed(error, socket, log));
  return server;
}

/** H: the same in clear. */
export function mirrorClear(log: Log): Server {
  const server = createHttpServer({ keepAliveTimeout: 0, requireHostHeader: false }, plain(log));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => malformed(error, socket, log));
  return server;
}

const plain =
  (log: Log): RequestListener =>
  (ask, reply) =>
    answer(ask, reply, log);

function malformed(error: NodeJS.ErrnoException, socket: Duplex, log: Log | null): void {
  // A socket that just went away is no malformed request.
  if (error.code?.startsWith('HPE_') === true && error.code !== 'HPE_INVALID_EOF_STATE') log?.add({ kind: 'malformed', code: error.code });
  if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  else socket.destroy();
}

function answer(ask: Ask, reply: Reply, log: Log | null): void {
  const path = ask.url ?? '';
  const whole = log?.request({
    version: ask.httpVersion === '2.0' ? '2' : ask.httpVersion,
    method: ask.method ?? '',
    path,
    headers: pairs(ask.rawHeaders),
    sni: serverName(ask),
  });
  const chunks: Buffer[] = [];
  ask.on('error', () => {});
  reply.on('error', () => {});
  ask.on('data', (chunk: Buffer) => chunks.push(chunk));
  ask.on('end', () => {
    const body = Buffer.concat(chunks);
    whole?.(body);
    if (path === '/hang') return void reply.once('close', () => log?.add({ kind: 'gone', path, written: 0 }));
    if (path === '/endless') return pour(reply, log);
    reply.setHeader('content-type', 'application/json');
    // Written before the end, so that HTTP/1.1 sends it chunked.
    say(reply, JSON.stringify({ v: ask.httpVersion, bytes: body.length, sha: sha256(body) }));
    reply.end();
  });
}

/** Both kinds of reply take the same bytes; their declared overloads cannot be called through a union. */
const say = (reply: Reply, bytes: string | Buffer): boolean => ('stream' in reply ? reply.write(bytes) : reply.write(bytes));

function pour(reply: Reply, log: Log | null): void {
  let sent = 0;
  const more = (): void => {
    while (!reply.destroyed && sent < ENDLESS_CHUNKS) {
      sent += 1;
      if (!say(reply, CHUNK)) return void reply.once('drain', more);
    }
    if (!reply.destroyed) reply.end();
  };
  reply.once('close', () => {
    log?.add({ kind: 'gone', path: '/endless', written: sent * CHUNK.length });
  });
  more();
}

function serverName(ask: Ask): string | null {
  const socket: Socket | TLSSocket | undefined = 'stream' in ask ? ask.stream.session?.socket : ask.socket;
  // The socket of an h2 session is a proxy object, so that `instanceof` alone does not tell.
  const name: unknown = socket instanceof TLSSocket || 'stream' in ask ? Reflect.get(socket ?? {}, 'servername') : null;
  return typeof name === 'string' && name !== '' ? name : null;
}
