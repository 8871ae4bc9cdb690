import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { expect } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { ServerOptions } from 'ws';
import type { Flow } from '../../../harness/model/event.js';
import { farServer, received, tlsThrough, tunnel } from './rig.js';
import type { Rig } from './rig.js';

export const HOST = 'push.example.com';
export const MASK = Buffer.from('a1b2c3d4', 'hex');
const UPGRADE = 'Upgrade: websocket\r\nConnection: Upgrade\r\n';
export const SWITCH = `HTTP/1.1 101 Switching Protocols\r\n${UPGRADE}`;
export const ASK = `GET /ws HTTP/1.1\r\nHost: ${HOST}\r\n${UPGRADE}\r\n`;

/** A server of `ws` and what it saw. */
export interface Far {
  readonly requests: IncomingMessage[];
  readonly sockets: WebSocket[];
  pings: number;
}

/** A server of `ws` behind HOST; `hear` is told of each message. */
export async function echoing(
  rig: Rig,
  options: ServerOptions,
  hear: (socket: WebSocket, data: Buffer, isBinary: boolean) => void,
): Promise<Far> {
  const far: Far = { requests: [], sockets: [], pings: 0 };
  const http = createServer();
  const server = new WebSocketServer({ ...options, server: http });
  server.on('connection', (socket, request) => {
    far.requests.push(request);
    far.sockets.push(socket);
    socket.on('error', () => {});
    socket.on('ping', () => {
      far.pings += 1;
    });
    socket.on('message', (data: Buffer, isBinary) => hear(socket, data, isBinary));
  });
  rig.keep(server);
  const { port } = rig.keep(await farServer((socket) => void http.emit('connection', socket), {}));
  rig.route(HOST, port);
  return far;
}

/** What most servers of these tests do. */
export const echo = (socket: WebSocket, data: Buffer, isBinary: boolean): void => void socket.send(data, { binary: isBinary });

/** An app's WebSocket through the proxy, open. */
export async function openApp(rig: Rig, options: { protocols?: readonly string[]; deflate?: boolean } = {}): Promise<WebSocket> {
  const through = await tlsThrough(rig, `${HOST}:443`, { alpn: ['http/1.1'] });
  const socket = new WebSocket(`ws://${HOST}/ws`, [...(options.protocols ?? [])], {
    perMessageDeflate: options.deflate === false ? false : { threshold: 0 },
    createConnection: () => through,
  });
  socket.on('error', () => {});
  rig.keep({ close: () => void socket.terminate() });
  await once(socket, 'open');
  return socket;
}

/** The flows of messages, in the order in which they were written. */
export const messagesOf = (flows: readonly Flow[]): readonly Flow[] => flows.filter((flow) => flow.websocket?.kind === 'message');
/** The flow that is no message. */
export const channelOf = (flows: readonly Flow[]): Flow | undefined => flows.find((flow) => flow.websocket?.kind !== 'message');
/** How each message reads, in the order of their beginning. */
export const told = (flows: readonly Flow[]): readonly string[] =>
  messagesOf(flows)
    .toSorted((a, b) => a.at.seq - b.at.seq)
    .map(({ websocket, bodies, state }) =>
      websocket?.kind === 'message' ? `${bodies[0]?.of} ${websocket.number} ${websocket.opcode} ${bodies[0]?.bytes ?? 0} ${state}` : '',
    );

/** A far end that switches to WebSocket, sends `first`, and then does as told; and the app's end. */
export async function raw(
  rig: Rig,
  first: Buffer,
  serve: (socket: Socket, chunk: Buffer) => void,
  { extensions = '', body = '' }: { readonly extensions?: string; readonly body?: string } = {},
): Promise<{ readonly app: Socket; readonly far: Socket; readonly sent: () => Buffer }> {
  const far: Socket[] = [];
  const sent: Buffer[] = [];
  const server = await farServer((socket) => {
    far.push(socket);
    let asked = false;
    socket.on('end', () => void socket.end());
    socket.on('data', (chunk: Buffer) => {
      if (asked) {
        sent.push(chunk);
        return serve(socket, chunk);
      }
      asked = true;
      socket.write(Buffer.concat([Buffer.from(`${SWITCH}${extensions}\r\n`), first]));
    });
  }, null);
  rig.route(HOST, rig.keep(server).port);
  const { socket: app } = await tunnel(rig, `${HOST}:80`);
  app.write(body === '' ? ASK : ASK.replace(UPGRADE, `${UPGRADE}Content-Length: ${Buffer.byteLength(body)}\r\n`) + body);
  const { text } = await received(app, (t) => t.length >= `${SWITCH}${extensions}\r\n`.length + first.length);
  expect(text.endsWith(first.toString('latin1'))).toBe(true);
  const [socket] = far;
  if (socket === undefined) throw new Error('no connection arrived');
  return { app, far: socket, sent: () => Buffer.concat(sent) };
}
