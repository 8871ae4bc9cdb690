import type { GapWhy } from '../model/gap-codes.js';
import type { MessageInflater } from './websocket-inflate.js';

/** Why frames cannot be read. */
export type FrameFault = Extract<GapWhy, `websocket-${string}`>;

/** What a reader tells about the messages of one direction, in their order. */
export interface FrameEvents {
  /** The first byte of a message. */
  begin(opcode: 'text' | 'binary', compressed: boolean): void;
  /** Its bytes, unmasked and inflated. The buffer is a copy and the listener's to keep. */
  payload(bytes: Buffer): void;
  /** The message is over; `cut`: more came than the limit takes. */
  end(cut: boolean): void;
  /** A close frame; null where it gives no code. */
  close(code: number | null, reason: string): void;
  /** No frame can be read from here on. What was read of the message at hand was told. */
  broken(why: FrameFault): void;
}

/** How one side's frames are read. */
export interface FrameRules {
  /** RFC 6455, 5.1: a client must mask, a server must not. */
  readonly masked: boolean;
  /** Null: no compression was agreed on. */
  readonly inflater: MessageInflater | null;
  /** Bytes told of one message, at most. */
  readonly limitBytes: number;
}

/** Bytes of a plain message are told in pieces of so many. */
const PIECE_BYTES = 64 * 1024;
const LONGEST_CONTROL = 125;
/** Header: two bytes, eight of length, four of mask. */
const LONGEST_HEADER = 14;

interface Message {
  readonly compressed: boolean;
  /** Payload bytes taken so far. */
  taken: number;
  cut: boolean;
}

class Unreadable extends Error {
  constructor(readonly why: FrameFault) {
    super(why);
  }
}

/**
 * Reads the WebSocket frames of one direction from a copy of the bytes. Own, not `ws.Receiver`: that one unmasks in place, which would change
 * the buffer that is sent on, and answers later; this one is done when `push` returns, holds at most one message and never throws on what a peer sends.
 */
export class WebSocketReader {
  readonly #header = Buffer.alloc(LONGEST_HEADER);
  readonly #control = Buffer.alloc(LONGEST_CONTROL);
  readonly #mask = Buffer.alloc(4);
  /** Bytes of the header at hand; `#need` of them are one. */
  #have = 0;
  #need = 2;
  #inPayload = false;
  #opcode = 0;
  #leftBytes = 0;
  #payloadAt = 0;
  #message: Message | null = null;
  #held: Buffer = Buffer.alloc(0);
  #heldBytes = 0;
  #broken = false;

  constructor(
    readonly rules: FrameRules,
    readonly events: FrameEvents,
  ) {}

  /** True inside a frame or a message. */
  get half(): boolean {
    return !this.#broken && (this.#have > 0 || this.#message !== null);
  }

  push(chunk: Buffer): void {
    try {
      for (let at = 0; at < chunk.length && !this.#broken;)
        at = this.#inPayload ? this.#readPayload(chunk, at) : this.#readHeader(chunk, at);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.#break(error.why);
    }
  }

  /** Nothing more comes: tells what there is of a message half-read. */
  stop(): void {
    if (!this.#broken) this.#tellRest();
    this.#broken = true;
  }

  #break(why: FrameFault): void {
    this.#broken = true;
    this.#tellRest();
    this.events.broken(why);
  }

  #readHeader(chunk: Buffer, from: number): number {
    let at = from;
    while (this.#have < this.#need && at < chunk.length) {
      this.#header[this.#have] = chunk[at] ?? 0;
      this.#have += 1;
      at += 1;
      if (this.#have === 1) this.#begin(this.#header[0] ?? 0);
      else if (this.#have === 2) this.#need = this.#headerBytes(this.#header[1] ?? 0);
    }
    if (this.#have < this.#need) return at;
    this.#leftBytes = this.#length();
    if (this.rules.masked) this.#header.copy(this.#mask, 0, this.#need - 4, this.#need);
    this.#payloadAt = 0;
    this.#inPayload = true;
    if (this.#leftBytes === 0) this.#endFrame();
    return at;
  }

  /** The first byte of a frame: FIN, three reserved bits, opcode. */
  #begin(byte: number): void {
    const opcode = byte & 0x0f;
    const compressed = (byte & 0x40) !== 0;
    this.#opcode = opcode;
    if (opcode > 10 || (opcode > 2 && opcode < 8)) throw new Unreadable('websocket-opcode');
    const mayCompress = this.rules.inflater !== null && (opcode === 1 || opcode === 2);
    if ((byte & 0x30) !== 0 || (compressed && !mayCompress)) throw new Unreadable('websocket-reserved-bits');
    if (opcode >= 8) {
      if ((byte & 0x80) === 0) throw new Unreadable('websocket-fragments');
      return;
    }
    if ((opcode === 0) !== (this.#message !== null)) throw new Unreadable('websocket-fragments');
    if (opcode === 0) return;
    this.#message = { compressed, taken: 0, cut: false };
    this.events.begin(opcode === 1 ? 'text' : 'binary', compressed);
  }

  /** The second byte: mask bit and length, or where the length stands. */
  #headerBytes(byte: number): number {
    const length = byte & 0x7f;
    if (byte >= 0x80 !== this.rules.masked) throw new Unreadable('websocket-masking');
    if (this.#opcode >= 8 && length > LONGEST_CONTROL) throw new Unreadable('websocket-length');
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (this.rules.masked ? 4 : 0);
  }

  /** A length longer than it need be is read too: it can mean one thing only. */
  #length(): number {
    const short = (this.#header[1] ?? 0) & 0x7f;
    if (short === 126) return this.#header.readUInt16BE(2);
    if (short !== 127) return short;
    const high = this.#header.readUInt32BE(2);
    if (high > 0x1f_ffff) throw new Unreadable('websocket-length');
    return high * 2 ** 32 + this.#header.readUInt32BE(6);
  }

  #readPayload(chunk: Buffer, from: number): number {
    const to = Math.min(chunk.length, from + this.#leftBytes);
    if (this.#opcode < 8) this.#takeData(chunk, from, to);
    else this.#copy({ from: chunk, at: from, to, into: this.#control, intoAt: this.#payloadAt, payloadAt: this.#payloadAt });
    this.#payloadAt += to - from;
    this.#leftBytes -= to - from;
    if (this.#leftBytes === 0) this.#endFrame();
    return to;
  }

  #endFrame(): void {
    this.#inPayload = false;
    this.#have = 0;
    this.#need = 2;
    if (this.#opcode === 8) this.#closed(this.#control.subarray(0, this.#payloadAt));
    else if (this.#opcode < 8 && ((this.#header[0] ?? 0) & 0x80) !== 0) this.#endMessage();
  }

  #closed(payload: Buffer): void {
    if (payload.length === 1) throw new Unreadable('websocket-length');
    if (payload.length === 0) this.events.close(null, '');
    else this.events.close(payload.readUInt16BE(0), payload.toString('utf8', 2));
  }

  #takeData(chunk: Buffer, from: number, to: number): void {
    const message = this.#message;
    if (message === null) return;
    const { limitBytes } = this.rules;
    // Bytes that do not compress take a little more than they are.
    const most = message.compressed ? limitBytes + Math.ceil(limitBytes / 64) : limitBytes;
    const kept = Math.min(to - from, most - message.taken);
    message.cut ||= kept < to - from;
    message.taken += kept;
    for (let at = from; at < from + kept;) {
      const end = Math.min(from + kept, at + this.#room(message, from + kept - at));
      this.#copy({ from: chunk, at, to: end, into: this.#held, intoAt: this.#heldBytes, payloadAt: this.#payloadAt + at - from });
      this.#heldBytes += end - at;
      at = end;
    }
  }

  /** Makes room for some of `bytes` behind what is held and says for how many. One buffer, not a list: a million fragments of a byte must not cost a million objects. */
  #room(message: Message, bytes: number): number {
    const isFull = this.#heldBytes >= PIECE_BYTES && !message.compressed;
    if (isFull) this.#tellHeld();
    if (this.#heldBytes < this.#held.length) return this.#held.length - this.#heldBytes;
    const soon = Math.max(bytes, Math.min(this.#leftBytes, PIECE_BYTES), this.#heldBytes);
    const larger = Buffer.allocUnsafe(this.#heldBytes + (message.compressed ? soon : Math.min(soon, PIECE_BYTES - this.#heldBytes)));
    this.#held.copy(larger, 0, 0, this.#heldBytes);
    this.#held = larger;
    return larger.length - this.#heldBytes;
  }

  #copy(part: { from: Buffer; at: number; to: number; into: Buffer; intoAt: number; payloadAt: number }): void {
    const { from, at, to, into, intoAt, payloadAt } = part;
    if (!this.rules.masked) return void from.copy(into, intoAt, at, to);
    for (let i = 0; i < to - at; i += 1) into[intoAt + i] = (from[at + i] ?? 0) ^ (this.#mask[(payloadAt + i) & 3] ?? 0);
  }

  #endMessage(): void {
    const message = this.#message;
    if (message === null) return;
    const whole = message.compressed ? this.#inflate(!message.cut) : this.#tellHeld();
    this.#message = null;
    this.events.end(message.cut || !whole);
  }

  /** What is there of a message that does not end. */
  #tellRest(): void {
    const message = this.#message;
    this.#message = null;
    if (message === null) return;
    if (!message.compressed) return void this.#tellHeld();
    try {
      this.#inflate(false);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
  }

  #tellHeld(): true {
    const held = this.#takeHeld();
    if (held.length > 0) this.events.payload(held);
    return true;
  }

  #inflate(complete: boolean): boolean {
    const out = this.rules.inflater?.inflate(this.#takeHeld(), this.rules.limitBytes, complete) ?? { kind: 'failed' };
    if (out.kind === 'lost') throw new Unreadable('websocket-context-lost');
    if (out.kind === 'failed') throw new Unreadable('websocket-inflate');
    if (out.bytes.length > 0) this.events.payload(out.bytes);
    return out.kind === 'whole';
  }

  #takeHeld(): Buffer {
    const held = this.#held.subarray(0, this.#heldBytes);
    this.#held = Buffer.alloc(0);
    this.#heldBytes = 0;
    return held;
  }
}
