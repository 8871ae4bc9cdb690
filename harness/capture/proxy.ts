/* eslint-disable no-underscore-dangle -- the library's own names */
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { Duplex } from 'node:stream';
import { Proxy } from 'http-mitm-proxy';
import type { IContext } from 'http-mitm-proxy';
import { LabError } from '../model/errors.js';
import type { SocketOwner } from '../model/handset.js';
import type { Recorder } from '../model/recorder.js';
import { parseAuthority } from './authority-form.js';
import type { Authority } from './ca.js';
import type { Head } from './http1.js';
import { blankLine, Journal, ownerOf } from './journal.js';
import type { Line, ProxyWhy } from './journal.js';
import { serveBareTls, serveSocks } from './doors.js';
import { connectDoor } from './door.js';
import { startDns } from './dns.js';
import type { RunningDns } from './dns.js';
import { createDnsAnswerer } from './dns-answerer.js';
import type { DnsAnswerer } from './dns-answerer.js';
import { answer } from './lab.js';
import type { Lab, Resolve } from './lab.js';
import { handled, handledNow, libraryAnswer, libraryRequest, libraryResponse } from './library.js';
import type { Interception } from './pipeline.js';
import { servePlain } from './plain.js';
import { createPresence } from './presence.js';
import { roomForConnections } from './room.js';
import { decideRequest, decideResponse, PASSED } from './rules.js';
import type { AskedFor, Decided, RequestDecision, ResponseDecision, TrafficRule } from './rules.js';
import { parseStatusLine } from './http1.js';
import { serveTunnel } from './tunnel.js';

/** What a proxy needs. */
export interface ProxyParts {
  readonly recorder: Recorder;
  /** Signs what the app is shown. */
  readonly authority: Authority;
  readonly resolve: Resolve;
  /** PEM of the CA that the servers' certificates must come from; null: the public ones that Node knows. */
  readonly upstreamCaPem: string | null;
  /** Goes on although a server could not be trusted; each flow says so. */
  readonly upstreamInsecure: boolean;
  readonly owner: SocketOwner;
  /** Takes SOCKS5 on the same port. */
  readonly socks: boolean;
  /** `pipeline`: each HTTP/1 exchange goes through the library's handlers. */
  readonly engine: 'relay' | 'pipeline';
  /** Change, block or answer some of the traffic; with any, HTTP/1 goes through the pipeline, and HTTP/2 is not agreed on. */
  readonly rules: readonly TrafficRule[];
  /** UDP port of the DNS stub; null: none. */
  readonly dnsPort: number | null;
  /** Port 0 lets the system choose. */
  readonly listen: { readonly host: '127.0.0.1'; readonly port: number };
}

/** A proxy that listens. */
export interface RunningProxy {
  readonly port: number;
  readonly dnsPort: number | null;
  /** Resolves when nothing is in flight and all flows are written. @throws LabError STORE_FULL when some could not be. */
  idle(): Promise<void>;
  /** Ends all connections, writes what was in flight and stops listening. @throws LabError STORE_FULL when some flow could not be written. */
  close(): Promise<void>;
}

/** Starts the proxy of a run. @throws LabError PORT_TAKEN */
export async function startProxy(parts: ProxyParts): Promise<RunningProxy> {
  const proxy = new AuditProxy(parts);
  try {
    await proxy.open();
  } catch (error) {
    // One of two ports may be open by now; it would keep the process alive.
    await proxy.shut();
    throw error;
  }
  return { port: proxy.httpPort, dnsPort: proxy.dnsPort, idle: () => proxy.idle(), close: () => proxy.shut() };
}

/** Real time that a closing proxy gives its connections to end. */
const CLOSE_MS = 2000;

/**
 * http-mitm-proxy with its transport replaced: no loopback hop, no server and no key file for each host, nothing on stderr.
 * The library's own CA folder is never made: `listen` is ours, so no key touches the disk.
 */
class AuditProxy extends Proxy {
  readonly #lab: Lab;
  readonly #journal: Journal;
  readonly #sockets = new Set<Socket>();
  readonly #contexts = new WeakMap<IncomingMessage, IContext>();
  readonly #seen = new WeakMap<IContext, Seen>();
  readonly #serving = new Set<Promise<void>>();
  readonly #answerer: DnsAnswerer;
  #dns: RunningDns | null = null;
  #fault: { readonly cause: unknown } | null = null;

  constructor(readonly parts: ProxyParts) {
    super();
    // The library sets them in `listen`, which is never called, and reads them for each request.
    this.options = {};
    this.#journal = new Journal(parts.recorder, createPresence(parts.recorder.clock));
    this.#answerer = createDnsAnswerer({ journal: this.#journal, resolve: parts.resolve, answerWith: null });
    this.#lab = {
      journal: this.#journal,
      authority: parts.authority,
      resolve: parts.resolve,
      insecure: parts.upstreamInsecure,
      intercept: parts.engine === 'pipeline' || parts.rules.length > 0 ? (asked, head) => this.#intercept(asked, head) : null,
      ruled: parts.rules.length > 0,
      trust: createSecureContext(parts.upstreamCaPem === null ? {} : { ca: parts.upstreamCaPem }),
      stopping: new Set(),
      keep: (socket) => this.#keep(socket),
    };
  }

  /** Our rules are handlers of the library, like anybody's. */
  #registerRules(): void {
    const { rules } = this.parts;
    if (rules.length === 0) return;
    this.onRequest((context, done) => {
      const seen = this.#seen.get(context);
      if (seen !== undefined) seen.request = decideRequest(rules, seen.asked);
      done();
    });
    this.onResponse((context, done) => {
      const seen = this.#seen.get(context);
      if (seen !== undefined && seen.answered !== null) {
        const { start, headers } = seen.answered;
        seen.response = decideResponse(rules, seen.asked, { status: parseStatusLine(start).status, headers });
      }
      done();
    });
  }

  async open(): Promise<void> {
    this.#registerRules();
    const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0, requestTimeout: 0, maxHeaderSize: 65_536 });
    const [parse] = server.listeners('connection');
    server.removeAllListeners('connection').on('connection', (socket: Socket) => this.#accept(socket, () => parse?.call(server, socket)));
    server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => this._onHttpServerConnect(request, socket, head));
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) =>
      this.#badHead(asSocket(socket), error.code ?? error.message),
    );
    this.httpServer = server;
    const { host, port } = this.parts.listen;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause: NodeJS.ErrnoException) =>
        reject(cause.code === 'EADDRINUSE' ? new LabError('PORT_TAKEN', { port }, { cause }) : cause),
      );
      server.listen({ host, port }, resolve);
    });
    // A failing accept (EMFILE) costs one connection, not the run.
    server.on('error', () => {});
    server.maxConnections = roomForConnections() ?? Infinity;
    server.on('drop', (dropped) => this.#notTaken(dropped?.remotePort ?? 0));
    const address = server.address();
    this.httpPort = typeof address === 'object' && address !== null ? address.port : port;
    const { dnsPort } = this.parts;
    // Nobody here knows whose a UDP port is.
    const owner = (): Line['owner'] => ownerOf({ owner: () => null }, 0);
    if (dnsPort !== null) this.#dns = await startDns({ answerer: this.#answerer, owner, listen: { host, port: dnsPort } });
  }

  get dnsPort(): number | null {
    return this.#dns?.port ?? null;
  }

  async idle(): Promise<void> {
    await this.#journal.presence.idle();
    this.#rethrow();
  }

  async shut(): Promise<void> {
    this.#journal.closing = true;
    const server = this.httpServer;
    const closed = new Promise<void>((resolve) => (server === undefined || !server.listening ? resolve() : server.close(() => resolve())));
    for (const socket of this.#sockets) socket.destroy();
    for (const stop of this.#lab.stopping) stop();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => resolve(this.#journal.notSettled()), CLOSE_MS);
    });
    await Promise.race([
      Promise.all([closed, this.#answerer.close(), this.#dns?.close(), ...this.#serving]).then(() => this.#journal.presence.idle()),
      late,
    ]);
    clearTimeout(timer);
    this.#rethrow();
  }

  /** The first bytes tell whether the client asks for a tunnel or for a page. */
  #accept(socket: Socket, parse: () => void): void {
    this.#keep(socket);
    let have: Buffer = Buffer.alloc(0);
    const ended = (): void => {
      socket.off('readable', first).off('end', ended).off('close', ended);
      if (have.length > 0) this.#refuse(socket, NOT_TOLD, 'connect-cut-short', null);
      else socket.destroy();
    };
    const first = (): void => {
      for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) have = Buffer.concat([have, chunk]);
      const door = doorOf(have);
      if (door === null) return;
      socket.off('readable', first).off('end', ended).off('close', ended);
      socket.unshift(have);
      this.#enter(socket, door, parse);
    };
    // The server takes half-open sockets: a client that leaves at once would stay in CLOSE-WAIT for ever.
    socket.on('readable', first).on('end', ended).on('close', ended);
  }

  #enter(socket: Socket, door: Entrance, parse: () => void): void {
    const owner = this.#ownerOf(socket);
    if (door === 'connect') parse();
    else if (door === 'plain') this.#serve(socket, servePlain(this.#lab, socket, owner));
    else if (door === 'socks' && this.parts.socks) this.#serve(socket, serveSocks(this.#lab, socket, { owner, dns: this.#answerer }));
    else if (door === 'tls') this.#serve(socket, serveBareTls(this.#lab, socket, owner));
    else if (door === 'socks') this.#refuse(socket, { door: 'socks5', host: 'unknown' }, 'socks-off', null);
    else this.#refuse(socket, { door: 'none', host: 'unknown' }, 'no-proxy-protocol', null);
  }

  override _onHttpServerConnect(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    const socket = asSocket(duplex);
    const began = this.#journal.now();
    const asked = request.url ?? '';
    const target = parseAuthority(asked, null);
    if (target === null) return this.#refuse(socket, { ...NOT_TOLD, host: asked.slice(0, 200) }, 'connect-target', '400 Bad Request');
    if (head.length > 0) socket.unshift(head);
    this.#serve(socket, serveTunnel(this.#lab, { client: socket, began, target, owner: this.#ownerOf(socket), door: connectDoor(socket) }));
  }

  /** It was accepted and closed at once: there are as many as we have room for. */
  #notTaken(clientPort: number): void {
    const line = blankLine('none', ownerOf(this.parts.owner, clientPort));
    this.#journal.refused(line, this.#journal.now(), 'not-taken', 'too-many-connections');
  }

  #badHead(socket: Socket, code: string): void {
    if (socket.writable) this.#refuse(socket, NOT_TOLD, `connect-malformed: ${code}`, '400 Bad Request');
    else this.#refuse(socket, NOT_TOLD, `connect-cut-short: ${code}`, null);
  }

  #refuse(socket: Socket, { door, host }: Pick<Line, 'door' | 'host'>, why: ProxyWhy, status: string | null): void {
    const line: Line = { ...blankLine(door, this.#ownerOf(socket)), host };
    const refused = [line, this.#journal.now(), 'bad-request', why] as const;
    if (status === null) {
      this.#journal.refused(...refused);
      socket.destroy();
    } else {
      this.#journal.turnedAway(...refused);
      answer(socket, status);
    }
  }

  #ownerOf(socket: Socket): Line['owner'] {
    // Read now: a closed socket no longer knows its port.
    return ownerOf(this.parts.owner, socket.remotePort ?? 0);
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
  }

  /** What rejects here is a bug of ours: the app must not wait for it, and whoever asks `idle()` or `close()` is told. */
  #serve(client: Socket, work: Promise<void>): void {
    const served = work
      .catch((cause: unknown) => {
        this.#fault ??= { cause };
        client.destroy();
      })
      .finally(() => this.#serving.delete(served));
    this.#serving.add(served);
  }

  #rethrow(): void {
    const failure = this.#fault ?? this.#journal.failure;
    if (failure !== null) throw failure.cause;
  }

  /** One exchange through the library: its context, made by it, goes through its handlers; ours apply the rules. */
  async #intercept(asked: AskedFor, head: Head): Promise<Interception> {
    const request = libraryRequest(head, asked.host);
    this._onHttpServerRequest(asked.scheme === 'https', request, libraryAnswer(request));
    const context = this.#contexts.get(request);
    if (context === undefined) throw new Error('http-mitm-proxy made no context of a request');
    const seen: Seen = { asked, request: PASSED, response: PASSED, answered: null };
    this.#seen.set(context, seen);
    await handled((done) => super._onRequest(context, done));
    await handled((done) => super._onRequestHeaders(context, done));
    return {
      request: seen.request,
      response: (answered) => {
        seen.answered = answered;
        context.serverToProxyResponse = libraryResponse(answered);
        handledNow((done) => super._onResponse(context, done));
        handledNow((done) => super._onResponseHeaders(context, done));
        return seen.response;
      },
    };
  }

  // The library's own transport ends here: what it would do next with the request, the pipeline does.
  override _onRequest(context: IContext): void {
    this.#contexts.set(context.clientToProxyRequest, context);
  }

  // The library prints these; here they are flows and gaps.
  override _onError(): void {}
  override _onSocketError(): void {}
}

const CONNECT = Buffer.from('CONNECT ');
/** A client of the HTTP proxy that did not come to say where it wants to go. */
const NOT_TOLD = { door: 'http-proxy', host: 'unknown' } as const;
const TLS_HANDSHAKE = 0x16;
const SOCKS_4 = 0x04;
const SOCKS_5 = 0x05;

/** What is known of an exchange while it goes through the handlers. */
interface Seen {
  readonly asked: AskedFor;
  request: Decided<RequestDecision>;
  answered: Head | null;
  response: Decided<ResponseDecision>;
}

type Entrance = 'connect' | 'plain' | 'tls' | 'socks' | 'none';

/** By which door a client comes, told from its first bytes; null while too few came to tell. */
function doorOf(have: Buffer): Entrance | null {
  const [byte] = have;
  if (byte === undefined) return null;
  if (byte === TLS_HANDSHAKE) return 'tls';
  if (byte === SOCKS_5 || byte === SOCKS_4) return 'socks';
  if (!/[A-Za-z]/.test(String.fromCharCode(byte))) return 'none';
  const length = Math.min(have.length, CONNECT.length);
  if (!have.subarray(0, length).equals(CONNECT.subarray(0, length))) return 'plain';
  return have.length < CONNECT.length ? null : 'connect';
}

/** What `http.Server` hands out on CONNECT is the socket itself. */
function asSocket(duplex: Duplex): Socket {
  if (duplex instanceof Socket) return duplex;
  throw new Error('CONNECT on something that is not a socket');
}
