import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Exchange, UNNAMED } from './exchange.js';
import { HeldBack } from './held-back.js';
import type { Head } from './http1.js';
import { parseRequestLine, parseStatusLine, requestFraming, responseFraming, valuesOf } from './http1.js';
import type { Framing } from './http1.js';
import type { Beginning, ProxyGap, ProxyWhy } from './journal.js';
import { MessageReader } from './message-reader.js';
import { finishAll, writeUnread } from './relay-ending.js';
import type { EndedBy } from './relay-ending.js';
import { listen } from './relay-parts.js';
import type { Ending, Listening, RelayParts } from './relay-parts.js';
import { Outbound } from './rewrite.js';
import { whyFailed } from './rules.js';
import { WebSocketChannel } from './websocket-channel.js';

/** Passes bytes both ways, reads HTTP/1 from a copy and writes each exchange; resolves when it ends. Rejects with what a rule threw, never for what a peer does. */
export function relay(parts: RelayParts): Promise<Ending> {
  return new Promise((resolve, reject) => new Relay(parts, resolve, reject).start());
}

class Relay {
  readonly #queue: Exchange[] = [];
  #exchanges = 0;
  #asking: Exchange | null = null;
  #raw: Exchange | null = null;
  #channel: WebSocketChannel | null = null;
  #interim = false;
  #over = false;
  #wait: Promise<void> | null = null;
  /** How often somebody has to wait for a receiver or for the disk. */
  #behind = 0;
  /** In mode `one`: heads may be written anew. */
  readonly #out = { request: new Outbound(), response: new Outbound() };
  /** In mode `one`. */
  readonly #rest = new HeldBack();
  #stopListening = (): void => {};
  readonly #requests: MessageReader;
  readonly #responses: MessageReader;

  constructor(
    readonly parts: RelayParts,
    readonly resolve: (ending: Ending) => void,
    readonly reject: (cause: unknown) => void,
  ) {
    this.#requests = new MessageReader({
      begin: () => this.#ask(),
      head: (head) => this.#askedHead(head),
      payload: (bytes) => this.#keep(this.#asking, 'request', bytes),
      trailers: (fields) => this.#asking?.trailers('request', fields),
      extension: (text) => this.#asking?.trailers('request', [[UNNAMED, text]]),
      end: () => this.#askedWhole(),
      raw: (bytes) => this.#keepRaw(this.#raw ?? this.#asking, 'request', bytes),
      broken: (why) => this.#giveUp(this.#asking, 'opaque', `request-malformed: ${why}`),
    });
    this.#responses = new MessageReader({
      begin: () => this.#answer(),
      head: (head) => this.#answeredHead(head),
      payload: (bytes) => this.#keep(this.#queue[0], 'response', bytes),
      trailers: (fields) => this.#queue[0]?.trailers('response', fields),
      extension: (text) => this.#queue[0]?.trailers('response', [[UNNAMED, text]]),
      end: () => this.#answeredWhole(),
      raw: (bytes) => this.#keepRaw(this.#raw ?? this.#queue[0], 'response', bytes),
      broken: (why) => this.#giveUp(this.#queue[0], 'opaque', `response-malformed: ${why}`),
    });
  }

  start(): void {
    const { client, upstream, mode } = this.parts;
    const on = (socket: Socket, by: 'client' | 'origin', data: (chunk: Buffer) => void): Listening =>
      listen(socket, { data, end: () => this.#ended(by), gone: (code) => this.#end(by, code), bug: (cause) => this.#fail(cause) });
    if (mode.kind === 'opaque') this.#beginOpaque(mode.reason);
    // Its request, also where a side has gone by now.
    const waiting: unknown = mode.kind === 'one' ? client.read() : null;
    const app = on(client, 'client', (chunk) => this.#fromClient(chunk));
    const server = on(upstream, 'origin', (chunk) => this.#fromOrigin(chunk));
    this.#stopListening = () => [app, server].forEach(({ stop }) => stop());
    if (Buffer.isBuffer(waiting)) app.take(waiting);
    if (client.destroyed) return this.#end('client', null);
    if (upstream.destroyed) return this.#end('origin', null);
    if (client.readableEnded) this.#ended('client');
    if (upstream.readableEnded) this.#ended('origin');
    if (this.#over) return;
    // Whoever had them before may have left them paused.
    client.resume();
    upstream.resume();
  }

  #fromClient(chunk: Buffer): void {
    const { client, upstream, mode } = this.parts;
    if (this.#rest.holds) {
      this.#rest.add(chunk);
      return this.#rest.tooMuch ? void client.pause() : undefined;
    }
    this.#requests.push(chunk, mode.kind === 'one');
    if (mode.kind !== 'one') return this.#pass(client, upstream, chunk);
    const { raw, inHead } = this.#requests;
    const at = raw ? chunk.length : this.#requests.at;
    // What comes behind the request may be for another server.
    if (!raw && this.#asking === null && this.#exchanges > 0) this.#rest.add(chunk.subarray(at));
    this.#pass(client, upstream, this.#out.request.sent(chunk, at, inHead));
    this.#settleOne();
  }

  #fromOrigin(chunk: Buffer): void {
    const { client, upstream, mode } = this.parts;
    if (mode.kind === 'one' && mode.answer !== null) this.#answerAnew(chunk);
    else {
      this.#responses.push(chunk, false);
      this.#pass(upstream, client, chunk);
    }
    this.#settleOne();
  }

  /** Message by message: each may have a head of its own. */
  #answerAnew(chunk: Buffer): void {
    const { client, upstream } = this.parts;
    const out: Buffer[] = [];
    for (let left = chunk; left.length > 0 && !this.#over;) {
      this.#responses.push(left, true);
      if (this.#responses.inHead && !this.#out.response.mayBeResponse(left)) {
        this.#giveUp(this.#queue[0], 'opaque', 'response-malformed: a status line that is none');
        this.#responses.goRaw();
      }
      // Raw from here on: the reader has told all of it.
      const at = this.#responses.raw ? left.length : this.#responses.at;
      out.push(this.#out.response.sent(left, at, this.#responses.inHead));
      left = left.subarray(at);
    }
    this.#pass(upstream, client, out.length === 1 && out[0] !== undefined ? out[0] : Buffer.concat(out));
  }

  /** Sends on, and lets the sender wait while the receiver or the disk is behind. */
  #pass(from: Socket, into: Socket, chunk: Buffer): void {
    const wait = this.#wait;
    this.#wait = null;
    const ready = chunk.length === 0 || !into.writable || into.write(chunk);
    if (ready && wait === null) return;
    from.pause();
    this.#behind += 1;
    void Promise.all([ready ? null : once(into, 'drain').catch(() => null), wait]).then(() => {
      this.#behind -= 1;
      this.#settleOne();
      if (!this.#over && !(from === this.parts.client && this.#rest.tooMuch)) from.resume();
    });
  }

  #keep(exchange: Exchange | null | undefined, of: 'request' | 'response', bytes: Buffer): void {
    this.#wait = exchange?.body(of, bytes) ?? this.#wait;
  }

  #keepRaw(exchange: Exchange | null | undefined, of: 'request' | 'response', bytes: Buffer): void {
    this.#keep(exchange, of, bytes);
    const wait = this.#channel?.take(of, bytes) ?? null;
    if (wait !== null) this.#wait = Promise.all([this.#wait, wait]).then(() => {});
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
    const { mode } = this.parts;
    if (mode.kind === 'one' && this.#asking !== null) this.#out.request.begin(mode.ask(head, this.#asking), this.#requests.at);
    return framing;
  }

  #askedWhole(): void {
    this.#out.request.end();
    if (this.#asking !== null) this.#asking.requestWhole = true;
    this.#settle(this.#asking);
    this.#asking = null;
  }

  #answer(): void {
    const asked = this.#queue[0];
    if (asked === undefined) return this.#beginOpaque('server-spoke-unasked');
    asked.touch('response');
    if (asked.opaque) this.#raw ??= asked;
    else if (asked.request === null) this.#giveUp(asked, 'opaque', 'answer-before-request');
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
    const { mode } = this.parts;
    if (mode.kind === 'one' && mode.answer !== null && asked !== undefined)
      this.#out.response.begin(mode.answer(head, asked), this.#responses.at);
    const upgraded = line.status === 101 || (method === 'CONNECT' && line.status >= 200 && line.status < 300);
    this.#interim = line.status < 200 && !upgraded;
    if (asked === undefined) return framing;
    if (this.#interim) {
      asked.interim(line, head.headers);
      return framing;
    }
    asked.answered(line, head);
    if (!upgraded) return framing;
    const protocol = valuesOf(head, 'upgrade').join(', ').toLowerCase();
    const early = this.#asking === asked;
    asked.requestWhole = !early;
    if (protocol === 'websocket' && !early) this.#openChannel(asked, head);
    else this.#giveUp(asked, 'opaque', protocol === '' ? 'tunnel-in-tunnel' : `upgrade: ${protocol}`);
    this.#requests.goRaw();
    this.#releaseRest();
    return 'raw';
  }

  #openChannel(exchange: Exchange, { headers }: Head): void {
    if (this.#raw !== null) return;
    this.#raw = exchange;
    this.#channel = new WebSocketChannel({ journal: this.parts.journal, line: this.parts.line, exchange, headers });
  }

  #releaseRest(): void {
    const rest = this.#rest.take();
    if (rest === null) return;
    this.#fromClient(rest);
    this.parts.client.resume();
  }

  #answeredWhole(): void {
    this.#out.response.end();
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
    this.#raw = exchange.hasBody ? this.#continued(exchange, reason) : exchange;
    this.#raw.becomeOpaque(what, reason);
    if (this.parts.mode.kind !== 'one') return;
    this.#requests.goRaw();
    this.#releaseRest();
  }

  /** What was read of a body and what cannot be read any more are two things: the second goes into an exchange of its own. */
  #continued(exchange: Exchange, reason: ProxyWhy): Exchange {
    const rest = this.#begin(this.parts.journal.now());
    this.#queue.splice(this.#queue.indexOf(exchange), 1);
    if (this.#asking === exchange) this.#asking = null;
    exchange.finish('truncated', `could not be read to its end: ${reason}`);
    return rest;
  }

  /** In mode `one`: hands both connections back once the exchange is written and sent on. */
  #settleOne(): void {
    const { mode, client, upstream } = this.parts;
    if (this.#over || mode.kind !== 'one' || this.#exchanges === 0 || this.#queue.length > 0) return;
    // Who pipelines and reads nothing must not fill our memory answer by answer.
    if (this.#behind > 0 || upstream.readableEnded) return;
    this.#over = true;
    this.#stopListening();
    client.pause();
    upstream.pause();
    // At once: the client's `end` must not come before what stands in front of it.
    const rest = this.#rest.take();
    if (rest !== null && rest.length > 0) client.unshift(rest);
    this.resolve({ by: 'done' });
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
    for (const reader of [this.#requests, this.#responses]) if (reader.inHead) reader.goRaw();
    const withheld = this.#out.response.rest();
    if (withheld.length > 0 && client.writable) client.write(withheld);
    this.#finishAll(journal.closing ? 'lab' : by, code);
    writeUnread(this.parts, this.#rest.take());
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

  /** A bug, of a rule or of ours: what is in flight is written, and nobody is left waiting. */
  #fail(cause: unknown): void {
    this.#over = true;
    writeUnread(this.parts, this.#rest.take());
    const reason = whyFailed(cause);
    for (const exchange of this.#queue.splice(0)) {
      if (exchange === this.#channel?.exchange) this.#channel.end({ ending: 'aborted', reason, clean: false });
      else exchange.finish('aborted', reason);
    }
    this.#stopListening();
    this.parts.client.destroy();
    this.parts.upstream.destroy();
    this.reject(cause);
  }

  #finishAll(by: EndedBy, code: string | null): void {
    const left = { request: this.#requests.leftover, response: this.#responses.leftover };
    this.#asking?.leftOver('request', left.request);
    this.#queue[0]?.leftOver('response', left.response);
    finishAll(this.#queue.splice(0), this.#channel, { by, code });
  }
}
