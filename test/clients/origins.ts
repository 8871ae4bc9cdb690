import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { connect, TLSSocket, type TlsOptions } from 'node:tls';
import { createAuthority } from '../../harness/capture/ca.js';

/** What the far servers are: `new` has TLS 1.3 and both HTTPs, `old` TLS 1.2 and both, `one` TLS 1.3 and HTTP/1.1 only. */
export const ORIGINS = ['new', 'old', 'one'] as const;
export type OriginKind = (typeof ORIGINS)[number];

/** One request as a far server had it. */
export interface Arrival {
  readonly host: string;
  readonly method: string;
  readonly path: string;
  readonly version: string;
  readonly alpn: string | null;
  readonly bodySha256: string;
}

/** The far servers, under a CA of their own. */
export interface Origins {
  readonly caPem: string;
  readonly ports: Readonly<Record<OriginKind, number>>;
  readonly arrivals: readonly Arrival[];
  /** SHA-256 of what a far server shows to a client that asks for `host`. */
  certificateOf(host: string, kind: OriginKind): Promise<string>;
  close(): void;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Bytes that begin with their name, that no one else sends, and that no coding makes shorter; the same each time. */
export function marked(name: string, length: number): Buffer {
  const blocks = [Buffer.from(`${name}\n`)];
  for (let i = 0; i * 32 < length; i++) blocks.push(createHash('sha256').update(`${name} ${i}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

/** What a host answers: more than a window of HTTP/2 takes at once. The browser gets a page, so that it shows it. */
export function answerOf(host: string): { readonly type: string; readonly body: Buffer } {
  const bytes = marked(`answer of ${host}`, 70_000);
  if (!host.startsWith('chromium')) return { type: 'application/octet-stream', body: bytes };
  return { type: 'text/html; charset=utf-8', body: Buffer.from(`<link rel="icon" href="data:,"><pre>${bytes.toString('base64')}</pre>`) };
}

/** Starts the three far servers on loopback. */
export async function openOrigins(): Promise<Origins> {
  const far = createAuthority('Far', Date.now(), 'ec');
  const arrivals: Arrival[] = [];
  const sockets = new Set<Socket>();
  const start = async (kind: OriginKind): Promise<{ readonly port: number; close(): void }> => {
    const options: TlsOptions = {
      SNICallback: (name, done) => done(null, far.context(name)),
      maxVersion: kind === 'old' ? 'TLSv1.2' : 'TLSv1.3',
    };
    const server = kind === 'one' ? createServer(options) : createSecureServer({ ...options, allowHTTP1: true });
    server.on('connection', (socket: Socket) => void sockets.add(socket.on('error', () => {})));
    server.on('request', (request, response) => serve(request, response, arrivals));
    server.on('sessionError', () => {}).on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
  };
  const [fresh, old, one] = [await start('new'), await start('old'), await start('one')];
  const ports = { new: fresh.port, old: old.port, one: one.port };
  return {
    caPem: far.certPem,
    ports,
    arrivals,
    async certificateOf(host, kind) {
      const socket = connect({ port: ports[kind], host: '127.0.0.1', servername: host, ca: far.certPem });
      await once(socket, 'secureConnect');
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      return sha256(raw);
    },
    close() {
      for (const server of [fresh, old, one]) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function serve(request: Http2ServerRequest, response: Http2ServerResponse, arrivals: Arrival[]): void {
  const hash = createHash('sha256');
  request.on('data', (chunk: Buffer) => hash.update(chunk));
  request.on('end', () => {
    const host = (request.authority || (request.headers.host ?? '')).replace(/:\d+$/, '');
    const { method, url: path, httpVersion: version } = request;
    arrivals.push({ host, method, path, version, alpn: alpnOf(request), bodySha256: hash.digest('hex') });
    const { type, body } = answerOf(host);
    response.writeHead(200, { 'content-type': type, 'content-length': body.length });
    response.end(body);
  });
}

/** A request of HTTP/1.1 has no stream, whatever its type says. */
function alpnOf({ httpVersionMajor, stream, socket }: Http2ServerRequest): string | null {
  const chosen = httpVersionMajor === 2 ? stream.session?.alpnProtocol : socket instanceof TLSSocket && socket.alpnProtocol;
  return chosen || null;
}
