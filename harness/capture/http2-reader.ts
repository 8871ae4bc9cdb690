import { Malformed } from './http1.js';
import { HeaderDecoder } from './http2-hpack.js';
import { LONGEST_HEAD } from './message-reader.js';

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const PUSH_PROMISE = 5;
const GOAWAY = 7;
const CONTINUATION = 9;
const END_STREAM = 1;
const END_HEADERS = 4;
const PADDED = 8;
const PRIORITY = 0x20;
const FRAME_HEAD = 9;
/** Frames of one header block. In 16 of the smallest that must be taken there is room for the longest head. */
const MOST_PARTS = 1000;
/** What every connection of an HTTP/2 client begins with (RFC 9113, 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** A frame's own head. */
export interface FrameHead {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
}

/** What a reader tells of one direction, in its order. */
export interface FrameEvents {
  /** A whole header block, as names and values in turn. */
  head(stream: number, fields: readonly string[], ends: boolean): void;
  /** Bytes of a body. */
  data(stream: number, bytes: Buffer): void;
  /** A body's last frame is over. */
  dataEnd(stream: number): void;
  /** A push (RFC 9113, 8.4): the stream on which its answer will come. */
  promise(stream: number): void;
  reset(stream: number, code: number): void;
  goaway(lastStream: number, code: number): void;
  /** A frame of a body begins: its length as flow control counts it, and how much of that is padding. */
  framed(stream: number, bytes: number, padding: number): void;
  /** Any other frame. */
  control(frame: FrameHead, payload: Buffer): void;
  /** Bytes after the reader gave up. */
  raw(bytes: Buffer): void;
  /** Not HTTP/2 from here on; the reader is raw from now on and tells the bytes of the frame at hand, and all that follow, through `raw`. */
  broken(why: string): void;
}

/** A header block, of one frame or more. */
interface Block {
  readonly stream: number;
  readonly ends: boolean;
  readonly pushed: boolean;
}

/** Reads the HTTP/2 frames of one direction from a copy of the bytes. It never throws on what a peer sends, and keeps at most one header block. */
export class FrameReader {
  readonly #events: FrameEvents;
  readonly #decoder = new HeaderDecoder();
  #raw = false;
  #preface: boolean;
  /** The beginning of something whose rest is to come, and how many bytes must be there for it. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  #need = 0;
  /** The frame of a body that runs: bytes of it to come, and how many of these are padding at its end. */
  #data: FrameHead | null = null;
  #dataLeft = 0;
  #padding = 0;
  /** The header block that goes on in the next frame. */
  #block: Block | null = null;
  #parts: Buffer[] = [];
  #partsBytes = 0;

  constructor(from: 'client' | 'origin', events: FrameEvents) {
    this.#events = events;
    this.#preface = from === 'client';
  }

  get raw(): boolean {
    return this.#raw;
  }

  /** A head that has begun and is not whole, in the bytes of its frames without what frames them; null: none has begun. */
  get halfHead(): Buffer | null {
    const held = Buffer.concat(this.#held);
    const type = this.#preface || this.#data !== null || held.length < 4 ? null : held[3];
    if (type === HEADERS || this.#block !== null) return Buffer.concat([...this.#parts, held.subarray(FRAME_HEAD)]);
    return null;
  }

  push(chunk: Buffer): void {
    if (this.#raw) return this.#events.raw(chunk);
    if (this.#heldBytes + chunk.length < this.#need) return this.#hold(chunk);
    const bytes = this.#heldBytes === 0 ? chunk : Buffer.concat([...this.#held, chunk]);
    this.#held = [];
    this.#heldBytes = 0;
    this.#need = 0;
    let at = 0;
    try {
      while (at < bytes.length && this.#need === 0) at += this.#step(bytes, at);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      this.#raw = true;
      this.#events.broken(error.message);
      return this.#events.raw(bytes.subarray(at));
    }
    if (at < bytes.length) this.#hold(bytes.subarray(at));
  }

  #hold(bytes: Buffer): void {
    // A copy: the socket may use its buffer again.
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
  }

  /** Reads one thing; tells how many bytes it was. 0, and what is needed, when it is not all there. @throws Malformed */
  #step(bytes: Buffer, at: number): number {
    const there = bytes.length - at;
    if (this.#preface) return this.#readPreface(bytes, at);
    if (this.#data !== null) return this.#runData(this.#data, bytes, at);
    if (there < FRAME_HEAD) return this.#wants(FRAME_HEAD);
    const length = bytes.readUIntBE(at, 3);
    const head: FrameHead = { type: bytes[at + 3] ?? 0, flags: bytes[at + 4] ?? 0, stream: bytes.readUInt32BE(at + 5) & 0x7fffffff };
    if (this.#block !== null && (head.type !== CONTINUATION || head.stream !== this.#block.stream))
      throw new Malformed('a header block that does not go on');
    if (head.type === DATA) return this.#beginData(head, length, bytes.subarray(at));
    if (length > LONGEST_HEAD) throw new Malformed(`a frame of more than ${LONGEST_HEAD} bytes`);
    if (there < FRAME_HEAD + length) return this.#wants(FRAME_HEAD + length);
    this.#frame(head, bytes.subarray(at + FRAME_HEAD, at + FRAME_HEAD + length));
    return FRAME_HEAD + length;
  }

  #wants(bytes: number): 0 {
    this.#need = bytes;
    return 0;
  }

  #readPreface(bytes: Buffer, at: number): number {
    const length = Math.min(PREFACE.length, bytes.length - at);
    if (!bytes.subarray(at, at + length).equals(PREFACE.subarray(0, length))) throw new Malformed('no HTTP/2 preface');
    if (length < PREFACE.length) return this.#wants(length + 1);
    this.#preface = false;
    return length;
  }

  #beginData(head: FrameHead, length: number, bytes: Buffer): number {
    const own = (head.flags & PADDED) === 0 ? 0 : 1;
    if (length >= own && bytes.length < FRAME_HEAD + own) return this.#wants(FRAME_HEAD + own);
    this.#padding = own === 0 ? 0 : (bytes[FRAME_HEAD] ?? 0);
    if (length < own + this.#padding) throw new Malformed('more padding than frame');
    this.#data = head;
    this.#dataLeft = length - own;
    this.#events.framed(head.stream, length, own + this.#padding);
    if (this.#dataLeft === 0) this.#endData(head);
    return FRAME_HEAD + own;
  }

  #runData(head: FrameHead, bytes: Buffer, at: number): number {
    const length = Math.min(this.#dataLeft, bytes.length - at);
    const body = Math.max(0, Math.min(length, this.#dataLeft - this.#padding));
    this.#dataLeft -= length;
    if (body > 0) this.#events.data(head.stream, bytes.subarray(at, at + body));
    if (this.#dataLeft === 0) this.#endData(head);
    return length;
  }

  #endData({ flags, stream }: FrameHead): void {
    this.#data = null;
    if ((flags & END_STREAM) !== 0) this.#events.dataEnd(stream);
  }

  #frame(head: FrameHead, payload: Buffer): void {
    const { type, stream } = head;
    if (type === HEADERS || type === PUSH_PROMISE) this.#beginBlock(head, payload);
    else if (type === CONTINUATION) this.#goOnBlock(head, payload);
    else if (type === RST_STREAM && payload.length === 4) this.#events.reset(stream, payload.readUInt32BE(0));
    else if (type === GOAWAY && payload.length >= 8) this.#events.goaway(payload.readUInt32BE(0) & 0x7fffffff, payload.readUInt32BE(4));
    else this.#events.control(head, payload);
  }

  #beginBlock({ type, flags, stream }: FrameHead, payload: Buffer): void {
    const padded = (flags & PADDED) !== 0;
    const pushed = type === PUSH_PROMISE;
    const from = (padded ? 1 : 0) + (pushed ? 4 : (flags & PRIORITY) !== 0 ? 5 : 0);
    const to = payload.length - (padded ? (payload[0] ?? 0) : 0);
    if (to < from) throw new Malformed('more padding than frame');
    if (pushed) this.#events.promise(payload.readUInt32BE(from - 4) & 0x7fffffff);
    const block = { stream, ends: (flags & END_STREAM) !== 0, pushed };
    if ((flags & END_HEADERS) !== 0) return this.#endBlock(block, payload.subarray(from, to));
    this.#block = block;
    this.#keepPart(payload.subarray(from, to));
  }

  #goOnBlock({ flags }: FrameHead, payload: Buffer): void {
    const block = this.#block;
    if (block === null) throw new Malformed('a header block without beginning');
    this.#keepPart(payload);
    if ((flags & END_HEADERS) === 0) return;
    const bytes = Buffer.concat(this.#parts);
    this.#block = null;
    this.#parts = [];
    this.#partsBytes = 0;
    this.#endBlock(block, bytes);
  }

  #keepPart(bytes: Buffer): void {
    this.#parts.push(Buffer.from(bytes));
    this.#partsBytes += bytes.length;
    if (this.#partsBytes > LONGEST_HEAD) throw new Malformed(`a head of more than ${LONGEST_HEAD} bytes`);
    if (this.#parts.length > MOST_PARTS) throw new Malformed(`a head in more than ${MOST_PARTS} frames`);
  }

  #endBlock({ stream, ends, pushed }: Block, bytes: Buffer): void {
    // Decoded in any case: later blocks refer to it.
    const fields = this.#decoder.decode(bytes);
    if (!pushed) this.#events.head(stream, fields, ends);
  }
}
