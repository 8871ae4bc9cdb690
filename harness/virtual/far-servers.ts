import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createAuthority } from '../capture/ca.js';
import type { FarServer, SimulatedApp } from '../model/app.js';
import type { RunClock } from '../model/clock.js';

/** Largest request that a far server reads; more is answered with 413. */
const REQUEST_BYTES = 32 * 1024 * 1024;
const TLS_RECORD_HANDSHAKE = 0x16;

/** The internet of a simulated app: all its servers, on one loopback port that takes TLS and plain HTTP alike. */
export interface FarServers {
  /** PEM of the CA that signed their certificates; not the proxy's. */
  readonly caPem: string;
  /** Where a name leads; null: no such name. */
  resolve(host: string, port: number): { readonly ip: string; readonly port: number } | null;
  /** Base64 SHA-256 of the public key that `host` presents; null: no such name. */
  spkiSha256Base64(host: string): string | null;
  close(): Promise<void>;
}

/** Starts the servers that `app` names. While one answers, the clock is held. */
export async function startFarServers(app: Pick<SimulatedApp, 'servers'>, clock: RunClock): Promise<FarServers> {
  const authority = createAuthority('Virtual World Root CA', clock.wallMs(), 'ec');
  const hosts = new Set(Object.keys(app.servers).map((key) => hostOf(key)));
  const answer =
    (scheme: string) =>
    (request: IncomingMessage, response: ServerResponse): void => {
      const release = clock.hold('far server');
      response.once('close', release);
      // Nobody listens to a far server that fails: it hangs up, as servers do.
      serve(app.servers, scheme, request, response).catch(() => response.destroy());
    };
  const tls = createHttpsServer(
    {
      SNICallback: (name, done) =>
        hosts.has(name.toLowerCase()) ? done(null, authority.context(name)) : done(new Error('unrecognized name')),
    },
    answer('https'),
  );
  const plain = createHttpServer(answer('http'));
  for (const server of [tls, plain]) server.keepAliveTimeout = 30_000;
  const sockets = new Set<Socket>();
  const door = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    // By `readable` and `read`: a socket that was ever switched to flowing would lose the bytes put back before TLS takes over.
    socket.once('readable', () => {
      const first: Buffer | null = socket.read();
      if (first === null) return void socket.destroy();
      socket.unshift(first);
      (first[0] === TLS_RECORD_HANDSHAKE ? tls : plain).emit('connection', socket);
    });
  });
  await new Promise<void>((ready, failed) => door.once('error', failed).listen(0, '127.0.0.1', ready));
  const { port: here } = door.address() as AddressInfo;
  return {
    caPem: authority.certPem,
    resolve: (host, port) => (serverOf(app.servers, host, port) === null ? null : { ip: '127.0.0.1', port: here }),
    spkiSha256Base64: (host) => (hosts.has(host.toLowerCase()) ? authority.leaf(host).spkiSha256Base64 : null),
    close: async () => {
      const closed = new Promise<void>((done) => door.close(() => done()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function serve(servers: SimulatedApp['servers'], scheme: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const authority = request.headers.host ?? '';
  const url = new URL(request.url ?? '/', `${scheme}://${authority}`);
  const server = serverOf(servers, url.hostname, Number(url.port) || (scheme === 'https' ? 443 : 80));
  const body = await readAll(request);
  if (body === null) return void response.writeHead(413, { connection: 'close' }).end();
  if (server === null) return void response.writeHead(421).end();
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
  const answer = server({ method: request.method ?? 'GET', url: url.href, headers, body });
  const bytes = typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body ?? new Uint8Array());
  response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length }).end(bytes);
}

/** Null when more came than a far server reads. */
async function readAll(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of request) {
    total += (chunk as Buffer).length;
    if (total > REQUEST_BYTES) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function serverOf(servers: SimulatedApp['servers'], host: string, port: number): FarServer | null {
  const name = host.toLowerCase();
  return servers[`${name}:${port}`] ?? servers[name] ?? null;
}

const hostOf = (key: string): string => key.replace(/:\d+$/, '').toLowerCase();
