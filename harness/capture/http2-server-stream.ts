import type { RawHead } from './http2-heads.js';
import type { Http2Server } from './http2-server.js';
import { dataFrames, frame, numbers, STREAM_WINDOW_BYTES, WINDOW_UPDATE } from './http2-write.js';

/** Bytes of an answer that wait for the app, at which its sender is asked to wait, and at which it may go on. */
const HIGH_BYTES = 64 * 1024;
const LOW_BYTES = 16 * 1024;
const LARGEST_WINDOW = 2 ** 31 - 1;
const NO_ERROR = 0;
const FLOW_CONTROL_ERROR = 3;
const NOTHING = Buffer.alloc(0);

/** Who takes what comes behind the head. */
export interface StreamListener {
  data(bytes: Buffer): void;
  trailers(fields: RawHead): void;
  /** The app has said all. */
  end(): void;
}

/** Why nothing more will come or go on a stream: the app has reset it, its connection is over, or it has broken a rule of HTTP/2. */
export type Left =
  | { readonly kind: 'reset'; readonly code: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'fault'; readonly why: string };

/** How a stream begins. */
interface Beginning {
  readonly id: number;
  readonly fields: RawHead;
  /** Nothing comes behind the head. */
  readonly whole: boolean;
  readonly window: number;
}

/** A stream that the app has opened, as its server has it. */
export class ServerStream {
  readonly id: number;
  readonly fields: RawHead;
  readonly whole: boolean;
  #listener: StreamListener | null = null;
  /** What came before anyone listened; the window bounds it. */
  #early: ((listener: StreamListener) => void)[] = [];
  #window: number;
  #inbound = STREAM_WINDOW_BYTES;
  /** What was taken and not given back to the window yet. */
  #owed = 0;
  #paused = false;
  #cameAll: boolean;
  #queue: Buffer[] = [];
  #queued = 0;
  /** The answer is whole behind the queue; its trailers. */
  #last: RawHead | null = null;
  #over = false;
  /** The rest of the request is not wanted once the answer is out. */
  #enough = false;
  #onLeft: (left: Left) => void = () => {};
  #waiting: (() => void)[] = [];

  constructor(
    readonly server: Http2Server,
    { id, fields, whole, window }: Beginning,
  ) {
    this.id = id;
    this.fields = fields;
    this.whole = whole;
    this.#window = window;
    this.#cameAll = whole;
  }

  /** From the beginning on, whoever listens. */
  onLeft(tell: (left: Left) => void): void {
    this.#onLeft = tell;
  }

  /** Tells all that has come, and then what comes. */
  listen(listener: StreamListener): void {
    this.#listener = listener;
    for (const tell of this.#early.splice(0)) tell(listener);
  }

  /** False once nothing can be sent on it. */
  get writable(): boolean {
    return !this.#over && this.#last === null;
  }

  /** An interim answer, or with `ends` one without a body. */
  head(fields: RawHead, ends: boolean): void {
    if (!this.writable) return;
    this.server.sendHead(this.id, fields, ends);
    if (ends) this.#end();
  }

  /** Sends bytes of the answer as the app's window lets them; false asks the sender to wait for `drain`. */
  write(bytes: Buffer): boolean {
    if (!this.writable || bytes.length === 0) return true;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
    this.flush();
    return this.#queued < HIGH_BYTES;
  }

  /** The answer is whole. */
  end(trailers: RawHead): void {
    if (!this.writable) return;
    this.#last = trailers;
    this.flush();
  }

  /** Ends it for a fault. */
  reset(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue = [];
    this.server.reset(this.id, code);
    this.#release();
  }

  /** Once the answer is out, the app may stop asking. */
  enough(): void {
    this.#enough = true;
    if (this.#over && !this.#cameAll) this.server.reset(this.id, NO_ERROR);
  }

  /** From now on the app gets no more room than it has. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#giveBack();
  }

  once(_event: 'drain', go: () => void): void {
    this.#waiting.push(go);
  }

  /** Sends on what waits. */
  flush(): void {
    while (this.#queued > 0) {
      const next = this.#queue[0] ?? NOTHING;
      const bytes = next.subarray(0, Math.min(this.#window, this.server.room));
      if (bytes.length === 0) return;
      this.#window -= bytes.length;
      this.#queued -= bytes.length;
      if (bytes.length === next.length) this.#queue.shift();
      else this.#queue[0] = next.subarray(bytes.length);
      const last = this.#queued === 0 && this.#last?.length === 0;
      this.server.sendBody(dataFrames(this.id, bytes, last), bytes.length);
      if (last) return this.#end();
    }
    if (this.#last !== null) this.#sendLast(this.#last);
    else if (this.#queued < LOW_BYTES) this.#release();
  }

  /** The app has made its window greater. */
  opened(more: number): void {
    this.#window += more;
    if (this.#window > LARGEST_WINDOW) return this.#fault('a window that is too great');
    this.flush();
  }

  framed(bytes: number, padding: number): void {
    this.#inbound -= bytes;
    this.#owed += padding;
    if (this.#inbound < 0) this.#fault('more than the window');
  }

  came(bytes: Buffer): void {
    this.#owed += bytes.length;
    this.#tell((listener) => listener.data(bytes));
    this.#giveBack();
  }

  cameTrailers(fields: RawHead, ends: boolean): void {
    this.#tell((listener) => listener.trailers(fields));
    if (ends) this.cameAll();
  }

  cameAll(): void {
    this.#cameAll = true;
    this.#tell((listener) => listener.end());
    if (this.#over) this.server.forget(this.id);
  }

  left(left: Left): void {
    this.#over = true;
    this.#cameAll = true;
    this.#queue = [];
    this.server.forget(this.id);
    this.#onLeft(left);
    this.#release();
  }

  #fault(why: string): void {
    this.server.reset(this.id, FLOW_CONTROL_ERROR);
    this.left({ kind: 'fault', why });
  }

  #tell(tell: (listener: StreamListener) => void): void {
    if (this.#listener === null) this.#early.push(tell);
    else tell(this.#listener);
  }

  #sendLast(trailers: RawHead): void {
    if (this.#over) return;
    if (trailers.length > 0) this.server.sendHead(this.id, trailers, true);
    else this.server.send(dataFrames(this.id, NOTHING, true));
    this.#end();
  }

  #end(): void {
    this.#over = true;
    if (this.#cameAll) this.server.forget(this.id);
    else if (this.#enough) this.server.reset(this.id, NO_ERROR);
    this.#release();
  }

  #giveBack(): void {
    if (this.#paused || this.#listener === null || this.#cameAll || this.#owed < STREAM_WINDOW_BYTES / 2) return;
    this.server.send(frame(WINDOW_UPDATE, 0, this.id, numbers(this.#owed)));
    this.#inbound += this.#owed;
    this.#owed = 0;
  }

  #release(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
