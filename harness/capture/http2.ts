import type { ClientHttp2Session, IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { serveDown } from './http2-down.js';
import type { RawHead } from './http2-heads.js';
import { errorCode } from './http2-heads.js';
import { relayHttp2 } from './http2-relay.js';
import { clientSession, isOver, serverSession } from './http2-sessions.js';
import { Passage } from './http2-stream.js';
import { SessionWatch } from './http2-watch.js';
import type { Journal, Line } from './journal.js';
import type { Ending } from './relay-parts.js';

/** Real time in which a server's connection must take our goodbye. */
const GOODBYE_MS = 2000;

/** An app's connection on which it speaks HTTP/2, and a server's. */
export interface Http2Parts {
  readonly journal: Journal;
  readonly line: Line;
  /** Agreed on h2; its `error` is listened to. */
  readonly client: TLSSocket;
  /** Its `alpnProtocol` is `h2`, or else it speaks HTTP/1.1; its `error` is listened to. */
  readonly upstream: TLSSocket;
  /** Another connection to the same server, for when the first is busy or closed. Rejects with Unreachable. */
  readonly again: () => Promise<TLSSocket>;
  /** Breaks the app's connection. */
  readonly breakClient: () => void;
}

/** Serves an app's HTTP/2 connection and writes each exchange; resolves when it ends, and never rejects for what a peer does. */
export function serveHttp2(parts: Http2Parts): Promise<Ending> {
  const { client, upstream } = parts;
  if (upstream.alpnProtocol !== 'h2') return serveDown(parts);
  if (process.env['H2RELAY']) return relayHttp2({ ...parts, line: { ...parts.line, engine: 'relay' } });
  if (!isOver(client) && !isOver(upstream)) return new Promise((resolve) => new Bridge(parts, resolve).start());
  const by = isOver(client) ? 'client' : 'origin';
  client.destroySoon();
  upstream.destroy();
  return Promise.resolve({ by: parts.journal.closing ? 'lab' : by, code: null, exchanges: 0 });
}

/** Two sessions, stream to stream. */
class Bridge {
  readonly #live = new Set<Passage>();
  readonly #watch: SessionWatch;
  readonly #server: ServerHttp2Session;
  readonly #session: ClientHttp2Session;
  #originEnded = false;
  #open = 2;

  constructor(
    readonly parts: Http2Parts,
    readonly resolve: (ending: Ending) => void,
  ) {
    const { journal, line, client, upstream } = parts;
    this.#watch = new SessionWatch(journal, line);
    this.#server = serverSession(client, null);
    this.#session = clientSession(upstream);
  }

  start(): void {
    const { client, upstream } = this.parts;
    const server = this.#server;
    const session = this.#session;
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: RawHead) =>
      this.#take(stream, headers, flags, raw),
    );
    server.on('goaway', (code: number, _last: number, debug?: Buffer) => {
      this.#watch.goaway('client', code);
      if (!session.destroyed) session.goaway(code, 0, debug);
    });
    server.on('error', (error: Error) => this.#watch.appFailed(error));
    server.on('close', () => this.#appClosed());
    client.on('end', () => void client.destroy());
    session.on('goaway', (code: number, _last: number, debug?: Buffer) => this.#goaway(code, debug));
    session.on('error', (error: Error) => this.#watch.ended('origin', errorCode(error)));
    session.on('close', () => this.#originClosed());
    session.on('remoteSettings', ({ enableConnectProtocol }) => {
      if (enableConnectProtocol === true && !server.destroyed) server.settings({ enableConnectProtocol });
    });
    upstream.on('end', () => this.#originSaidAll());
  }

  #take(down: ServerHttp2Stream, parsed: IncomingHttpHeaders, flags: number, raw: RawHead): void {
    const { journal, line } = this.parts;
    this.#watch.opened(down.id ?? 0);
    const passage = new Passage({
      journal,
      line,
      server: this.#server,
      down,
      session: this.#session,
      raw,
      parsed,
      flags,
      watch: this.#watch,
      over: (over) => this.#over(over),
    });
    if (!passage.isOver) this.#live.add(passage);
  }

  #over(passage: Passage): void {
    this.#live.delete(passage);
    if (this.#originEnded && this.#live.size === 0) setImmediate(() => this.#session.destroy());
  }

  /** The server takes no more requests: nor do we, and the app hears why. */
  #goaway(code: number, debug: Buffer | undefined): void {
    this.#watch.goaway('origin', code);
    if (this.#server.destroyed) return;
    this.#server.goaway(code, 0, debug);
    this.#server.close();
  }

  /** The server's half is closed. What it had finished still goes out to an app that reads slowly. */
  #originSaidAll(): void {
    this.#watch.ended('origin', null);
    this.#originEnded = true;
    this.#server.close();
    for (const passage of this.#live) passage.originEnded();
    if (this.#live.size === 0) this.#session.destroy();
  }

  #originClosed(): void {
    this.#watch.ended('origin', null);
    this.#server.close();
    this.#closed();
  }

  #appClosed(): void {
    this.#watch.ended('client', null);
    // After its streams have been cancelled one by one.
    setImmediate(() => {
      this.#session.destroy();
      setTimeout(() => void this.parts.upstream.destroy(), GOODBYE_MS).unref();
    });
    this.#closed();
  }

  #closed(): void {
    this.#open -= 1;
    if (this.#open === 0) this.resolve(this.#watch.ending());
  }
}
