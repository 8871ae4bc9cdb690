import type { Socket } from 'node:net';
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
  RST_STREAM,
  SETTINGS,
} from './http2-frames.js';
import { ask, echoHash, HOST, http2App, http2Origin, rawOrigin } from './http2-rig.js';
import { farServer, openRig, received, tlsThrough, until } from './rig.js';
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

/** What an app may write. `unread`: why its bytes are kept and not read; null: they are frames, whatever the server thinks of them. */
const HOSTILE: readonly { readonly name: string; readonly bytes: Buffer; readonly unread: string | null }[] = [
  { name: 'noise instead of a preface', bytes: Buffer.alloc(5000, 0xee), unread: 'no HTTP/2 preface' },
  { name: 'HTTP/1.1', bytes: Buffer.from(`GET / HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`), unread: 'no HTTP/2 preface' },
  {
    name: 'noise behind the preface',
    bytes: Buffer.concat([PREFACE, Buffer.alloc(5000, 0xee)]),
    unread: 'a frame of more than 262144 bytes',
  },
  {
    name: 'a header block that is none',
    bytes: Buffer.concat([HELLO, get(1, 5, Buffer.from('ffffffffffff', 'hex'))]),
    unread: 'a header number that is too great',
  },
  {
    name: 'a header index that is none',
    bytes: Buffer.concat([HELLO, get(1, 5, Buffer.from('fe', 'hex'))]),
    unread: 'a header index that is none',
  },
  {
    name: 'a flood of CONTINUATION',
    bytes: Buffer.concat([HELLO, get(1, 0), times(50_000, () => frame(CONTINUATION, 0, 1, Buffer.from([0x82])))]),
    unread: 'a head in more than 1000 frames',
  },
  {
    name: '1 MiB of headers',
    bytes: Buffer.concat([HELLO, get(1, END_STREAM), times(64, (at) => frame(CONTINUATION, at === 63 ? END_HEADERS : 0, 1, big(16_000)))]),
    unread: 'a head of more than 262144 bytes',
  },
  {
    name: 'a few bytes that stand for much',
    bytes: Buffer.concat([HELLO, get(1, 5, Buffer.concat([Buffer.from([0x40]), big(3900).subarray(1), Buffer.alloc(16_000, 0xbe)]))]),
    unread: 'a header block of more than 4194304 bytes',
  },
  {
    name: 'a head that another frame breaks off',
    bytes: Buffer.concat([HELLO, get(1, 0), frame(PING, 0, 0, Buffer.alloc(8))]),
    unread: 'a header block that does not go on',
  },
  {
    name: 'more padding than frame',
    bytes: Buffer.concat([HELLO, frame(DATA, 8, 1, Buffer.from([9, 1]))]),
    unread: 'more padding than frame',
  },
  {
    name: 'a flood of resets',
    bytes: Buffer.concat([HELLO, times(5000, (at) => Buffer.concat([get(2 * at + 1, END_HEADERS), rst(2 * at + 1)]))]),
    unread: null,
  },
  {
    name: 'a flood of SETTINGS',
    bytes: Buffer.concat([HELLO, get(1), times(20_000, () => frame(SETTINGS, 0, 0, Buffer.from('000400001000', 'hex')))]),
    unread: null,
  },
  { name: 'a flood of PING', bytes: Buffer.concat([HELLO, get(1), times(20_000, () => frame(PING, 0, 0, Buffer.alloc(8)))]), unread: null },
  {
    name: 'a flood of empty DATA',
    bytes: Buffer.concat([HELLO, get(1, END_HEADERS), times(20_000, () => frame(DATA, 0, 1, NOTHING))]),
    unread: null,
  },
  {
    name: 'a frame longer than agreed',
    bytes: Buffer.concat([HELLO, get(1, END_HEADERS), frame(DATA, 0, 1, Buffer.alloc(1_000_000))]),
    unread: null,
  },
  {
    name: 'a stream of an even number',
    bytes: Buffer.concat([HELLO, get(1), get(2, END_HEADERS)]),
    unread: 'a head outside any open stream',
  },
  {
    name: 'DATA on a stream that was never opened',
    bytes: Buffer.concat([HELLO, frame(DATA, 0, 7, Buffer.from('x'))]),
    unread: 'a body outside any open stream',
  },
];

/** A server that keeps to HTTP/2 so far as to answer each request with 204, and what it got. */
async function anyOrigin(): Promise<{ readonly sockets: Set<Socket>; readonly got: Map<Socket, Buffer[]> }> {
  const got = new Map<Socket, Buffer[]>();
  const origin = await farServer(
    (socket) => {
      const chunks: Buffer[] = [];
      got.set(socket, chunks);
      socket.write(frame(SETTINGS, 0, 0, NOTHING));
      socket.on('data', (chunk: Buffer) => void chunks.push(chunk)).on('end', () => socket.end());
      onFrames(socket, PREFACE.length, ({ type, flags, stream }) => {
        if (type === HEADERS && (flags & END_STREAM) !== 0 && (flags & END_HEADERS) !== 0)
          socket.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, NO_CONTENT));
      });
    },
    { ALPNProtocols: ['h2'] },
  );
  rig.keep(origin);
  rig.route(HOST, origin.port);
  return { sockets: origin.sockets, got };
}
const NO_CONTENT = fields([[':status', '204']]);

/** Writes it, and leaves once the server has had it. */
async function attack(bytes: Buffer, had: () => boolean): Promise<void> {
  const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
  app.resume();
  app.write(bytes);
  await until(had);
  app.destroy();
}

describe('an app that does not keep to HTTP/2', () => {
  test.each(HOSTILE)('$name: reaches the server as it is, is recorded, and the next app is served', async ({ bytes, unread }) => {
    const origin = await anyOrigin();
    const all = (): Buffer => Buffer.concat([...origin.got.values()].flat());
    await attack(bytes, () => all().length === bytes.length);
    expect(all().equals(bytes)).toBe(true);
    await until(() => origin.sockets.size === 0);
    const app = await http2App(rig);
    expect((await ask(app, { ':path': '/next' })).status).toBe(204);
    await until(() => rig.flows() > 1);
    const { flows, gaps, text } = await rig.caught();
    expect(flows.map((flow) => flow.n).toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(flows.map((_, at) => at + 1));
    expect(flows.find((flow) => flow.request?.target === '/next')).toMatchObject({ state: 'whole' });
    // To what we could not read the server may have an answer.
    const opaque = flows.filter((flow) => flow.state === 'opaque' && flow.response === null);
    expect(opaque.map((flow) => flow.reason)).toEqual(unread === null ? [] : [`request-malformed: HTTP/2, ${unread}`]);
    expect(gaps.map((gap) => [gap.what, gap.why]).filter(([, why]) => why !== 'answer-before-request: HTTP/2')).toEqual(
      unread === null ? [] : [['opaque', `request-malformed: HTTP/2, ${unread}`]],
    );
    for (const flow of opaque) expect(bytes.toString('latin1').endsWith(text(flow, 'request'))).toBe(true);
  });

  test('a request that is none for a server is recorded as it was sent, and as the server took it', async () => {
    await http2Origin(rig, (stream) => stream.respond({ ':status': 204 }, { endStream: true }));
    const upper = fields([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', HOST],
      [':path', '/'],
      ['Upper', 'x'],
    ]);
    await attack(Buffer.concat([HELLO, get(1), get(3, END_HEADERS | END_STREAM, upper), get(5)]), () => rig.flows() === 3);
    const { flows } = await rig.caught();
    const told = flows.toSorted((a, b) => (a.n ?? 0) - (b.n ?? 0)).map((flow) => [flow.state, flow.reason, flow.request?.headers.length]);
    expect(told).toEqual([
      ['whole', null, 1],
      ['truncated', 'the server reset the stream: PROTOCOL_ERROR', 2],
      ['whole', null, 1],
    ]);
  });

  test('half a head: its bytes are kept as a request that was cut short', async () => {
    const origin = await anyOrigin();
    const bytes = Buffer.concat([HELLO, get(1).subarray(0, 30)]);
    await attack(bytes, () => Buffer.concat([...origin.got.values()].flat()).length === bytes.length);
    await until(() => rig.flows() === 1);
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'aborted', request: null, response: null, bodies: [{ of: 'request', state: 'aborted' }] }]);
    expect(text(flows[0], 'request')).toBe(get(1).subarray(9, 30).toString('latin1'));
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
    { name: 'noise', bytes: Buffer.alloc(5000, 0xee), unread: 'a frame of more than 262144 bytes' },
    { name: 'a header block that is none', bytes: answer(Buffer.from('ffffffffffff', 'hex')), unread: 'a header number that is too great' },
    {
      name: 'headers without end',
      bytes: Buffer.concat([answer(ok, 0), times(200, () => frame(CONTINUATION, 0, 1, big(16_000)))]),
      unread: 'a head of more than 262144 bytes',
    },
    { name: 'DATA before an answer', bytes: frame(DATA, 0, 1, Buffer.from('x')), unread: null },
    { name: 'a second answer', bytes: Buffer.concat([answer(ok), answer(ok)]), unread: null },
    { name: 'an answer to nobody', bytes: frame(HEADERS, END_HEADERS, 9, ok), unread: 'answer-before-request: HTTP/2' },
    { name: 'a flood of PING', bytes: times(20_000, () => frame(PING, 0, 0, Buffer.alloc(8))), unread: null },
    { name: 'a flood of SETTINGS', bytes: times(20_000, () => frame(SETTINGS, 0, 0, Buffer.from('000400001000', 'hex'))), unread: null },
  ])('$name: reaches the app as it is, and the exchange is recorded as cut short', async ({ bytes, unread }) => {
    await rawOrigin(rig, ({ type, write, socket }) => {
      if (type !== HEADERS) return;
      write(bytes);
      setTimeout(() => socket.end(), 100);
    });
    const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
    const got = received(app);
    app.write(Buffer.concat([HELLO, get(1)]));
    expect((await got).text.endsWith(bytes.toString('latin1'))).toBe(true);
    await until(() => rig.flows() > 0);
    const { flows } = await rig.caught();
    expect(flows.find((flow) => flow.request !== null)).toMatchObject({ state: 'truncated', request: { method: 'GET' } });
    const why = unread === null || unread.startsWith('answer') ? unread : `response-malformed: HTTP/2, ${unread}`;
    expect(flows.filter((flow) => flow.state === 'opaque').map((flow) => flow.reason)).toEqual(why === null ? [] : [why]);
  });

  test('a push is kept, and nobody is said to have asked for it', async () => {
    const promise = frame(5, END_HEADERS, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), REQUEST]));
    await rawOrigin(rig, ({ type, write }) => {
      if (type !== HEADERS) return;
      write(promise);
      write(Buffer.concat([answer(ok), frame(DATA, END_STREAM, 1, Buffer.from('asked'))]));
      write(Buffer.concat([frame(HEADERS, END_HEADERS, 2, ok), frame(DATA, END_STREAM, 2, Buffer.from('pushed'))]));
    });
    const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
    app.resume().write(Buffer.concat([HELLO, get(1)]));
    await until(() => rig.flows() === 2);
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.request?.target ?? null, text(flow, 'response')])).toEqual([
      ['whole', '/', 'asked'],
      ['opaque', null, 'pushed'],
    ]);
  });
});
