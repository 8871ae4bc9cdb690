import type { Socket } from 'node:net';
import { helloSniffer } from './client-hello.js';
import type { ClientHello } from './client-hello.js';
import type { ProxyWhy } from './journal.js';

/** Real time in which a ClientHello that has begun must be whole. */
const HELLO_MS = 10_000;
const TLS_HANDSHAKE = 0x16;

/** What the first bytes of a tunnel are. All bytes read are put back, unless it closed before they made sense. */
export type First =
  | { readonly kind: 'tls'; readonly hello: ClientHello }
  | { readonly kind: 'http' }
  | { readonly kind: 'raw'; readonly why: ProxyWhy }
  /** `heard`: a ClientHello had begun. */
  | { readonly kind: 'closed'; readonly by: 'client' | 'origin'; readonly code: string | null; readonly heard: boolean };

/** Waits for whichever side speaks first and tells in which language; without an `upstream`, for the client alone. */
export function firstBytes(client: Socket, upstream: Socket | null): Promise<First> {
  return new Promise((resolve) => {
    const have: Buffer[] = [];
    const classify = classifier();
    let timer: NodeJS.Timeout | null = null;
    const done = (first: First): void => {
      if (timer !== null) clearTimeout(timer);
      client.off('readable', spoke).off('end', clientEnded).off('close', clientEnded);
      upstream?.off('readable', answered).off('end', originEnded).off('close', originEnded);
      if (have.length > 0 && first.kind !== 'closed') client.unshift(have.length === 1 ? have[0] : Buffer.concat(have));
      resolve(first);
    };
    const spoke = (): void => {
      for (let chunk: unknown = client.read(); Buffer.isBuffer(chunk); chunk = client.read()) {
        have.push(chunk);
        const first = classify(chunk);
        if (first !== null) return done(first);
      }
      timer ??=
        have.length > 0
          ? setTimeout(() => done({ kind: 'raw', why: 'not-tls-nor-http: a ClientHello that never ended' }), HELLO_MS).unref()
          : null;
    };
    // Looked at, not read: what the server says stays for the relay.
    const answered = (): void => {
      if (upstream !== null && upstream.readableLength > 0) done({ kind: 'raw', why: 'server-speaks-first' });
      else upstream?.read(); // lets 'end' come
    };
    const clientEnded = (): void => done({ kind: 'closed', by: 'client', code: codeOf(client), heard: have.length > 0 });
    const originEnded = (): void =>
      done({ kind: 'closed', by: 'origin', code: upstream === null ? null : codeOf(upstream), heard: have.length > 0 });
    client.on('readable', spoke).on('end', clientEnded).on('close', clientEnded);
    upstream?.on('readable', answered).on('end', originEnded).on('close', originEnded);
    // Whose end was read before we listened will not tell it again.
    if (client.destroyed || client.readableEnded) clientEnded();
    else if (upstream !== null && (upstream.destroyed || upstream.readableEnded)) originEnded();
  });
}

const codeOf = (socket: Socket): string | null =>
  socket.errored === null ? null : ((socket.errored as NodeJS.ErrnoException).code ?? null);

/** Takes piece by piece what a client says first; null while it can still become several things. */
function classifier(): (piece: Buffer) => First | null {
  const sniff = helloSniffer();
  let tls = false;
  return (piece) => {
    const [byte] = piece;
    if (byte === undefined) return null;
    tls ||= byte === TLS_HANDSHAKE;
    if (!tls) return byte >= 0x41 && byte <= 0x5a ? { kind: 'http' } : { kind: 'raw', why: 'not-tls-nor-http' };
    const sniffed = sniff(piece);
    if (sniffed.kind === 'hello') return { kind: 'tls', hello: sniffed.hello };
    return sniffed.kind === 'other' ? { kind: 'raw', why: `not-tls-nor-http: ${sniffed.why}` } : null;
  };
}
