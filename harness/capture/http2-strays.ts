import { Exchange } from './exchange.js';
import { askedIn } from './http2-heads.js';
import type { RawHead } from './http2-heads.js';
import type { Journal, Line } from './journal.js';

type Of = 'request' | 'response';

/** What comes on streams that are not open: a peer that keeps to HTTP/2 sends little of it, and one that does not may hide something there. */
export class Strays {
  #bodies: Exchange | null = null;
  /** Flows written or begun. */
  count = 0;

  constructor(
    readonly journal: Journal,
    readonly line: Line,
  ) {}

  /** Bytes of a body; a promise when the store asks to wait. */
  body(of: Of, bytes: Buffer): Promise<void> | null {
    this.#bodies ??= this.#begin(of, 'a body');
    return this.#bodies.body(of, bytes);
  }

  /** A head from the app. */
  head(raw: RawHead): void {
    const exchange = this.#begin('request', 'a head');
    const { method, target, fields } = askedIn(raw);
    exchange.asked({ method, target, version: 'HTTP/2' }, { headers: fields, raw: null });
    exchange.finish('whole', null);
  }

  /** The connection is over. */
  end(): void {
    this.#bodies?.finish('whole', null);
  }

  #begin(of: Of, what: string): Exchange {
    this.count += 1;
    const exchange = new Exchange(this.journal, this.line, this.journal.now());
    exchange.requestWhole = true;
    exchange.responseWhole = true;
    exchange.becomeOpaque('opaque', `${of}-malformed: HTTP/2, ${what} outside any open stream`);
    return exchange;
  }
}
