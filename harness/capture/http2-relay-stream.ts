import type { Fields } from '../model/flow-parts.js';
import { Exchange } from './exchange.js';
import type { Asked } from './http2-heads.js';
import { askedIn, fieldsIn, resetName } from './http2-heads.js';
import type { Journal, Line, ProxyWhy } from './journal.js';
import { WebSocketChannel } from './websocket-channel.js';

const VERSION = 'HTTP/2';
/** Real time in which an app may still send on a stream that the server has given up, as it has not heard of it. */
const UNHEARD_MS = 1000;

/** An app has nothing to say on a WebSocket before the server takes it; so much is kept to be read all the same. */
const MOST_EARLY_BYTES = 1024 * 1024;

/** What a stream belongs to. */
export interface StreamParts {
  readonly journal: Journal;
  readonly line: Line;
  /** Its exchange is written. */
  readonly over: () => void;
}

/** One stream of an HTTP/2 connection that is read from a copy. */
export class RelayedStream {
  readonly #parts: StreamParts;
  readonly #exchange: Exchange;
  #asked: Asked | null = null;
  #channel: WebSocketChannel | null = null;
  /** What the app said to another protocol before it was agreed on. */
  #early: Buffer[] = [];
  #earlyBytes = 0;
  #answerBytes = 0;
  #answerLength: number | null = null;
  #over = false;
  /** Why the server has given it up, while the app may not know of it. */
  #unheard: { readonly why: string; readonly timer: NodeJS.Timeout } | null = null;

  constructor(parts: StreamParts) {
    this.#parts = parts;
    this.#exchange = new Exchange(parts.journal, parts.line, parts.journal.now());
  }

  /** The head of the request. */
  asked(raw: readonly string[], ends: boolean): void {
    this.#asked = askedIn(raw);
    const { method, target, fields } = this.#asked;
    this.#exchange.asked({ method, target, version: VERSION }, { headers: fields, raw: null });
    if (ends) this.end('request');
  }

  /** Nobody has asked on it, as far as we could read. */
  unasked(why: ProxyWhy): void {
    this.#exchange.becomeOpaque('opaque', why);
    this.#exchange.requestWhole = true;
  }

  /** A head from the server: an interim answer, the answer, or its trailers. */
  answered(raw: readonly string[], ends: boolean): void {
    if (this.#over) return;
    const status = Number(raw[raw.indexOf(':status') + 1]);
    if (this.#exchange.response !== null || Number.isNaN(status)) return this.trailers('response', raw, ends);
    this.#exchange.touch('response');
    const fields = fieldsIn(raw);
    if (status < 200 && !ends) {
      this.#exchange.interim({ status, reason: '', version: VERSION }, fields);
      return;
    }
    this.#exchange.answered({ status, reason: '', version: VERSION }, { headers: fields, raw: null });
    const length = fields.find(([name]) => name === 'content-length')?.[1];
    this.#answerLength = length === undefined ? null : Number(length);
    if (this.#asked?.method === 'CONNECT' && status < 300 && !ends) this.#becomeChannel(this.#asked, fields);
    if (ends) this.end('response');
  }

  trailers(of: 'request' | 'response', raw: readonly string[], ends: boolean): void {
    if (this.#over) return;
    this.#exchange.touch(of);
    this.#exchange.trailers(of, fieldsIn(raw));
    if (ends) this.end(of);
  }

  /** Bytes of a body; a promise when the store asks to wait. */
  body(of: 'request' | 'response', bytes: Buffer): Promise<void> | null {
    if (this.#over) return null;
    if (of === 'response') this.#answerBytes += bytes.length;
    else if (this.#asked?.protocol === 'websocket' && this.#exchange.response === null) this.#keepEarly(bytes);
    const wait = this.#exchange.body(of, bytes);
    const also = this.#channel?.take(of, bytes) ?? null;
    return wait === null || also === null ? (wait ?? also) : Promise.all([wait, also]).then(() => {});
  }

  /** A side has said all. */
  end(of: 'request' | 'response'): void {
    const exchange = this.#exchange;
    if (of === 'request') exchange.requestWhole = true;
    else exchange.responseWhole = true;
    if (exchange.requestWhole && exchange.responseWhole) this.#finish('whole', null, true);
    else if (this.#unheard !== null) this.fail('truncated', this.#unheard.why);
  }

  reset(by: 'client' | 'origin', code: number): void {
    const exchange = this.#exchange;
    if (this.#unheard !== null) return this.fail('truncated', this.#unheard.why);
    if (by === 'client' && this.#hasAll()) return this.end('response');
    if (by === 'client') return this.fail('aborted', `the app reset the stream: ${resetName(code)}`);
    // Node's own server ends so what an app takes slowly, and browsers take it for an end.
    if (code === 0 && this.#answerBytes === this.#answerLength) exchange.responseWhole = true;
    const why = `the server reset the stream: ${resetName(code)}`;
    if (exchange.requestWhole && exchange.responseWhole) this.#finish('whole', null, true);
    else this.givenUp(why);
  }

  /** The server takes no more of it, of which the app may not know yet. */
  givenUp(why: string): void {
    if (this.#over || this.#unheard !== null) return;
    if (this.#exchange.requestWhole) this.fail('truncated', why);
    else this.#unheard = { why, timer: setTimeout(() => this.fail('truncated', why), UNHEARD_MS).unref() };
  }

  fail(ending: 'truncated' | 'aborted', why: string): void {
    this.#finish(ending, why, false);
  }

  /** `by` closed its connection. `code`: how it broke; null: in order. `unread`: why it could not be read to its end. */
  connectionEnded(by: 'client' | 'origin' | 'lab', code: string | null, unread: string | null): void {
    const who = { client: 'the app went away', origin: 'the server stopped early', lab: 'the run ended' }[by];
    if (this.#unheard !== null) return this.fail('truncated', this.#unheard.why);
    if (by === 'client' && unread === null && this.#hasAll()) return this.end('response');
    const why = unread ?? code;
    this.#finish(by === 'origin' ? 'truncated' : 'aborted', why === null ? who : `${who}: ${why}`, why === null && by !== 'lab');
  }

  /** Whether all is there that was announced: who has that need not wait for the end of the stream, and curl leaves at once. */
  #hasAll(): boolean {
    return this.#exchange.requestWhole && this.#answerBytes === this.#answerLength;
  }

  /** From here on its data is another protocol's (RFC 8441). */
  #becomeChannel({ protocol }: Asked, headers: Fields): void {
    const { journal, line } = this.#parts;
    const exchange = this.#exchange;
    if (protocol !== 'websocket') return exchange.becomeOpaque('opaque', protocol === null ? 'tunnel-in-tunnel' : `upgrade: ${protocol}`);
    if (this.#earlyBytes > MOST_EARLY_BYTES) return exchange.becomeOpaque('websocket', 'over-limit: what came before the answer');
    this.#channel = new WebSocketChannel({ journal, line, exchange, headers });
    for (const bytes of this.#early.splice(0)) void this.#channel.take('request', bytes);
  }

  #keepEarly(bytes: Buffer): void {
    this.#earlyBytes += bytes.length;
    if (this.#earlyBytes > MOST_EARLY_BYTES) this.#early = [];
    else this.#early.push(bytes);
  }

  /** `clean`: nothing was broken off; for a channel that is enough to be whole. */
  #finish(ending: 'whole' | 'truncated' | 'aborted', reason: string | null, clean: boolean): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#unheard?.timer);
    const exchange = this.#exchange;
    if (this.#channel !== null) this.#channel.end({ ending: ending === 'whole' ? 'truncated' : ending, reason: reason ?? '', clean });
    else if (exchange.opaque && clean) {
      exchange.requestWhole = true;
      exchange.responseWhole = true;
      exchange.finish('whole', null);
    } else exchange.finish(ending, reason);
    this.#parts.over();
  }
}
