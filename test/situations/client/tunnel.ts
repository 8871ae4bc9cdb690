import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { LIMIT_MS, since } from '../clock.js';
import type { Ended, TlsResult, TunnelResult } from '../evidence.js';
import type { Scene } from '../scene.js';

/** A connection to the contender. */
export async function toProxy(scene: Scene): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: scene.proxyPort });
  scene.keep(socket);
  await new Promise<void>((resolve) => {
    // A refused connection shows as a tunnel that closed.
    socket.once('connect', resolve).once('error', () => resolve());
  });
  return socket;
}

/** An asked-for tunnel; `socket` is null unless the proxy said 200. */
export interface Tunnel {
  readonly result: TunnelResult;
  readonly socket: Socket | null;
}

/** CONNECT to `authority`. */
export async function openTunnel(scene: Scene, authority: string): Promise<Tunnel> {
  const from = performance.now();
  const socket = await toProxy(scene);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  let have: Buffer = Buffer.alloc(0);
  const ended = await new Promise<Ended>((resolve) => {
    const timer = setTimeout(() => stop('limit'), LIMIT_MS);
    const data = (chunk: Buffer): void => {
      have = Buffer.concat([have, chunk]);
      if (have.includes('\r\n\r\n')) stop('whole');
    };
    const closed = (): void => stop('closed');
    const failed = (): void => stop('reset');
    const stop = (how: Ended): void => {
      clearTimeout(timer);
      socket.off('data', data).off('end', closed).off('close', closed).off('error', failed);
      socket.pause();
      resolve(how);
    };
    socket.on('data', data).on('end', closed).on('close', closed).on('error', failed);
    if (socket.destroyed) closed();
  });
  const status = ended === 'whole' ? Number(/^HTTP\/1\.\d (\d{3})/.exec(have.toString('latin1'))?.[1] ?? 0) : null;
  const rest = have.subarray(have.indexOf('\r\n\r\n') + 4);
  if (status === 200 && rest.length > 0) socket.unshift(rest);
  return { result: { status, ended, ms: since(from) }, socket: status === 200 ? socket : null };
}

/** What the client's TLS wants. */
export interface TlsWish {
  /** Null: no SNI, as for an IP address. */
  readonly sni: string | null;
  /** The name or address that the certificate must have. */
  readonly verify: string;
  readonly caPem: string;
  readonly alpn: readonly string[] | null;
}

/** TLS 1.3 over a socket; `tls` is null unless the handshake was done and the name verified. */
export async function startTls(scene: Scene, socket: Duplex, wish: TlsWish): Promise<{ result: TlsResult; tls: TLSSocket | null }> {
  const tls = connectTls({
    socket,
    ca: wish.caPem,
    minVersion: 'TLSv1.3',
    servername: wish.sni ?? '',
    checkServerIdentity: (_, certificate) => checkServerIdentity(wish.verify, certificate),
    ...(wish.alpn === null ? {} : { ALPNProtocols: [...wish.alpn] }),
  });
  scene.keep(tls);
  const [ended, error] = await new Promise<readonly [Ended, string | null]>((resolve) => {
    const timer = setTimeout(() => resolve(['limit', 'no handshake within the limit']), LIMIT_MS);
    const stop = (how: Ended, why: string | null): void => {
      clearTimeout(timer);
      resolve([how, why]);
    };
    tls
      .once('secureConnect', () => stop('whole', null))
      .once('error', (cause: NodeJS.ErrnoException) => stop(cause.code === 'ECONNRESET' ? 'reset' : 'closed', cause.code ?? cause.message))
      .once('close', () => stop('closed', 'closed'));
  });
  const alpn = typeof tls.alpnProtocol === 'string' ? tls.alpnProtocol : null;
  return { result: { done: ended === 'whole', alpn, error, ended }, tls: ended === 'whole' ? tls : null };
}

/** Closes as a client that has all it wanted; resolves when the connection is gone. */
export async function finish(socket: Duplex): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => socket.destroy(), 150);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume().end();
  });
}
