import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SecureContext } from 'node:tls';
import type { ProxyWhy } from './journal.js';

/** Real time; longer than apps wait. */
const HANDSHAKE_MS = 30_000;

/** How an app refused our certificate, or failed otherwise to agree on TLS with us. */
export class NotAgreed extends Error {
  constructor(readonly how: ProxyWhy) {
    super(how);
  }
}

/** How we answer an app's ClientHello; with an empty `alpn` no protocol is agreed. */
export interface Answer {
  readonly context: SecureContext;
  readonly alpn: readonly string[];
  /** Takes lines of the key log. */
  readonly keys: (line: Buffer) => void;
}

/** Plays the server's part of TLS towards the app. Rejects with NotAgreed. */
export function terminate(socket: Socket, { context, alpn, keys }: Answer): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    if (socket.destroyed) return reject(new NotAgreed('tls-close-in-handshake'));
    const tls = new TLSSocket(socket, { isServer: true, secureContext: context, ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}) });
    const done = (): void => {
      clearTimeout(timer);
      socket.off('end', closed);
      tls.off('secure', ready).off('readable', look).off('end', closed).off('close', closed).off('error', failed);
    };
    const ready = (): void => {
      done();
      resolve(tls);
    };
    const refuse = (how: ProxyWhy): void => {
      done();
      tls.destroy();
      reject(new NotAgreed(how));
    };
    const failed = (error: NodeJS.ErrnoException): void => refuse(refusalOf(error.code ?? error.message, 'tls-reset'));
    const closed = (): void => refuse('tls-close-in-handshake');
    const timer = setTimeout(() => refuse('tls-silence'), HANDSHAKE_MS);
    // Without someone who reads, an app that has gone would only be noticed by the timer.
    const look = (): void => {
      if (tls.readableLength === 0) tls.read();
    };
    // Stays: a late alert must not end the harness.
    tls.on('error', () => {}).on('keylog', keys);
    // An end that came before the TLS layer took over is told by the socket below only.
    socket.on('end', closed);
    tls.on('secure', ready).on('readable', look).on('end', closed).on('close', closed).on('error', failed);
  });
}

/** Words an OpenSSL or system code as one of the four kinds of refusal, with the alert's name (RFC 8446, 6.2). */
export function refusalOf(code: string, onReset: ProxyWhy): ProxyWhy {
  const alert = /ALERT_(?!NUMBER)(\w+)$/.exec(code)?.[1];
  if (alert !== undefined) return `tls-alert: ${alert.toLowerCase()}`;
  if (code === 'ECONNRESET' || code === 'EPIPE') return onReset;
  return code === 'ERR_SSL_NO_APPLICATION_PROTOCOL' ? 'h2-only' : `tls-error: ${code}`;
}
