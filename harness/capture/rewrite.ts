import { STATUS_CODES } from 'node:http';
import type { Fields } from '../model/flow-parts.js';
import { parseHead } from './http1.js';
import type { Head } from './http1.js';
import type { Outgoing } from './relay-parts.js';
import type { Changed } from './rules.js';

type Change = { readonly kind: 'pass' } | ({ readonly kind: 'change' } & Changed);
const FRAMING = new Set(['content-length', 'transfer-encoding']);

/** The head of a response of our own, which says how long it is and closes the connection. */
export function answerHead(status: number, headers: Fields, body: Uint8Array): Head {
  const all: Fields = [
    ...headers.filter(([name]) => !FRAMING.has(name.toLowerCase())),
    ['Content-Length', String(body.length)],
    ['Connection', 'close'],
  ];
  return parseHead(written(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`, all));
}

/** A message as it goes on: as it came where nothing changes it. */
export function anew(head: Head, change: Change): Outgoing {
  if (change.kind === 'pass') return { head: head.raw, body: null };
  const { headers, body } = change;
  if (body === null) return { head: written(head.start, headers), body: null };
  const framed: Fields = [...headers.filter(([name]) => !FRAMING.has(name.toLowerCase())), ['Content-Length', String(body.length)]];
  return { head: written(head.start, framed), body: Buffer.from(body) };
}

function written(start: string, headers: Fields): Buffer {
  const lines = [start, ...headers.map(([name, value]) => `${name}: ${value}`)].map((line) => line.replace(/[\r\n\0]/g, ' '));
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}
