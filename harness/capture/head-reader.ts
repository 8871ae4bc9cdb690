import type { Socket } from 'node:net';
import { BlockScan } from './http1.js';
import type { Beginning, ProxyWhy } from './journal.js';
import type { Lab } from './lab.js';
import { LONGEST_HEAD } from './message-reader.js';
import { RequestLineScan } from './request-line-scan.js';

/** Real time without a byte in which a head that has begun still counts as in flight. */
const HEAD_QUIET_MS = 10_000;
/** Real time in which the first line of what a client says must be whole, where others may want to hear it as well. */
const LINE_MS = 5000;
const MOST_BLANKS = 1024;
const LF = 10;
const CR = 13;

/** What came first between two exchanges. All bytes of `head`, `other` and `slow`, and what the server said, have been put back. */
export type Next =
  | { readonly kind: 'head'; readonly head: Buffer; readonly began: Beginning }
  /** No head of a request, however long one waits. */
  | { readonly kind: 'other'; readonly why: ProxyWhy; readonly bytes: Buffer; readonly began: Beginning }
  /** A first line that did not end in time. */
  | { readonly kind: 'slow' }
  /** Someone left before the head was whole. */
  | {
      readonly kind: 'cut';
      readonly by: 'client' | 'origin';
      readonly code: string | null;
      readonly bytes: Buffer;
      readonly began: Beginning;
    }
  | { readonly kind: 'server-spoke' }
  | { readonly kind: 'over'; readonly by: 'client' | 'origin'; readonly code: string | null };

/** Between whom a request is awaited. */
export interface Awaited {
  readonly lab: Lab;
  readonly client: Socket;
  /** The server of the request before, if any. */
  readonly upstream: Socket | null;
  /** Where it belongs to the client alone: with it a half head is over, and bytes that are slow may mean something to it. */
  readonly bound: boolean;
}

/** Waits for the next request of a client, or for what comes instead of it. */
export function nextHead(awaited: Awaited): Promise<Next> {
  return new Promise((resolve) => new HeadReader(awaited, resolve).start());
}

class HeadReader {
  readonly #parts: Buffer[] = [];
  readonly #line = new RequestLineScan();
  readonly #block = new BlockScan();
  #bytes = 0;
  /** Bytes of empty lines in front of the head. */
  #blanks = 0;
  #began: Beginning | null = null;
  #stay: { touch(): void; leave(): void } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #over = false;

  constructor(
    readonly awaited: Awaited,
    readonly resolve: (next: Next) => void,
  ) {}

  start(): void {
    const { client, upstream } = this.awaited;
    client.on('readable', this.#take).on('end', this.#clientLeft).on('close', this.#clientLeft);
    // An app that waits for the server to close (HTTP/1.0) must see it close.
    upstream?.on('readable', this.#spoke).on('end', this.#serverLeft).on('close', this.#serverLeft);
    // What the server said by now cannot be the answer to what follows.
    if (upstream !== null && upstream.readableLength > 0) this.#spoke();
    if (client.readableLength > 0) this.#take();
    if (client.destroyed || client.readableEnded) this.#clientLeft();
    else if (upstream !== null && (upstream.destroyed || upstream.readableEnded)) this.#serverLeft();
  }

  #done(next: Next): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const { client } = this.awaited;
    client.off('readable', this.#take).off('end', this.#clientLeft).off('close', this.#clientLeft);
    this.#leaveServer();
    const isKept = next.kind === 'cut' || next.kind === 'over' || this.#bytes === 0;
    if (!isKept) client.unshift(this.#all());
    this.resolve(next);
    // After the relay has taken over.
    setImmediate(() => this.#stay?.leave());
  }

  #leaveServer(): void {
    this.awaited.upstream?.off('readable', this.#spoke).off('end', this.#serverLeft).off('close', this.#serverLeft);
  }

  #all(): Buffer {
    const [only] = this.#parts;
    return this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts);
  }

  readonly #take = (): void => {
    const { client } = this.awaited;
    for (let chunk: unknown = this.#over ? null : client.read(); Buffer.isBuffer(chunk); chunk = this.#over ? null : client.read())
      this.#read(chunk);
  };

  #read(chunk: Buffer): void {
    const { lab, bound } = this.awaited;
    const from = this.#began === null ? blanksOf(chunk) : 0;
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
    if (this.#began === null) this.#blanks += from;
    if (from === chunk.length) return this.#forgetBlanks();
    const began = (this.#began ??= lab.journal.now());
    this.#stay ??= lab.journal.presence.enter(HEAD_QUIET_MS);
    this.#stay.touch();
    const mayBe = this.#line.take(chunk, from);
    if (!mayBe) return this.#done({ kind: 'other', why: 'not-tls-nor-http', bytes: this.#all(), began });
    const end = this.#block.scan(chunk, from);
    if (end >= 0) {
      const head = this.#all().subarray(this.#blanks, this.#bytes - chunk.length + end);
      return this.#done({ kind: 'head', head, began });
    }
    if (this.#bytes > LONGEST_HEAD) {
      const why: ProxyWhy = `request-malformed: a head of more than ${LONGEST_HEAD} bytes`;
      return this.#done({ kind: 'other', why, bytes: this.#all(), began });
    }
    if (bound && !lab.ruled) this.#timer ??= setTimeout(this.#tired, LINE_MS).unref();
  }

  /** Some blanks may be the beginning of something else; a flood of them is nothing. */
  #forgetBlanks(): void {
    if (this.#blanks <= MOST_BLANKS) return;
    this.#parts.length = 0;
    this.#bytes = 0;
    this.#blanks = 0;
  }

  readonly #tired = (): void => {
    if (!this.#line.whole) this.#done({ kind: 'slow' });
  };

  readonly #clientLeft = (): void => this.#left('client', this.awaited.client);

  // Looked at, not read: what the server says stays for the relay.
  readonly #spoke = (): void => {
    const { upstream } = this.awaited;
    if (upstream !== null && upstream.readableLength > 0) this.#done({ kind: 'server-spoke' });
    else upstream?.read(); // lets 'end' come
  };

  readonly #serverLeft = (): void => {
    const { upstream, bound } = this.awaited;
    if (upstream === null) return;
    if (bound || this.#began === null) return this.#left('origin', upstream);
    // The request that comes may be for another server, or for this one anew.
    this.#leaveServer();
    upstream.destroy();
  };

  #left(by: 'client' | 'origin', socket: Socket): void {
    const code = codeOf(socket);
    if (this.#began === null) this.#done({ kind: 'over', by, code });
    else this.#done({ kind: 'cut', by, code, bytes: this.#all(), began: this.#began });
  }
}

/** How many bytes of empty lines a chunk begins with; RFC 9112, 2.2: before a request line they are ignored. */
function blanksOf(chunk: Buffer): number {
  let at = 0;
  while (chunk[at] === LF || chunk[at] === CR) at += 1;
  return at;
}

const codeOf = (socket: Socket): string | null =>
  socket.errored === null ? null : ((socket.errored as NodeJS.ErrnoException).code ?? null);
