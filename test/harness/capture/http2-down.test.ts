import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { http1Origin, ok } from './http1-origin.js';
import { answerOf, ask, HOST, http2App } from './http2-rig.js';
import type { Got } from './http2-rig.js';
import { farServer, openRig, sha256, until } from './rig.js';
import type { Rig } from './rig.js';

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants;

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

describe('HTTP/2 from the app, HTTP/1.1 to the server', () => {
  test('a request with a length: both heads are translated, and recorded as their senders wrote them', async () => {
    const answer =
      'HTTP/1.1 299 Quite Unusual\r\nX-CamelCase: 1\r\nSet-Cookie: a=1\r\nConnection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\n\r\nhello';
    const origin = await http1Origin(rig, (_request, socket) => void socket.write(answer));
    const app = await http2App(rig);
    const got = await ask(
      app,
      { ':path': '/v1/up?a=%2B&b', ':method': 'POST', 'x-b': '1', cookie: ['c=1', 'd=2'], te: 'trailers', 'content-length': 3 },
      'abc',
    );
    expect([got.status, got.body.toString(), got.reset]).toEqual([299, 'hello', NGHTTP2_NO_ERROR]);
    expect(got.headers).toEqual([':status', '299', 'x-camelcase', '1', 'set-cookie', 'a=1', 'set-cookie', 'b=2', 'content-length', '5']);
    expect(origin.requests).toEqual([
      `POST /v1/up?a=%2B&b HTTP/1.1\r\nhost: ${HOST}:443\r\nx-b: 1\r\ncookie: c=1; d=2\r\nte: trailers\r\nconnection: te\r\ncontent-length: 3\r\n\r\nabc`,
    ]);
    const { flows, gaps, text } = await rig.caught();
    expect(gaps).toEqual([]);
    expect(flows).toMatchObject([
      {
        engine: 'http2',
        state: 'whole',
        synthetic: ['request-head', 'response-head'],
        tls: { client: { alpn: 'h2' }, upstream: { alpn: 'http/1.1' } },
        request: {
          method: 'POST',
          target: '/v1/up?a=%2B&b',
          version: 'HTTP/2',
          headers: [
            [':authority', `${HOST}:443`],
            ['x-b', '1'],
            ['cookie', 'c=1'],
            ['cookie', 'd=2'],
            ['te', 'trailers'],
            ['content-length', '3'],
          ],
        },
        response: { status: 299, reason: 'Quite Unusual', version: 'HTTP/1.1' },
      },
    ]);
    expect(flows[0]?.response?.headers).toContainEqual(['X-CamelCase', '1']);
    expect([text(flows[0], 'request'), text(flows[0], 'response')]).toEqual(['abc', 'hello']);
  });

  test('a request without a length goes in chunks, with its trailers', async () => {
    const origin = await http1Origin(rig, (_request, socket) => void socket.write(ok('ok')));
    const app = await http2App(rig);
    const stream = app.request({ ':path': '/', ':method': 'POST' }, { endStream: false, waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
    const got = answerOf(stream);
    stream.write('abc');
    await new Promise((resolve) => setTimeout(resolve, 30));
    stream.end('defg');
    expect((await got).body.toString()).toBe('ok');
    expect(origin.requests).toEqual([
      `POST / HTTP/1.1\r\nhost: ${HOST}:443\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\nx-sum: 7\r\n\r\n`,
    ]);
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'whole', request: { trailers: [['x-sum', '7']] } }]);
    expect(text(flows[0], 'request')).toBe('abcdefg');
  });

  test('an answer in chunks with trailers, and interim answers', async () => {
    await http1Origin(rig, (_request, socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n');
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: grpc-status\r\n\r\n4\r\none,\r\n3\r\ntwo\r\n');
      socket.write('0\r\nGrpc-Status: 0\r\n\r\n');
    });
    const app = await http2App(rig);
    const got = await ask(app, { ':path': '/' });
    expect([got.body.toString(), got.interim, got.trailers]).toEqual([
      'one,two',
      [{ status: 103, link: '</a.css>' }],
      ['grpc-status', '0'],
    ]);
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'whole', response: { interim: [{ status: 103 }], trailers: [['Grpc-Status', '0']] } },
    ]);
  });

  test('an answer that only the end of the connection completes', async () => {
    await http1Origin(rig, (_request, socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nall of it'));
    const app = await http2App(rig);
    const got = await ask(app, { ':path': '/' });
    expect([got.body.toString(), got.ended, got.reset]).toEqual(['all of it', true, NGHTTP2_NO_ERROR]);
    expect((await rig.caught()).flows).toMatchObject([{ state: 'whole', response: { version: 'HTTP/1.0' } }]);
  });

  test('HEAD, 204 and 304 have no body and get none', async () => {
    await http1Origin(rig, (request, socket) => {
      const status = / \/(\d+) /.exec(request)?.[1] ?? '';
      socket.write(`HTTP/1.1 ${status} X\r\nETag: "x"\r\n${status === '200' ? 'Content-Length: 94\r\n' : ''}\r\n`);
    });
    const app = await http2App(rig);
    const got: Got[] = [];
    for (const [method, path] of [
      ['HEAD', '/200'],
      ['GET', '/204'],
      ['GET', '/304'],
    ])
      got.push(await ask(app, { ':path': path, ':method': method }));
    expect(got.map(({ headers, body, ended }) => [headers, body.length, ended])).toEqual([
      [[':status', '200', 'etag', '"x"', 'content-length', '94'], 0, true],
      [[':status', '204', 'etag', '"x"'], 0, true],
      [[':status', '304', 'etag', '"x"'], 0, true],
    ]);
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.response?.status, flow.bodies.length])).toEqual(
      [200, 204, 304].map((status) => ['whole', status, 0]),
    );
  });

  test('many streams go over a few connections, each of which serves one after another', async () => {
    const origin = await http1Origin(rig, (request, socket) => setTimeout(() => socket.write(ok(/ (\S+) /.exec(request)?.[1] ?? '')), 2));
    const app = await http2App(rig);
    await once(app, 'remoteSettings');
    expect(app.remoteSettings.maxConcurrentStreams).toBe(100);
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const got = await Promise.all(numbers.map((n) => ask(app, { ':path': `/${n}` })));
    expect(got.map((one) => one.body.toString())).toEqual(numbers.map((n) => `/${n}`));
    expect(origin.connections).toBeGreaterThan(1);
    expect(origin.connections).toBeLessThanOrEqual(32);
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => flow.n).toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(numbers.map((n) => n + 1));
    for (const flow of flows) expect([flow.state, text(flow, 'response')]).toEqual(['whole', flow.request?.target]);
  });

  test('a large body each way is whole, and the faster side waits', async () => {
    const body = randomBytes(20 * 1024 * 1024);
    let sent = 0;
    const hash = createHash('sha256');
    const origin = await farServer(
      (socket) => {
        let left = -1;
        let have = Buffer.alloc(0);
        socket.on('data', (chunk: Buffer) => {
          let bytes = chunk;
          if (left < 0) {
            have = Buffer.concat([have, chunk]);
            const end = have.indexOf('\r\n\r\n');
            if (end < 0) return;
            bytes = have.subarray(end + 4);
            left = body.length;
          }
          hash.update(bytes);
          left -= bytes.length;
          if (left > 0) return;
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
          const more = (): void => {
            while (sent < body.length) {
              const part = body.subarray(sent, sent + 65_536);
              sent += part.length;
              if (!socket.write(part)) return void socket.once('drain', more);
            }
          };
          more();
        });
      },
      { ALPNProtocols: ['http/1.1'] },
    );
    rig.keep(origin);
    rig.route(HOST, origin.port);
    const app = await http2App(rig);
    const stream = app.request({ ':path': '/', ':method': 'POST', 'content-length': body.length }, { endStream: false });
    stream.end(body);
    await once(stream, 'response');
    expect(hash.digest('hex')).toBe(sha256(body));
    stream.pause();
    for (let before = -1; before !== sent;) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    // What lies between are the buffers of the system.
    expect(sent).toBeLessThan(12 * 1024 * 1024);
    const got = answerOf(stream);
    stream.resume();
    expect(sha256((await got).body)).toBe(sha256(body));
    const { flows, sha } = await rig.caught();
    expect([sha(flows[0], 'request'), sha(flows[0], 'response')]).toEqual([sha256(body), sha256(body)]);
  });
});

describe('what ends early', () => {
  test.each([
    { name: 'with a length', head: 'Content-Length: 100000\r\n', body: 'a'.repeat(50_000), kept: 50_000 },
    { name: 'in chunks', head: 'Transfer-Encoding: chunked\r\n', body: `1388\r\n${'a'.repeat(5000)}\r\n`, kept: 5000 },
  ])('the server in a body $name: the stream is reset, and only what came is kept, as truncated', async ({ head, body, kept }) => {
    await http1Origin(rig, (_request, socket) => socket.end(`HTTP/1.1 200 OK\r\n${head}\r\n${body}`));
    const app = await http2App(rig);
    const got = await ask(app, { ':path': '/' });
    expect([got.status, got.reset]).toEqual([200, NGHTTP2_INTERNAL_ERROR]);
    expect(got.body.length).toBeLessThanOrEqual(kept);
    expect(app.destroyed).toBe(false);
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'truncated', reason: 'the server stopped early', bodies: [{ of: 'response', state: 'truncated', bytes: kept }] },
    ]);
  });

  test('a connection that rested and was closed: a request without a body is asked again elsewhere', async () => {
    const origin = await http1Origin(rig, (_request, socket, n) => {
      socket.write(ok(String(n)));
      // From now on it answers nothing and closes at the next request.
      socket.removeAllListeners('data').on('data', () => socket.destroy());
    });
    const app = await http2App(rig);
    expect((await ask(app, { ':path': '/1' })).body.toString()).toBe('1');
    expect((await ask(app, { ':path': '/2' })).body.toString()).toBe('2');
    expect(origin.connections).toBe(2);
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.request?.target])).toEqual([
      ['whole', '/1'],
      ['whole', '/2'],
    ]);
  });

  test('a server that takes no second connection: the request is recorded, and the app hears of it', async () => {
    const origin = await http1Origin(rig, (_request, socket) => socket.end(ok('1', 'Connection: close\r\n')));
    const app = await http2App(rig);
    expect((await ask(app, { ':path': '/1' })).body.toString()).toBe('1');
    rig.route(HOST, 1);
    await until(() => origin.sockets.size === 0);
    const got = await ask(app, { ':path': '/2', ':method': 'POST' }, 'abc');
    expect([got.status, got.reset]).toEqual([null, NGHTTP2_INTERNAL_ERROR]);
    const { flows, gaps, text } = await rig.caught();
    expect(flows[1]).toMatchObject({ state: 'truncated', reason: 'upstream: ECONNREFUSED', request: { target: '/2' }, response: null });
    expect(text(flows[1], 'request')).toBe('abc');
    expect(gaps.map((gap) => [gap.what, gap.why])).toEqual([['upstream-failed', 'upstream: ECONNREFUSED']]);
  });

  test('an answer that is none: its bytes are kept', async () => {
    await http1Origin(rig, (_request, socket) => void socket.write('HTTP/1.1 200 OK\r\nBad Header Name: 1\r\n\r\nrest'));
    const app = await http2App(rig);
    const got = await ask(app, { ':path': '/' });
    expect([got.status, got.reset]).toEqual([null, NGHTTP2_INTERNAL_ERROR]);
    const { flows, gaps, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'opaque', request: { method: 'GET' }, response: null }]);
    expect(text(flows[0], 'response')).toContain('Bad Header Name: 1');
    expect(gaps.map((gap) => gap.what)).toEqual(['opaque']);
  });

  test('the app, during a download or by a reset: the server is stopped', async () => {
    const origin = await http1Origin(rig, (_request, socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 524288000\r\n\r\n');
      const more = (): void => {
        while (!socket.destroyed) if (!socket.write(Buffer.alloc(65_536, 97))) return void socket.once('drain', more);
      };
      more();
    });
    const app = await http2App(rig);
    const first = app.request({ ':path': '/1' });
    await once(first, 'data');
    first.close(NGHTTP2_CANCEL);
    await until(() => origin.sockets.size === 0);
    const second = app.request({ ':path': '/2' });
    second.on('error', () => {});
    await once(second, 'data');
    app.destroy();
    await until(() => origin.sockets.size === 0);
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.reason])).toEqual([
      ['aborted', 'the app reset the stream: CANCEL'],
      ['aborted', 'the app went away'],
    ]);
  });

  test('an answer before the request is whole still reaches the app', async () => {
    const origin = await farServer(
      (socket) => socket.once('data', () => socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nmuch')),
      { ALPNProtocols: ['http/1.1'] },
    );
    rig.keep(origin);
    rig.route(HOST, origin.port);
    const app = await http2App(rig);
    const stream = app.request({ ':path': '/', ':method': 'POST' }, { endStream: false });
    stream.write('abc');
    const got = await answerOf(stream);
    expect([got.status, got.body.toString()]).toEqual([413, 'much']);
    expect((await rig.caught()).flows).toMatchObject([{ state: 'truncated', response: { status: 413 } }]);
  });
});
