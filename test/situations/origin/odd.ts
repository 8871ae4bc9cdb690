import { createSecureServer } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { WebSocketServer } from 'ws';
import type { Pair } from '../certificates.js';
import type { Log } from './log.js';
import { pairs, sha256 } from './log.js';

/** Same body back, with gRPC's trailers. */
export function grpc(pair: Pair, log: Log): Server {
  const server = createSecureServer(pair);
  server.on('stream', (stream, headers) => {
    const name: unknown = Reflect.get(stream.session?.socket ?? {}, 'servername');
    const whole = log.request({
      version: '2',
      method: String(headers[':method']),
      path: String(headers[':path']),
      headers: Object.entries(headers).flatMap(([key, value]): [string, string][] => (key.startsWith(':') ? [] : [[key, String(value)]])),
      sni: typeof name === 'string' ? name : null,
    });
    const chunks: Buffer[] = [];
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      whole(Buffer.concat(chunks));
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' }));
      stream.end(Buffer.concat(chunks));
    });
  });
  server.on('sessionError', () => {});
  return server;
}

/** Takes chat.v2 and permessage-deflate and echoes; after `bye` it closes with 4001. /nows is refused. */
export function webSocket(pair: Pair, log: Log): Server {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: true,
    handleProtocols: (offered) => (offered.has('chat.v2') ? 'chat.v2' : false),
  });
  const server = createHttpsServer({ ...pair, ALPNProtocols: ['http/1.1'], keepAliveTimeout: 0 });
  server.on('upgrade', (ask, socket, rest) => {
    const name: unknown = Reflect.get(ask.socket, 'servername');
    const path = ask.url ?? '';
    log.request({
      version: ask.httpVersion,
      method: ask.method ?? '',
      path,
      headers: pairs(ask.rawHeaders),
      sni: typeof name === 'string' ? name : null,
    })(new Uint8Array());
    socket.on('error', () => {});
    if (path === '/nows') {
      return void socket.end('HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 6\r\nConnection: close\r\n\r\ndenied');
    }
    sockets.handleUpgrade(ask, socket, rest, (channel) => {
      channel.on('error', () => {});
      channel.on('ping', () => log.add({ kind: 'ping' }));
      channel.on('message', (data, binary) => {
        const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
        log.add({ kind: 'websocket-message', bytes: bytes.length, sha256: sha256(bytes) });
        channel.send(bytes, { binary });
        if (bytes.toString('latin1') === 'bye') channel.close(4001, 'done');
      });
    });
  });
  return server;
}

const logged = (log: Log, insideTls: boolean, socket: Socket): Socket =>
  socket.on('error', () => {}).on('data', (chunk: Buffer) => log.add({ kind: 'bytes', hex: chunk.toString('hex'), insideTls }));

/** Sends back what it gets. */
export const echo = (log: Log): Server =>
  createServer((socket) => void logged(log, false, socket).on('data', (chunk: Buffer) => void socket.write(chunk)));

/** The same inside TLS. */
export const echoTls = (pair: Pair, log: Log): Server =>
  createTlsServer(pair, (socket) => void logged(log, true, socket).on('data', (chunk: Buffer) => void socket.write(chunk)));

/** Speaks first. */
export const greeter = (log: Log): Server =>
  createServer((socket) => void logged(log, false, socket).write('220 hello from a server that speaks first\r\n'));

/** TLS that reads what comes for 1.5 s; the certificate decides what that is good for. */
export const reader = (pair: Pair, log: Log): Server =>
  createTlsServer(pair, (socket) => {
    logged(log, true, socket);
    setTimeout(() => socket.destroy(), 1500);
  });

/** An HTTP answer in clear at once, where TLS was asked for. */
export const clearAnswer = (log: Log): Server => createServer((socket) => void logged(log, false, socket).end('HTTP/1.1 200 OK\r\n\r\n'));

/** Resets at accept, before it reads a byte: whoever is slower to notice the connection than the reset must bear that too. */
export const resetter = (): Server =>
  createServer({ pauseOnConnect: true }, (socket) => void socket.on('error', () => {}).resetAndDestroy());
