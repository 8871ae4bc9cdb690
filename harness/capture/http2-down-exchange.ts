import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { TLSSocket } from 'node:tls';
import type { Fields } from '../model/flow-parts.js';
import { nameOf, printAuthority } from './authority-form.js';
import { Exchange } from './exchange.js';
import type { Framing, Head, StatusLine } from './http1.js';
import { Malformed, parseStatusLine, responseFraming } from './http1.js';
import { answerHead, lastChunk, requestHead } from './http2-down-heads.js';
import type { BodyFraming } from './http2-down-heads.js';
import { resetBehind, StreamEnd } from './http2-ends.js';
import { Gate } from './http2-gate.js';
import type { Asked, RawHead } from './http2-heads.js';
import { askedIn, errorCode, fieldsIn, resetName, send } from './http2-heads.js';
import type { Journal, Line } from './journal.js';

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_PROTOCOL_ERROR, NGHTTP2_HTTP_1_1_REQUIRED, NGHTTP2_FLAG_END_STREAM } = constants;
const NO_PARSED: IncomingHttpHeaders = {};
/** What may be asked a second time without harm (RFC 9110, 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']);
const CRLF = Buffer.from('\r\n');

/** A stream that the app has opened. */
export interface DownParts {
  readonly journal: Journal;
  readonly line: Line;
  readonly server: ServerHttp2Session;
  readonly down: ServerHttp2Stream;
  readonly raw: RawHead;
  readonly flags: number;
  /** Nothing of it was answered: it wants another connection. */
  readonly again: (exchange: DownExchange) => void;
}

/** One request of HTTP/2 and its answer of HTTP/1.1. Both heads are recorded as their senders wrote them. */
export class DownExchange {
  readonly #parts: DownParts;
  /** Its own: which connection serves it is known only later. */
  readonly #line: { -readonly [K in keyof Line]: Line[K] };
  readonly #exchange: Exchange;
  readonly #asked: Asked;
  /** No body comes behind its head. */
  readonly #bodiless: boolean;
  #head: { readonly bytes: Buffer; readonly framing: BodyFraming } | null = null;
  #over = false;
  #tried = false;
  #answerBegan = false;
  #interim = false;
  #answerTrailers: RawHead = [];
  #requestTrailers: Fields = [];
  #gates: readonly Gate[] = [];
  #answerGate: Gate | null = null;
  #left = (): void => {};

  constructor(parts: DownParts) {
    const { journal, line, down, raw, flags } = parts;
    this.#parts = parts;
    this.#line = { ...line };
    this.#asked = askedIn(raw);
    this.#bodiless = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
    this.#exchange = new Exchange(journal, this.#line, journal.now());
    const { method, target, fields } = this.#asked;
    this.#exchange.asked({ method, target, version: 'HTTP/2' }, { headers: fields, raw: null });
    this.#exchange.mark('request-head');
    this.#exchange.requestWhole = this.#bodiless;
    down.on('error', () => {}).on('close', () => this.#appLeft());
    this.#write();
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
    const { down } = this.#parts;
    this.#line.peer = peer;
    this.#left = left;
    this.#answerGate = new Gate(socket, down);
    this.#gates = [this.#answerGate];
    socket.write(this.#head?.bytes ?? Buffer.alloc(0));
    if (this.#bodiless) down.resume();
    else this.#sendBody(socket);
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
    this.#exchange.touch('response');
    this.#interim = line.status < 200;
    if (this.#over) return framing;
    if (this.#interim) this.#passInterim(line, head);
    else this.#passAnswer(line, head, framing);
    return framing;
  }

  answerBody(bytes: Buffer): void {
    const { down } = this.#parts;
    if (this.#over) return;
    const wait = this.#exchange.body('response', bytes);
    this.#answerGate?.passed(!down.writable || down.write(bytes), wait);
  }

  answerTrailers(fields: Fields): void {
    if (this.#over) return;
    this.#exchange.trailers('response', fields);
    this.#answerTrailers = answerHead(fields);
  }

  answerEnded(): void {
    const { down } = this.#parts;
    if (this.#interim || this.#over) {
      this.#interim = false;
      return;
    }
    this.#exchange.responseWhole = true;
    if (!down.writableEnded) down.end();
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
    const untouched = !this.#answerBegan && reused && !this.#tried;
    if (untouched && this.#bodiless && IDEMPOTENT.has(this.#asked.method) && !this.#parts.journal.closing) {
      this.#tried = true;
      this.#left = () => {};
      return this.#parts.again(this);
    }
    this.#fail('truncated', code === null ? 'the server stopped early' : `the server stopped early: ${code}`, NGHTTP2_INTERNAL_ERROR);
  }

  /** No connection could be had for it. */
  unreachable(code: string): void {
    this.#parts.journal.gap('upstream-failed', `upstream: ${code}`, nameOf(this.#line));
    this.#fail('truncated', `upstream: ${code}`, NGHTTP2_INTERNAL_ERROR);
  }

  #write(): void {
    const { journal } = this.#parts;
    const { scheme, port } = this.#line;
    if (this.#asked.method === 'CONNECT') {
      this.#exchange.becomeOpaque('opaque', 'tunnel-in-tunnel');
      return this.#fail('aborted', 'refused: HTTP/1.1 cannot carry it', NGHTTP2_HTTP_1_1_REQUIRED);
    }
    try {
      this.#head = requestHead(this.#asked, printAuthority(scheme, nameOf(this.#line), port), this.#bodiless);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      journal.gap('bad-request', `malformed: ${error.message}`, nameOf(this.#line));
      this.#fail('aborted', `malformed: ${error.message}`, NGHTTP2_PROTOCOL_ERROR);
    }
  }

  #sendBody(socket: TLSSocket): void {
    const { down } = this.#parts;
    const chunked = this.#head?.framing === 'chunked';
    const gate = new Gate(down, socket);
    this.#gates = [...this.#gates, gate];
    const end = new StreamEnd(down);
    down.on('data', (chunk: Buffer) => {
      if (this.#over) return;
      const wait = this.#exchange.body('request', chunk);
      gate.passed(!socket.writable || (chunked ? writeChunk(socket, chunk) : socket.write(chunk)), wait);
    });
    // With a Content-Length HTTP/1.1 has no place for them: they are recorded only.
    down.on('trailers', (_headers: IncomingHttpHeaders, _flags: number, raw: RawHead) => {
      this.#requestTrailers = fieldsIn(raw);
      if (!this.#over) this.#exchange.trailers('request', this.#requestTrailers);
    });
    down.on('end', () => {
      if (this.#over || !end.said) return;
      this.#exchange.requestWhole = true;
      if (chunked && socket.writable) socket.write(lastChunk(this.#requestTrailers));
      this.#settle();
    });
  }

  #passInterim(line: StatusLine, head: Head): void {
    const { down } = this.#parts;
    this.#exchange.interim(line, head.headers);
    if (!down.closed && !down.headersSent) this.#send(line, head, (fields) => down.additionalHeaders(fields));
  }

  #passAnswer(line: StatusLine, head: Head, framing: Framing): void {
    const { down } = this.#parts;
    this.#exchange.answered(line, head);
    this.#exchange.mark('response-head');
    const options = { sendDate: false, endStream: framing.kind === 'none', waitForTrailers: framing.kind === 'chunked' };
    down.on('wantTrailers', () => void send(this.#answerTrailers, NO_PARSED, (fields) => down.sendTrailers(fields)));
    this.#send(line, head, (fields) => down.respond(fields, options));
  }

  #send({ status }: StatusLine, head: Head, give: Parameters<typeof send>[2]): void {
    try {
      send([':status', String(status), ...answerHead(head.headers)], NO_PARSED, give);
    } catch (error) {
      this.#fail('truncated', `what cannot be passed on: ${errorCode(error)}`, NGHTTP2_INTERNAL_ERROR);
    }
  }

  #appLeft(): void {
    if (this.#over) return;
    const { down, server } = this.#parts;
    this.#fail('aborted', server.destroyed ? 'the app went away' : `the app reset the stream: ${resetName(down.rstCode)}`, down.rstCode);
  }

  #settle(): void {
    if (this.#exchange.requestWhole && this.#exchange.responseWhole) this.#finish('whole', null);
  }

  #fail(ending: 'truncated' | 'aborted', why: string, code: number): void {
    const { journal, down } = this.#parts;
    if (journal.closing) this.#finish('aborted', 'the run ended');
    else this.#finish(ending, why);
    resetBehind(down, code);
  }

  #finish(ending: 'whole' | 'truncated' | 'aborted', reason: string | null): void {
    this.#over = true;
    this.#exchange.finish(ending, reason);
    for (const gate of this.#gates) gate.open();
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
