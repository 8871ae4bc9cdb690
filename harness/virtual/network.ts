import { createHash } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect, isIP } from 'node:net';
import type { Socket } from 'node:net';
import { checkServerIdentity, connect as tlsConnect, createSecureContext } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { Http, HttpAnswer, HttpRequest } from '../model/app.js';
import type { RunClock } from '../model/clock.js';
import type { SocketOwner } from '../model/handset.js';
import { throwable } from './throwable.js';

/** Real time; OkHttp's default for connect, read and write alike. */
const TIMEOUT_MS = 10_000;
const ANSWER_BYTES = 8 * 1024 * 1024;
/** OkHttp's Dispatcher.maxRequests; what comes on top waits. */
const AT_ONCE = 64;
/** What waits beyond this is refused, so that an app which floods ends by itself. */
const WAITING = 1000;
/** How long a closed connection's owner is still known, real ms: the proxy may ask late. */
const OWNER_KEPT_MS = 2000;

/** Whose connections these are. */
export interface NetworkUser {
  readonly uid: number;
  readonly package: string;
  readonly pid: number;
}

/** What the handset's network needs. */
export interface NetworkParts {
  readonly clock: RunClock;
  /** The proxy that the handset's Wi-Fi settings name, on loopback. */
  readonly proxyPort: number;
  /** PEM certificates of the handset's trust store. */
  readonly trusted: readonly string[];
  /** Base64 SHA-256 of a host's own public key, as the app's developer pinned it; null: none is known, so none fits. */
  pinOf(host: string): string | null;
}

/** The handset's network: every exchange of every app goes through the proxy over real sockets. */
export interface Network {
  readonly owner: SocketOwner;
  /** A client of one process. `pin`: takes only the host's own key. Rejects with java.io exceptions. */
  client(user: NetworkUser, pin: string | null): Http;
  /** Cuts all connections of a process, as the kernel does when it dies. */
  cut(pid: number): void;
  close(): void;
}

interface Route extends NetworkParts {
  readonly context: ReturnType<typeof createSecureContext>;
  connected(socket: Socket, user: NetworkUser): void;
}

/** Opens the handset's network. */
export function createNetwork(parts: NetworkParts): Network {
  const owners = new Map<number, NetworkUser>();
  const live = new Map<Socket, NetworkUser>();
  const route: Route = {
    ...parts,
    context: createSecureContext({ ca: [...parts.trusted], minVersion: 'TLSv1.2' }),
    connected(socket, user) {
      const port = socket.localPort;
      live.set(socket, user);
      if (port !== undefined) owners.set(port, user);
      socket.once('close', () => {
        live.delete(socket);
        setTimeout(() => {
          if (port !== undefined && owners.get(port) === user && ![...live.keys()].some((s) => s.localPort === port)) owners.delete(port);
        }, OWNER_KEPT_MS).unref();
      });
    },
  };
  const queue = createQueue();
  const cut = (of: (user: NetworkUser) => boolean): void => {
    for (const [socket, user] of live) if (of(user)) socket.destroy();
  };
  return {
    owner: {
      owner: (port) => {
        const user = owners.get(port);
        return user === undefined ? null : { uid: user.uid, package: user.package, pid: user.pid, how: 'virtual' };
      },
    },
    client: (user, pin) => ({ send: (request) => queue.run(() => held(parts.clock, () => exchange(route, user, pin, request))) }),
    cut: (pid) => cut((user) => user.pid === pid),
    close: () => cut(() => true),
  };
}

/** Holds the clock for the exchange. What the app does next runs as microtasks; the clock itself lets these pass before it jumps. */
async function held<T>(clock: RunClock, body: () => Promise<T>): Promise<T> {
  const release = clock.hold('exchange');
  try {
    return await body();
  } finally {
    release();
  }
}

function createQueue(): { run<T>(body: () => Promise<T>): Promise<T> } {
  let running = 0;
  const waiting: (() => void)[] = [];
  return {
    async run(body) {
      if (running >= AT_ONCE) {
        if (waiting.length >= WAITING)
          throw throwable('java.util.concurrent.RejectedExecutionException', `${WAITING} requests are waiting`);
        await new Promise<void>((go) => waiting.push(go));
      } else {
        running += 1;
      }
      try {
        return await body();
      } finally {
        const next = waiting.shift();
        if (next === undefined) running -= 1;
        else next();
      }
    },
  };
}

async function exchange(route: Route, user: NetworkUser, pinned: string | null, request: HttpRequest): Promise<HttpAnswer> {
  const url = parseUrl(request.url);
  const socket = await dial(route, user);
  let top: Socket = socket;
  try {
    if (url.protocol === 'http:') return await speak(socket, request, url, url.href);
    await openTunnel(socket, url.hostname, Number(url.port) || 443);
    const tls = startTls(route, socket, url.hostname);
    top = tls;
    await handshake(tls, url.hostname);
    if (pinned !== null) checkPin(tls, url.hostname, pinned === url.hostname ? route.pinOf(pinned) : null);
    return await speak(tls, request, url, `${url.pathname}${url.search}`);
  } finally {
    // Through the top layer, so that TLS says goodbye before TCP does.
    top.destroySoon();
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw throwable('java.lang.IllegalArgumentException', `unexpected url: ${text}`);
  return url;
}

function dial(route: Route, user: NetworkUser): Promise<Socket> {
  return new Promise((done, failed) => {
    const socket = connect({ host: '127.0.0.1', port: route.proxyPort });
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(timedOut()));
    socket.setNoDelay(true);
    socket.once('connect', () => {
      route.connected(socket, user);
      done(socket);
    });
    // Stays for the socket's life: a reset while nobody listens must not end the harness.
    socket.on('error', (error) => failed(asJava(error)));
  });
}

/** CONNECT through the proxy; on return the socket carries the tunnel's bytes only. */
function openTunnel(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((done, failed) => {
    let head = Buffer.alloc(0);
    const over = (error: Error | null): void => {
      socket.off('readable', take).off('close', closed);
      if (error === null) done();
      else failed(error);
    };
    const closed = (): void =>
      over(socket.errored === null ? throwable('java.io.IOException', 'unexpected end of stream on CONNECT') : asJava(socket.errored));
    // By `readable` and `read`: a socket that was ever switched to flowing loses what comes before TLS takes over.
    const take = (): void => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1'))?.[1]);
      if (head.length > end + 4) socket.unshift(head.subarray(end + 4));
      over(status === 200 ? null : throwable('java.io.IOException', `Unexpected response code for CONNECT: ${status}`));
    };
    socket.on('readable', take).once('close', closed);
    socket.write(
      `CONNECT ${host}:${port} HTTP/1.1\r\nHost: ${host}:${port}\r\nProxy-Connection: Keep-Alive\r\nUser-Agent: okhttp/4.12.0\r\n\r\n`,
    );
  });
}

function startTls(route: Route, socket: Socket, host: string): TLSSocket {
  socket.setTimeout(0);
  const servername = isIP(host.replace(/^\[|\]$/g, '')) === 0 ? host : '';
  const tls = tlsConnect({ socket, servername, secureContext: route.context, ALPNProtocols: ['http/1.1'], rejectUnauthorized: false });
  tls.setTimeout(TIMEOUT_MS, () => tls.destroy(timedOut()));
  return tls;
}

/** Ends as OkHttp with the platform's trust manager does: what fails is shut before a byte of the request. Node sends no alert for a bad chain, Android would. */
function handshake(tls: TLSSocket, host: string): Promise<void> {
  return new Promise((done, failed) => {
    tls.on('error', (error) => failed(asJava(error, 'handshake')));
    tls.once('close', () => failed(throwable('javax.net.ssl.SSLHandshakeException', 'connection closed')));
    tls.once('secureConnect', () => {
      const mismatch = checkServerIdentity(host, tls.getPeerCertificate());
      const untrusted = !tls.authorized && !String(tls.authorizationError).includes('ALTNAME');
      if (untrusted)
        failed(
          throwable(
            'javax.net.ssl.SSLHandshakeException',
            'java.security.cert.CertPathValidatorException: Trust anchor for certification path not found.',
          ),
        );
      else if (mismatch !== undefined) failed(throwable('javax.net.ssl.SSLPeerUnverifiedException', `Hostname ${host} not verified`));
      else done();
    });
  });
}

/** OkHttp checks pins after the handshake and closes with close_notify. */
function checkPin(tls: TLSSocket, host: string, pin: string | null): void {
  const key = tls.getPeerX509Certificate()?.publicKey.export({ type: 'spki', format: 'der' });
  if (key !== undefined && pin !== null && createHash('sha256').update(key).digest('base64') === pin) return;
  throw throwable('javax.net.ssl.SSLPeerUnverifiedException', `Certificate pinning failure! ${host}`);
}

class OneSocket extends Agent {
  readonly #socket: Socket;
  constructor(socket: Socket) {
    super({ keepAlive: false });
    this.#socket = socket;
  }
  override createConnection(): Socket {
    return this.#socket;
  }
}

function speak(socket: Socket, request: HttpRequest, url: URL, path: string): Promise<HttpAnswer> {
  const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body;
  const headers: Record<string, string | number> = { host: url.host, 'user-agent': 'okhttp/4.12.0', ...lowerCase(request.headers) };
  if (body !== undefined) headers['content-length'] = body.length;
  return new Promise((done, failed) => {
    const sent = httpRequest({ method: request.method, path, headers, agent: new OneSocket(socket), host: url.hostname });
    sent.on('error', (error) => failed(asJava(error)));
    sent.on('response', (answer) => readAnswer(answer).then(done, failed));
    sent.end(body);
  });
}

async function readAnswer(answer: IncomingMessage): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let total = 0;
  try {
    for await (const chunk of answer) {
      total += (chunk as Buffer).length;
      if (total > ANSWER_BYTES) throw throwable('java.lang.OutOfMemoryError', `answer of more than ${ANSWER_BYTES} bytes`);
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    throw asJava(error);
  }
  const headers = Object.fromEntries(
    Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : (value ?? '')]),
  );
  return { status: answer.statusCode ?? 0, headers, body: Buffer.concat(chunks) };
}

const lowerCase = (headers: HttpRequest['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
const timedOut = (): Error => throwable('java.net.SocketTimeoutException', `timeout after ${TIMEOUT_MS} ms`);

/** A socket's error as the Java client would throw it. */
function asJava(error: unknown, during: 'handshake' | 'stream' = 'stream'): Error {
  if (error instanceof Error && 'className' in error) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'ECONNREFUSED') return throwable('java.net.ConnectException', 'Failed to connect to the proxy', error);
  if (during === 'handshake' || code.startsWith('ERR_SSL')) return throwable('javax.net.ssl.SSLHandshakeException', message, error);
  if (code === 'ECONNRESET' || code === 'EPIPE') return throwable('java.net.SocketException', 'Connection reset', error);
  return throwable('java.io.IOException', message, error);
}
