import type { TLSSocket } from 'node:tls';
import type { DownExchange } from './http2-down-exchange.js';
import { valuesOf } from './http1.js';
import type { Framing, Head } from './http1.js';
import type { Line } from './journal.js';
import { MessageReader } from './message-reader.js';

/** What a connection tells its pool. */
export interface ConnectionEvents {
  /** It can serve another exchange. */
  free(): void;
  closed(): void;
}

/** A connection to a server that speaks HTTP/1.1: one exchange after another. */
export class OriginConnection {
  readonly #reader: MessageReader;
  #exchange: DownExchange | null = null;
  #served = 0;
  #keep = true;
  #unasked = false;
  #closed = false;

  constructor(
    readonly socket: TLSSocket,
    readonly peer: Line['peer'],
    readonly events: ConnectionEvents,
  ) {
    this.#reader = new MessageReader({
      begin: () => this.#began(),
      head: (head) => this.#head(head),
      payload: (bytes) => this.#exchange?.answerBody(bytes),
      trailers: (fields) => this.#exchange?.answerTrailers(fields),
      end: () => this.#exchange?.answerEnded(),
      raw: (bytes) => this.#exchange?.unread(bytes),
      broken: (why) => this.#exchange?.broken(why),
    });
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => {
      this.#reader.eof();
      this.#ended(null);
    });
    socket.on('close', () => this.#ended(null));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#ended(error.code ?? error.message));
  }

  get idle(): boolean {
    return this.#exchange === null && !this.#closed;
  }

  /** Sends a request and passes on its answer. */
  serve(exchange: DownExchange): void {
    this.#exchange = exchange;
    this.#served += 1;
    exchange.goOn(this.socket, this.peer, () => this.#over());
  }

  /** Cancels what is on it. */
  close(): void {
    this.#ended(null);
  }

  #began(): void {
    // A word behind a whole answer, or before a request: nobody has asked for it, and nobody can be given it.
    if (this.#exchange === null) this.#unasked = true;
    else this.#exchange.answerBegan();
  }

  #head(head: Head): Framing {
    if (this.#exchange === null) return { kind: 'none' };
    const framing = this.#exchange.answerHead(head);
    const version = head.start.slice(0, 'HTTP/1.x'.length);
    const options = valuesOf(head, 'connection').join(',').toLowerCase();
    this.#keep = framing.kind !== 'close' && (version === 'HTTP/1.1' ? !/\bclose\b/.test(options) : /\bkeep-alive\b/.test(options));
    return framing;
  }

  #take(chunk: Buffer): void {
    this.#reader.push(chunk, false);
    if (this.#unasked || this.#reader.raw) this.#ended(null);
  }

  /** The exchange on it is written. */
  #over(): void {
    const whole = this.#exchange?.isWhole === true;
    this.#exchange = null;
    if (!whole || !this.#keep) return this.#ended(null);
    // Not inside the reader: what came behind the answer must be seen first.
    setImmediate(() => {
      if (this.idle) this.events.free();
    });
  }

  #ended(code: string | null): void {
    if (this.#closed) return;
    this.#closed = true;
    const exchange = this.#exchange;
    this.#exchange = null;
    exchange?.originEnded(code, this.#served > 1);
    this.socket.destroy();
    this.events.closed();
  }
}
