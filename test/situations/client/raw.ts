import type { Duplex } from 'node:stream';
import { since } from '../clock.js';
import type { Ended, RawResult } from '../evidence.js';

/** Time in which bytes behind the expected ones would show. */
const MORE_MS = 200;

/** Reads until `bytes` came and a little longer, or to a close or the limit. */
export function readRaw(socket: Duplex, wanted: { readonly bytes: number; readonly limitMs: number }): Promise<RawResult> {
  const from = performance.now();
  let have: Buffer = Buffer.alloc(0);
  let enoughMs: number | null = null;
  return new Promise((resolve) => {
    const stop = (ended: Ended): void => {
      clearTimeout(timer);
      socket.off('data', data).off('end', closed).off('close', closed).off('error', failed);
      resolve({ hex: have.toString('hex'), ended: enoughMs === null ? ended : 'whole', ms: enoughMs ?? since(from) });
    };
    const data = (chunk: Buffer): void => {
      have = Buffer.concat([have, chunk]);
      if (have.length < wanted.bytes || enoughMs !== null) return;
      enoughMs = since(from);
      setTimeout(() => stop('whole'), MORE_MS);
    };
    const closed = (): void => stop('closed');
    const failed = (): void => stop('reset');
    const timer = setTimeout(() => stop('limit'), wanted.limitMs);
    socket.on('data', data).on('end', closed).on('close', closed).on('error', failed);
    // A tunnel's socket rests until somebody reads it.
    socket.resume();
    if (socket.destroyed) closed();
  });
}
