// The far servers of the soak in a process of their own: HTTP/1, HTTP/2 and WebSocket over TLS, plain HTTP, and one with a certificate of a stranger.
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { WebSocketServer } from 'ws';
import { downOf } from './bodies.mjs';

const [build] = process.argv.slice(2);
const { createAuthority } = await import(pathToFileURL(join(build, 'dist/harness/capture/ca.js')).href);
const far = createAuthority('Soak far CA', Date.now(), 'ec');
const stranger = createAuthority('Soak stranger', Date.now(), 'ec');

/** `/KIND/ID/BYTES`: `ok` answers, `slow` never does, `drip` sends a part and no more, `cut` sends a part and breaks off. */
async function serve(request, response) {
  const [, kind, id, digits] = request.url.split('/');
  const bytes = Number(digits);
  for await (const _ of request);
  if (kind === 'slow') return;
  const body = downOf(id, bytes);
  const chunked = kind === 'ok' && bytes > 0 && Number(id) % 3 === 0 && request.httpVersionMajor === 1;
  response.writeHead(200, { 'Content-Type': 'application/octet-stream', ...(chunked ? {} : { 'Content-Length': bytes }) });
  if (kind === 'ok') return void response.end(body);
  response.write(body.subarray(0, bytes / 2), () => {
    if (kind !== 'cut') return;
    if (request.httpVersionMajor === 2) response.stream.close(2);
    else request.socket.destroy();
  });
}
const served = (request, response) => void serve(request, response).catch(() => response.destroy?.());

const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: true });
const upgrade = (request, socket, head) =>
  sockets.handleUpgrade(request, socket, head, (channel) => {
    channel.on('message', (data, isBinary) => channel.send(data, { binary: isBinary })).on('error', () => {});
  });

function secure(authority) {
  const server = createSecureServer({ allowHTTP1: true, SNICallback: (name, done) => done(null, authority.context(name)) });
  return server.on('upgrade', upgrade).on('tlsClientError', () => {});
}

async function listen(server) {
  server.on('request', served).on('clientError', (_, socket) => socket.destroy());
  // Whoever rests must find its connection again.
  server.keepAliveTimeout = 0;
  await new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, resolve));
  return server.address().port;
}

process.on('disconnect', () => process.exit(0));
// A server must not end because an app broke off.
process.on('uncaughtException', (error) => {
  if (!['ECONNRESET', 'EPIPE', 'ERR_HTTP2_INVALID_STREAM', 'ERR_STREAM_WRITE_AFTER_END'].includes(error.code)) throw error;
});
const ports = { tls: await listen(secure(far)), bad: await listen(secure(stranger)), plain: await listen(createServer()) };
process.send({ ports, caPem: far.certPem });
