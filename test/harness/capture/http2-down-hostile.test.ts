import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { http1Origin, ok } from './http1-origin.js';
import {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  fields,
  frame,
  HEADERS,
  NOTHING,
  onFrames,
  PING,
  PREFACE,
  RST_STREAM,
  SETTINGS,
} from './http2-frames.js';
import { ask, HOST, http2App } from './http2-rig.js';
import { openRig, tlsThrough, until } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

describe('an app that does not keep to HTTP/2, before a server that speaks HTTP/1.1', () => {
  const HELLO = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, NOTHING)]);
  const head = (...more: [string, string][]): Buffer =>
    fields([[':method', 'POST'], [':scheme', 'https'], [':authority', HOST], [':path', '/'], ...more]);
  const open = (stream: number, block: Buffer, flags = END_HEADERS): Buffer => frame(HEADERS, flags, stream, block);
  const times = (n: number, one: Buffer): Buffer => Buffer.concat(Array.from({ length: n }, () => one));

  test.each([
    { name: 'noise', bytes: Buffer.alloc(5000, 0xee), why: 'malformed: HTTP/2, no HTTP/2 preface' },
    {
      name: 'a header block that is none',
      bytes: Buffer.concat([HELLO, open(1, Buffer.from('fe', 'hex'))]),
      why: 'malformed: HTTP/2, a header index that is none',
    },
    {
      name: 'a flood of CONTINUATION',
      bytes: Buffer.concat([HELLO, open(1, NOTHING, 0), times(2000, frame(CONTINUATION, 0, 1, NOTHING))]),
      why: 'malformed: HTTP/2, a head in more than 1000 frames',
    },
    {
      name: 'a body on no stream',
      bytes: Buffer.concat([HELLO, frame(DATA, 0, 7, Buffer.from('x'))]),
      why: 'malformed: HTTP/2, a body on a stream that was never opened',
    },
    {
      name: 'more than the window',
      bytes: Buffer.concat([HELLO, open(1, head()), times(400, frame(DATA, 0, 1, Buffer.alloc(16_384)))]),
      why: 'malformed: HTTP/2, more than the window',
    },
    {
      name: 'a longer body than said',
      bytes: Buffer.concat([HELLO, open(1, head(['content-length', '2'])), frame(DATA, END_STREAM, 1, Buffer.from('GET / HTTP/1.1'))]),
      why: 'malformed: HTTP/2, a body longer than said',
    },
    {
      name: 'a shorter body than said',
      bytes: Buffer.concat([HELLO, open(1, head(['content-length', '2'])), frame(DATA, END_STREAM, 1, Buffer.from('x'))]),
      why: 'malformed: HTTP/2, a body shorter than said',
    },
    {
      name: 'a path of two lines',
      bytes: Buffer.concat([
        HELLO,
        open(
          1,
          fields([
            [':method', 'GET'],
            [':path', '/ HTTP/1.1\r\nx: y'],
          ]),
          5,
        ),
      ]),
      why: 'malformed: HTTP/2, a method or path that is none in HTTP/1.1',
    },
    {
      name: 'a value of two lines',
      bytes: Buffer.concat([HELLO, open(1, head(['x', '1\r\nHost: other']), 5)]),
      why: 'malformed: HTTP/2, a field that is more than one line',
    },
    {
      name: 'a name that is none',
      bytes: Buffer.concat([HELLO, open(1, head(['x: y', '1']), 5)]),
      why: 'malformed: HTTP/2, a field name that is none',
    },
    {
      name: 'a CONNECT',
      bytes: Buffer.concat([
        HELLO,
        open(
          1,
          fields([
            [':method', 'CONNECT'],
            [':authority', 'other:443'],
          ]),
        ),
      ]),
      why: 'tunnel-in-tunnel; refused: HTTP/1.1 cannot carry it',
    },
    {
      name: 'a flood of resets',
      bytes: Buffer.concat([
        HELLO,
        ...Array.from({ length: 3000 }, (_, at) =>
          Buffer.concat([open(2 * at + 1, head()), frame(RST_STREAM, 0, 2 * at + 1, Buffer.from([0, 0, 0, 8]))]),
        ),
      ]),
      why: 'the app reset the stream: CANCEL',
    },
    {
      name: 'a flood of PING',
      bytes: Buffer.concat([HELLO, open(1, head(), 5), times(50_000, frame(PING, 0, 0, Buffer.alloc(8)))]),
      why: null,
    },
  ])('$name: is recorded, reaches no server as a request, and the next app is served', async ({ bytes, why }) => {
    const origin = await http1Origin(rig, (_request, socket) => void socket.write(ok('ok')));
    const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
    app.on('end', () => app.destroy()).resume();
    app.write(bytes);
    await until(() => rig.flows() > 0);
    const before = origin.requests.length;
    app.destroy();
    const next = await http2App(rig);
    expect((await ask(next, { ':path': '/next' })).body.toString()).toBe('ok');
    await until(() => origin.sockets.size <= 1);
    const { flows } = await rig.caught();
    expect(flows.map((flow) => flow.n).toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(flows.map((_, at) => at + 1));
    expect(flows.filter((flow) => flow.request?.target === '/next').map((flow) => flow.state)).toEqual(['whole']);
    if (why === null) return;
    expect(flows.map((flow) => flow.reason)).toContain(why);
    expect(before).toBe(0);
  });

  test('an app that does not take our answers to its PINGs is not read any more', async () => {
    await http1Origin(rig, (_request, socket) => void socket.write(ok('ok')));
    const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
    app.write(HELLO);
    app.pause();
    const pings = times(10_000, frame(PING, 0, 0, Buffer.alloc(8)));
    let taken = 0;
    for (let n = 0; n < 400 && taken === n; n += 1)
      await Promise.race([
        new Promise<void>((resolve) => app.write(pings, () => resolve(((taken += 1), undefined)))),
        new Promise((resolve) => setTimeout(resolve, 1000)),
      ]);
    expect(taken).toBeLessThan(400);
    app.destroy();
  });

  test('windows are kept: an answer goes out as the app gives room', async () => {
    const body = 'x'.repeat(200_000);
    await http1Origin(rig, (_request, socket) => void socket.write(ok(body)));
    const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
    let got = 0;
    let ended = false;
    onFrames(app, 0, ({ type, flags, payload }) => {
      if (type !== DATA) return;
      expect(payload.length).toBeLessThanOrEqual(16_384);
      got += payload.length;
      ended = (flags & END_STREAM) !== 0;
    });
    const window = (stream: number, bytes: number): Buffer =>
      frame(8, 0, stream, Buffer.from([bytes >>> 24, (bytes >> 16) & 255, (bytes >> 8) & 255, bytes & 255]));
    // A stream may have 10, then 60,010 bytes, all together 65,535, then as much as there is.
    app.write(Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.from([0, 4, 0, 0, 0, 10])), open(1, head(), 5)]));
    await until(() => got === 10);
    app.write(window(1, 60_000));
    await until(() => got === 60_010);
    app.write(window(1, 1_000_000));
    await until(() => got === 65_535);
    app.write(window(0, 1_000_000));
    await until(() => ended);
    expect(got).toBe(body.length);
  });
});
