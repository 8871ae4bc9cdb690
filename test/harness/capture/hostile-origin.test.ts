import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ENGINES, HOST, OK, alive, plainTunnel, serving } from './hostile-rig.js';
import { farServer, onHead, openRig, received, sha256, tlsThrough, until } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
afterEach(() => rig.dispose());

/** Writes what `next` gives until it gives null, as fast as the reader takes it. */
function pour(socket: Socket, next: () => Buffer | null): void {
  const more = (): void => {
    for (let chunk = next(); chunk !== null && !socket.destroyed; chunk = next())
      if (!socket.write(chunk)) return void socket.once('drain', more);
  };
  more();
}

describe.each(ENGINES)('a hostile server, through the %s', (engine) => {
  beforeEach(async () => {
    rig = await openRig({ engine });
  });

  test('headers without end: the app gets them, memory stays, and the proxy lives', async () => {
    const line = Buffer.from(`X-Long: ${'y'.repeat(8000)}\r\n`.repeat(8));
    await serving(rig, (socket) =>
      onHead(socket, () => {
        socket.write('HTTP/1.1 200 OK\r\n');
        pour(socket, () => line);
      }),
    );
    const app = await tlsThrough(rig, `${HOST}:443`);
    const before = process.memoryUsage().rss;
    app.write('GET / HTTP/1.1\r\n\r\n');
    let bytes = 0;
    for await (const chunk of app) {
      bytes += (chunk as Buffer).length;
      if (bytes > 20_000_000) break;
    }
    await alive(rig);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
    expect((await rig.caught()).flows.filter((flow) => flow.host === HOST)).toMatchObject([
      { state: 'opaque', reason: expect.stringMatching(/^response-malformed: a head of more than 262144 bytes/) as unknown },
    ]);
  });

  test.each([
    ['behind the end of an answer', OK],
    ['behind a 204', 'HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n'],
    ['behind a 304', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n'],
  ])('bytes %s do not become part of it, and reach the app', async (_, answer) => {
    await serving(rig, (socket) => onHead(socket, () => void socket.write(`${answer}GARBAGE`)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app, (t) => t.endsWith('GARBAGE'))).text).toBe(`${answer}GARBAGE`);
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => [flow.state, text(flow, 'response')])).toEqual([
      ['whole', answer === OK ? 'ok' : ''],
      ['opaque', 'GARBAGE'],
    ]);
  });

  test('a second answer to one request is none of its own', async () => {
    await serving(rig, (socket) => onHead(socket, () => void socket.write(`${OK}${OK}`)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app, (t) => t === `${OK}${OK}`)).text).toBe(`${OK}${OK}`);
    const { flows, text } = await rig.caught();
    expect(flows.map(({ state, request }) => [state, request?.target])).toEqual([
      ['whole', '/'],
      ['opaque', undefined],
    ]);
    expect(text(flows[1], 'response')).toBe(OK);
  });

  test.each([
    ['to nothing', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['to something', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: rubbish\r\n\r\n'],
  ])('a switch of protocols that nobody asked for, %s: bytes pass both ways, are kept, and are told as unread', async (_, answer) => {
    await serving(rig, (socket) => {
      let switched = false;
      socket.on('data', (chunk: Buffer) => {
        socket.write(switched ? chunk : `${answer}server says`);
        switched = true;
      });
    });
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app, (t) => t.endsWith('server says'))).text).toBe(`${answer}server says`);
    app.write('app says');
    expect((await received(app, (t) => t === 'app says')).text).toBe('app says');
    app.end();
    const { flows, gaps, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'opaque', request: { target: '/' }, response: { status: 101 }, websocket: null }]);
    expect([text(flows[0], 'request'), text(flows[0], 'response')]).toEqual(['app says', 'server saysapp says']);
    expect(gaps.map(({ what }) => what)).toEqual(['opaque']);
  });

  test('a flood of interim answers: all pass, and the record stays small', async () => {
    const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const flood = hint.repeat(100_000);
    await serving(rig, (socket) => onHead(socket, () => void socket.write(`${flood}${OK}`)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    let bytes = 0;
    let last = '';
    for await (const chunk of app) {
      bytes += (chunk as Buffer).length;
      last = (last + (chunk as Buffer).toString('latin1')).slice(-OK.length);
      if (bytes === flood.length + OK.length) break;
    }
    expect([bytes, last]).toEqual([flood.length + OK.length, OK]);
    const { flows, gaps, text } = await rig.caught();
    expect(flows).toMatchObject([
      {
        state: 'opaque',
        reason: expect.stringMatching(/^response-malformed: too many interim responses/) as unknown,
        request: { target: '/' },
      },
    ]);
    expect(text(flows[0], 'response').endsWith(`${hint}${OK}`)).toBe(true);
    expect(gaps.map(({ what, scope }) => [what, scope.host])).toEqual([['opaque', HOST]]);
  });

  test('a thousand interim answers are all recorded', async () => {
    const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    await serving(rig, (socket) => onHead(socket, () => void socket.write(`${hint.repeat(1000)}${OK}`)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(`${hint.repeat(1000)}${OK}`);
    const { flows } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'whole', response: { status: 200 } }]);
    expect(flows[0]?.response?.interim).toHaveLength(1000);
  });

  test('a fatal TLS alert in the middle of a body: cut short for the app too, and recorded with the alert', async () => {
    const server = await farServer(
      (socket) => onHead(socket, () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart')),
      {},
    );
    rig.keep(server);
    const apps: Socket[] = [];
    // Between the proxy and the server: a record that fits nothing makes the server send an alert.
    const between = rig.keep(
      await farServer((socket) => {
        const up = connect({ host: '127.0.0.1', port: server.port });
        up.on('error', () => {});
        socket.pipe(up).pipe(socket);
        apps.push(up);
      }, null),
    );
    rig.route(HOST, between.port);
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('part'));
    apps[0]?.write(Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32, 9)]));
    expect((await received(app)).text).toBe('');
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([
      { state: 'truncated', response: { status: 200 }, reason: expect.stringMatching(/ALERT_BAD_RECORD_MAC/) as unknown },
    ]);
    expect([text(flows[0], 'response'), flows[0]?.bodies[0]?.state]).toEqual(['part', 'truncated']);
  });

  test('a connection that ends without a word of TLS about it: a body that is not whole is told as cut short', async () => {
    await serving(rig, (socket) =>
      onHead(socket, () => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart', () => socket.destroy())),
    );
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app)).text).toMatch(/part$/);
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'truncated', bodies: [{ of: 'response', state: 'truncated', bytes: 4 }] }]);
    expect(text(flows[0], 'response')).toBe('part');
  });

  test('an answer before the request, and one to half a request, are kept and called what they are', async () => {
    await serving(rig, (socket) => socket.once('data', () => void socket.write(OK)), null);
    const app = await plainTunnel(rig);
    app.write('POST /half HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc');
    const { text: got } = await received(app, (t) => t.endsWith('ok'));
    expect(got).toBe(OK);
    app.destroy();
    await until(() => rig.flows() === 1);
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([
      {
        state: 'aborted',
        response: { status: 200 },
        bodies: [
          { of: 'request', state: 'aborted', bytes: 3 },
          { of: 'response', state: 'whole' },
        ],
      },
    ]);
    expect([text(flows[0], 'request'), text(flows[0], 'response')]).toEqual(['abc', 'ok']);
  });
});

describe.each(ENGINES)('a gibibyte of zeros, packed, through the %s', (engine) => {
  const piece = gzipSync(Buffer.alloc(8 * 1024 * 1024));
  const PIECES = 128;
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${piece.length * PIECES}\r\n\r\n`;

  async function bomb(limit: number | null): Promise<void> {
    rig = await openRig({ engine, ...(limit === null ? {} : { bodyLimitBytes: limit }) });
    await serving(rig, (socket) =>
      onHead(socket, () => {
        socket.write(head);
        let left = PIECES;
        pour(socket, () => ((left -= 1) < 0 ? null : piece));
      }),
    );
    const app = await tlsThrough(rig, `${HOST}:443`);
    const before = process.memoryUsage().rss;
    app.write('GET /bomb HTTP/1.1\r\n\r\n');
    let bytes = 0;
    for await (const chunk of app) {
      bytes += (chunk as Buffer).length;
      if (bytes === head.length + piece.length * PIECES) break;
    }
    // Unpacked anywhere it would be a gibibyte.
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  }

  test('passes as sent and is kept as sent', async () => {
    await bomb(null);
    const { flows, sha } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'whole', bodies: [{ of: 'response', bytes: piece.length * PIECES, state: 'whole' }] }]);
    expect(sha(flows[0], 'response')).toBe(sha256(Buffer.concat(Array.from({ length: PIECES }, () => piece))));
  });

  test('beyond the limit of a body it is kept up to there, and told as cut', async () => {
    await bomb(65_536);
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([
      { state: 'cut', bodies: [{ of: 'response', bytes: piece.length * PIECES, length: 65_536, state: 'cut' }] },
    ]);
    expect(gaps).toMatchObject([{ what: 'body-cut', scope: { host: HOST } }]);
  });
});
