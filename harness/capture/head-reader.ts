import type { Socket } from 'node:net';
import { BlockScan } from './http1.js';
import type { Beginning } from './journal.js';
import type { Lab } from './lab.js';
import { LONGEST_HEAD } from './message-reader.js';

/** Real time without a byte in which a head that has begun still counts as in flight. */
const HEAD_QUIET_MS = 10_000;

/** What came first between two exchanges. A head that is whole or too long, and what the server said, have been put back. */
export type Next =
  | { readonly kind: 'head'; readonly head: Buffer; readonly began: Beginning }
  /** Too long for a head; its bytes have been put back. */
  | { readonly kind: 'long'; readonly began: Beginning }
  /** The client left before its head was whole. */
  | { readonly kind: 'cut'; readonly bytes: Buffer; readonly began: Beginning }
  | { readonly kind: 'server-spoke' }
  | { readonly kind: 'over'; readonly by: 'client' | 'origin'; readonly code: string | null };

/** Waits for the next request of a client, or for what comes instead of it; `upstream` is the server of the request before, if any. */
export function nextHead(lab: Lab, client: Socket, upstream: Socket | null): Promise<Next> {
  return new Promise((resolve) => new HeadReader(lab, client, upstream, resolve).start());
}

class HeadReader {
  readonly #parts: Buffer[] = [];
  readonly #scan = new BlockScan();
  #bytes = 0;
  #began: Beginning | null = null;
  #stay: { touch(): void; leave(): void } | null = null;

  constructor(
    readonly lab: Lab,
    readonly client: Socket,
    readonly upstream: Socket | null,
    readonly resolve: (next: Next) => void,
  ) {}

  start(): void {
    const { client, upstream } = this;
    client.on('readable', this.#take).on('end', this.#clientLeft).on('close', this.#clientLeft);
    // An app that waits for the server to close (HTTP/1.0) must see it close.
    upstream?.on('readable', this.#spoke).on('end', this.#serverLeft).on('close', this.#serverLeft);
    if (client.destroyed) this.#clientLeft();
    else if (upstream?.destroyed === true) this.#serverLeft();
    else {
      if (client.readableLength > 0) this.#take();
      if ((upstream?.readableLength ?? 0) > 0) this.#spoke();
    }
  }

  #done(next: Next): void {
    const { client, upstream } = this;
    client.off('readable', this.#take).off('end', this.#clientLeft).off('close', this.#clientLeft);
    upstream?.off('readable', this.#spoke).off('end', this.#serverLeft).off('close', this.#serverLeft);
    if (next.kind === 'head' || next.kind === 'long') client.unshift(Buffer.concat(this.#parts));
    this.resolve(next);
    // After the relay has taken over.
    setImmediate(() => this.#stay?.leave());
  }

  readonly #take = (): void => {
    const { client, lab } = this;
    for (let chunk: unknown = client.read(); Buffer.isBuffer(chunk); chunk = client.read()) {
      this.#began ??= lab.journal.now();
      this.#stay ??= lab.journal.presence.enter(HEAD_QUIET_MS);
      this.#stay.touch();
      const end = this.#scan.scan(chunk, 0);
      this.#parts.push(chunk);
      if (end >= 0) {
        const head = Buffer.concat([...this.#parts.slice(0, -1), chunk.subarray(0, end)]);
        return this.#done({ kind: 'head', head, began: this.#began });
      }
      this.#bytes += chunk.length;
      if (this.#bytes > LONGEST_HEAD) return this.#done({ kind: 'long', began: this.#began });
    }
  };

  readonly #clientLeft = (): void => {
    if (this.#began === null) this.#done({ kind: 'over', by: 'client', code: codeOf(this.client) });
    else this.#done({ kind: 'cut', bytes: Buffer.concat(this.#parts), began: this.#began });
  };

  // Looked at, not read: what the server says stays for the relay.
  readonly #spoke = (): void => {
    if ((this.upstream?.readableLength ?? 0) > 0) this.#done({ kind: 'server-spoke' });
    else this.upstream?.read(); // lets 'end' come
  };

  readonly #serverLeft = (): void => {
    if (this.#began !== null) return this.#done({ kind: 'cut', bytes: Buffer.concat(this.#parts), began: this.#began });
    this.#done({ kind: 'over', by: 'origin', code: this.upstream === null ? null : codeOf(this.upstream) });
  };
}

const codeOf = (socket: Socket): string | null =>
  socket.errored === null ? null : ((socket.errored as NodeJS.ErrnoException).code ?? null);
