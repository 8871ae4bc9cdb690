import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { sniffClientHello } from '../../../harness/capture/client-hello.js';
import { parseAuthority } from '../../../harness/capture/authority-form.js';
import { far, farServer, lab, onHead, openRig, received, tlsThrough, toProxy, tunnel, until } from './rig.js';
import type { Rig } from './rig.js';

const HOST = 'api.example.com';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

/** The proxy still serves, whatever came before. */
async function alive(): Promise<void> {
  const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.write(OK)), {}));
  rig.route('control.example.com', server.port);
  const app = await tlsThrough(rig, 'control.example.com:443');
  app.write('GET /control HTTP/1.1\r\n\r\n');
  expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
  app.destroy();
}

async function answerTo(bytes: string | Buffer): Promise<string> {
  const socket = await toProxy(rig);
  socket.write(bytes);
  const { text } = await received(socket);
  return text.split('\r\n')[0] ?? '';
}

describe('CONNECT to what is not host:port', () => {
  test.each([
    '../../x:443',
    '/etc/passwd',
    'a b:443',
    'a:0',
    'a:65536',
    'a:',
    ':443',
    'a..b:443',
    '[::1',
    '[zz]:443',
    'host',
    `${'x'.repeat(300)}:443`,
  ])('%j is answered 400, recorded, and writes no file', async (authority) => {
    const before = readdirSync(process.cwd());
    expect(await answerTo(`CONNECT ${authority} HTTP/1.1\r\nHost: x\r\n\r\n`)).toBe('HTTP/1.1 400 Bad Request');
    await alive();
    const { flows, gaps } = await rig.caught();
    expect(flows[0]).toMatchObject({ state: 'refused', response: null, request: null });
    expect(gaps[0]).toMatchObject({ what: 'bad-request' });
    // Without a host a gap would cover every host, and one bad line would hide all violations.
    expect(gaps[0]?.scope.host).not.toBeNull();
    expect(readdirSync(process.cwd())).toEqual(before);
  });

  test.each([
    ['Example.COM:443', { host: 'example.com', port: 443 }],
    ['a_b.example.com:8443', { host: 'a_b.example.com', port: 8443 }],
    ['[2001:DB8::1]:443', { host: '2001:db8::1', port: 443 }],
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['localhost', null],
  ])('%s reads as %j', (text, target) => expect(parseAuthority(text, null)).toEqual(target));
});

test('a tunnel to an IPv6 literal leads to that address, with a certificate for it', async () => {
  const server = createServer({ cert: far.leaf('::1').certPem, key: far.leaf('::1').keyPem }, (socket) => {
    socket.on('error', () => {});
    onHead(socket, () => void socket.write(OK));
  });
  await new Promise<void>((ready) => server.listen(0, '::1', ready));
  const address = server.address();
  rig.keep({ close: () => void server.close() });
  rig.route('::1', typeof address === 'object' && address !== null ? address.port : 0);
  const { socket } = await tunnel(rig, '[::1]:443');
  const app = connectTls({ socket, host: '::1', ca: lab.certPem });
  app.write('GET /six HTTP/1.1\r\n\r\n');
  await received(app, (t) => t.endsWith('ok'));
  app.destroy();
  expect((await rig.caught()).flows).toMatchObject([
    { host: '::1', port: 443, state: 'whole', peer: { ip: '::1' }, request: { url: 'https://[::1]/six' } },
  ]);
});

describe('garbage at the door', () => {
  test.each([
    ['bytes of no protocol', Buffer.from('0504010203ff', 'hex')],
    ['a page of our own', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a header that is none', 'GET http://a.example.com/ HTTP/1.1\r\nBad Header: 1\r\n\r\n'],
    ['another scheme', 'GET ftp://a.example.com/ HTTP/1.1\r\n\r\n'],
    ['a head without end', `GET http://a.example.com/ HTTP/1.1\r\n${'X: y\r\n'.repeat(60_000)}`],
    ['a giant authority', `CONNECT ${'a'.repeat(70_000)}:443 HTTP/1.1\r\n\r\n`],
    ['NUL in CONNECT', 'CONNECT a\0b:443 HTTP/1.1\r\n\r\n'],
    ['no version', 'CONNECT a:443\r\n\r\n'],
  ])('%s: refused, recorded, and the proxy lives', async (_, bytes) => {
    expect(await answerTo(bytes)).toMatch(/^(HTTP\/1\.1 (400 Bad Request|502 Bad Gateway))?$/);
    await alive();
    const { flows } = await rig.caught();
    expect(flows.map((flow) => flow.state)).toEqual(['refused', 'whole']);
  });

  test('half a head and gone', async () => {
    for (const half of [
      'C',
      'CONNECT a',
      'CONNECT api.example.com:443 HTTP/1.1\r\nHost:',
      'GET http://',
      'GET http://a.example.com/ HTTP/1.1\r\n',
    ]) {
      const socket = await toProxy(rig);
      await new Promise<void>((sent) => socket.write(half, () => sent()));
      socket.destroy();
    }
    await alive();
    await until(() => openSockets() === 0);
  });
});

describe('a hostile peer in the tunnel', () => {
  test('a malformed request passes as sent, is recorded as opaque, and is not repaired', async () => {
    let got = '';
    const server = rig.keep(
      await farServer(
        (socket) =>
          socket.on('data', (chunk) => {
            got += chunk.toString();
            socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
          }),
        {},
      ),
    );
    rig.route(HOST, server.port);
    const app = await tlsThrough(rig, `${HOST}:443`);
    const bad = 'GET / HTTP/1.1\r\nHost: a\r\nBad Header Name: 1\r\n\r\n';
    app.write(bad);
    expect((await received(app)).text).toContain('400');
    const { flows, gaps, text } = await rig.caught();
    expect(got).toBe(bad);
    expect([flows.length, flows[0]?.state, flows[0]?.request, text(flows[0], 'request'), gaps[0]?.what]).toEqual([
      1,
      'opaque',
      null,
      bad,
      'opaque',
    ]);
    expect(text(flows[0], 'response')).toContain('400');
  });

  test.each([
    ['Content-Length twice, unlike', 'Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
    ['a negative length', 'Content-Length: -1\r\n\r\n'],
    ['a length beyond all bounds', 'Content-Length: 99999999999999999999\r\n\r\n'],
    ['a chunk size beyond all bounds', 'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc'],
    ['a chunk longer than its size', 'Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size that is none', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ])('an answer with %s reaches the app as sent and is recorded as opaque', async (_, rest) => {
    const answer = `HTTP/1.1 200 OK\r\n${rest}`;
    const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.end(answer)), {}));
    rig.route(HOST, server.port);
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app)).text).toBe(answer);
    expect((await rig.caught()).flows.map((flow) => flow.state)).toEqual(['opaque']);
  });

  test('headers without end from a server: memory stays, the app gets them, the proxy lives', async () => {
    const line = Buffer.from(`X-Long: ${'y'.repeat(8000)}\r\n`.repeat(8));
    let sent = 0;
    const server = rig.keep(
      await farServer(
        (socket) =>
          onHead(socket, () => {
            socket.write('HTTP/1.1 200 OK\r\n');
            const more = (): void => {
              while (!socket.destroyed) {
                sent += line.length;
                if (!socket.write(line)) return void socket.once('drain', more);
              }
            };
            more();
          }),
        {},
      ),
    );
    rig.route(HOST, server.port);
    const app = await tlsThrough(rig, `${HOST}:443`);
    const before = process.memoryUsage().rss;
    app.write('GET / HTTP/1.1\r\n\r\n');
    let bytes = 0;
    for await (const chunk of app) {
      bytes += (chunk as Buffer).length;
      if (bytes > 20_000_000) break;
    }
    await alive();
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    expect((await rig.caught()).flows.filter((flow) => flow.host === HOST)).toMatchObject([{ state: 'opaque', request: { target: '/' } }]);
  });

  test('bytes behind the end of an answer do not become part of it', async () => {
    const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.write(`${OK}GARBAGE`)), {}));
    rig.route(HOST, server.port);
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('GARBAGE'));
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => [flow.state, text(flow, 'response')])).toEqual([
      ['whole', 'ok'],
      ['opaque', 'GARBAGE'],
    ]);
  });

  test('a ClientHello in one-byte pieces is still read', async () => {
    const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.write(OK)), {}));
    rig.route(HOST, server.port);
    const { socket } = await tunnel(rig, `${HOST}:443`);
    const pieces = new Duplex({
      read() {},
      final(done) {
        socket.end();
        done();
      },
      write(chunk: Buffer, _, done) {
        void (async () => {
          for (const byte of chunk) {
            socket.write(Buffer.from([byte]));
            await new Promise(setImmediate);
          }
          done();
        })();
      },
    });
    socket.on('data', (chunk) => pieces.push(chunk)).resume();
    const app = connectTls({ socket: pieces, servername: HOST, ca: lab.certPem });
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    expect((await rig.caught()).flows).toMatchObject([{ sni: HOST, state: 'whole' }]);
  });
});

test('300 abrupt disconnects leave no descriptor, no crash, and a line for each that spoke TLS', { timeout: 60_000 }, async () => {
  // Those of the tests before are still closing.
  await until(() => openSockets() === 0);
  const arrived = new Set<string>();
  const server = rig.keep(await farServer((socket) => onHead(socket, (head) => void arrived.add(head.split(' ')[1] ?? '')), {}));
  rig.route(HOST, server.port);
  const stderr = vi.spyOn(process.stderr, 'write');
  await alive();
  const acts: readonly ((socket: Socket, name: string) => Promise<void>)[] = [
    async (socket) => {
      socket.resetAndDestroy();
    },
    async (socket) => {
      connectTls({ socket, servername: HOST }).on('error', () => {});
      await new Promise(setImmediate);
      socket.destroy();
    },
    async (socket, name) => {
      const app = connectTls({ socket, servername: HOST, ca: lab.certPem }).on('error', () => {});
      app.write(`GET /hang/${name} HTTP/1.1\r\n\r\n`);
      await until(() => arrived.has(`/hang/${name}`));
      app.destroy();
    },
  ];
  for (let round = 0; round < 10; round += 1) {
    await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const socket = await toProxy(rig);
        socket.write(`CONNECT ${HOST}:443 HTTP/1.1\r\n\r\n`);
        if (i % 3 > 0) await received(socket, (t) => t.endsWith('\r\n\r\n'));
        await acts[i % 3]?.(socket, `${round}-${i}`);
      }),
    );
  }
  await until(() => openSockets() === 0 && server.sockets.size === 0);
  await alive();
  expect(stderr).not.toHaveBeenCalled();
  stderr.mockRestore();
  const { flows } = await rig.caught();
  expect(
    flows.filter((flow) => flow.host === HOST && flow.state === 'refused' && flow.scheme === 'https').length +
      flows.filter((flow) => flow.state === 'refused' && flow.reason?.startsWith('no-byte') === true).length,
  ).toBeGreaterThanOrEqual(100);
  expect(flows.filter((flow) => flow.request?.target.startsWith('/hang/') === true)).toHaveLength(100);
});

const openSockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;

describe('the ClientHello reader', () => {
  test('never throws and never reads past its end, whatever comes', () => {
    let seed = 7;
    const next = (): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed;
    };
    for (let i = 0; i < 20_000; i += 1) {
      const rest = Array.from({ length: next() % 120 }, () => (next() >> 8) % 256);
      const bytes = Buffer.from([0x16, 3, 1, 0, rest.length, 1, 0, 0, rest.length - 4, ...rest]);
      expect(['hello', 'more', 'other']).toContain(sniffClientHello(bytes).kind);
    }
  });
});
