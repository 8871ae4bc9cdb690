import { errorCode, resetName } from './http2-heads.js';
import type { Journal, Line } from './journal.js';
import type { Ending } from './relay-parts.js';

/** How a connection ended first, and how many exchanges were on it. */
export class SessionWatch {
  #first: { readonly by: 'client' | 'origin'; readonly code: string | null } | null = null;
  #exchanges = 0;
  #lastStream = -1;
  /** How the server said that it goes, when it is for a fault. */
  originGoaway: string | null = null;

  constructor(
    readonly journal: Journal,
    readonly line: Line,
  ) {}

  /** The app opened a stream. */
  opened(id: number): void {
    const skipped = (id - this.#lastStream) / 2 - 1;
    this.#lastStream = id;
    this.#exchanges += 1;
    // Node resets a stream whose head is none by itself and does not tell; only the missing number shows it.
    if (skipped > 0) this.#malformed(`${skipped} of the HTTP/2 streams before stream ${id}`);
  }

  ended(by: 'client' | 'origin', code: string | null): void {
    this.#first ??= { by, code };
  }

  /** A side said that it goes. */
  goaway(by: 'client' | 'origin', code: number): void {
    if (by === 'origin' && code !== 0) this.originGoaway = `GOAWAY ${resetName(code)}`;
    this.ended(by, code === 0 ? null : `GOAWAY ${resetName(code)}`);
  }

  /** The app's session broke: its connection did, or what it sent is not HTTP/2. */
  appFailed(error: Error): void {
    const code = errorCode(error);
    if (code === 'ERR_HTTP2_SESSION_ERROR') return;
    this.ended('client', code);
    if (code.startsWith('ERR_HTTP2')) this.#malformed(`HTTP/2: ${error.message}`);
  }

  ending(): Ending {
    const { by, code } = this.#first ?? { by: 'client', code: null };
    return { by: this.journal.closing ? 'lab' : by, code, exchanges: this.#exchanges };
  }

  #malformed(what: string): void {
    // It is written here, so that nobody calls it a connection without a request.
    this.#exchanges += 1;
    this.journal.refused(this.line, this.journal.now(), 'bad-request', `malformed: ${what}`);
  }
}
