// The far server: TLS sockets and a hand-written responder, in a process of its own, so that it is never the bottleneck.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { SMALL, bigBlocks, digitsOf, putDown } from './bodies.mjs';
import { MessageReader } from './http1.mjs';
import { Session, responseHeaders } from './http2.mjs';
import { answerCalls } from './processes.mjs';

const head = (bytes) =>
  Buffer.from(`HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: application/octet-stream\r\nContent-Length: ${bytes}\r\n\r\n`);
const SMALL_HEAD = head(SMALL);
const SMALL_HEADERS = responseHeaders(SMALL);

let connections = 0;

answerCalls({
  /** `dir` holds origin.pem and origin.key. Resolves to the port. */
  listen({ dir }) {
    const key = readFileSync(join(dir, 'origin.key'));
    const server = createServer({ key, cert: readFileSync(join(dir, 'origin.pem')), ALPNProtocols: ['h2', 'http/1.1'] });
    server.on('secureConnection', serve).on('tlsClientError', () => {});
    return new Promise((resolve) => server.listen(0, '127.0.0.1', 1024, () => resolve(server.address().port)));
  },
  /** TLS connections accepted so far. */
  connections: () => connections,
});

function serve(socket) {
  connections += 1;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  if (socket.alpnProtocol === 'h2') serveHttp2(socket);
  else serveHttp1(socket);
}

function serveHttp1(socket) {
  let path = '';
  const reader = new MessageReader({
    head: (text) => (path = text.slice(text.indexOf(' ') + 1, text.indexOf(' HTTP/'))),
    body: () => {},
    end: () => {
      const [, kind, digits, bytes] = path.split('/');
      if (kind === 'big') sendBig(socket, Number(bytes));
      else socket.write(small(digits));
    },
  });
  socket.on('data', (chunk) => reader.feed(chunk));
}

function small(digits) {
  const out = Buffer.allocUnsafe(SMALL_HEAD.length + SMALL);
  SMALL_HEAD.copy(out);
  putDown(out, SMALL_HEAD.length, digits);
  return out;
}

function sendBig(socket, bytes) {
  socket.write(head(bytes));
  const blocks = bigBlocks(bytes);
  const more = () => {
    for (let next = blocks.next(); !next.done; next = blocks.next()) {
      if (!socket.write(next.value)) {
        socket.once('drain', more);
        return;
      }
    }
  };
  more();
}

function serveHttp2(socket) {
  const bodies = new Map();
  const session = new Session(socket, 'server', {
    data(stream, bytes, ended) {
      const before = bodies.get(stream);
      const body = before === undefined ? bytes : Buffer.concat([before, bytes]);
      if (!ended) {
        bodies.set(stream, Buffer.from(body));
        return;
      }
      bodies.delete(stream);
      const answer = Buffer.allocUnsafe(SMALL);
      putDown(answer, 0, digitsOf(body));
      session.send(stream, SMALL_HEADERS, answer);
    },
    // Some clients reset each stream once they have its answer.
    reset: (stream) => bodies.delete(stream),
    fail: () => socket.destroy(),
  });
}
