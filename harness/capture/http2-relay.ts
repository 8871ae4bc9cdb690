import type { Socket } from 'node:net';
import { Exchange } from './exchange.js';
import { Malformed } from './http1.js';
import { Gate } from './http2-gate.js';
import { writeHalfRequest } from './half-request.js';
import { resetName } from './http2-heads.js';
import { FrameReader } from './http2-reader.js';
import { RelayedStream } from './http2-relay-stream.js';
import { Strays } from './http2-strays.js';
import type { Journal, Line, ProxyWhy } from './journal.js';
import type { Ending } from './relay-parts.js';

/** Real time in which a server's connection must take what the app sent last. */
const GOODBYE_MS = 2000;
/** Open streams that are followed; servers let an app have a hundred or so. */
const MOST_OPEN = 10_000;
/** Streams that the app has reset, of which we still know it. */
const MOST_CANCELLED = 10_000;

/** Two connections that speak HTTP/2 with each other. */
export interface Http2RelayParts {
  readonly journal: Journal;
  readonly line: Line;
  /** Both ends, TLS taken off; each with its `error` already listened to. */
  readonly client: Socket;
  readonly upstream: Socket;
}

/** Passes the bytes both ways, reads HTTP/2 from a copy and writes each exchange; resolves when it ends. */
export function relayHttp2(parts: Http2RelayParts): Promise<Ending> {
  return new Promise((resolve) => new Http2Relay(parts, resolve).start());
}

/** One direction. */
interface Way {
  readonly reader: FrameReader;
  readonly gate: Gate;
  readonly into: Socket;
}

class Http2Relay {
  readonly #streams = new Map<number, RelayedStream>();
  readonly #requests: FrameReader;
  readonly #responses: FrameReader;
  readonly #strays: Strays;
  /** Streams that the app has reset. */
  readonly #cancelled = new Set<number>();
  #exchanges = 0;
  /** The highest stream that the app has opened. */
  #last = 0;
  /** Holds what could not be read. */
  #opaque: Exchange | null = null;
  #goaway: { readonly by: 'client' | 'origin'; readonly code: string } | null = null;
  #wait: Promise<void> | null = null;
  #over = false;
  #why: string | null = null;
  #stopListening = (): void => {};

  constructor(
    readonly parts: Http2RelayParts,
    readonly resolve: (ending: Ending) => void,
  ) {
    this.#strays = new Strays(parts.journal, parts.line);
    this.#requests = new FrameReader('client', {
      head: (id, fields, ends) => this.#asked(id, fields, ends),
      data: (id, bytes) => this.#body('request', id, bytes),
      dataEnd: (id) => this.#streams.get(id)?.end('request'),
      promise: () => {},
      reset: (id, code) => this.#appResets(id, code),
      goaway: (_last, code) => this.#goes('client', code),
      framed: () => {},
      control: () => {},
      raw: (bytes) => this.#keep(this.#opaque?.body('request', bytes)),
      broken: (why) => this.#giveUp(`request-malformed: HTTP/2, ${why}`),
    });
    this.#responses = new FrameReader('origin', {
      head: (id, fields, ends) => this.#answered(id, fields, ends),
      data: (id, bytes) => this.#body('response', id, bytes),
      dataEnd: (id) => this.#streams.get(id)?.end('response'),
      promise: (id) => this.#promised(id),
      reset: (id, code) => this.#streams.get(id)?.reset('origin', code),
      goaway: (last, code) => this.#originGoes(last, code),
      framed: () => {},
      control: () => {},
      raw: (bytes) => this.#keep(this.#opaque?.body('response', bytes)),
      broken: (why) => this.#giveUp(`response-malformed: HTTP/2, ${why}`),
    });
  }

  start(): void {
    const { client, upstream } = this.parts;
    const up = { reader: this.#requests, gate: new Gate(client, upstream), into: upstream };
    const down = { reader: this.#responses, gate: new Gate(upstream, client), into: client };
    const off = [
      this.#listen(client, 'client', (chunk) => this.#pass(up, chunk)),
      this.#listen(upstream, 'origin', (chunk) => this.#pass(down, chunk)),
    ];
    this.#stopListening = () => off.forEach((stop) => stop());
    if (client.destroyed || client.readableEnded) return this.#end('client', null);
    if (upstream.destroyed || upstream.readableEnded) return this.#end('origin', null);
    // Whoever had them before may have left them paused.
    client.resume();
    upstream.resume();
  }

  #listen(socket: Socket, by: 'client' | 'origin', take: (chunk: Buffer) => void): () => void {
    const closed = (): void => this.#end(by, null);
    const failed = (error: NodeJS.ErrnoException): void => this.#end(by, error.code ?? error.message);
    socket.on('data', take).on('end', closed).on('close', closed).on('error', failed);
    return () => void socket.off('data', take).off('end', closed).off('close', closed).off('error', failed);
  }

  /** Sends on first: what is read from it is not waited for. */
  #pass({ reader, gate, into }: Way, chunk: Buffer): void {
    const ready = !into.writable || into.write(chunk);
    reader.push(chunk);
    const wait = this.#wait;
    this.#wait = null;
    gate.passed(ready, wait);
  }

  #keep(wait: Promise<void> | null | undefined): void {
    if (wait === null || wait === undefined) return;
    this.#wait = this.#wait === null ? wait : Promise.all([this.#wait, wait]).then(() => {});
  }

  #body(of: 'request' | 'response', id: number, bytes: Buffer): void {
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#keep(stream.body(of, bytes));
    // What the app has cancelled still comes for a while, and nobody takes it.
    else if (of === 'request' || !this.#cancelled.has(id)) this.#keep(this.#strays.body(of, bytes));
  }

  #asked(id: number, fields: readonly string[], ends: boolean): void {
    const known = this.#streams.get(id);
    if (known !== undefined) return known.trailers('request', fields, ends);
    if (id <= this.#last || id % 2 === 0) return this.#strays.head(fields);
    this.#last = id;
    this.#begin(id, null).asked(fields, ends);
  }

  #answered(id: number, fields: readonly string[], ends: boolean): void {
    const known = this.#streams.get(id);
    if (known !== undefined) known.answered(fields, ends);
    else if (!this.#cancelled.has(id)) this.#begin(id, 'answer-before-request: HTTP/2').answered(fields, ends);
  }

  /** `unasked`: why nothing is known that was asked on it. */
  #begin(id: number, unasked: ProxyWhy | null): RelayedStream {
    if (this.#streams.size >= MOST_OPEN) throw new Malformed(`more than ${MOST_OPEN} streams at once`);
    this.#exchanges += 1;
    const { journal, line } = this.parts;
    const stream = new RelayedStream({ journal, line, over: () => void this.#streams.delete(id) });
    this.#streams.set(id, stream);
    if (unasked !== null) stream.unasked(unasked);
    return stream;
  }

  #appResets(id: number, code: number): void {
    this.#cancelled.add(id);
    if (this.#cancelled.size > MOST_CANCELLED) for (const oldest of this.#cancelled) if (this.#cancelled.delete(oldest)) break;
    this.#streams.get(id)?.reset('client', code);
  }

  /** What a server pushes nobody has asked for: it is kept, and nobody is said to have asked. */
  #promised(id: number): void {
    if (!this.#streams.has(id)) this.#begin(id, 'server-spoke-unasked: HTTP/2 push');
  }

  #goes(by: 'client' | 'origin', code: number): void {
    if (code !== 0) this.#goaway ??= { by, code: `GOAWAY ${resetName(code)}` };
  }

  #originGoes(last: number, code: number): void {
    this.#goes('origin', code);
    // It has not looked at those above, and the app will ask again elsewhere.
    for (const [id, stream] of this.#streams) if (id > last && id % 2 === 1) stream.givenUp('the server is going away');
  }

  #giveUp(reason: ProxyWhy): void {
    if (this.#opaque !== null) return;
    const { journal, line } = this.parts;
    this.#exchanges += 1;
    this.#why = reason;
    this.#opaque = new Exchange(journal, line, journal.now());
    this.#opaque.becomeOpaque('opaque', reason);
  }

  #end(by: 'client' | 'origin', code: string | null): void {
    if (this.#over) return;
    this.#over = true;
    const { journal, client, upstream } = this.parts;
    const who = journal.closing ? 'lab' : by;
    // Who has said that it goes for a fault has ended it, whoever closed first.
    const ender = journal.closing ? 'lab' : (this.#goaway?.by ?? by);
    const why = this.#goaway?.code ?? code;
    this.#keepHalfHead();
    for (const stream of this.#streams.values()) stream.connectionEnded(ender, why, this.#why);
    this.#strays.end();
    if (this.#opaque !== null) {
      this.#opaque.requestWhole = true;
      this.#opaque.responseWhole = true;
      this.#opaque.finish('whole', who === 'lab' ? 'the run ended' : null);
    }
    // What a side said last must still arrive, resets above all.
    (by === 'client' ? upstream : client).destroySoon();
    if (by === 'client') setTimeout(() => void upstream.destroy(), GOODBYE_MS).unref();
    (by === 'client' ? client : upstream).destroy();
    this.#stopListening();
    this.resolve({ by: who, code: why, exchanges: this.#exchanges + this.#strays.count });
  }

  /** A request whose head never came to its end: its bytes are kept. */
  #keepHalfHead(): void {
    const half = this.#requests.raw ? null : this.#requests.halfHead;
    if (half === null) return;
    this.#exchanges += 1;
    writeHalfRequest(this.parts.journal, this.parts.line, half);
  }
}
