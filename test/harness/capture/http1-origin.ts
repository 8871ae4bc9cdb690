import type { Socket } from 'node:net';
import { HOST } from './http2-rig.js';
import { farServer } from './rig.js';
import type { Rig } from './rig.js';

/** A server that speaks HTTP/1.1 only: the bytes that each of its connections got, and how to answer a request that is whole. */
export async function http1Origin(
  rig: Rig,
  take: (request: string, socket: Socket, n: number) => void,
): Promise<{ readonly sockets: Set<Socket>; connections: number; readonly requests: string[] }> {
  const seen = { sockets: new Set<Socket>(), connections: 0, requests: [] as string[] };
  const origin = await farServer(
    (socket) => {
      seen.connections += 1;
      const n = seen.connections;
      let have = '';
      socket.on('data', (chunk: Buffer) => {
        have += chunk.toString('latin1');
        for (let end = endOf(have); end > 0; end = endOf(have)) {
          seen.requests.push(have.slice(0, end));
          take(have.slice(0, end), socket, n);
          have = have.slice(end);
        }
      });
    },
    { ALPNProtocols: ['http/1.1'] },
  );
  rig.keep(origin);
  rig.route(HOST, origin.port);
  return Object.assign(seen, { sockets: origin.sockets });
}

/** Where the first request in `text` ends; 0 when it does not yet. */
function endOf(text: string): number {
  const head = text.indexOf('\r\n\r\n') + 4;
  if (head < 4) return 0;
  const length = /content-length: *(\d+)/i.exec(text.slice(0, head))?.[1];
  if (length !== undefined) return text.length >= head + Number(length) ? head + Number(length) : 0;
  if (!/transfer-encoding: *chunked/i.test(text.slice(0, head))) return head;
  const last = /(?:^|\r\n)0\r\n(?:[^\r\n]+\r\n)*\r\n/.exec(text.slice(head));
  return last === null ? 0 : head + last.index + last[0].length;
}

/** An answer of 200. */
export const ok = (body: string, more = ''): string => `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
