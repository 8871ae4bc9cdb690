import type { Server, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Pair } from '../certificates.js';
import type { HeaderList } from '../record.js';
import { FIDELITY } from './fidelity.js';
import type { Log } from './log.js';

const TEXT = Buffer.from('贷款 application payload '.repeat(400));
const CODED: Readonly<Record<string, Buffer>> = {
  gzip: gzipSync(TEXT),
  br: brotliCompressSync(TEXT),
  // zstd -19 of TEXT; Node 20 cannot make it.
  zstd: Buffer.from('KLUv/WQwKR0BANjotLfmrL4gYXBwbGljYXRpb24gcGF5bG9hZCABAEso5+cYY/6khw==', 'base64'),
};
const EMPTY = new Uint8Array();

type Script = (socket: Socket, headers: HeaderList) => void;

const head = (status: string, headers: HeaderList): string =>
  `HTTP/1.1 ${status}\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;

/** Answers by path, byte for byte: what HTTP libraries would tidy up on the way out. */
const SCRIPTS: Readonly<Record<string, Script>> = {
  '/chunked': (socket) => {
    socket.write(head('200 OK', [['Content-Type', 'text/plain'], ['Trailer', 'X-End'], ['Transfer-Encoding', 'chunked']])); // prettier-ignore
    const parts = ['4\r\none,\r\n', '4\r\ntwo,\r\n', '5\r\nthree\r\n', '0\r\nX-End: yes\r\n\r\n'];
    for (const [at, part] of parts.entries()) setTimeout(() => socket.writable && socket.write(part), 30 * (at + 1));
  },
  '/encoded': (socket, headers) => {
    const coding = headers.find(([name]) => name.toLowerCase() === 'accept-encoding')?.[1] ?? '';
    const body = CODED[coding] ?? TEXT;
    socket.write(head('200 OK', [['Content-Type', 'text/plain'], ['Content-Encoding', coding], ['Content-Length', `${body.length}`]])); // prettier-ignore
    socket.write(body);
  },
  '/echo': (socket) => void socket.write(head('200 OK', [['Content-Type', 'application/json'], ['Content-Length', '94']])), // prettier-ignore
  '/204': (socket) => void socket.write(head('204 No Content', [['X-Which', '204']])),
  '/304': (socket) => void socket.write(head('304 Not Modified', [['ETag', '"v1"']])),
  '/hints': (socket) => {
    socket.write(head('103 Early Hints', [['Link', '</a.css>; rel=preload']]));
    setTimeout(() => socket.writable && socket.write(`${head('200 OK', [['Content-Length', '2']])}ok`), 50);
  },
  '/reason': (socket) => void socket.write(`${head('299 Quite Unusual', FIDELITY['/reason'].headers)}ok`),
  '/dup': (socket) => void socket.write(`${head('200 OK', FIDELITY['/dup'].headers)}ok`),
  '/abort-mid': (socket) => {
    socket.write(`${head('200 OK', [['Content-Length', '100000']])}${'a'.repeat(50_000)}`);
    setTimeout(() => socket.destroy(), 100);
  },
  '/abort-chunked': (socket) => {
    socket.write(`${head('200 OK', [['Transfer-Encoding', 'chunked']])}1388\r\n${'a'.repeat(5000)}\r\n`);
    setTimeout(() => socket.destroy(), 100);
  },
};

/** TLS, http/1.1 only, requests without a body. */
export function scripted(pair: Pair, log: Log): Server {
  return createServer({ ...pair, ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.on('error', () => {});
    let have = '';
    socket.on('data', (chunk: Buffer) => {
      have += chunk.toString('latin1');
      for (let end = have.indexOf('\r\n\r\n'); end >= 0; end = have.indexOf('\r\n\r\n')) {
        const text = have.slice(0, end);
        have = have.slice(end + 4);
        play(socket, text, log);
      }
    });
  });
}

function play(socket: TLSSocket, text: string, log: Log): void {
  const [first = '', ...lines] = text.split('\r\n');
  const [method = '', path = '', version = ''] = first.split(' ');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  const name: unknown = Reflect.get(socket, 'servername');
  log.request({ version: version.replace('HTTP/', ''), method, path, headers, sni: typeof name === 'string' ? name : null })(EMPTY);
  const script = SCRIPTS[path];
  if (script) script(socket, headers);
  else socket.end(head('404 Not Found', [['Content-Length', '0']]));
}
