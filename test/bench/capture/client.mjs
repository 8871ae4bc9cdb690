// The app's side: raw sockets to a proxy (CONNECT, then TLS 1.3), or straight to the origin.
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { SMALL, isDown, number, putUp } from './bodies.mjs';
import { MessageReader } from './http1.mjs';
import { Session, requestHeaders } from './http2.mjs';

const PATIENCE_MS = 30_000;

/** `way` is `{ proxyPort (null: straight), originPort, context, alpn }`. Resolves to a TLS socket whose server's name was verified. */
export function open(way, host) {
  return new Promise((resolve, reject) => {
    const tcp = connectTcp(way.proxyPort ?? way.originPort, '127.0.0.1');
    tcp.setNoDelay(true);
    const late = setTimeout(() => tcp.destroy(new Error(`no TLS to ${host} within ${PATIENCE_MS} ms`)), PATIENCE_MS);
    const failed = (error) => {
      clearTimeout(late);
      tcp.destroy();
      reject(error ?? new Error(`connection to ${host} closed before TLS stood`));
    };
    tcp.once('error', failed).once('close', () => failed());
    const secure = () => {
      const tls = connectTls({
        socket: tcp,
        secureContext: way.context,
        servername: host,
        ALPNProtocols: [way.alpn],
        minVersion: 'TLSv1.3',
      });
      // A socket without a listener would take the whole load process with it.
      tls.on('error', () => {}).once('error', failed);
      tls.once('secureConnect', () => {
        clearTimeout(late);
        tls.off('error', failed);
        tcp.off('error', failed).removeAllListeners('close');
        if (way.alpn === 'h2' && tls.alpnProtocol !== 'h2') failed(new Error('HTTP/2 was refused'));
        else resolve(tls);
      });
    };
    if (way.proxyPort === null) tcp.once('connect', secure);
    else tcp.once('connect', () => ask(tcp, `${host}:${way.originPort}`, secure));
  });
}

function ask(tcp, authority, granted) {
  tcp.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  let answer = '';
  const read = (chunk) => {
    answer += chunk.toString('latin1');
    if (!answer.includes('\r\n\r\n')) return;
    tcp.off('data', read).pause();
    if (/^HTTP\/1\.[01] 200/.test(answer)) granted();
    else tcp.destroy(new Error(`CONNECT ${authority} was answered ${answer.slice(0, 60)}`));
  };
  tcp.on('data', read);
}

/** Closes as an app does that is through: close_notify, FIN, until the socket is gone. */
export function close(socket) {
  return new Promise((done) => {
    if (socket.destroyed) return done();
    const late = setTimeout(() => socket.destroy(), 5000);
    socket.once('close', () => {
      clearTimeout(late);
      done();
    });
    socket.on('error', () => {}).resume();
    socket.end();
  });
}

/** One keep-alive HTTP/1.1 connection. `ask` takes a request's number; the answer is compared before `answered` is called. */
export class Http1 {
  #head;
  #at;
  #id = 0;
  #got = [];
  #status = '';
  answered = () => {};
  failed = () => {};

  constructor(socket, authority) {
    this.socket = socket;
    const head = `POST /r/${number(0)} HTTP/1.1\r\nHost: ${authority}\r\nUser-Agent: bench\r\nAccept: */*\r\nContent-Type: application/octet-stream\r\nContent-Length: ${SMALL}\r\n\r\n`;
    this.#head = Buffer.from(head);
    this.#at = head.indexOf(number(0));
    const reader = new MessageReader({
      head: (text) => (this.#status = text.slice(9, 12)),
      body: (bytes) => this.#got.push(bytes),
      end: () => this.#end(),
    });
    socket.on('data', (chunk) => reader.feed(chunk));
    socket.on('error', (error) => this.failed(error)).on('close', () => this.failed(new Error('the connection was closed')));
  }

  ask(id) {
    this.#id = id;
    const out = Buffer.allocUnsafe(this.#head.length + SMALL);
    this.#head.copy(out);
    out.latin1Write(number(id), this.#at);
    putUp(out, this.#head.length, id);
    this.socket.write(out);
  }

  #end() {
    const body = this.#got.length === 1 ? this.#got[0] : Buffer.concat(this.#got);
    this.#got = [];
    if (this.#status === '200' && isDown(body, this.#id)) this.answered(this.#id);
    else this.failed(new Error(`request ${this.#id} was answered ${this.#status} with other bytes: ${body.toString('latin1', 0, 80)}`));
  }
}

/** One HTTP/2 session; any number of requests at a time. */
export class Http2 {
  #session;
  #asked = new Map();
  #next = 1;
  answered = () => {};
  failed = () => {};

  constructor(socket, authority) {
    this.socket = socket;
    this.authority = authority;
    this.#session = new Session(socket, 'client', {
      data: (stream, bytes, ended) => this.#data(stream, bytes, ended),
      reset: (stream, code) => this.#asked.has(stream) && this.failed(new Error(`HTTP/2 stream ${stream} was reset with code ${code}`)),
      fail: (error) => this.failed(error),
    });
    socket.on('error', (error) => this.failed(error)).on('close', () => this.failed(new Error('the session was closed')));
  }

  ask(id) {
    const stream = this.#next;
    this.#next += 2;
    this.#asked.set(stream, { id, got: [] });
    const body = Buffer.allocUnsafe(SMALL);
    putUp(body, 0, id);
    this.#session.send(stream, requestHeaders(this.authority, `/h2/${number(id)}`, SMALL), body);
  }

  #data(stream, bytes, ended) {
    const one = this.#asked.get(stream);
    if (one === undefined) return;
    if (bytes.length > 0) one.got.push(ended ? bytes : Buffer.from(bytes));
    if (!ended) return;
    this.#asked.delete(stream);
    const body = one.got.length === 1 ? one.got[0] : Buffer.concat(one.got);
    if (isDown(body, one.id)) this.answered(one.id);
    else this.failed(new Error(`request ${one.id} was answered over HTTP/2 with other bytes: ${body.toString('latin1', 0, 80)}`));
  }
}

/** GETs a path once over a connection of its own. `pace` null: as fast as it comes; else `{ bytes, everyMs, forMs }`. Times in ms. */
export async function get(way, { host, path, pace }) {
  const began = performance.now();
  const socket = await open(way, host);
  const secured = performance.now();
  return await new Promise((resolve, reject) => {
    let bytes = 0;
    let first = 0;
    const reader = new MessageReader({
      head: (text) => text.slice(9, 12) === '200' || reject(new Error(`${path} was answered ${text.slice(0, 60)}`)),
      body: (piece) => {
        first ||= performance.now();
        bytes += piece.length;
      },
      end: () => {
        const ended = performance.now();
        socket.off('close', early);
        close(socket).then(() =>
          resolve({ bytes, tlsMs: secured - began, firstMs: first - secured, bodyMs: ended - secured, allMs: ended - began }),
        );
      },
    });
    const early = () => reject(new Error(`${path} ended after ${bytes} bytes`));
    socket.on('data', (chunk) => reader.feed(chunk));
    socket.on('error', reject).on('close', early);
    if (pace !== null) slowDown(socket, pace);
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${way.originPort}\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n`);
  });
}

/** Takes `bytes` every `everyMs`; after `forMs` as fast as they come. */
function slowDown(socket, { bytes, everyMs, forMs }) {
  const until = performance.now() + forMs;
  let allowed = bytes;
  const take = (chunk) => {
    allowed -= chunk.length;
    if (allowed <= 0) socket.pause();
  };
  const timer = setInterval(() => {
    allowed = bytes;
    socket.resume();
    if (performance.now() < until) return;
    clearInterval(timer);
    socket.off('data', take);
  }, everyMs);
  socket.on('data', take).once('close', () => clearInterval(timer));
}
