import type { TLSSocket } from 'node:tls';
import { Unreachable } from './dial.js';
import type { Http2Parts } from './http2.js';
import { OriginConnection } from './http2-down-connection.js';
import { DownExchange } from './http2-down-exchange.js';
import { writeHalfRequest } from './half-request.js';
import { Http2Server } from './http2-server.js';
import type { ServerStream } from './http2-server-stream.js';
import type { Line } from './journal.js';
import type { Ending } from './relay-parts.js';

/** HTTP/1.1 carries one exchange at a time: so many connections to the server at most, as each is one more than the app would have opened. */
const MOST_CONNECTIONS = 32;
/** What RFC 9113, 6.5.2 advises at least; those above MOST_CONNECTIONS wait here. */
const MOST_STREAMS = 100;

/** Serves an app that speaks HTTP/2 from a server that speaks HTTP/1.1 only. */
export function serveDown(parts: Http2Parts): Promise<Ending> {
  return new Promise((resolve, reject) => new Down(parts, resolve, reject).start());
}

/** One session of an app, and the connections on which its streams go on, one each at a time. */
class Down {
  readonly #server: Http2Server;
  readonly #connections = new Set<OriginConnection>();
  readonly #live = new Set<DownExchange>();
  readonly #waiting: DownExchange[] = [];
  #opening = 0;
  #exchanges = 0;
  #ended = false;

  constructor(
    readonly parts: Http2Parts,
    readonly resolve: (ending: Ending) => void,
    readonly reject: (cause: unknown) => void,
  ) {
    this.#server = new Http2Server(parts.client, {
      stream: (stream) => this.#take(stream),
      malformed: (what) => this.#malformed(what),
      ended: (code, half) => this.#appLeft(code, half),
    });
  }

  start(): void {
    const { upstream, line } = this.parts;
    this.#connect(upstream, line.peer);
    this.#server.start(MOST_STREAMS);
  }

  #take(stream: ServerStream): void {
    const { journal, line } = this.parts;
    this.#exchanges += 1;
    const exchange = new DownExchange({
      journal,
      line,
      stream,
      tooMany: this.#live.size >= MOST_STREAMS,
      again: (again) => this.#queue(again),
      over: (over) => void this.#live.delete(over),
    });
    if (exchange.isOver) return;
    this.#live.add(exchange);
    this.#queue(exchange);
  }

  #malformed(what: string): void {
    const { journal, line } = this.parts;
    // It is written here, so that nobody calls it a connection without a request.
    this.#exchanges += 1;
    journal.refused(line, journal.now(), 'bad-request', `malformed: HTTP/2, ${what}`);
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
    if (!this.#ended) this.#assign();
  }

  #unreachable(code: string, socket: TLSSocket | null): void {
    socket?.destroy();
    if (this.#lacking() > 0) this.#next()?.unreachable(code);
  }

  #connect(socket: TLSSocket, peer: Line['peer']): void {
    if (socket.destroyed || socket.readableEnded) return void socket.destroy();
    const connection = new OriginConnection(socket, peer, {
      free: () => this.#assign(),
      closed: () => {
        this.#connections.delete(connection);
        if (!this.#ended) this.#assign();
      },
    });
    this.#connections.add(connection);
  }

  #appLeft(code: string | null, half: Buffer | null): void {
    const { journal, line } = this.parts;
    this.#ended = true;
    if (half !== null) {
      this.#exchanges += 1;
      writeHalfRequest(journal, line, half);
    }
    for (const connection of this.#connections) connection.close();
    this.resolve({ by: journal.closing ? 'lab' : 'client', code, exchanges: this.#exchanges });
  }
}

function peerOf(socket: TLSSocket): Line['peer'] {
  const certificateSha256 = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase() ?? null;
  return Object.freeze({ ip: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, certificateSha256 });
}
