import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Recorder } from '../../../harness/model/recorder.js';
import { ENGINES, farServer, lab, onHead, openRig, received, sha256, tlsThrough, tunnel, until } from './rig.js';
import type { Rig } from './rig.js';

const HOST = 'api.example.com';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
let rig: Rig;
afterEach(() => rig.dispose());

async function serving(
  serve: Parameters<typeof farServer>[0],
  tls: Parameters<typeof farServer>[1] = {},
): Promise<Awaited<ReturnType<typeof farServer>>> {
  const server = rig.keep(await farServer(serve, tls));
  rig.route(HOST, server.port);
  return server;
}

describe.each(ENGINES)('a server that dies in the middle of a body (%s)', (engine) => {
  beforeEach(async () => {
    rig = await openRig({ engine });
  });

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

describe.each(ENGINES)('an app that goes away (%s)', (engine) => {
  beforeEach(async () => {
    rig = await openRig({ engine });
  });

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
    if (engine === 'relay') await until(() => got === half);
    app.end();
    await until(() => rig.flows() === 1);
    expect(got).toBe(engine === 'relay' ? half : '');
    const { flows, text } = await rig.caught();
    expect(flows[0]).toMatchObject({ host: HOST, state: 'aborted', request: null, response: null });
    expect(text(flows[0], 'request')).toBe('GET /echo HTTP/1.1\r\nHost: a');
  });
});

describe.each(ENGINES)('the store and the clock (%s)', (engine) => {
  beforeEach(async () => {
    rig = await openRig({ engine });
  });

  test('a body over the limit is cut in the store and whole for the app', async () => {
    rig.dispose();
    rig = await openRig({ engine, bodyLimitBytes: 1000 });
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
    rig = await openRig({
      engine,
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
    rig = await openRig({
      engine,
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
      ['refused', 'run-ended'],
    ]);
    idle.destroy();
  });
});
