import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
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
  onFrames,
  PING,
  PREFACE,
  rawOrigin,
  RST_STREAM,
  SETTINGS,
} from './http2-frames.js';
import { ask, echoHash, HOST, http2App, http2Origin } from './http2-rig.js';
import { openRig, sha256, tlsThrough, until } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

const HELLO = Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, NOTHING)]);
const REQUEST = fields([
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', HOST],
  [':path', '/'],
]);
const get = (stream: number, flags = END_HEADERS | END_STREAM, block = REQUEST): Buffer => frame(HEADERS, flags, stream, block);
const times = (n: number, make: (at: number) => Buffer): Buffer => Buffer.concat(Array.from({ length: n }, (_, at) => make(at)));
const rst = (stream: number): Buffer => frame(RST_STREAM, 0, stream, Buffer.from([0, 0, 0, 8]));
const big = (bytes: number): Buffer => fields([['x-big', 'a'.repeat(bytes)]]);

/** What an app may write behind the preface. `named`: what the record says of it. */
const HOSTILE: readonly { readonly name: string; readonly bytes: Buffer; readonly named?: RegExp }[] = [
  { name: 'noise instead of a preface', bytes: randomBytes(5000), named: /^malformed: HTTP\/2/ },
  { name: 'HTTP/1.1', bytes: Buffer.from(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`), named: /^malformed: HTTP\/2/ },
  { name: 'noise behind the preface', bytes: Buffer.concat([PREFACE, randomBytes(5000)]), named: /^malformed: HTTP\/2/ },
  {
    name: 'a header block that is none',
    bytes: Buffer.concat([HELLO, get(1, 5, Buffer.from('ffffffffffff', 'hex'))]),
    named: /^malformed: HTTP\/2/,
  },
  {
    name: 'a flood of CONTINUATION',
    bytes: Buffer.concat([HELLO, get(1, 0), times(50_000, () => frame(CONTINUATION, 0, 1, Buffer.from([0x82])))]),
    named: /^malformed: HTTP\/2/,
  },
  {
    name: '1 MiB of headers',
    bytes: Buffer.concat([HELLO, get(1, END_STREAM), times(64, (at) => frame(CONTINUATION, at === 63 ? END_HEADERS : 0, 1, big(16_000)))]),
    named: /^malformed: HTTP\/2/,
  },
  {
    name: 'a flood of resets',
    bytes: Buffer.concat([HELLO, times(5000, (at) => Buffer.concat([get(2 * at + 1, END_HEADERS), rst(2 * at + 1)]))]),
  },
  {
    name: 'a flood of SETTINGS',
    bytes: Buffer.concat([HELLO, times(20_000, () => frame(SETTINGS, 0, 0, Buffer.from('000400001000', 'hex')))]),
  },
  { name: 'a flood of PING', bytes: Buffer.concat([HELLO, times(20_000, () => frame(PING, 0, 0, Buffer.alloc(8)))]) },
  { name: 'a flood of empty DATA', bytes: Buffer.concat([HELLO, get(1, END_HEADERS), times(20_000, () => frame(DATA, 0, 1, NOTHING))]) },
  {
    name: 'a frame longer than agreed',
    bytes: Buffer.concat([HELLO, frame(DATA, 0, 1, Buffer.alloc(1_000_000))]),
    named: /^malformed: HTTP\/2/,
  },
  { name: 'a stream of an even number', bytes: Buffer.concat([HELLO, get(2)]), named: /^malformed: HTTP\/2/ },
  {
    name: 'DATA on a stream that was never opened',
    bytes: Buffer.concat([HELLO, frame(DATA, 0, 7, Buffer.from('x'))]),
    named: /^malformed: HTTP\/2/,
  },
];

/** Writes it and leaves once the proxy has ended the connection, or after it has had time to. */
async function attack(bytes: Buffer): Promise<TLSSocket> {
  const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
  app.resume();
  app.write(bytes);
  await Promise.race([once(app, 'close').catch(() => {}), new Promise((resolve) => setTimeout(resolve, 1500))]);
  app.destroy();
  return app;
}

describe('an app that does not keep to HTTP/2', () => {
  test.each(HOSTILE)('$name: is recorded, and the next app is served', async ({ bytes, named }) => {
    const origin = await http2Origin(rig, echoHash);
    await attack(bytes);
    await until(() => origin.sockets.size === 0);
    const app = await http2App(rig);
    expect((await ask(app, { ':path': '/next', ':method': 'POST' }, 'abc')).body.toString()).toBe(`3 ${sha256('abc')}`);
    const { flows, gaps } = await rig.caught();
    expect(flows.at(-1)).toMatchObject({ state: 'whole', request: { target: '/next' } });
    expect(flows.length).toBeGreaterThan(1);
    if (named === undefined) return;
    expect(flows.filter((flow) => flow.state === 'refused').map((flow) => flow.reason)).toEqual([expect.stringMatching(named)]);
    expect(gaps.map((gap) => gap.what)).toContain('bad-request');
  });

  test('a request that is none, between two that are: its number is missed', async () => {
    await http2Origin(rig, (stream) => stream.respond({ ':status': 204 }, { endStream: true }));
    const upper = fields([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', HOST],
      [':path', '/'],
      ['Upper', 'x'],
    ]);
    await attack(Buffer.concat([HELLO, get(1), get(3, END_HEADERS | END_STREAM, upper), get(5)]));
    const { flows, gaps } = await rig.caught();
    expect(flows.map((flow) => flow.state).toSorted()).toEqual(['refused', 'whole', 'whole']);
    expect(flows.find((flow) => flow.state === 'refused')?.reason).toBe('malformed: 1 of the HTTP/2 streams before stream 5');
    expect(gaps.map((gap) => gap.what)).toEqual(['bad-request']);
  });

  test('300 that break off at any point: no connection is left, each is recorded, and the next is served', async () => {
    const origin = await http2Origin(rig, (stream, headers, raw) => {
      if (headers[':path'] === '/next') echoHash(stream, headers, raw);
    });
    const whole = Buffer.concat([HELLO, get(1), get(3, END_HEADERS), frame(DATA, 0, 3, Buffer.from('abc'))]);
    for (let round = 0; round < 30; round += 1)
      await Promise.all(
        Array.from({ length: 10 }, async (_, at) => {
          const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
          await new Promise((resolve) => app.write(whole.subarray(0, 1 + ((round * 10 + at) * whole.length) / 300), resolve));
          app.destroy();
        }),
      );
    await until(() => origin.sockets.size === 0);
    const app = await http2App(rig);
    expect((await ask(app, { ':path': '/next', ':method': 'POST' }, 'abc')).status).toBe(200);
    const { flows } = await rig.caught();
    expect(flows.length).toBeGreaterThanOrEqual(301);
    expect(flows.map((flow) => flow.n).toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(flows.map((_, at) => at + 1));
  });
});

describe('a server that does not keep to HTTP/2', () => {
  const answer = (block: Buffer, flags = END_HEADERS): Buffer => frame(HEADERS, flags, 1, block);
  const ok = fields([[':status', '200']]);
  test.each([
    { name: 'noise', bytes: randomBytes(5000) },
    { name: 'a header block that is none', bytes: answer(Buffer.from('ffffffffffff', 'hex')) },
    { name: 'headers without end', bytes: Buffer.concat([answer(ok, 0), times(2000, () => frame(CONTINUATION, 0, 1, big(16_000)))]) },
    { name: 'a push that was refused', bytes: frame(5, END_HEADERS, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), REQUEST])) },
    { name: 'DATA before an answer', bytes: frame(DATA, 0, 1, Buffer.from('x')) },
    { name: 'a second answer', bytes: Buffer.concat([answer(ok), answer(ok)]) },
    {
      name: 'a body longer than said',
      bytes: Buffer.concat([
        answer(
          fields([
            [':status', '200'],
            ['content-length', '2'],
          ]),
        ),
        frame(DATA, 1, 1, Buffer.from('xyz')),
      ]),
    },
    { name: 'an answer to nobody', bytes: frame(HEADERS, END_HEADERS, 9, ok) },
    { name: 'a flood of PING', bytes: times(20_000, () => frame(PING, 0, 0, Buffer.alloc(8))) },
    { name: 'a flood of SETTINGS', bytes: times(20_000, () => frame(SETTINGS, 0, 0, Buffer.from('000400001000', 'hex'))) },
    { name: 'a status beyond all', bytes: answer(fields([[':status', '999']]), END_HEADERS | END_STREAM) },
  ])('$name: the app is not told that it is whole, and the exchange is recorded', async ({ name, bytes }) => {
    await rawOrigin(rig, ({ type, write, socket }) => {
      if (type !== HEADERS) return;
      write(bytes);
      setTimeout(() => socket.destroy(), 300);
    });
    const app = await http2App(rig);
    const got = await ask(app, { ':path': '/', ':method': 'POST' }, 'abc');
    if (name !== 'a status beyond all') expect(got.ended && got.reset === 0).toBe(false);
    const { flows } = await rig.caught();
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject({ state: 'truncated', request: { method: 'POST' } });
  });
});
void onFrames;
