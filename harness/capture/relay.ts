import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Exchange } from './exchange.js';
import type { Head } from './http1.js';
import { parseRequestLine, parseStatusLine, requestFraming, responseFraming, valuesOf } from './http1.js';
import type { Framing } from './http1.js';
import type { Beginning, Journal, Line, ProxyGap, ProxyWhy } from './journal.js';
import { MessageReader } from './message-reader.js';

/** What joins an app's connection to the server's. */
export interface RelayParts {
  readonly journal: Journal;
  readonly line: Line;
  /** Both ends, TLS taken off; each with its `error` already listened to. */
  readonly client: Socket;
  readonly upstream: Socket;
  /** `tunnel`: bytes pass untouched. `opaque`: likewise, and they are not read as HTTP. Else one exchange whose head is written anew. */
  readonly mode:
    | { readonly kind: 'tunnel' }
    | { readonly kind: 'opaque'; readonly reason: ProxyWhy }
    | { readonly kind: 'one'; readonly began: Beginning; readonly rewrite: (head: Head) => Buffer };
  /** Breaks the app's connection so that a body without a length does not look complete. */
  readonly breakClient: () => void;
}

/** How a relay ended. `done`: its one exchange is over, both connections stand, and the client has sent `rest` already. */
export type Ending =
  | { readonly by: 'client' | 'origin' | 'lab'; readonly code: string | null; readonly exchanges: number }
  | { readonly by: 'done'; readonly rest: Buffer };

/** Passes bytes both ways, reads HTTP/1 from a copy and writes each exchange; resolves when it ends. */
export function relay(parts: RelayParts): Promise<Ending> {
  return new Promise((resolve) => new Relay(parts, resolve).start());
}

class Relay {
  readonly #queue: Exchange[] = [];
  #exchanges = 0;
  #asking: Exchange | null = null;
  #raw: Exchange | null = null;
  #interim = false;
  #over = false;
  #wait: Promise<void> | null = null;
  #rewritten: { readonly head: Buffer; readonly from: number } | null = null;
  #headSent = false;
  /** In mode `one`: what the client sent behind its request; null until the request is over. */
  #rest: Buffer | null = null;
  #stopListening = (): void => {};
  readonly #requests: MessageReader;
  readonly #responses: MessageReader;

  constructor(
    readonly parts: RelayParts,
    readonly resolve: (ending: Ending) => void,
  ) {
    this.#requests = new MessageReader({
      begin: () => this.#ask(),
      head: (head) => this.#askedHead(head),
      payload: (bytes) => this.#keep(this.#asking, 'request', bytes),
      trailers: (fields) => this.#asking?.trailers('request', fields),
      end: () => this.#askedWhole(),
      raw: (bytes) => this.#keep(this.#raw ?? this.#asking, 'request', bytes),
      broken: (why) => this.#giveUp(this.#asking, 'opaque', `request-malformed: ${why}`),
    });
    this.#responses = new MessageReader({
      begin: () => this.#answer(),
      head: (head) => this.#answeredHead(head),
      payload: (bytes) => this.#keep(this.#queue[0], 'response', bytes),
      trailers: (fields) => this.#queue[0]?.trailers('response', fields),
      end: () => this.#answeredWhole(),
      raw: (bytes) => this.#keep(this.#raw ?? this.#queue[0], 'response', bytes),
      broken: (why) => this.#giveUp(this.#queue[0], 'opaque', `response-malformed: ${why}`),
    });
  }

  start(): void {
    const { client, upstream, mode } = this.parts;
    const on = (socket: Socket, by: 'client' | 'origin', take: (chunk: Buffer) => void): (() => void) => {
      const ended = (): void => this.#ended(by);
      const failed = (error: NodeJS.ErrnoException): void => this.#end(by, error.code ?? error.message);
      const closed = (): void => this.#end(by, null);
      socket.on('data', take).on('end', ended).on('error', failed).on('close', closed);
      return () => void socket.off('data', take).off('end', ended).off('error', failed).off('close', closed);
    };
    if (mode.kind === 'opaque') this.#beginOpaque(mode.reason);
    const off = [on(client, 'client', (chunk) => this.#fromClient(chunk)), on(upstream, 'origin', (chunk) => this.#fromOrigin(chunk))];
    this.#stopListening = () => off.forEach((stop) => stop());
    if (client.destroyed) return this.#end('client', null);
    if (upstream.destroyed) return this.#end('origin', null);
    // Whoever had them before may have left them paused.
    client.resume();
    upstream.resume();
  }

  #fromClient(chunk: Buffer): void {
    const { client, upstream, mode } = this.parts;
    this.#requests.push(chunk, mode.kind === 'one');
    if (mode.kind !== 'one' || this.#raw !== null) return this.#pass(client, upstream, chunk);
    const { at } = this.#requests;
    if (this.#asking === null && this.#exchanges > 0) {
      // What comes behind the request may be for another server.
      this.#rest = Buffer.from(chunk.subarray(at));
      client.pause();
    }
    const head = this.#rewritten;
    this.#rewritten = null;
    if (head !== null) this.#pass(client, upstream, Buffer.concat([head.head, chunk.subarray(head.from, at)]));
    else if (this.#headSent) this.#pass(client, upstream, chunk.subarray(0, at));
    this.#settleOne();
  }

  #fromOrigin(chunk: Buffer): void {
    this.#responses.push(chunk, false);
    this.#pass(this.parts.upstream, this.parts.client, chunk);
    this.#settleOne();
  }

  /** Sends on, and lets the sender wait while the receiver or the disk is behind. */
  #pass(from: Socket, into: Socket, chunk: Buffer): void {
    const wait = this.#wait;
    this.#wait = null;
    const ready = chunk.length === 0 || !into.writable || into.write(chunk);
    if (ready && wait === null) return;
    from.pause();
    void Promise.all([ready ? null : once(into, 'drain').catch(() => null), wait]).then(() => {
      if (!this.#over && !(from === this.parts.client && this.#rest !== null)) from.resume();
    });
  }

  #keep(exchange: Exchange | null | undefined, of: 'request' | 'response', bytes: Buffer): void {
    this.#wait = exchange?.body(of, bytes) ?? this.#wait;
  }

  #begin(began: Beginning): Exchange {
    const exchange = new Exchange(this.parts.journal, this.parts.line, began);
    this.#exchanges += 1;
    this.#queue.push(exchange);
    return exchange;
  }

  #beginOpaque(reason: ProxyWhy): void {
    this.#giveUp(this.#begin(this.parts.journal.now()), 'opaque', reason);
    this.#requests.goRaw();
    this.#responses.goRaw();
  }

  #ask(): void {
    const { mode, journal } = this.parts;
    this.#asking = this.#begin(mode.kind === 'one' ? mode.began : journal.now());
  }

  #askedHead(head: Head): Framing {
    const line = parseRequestLine(head.start);
    const framing = requestFraming(head);
    this.#asking?.touch('request');
    this.#asking?.asked(line, head);
    if (this.parts.mode.kind === 'one') {
      this.#asking?.mark('request-head');
      this.#rewritten = { head: this.parts.mode.rewrite(head), from: this.#requests.at };
      this.#headSent = true;
    }
    return framing;
  }

  #askedWhole(): void {
    if (this.#asking !== null) this.#asking.requestWhole = true;
    this.#settle(this.#asking);
    this.#asking = null;
  }

  #answer(): void {
    const asked = this.#queue[0];
    if (asked === undefined) return this.#beginOpaque('server-spoke-unasked');
    asked.touch('response');
    if (asked.opaque) return this.#responses.goRaw();
    if (asked.request === null) this.#giveUp(asked, 'opaque', 'answer-before-request');
    else if (asked.responseWhole) this.#giveUp(asked, 'opaque', 'second-answer');
    if (asked.opaque) {
      this.#requests.goRaw();
      this.#responses.goRaw();
    }
  }

  #answeredHead(head: Head): Framing | 'raw' {
    const line = parseStatusLine(head.start);
    const asked = this.#queue[0];
    const method = asked?.request?.method ?? '';
    const framing = responseFraming(method, line.status, head);
    const upgraded = line.status === 101 || (method === 'CONNECT' && line.status >= 200 && line.status < 300);
    this.#interim = line.status < 200 && !upgraded;
    if (asked === undefined) return framing;
    if (this.#interim) {
      asked.interim(line, head.headers);
      return framing;
    }
    asked.answered(line, head);
    if (!upgraded) return framing;
    asked.requestWhole = true;
    const protocol = valuesOf(head, 'upgrade').join(', ').toLowerCase();
    this.#giveUp(asked, protocol === 'websocket' ? 'websocket' : 'opaque', protocol === '' ? 'tunnel-in-tunnel' : `upgrade: ${protocol}`);
    this.#requests.goRaw();
    this.#releaseRest();
    return 'raw';
  }

  #releaseRest(): void {
    const rest = this.#rest;
    this.#rest = null;
    if (rest === null) return;
    this.#fromClient(rest);
    this.parts.client.resume();
  }

  #answeredWhole(): void {
    const asked = this.#queue[0];
    if (this.#interim || asked === undefined) {
      this.#interim = false;
      return;
    }
    asked.responseWhole = true;
    this.#settle(asked);
  }

  #settle(exchange: Exchange | null): void {
    if (exchange === null || !exchange.requestWhole || !exchange.responseWhole || exchange.opaque) return;
    this.#queue.splice(this.#queue.indexOf(exchange), 1);
    exchange.finish('whole', null);
  }

  #giveUp(exchange: Exchange | null | undefined, what: ProxyGap, reason: ProxyWhy): void {
    if (exchange === null || exchange === undefined || this.#raw !== null) return;
    this.#raw = exchange;
    exchange.becomeOpaque(what, reason);
  }

  /** In mode `one`: hands both connections back once the exchange is written and sent on. */
  #settleOne(): void {
    const { mode, client, upstream } = this.parts;
    if (this.#over || mode.kind !== 'one' || this.#exchanges === 0 || this.#queue.length > 0 || upstream.readableEnded) return;
    this.#over = true;
    this.#stopListening();
    client.pause();
    upstream.pause();
    this.resolve({ by: 'done', rest: this.#rest ?? Buffer.alloc(0) });
  }

  /** A side will send no more. */
  #ended(by: 'client' | 'origin'): void {
    const other = by === 'client' ? this.parts.upstream : this.parts.client;
    const { raw } = by === 'client' ? this.#requests : this.#responses;
    if (raw) return void other.end();
    if (by === 'origin') this.#responses.eof();
    this.#end(by, null);
  }

  #end(by: 'client' | 'origin', code: string | null): void {
    if (this.#over) return;
    this.#over = true;
    const { journal, client, upstream, breakClient } = this.parts;
    const looksWhole = by === 'origin' && this.#responses.untilClose;
    this.#requests.goRaw();
    this.#finishAll(journal.closing ? 'lab' : by, code);
    // What a channel's client sent last must still arrive; an exchange without its client is cancelled.
    if (by === 'client' && this.#raw !== null) upstream.destroySoon();
    else if (by === 'client') upstream.destroy();
    else if (looksWhole) breakClient();
    else client.destroySoon();
    if (by === 'client') client.destroy();
    else upstream.destroy();
    this.#stopListening();
    this.resolve({ by: journal.closing ? 'lab' : by, code, exchanges: this.#exchanges });
  }

  #finishAll(by: 'client' | 'origin' | 'lab', code: string | null): void {
    const who = { client: 'the app went away', origin: 'the server stopped early', lab: 'the run ended' }[by];
    for (const exchange of this.#queue.splice(0)) {
      if (exchange.opaque && (code === null || by === 'lab')) {
        exchange.requestWhole = true;
        exchange.responseWhole = true;
        exchange.finish('whole', by === 'lab' ? who : null);
      } else {
        exchange.finish(by === 'origin' ? 'truncated' : 'aborted', code === null ? who : `${who}: ${code}`);
      }
    }
  }
}
