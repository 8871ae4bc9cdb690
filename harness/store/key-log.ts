import * as fs from 'node:fs';
import * as path from 'node:path';
import { writeWhole } from './disk.js';

/** Where a run keeps the secrets of its TLS connections, in the form that Wireshark reads (NSS key log). */
export const KEY_LOG = 'keys/tls.keylog';

/** The key log of a run being recorded. It is not in the chain: a false line in it decrypts nothing. */
export interface KeyLog {
  append(line: Uint8Array): void;
  close(): void;
}

/** Opens `keys/tls.keylog` with its first line, for the owner only; `onError` hears of a disk that takes no more. */
export function openKeyLog(dir: string, onError: (error: unknown, file: string) => void): KeyLog {
  let fd: number | null = null;
  let over = false;
  const stop = (error: unknown): void => {
    over = true;
    onError(error, KEY_LOG);
  };
  const opened = (): number => {
    fs.mkdirSync(path.dirname(path.join(dir, KEY_LOG)), { mode: 0o700 });
    return fs.openSync(path.join(dir, KEY_LOG), 'ax', 0o600);
  };
  let pending: Uint8Array[] = [];
  const flush = (): void => {
    const lines = Buffer.concat(pending);
    pending = [];
    if (lines.length === 0 || over) return;
    try {
      fd ??= opened();
    } catch (error) {
      return stop(error);
    }
    const { error } = writeWhole(fd, lines);
    if (error !== null) stop(error);
  };
  return {
    append(line) {
      // A handshake has some ten lines: those of one turn share a write.
      if (pending.length === 0) setImmediate(flush);
      pending.push(line);
    },
    close() {
      flush();
      over = true;
      if (fd !== null) fs.closeSync(fd);
      fd = null;
    },
  };
}
