// Reads HTTP/1.1 messages off a socket: just enough for both ends of this bench, and quick.

const HEAD = 0;
const LENGTH = 1;
const SIZE = 2;
const CHUNK = 3;
const AFTER_CHUNK = 4;
const TRAILER = 5;

/** `on` is `{ head(text), body(bytes), end() }`; `body` may be called any number of times. Both lengths and chunks are understood. */
export class MessageReader {
  #on;
  #state = HEAD;
  #kept = null;
  #left = 0;

  constructor(on) {
    this.#on = on;
  }

  feed(chunk) {
    const bytes = this.#kept === null ? chunk : Buffer.concat([this.#kept, chunk]);
    this.#kept = null;
    let at = 0;
    while (at < bytes.length) {
      const next = this.#step(bytes, at);
      if (next < 0) {
        this.#kept = bytes.subarray(at);
        return;
      }
      at = next;
    }
  }

  /** Where the next step begins; -1: more bytes are needed. */
  #step(bytes, at) {
    if (this.#state === LENGTH || this.#state === CHUNK) {
      const take = Math.min(this.#left, bytes.length - at);
      this.#on.body(bytes.subarray(at, at + take));
      this.#left -= take;
      if (this.#left === 0 && this.#state === LENGTH) this.#finish();
      else if (this.#left === 0) this.#state = AFTER_CHUNK;
      return at + take;
    }
    const mark = this.#state === HEAD ? '\r\n\r\n' : '\r\n';
    const end = bytes.indexOf(mark, at);
    if (end < 0) return -1;
    const line = bytes.latin1Slice(at, end);
    if (this.#state === HEAD) this.#begin(line);
    else if (this.#state === SIZE) {
      this.#left = Number.parseInt(line, 16);
      this.#state = this.#left === 0 ? TRAILER : CHUNK;
    } else if (this.#state === AFTER_CHUNK) this.#state = SIZE;
    else if (line === '') this.#finish();
    return end + mark.length;
  }

  #begin(head) {
    this.#on.head(head);
    if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
      this.#state = SIZE;
      return;
    }
    this.#left = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    this.#state = LENGTH;
    if (this.#left === 0) this.#finish();
  }

  #finish() {
    this.#state = HEAD;
    this.#on.end();
  }
}
