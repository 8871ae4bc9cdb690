import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { farServer, onHead, openRig, received, sha256, tlsThrough, until } from './rig.js';
import type { Rig } from './rig.js';
import { closing, frame } from './websocket-frames.js';
import { channelOf, echo, echoing, HOST, MASK, messagesOf, openApp, raw, told } from './websocket-rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

describe('a WebSocket of an ordinary library', () => {
  test.each([true, false])(
    'subprotocol, text, binary, ping and close pass as sent, and each message is a flow (packed: %s)',
    async (deflate) => {
      const far = await echoing(
        rig,
        { perMessageDeflate: { threshold: 0 }, handleProtocols: () => 'chat.v2' },
        (socket, data, isBinary) => {
          echo(socket, data, isBinary);
          if (data.toString() === 'bye') socket.close(4001, 'done');
        },
      );
      const app = await openApp(rig, { protocols: ['chat.v1', 'chat.v2'], deflate });
      const heard: Buffer[] = [];
      let pongs = 0;
      app.on('message', (data: Buffer) => void heard.push(data));
      app.on('pong', () => {
        pongs += 1;
      });
      const text = `hello ${'x'.repeat(3000)}`;
      app.send(text);
      app.send(Buffer.of(1, 2, 3));
      app.ping('pp');
      await until(() => heard.length === 2 && pongs === 1);
      // Written already: a run that is killed here keeps them.
      await rig.proxy.idle();
      expect(rig.flows()).toBe(4);
      app.send('bye');
      const [code, reason] = (await once(app, 'close')) as [number, Buffer];
      expect([app.protocol, app.extensions.includes('permessage-deflate'), code, reason.toString()]).toEqual([
        'chat.v2',
        deflate,
        4001,
        'done',
      ]);
      expect(heard.map(String)).toEqual([text, '\x01\x02\x03', 'bye']);
      expect([far.pings, pongs, far.requests[0]?.headers['sec-websocket-protocol']]).toEqual([1, 1, 'chat.v1,chat.v2']);
      const { flows, gaps, sha } = await rig.caught();
      const channel = channelOf(flows);
      expect(channel).toMatchObject({ n: 1, state: 'whole', reason: null, request: { target: '/ws' }, response: { status: 101 } });
      expect(channel?.bodies.map((body) => [body.of, body.state])).toEqual([
        ['request', 'whole'],
        ['response', 'whole'],
      ]);
      const close = (by: string): object => ({ by, code: 4001, reason: 'done' });
      expect(channel?.websocket).toEqual({
        kind: 'channel',
        messages: { request: 3, response: 3 },
        closes: [close('origin'), close('client')],
      });
      for (const of of ['request', 'response'] as const) {
        const mine = messagesOf(flows).filter((flow) => flow.bodies[0]?.of === of);
        expect(mine.map(({ websocket }) => websocket)).toEqual(
          (['text', 'binary', 'text'] as const).map((opcode, i) => ({
            kind: 'message',
            channel: 1,
            number: i + 1,
            opcode,
            compressed: deflate,
          })),
        );
        expect(mine.map((flow) => sha(flow, of))).toEqual([text, Buffer.of(1, 2, 3), 'bye'].map((payload) => sha256(payload)));
        for (const flow of mine) {
          expect(flow).toMatchObject({
            state: 'whole',
            engine: 'relay',
            request: null,
            response: null,
            host: HOST,
            sni: HOST,
            synthetic: [],
          });
          const { requestFirst, requestLast, responseFirst, responseLast, connect } = flow.times;
          const [first, last, ...others] =
            of === 'request'
              ? [requestFirst, requestLast, responseFirst, responseLast]
              : [responseFirst, responseLast, requestFirst, requestLast];
          expect([first?.ms, others, connect === null]).toEqual([flow.at.ms, [null, null], false]);
          expect(last?.monoMs).toBeGreaterThanOrEqual(first?.monoMs ?? Infinity);
        }
      }
      expect(flows.map((flow) => flow.n).toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
      expect(gaps).toEqual([]);
    },
  );

  test('a message in fragments, of which the last comes later, lasts from its first byte to its last', async () => {
    await echoing(rig, {}, echo);
    const app = await openApp(rig);
    app.send('first half, ', { fin: false });
    app.ping();
    await once(app, 'pong');
    const betweenMs = rig.clock.now().ms;
    app.send('second half', { fin: true });
    await once(app, 'message');
    app.close();
    await once(app, 'close');
    const { flows, text } = await rig.caught();
    const [message] = messagesOf(flows);
    expect(text(message, 'request')).toBe('first half, second half');
    expect(message?.at.ms).toBeLessThan(betweenMs);
    expect(message?.times.requestLast?.ms).toBeGreaterThanOrEqual(betweenMs);
  });

  test('megabytes pass both ways and are kept', async () => {
    await echoing(rig, { perMessageDeflate: { threshold: 0 } }, echo);
    const app = await openApp(rig);
    const large = Buffer.from(Array.from({ length: 5_000_000 }, (_, i) => (Math.imul(i, 2_654_435_761) >>> 11) & (i & 4096 ? 0xff : 3)));
    app.send(large);
    const [back] = (await once(app, 'message')) as [Buffer];
    expect(sha256(back)).toBe(sha256(large));
    app.close();
    await once(app, 'close');
    const { flows, gaps, sha } = await rig.caught();
    expect(told(flows)).toEqual(['request 1 binary 5000000 whole', 'response 1 binary 5000000 whole']);
    expect(messagesOf(flows).map((flow) => sha(flow, flow.bodies[0]?.of ?? 'request'))).toEqual([sha256(large), sha256(large)]);
    expect(gaps).toEqual([]);
  });

  test('a refusal is an exchange with its body', async () => {
    await echoing(rig, { noServer: false }, echo);
    const refusing = rig.keep(
      await farServer(
        (socket) =>
          onHead(
            socket,
            () => void socket.end('HTTP/1.1 403 Forbidden\r\nX-Why: no\r\nContent-Length: 6\r\nConnection: close\r\n\r\ndenied'),
          ),
        {},
      ),
    );
    rig.route(HOST, refusing.port);
    const through = await tlsThrough(rig, `${HOST}:443`);
    const app = new WebSocket(`ws://${HOST}/nows`, { createConnection: () => through });
    app.on('error', () => {});
    const [, answer] = (await once(app, 'unexpected-response')) as [unknown, IncomingMessage];
    let body = '';
    for await (const chunk of answer) body += String(chunk);
    expect([answer.statusCode, answer.headers['x-why'], body]).toEqual([403, 'no', 'denied']);
    const { flows, gaps, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'whole', response: { status: 403 }, websocket: null, bodies: [{ of: 'response', bytes: 6 }] }]);
    expect(text(flows[0], 'response')).toBe('denied');
    expect(gaps).toEqual([]);
  });
});

describe('how a channel ends', () => {
  const hello = frame({ opcode: 1, payload: Buffer.from('hello'), mask: MASK });
  const half = frame({ opcode: 1, payload: Buffer.from('only the beginning'), mask: MASK }).subarray(0, -9);

  test('by FIN on both sides, without close frames: whole', async () => {
    const { app, far } = await raw(rig, Buffer.alloc(0), (socket) => void socket.write(frame({ opcode: 1, payload: Buffer.from('hi') })));
    app.write(hello);
    await received(app, (t) => t.endsWith('hi'));
    app.end();
    await received(app);
    expect(far.readableEnded).toBe(true);
    const { flows, gaps } = await rig.caught();
    expect(channelOf(flows)).toMatchObject({
      state: 'whole',
      reason: null,
      websocket: { closes: [], messages: { request: 1, response: 1 } },
    });
    expect(told(flows)).toEqual(['request 1 text 5 whole', 'response 1 text 2 whole']);
    expect(gaps).toEqual([]);
  });

  test('by close frames and a reset: whole', async () => {
    const { app, far, sent } = await raw(rig, Buffer.alloc(0), () => {});
    app.write(frame({ opcode: 8, payload: closing(1000, ''), mask: MASK }));
    await until(() => sent().length > 0);
    far.write(frame({ opcode: 8, payload: closing(1000, '') }));
    await received(app, (t) => t.length === 4);
    far.resetAndDestroy();
    await received(app);
    expect(channelOf((await rig.caught()).flows)).toMatchObject({ state: 'whole', reason: null });
  });

  test.each(['destroy', 'end'] as const)(
    'the app leaves inside a message (%s): aborted, and what came of the message is kept',
    async (leave) => {
      const { app, sent } = await raw(rig, Buffer.alloc(0), () => {});
      app.write(Buffer.concat([hello, half]));
      await until(() => sent().length === hello.length + half.length);
      app[leave]();
      await until(() => rig.flows() === 3);
      const { flows, text } = await rig.caught();
      expect(channelOf(flows)).toMatchObject({
        state: 'aborted',
        reason: 'the app went away',
        websocket: { messages: { request: 1, response: 0 } },
        bodies: [{ of: 'request', state: 'aborted' }],
      });
      expect(told(flows)).toEqual(['request 1 text 5 whole', 'request 2 text 9 aborted']);
      expect(text(messagesOf(flows)[1], 'request')).toBe('only the ');
      expect(messagesOf(flows)[1]?.bodies[0]?.state).toBe('aborted');
    },
  );

  test('the server leaves inside a frame: truncated', async () => {
    const { app, far } = await raw(rig, frame({ opcode: 2, payload: Buffer.alloc(50) }).subarray(0, 20), () => {});
    far.end();
    await received(app);
    // The app is the first to be gone; the server was the first to end.
    app.end();
    await until(() => rig.flows() === 2);
    const { flows } = await rig.caught();
    expect(channelOf(flows)).toMatchObject({ state: 'truncated', reason: 'the server stopped early' });
    expect(told(flows)).toEqual(['response 1 binary 18 truncated']);
  });

  test('the server is reset between messages: truncated, with the code', async () => {
    const { app, far } = await raw(rig, frame({ opcode: 1, payload: Buffer.from('hi') }), () => {});
    far.resetAndDestroy();
    await received(app);
    const { flows } = await rig.caught();
    expect(channelOf(flows)).toMatchObject({ state: 'truncated', reason: 'the server stopped early: ECONNRESET' });
    expect(told(flows)).toEqual(['response 1 text 2 whole']);
  });

  test('the run ends: what was said by then is kept', async () => {
    const { app, sent } = await raw(rig, Buffer.alloc(0), () => {});
    app.write(hello);
    await until(() => sent().length === hello.length);
    const beganMs = performance.now();
    await rig.proxy.idle();
    // A channel at rest is not in flight: an exchange would be for ten seconds.
    expect(performance.now() - beganMs).toBeLessThan(5000);
    const { flows, gaps } = await rig.caught();
    expect(channelOf(flows)).toMatchObject({ state: 'aborted', reason: 'the run ended' });
    expect([told(flows), gaps]).toEqual([['request 1 text 5 whole'], []]);
  });
});
