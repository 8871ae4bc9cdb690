import type { Framing, Head } from './http1.js';
import { BlockScan, linesOf, Malformed, parseFields, parseHead } from './http1.js';

/** Beyond this a head is not kept, and the rest of the connection is recorded as opaque bytes. */
export const LONGEST_HEAD = 256 * 1024;
const LONGEST_CHUNK_LINE = 4096;
/** Of one message; beyond, what comes is kept and not read. */
const MOST_EXTENSIONS = 1000;
const LF = 10;
const CR = 13;

/** What a reader tells about the messages of one direction, in their order. */
export interface MessageEvents {
  /** The first byte of a message. */
  begin(): void;
  /** Answers how the body ends; `raw`: what follows is not HTTP. @throws Malformed */
  head(head: Head): Framing | 'raw';
  /** Body bytes without the transfer coding; only valid during the call. */
  payload(bytes: Buffer): void;
  trailers(fields: readonly (readonly [string, string])[]): void;
  /** What stands behind a chunk's size (RFC 9112, 7.1.1): nobody reads it, and an app could send something there. */
  extension?(text: string): void;
  end(): void;
  /** Bytes after the switch to raw. */
  raw(bytes: Buffer): void;
  /** Not HTTP/1 from `bytes` on; the reader is raw from now on and tells these bytes again through `raw`. */
  broken(why: string): void;
}

type State = 'idle' | 'head' | 'body' | 'close' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailers' | 'raw';

/** Reads HTTP/1 messages of one direction from a copy of the bytes. It never throws on what a peer sends, and keeps at most one head. */
export class MessageReader {
  #state: State = 'idle';
  #left = 0;
  #messages = 0;
  #extensions = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  readonly #block = new BlockScan();
  /** How far the chunk at hand is read; what stands before it was told or is held. */
  #at = 0;
  readonly #events: MessageEvents;

  constructor(events: MessageEvents) {
    this.#events = events;
  }

  get raw(): boolean {
    return this.#state === 'raw';
  }
  /** True while a head has begun and is not whole. */
  get inHead(): boolean {
    return this.#state === 'head';
  }
  /** What came of a line, or of the trailers, that is not whole yet. */
  get leftover(): string {
    const inLine = this.#state === 'trailers' || this.#state === 'chunk-size' || this.#state === 'chunk-end';
    return inLine
      ? this.#allHeld()
          .toString('latin1')
          .replace(/^[\r\n]+|[\r\n]+$/g, '')
      : '';
  }
  /** How many bytes of the chunk last pushed are read. */
  get at(): number {
    return this.#at;
  }
  /** True while a body runs that only the connection's end completes. */
  get untilClose(): boolean {
    return this.#state === 'close';
  }

  /** What follows is not HTTP; bytes of an unfinished head come first. */
  goRaw(): void {
    const held = this.#allHeld();
    this.#dropHeld();
    this.#state = 'raw';
    if (held.length > 0) this.#events.raw(held);
  }

  /** Reads a chunk; with `one`, only up to the end of the message at hand (see `at`). */
  push(chunk: Buffer, one: boolean): void {
    this.#at = 0;
    const enough = one ? this.#messages + 1 : Infinity;
    while (this.#at < chunk.length && this.#messages < enough) {
      if (this.#state === 'raw') return this.#events.raw(this.#at === 0 ? chunk : chunk.subarray(this.#at));
      try {
        this.#step(chunk);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
        this.#events.broken(error.message);
        this.goRaw();
      }
    }
  }

  /** The connection ended: completes a body that runs until then. */
  eof(): void {
    if (this.#state === 'close') this.#finish();
  }

  #step(chunk: Buffer): void {
    switch (this.#state) {
      case 'idle':
        return this.#begin(chunk);
      case 'head':
        return this.#readBlock(chunk, 'a head', (raw) => this.#endHead(raw));
      case 'trailers':
        return this.#readBlock(chunk, 'trailers', (raw) => this.#endTrailers(raw));
      case 'body':
        return this.#readLength(chunk, () => this.#finish());
      case 'chunk-data':
        return this.#readLength(chunk, () => {
          this.#state = 'chunk-end';
        });
      case 'chunk-size':
        return this.#readLine(chunk, LONGEST_CHUNK_LINE, (line) => this.#chunkSize(line));
      case 'chunk-end':
        return this.#readLine(chunk, 2, (line) => this.#chunkEnd(line));
      default:
        return this.#events.payload(this.#advance(chunk, chunk.length));
    }
  }

  #begin(chunk: Buffer): void {
    const byte = chunk[this.#at];
    if (byte === CR || byte === LF) {
      this.#at += 1; // RFC 9112, 2.2: empty lines before a request line are ignored
      return;
    }
    this.#state = 'head';
    this.#block.restart('inside a line');
    this.#events.begin();
  }

  /** Lines up to and with an empty one. */
  #readBlock(chunk: Buffer, what: string, use: (raw: Buffer) => void): void {
    const end = this.#block.scan(chunk, this.#at);
    this.#hold(this.#advance(chunk, end < 0 ? chunk.length : end), LONGEST_HEAD, what);
    if (end >= 0) use(this.#allHeld());
  }

  #endHead(raw: Buffer): void {
    const framing = this.#events.head(parseHead(raw));
    this.#dropHeld();
    if (framing === 'raw') this.#state = 'raw';
    else if (framing.kind === 'none') this.#finish();
    else if (framing.kind === 'chunked') this.#state = 'chunk-size';
    else if (framing.kind === 'close') this.#state = 'close';
    else {
      this.#left = framing.bytes;
      this.#state = 'body';
    }
  }

  #endTrailers(raw: Buffer): void {
    const fields = parseFields(linesOf(raw));
    this.#dropHeld();
    if (fields.length > 0) this.#events.trailers(fields);
    this.#finish();
  }

  #readLength(chunk: Buffer, done: () => void): void {
    const part = this.#advance(chunk, Math.min(chunk.length, this.#at + this.#left));
    this.#left -= part.length;
    this.#events.payload(part);
    if (this.#left === 0) done();
  }

  #readLine(chunk: Buffer, limit: number, use: (line: string) => void): void {
    const lf = chunk.indexOf(LF, this.#at);
    this.#hold(this.#advance(chunk, lf < 0 ? chunk.length : lf + 1), limit, 'a line');
    if (lf < 0) return;
    use(
      this.#allHeld()
        .toString('latin1')
        .replace(/\r?\n$/, ''),
    );
    this.#dropHeld();
  }

  #chunkSize(line: string): void {
    const match = /^([0-9A-Fa-f]{1,12})[ \t]*(?:;(.*))?$/.exec(line);
    if (match === null) throw new Malformed('a chunk size that is none');
    if (match[2] !== undefined) this.#extended(match[2]);
    this.#left = parseInt(match[1] ?? '', 16);
    this.#state = this.#left === 0 ? 'trailers' : 'chunk-data';
    this.#block.restart('at a line');
  }

  #extended(text: string): void {
    this.#extensions += 1;
    if (this.#extensions > MOST_EXTENSIONS) throw new Malformed('chunk extensions without end');
    this.#events.extension?.(text);
  }

  #chunkEnd(line: string): void {
    if (line !== '') throw new Malformed('a chunk longer than its size');
    this.#state = 'chunk-size';
  }

  #finish(): void {
    this.#state = 'idle';
    this.#messages += 1;
    this.#extensions = 0;
    this.#events.end();
  }

  #advance(chunk: Buffer, to: number): Buffer {
    const part = chunk.subarray(this.#at, to);
    this.#at = to;
    return part;
  }

  #hold(bytes: Buffer, limit: number, what: string): void {
    // A copy: the socket may use its buffer again.
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > limit) throw new Malformed(`${what} of more than ${limit} bytes`);
  }

  /** In one piece, and still held: what cannot be read is told again. */
  #allHeld(): Buffer {
    const [only] = this.#held;
    return this.#held.length === 1 && only !== undefined ? only : Buffer.concat(this.#held);
  }

  #dropHeld(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }
}
