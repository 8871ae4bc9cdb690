import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { Unreachable } from './dial.js';
import type { Http2Parts } from './http2.js';
import { DownExchange } from './http2-down-exchange.js';
import { OriginConnection } from './http2-down-connection.js';
import type { RawHead } from './http2-heads.js';
import { isOver, serverSession } from './http2-sessions.js';
import { SessionWatch } from './http2-watch.js';
import type { Line } from './journal.js';
import type { Ending } from './relay-parts.js';

/** HTTP/1.1 carries one exchange at a time: so many connections to the server at most, as each is one more than the app would have opened. */
const MOST_CONNECTIONS = 32;
/** What RFC 9113, 6.5.2 advises at least; those above MOST_CONNECTIONS wait here. */
const MOST_STREAMS = 100;

/** Serves an app that speaks HTTP/2 from a server that speaks HTTP/1.1 only. */
export function serveDown(parts: Http2Parts): Promise<Ending> {
  const { client, upstream, journal } = parts;
  if (!isOver(client)) return new Promise((resolve, reject) => new Down(parts, resolve, reject).start());
  upstream.destroy();
  return Promise.resolve({ by: journal.closing ? 'lab' : 'client', code: null, exchanges: 0 });
}

/** One session of an app, and the connections on which its streams go on, one each at a time. */
class Down {
  readonly #watch: SessionWatch;
  readonly #server: ServerHttp2Session;
  readonly #connections = new Set<OriginConnection>();
  readonly #waiting: DownExchange[] = [];
  #opening = 0;
  #ended = false;

  constructor(
    readonly parts: Http2Parts,
    readonly resolve: (ending: Ending) => void,
    readonly reject: (cause: unknown) => void,
  ) {
    this.#watch = new SessionWatch(parts.journal, parts.line);
    this.#server = serverSession(parts.client, MOST_STREAMS);
  }

  start(): void {
    const { client, upstream, line } = this.parts;
    const server = this.#server;
    server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number, raw: RawHead) =>
      this.#take(stream, headers, flags, raw),
    );
    server.on('error', (error: Error) => this.#watch.appFailed(error));
    server.on('goaway', (code: number) => this.#watch.goaway('client', code));
    server.on('close', () => this.#appClosed());
    client.on('end', () => void client.destroy());
    this.#connect(upstream, line.peer);
  }

  #take(down: ServerHttp2Stream, _parsed: IncomingHttpHeaders, flags: number, raw: RawHead): void {
    const { journal, line } = this.parts;
    this.#watch.opened(down.id ?? 0);
    const exchange = new DownExchange({ journal, line, server: this.#server, down, raw, flags, again: (again) => this.#queue(again) });
    if (!exchange.isOver) this.#queue(exchange);
  }

  #queue(exchange: DownExchange): void {
    this.#waiting.push(exchange);
    this.#assign();
  }

  /** Gives the exchanges that wait to connections without one, and opens what lacks. */
  #assign(): void {
    for (const connection of this.#connections) {
      if (!connection.idle) continue;
      const next = this.#next();
      if (next === null) return;
      connection.serve(next);
    }
    const room = MOST_CONNECTIONS - this.#connections.size - this.#opening;
    const lacking = this.#lacking();
    for (let n = 0; n < Math.min(room, lacking); n += 1) this.#open().catch(this.reject);
  }

  /** How many exchanges wait for whom no connection is on its way. */
  #lacking(): number {
    return this.#waiting.filter((exchange) => !exchange.isOver).length - this.#opening;
  }

  #next(): DownExchange | null {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) if (!next.isOver) return next;
    return null;
  }

  async #open(): Promise<void> {
    this.#opening += 1;
    try {
      const socket = await this.parts.again();
      this.#opening -= 1;
      if (this.#ended) socket.destroy();
      else if (socket.alpnProtocol === 'h2') this.#unreachable('ERR_HTTP2_AGREED', socket);
      else this.#connect(socket, peerOf(socket));
    } catch (error) {
      this.#opening -= 1;
      if (!(error instanceof Unreachable)) throw error;
      this.#unreachable(error.code, null);
    }
    this.#assign();
  }

  #unreachable(code: string, socket: TLSSocket | null): void {
    socket?.destroy();
    if (this.#lacking() > 0) this.#next()?.unreachable(code);
  }

  #connect(socket: TLSSocket, peer: Line['peer']): void {
    if (isOver(socket)) return void socket.destroy();
    const connection = new OriginConnection(socket, peer, {
      free: () => this.#assign(),
      closed: () => {
        this.#connections.delete(connection);
        if (!this.#ended) this.#assign();
      },
    });
    this.#connections.add(connection);
  }

  #appClosed(): void {
    this.#ended = true;
    this.#watch.ended('client', null);
    for (const connection of this.#connections) connection.close();
    this.resolve(this.#watch.ending());
  }
}

function peerOf(socket: TLSSocket): Line['peer'] {
  const certificateSha256 = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase() ?? null;
  return Object.freeze({ ip: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, certificateSha256 });
}
