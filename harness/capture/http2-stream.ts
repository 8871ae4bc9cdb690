import type { OutgoingHttpHeaders } from 'node:http';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  Http2Stream,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from 'node:http2';
import { constants } from 'node:http2';
import type { Fields, Synthetic } from '../model/flow-parts.js';
import { printAuthority } from './authority-form.js';
import { Exchange } from './exchange.js';
import { resetBehind, StreamEnd } from './http2-ends.js';
import { Gate } from './http2-gate.js';
import type { Asked, RawHead } from './http2-heads.js';
import { askedIn, errorCode, fieldsIn, resetName, send } from './http2-heads.js';
import type { SessionWatch } from './http2-watch.js';
import type { Journal, Line } from './journal.js';
import { WebSocketChannel } from './websocket-channel.js';

const { NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_CANCEL, NGHTTP2_REFUSED_STREAM, NGHTTP2_FLAG_END_STREAM } = constants;
const VERSION = 'HTTP/2';
const BODY_TO_COME = { endStream: false, waitForTrailers: true };
const NO_BODY = { endStream: true };
/** Node adds a Date that the server did not send unless it is told not to. */
const ANSWER_WITH_BODY = { ...BODY_TO_COME, sendDate: false };
const ANSWER_WITHOUT_BODY = { ...NO_BODY, sendDate: false };
/** Node ends these by itself. */
const BODILESS = new Set([204, 205, 304]);
const RUN_ENDED = 'the run ended';

/** A stream that the app has opened, and the session on which it goes on. */
export interface PassageParts {
  readonly journal: Journal;
  readonly line: Line;
  readonly server: ServerHttp2Session;
  readonly down: ServerHttp2Stream;
  readonly session: ClientHttp2Session;
  readonly raw: RawHead;
  readonly parsed: IncomingHttpHeaders;
  readonly flags: number;
  readonly watch: SessionWatch;
  /** The exchange is written. */
  readonly over: (passage: Passage) => void;
}

/** One request and its answer from stream to stream: heads, bodies, trailers and resets both ways, each recorded as it came. */
export class Passage {
  readonly #parts: PassageParts;
  readonly #exchange: Exchange;
  readonly #asked: Asked;
  readonly #up: ClientHttp2Stream | null;
  #over = false;
  #originEnded = false;
  /** Why the server's connection broke, a code. */
  #code: string | null = null;
  #gates: readonly Gate[] = [];
  #answerEnd: StreamEnd | null = null;
  #channel: WebSocketChannel | null = null;
  /** What the app said to another protocol before it was agreed on; its window bounds it. */
  #early: Buffer[] = [];
  #answerBytes = 0;
  #answerLength: number | null = null;

  constructor(parts: PassageParts) {
    const { journal, line, down, raw, flags } = parts;
    this.#parts = parts;
    this.#asked = askedIn(raw);
    this.#exchange = new Exchange(journal, line, journal.now());
    const { method, target, fields } = this.#asked;
    this.#exchange.asked({ method, target, version: VERSION }, { headers: fields, raw: null });
    const whole = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
    this.#exchange.requestWhole = whole;
    down.on('error', () => {}).on('close', () => this.#downClosed());
    this.#up = this.#open(whole);
    if (this.#up === null) return;
    this.#listenUp(this.#up);
    if (whole) down.resume();
    else this.#listenDown(this.#up);
  }

  /** True once its exchange is written. */
  get isOver(): boolean {
    return this.#over;
  }

  /** The server will send no more on its connection: what it had not finished by now stays unfinished. */
  originEnded(): void {
    this.#originEnded = true;
    if (!this.#over) this.#answerEnd?.cut();
  }

  #open(whole: boolean): ClientHttp2Stream | null {
    const { session, raw, parsed, line, down } = this.#parts;
    let sent = raw;
    if (this.#asked.authority === null && this.#asked.method !== 'CONNECT') {
      sent = [...raw, ':authority', printAuthority(line.scheme, line.host, line.port)];
      this.#exchange.mark('request-head');
    }
    let up: ClientHttp2Stream | null = null;
    try {
      const asIs = send(sent, parsed, (fields) => {
        up = session.request(fields, whole ? NO_BODY : BODY_TO_COME);
      });
      if (!asIs) this.#exchange.mark('request-head');
    } catch (error) {
      // It closes, and the app has not heard of it yet.
      this.#finish('truncated', `the server is going away: ${errorCode(error)}`);
      down.close(NGHTTP2_REFUSED_STREAM);
    }
    return up;
  }

  #listenDown(up: ClientHttp2Stream): void {
    const { down } = this.#parts;
    const gate = new Gate(down, up);
    this.#gates = [...this.#gates, gate];
    const end = new StreamEnd(down);
    down.on('data', (chunk: Buffer) => {
      if (this.#over) return;
      const wait = this.#keep('request', chunk);
      gate.passed(!up.writable || up.write(chunk), wait);
    });
    this.#passTrailers('request', down, up);
    down.on('end', () => {
      if (this.#over || !end.said) return;
      this.#exchange.requestWhole = true;
      up.end();
      this.#settle();
    });
  }

  #listenUp(up: ClientHttp2Stream): void {
    const { down } = this.#parts;
    const gate = new Gate(up, down);
    this.#gates = [gate];
    const end = new StreamEnd(up);
    this.#answerEnd = end;
    up.on('error', (error) => {
      this.#code = errorCode(error);
    });
    up.on('close', () => this.#upClosed(up.rstCode));
    up.on('headers', (headers: IncomingHttpHeaders, _flags: number, raw: RawHead) => this.#interim(headers, raw));
    up.on('response', (headers: IncomingHttpHeaders, flags: number, raw: RawHead) => this.#answer(headers, flags, raw));
    up.on('data', (chunk: Buffer) => {
      if (this.#over) return;
      this.#answerBytes += chunk.length;
      const wait = this.#keep('response', chunk);
      gate.passed(!down.writable || down.write(chunk), wait);
    });
    this.#passTrailers('response', up, down);
    up.on('end', () => {
      if (this.#over || this.#exchange.responseWhole) return;
      if (!end.said && this.#answerBytes !== this.#answerLength) return this.#upClosed(up.rstCode);
      this.#exchange.responseWhole = true;
      down.end();
      this.#settle();
    });
  }

  #keep(of: 'request' | 'response', chunk: Buffer): Promise<void> | null {
    const wait = this.#exchange.body(of, chunk);
    if (this.#asked.protocol !== null && this.#exchange.response === null) this.#early.push(chunk);
    const also = this.#channel?.take(of, chunk) ?? null;
    return wait === null || also === null ? (wait ?? also) : Promise.all([wait, also]).then(() => {});
  }

  #passTrailers(of: 'request' | 'response', from: Http2Stream, into: Http2Stream): void {
    let came: { readonly raw: RawHead; readonly headers: IncomingHttpHeaders } | null = null;
    from.on('trailers', (headers: IncomingHttpHeaders, _flags: number, raw: RawHead) => {
      came = { raw, headers };
      if (this.#over) return;
      this.#exchange.touch(of);
      this.#exchange.trailers(of, fieldsIn(raw));
    });
    into.on('wantTrailers', () => {
      if (came === null) into.sendTrailers({});
      else this.#send(came.raw, came.headers, of === 'request' ? 'request-head' : 'response-head', (fields) => into.sendTrailers(fields));
    });
  }

  #interim(headers: IncomingHttpHeaders, raw: RawHead): void {
    const { down } = this.#parts;
    if (this.#over) return;
    this.#exchange.touch('response');
    this.#exchange.interim({ status: statusOf(headers), reason: '', version: VERSION }, fieldsIn(raw));
    if (!down.closed && !down.headersSent) this.#send(raw, headers, 'response-head', (fields) => down.additionalHeaders(fields));
  }

  #answer(headers: IncomingHttpHeaders, flags: number, raw: RawHead): void {
    const { down } = this.#parts;
    if (this.#over) return;
    const status = statusOf(headers);
    const { method } = this.#asked;
    const last = (flags & NGHTTP2_FLAG_END_STREAM) !== 0;
    this.#exchange.touch('response');
    this.#answerLength = headers['content-length'] === undefined ? null : Number(headers['content-length']);
    const answered = fieldsIn(raw);
    this.#exchange.answered({ status, reason: '', version: VERSION }, { headers: answered, raw: null });
    const options = last || method === 'HEAD' || BODILESS.has(status) ? ANSWER_WITHOUT_BODY : ANSWER_WITH_BODY;
    if (!this.#send(raw, headers, 'response-head', (fields) => down.respond(fields, options))) return;
    if (method === 'CONNECT' && status < 300 && !last) this.#becomeChannel(answered);
    if (!last) return;
    this.#exchange.responseWhole = true;
    this.#settle();
  }

  /** False when Node does not take the block, as with a status beyond 599; the exchange is over then. */
  #send(raw: RawHead, headers: IncomingHttpHeaders, what: Synthetic, give: (fields: OutgoingHttpHeaders) => void): boolean {
    try {
      if (!send(raw, headers, give)) this.#exchange.mark(what);
      return true;
    } catch (error) {
      this.#fail('truncated', `what cannot be passed on: ${errorCode(error)}`, { down: NGHTTP2_INTERNAL_ERROR, up: NGHTTP2_CANCEL });
      return false;
    }
  }

  /** From here on its data is another protocol's (RFC 8441). */
  #becomeChannel(headers: Fields): void {
    const { journal, line } = this.#parts;
    const { protocol } = this.#asked;
    if (protocol === 'websocket') {
      this.#channel = new WebSocketChannel({ journal, line, exchange: this.#exchange, headers });
      for (const chunk of this.#early.splice(0)) void this.#channel.take('request', chunk);
    } else this.#exchange.becomeOpaque('opaque', protocol === null ? 'tunnel-in-tunnel' : `upgrade: ${protocol}`);
  }

  #settle(): void {
    if (this.#exchange.requestWhole && this.#exchange.responseWhole) this.#finish('whole', null);
  }

  #upClosed(code: number): void {
    if (this.#over) return;
    const { session, watch } = this.#parts;
    const gone = session.destroyed || this.#originEnded;
    // Servers of Node's end a body with NO_ERROR and without an end when the app is slow, and browsers take it for one; the app may judge.
    const unanswered = code === NGHTTP2_NO_ERROR && this.#exchange.response === null;
    const codes = { down: gone || unanswered ? NGHTTP2_INTERNAL_ERROR : code, up: NGHTTP2_CANCEL };
    if (!gone) return this.#fail('truncated', `the server reset the stream: ${resetName(code)}`, codes);
    const why = watch.originGoaway ?? this.#code;
    this.#fail('truncated', why === null ? 'the server stopped early' : `the server stopped early: ${why}`, codes);
  }

  #downClosed(): void {
    if (this.#over) return;
    const { down, server } = this.#parts;
    const code = down.rstCode;
    const cancel = server.destroyed || (code === NGHTTP2_NO_ERROR && !this.#exchange.requestWhole);
    const why = server.destroyed ? 'the app went away' : `the app reset the stream: ${resetName(code)}`;
    this.#fail('aborted', why, { down: code, up: cancel ? NGHTTP2_CANCEL : code });
  }

  #fail(ending: 'truncated' | 'aborted', why: string, codes: { readonly down: number; readonly up: number }): void {
    const { journal, down } = this.#parts;
    // A channel may be closed at any time; only what was broken off with a code was not whole.
    const clean = (this.#channel !== null || this.#exchange.opaque) && !why.includes(':') && !journal.closing;
    if (journal.closing) this.#finish('aborted', RUN_ENDED);
    else this.#finish(ending, why, clean);
    this.#up?.close(codes.up);
    resetBehind(down, codes.down);
  }

  #finish(ending: 'whole' | 'truncated' | 'aborted', reason: string | null, clean = ending === 'whole'): void {
    const exchange = this.#exchange;
    this.#over = true;
    if (this.#channel !== null) this.#channel.end({ ending: ending === 'whole' ? 'truncated' : ending, reason: reason ?? '', clean });
    else if (exchange.opaque && (clean || reason === RUN_ENDED)) {
      exchange.requestWhole = true;
      exchange.responseWhole = true;
      exchange.finish('whole', clean ? null : reason);
    } else exchange.finish(ending, reason);
    for (const gate of this.#gates) gate.open();
    this.#parts.over(this);
  }
}

const statusOf = (headers: IncomingHttpHeaders): number => Number(headers[':status']);
