// HTTP of the soak's app: each call makes one exchange, holds the answer against what it must be, and resolves when it is over.
import { Agent, request as ask } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { WebSocket } from 'ws';
import { downOf, upOf } from './bodies.mjs';
import { settled, tlsTo } from './ways.mjs';

const PATIENCE_MS = 30_000;
/** How long a request is on its way before an app gives up that does. */
const IMPATIENT_MS = 200;

const pathOf = ({ kind, id, down }) => `/${kind}/${id}/${down}`;

/** One connection that is kept; requests wait for each other. */
export function lane(open) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = (_, done) => {
    open().then(
      (socket) => done(null, socket),
      (error) => done(error),
    );
  };
  return agent;
}

/** `exchange` is `{ kind, id, up, down }`; `where` is `{ agent, host, prefix }`, the prefix that of a request to a proxy. */
export function http1(exchange, { agent, host, prefix = '', port = 80 }) {
  const { kind, id, up } = exchange;
  return new Promise((resolve, reject) => {
    const body = upOf(id, up);
    const method = up > 0 ? 'POST' : 'GET';
    const headers = { Host: host, ...(up > 0 ? { 'Content-Length': up } : {}) };
    const request = ask({ agent, host: '127.0.0.1', port, method, path: `${prefix}${pathOf(exchange)}`, headers });
    const late = setTimeout(() => request.destroy(new Error(`${kind} ${id}: no end in time`)), PATIENCE_MS);
    const over = (error) => (clearTimeout(late), error === null ? resolve() : reject(error));
    // Counted from when the request is on its way: a connection may take longer than that.
    if (kind === 'slow') request.once('socket', () => setTimeout(() => request.destroy(), IMPATIENT_MS));
    request.on('error', (error) => over(kind === 'slow' || kind === 'cut' ? null : error));
    request.on('response', (response) => {
      const chunks = [];
      response.on('data', (chunk) => (chunks.push(chunk), kind === 'drip' && request.destroy()));
      response.on('end', () => over(judged(exchange, Buffer.concat(chunks))));
      response.on('error', () => over(kind === 'ok' ? new Error(`${id}: the answer broke off`) : judged(exchange, Buffer.concat(chunks))));
    });
    request.end(body);
  });
}

/** Null when the app got what it must get. */
function judged({ kind, id, down }, got) {
  const whole = downOf(id, down);
  const fits = kind === 'ok' ? got.equals(whole) : got.length < down && got.equals(whole.subarray(0, got.length));
  return fits ? null : new Error(`${kind} ${id}: the app got ${got.length} bytes that are not those of ${down}`);
}

/** A session of HTTP/2 through the proxy. */
export async function session(to, host) {
  const tls = await tlsTo(to, host, { alpn: 'h2' });
  const made = connectHttp2(`https://${host}`, { createConnection: () => tls });
  made.on('error', () => {});
  await settled(made, 'connect');
  return made;
}

export function http2(exchange, over) {
  const { kind, id, up } = exchange;
  return new Promise((resolve, reject) => {
    const stream = over.request({ ':path': pathOf(exchange), ':method': up > 0 ? 'POST' : 'GET' }, { endStream: up === 0 });
    const late = setTimeout(() => stream.destroy(new Error(`h2 ${kind} ${id}: no end in time`)), PATIENCE_MS);
    const chunks = [];
    if (kind === 'slow') setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), IMPATIENT_MS);
    stream.on('data', (chunk) => (chunks.push(chunk), kind === 'drip' && stream.close(constants.NGHTTP2_CANCEL)));
    let failure = null;
    stream.on('error', (error) => (failure = error));
    stream.on('close', () => {
      clearTimeout(late);
      const fault = failure !== null && kind === 'ok' ? failure : kind === 'slow' ? null : judged(exchange, Buffer.concat(chunks));
      return fault === null ? resolve() : reject(fault);
    });
    if (up > 0) stream.end(upOf(id, up));
  });
}

/** A channel of `messages` echoes, closed in order. */
export async function channel({ id, messages, bytes, compress }, { tls, host }) {
  const socket = new WebSocket(`ws://${host}/ws/${id}/0`, { createConnection: () => tls, perMessageDeflate: compress });
  socket.on('error', () => {});
  await settled(socket, 'open');
  for (let i = 1; i <= messages; i += 1) {
    const text = upOf(`${id}-${i}`, bytes * i).toString();
    const echo = await new Promise((resolve, reject) => {
      socket.once('message', (data) => resolve(String(data))).once('close', () => reject(new Error(`channel ${id} closed early`)));
      socket.send(text);
    });
    if (echo !== text) throw new Error(`channel ${id}: another message came back`);
    socket.removeAllListeners('close');
  }
  socket.close(1000, 'done');
  await new Promise((resolve) => socket.once('close', resolve));
}
