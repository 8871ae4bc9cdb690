import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { SecureContext, TLSSocket } from 'node:tls';

/** Real time; longer than the 10 s that OkHttp and Cronet wait, so that the app gives up first. */
const DIAL_MS = 15_000;

/** Why a server could not be reached or trusted: an error code of the system, of OpenSSL, or `TIMEOUT`. */
export class Unreachable extends Error {
  constructor(
    readonly code: string,
    readonly certificateSha256: string | null,
  ) {
    super(code);
  }
}

/** Opens a TCP connection; `keep` is given its socket before it is open. Rejects with Unreachable. */
export function dial({ ip, port }: { readonly ip: string; readonly port: number }, keep: (socket: Socket) => void): Promise<Socket> {
  const socket = connect({ host: ip, port, allowHalfOpen: true, noDelay: true });
  keep(socket);
  socket.on('error', () => {});
  return settled(socket, 'connect');
}

/** What must be true of a server. `name` is checked, `sni` and `alpn` are offered, `trust` knows who may sign. */
export interface Wanted {
  readonly name: string;
  readonly sni: string | null;
  readonly alpn: readonly string[];
  readonly trust: SecureContext;
  /** Go on with a server that cannot be trusted. */
  readonly insecure: boolean;
  /** Takes lines of the key log. */
  readonly keys: (line: Buffer) => void;
}

/** A server's side of TLS. */
export interface Secured {
  readonly socket: TLSSocket;
  /** SHA-256 of its certificate, hex; null when it showed none. */
  readonly certificateSha256: string | null;
  /** Why it could not be trusted, where the lab was told to go on all the same. */
  readonly untrusted: string | null;
}

/**
 * TLS towards the server, with what the app offered: its server name and its protocols.
 * The certificate must be good for `name`; nothing is sent to a server without that. Rejects with Unreachable.
 */
export async function secure(socket: Socket, wanted: Wanted): Promise<Secured> {
  const { name, sni, alpn, trust, insecure, keys } = wanted;
  const tls = connectTls({
    socket,
    secureContext: trust,
    servername: sni ?? '',
    ...(alpn.length > 0 ? { ALPNProtocols: [...alpn] } : {}),
    // Checked below instead: a connection that Node itself refuses does not show its certificate any more.
    rejectUnauthorized: false,
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  });
  tls.on('error', () => {}).on('keylog', keys);
  // An end that came before the TLS layer took over is told by the socket below only.
  const ended = (): void => void tls.destroy();
  socket.on('end', ended);
  await settled(tls, 'secureConnect').finally(() => socket.off('end', ended));
  const certificateSha256 = certificateOf(tls);
  if (tls.authorized) return { socket: tls, certificateSha256, untrusted: null };
  const code = String(tls.authorizationError);
  if (insecure) return { socket: tls, certificateSha256, untrusted: code };
  tls.destroy();
  throw new Unreachable(code, certificateSha256);
}

function certificateOf(tls: TLSSocket): string | null {
  return tls.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase() ?? null;
}

function settled<S extends Socket>(socket: S, event: 'connect' | 'secureConnect'): Promise<S> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      clearTimeout(timer);
      socket.off(event, ready).off('error', failed).off('close', closed);
    };
    const ready = (): void => {
      done();
      resolve(socket);
    };
    const failed = (error: NodeJS.ErrnoException): void => {
      done();
      socket.destroy();
      reject(new Unreachable(error.code ?? error.message, null));
    };
    const closed = (): void => failed(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    const timer = setTimeout(() => failed(Object.assign(new Error('timeout'), { code: 'TIMEOUT' })), DIAL_MS);
    socket.once(event, ready).once('error', failed).once('close', closed);
  });
}
