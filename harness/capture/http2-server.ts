import type { TLSSocket } from 'node:tls';
import type { RawHead } from './http2-heads.js';
import { resetName } from './http2-heads.js';
import type { FrameHead } from './http2-reader.js';
import { FrameReader } from './http2-reader.js';
import { ServerStream } from './http2-server-stream.js';
import {
  ACK,
  frame,
  GOAWAY,
  headFrames,
  LONGEST_FRAME,
  numbers,
  PING,
  RST_STREAM,
  setting,
  SETTINGS,
  STREAM_WINDOW_BYTES,
  WINDOW_UPDATE,
} from './http2-write.js';
import { LONGEST_HEAD } from './message-reader.js';

/** Of all streams; given back as bytes come, since the window of each bounds what we keep. */
const SESSION_WINDOW_BYTES = 4 * 1024 * 1024;
/** Every window begins so (RFC 9113, 6.9.2). */
const FIRST_WINDOW_BYTES = 65_535;
const LARGEST_WINDOW = 2 ** 31 - 1;
/** Answers to what the app only asks of the connection (PING, SETTINGS) that it does not take; beyond it we read no more. */
const MOST_UNTAKEN_BYTES = 1024 * 1024;
const MAX_CONCURRENT_STREAMS = 3;
const INITIAL_WINDOW_SIZE = 4;
const MAX_HEADER_LIST_SIZE = 6;
const PROTOCOL_ERROR = 1;
const FLOW_CONTROL_ERROR = 3;
const FRAME_SIZE_ERROR = 6;

/** What a server of ours tells. */
export interface ServerEvents {
  /** The app has asked: the head is there. The stream holds what comes behind it until it is listened to. */
  stream(stream: ServerStream): void;
  /** What the app sends is not HTTP/2; its connection is ended. */
  malformed(what: string): void;
  /** The connection is over, once; each open stream has been told. `half`: what came of a head that is not whole. */
  ended(code: string | null, half: Buffer | null): void;
}

/** The server's part of HTTP/2 on a connection with the app. */
export class Http2Server {
  readonly #reader: FrameReader;
  readonly #streams = new Map<number, ServerStream>();
  #last = 0;
  #window = FIRST_WINDOW_BYTES;
  #streamWindow = FIRST_WINDOW_BYTES;
  #inbound = SESSION_WINDOW_BYTES;
  #firstHead = true;
  #full = false;
  #goaway: string | null = null;
  #ended = false;

  constructor(
    readonly socket: TLSSocket,
    readonly events: ServerEvents,
  ) {
    this.#reader = new FrameReader('client', {
      head: (id, fields, ends) => this.#head(id, fields, ends),
      data: (id, bytes) => this.#streams.get(id)?.came(bytes),
      dataEnd: (id) => this.#streams.get(id)?.cameAll(),
      promise: () => this.#fault(PROTOCOL_ERROR, 'a push from an app'),
      reset: (id, code) => this.#streams.get(id)?.left({ kind: 'reset', code }),
      goaway: (_last, code) => {
        if (code !== 0) this.#goaway = `GOAWAY ${resetName(code)}`;
      },
      framed: (id, bytes, padding) => this.#framed(id, bytes, padding),
      control: (head, payload) => this.#control(head, payload),
      raw: () => {},
      broken: (why) => this.#fault(PROTOCOL_ERROR, why),
    });
  }

  /** `most`: streams that the app may have open at once. */
  start(most: number): void {
    const { socket } = this;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#end(null)).on('close', () => this.#end(null));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message));
    const ours = [
      setting(MAX_CONCURRENT_STREAMS, most),
      setting(INITIAL_WINDOW_SIZE, STREAM_WINDOW_BYTES),
      setting(MAX_HEADER_LIST_SIZE, LONGEST_HEAD),
    ];
    this.send(frame(SETTINGS, 0, 0, Buffer.concat(ours)));
    this.send(frame(WINDOW_UPDATE, 0, 0, numbers(SESSION_WINDOW_BYTES - FIRST_WINDOW_BYTES)));
    if (socket.destroyed || socket.readableEnded) return this.#end(null);
    socket.resume();
  }

  /** Bytes of a body that may go out now, at most. */
  get room(): number {
    return this.#full ? 0 : this.#window;
  }

  send(bytes: Buffer): void {
    if (this.socket.writable && !this.socket.write(bytes)) this.#full = true;
  }

  /** Sends a body's frames, of `bytes` bytes as flow control counts them. */
  sendBody(frames: Buffer, bytes: number): void {
    this.#window -= bytes;
    this.send(frames);
  }

  sendHead(id: number, fields: RawHead, ends: boolean): void {
    this.send(headFrames(id, fields, { ends, first: this.#firstHead }));
    this.#firstHead = false;
  }

  /** Nothing more will come or go on it. */
  forget(id: number): void {
    this.#streams.delete(id);
  }

  reset(id: number, code: number): void {
    this.forget(id);
    this.send(frame(RST_STREAM, 0, id, numbers(code)));
  }

  #take(chunk: Buffer): void {
    this.#reader.push(chunk);
    if (this.socket.writableLength > MOST_UNTAKEN_BYTES) this.socket.pause();
  }

  #drained(): void {
    this.#full = false;
    this.socket.resume();
    for (const stream of this.#streams.values()) stream.flush();
  }

  #head(id: number, fields: RawHead, ends: boolean): void {
    const known = this.#streams.get(id);
    if (known !== undefined) return known.cameTrailers(fields, ends);
    if (id % 2 === 0) return this.#fault(PROTOCOL_ERROR, 'a stream of an even number');
    // A stream that was there and is over: what comes late says nothing new.
    if (id <= this.#last) return;
    this.#last = id;
    const stream = new ServerStream(this, { id, fields, whole: ends, window: this.#streamWindow });
    this.#streams.set(id, stream);
    this.events.stream(stream);
  }

  #framed(id: number, bytes: number, padding: number): void {
    if (bytes > LONGEST_FRAME) return this.#fault(FRAME_SIZE_ERROR, 'a frame longer than agreed');
    if (id === 0 || id > this.#last) return this.#fault(PROTOCOL_ERROR, 'a body on a stream that was never opened');
    this.#inbound -= bytes;
    if (this.#inbound < 0) return this.#fault(FLOW_CONTROL_ERROR, 'more than the window');
    if (this.#inbound < SESSION_WINDOW_BYTES / 2) {
      this.send(frame(WINDOW_UPDATE, 0, 0, numbers(SESSION_WINDOW_BYTES - this.#inbound)));
      this.#inbound = SESSION_WINDOW_BYTES;
    }
    this.#streams.get(id)?.framed(bytes, padding);
  }

  #control({ type, flags, stream }: FrameHead, payload: Buffer): void {
    const acknowledges = (flags & ACK) !== 0;
    if (type === SETTINGS && !acknowledges) this.#settings(payload);
    else if (type === PING && !acknowledges && payload.length === 8) this.send(frame(PING, ACK, 0, payload));
    else if (type === WINDOW_UPDATE && payload.length === 4) this.#opened(stream, payload.readUInt32BE(0) & LARGEST_WINDOW);
  }

  #settings(payload: Buffer): void {
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      const value = payload.readUInt32BE(at + 2);
      if (payload.readUInt16BE(at) !== INITIAL_WINDOW_SIZE) continue;
      if (value > LARGEST_WINDOW) return this.#fault(FLOW_CONTROL_ERROR, 'a window that is too great');
      for (const stream of this.#streams.values()) stream.opened(value - this.#streamWindow);
      this.#streamWindow = value;
    }
    this.send(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
  }

  #opened(id: number, more: number): void {
    if (id !== 0) return this.#streams.get(id)?.opened(more);
    this.#window += more;
    if (this.#window > LARGEST_WINDOW) return this.#fault(FLOW_CONTROL_ERROR, 'a window that is too great');
    for (const stream of this.#streams.values()) stream.flush();
  }

  #fault(code: number, why: string): void {
    if (this.#ended) return;
    this.send(frame(GOAWAY, 0, 0, numbers(this.#last, code)));
    this.events.malformed(why);
    this.#end(`malformed: HTTP/2, ${why}`);
  }

  #end(code: string | null): void {
    if (this.#ended) return;
    this.#ended = true;
    this.socket.destroySoon();
    const open = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of open) stream.left({ kind: 'gone' });
    this.events.ended(code ?? this.#goaway, this.#reader.raw ? null : this.#reader.halfHead);
  }
}
