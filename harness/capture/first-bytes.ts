import type { Socket } from 'node:net';
import { sniffClientHello } from './client-hello.js';
import type { ClientHello } from './client-hello.js';
import type { ProxyWhy } from './journal.js';

/** Real time in which a ClientHello that has begun must be whole. */
const HELLO_MS = 10_000;
const LONGEST_HELLO = 256 * 1024;
const TLS_HANDSHAKE = 0x16;

/** What the first bytes of a tunnel are. All bytes read are put back, unless it closed before they made sense. */
export type First =
  | { readonly kind: 'tls'; readonly hello: ClientHello }
  | { readonly kind: 'http' }
  | { readonly kind: 'raw'; readonly why: ProxyWhy }
  | { readonly kind: 'closed'; readonly by: 'client' | 'origin'; readonly code: string | null };

/** Waits for whichever side speaks first and tells in which language; without an `upstream`, for the client alone. */
export function firstBytes(client: Socket, upstream: Socket | null): Promise<First> {
  return new Promise((resolve) => {
    let have: Buffer = Buffer.alloc(0);
    let timer: NodeJS.Timeout | null = null;
    const done = (first: First): void => {
      if (timer !== null) clearTimeout(timer);
      client.off('readable', spoke).off('end', clientEnded).off('close', clientEnded);
      upstream?.off('readable', answered).off('end', originEnded).off('close', originEnded);
      if (have.length > 0 && first.kind !== 'closed') client.unshift(have);
      resolve(first);
    };
    const spoke = (): void => {
      for (let chunk: unknown = client.read(); Buffer.isBuffer(chunk); chunk = client.read()) have = Buffer.concat([have, chunk]);
      const first = classify(have);
      if (first !== null) return done(first);
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
    const clientEnded = (): void => done({ kind: 'closed', by: 'client', code: codeOf(client) });
    const originEnded = (): void => done({ kind: 'closed', by: 'origin', code: upstream === null ? null : codeOf(upstream) });
    client.on('readable', spoke).on('end', clientEnded).on('close', clientEnded);
    upstream?.on('readable', answered).on('end', originEnded).on('close', originEnded);
    if (client.destroyed) clientEnded();
    else if (upstream?.destroyed === true) originEnded();
  });
}

const codeOf = (socket: Socket): string | null =>
  socket.errored === null ? null : ((socket.errored as NodeJS.ErrnoException).code ?? null);

function classify(have: Buffer): First | null {
  const [byte] = have;
  if (byte === undefined) return null;
  if (byte !== TLS_HANDSHAKE) return byte >= 0x41 && byte <= 0x5a ? { kind: 'http' } : { kind: 'raw', why: 'not-tls-nor-http' };
  const sniffed = sniffClientHello(have);
  if (sniffed.kind === 'hello') return { kind: 'tls', hello: sniffed.hello };
  if (sniffed.kind === 'other') return { kind: 'raw', why: `not-tls-nor-http: ${sniffed.why}` };
  return have.length > LONGEST_HELLO ? { kind: 'raw', why: `not-tls-nor-http: a ClientHello of more than ${LONGEST_HELLO} bytes` } : null;
}
