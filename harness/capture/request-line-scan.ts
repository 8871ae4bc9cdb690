const LF = 10;
const SPACE = 0x20;
const DELETE = 0x7f;
const VERSION = Buffer.from('HTTP/');
/** By byte: 1 where a method may be made of it (RFC 9110, 5.6.2). */
const TOKEN = new Uint8Array(256);
for (const byte of Buffer.from("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")) TOKEN[byte] = 1;

/** Tells as early as can be that what a client says is no HTTP request: other protocols wait for an answer before they say more. */
export class RequestLineScan {
  #part: 'method' | 'target' | 'version' | 'whole' = 'method';
  #length = 0;

  /** True once the line has ended. */
  get whole(): boolean {
    return this.#part === 'whole';
  }

  /** Reads on; false when it cannot become a request line any more. */
  take(chunk: Buffer, from: number): boolean {
    for (let at = from; at < chunk.length && this.#part !== 'whole'; at += 1) if (!this.#step(chunk[at] ?? 0)) return false;
    return true;
  }

  #step(byte: number): boolean {
    if (this.#part === 'version') return this.#version(byte);
    if (byte === SPACE && this.#length > 0) {
      this.#part = this.#part === 'method' ? 'target' : 'version';
      this.#length = 0;
      return true;
    }
    this.#length += 1;
    return this.#part === 'method' ? TOKEN[byte] === 1 : byte > SPACE && byte !== DELETE;
  }

  #version(byte: number): boolean {
    if (byte === LF) this.#part = 'whole';
    else if (this.#length < VERSION.length && byte !== VERSION[this.#length]) return false;
    this.#length += 1;
    return byte !== LF || this.#length > VERSION.length;
  }
}
