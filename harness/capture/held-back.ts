/** Bytes that a client may send behind its request before it has to wait for the answer. */
const MOST_BYTES = 64 * 1024;

/** What a client sent behind its request: it may be for another server, and waits until the request is over. */
export class HeldBack {
  #bytes: Buffer | null = null;

  /** True from the request's end until `take`. */
  get holds(): boolean {
    return this.#bytes !== null;
  }
  /** Reading on shows whether the client is still there; a client that floods us has to wait. */
  get tooMuch(): boolean {
    return this.#bytes !== null && this.#bytes.length > MOST_BYTES;
  }

  add(bytes: Buffer): void {
    this.#bytes = Buffer.concat(this.#bytes === null ? [bytes] : [this.#bytes, bytes]);
  }

  /** All of it, and holds no more; null when it did not hold. */
  take(): Buffer | null {
    const bytes = this.#bytes;
    this.#bytes = null;
    return bytes;
  }
}
