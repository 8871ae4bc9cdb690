import { once } from 'node:events';
import { connect as connectHttp2, createSecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { startChild } from './hostile-child.js';
import type { Child } from './hostile-child.js';
import { HOST, OK } from './hostile-rig.js';
import { far, farServer, onHead, received, until } from './rig.js';

const things: { close(): unknown }[] = [];
afterEach(() => {
  for (const thing of things.splice(0)) thing.close();
});

async function child(originPort: number, mostFiles: number | null = null): Promise<Child> {
  const started = await startChild(originPort, mostFiles);
  things.push({ close: () => started.dispose() });
  return started;
}

async function toChild({ port }: Child, bytes: string | Buffer = ''): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => {});
  things.push({ close: () => void socket.destroy() });
  await once(socket, 'connect');
  if (bytes.length > 0) socket.write(bytes);
  return socket;
}

describe('500 disconnects, at every point of a connection', () => {
  /** HTTP/1 and HTTP/2 over TLS; `/big` never ends, the others are never answered. */
  async function origin(): Promise<number> {
    const server = createSecureServer(
      { allowHTTP1: true, SNICallback: (name, done) => done(null, far.context(name)) },
      (request, response) => {
        request.on('error', () => {});
        response.on('error', () => {});
        if (request.url !== '/big') return void request.resume();
        response.write(Buffer.alloc(200_000, 97));
      },
    );
    server.on('clientError', (_, socket) => socket.destroy()).on('sessionError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    things.push(server);
    return (server.address() as AddressInfo).port;
  }

  const tunnel = async (to: Child): Promise<Socket> => {
    const socket = await toChild(to, `CONNECT ${HOST}:443 HTTP/1.1\r\n\r\n`);
    await received(socket, (text) => text.endsWith('\r\n\r\n'));
    return socket;
  };
  const tls = async (to: Child, alpn: string): Promise<{ readonly raw: Socket; readonly app: TLSSocket }> => {
    const raw = await tunnel(to);
    const app = connectTls({ socket: raw, servername: HOST, ca: to.labCaPem, ALPNProtocols: [alpn] });
    app.on('error', () => {});
    await once(app, 'secureConnect');
    return { raw, app };
  };
  const saying = async (to: Child, request: string): Promise<Socket> => {
    const { raw, app } = await tls(to, 'http/1.1');
    app.write(request);
    return raw;
  };
  const HELLO_BEGINS = Buffer.from('1603010200010001fc0303', 'hex');
  /** Each leads a connection to its point and gives its socket. */
  const POINTS: Readonly<Record<string, (to: Child) => Promise<Socket>>> = {
    'nothing said': (to) => toChild(to),
    'a letter': (to) => toChild(to, 'C'),
    'half a CONNECT': (to) => toChild(to, `CONNECT ${HOST}:443 HTTP/1.1\r\nHost:`),
    'CONNECT, not waited for': (to) => toChild(to, `CONNECT ${HOST}:443 HTTP/1.1\r\n\r\n`),
    'a tunnel': tunnel,
    'half a ClientHello': async (to) => {
      const socket = await tunnel(to);
      socket.write(HELLO_BEGINS);
      return socket;
    },
    'half a ClientHello at the door': (to) => toChild(to, HELLO_BEGINS),
    'a ClientHello': async (to) => {
      const socket = await tunnel(to);
      connectTls({ socket, servername: HOST }).on('error', () => {});
      return socket;
    },
    'a certificate refused': async (to) => {
      const socket = await tunnel(to);
      const app = connectTls({ socket, servername: HOST, ca: far.certPem }).on('error', () => {});
      await new Promise((closed) => app.once('close', closed));
      return socket;
    },
    'a handshake': async (to) => (await tls(to, 'http/1.1')).raw,
    'half a head': (to) => saying(to, 'GET /half HTTP/1.1\r\nHost: a'),
    'a request': (to) => saying(to, 'GET /hang HTTP/1.1\r\n\r\n'),
    'half a body': (to) => saying(to, 'POST /half HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc'),
    'half a chunk': (to) => saying(to, 'POST /half HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc'),
    'in the middle of an answer': async (to) => {
      const { raw, app } = await tls(to, 'http/1.1');
      app.write('GET /big HTTP/1.1\r\n\r\n');
      await received(app, (text) => text.length > 50_000);
      return raw;
    },
    'half a request for the proxy': (to) => toChild(to, `GET http://${HOST}/ HTTP/1.1\r\nHo`),
    'a request for the proxy': (to) => toChild(to, `GET http://nowhere.invalid/ HTTP/1.1\r\n\r\n`),
    'a SOCKS greeting': (to) => toChild(to, Buffer.from([5, 1, 0])),
    'half a SOCKS request': (to) => toChild(to, Buffer.from([5, 1, 0, 5, 1, 0, 3, 20, 97])),
    'a SOCKS tunnel': (to) =>
      toChild(to, Buffer.concat([Buffer.from([5, 1, 0, 5, 1, 0, 3, HOST.length]), Buffer.from(HOST), Buffer.from([1, 187])])),
    'HTTP/2, preface only': async (to) => {
      const { raw, app } = await tls(to, 'h2');
      app.write('PRI * HTTP/2.0\r\n\r\n');
      return raw;
    },
    'HTTP/2, a session': async (to) => {
      const { raw, app } = await tls(to, 'h2');
      await once(
        connectHttp2(`https://${HOST}`, { createConnection: () => app }).on('error', () => {}),
        'remoteSettings',
      );
      return raw;
    },
    'HTTP/2, a stream': async (to) => {
      const { raw, app } = await tls(to, 'h2');
      const session = connectHttp2(`https://${HOST}`, { createConnection: () => app }).on('error', () => {});
      session.request({ ':path': '/hang' }).on('error', () => {});
      return raw;
    },
    'HTTP/2, in the middle of an answer': async (to) => {
      const { raw, app } = await tls(to, 'h2');
      const session = connectHttp2(`https://${HOST}`, { createConnection: () => app }).on('error', () => {});
      const stream = session.request({ ':path': '/big' }).on('error', () => {});
      await once(stream, 'data');
      return raw;
    },
    noise: (to) => toChild(to, Buffer.from('ff00ff00ff', 'hex')),
  };
  const LEAVE: readonly ((socket: Socket) => void)[] = [
    (socket) => void socket.destroy(),
    (socket) => void socket.resetAndDestroy(),
    (socket) => void socket.end(),
    (socket) => setImmediate(() => void socket.resetAndDestroy()),
  ];

  async function round(to: Child, times: number): Promise<void> {
    for (let i = 0; i < times; i += 1)
      await Promise.all(
        Object.values(POINTS).map(async (lead, n) => {
          const socket = await lead(to);
          LEAVE[(i + n) % LEAVE.length]?.(socket);
        }),
      );
  }

  test('descriptors and memory come back to the start, and the run reads', { timeout: 120_000 }, async () => {
    const to = await child(await origin());
    const before = to.descriptors();
    // Warm: what is loaded and kept once, and the LRU of contexts.
    await round(to, 4);
    // Two descriptors: bodies and keys of the run.
    await until(() => to.descriptors() <= before + 2);
    const early = await to.memory();
    await round(to, 16);
    await until(() => to.descriptors() <= before + 2);
    const late = await to.memory();
    const { code, events, interrupted, said } = await to.caught();
    expect(Object.keys(POINTS).length * 20).toBe(500);
    // 400 connections: a kilobyte kept of each would be seen.
    expect(late - early).toBeLessThan(1024 * 1024);
    expect([code, interrupted]).toEqual([0, false]);
    expect(said).not.toMatch(/Error|Warning|at .*\.js/);
    const flows = events.filter((event) => event.kind === 'flow');
    expect(flows.map(({ n }) => n).toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(flows.map((_, i) => i + 1));
    const of = (target: string): number => flows.filter(({ request }) => request?.target === target).length;
    // Those that were reset at once may not have arrived; nothing is told twice.
    expect(of('/big')).toBe(40);
    expect(of('/hang')).toBeGreaterThan(0);
    expect(of('/hang')).toBeLessThanOrEqual(40);
    expect(flows.filter(({ state }) => state === 'whole').map(({ request }) => request?.url)).toEqual([]);
  });
});

describe('no descriptor left', () => {
  test('the proxy stops before: each connection that it does not take is told, and it serves again afterwards', async () => {
    const server = await farServer((socket) => onHead(socket, () => void socket.write(OK)), null);
    things.push(server);
    const to = await child(server.port, 64);
    const before = to.descriptors();
    const sockets = await Promise.all(Array.from({ length: 100 }, () => toChild(to, `CONNECT ${HOST}:80 HTTP/1.1\r\n\r\n`)));
    const answers = await Promise.all(sockets.map((socket) => received(socket, (text) => text.endsWith('\r\n\r\n'))));
    const taken = answers.filter(({ text }) => text.startsWith('HTTP/1.1 200')).length;
    expect(taken).toBeGreaterThan(5);
    expect(answers.filter(({ text }) => text === '').length).toBe(100 - taken);
    expect(to.descriptors()).toBeLessThan(64);
    for (const socket of sockets) socket.destroy();
    await until(() => to.descriptors() <= before + 2);
    const app = await toChild(to, `GET http://${HOST}/again HTTP/1.1\r\n\r\n`);
    expect((await received(app, (text) => text.endsWith('ok'))).text).toBe(OK);
    const { code, events } = await to.caught();
    const flows = events.filter((event) => event.kind === 'flow');
    expect(code).toBe(0);
    expect(flows.filter(({ reason }) => reason === 'too-many-connections')).toHaveLength(100 - taken);
    expect(events.filter((event) => event.kind === 'gap' && event.what === 'not-taken')).toHaveLength(100 - taken);
    expect(flows.at(-1)).toMatchObject({ state: 'whole', request: { target: expect.stringContaining('/again') as unknown } });
  });
});
