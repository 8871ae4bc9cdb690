import type { Socket } from 'node:net';
import { expect } from 'vitest';
import { farServer, onHead, received, tlsThrough, toProxy, tunnel } from './rig.js';
import type { Rig } from './rig.js';

export const HOST = 'api.example.com';
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
export const ENGINES = ['relay', 'pipeline'] as const;

type Far = Awaited<ReturnType<typeof farServer>>;

/** A far server of HOST; TLS unless told otherwise. */
export async function serving(rig: Rig, serve: (socket: Socket) => void, tls: Parameters<typeof farServer>[1] = {}): Promise<Far> {
  const server = rig.keep(await farServer(serve, tls));
  rig.route(HOST, server.port);
  return server;
}

/** The proxy still serves, whatever came before. */
export async function alive(rig: Rig): Promise<void> {
  const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.write(OK)), {}));
  rig.route('control.example.com', server.port);
  const app = await tlsThrough(rig, 'control.example.com:443');
  app.write('GET /control HTTP/1.1\r\n\r\n');
  expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
  app.destroy();
}

/** The first line of what comes back for `bytes` at the proxy's own door. */
export async function answerTo(rig: Rig, bytes: string | Buffer): Promise<string> {
  const socket = await toProxy(rig);
  socket.write(bytes);
  const { text } = await received(socket);
  return text.split('\r\n')[0] ?? '';
}

/** A tunnel without TLS, in which an app says HTTP. */
export async function plainTunnel(rig: Rig): Promise<Socket> {
  return (await tunnel(rig, `${HOST}:80`)).socket;
}

/** Sockets of this process that are open. */
export const openSockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
