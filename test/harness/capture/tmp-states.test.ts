import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Recorder } from '../../../harness/model/recorder.js';
import { farServer, lab, onHead, openRig, received, sha256, tlsThrough, tunnel, until } from './rig.js';
import type { Rig } from './rig.js';

const HOST = 'api.example.com';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ engine: 'pipeline' });
});
afterEach(() => rig.dispose());

async function serving(
  serve: Parameters<typeof farServer>[0],
  tls: Parameters<typeof farServer>[1] = {},
): Promise<Awaited<ReturnType<typeof farServer>>> {
  const server = rig.keep(await farServer(serve, tls));
  rig.route(HOST, server.port);
  return server;
}

describe('a server that dies in the middle of a body', () => {
  test.each([
    { name: 'with a length', head: 'Content-Length: 100000\r\n', body: 'a'.repeat(50_000), kept: 50_000 },
    { name: 'in chunks', head: 'Transfer-Encoding: chunked\r\n', body: `1388\r\n${'a'.repeat(5000)}\r\n`, kept: 5000 },
  ])('$name: the app sees a broken body too, and only what the server sent is kept, as truncated', async ({ head, body, kept }) => {
    const answer = `HTTP/1.1 200 OK\r\n${head}\r\n${body}`;
    await serving((socket) => onHead(socket, () => void socket.write(answer, () => socket.destroy())));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app)).text).toBe(answer);
    const { flows, sha } = await rig.caught();
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject({
      state: 'truncated',
      response: { status: 200 },
      bodies: [{ of: 'response', state: 'truncated', bytes: kept }],
    });
    expect(sha(flows[0], 'response')).toBe(sha256('a'.repeat(kept)));
  });

  test('without a length and by a reset: the app sees an error, not an end', async () => {
    const sockets: Socket[] = [];
    await serving((socket) => {
      sockets.push(socket);
      onHead(socket, () => void socket.write('HTTP/1.1 200 OK\r\n\r\npart'));
    }, null);
    const { socket } = await tunnel(rig, `${HOST}:80`);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(socket, (t) => t.endsWith('part'))).text).toBe('HTTP/1.1 200 OK\r\n\r\npart');
    sockets[0]?.resetAndDestroy();
    expect(await received(socket)).toEqual({ text: '', ended: 'error' });
    expect((await rig.caught()).flows[0]).toMatchObject({
      state: 'truncated',
      reason: 'the server stopped early: ECONNRESET',
      bodies: [{ state: 'truncated' }],
    });
  });

  test('before any answer: no response is recorded', async () => {
    await serving((socket) => onHead(socket, () => socket.destroy()));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc');
    expect((await received(app)).text).toBe('');
    const { flows, text } = await rig.caught();
    expect(flows[0]).toMatchObject({ state: 'truncated', response: null, bodies: [{ of: 'request', state: 'whole' }] });
    expect(text(flows[0], 'request')).toBe('abc');
  });
});

describe('an app that goes away', () => {
  test('during a download: the server is stopped, and what came is kept as aborted', async () => {
    let sent = 0;
    const server = await serving((socket) =>
      onHead(socket, () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 524288000\r\n\r\n');
        const more = (): void => {
          while (!socket.destroyed && sent < 524_288_000) {
            sent += 65_536;
            if (!socket.write(Buffer.alloc(65_536, 97))) return void socket.once('drain', more);
          }
        };
        more();
      }),
    );
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET /endless HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.length > 1024 * 1024);
    app.destroy();
    await until(() => server.sockets.size === 0);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    const [flow] = (await rig.caught()).flows;
    expect(flow).toMatchObject({ state: 'aborted', bodies: [{ of: 'response', state: 'aborted' }] });
    expect(flow?.bodies[0]?.bytes).toBeGreaterThan(1024 * 1024);
  });

  test('while the server thinks: the server sees it go, and whose request it was is still known', async () => {
    let arrived = 0;
    const server = await serving((socket) =>
      onHead(socket, () => {
        arrived += 1;
      }),
    );
    const apps = await Promise.all(Array.from({ length: 10 }, () => tlsThrough(rig, `${HOST}:443`)));
    apps.forEach((app, i) => rig.owners.set(app.localPort ?? 0, 5000 + i));
    for (const app of apps) app.write('GET /hang HTTP/1.1\r\n\r\n');
    await until(() => arrived === apps.length);
    // A handset forgets a port soon after its socket closed.
    rig.owners.clear();
    for (const app of apps) app.end();
    await until(() => server.sockets.size === 0);
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.response])).toEqual(Array.from({ length: 10 }, () => ['aborted', null]));
    expect(flows.map((flow) => flow.owner.pid).toSorted()).toEqual(apps.map((_, i) => 5000 + i));
  });

  test('in the middle of a head: kept as an aborted request without a head, never sent on as whole', async () => {
    const half = 'GET /echo HTTP/1.1\r\nHost: a';
    let got = '';
    await serving((socket) => socket.on('data', (chunk: Buffer) => void (got += chunk.toString())));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write(half);
    await until(() => got === half);
    app.destroy();
    await until(() => app.closed);
    await rig.proxy.idle();
    const { flows, text } = await rig.caught();
    expect(flows[0]).toMatchObject({ host: HOST, state: 'aborted', request: null, response: null });
    expect(text(flows[0], 'request')).toBe('GET /echo HTTP/1.1\r\nHost: a');
  });
});

describe('bytes that are not HTTP', () => {
  test.each([
    { name: 'binary', hex: '01020009fffe05' },
    { name: 'from 0x00', hex: '000000050102030405' },
    { name: 'that begin like TLS', hex: '160301ffff00' },
    { name: 'that begin like HTTP', hex: Buffer.from('EHLO me\r\n').toString('hex') },
  ])('$name: pass both ways, are hashed, and are a gap', async ({ hex }) => {
    const bytes = Buffer.from(hex, 'hex');
    await serving((socket) => socket.on('data', (chunk) => socket.write(chunk)).on('end', () => socket.end()), null);
    const { socket } = await tunnel(rig, `${HOST}:9999`);
    socket.write(bytes);
    expect((await received(socket, (t) => t.length === bytes.length)).text).toBe(bytes.toString('latin1'));
    socket.end();
    await until(() => socket.readableEnded || socket.resume().readableEnded);
    const { flows, gaps, sha } = await rig.caught();
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject({ host: HOST, port: 9999, state: 'opaque' });
    expect([sha(flows[0], 'request'), sha(flows[0], 'response')]).toEqual([sha256(bytes), sha256(bytes)]);
    expect(gaps.map((gap) => [gap.what, gap.scope.host])).toEqual([['opaque', HOST]]);
  });

  test('inside TLS', async () => {
    const mqtt = Buffer.from('100c00044d5154540402003c0000', 'hex');
    await serving((socket) => socket.on('data', (chunk) => socket.write(chunk)));
    const app = await tlsThrough(rig, `${HOST}:8883`);
    app.write(mqtt);
    await received(app, (t) => t.length === mqtt.length);
    app.end();
    const { flows, sha } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'opaque', scheme: 'https', sni: HOST }]);
    expect(sha(flows[0], 'request')).toBe(sha256(mqtt));
  });

  test('a server that speaks first is heard', async () => {
    await serving((socket) => void socket.write('220 hello\r\n'), null);
    const { socket } = await tunnel(rig, `${HOST}:25`);
    expect((await received(socket, (t) => t.endsWith('\n'))).text).toBe('220 hello\r\n');
    socket.destroy();
    const { flows, text } = await rig.caught();
    expect([flows[0]?.state, text(flows[0], 'request'), text(flows[0], 'response')]).toEqual(['opaque', '', '220 hello\r\n']);
  });

  test('a WebSocket passes with all it negotiates; what a server sends that is no frame is kept, with a gap that names it', async () => {
    let offered = '';
    await serving((socket) => {
      let upgraded = false;
      socket.on('data', (chunk: Buffer) => {
        if (upgraded) return void socket.write(chunk);
        offered = chunk.toString();
        upgraded = true;
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: chat.v2\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\nfirst',
        );
      });
    });
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write(
      'GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: chat.v1, chat.v2\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n',
    );
    expect((await received(app, (t) => t.endsWith('first'))).text).toContain('Sec-WebSocket-Protocol: chat.v2');
    const hello = Buffer.from('8185123456785a513a147d', 'hex');
    app.write(hello);
    expect((await received(app, (t) => t.length === hello.length)).text).toBe(hello.toString('latin1'));
    expect(offered).toContain('Sec-WebSocket-Extensions: permessage-deflate');
    // A channel at rest is not in flight.
    await rig.proxy.idle();
    const { flows, gaps, text, sha } = await rig.caught();
    expect(flows).toMatchObject([
      { n: 2, state: 'whole', request: null, websocket: { kind: 'message', channel: 1, opcode: 'text' } },
      { n: 1, state: 'opaque', request: { target: '/ws' }, response: { status: 101 } },
    ]);
    expect([text(flows[0], 'request'), text(flows[1], 'response').slice(0, 5)]).toEqual(['Hello', 'first']);
    expect(sha(flows[1], 'request')).toBe(sha256(hello));
    expect(gaps.map((gap) => [gap.what, gap.why])).toEqual([['websocket', 'websocket-opcode: response']]);
  });

  test('a refused WebSocket is an ordinary exchange', async () => {
    await serving((socket) => onHead(socket, () => void socket.write('HTTP/1.1 403 No\r\nX-Why: no\r\nContent-Length: 6\r\n\r\ndenied')));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    await received(app, (t) => t.endsWith('denied'));
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'whole', response: { status: 403 }, websocket: null }]);
    expect(text(flows[0], 'response')).toBe('denied');
  });
});

describe('the store and the clock', () => {
  test('a body over the limit is cut in the store and whole for the app', async () => {
    rig.dispose();
    rig = await openRig({ engine: 'pipeline', bodyLimitBytes: 1000 });
    await serving((socket) =>
      onHead(socket, () => void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(5000)}`)),
    );
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('x'.repeat(5000)));
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'cut', bodies: [{ bytes: 5000, length: 1000, state: 'cut' }] }]);
    expect(gaps.map((gap) => [gap.source, gap.what, gap.why, gap.scope.host])).toEqual([
      ['proxy', 'body-cut', 'over-limit: response, 1000 of 5000 bytes kept', HOST],
    ]);
  });

  test("when the store takes nothing more the app's traffic goes on, and idle() says why", async () => {
    rig.dispose();
    const full = new Error('disk full');
    rig = await openRig({ engine: 'pipeline',
      recorder: (real): Recorder => ({
        clock: real.clock,
        body: (of) => real.body(of),
        raw: (bytes) => real.raw(bytes),
        key: (line) => real.key(line),
        file: real.file.bind(real),
        valueRef: real.valueRef.bind(real),
        gap: real.gap.bind(real),
        write: () => {
          throw full;
        },
      }),
    });
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    for (const _ of [1, 2]) {
      app.write('GET / HTTP/1.1\r\n\r\n');
      expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
    }
    await expect(rig.proxy.idle()).rejects.toBe(full);
  });

  test('an exchange holds the run clock from its first byte until its flow is written; an idle connection does not', async () => {
    let answer: (() => void) | null = null;
    await serving((socket) =>
      onHead(socket, () => {
        answer = () => void socket.write(OK);
      }),
    );
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await until(() => answer !== null);
    const began = performance.now();
    const waited = rig.clock.wait(3_600_000, 'test');
    // A clock that is not held jumps to the next timer at once.
    await new Promise<void>((resolve) => rig.clock.setTimer(resolve, 60));
    expect(performance.now() - began).toBeGreaterThanOrEqual(59);
    expect(rig.clock.now().ms).toBeLessThan(60_000);
    (answer as (() => void) | null)?.();
    await received(app, (t) => t.endsWith('ok'));
    await waited;
    expect(rig.clock.now().ms).toBeGreaterThanOrEqual(3_600_000);
    expect(app.destroyed).toBe(false);
    const [flow] = (await rig.caught()).flows;
    expect(flow?.times.responseLast?.ms).toBeLessThan(60_000);
  });

  test("a connection may rest longer than the five seconds after which Node's own server would end it", async () => {
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    for (const restMs of [5500, 0]) {
      app.write('GET / HTTP/1.1\r\n\r\n');
      expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    expect((await rig.caught()).flows.map((flow) => flow.state)).toEqual(['whole', 'whole']);
  });

  test('idle() waits until the flow of the last exchange is written', async () => {
    const written: string[] = [];
    rig.dispose();
    rig = await openRig({ engine: 'pipeline',
      recorder: (real): Recorder => ({
        clock: real.clock,
        body: (of) => real.body(of),
        raw: (bytes) => real.raw(bytes),
        key: (line) => real.key(line),
        file: real.file.bind(real),
        valueRef: real.valueRef.bind(real),
        gap: real.gap.bind(real),
        write: (event) => {
          written.push(event.kind);
          return real.write(event);
        },
      }),
    });
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc');
    await received(app, (t) => t.endsWith('ok'));
    await rig.proxy.idle();
    expect(written).toEqual(['flow']);
  });

  test('what is in flight when the run ends is recorded as such', async () => {
    let arrived = false;
    await serving((socket) =>
      onHead(socket, () => {
        arrived = true;
      }),
    );
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET /slow HTTP/1.1\r\n\r\n');
    const { socket } = await tunnel(rig, `${HOST}:443`);
    const idle = connectTls({ socket, servername: HOST, ca: lab.certPem });
    // Its ticket: both sides are done with the handshake.
    await once(idle, 'session');
    await until(() => arrived);
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.reason]).toSorted()).toEqual([
      ['aborted', 'the run ended'],
      ['refused', 'tls-silence'],
    ]);
    idle.destroy();
  });
});
