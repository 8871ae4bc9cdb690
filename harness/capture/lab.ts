import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Target } from './authority-form.js';
import type { Authority } from './ca.js';
import { dial, Unreachable } from './dial.js';
import type { Journal } from './journal.js';
import type { Intercept } from './pipeline.js';

/** An address to connect to. */
export interface Address {
  readonly ip: string;
  readonly port: number;
}
/** Where a name leads; null: no such name. */
export type Resolve = (host: string, port: number) => Address | null | Promise<Address | null>;

/** What all connections of one proxy share. */
export interface Lab {
  readonly journal: Journal;
  readonly authority: Authority;
  /** Whom we believe upstream. */
  readonly trust: SecureContext;
  /** Goes on although a server could not be trusted, and says so in each flow. */
  readonly insecure: boolean;
  readonly resolve: Resolve;
  /** Leads each HTTP/1 exchange through the handlers; null: the relay passes the bytes. */
  readonly intercept: Intercept | null;
  /** There are rules: what cannot be led through them must not pass, as far as it is HTTP. */
  readonly ruled: boolean;
  /** Told when the proxy closes: who waits for what `close()` cannot end. */
  readonly stopping: Set<() => void>;
  /** Keeps a server's socket until it closes, so that `close()` can end it. */
  keep(socket: Socket): void;
}

/** Opens the way to a target. Rejects with Unreachable. */
export async function reach(lab: Lab, target: Target): Promise<Socket> {
  const address = await unlessStopped(lab, lab.resolve(target.host, target.port));
  if (address === null) throw new Unreachable('ENOTFOUND', null);
  // Kept before it is open: a server that never answers must not outlive the proxy.
  return dial(address, (upstream) => lab.keep(upstream));
}

/** A resolver may never answer. */
function unlessStopped<T>({ journal, stopping }: Lab, wanted: T | Promise<T>): T | Promise<T> {
  if (!(wanted instanceof Promise)) return wanted;
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => reject(new Unreachable('STOPPED', null));
    stopping.add(stop);
    if (journal.closing) stop();
    void wanted.then(resolve, reject).finally(() => stopping.delete(stop));
  });
}

/** The code of a failure to reach a server. Anything else is a bug and is thrown again. */
export function codeOf(error: unknown): string {
  if (error instanceof Unreachable) return error.code;
  throw error;
}

/** An answer of the proxy's own, marked as such and never recorded as a server's; ends the connection. */
export function answer(client: Socket, status: string): void {
  client.end(`HTTP/1.1 ${status}\r\nX-Jiejing-Synthetic: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`, () => client.destroy());
}
