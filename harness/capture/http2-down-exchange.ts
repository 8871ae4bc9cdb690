import type { TLSSocket } from 'node:tls';
import type { Fields } from '../model/flow-parts.js';
import { nameOf, printAuthority } from './authority-form.js';
import { Exchange } from './exchange.js';
import type { Framing, Head, StatusLine } from './http1.js';
import { Malformed, parseStatusLine, responseFraming } from './http1.js';
import { answerHead, lastChunk, requestHead } from './http2-down-heads.js';
import type { RequestHead } from './http2-down-heads.js';
import { Gate } from './http2-gate.js';
import type { Asked, RawHead } from './http2-heads.js';
import { askedIn, fieldsIn, resetName } from './http2-heads.js';
import type { Left, ServerStream } from './http2-server-stream.js';
import type { Journal, Line } from './journal.js';

const PROTOCOL_ERROR = 1;
const INTERNAL_ERROR = 2;
const REFUSED_STREAM = 7;
const HTTP_1_1_REQUIRED = 13;
/** What may be asked a second time without harm (RFC 9110, 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
const CRLF = Buffer.from('\r\n');

/** A stream that the app has opened. */
export interface DownParts {
  readonly journal: Journal;
  readonly line: Line;
  readonly stream: ServerStream;
  /** The app has more streams open than it was told it may. */
  readonly tooMany: boolean;
  /** Nothing of it was answered: it wants another connection. */
  readonly again: (exchange: DownExchange) => void;
  readonly over: (exchange: DownExchange) => void;
}

/** One request of HTTP/2 and its answer of HTTP/1.1. Both heads are recorded as their senders wrote them. */
export class DownExchange {
  readonly #parts: DownParts;
  /** Its own: which connection serves it is known only later. */
  readonly #line: { -readonly [K in keyof Line]: Line[K] };
  readonly #exchange: Exchange;
  readonly #asked: Asked;
  readonly #head: RequestHead | null;
  #requestLeft: number | null = null;
  #requestTrailers: Fields = [];
  #answerTrailers: RawHead = [];
  #answerBegan = false;
  #interim = false;
  #tried = false;
  #over = false;
  #gates: readonly Gate[] = [];
  #answerGate: Gate | null = null;
  #left = (): void => {};

  constructor(parts: DownParts) {
    const { journal, line, stream, tooMany } = parts;
    this.#parts = parts;
    this.#line = { ...line };
    this.#asked = askedIn(stream.fields);
    this.#exchange = new Exchange(journal, this.#line, journal.now());
    const { method, target, fields } = this.#asked;
    this.#exchange.asked({ method, target, version: 'HTTP/2' }, { headers: fields, raw: null });
    this.#exchange.mark('request-head');
    this.#exchange.requestWhole = stream.whole;
    stream.onLeft((left) => this.#appLeft(left));
    this.#head = tooMany ? this.#refuse() : this.#translate();
  }

  /** True once its exchange is written. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Both sides have said all, in a way that was understood. */
  get isWhole(): boolean {
    return this.#exchange.requestWhole && this.#exchange.responseWhole && !this.#exchange.opaque;
  }

  /** Goes out on a connection; `left` hears when it is over. */
  goOn(socket: TLSSocket, peer: Line['peer'], left: () => void): void {
    const { stream } = this.#parts;
    if (this.#head === null) return left();
    this.#line.peer = peer;
    this.#left = left;
    this.#answerGate = new Gate(socket, stream);
    const asking = new Gate(stream, socket);
    this.#gates = [this.#answerGate, asking];
    socket.write(this.#head.bytes);
    if (this.#tried) return;
    stream.listen({
      data: (bytes) => this.#sendBody(socket, asking, bytes),
      trailers: (fields) => this.#keepTrailers(fieldsIn(fields)),
      end: () => this.#askedAll(socket),
    });
  }

  answerBegan(): void {
    this.#answerBegan = true;
    this.#exchange.touch('response');
  }

  /** @throws Malformed */
  answerHead(head: Head): Framing {
    const line = parseStatusLine(head.start);
    if (line.status === 101) throw new Malformed('a switch to another protocol that nobody asked for');
    const framing = responseFraming(this.#asked.method, line.status, head);
    this.#interim = line.status < 200;
    if (this.#over) return framing;
    this.#exchange.touch('response');
    if (this.#interim) this.#exchange.interim(line, head.headers);
    else this.#exchange.answered(line, head);
    if (!this.#interim) this.#exchange.mark('response-head');
    this.#passHead(line, head, !this.#interim && framing.kind === 'none');
    return framing;
  }

  answerBody(bytes: Buffer): void {
    if (this.#over) return;
    const wait = this.#exchange.body('response', bytes);
    this.#answerGate?.passed(this.#parts.stream.write(bytes), wait);
  }

  answerTrailers(fields: Fields): void {
    if (this.#over) return;
    this.#exchange.trailers('response', fields);
    this.#answerTrailers = answerHead(fields);
  }

  answerEnded(): void {
    if (this.#interim || this.#over) {
      this.#interim = false;
      return;
    }
    this.#exchange.responseWhole = true;
    this.#parts.stream.end(this.#answerTrailers);
    this.#settle();
  }

  /** What comes is not HTTP/1.1; the bytes follow in `unread`. */
  broken(why: string): void {
    if (!this.#over) this.#exchange.becomeOpaque('opaque', `response-malformed: ${why}`);
  }

  unread(bytes: Buffer): void {
    if (!this.#over) void this.#exchange.body('response', bytes);
  }

  /** Its connection has ended. `reused`: it had served others before, and may have been closed for having rested. */
  originEnded(code: string | null, reused: boolean): void {
    if (this.#over) return;
    const untouched = reused && !this.#answerBegan && !this.#tried && !this.#parts.journal.closing;
    if (untouched && this.#parts.stream.whole && IDEMPOTENT.has(this.#asked.method)) {
      this.#tried = true;
      this.#left = () => {};
      return this.#parts.again(this);
    }
    const why = code === null ? 'the server stopped early' : `the server stopped early: ${code}`;
    if (this.#exchange.responseWhole) this.#parts.stream.enough();
    this.#fail('truncated', why, INTERNAL_ERROR);
  }

  /** No connection could be had for it. */
  unreachable(code: string): void {
    this.#parts.journal.gap('upstream-failed', `upstream: ${code}`, nameOf(this.#line));
    this.#fail('truncated', `upstream: ${code}`, INTERNAL_ERROR);
  }

  #refuse(): null {
    this.#fail('aborted', 'refused: more streams than agreed', REFUSED_STREAM);
    return null;
  }

  #translate(): RequestHead | null {
    const { scheme, port } = this.#line;
    const { stream } = this.#parts;
    if (this.#asked.method === 'CONNECT') {
      this.#exchange.becomeOpaque('opaque', 'tunnel-in-tunnel');
      this.#fail('aborted', 'refused: HTTP/1.1 cannot carry it', HTTP_1_1_REQUIRED);
      return null;
    }
    try {
      const head = requestHead(this.#asked, printAuthority(scheme, nameOf(this.#line), port), stream.whole);
      this.#requestLeft = head.bodyBytes;
      return head;
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#malformed(error.message);
      return null;
    }
  }

  #malformed(why: string): void {
    this.#parts.journal.gap('bad-request', `malformed: HTTP/2, ${why}`, nameOf(this.#line));
    this.#fail('aborted', `malformed: HTTP/2, ${why}`, PROTOCOL_ERROR);
  }

  #sendBody(socket: TLSSocket, gate: Gate, bytes: Buffer): void {
    if (this.#over) return;
    if (this.#requestLeft !== null) {
      this.#requestLeft -= bytes.length;
      // One byte more than said would be the beginning of another request.
      if (this.#requestLeft < 0) return this.#malformed('a body longer than said');
    }
    const wait = this.#exchange.body('request', bytes);
    const ready = !socket.writable || (this.#requestLeft === null ? writeChunk(socket, bytes) : socket.write(bytes));
    gate.passed(ready, wait);
  }

  #keepTrailers(fields: Fields): void {
    // With a Content-Length HTTP/1.1 has no place for them: they are recorded only.
    this.#requestTrailers = fields;
    if (!this.#over) this.#exchange.trailers('request', fields);
  }

  #askedAll(socket: TLSSocket): void {
    if (this.#over) return;
    if (this.#requestLeft !== null && this.#requestLeft > 0) return this.#malformed('a body shorter than said');
    this.#exchange.requestWhole = true;
    try {
      if (this.#requestLeft === null && socket.writable) socket.write(lastChunk(this.#requestTrailers));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return this.#malformed(error.message);
    }
    this.#settle();
  }

  #passHead({ status }: StatusLine, head: Head, ends: boolean): void {
    this.#parts.stream.head([':status', String(status), ...answerHead(head.headers)], ends);
  }

  #appLeft(left: Left): void {
    if (this.#over) return;
    if (left.kind === 'fault') this.#malformed(left.why);
    else
      this.#fail(
        'aborted',
        left.kind === 'gone' ? 'the app went away' : `the app reset the stream: ${resetName(left.code)}`,
        INTERNAL_ERROR,
      );
  }

  #settle(): void {
    if (this.#exchange.requestWhole && this.#exchange.responseWhole) this.#finish('whole', null);
  }

  #fail(ending: 'truncated' | 'aborted', why: string, code: number): void {
    const { journal, stream } = this.#parts;
    if (this.#answerGate === null) this.#keepUnsent();
    if (journal.closing) this.#finish('aborted', 'the run ended');
    else this.#finish(ending, why);
    // An answer that is whole still goes out.
    if (!this.#exchange.responseWhole) stream.reset(code);
  }

  /** What the app has sent while no connection was there. */
  #keepUnsent(): void {
    this.#parts.stream.listen({
      data: (bytes) => {
        if (!this.#over) void this.#exchange.body('request', bytes);
      },
      trailers: (fields) => this.#keepTrailers(fieldsIn(fields)),
      end: () => {
        this.#exchange.requestWhole = true;
      },
    });
  }

  #finish(ending: 'whole' | 'truncated' | 'aborted', reason: string | null): void {
    this.#over = true;
    this.#exchange.finish(ending, reason);
    for (const gate of this.#gates) gate.open();
    this.#parts.over(this);
    this.#left();
  }
}

/** Writes a chunk with its size before it; false when the sender should wait. */
function writeChunk(socket: TLSSocket, chunk: Buffer): boolean {
  if (chunk.length === 0) return true;
  socket.cork();
  socket.write(`${chunk.length.toString(16)}\r\n`);
  socket.write(chunk);
  const ready = socket.write(CRLF);
  process.nextTick(() => socket.uncork());
  return ready;
}
