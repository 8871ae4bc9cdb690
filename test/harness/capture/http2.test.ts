import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { BodyWriter } from '../../../harness/model/recorder.js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  fields,
  frame,
  HEADERS,
  NOTHING,
  PADDED,
  PREFACE,
  PRIORITY,
  SETTINGS,
} from './http2-frames.js';
import { answerOf, ask, echoHash, HOST, http2App, http2Origin, pairs, rawOrigin } from './http2-rig.js';
import { far, farServer, openRig, received, sha256, tlsThrough, until } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

describe('an exchange in HTTP/2', () => {
  test('passes both ways and is recorded as both sides sent it', async () => {
    let seen: readonly string[] = [];
    await http2Origin(rig, (stream, _headers, raw) => {
      seen = raw;
      stream.resume().on('end', () => {
        stream.respond({ ':status': 202, 'x-one': '1', 'set-cookie': ['a=1', 'b=2'], 'content-length': 5, 'x-two': '2' }, {
          sendDate: false,
        } as object);
        stream.end('hello');
      });
    });
    const app = await http2App(rig);
    const got = await ask(
      app,
      { ':path': '/v1/up?a=%2B&b', ':method': 'POST', 'x-b': '1', 'X-Dup': 'a', 'x-a': '2', 'x-dup': 'b', 'content-length': 3 },
      'abc',
    );
    expect([got.status, got.body.toString(), got.reset]).toEqual([202, 'hello', 0]);
    const answered = ['x-one', '1', 'set-cookie', 'a=1', 'set-cookie', 'b=2', 'content-length', '5', 'x-two', '2'];
    expect(got.headers).toEqual([':status', '202', ...answered]);
    const asked = ['x-b', '1', 'x-dup', 'a', 'x-a', '2', 'x-dup', 'b', 'content-length', '3'];
    expect(seen.filter((_, at) => at >= 8)).toEqual(asked);
    expect(seen.slice(0, 8)).toEqual([':path', '/v1/up?a=%2B&b', ':method', 'POST', ':authority', AUTHORITY, ':scheme', 'https']);
    const { flows, gaps, text } = await rig.caught();
    expect(gaps).toEqual([]);
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject({
      n: 1,
      engine: 'relay',
      scheme: 'https',
      host: HOST,
      sni: HOST,
      state: 'whole',
      reason: null,
      synthetic: [],
      peer: { certificateSha256: far.leaf(HOST).sha256 },
      request: {
        method: 'POST',
        target: '/v1/up?a=%2B&b',
        url: `https://${HOST}/v1/up?a=%2B&b`,
        version: 'HTTP/2',
        raw: null,
        headers: [[':authority', AUTHORITY], ...pairs(asked)],
      },
      response: { status: 202, reason: '', version: 'HTTP/2', headers: pairs(answered), interim: [], trailers: [] },
      bodies: [
        { of: 'request', state: 'whole' },
        { of: 'response', state: 'whole' },
      ],
    });
    expect([text(flows[0], 'request'), text(flows[0], 'response')]).toEqual(['abc', 'hello']);
  });

  test('keeps the host that the app names when it differs from the server name', async () => {
    let authority: unknown;
    await http2Origin(rig, (stream, headers) => {
      authority = headers[':authority'];
      stream.respond({ ':status': 204 }, { endStream: true });
    });
    const app = await http2App(rig);
    expect((await ask(app, { ':path': '/', ':authority': 'hidden.example.org' })).status).toBe(204);
    expect(authority).toBe('hidden.example.org');
    const [flow] = (await rig.caught()).flows;
    expect(flow).toMatchObject({ host: HOST, sni: HOST, request: { headers: [[':authority', 'hidden.example.org']] } });
  });

  test('keeps fields that a library would not send twice, and a status that it would not send at all', async () => {
    const sent: [string, string][] = [
      [':status', '999'],
      ['x-content-type-options', 'nosniff'],
      ['x-a', '1'],
      ['x-content-type-options', 'nosniff'],
    ];
    await rawOrigin(rig, ({ type, stream, write }) => {
      if (type === HEADERS) write(frame(HEADERS, END_HEADERS | END_STREAM, stream, fields(sent)));
    });
    const app = await http2App(rig);
    const got = await ask(app, { ':path': '/' });
    expect(pairs(got.headers)).toEqual(sent);
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'whole', synthetic: [], response: { status: 999, headers: sent.slice(1) } },
    ]);
  });

  test('passes byte for byte: nothing is framed or compressed anew', async () => {
    let asked = Buffer.alloc(0);
    const answer = Buffer.concat([
      frame(HEADERS, END_HEADERS | PADDED, 1, Buffer.concat([Buffer.from([3]), fields([[':status', '200']]), Buffer.alloc(3)])),
      frame(DATA, PADDED, 1, Buffer.concat([Buffer.from([2]), Buffer.from('pad'), Buffer.alloc(2)])),
      frame(0xbe, 7, 1, Buffer.from('a frame that nobody knows')),
      frame(DATA, END_STREAM, 1, Buffer.from('ded')),
    ]);
    const origin = await farServer(
      (socket) =>
        socket.on('data', (chunk: Buffer) => {
          asked = Buffer.concat([asked, chunk]);
          if (asked.includes('the end')) socket.write(answer);
        }),
      { ALPNProtocols: ['h2'] },
    );
    rig.keep(origin);
    rig.route(HOST, origin.port);
    const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
    const block = fields([
      [':method', 'POST'],
      [':scheme', 'https'],
      [':authority', HOST],
      [':path', '/x'],
    ]);
    const request = Buffer.concat([
      PREFACE,
      frame(SETTINGS, 0, 0, NOTHING),
      frame(HEADERS, PRIORITY, 1, Buffer.concat([Buffer.alloc(5), block.subarray(0, 20)])),
      frame(CONTINUATION, END_HEADERS, 1, block.subarray(20)),
      frame(DATA, END_STREAM, 1, Buffer.from('the end')),
    ]);
    // In pieces of every length.
    for (let at = 0, n = 1; at < request.length; at += n, n += 1) app.write(request.subarray(at, at + n));
    expect(Buffer.from((await received(app, (t) => t.length >= answer.length)).text, 'latin1')).toEqual(answer);
    expect(asked).toEqual(request);
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'whole', request: { method: 'POST', target: '/x' }, response: { status: 200 } }]);
    expect([text(flows[0], 'request'), text(flows[0], 'response')]).toEqual(['the end', 'padded']);
  });

  test('adds no header of its own, also where there is no body', async () => {
    await http2Origin(rig, (stream, headers) => {
      const status = Number(headers[':path']?.slice(1));
      stream.respond({ ':status': status, etag: '"x"' }, { endStream: true, sendDate: false } as object);
    });
    const app = await http2App(rig);
    const got = await Promise.all([
      ask(app, { ':path': '/200', ':method': 'HEAD' }),
      ask(app, { ':path': '/204' }),
      ask(app, { ':path': '/304' }),
      ask(app, { ':path': '/500', ':method': 'DELETE' }),
    ]);
    expect(got.map(({ headers, body }) => [headers, body.length])).toEqual(
      ['200', '204', '304', '500'].map((status) => [[':status', status, 'etag', '"x"'], 0]),
    );
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.response?.status, flow.bodies.length])).toEqual(
      [200, 204, 304, 500].map((status) => ['whole', status, 0]),
    );
  });

  test('carries trailers both ways, as gRPC sends them', async () => {
    const message = Buffer.from('00000000050a03616263', 'hex');
    let te: unknown;
    const asked: unknown[] = [];
    await http2Origin(rig, (stream, headers) => {
      te = headers['te'];
      stream.on('trailers', (trailers) => asked.push(trailers['x-sum']));
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' }));
      stream.pipe(stream);
    });
    const app = await http2App(rig);
    const stream = app.request(
      { ':path': '/loan.Api/Apply', ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' },
      { endStream: false, waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
    stream.end(message);
    const got = await answerOf(stream);
    expect([got.body.toString('hex'), got.trailers]).toEqual([message.toString('hex'), ['grpc-status', '0', 'grpc-message', 'fine']]);
    expect([te, asked]).toEqual(['trailers', ['7']]);
    const { flows, sha } = await rig.caught();
    expect(flows).toMatchObject([
      {
        state: 'whole',
        request: { trailers: [['x-sum', '7']] },
        response: {
          trailers: [
            ['grpc-status', '0'],
            ['grpc-message', 'fine'],
          ],
        },
      },
    ]);
    expect([sha(flows[0], 'request'), sha(flows[0], 'response')]).toEqual([sha256(message), sha256(message)]);
  });

  test('carries an answer of trailers alone', async () => {
    await http2Origin(rig, (stream) => stream.respond({ ':status': 200, 'grpc-status': '12' }, { endStream: true }));
    const app = await http2App(rig);
    const got = await ask(app, { ':path': '/x', ':method': 'POST' }, 'abc');
    expect([got.status, got.ended, got.headers.includes('grpc-status')]).toEqual([200, true, true]);
  });

  test('passes interim answers on in their order', async () => {
    await http2Origin(rig, (stream, headers) => {
      if (headers['expect'] !== undefined) stream.additionalHeaders({ ':status': 100 });
      stream.additionalHeaders({ ':status': 103, link: '</a.css>; rel=preload' });
      stream.resume().on('end', () => {
        stream.respond({ ':status': 200 });
        stream.end('ok');
      });
    });
    const app = await http2App(rig);
    const stream = app.request({ ':path': '/', ':method': 'POST', expect: '100-continue' }, { endStream: false });
    stream.once('continue', () => stream.end('abc'));
    const got = await answerOf(stream);
    expect([got.status, got.body.toString()]).toEqual([200, 'ok']);
    expect(got.interim.map(({ status }) => status)).toEqual([100, 103]);
    expect((await rig.caught()).flows).toMatchObject([
      { response: { status: 200, interim: [{ status: 100 }, { status: 103, headers: [['link', '</a.css>; rel=preload']] }] } },
    ]);
  });

  test('goes its own way among many, also when the server takes few at a time', async () => {
    let open = 0;
    let most = 0;
    await http2Origin(
      rig,
      (stream, headers) => {
        open += 1;
        most = Math.max(most, open);
        stream.once('close', () => {
          open -= 1;
        });
        let body = '';
        stream.on('data', (chunk: Buffer) => void (body += chunk.toString()));
        stream.on('end', () =>
          setTimeout(() => {
            stream.respond({ ':status': 200 });
            stream.end(`${headers[':path']} ${body}`);
          }, 2),
        );
      },
      { maxConcurrentStreams: 10 },
    );
    const app = await http2App(rig);
    await once(app, 'remoteSettings');
    const numbers = Array.from({ length: 200 }, (_, n) => n);
    const got = await Promise.all(numbers.map((n) => ask(app, { ':path': `/${n}`, ':method': 'POST' }, `body ${n}`)));
    expect(got.map((one) => one.body.toString())).toEqual(numbers.map((n) => `/${n} body ${n}`));
    expect(most).toBeLessThanOrEqual(10);
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => flow.n).toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(numbers.map((n) => n + 1));
    for (const flow of flows) {
      const n = flow.request?.target.slice(1);
      expect([flow.state, text(flow, 'request'), text(flow, 'response')]).toEqual(['whole', `body ${n}`, `/${n} body ${n}`]);
    }
  });
});

describe('a large body', () => {
  const block = randomBytes(64 * 1024);
  const BLOCKS = 800;
  const expected = createHash('sha256');
  for (let n = 0; n < BLOCKS; n += 1) expected.update(block);
  const sha = expected.digest('hex');

  /** Writes it as fast as it is taken. */
  function pour(stream: NodeJS.WritableStream, wrote: (bytes: number) => void): void {
    let n = 0;
    const more = (): void => {
      while (n < BLOCKS) {
        n += 1;
        wrote(block.length);
        if (!stream.write(block)) return void stream.once('drain', more);
      }
      stream.end();
    };
    more();
  }

  test('reaches an app that reads slowly whole, and the server waits for it', async () => {
    let sent = 0;
    await http2Origin(rig, (stream) => {
      stream.respond({ ':status': 200 });
      pour(stream, (bytes) => void (sent += bytes));
    });
    const app = await http2App(rig);
    const stream = app.request({ ':path': '/50' });
    const hash = createHash('sha256');
    stream.on('data', (chunk: Buffer) => void hash.update(chunk));
    await new Promise((resolve) => stream.once('data', resolve));
    stream.pause();
    for (let before = -1; before !== sent;) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(sent).toBeLessThan(4 * 1024 * 1024);
    stream.resume();
    await answerOf(stream);
    expect(hash.digest('hex')).toBe(sha);
    const { flows, sha: kept } = await rig.caught();

    expect(flows).toMatchObject([{ state: 'whole', bodies: [{ bytes: BLOCKS * block.length, state: 'whole' }] }]);
    expect(kept(flows[0], 'response')).toBe(sha);
  });

  test('reaches a server that reads slowly whole, and the app waits for it', async () => {
    let taken: ServerHttp2Stream | null = null;
    await http2Origin(rig, (stream, headers, raw) => {
      taken = stream;
      echoHash(stream, headers, raw);
      stream.pause();
    });
    const app = await http2App(rig);
    let sent = 0;
    const stream = app.request({ ':path': '/up', ':method': 'POST' }, { endStream: false });
    pour(stream, (bytes) => void (sent += bytes));
    await until(() => taken !== null);
    for (let before = -1; before !== sent;) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    expect(sent).toBeLessThan(4 * 1024 * 1024);
    (taken as ServerHttp2Stream | null)?.resume();
    expect((await answerOf(stream)).body.toString()).toBe(`${BLOCKS * block.length} ${sha}`);
    const { flows, sha: kept } = await rig.caught();

    expect(kept(flows[0], 'request')).toBe(sha);
  });

  test('waits for a disk that is behind', async () => {
    rig.dispose();
    const waiting: (() => void)[] = [];
    rig = await openRig({ recorder: (real) => ({ ...real, body: (of) => slow(real.body(of), (go) => void waiting.push(go)) }) });
    let sent = 0;
    await http2Origin(rig, (stream) => {
      stream.respond({ ':status': 200 });
      pour(stream, (bytes) => void (sent += bytes));
    });
    const app = await http2App(rig);
    const answer = ask(app, { ':path': '/50' });
    await until(() => waiting.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(sent).toBeLessThan(4 * 1024 * 1024);
    const timer = setInterval(() => waiting.splice(0).forEach((go) => go()), 0);
    const got = await answer;
    clearInterval(timer);
    expect(sha256(got.body)).toBe(sha);
    expect((await rig.caught()).flows).toMatchObject([{ state: 'whole' }]);
  });

  test('over the limit is cut in the store and whole for the app', async () => {
    rig.dispose();
    rig = await openRig({ bodyLimitBytes: 1000 });
    await http2Origin(rig, (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('x'.repeat(5000));
    });
    const app = await http2App(rig);
    expect((await ask(app, { ':path': '/' })).body.length).toBe(5000);
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'cut', bodies: [{ bytes: 5000, length: 1000, state: 'cut' }] }]);
    expect(gaps.map((gap) => gap.what)).toEqual(['body-cut']);
  });
});

describe('a WebSocket in HTTP/2', () => {
  test('is not offered to the app when the server does not take it', async () => {
    await http2Origin(rig, echoHash);
    const app = await http2App(rig);
    await ask(app, { ':path': '/', ':method': 'POST' }, 'abc');
    expect(app.remoteSettings.enableConnectProtocol).toBe(false);
  });

  test('passes when the server takes it, and its messages are read', async () => {
    await http2Origin(
      rig,
      (stream, headers) => {
        expect([headers[':method'], headers[':protocol']]).toEqual(['CONNECT', 'websocket']);
        stream.respond({ ':status': 200 });
        stream.once('data', () => void stream.write(Buffer.from('8102686f', 'hex')));
        stream.on('end', () => stream.end());
      },
      { enableConnectProtocol: true },
    );
    const app = await http2App(rig);
    await until(() => app.remoteSettings.enableConnectProtocol === true);
    const stream = app.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/ws', ':authority': HOST });
    const got = answerOf(stream);
    stream.write(Buffer.from('818512345678', 'hex'));
    stream.write(Buffer.from('hello').map((byte, at) => byte ^ [0x12, 0x34, 0x56, 0x78][at % 4]!));
    await new Promise((resolve) => stream.once('data', resolve));
    stream.end();
    expect((await got).body.toString('hex')).toBe('8102686f');
    const { flows, gaps, text } = await rig.caught();
    expect(gaps).toEqual([]);
    expect(flows.find((flow) => flow.websocket?.kind === 'channel')).toMatchObject({
      state: 'whole',
      request: {
        method: 'CONNECT',
        target: '/ws',
        headers: [
          [':protocol', 'websocket'],
          [':authority', HOST],
        ],
      },
      websocket: { messages: { request: 1, response: 1 } },
    });
    const messages = flows.filter((flow) => flow.websocket?.kind === 'message');
    expect(messages.map((flow) => [text(flow, 'request'), text(flow, 'response')])).toEqual([
      ['hello', ''],
      ['', 'ho'],
    ]);
  });
});

const AUTHORITY = `${HOST}:443`;

/** A writer that asks to wait after each chunk, until told that the disk is free. */
function slow(real: BodyWriter, tell: (go: () => void) => void): BodyWriter {
  return {
    write: (chunk) => {
      real.write(chunk);
      return false;
    },
    drained: () => new Promise((resolve) => tell(resolve)),
    end: (state) => real.end(state),
  };
}
