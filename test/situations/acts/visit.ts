import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { readAnswer } from '../client/http1.js';
import type { Reading } from '../client/http1.js';
import { finish, openTunnel, startTls } from '../client/tunnel.js';
import { LIMIT_MS, wait } from '../clock.js';
import type { Answer, ClientResult, TlsResult, TunnelResult } from '../evidence.js';
import { sawNothing } from '../evidence.js';
import type { HeaderList } from '../record.js';
import type { Scene } from '../scene.js';

/** One request of a visit, its bytes as they go out. */
export interface Ask extends Omit<Reading, 'limitMs' | 'from'> {
  readonly bytes: string;
  readonly limitMs?: number;
  /** Sent after a 100, or after 1.5 s without one. */
  readonly held?: string;
  /** Rest before it is sent. */
  readonly afterMs?: number;
}

/** One connection and what is asked on it, one request after the other. */
export interface Visit {
  readonly host: string;
  /** Null: no SNI. */
  readonly sni: string | null;
  /** `none`: no TLS at all. */
  readonly tls: 'yes' | 'none';
  readonly asks: readonly Ask[];
}

/** What one connection to the contender came to. */
export interface Opened {
  readonly tunnel: TunnelResult;
  readonly tls: TlsResult | null;
  /** Null when it did not come so far as the visit wanted. */
  readonly socket: Duplex | null;
  /** The same, where it is TLS. */
  readonly secure: TLSSocket | null;
}

/** `host:port`, with brackets round IPv6. */
export const authorityOf = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** A request with an empty or a given body. */
export function ask(method: string, path: string, fields: HeaderList, body = ''): Ask {
  const lines = [`${method} ${path} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)];
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  return { method, bytes: `${[...lines, ...length].join('\r\n')}\r\n\r\n${body}` };
}

/** A tunnel, with TLS inside it where the visit wants that. */
export async function openUp(scene: Scene, { host, sni, tls }: Visit, alpn: readonly string[] | null): Promise<Opened> {
  const { result: tunnel, socket } = await openTunnel(scene, authorityOf(host, scene.originPort));
  if (socket === null || tls === 'none') return { tunnel, tls: null, socket, secure: null };
  const started = await startTls(scene, socket, { sni, verify: sni ?? host, caPem: scene.caPem, alpn });
  return { tunnel, tls: started.result, socket: started.tls, secure: started.tls };
}

/** Client results of one opened connection. */
export const soFar = ({ tunnel, tls }: Opened): ClientResult => ({ ...sawNothing, tunnels: [tunnel], tls: tls === null ? [] : [tls] });

/** One connection, its requests, and an orderly end. */
export async function visit(scene: Scene, what: Visit): Promise<ClientResult> {
  const opened = await openUp(scene, what, null);
  const answers: Answer[] = [];
  if (opened.socket !== null) {
    for (const one of what.asks) {
      answers.push(await put(opened.socket, one));
      if (opened.socket.destroyed) break;
    }
    await finish(opened.socket);
  }
  return { ...soFar(opened), answers };
}

/** Sends one request and reads its answer. */
export async function put(socket: Duplex, one: Ask): Promise<Answer> {
  if (one.afterMs !== undefined) await wait(one.afterMs);
  const { held } = one;
  let release: (status: number) => void = () => {};
  if (held !== undefined) {
    const timer = setTimeout(() => release(100), 1500);
    release = (status) => {
      clearTimeout(timer);
      release = () => {};
      if (status === 100 && socket.writable) socket.write(held);
    };
  }
  if (socket.writable) socket.write(one.bytes, 'latin1');
  const from = performance.now();
  return readAnswer(socket, { ...one, limitMs: one.limitMs ?? LIMIT_MS, from, onInterim: (status) => release(status) });
}

/** Several visits at once, each on its own connection; results in the order of the visits. */
export async function visits(scene: Scene, all: readonly Visit[]): Promise<ClientResult> {
  const seen = await Promise.all(all.map((one) => visit(scene, one)));
  return {
    ...sawNothing,
    tunnels: seen.flatMap(({ tunnels }) => tunnels),
    tls: seen.flatMap(({ tls }) => tls),
    answers: seen.flatMap(({ answers }) => answers),
  };
}
