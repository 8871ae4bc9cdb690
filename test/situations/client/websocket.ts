import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { LIMIT_MS, since, wait } from '../clock.js';
import type { Answer, WebSocketResult } from '../evidence.js';
import { pairs } from '../origin/log.js';
import { MESSAGES } from '../payloads.js';

/** A WebSocket's result, or the answer that refused it; neither when nothing came within the limit. */
export interface WebSocketTry {
  readonly websocket: WebSocketResult | null;
  readonly answer: Answer | null;
}

/** Opens a WebSocket over TLS that stands, and sends the messages and the ping of row 6. */
export async function talk(tls: TLSSocket, url: string, offers: readonly string[]): Promise<WebSocketTry> {
  const from = performance.now();
  const channel = new WebSocket(url, [...offers], { createConnection: () => tls, perMessageDeflate: true });
  channel.on('error', () => {});
  const messages: { bytes: number; sha256: string }[] = [];
  let pongs = 0;
  let close: WebSocketResult['close'] = null;
  channel.on('pong', () => (pongs += 1));
  channel.on('message', (data) => {
    const bytes = Buffer.isBuffer(data) ? data : Buffer.alloc(0);
    messages.push({ bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  });
  const closed = new Promise<void>((resolve) => {
    channel.once('close', (code, reason) => {
      close = { code, reason: reason.toString() };
      resolve();
    });
  });
  const refused = await opening(channel, from);
  if (refused !== 'open') return { websocket: null, answer: refused };
  const result = { opened: true, protocol: channel.protocol, extensions: channel.extensions };
  for (const message of MESSAGES.slice(0, 2)) channel.send(message);
  channel.ping('pp');
  await wait(300);
  if (channel.readyState === WebSocket.OPEN) channel.send(MESSAGES[2] ?? '');
  await Promise.race([closed, wait(LIMIT_MS)]);
  channel.terminate();
  return { websocket: { ...result, messages, pongs, close }, answer: null };
}

function opening(channel: WebSocket, from: number): Promise<'open' | Answer | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), LIMIT_MS);
    const stop = (how: 'open' | Answer | null): void => {
      clearTimeout(timer);
      resolve(how);
    };
    channel.once('open', () => stop('open')).once('close', () => stop(null));
    channel.once('unexpected-response', (_, response) => void readRefusal(response, from).then(stop));
  });
}

async function readRefusal(response: IncomingMessage, from: number): Promise<Answer> {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  const ended = await new Promise<'whole' | 'reset' | 'limit'>((resolve) => {
    const timer = setTimeout(() => resolve('limit'), LIMIT_MS);
    response.once('close', () => {
      clearTimeout(timer);
      resolve(response.complete ? 'whole' : 'reset');
    });
    response.once('error', () => {});
  });
  const bytes = Buffer.concat(chunks);
  return {
    version: response.httpVersion,
    status: response.statusCode ?? null,
    reason: response.statusMessage ?? '',
    headers: pairs(response.rawHeaders),
    trailers: pairs(response.rawTrailers),
    interim: [],
    framing: 'length',
    ended,
    late: 0,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    text: bytes.toString('latin1'),
    ms: since(from),
  };
}
