import { createHash } from 'node:crypto';
import type { Server, Socket } from 'node:net';
import type { OriginEntry, OriginLog, OriginRequest } from '../evidence.js';
import type { HeaderList } from '../record.js';

/** Hex SHA-256. */
export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** What one origin process saw, in order. */
export class Log {
  readonly #entries: OriginEntry[] = [];
  readonly #open = new Set<Socket>();

  add(entry: OriginEntry): void {
    this.#entries.push(entry);
  }

  /** Logs a request as its head came; the answer is called with its body once that is whole. */
  request(head: Omit<OriginRequest, 'kind' | 'bytes' | 'sha256'>): (body: Uint8Array) => void {
    const at = this.#entries.push({ kind: 'request', ...head, bytes: null, sha256: null }) - 1;
    return (body) => {
      this.#entries[at] = { kind: 'request', ...head, bytes: body.length, sha256: sha256(body) };
    };
  }

  /** Counts the connections of a server until they close. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      socket.on('error', () => {}).once('close', () => this.#open.delete(socket));
    });
  }

  read(): OriginLog {
    return { entries: this.#entries, open: this.#open.size };
  }
}

/** Pairs of a flat raw header list, HTTP/2 pseudo headers left out. */
export function pairs(raw: readonly string[]): HeaderList {
  const out: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (!name.startsWith(':')) out.push([name, raw[at + 1] ?? '']);
  }
  return out;
}
