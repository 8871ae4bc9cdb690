import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { farServer, openRig, received, sha256, toProxy, until } from './rig.js';
import type { Rig } from './rig.js';
import { frame } from './websocket-frames.js';
import { ASK, channelOf, echoing, HOST, MASK, messagesOf, openApp, raw, SWITCH, told } from './websocket-rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

describe('frames that cannot be read', () => {
  test('of the server: they pass, the gap says why, and what the app sends is read on', async () => {
    const bad = Buffer.from('c10548656c6c6f', 'hex');
    const { app, sent } = await raw(rig, bad, (socket) => void socket.write(Buffer.from('and more')));
    const hello = frame({ opcode: 1, payload: Buffer.from('still read'), mask: MASK });
    app.write(hello);
    expect((await received(app, (t) => t.endsWith('more'))).text).toBe('and more');
    expect(sent().equals(hello)).toBe(true);
    app.end();
    await rig.proxy.idle();
    const { flows, gaps, text } = await rig.caught();
    expect(channelOf(flows)).toMatchObject({ state: 'opaque', websocket: { kind: 'channel', messages: { request: 1, response: 0 } } });
    expect(channelOf(flows)?.reason).toContain('websocket-reserved-bits: response');
    expect(text(channelOf(flows), 'response')).toBe(`${bad.toString('latin1')}and more`);
    expect(text(messagesOf(flows)[0], 'request')).toBe('still read');
    expect(gaps.map(({ what, why, scope }) => [what, why, scope.host])).toEqual([['websocket', 'websocket-reserved-bits: response', HOST]]);
  });

  test('of both sides: two gaps, and a message half-read says so', async () => {
    const { app, sent } = await raw(rig, Buffer.of(0x83), () => {});
    const bad = Buffer.concat([frame({ opcode: 1, fin: false, payload: Buffer.from('begun'), mask: MASK }), Buffer.of(0xff, 0xff)]);
    app.write(bad);
    await until(() => sent().length === bad.length);
    app.destroy();
    await rig.proxy.idle();
    const { flows, gaps, text } = await rig.caught();
    expect(gaps.map(({ why }) => why)).toEqual(['websocket-opcode: response', 'websocket-opcode: request']);
    expect(messagesOf(flows)).toMatchObject([{ state: 'opaque', reason: 'websocket-opcode', bodies: [{ state: 'cut' }] }]);
    expect(text(messagesOf(flows)[0], 'request')).toBe('begun');
    expect(channelOf(flows)?.state).toBe('opaque');
    expect(channelOf(flows)?.reason).toContain('websocket-opcode: response');
  });

  test('of an extension that is not known: nothing is guessed', async () => {
    const { app, sent } = await raw(rig, Buffer.alloc(0), () => {}, { extensions: 'Sec-WebSocket-Extensions: permessage-own\r\n' });
    const hello = frame({ opcode: 1, payload: Buffer.from('packed their way'), mask: MASK });
    app.write(hello);
    await until(() => sent().equals(hello));
    const { flows, gaps, sha } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'opaque', websocket: { kind: 'channel', messages: { request: 0, response: 0 } } }]);
    expect(sha(flows[0], 'request')).toBe(sha256(hello));
    expect(gaps.map(({ what, why }) => [what, why])).toEqual([['websocket', 'websocket-extension: permessage-own']]);
  });

  test('whatever both sides send arrives as it was sent', async () => {
    let seed = 7;
    const noise = (length: number): Buffer =>
      Buffer.from(Array.from({ length }, () => ((seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) >>> 16) & 0xff));
    for (let i = 0; i < 40; i += 1) {
      const start = i % 2 === 0 ? Buffer.alloc(0) : frame({ opcode: 1, payload: noise(i), fin: i % 4 === 1 });
      const first = Buffer.concat([start, noise(1 + i * 7)]);
      const { app, sent } = await raw(
        rig,
        first,
        (socket, chunk) => void socket.write(chunk),
        i % 3 === 0 ? {} : { extensions: 'Sec-WebSocket-Extensions: permessage-deflate\r\n' },
      );
      const frames = frame({ opcode: 2, payload: noise(300), mask: noise(4), reserved: i % 3 === 2 ? 4 : 0 });
      const bytes = Buffer.concat([frames, noise(5000)]);
      app.write(bytes);
      expect((await received(app, (t) => t.length === bytes.length)).text).toBe(bytes.toString('latin1'));
      expect(sent().equals(bytes)).toBe(true);
      app.destroy();
    }
    expect((await rig.caught()).flows.filter((flow) => flow.websocket?.kind === 'channel')).toHaveLength(40);
  });
});

describe('limits', () => {
  test('a message of more than 16 MiB arrives whole and is cut in the record, with a gap', async () => {
    let bytes = 0;
    await echoing(rig, { maxPayload: 64 * 1024 * 1024, perMessageDeflate: { threshold: 0 } }, (socket, data) => {
      bytes = data.length;
      socket.send('thanks');
    });
    const app = await openApp(rig, { deflate: false });
    app.send(Buffer.alloc(20 * 1024 * 1024, 'x'));
    await once(app, 'message');
    expect(bytes).toBe(20 * 1024 * 1024);
    app.close();
    await once(app, 'close');
    const { flows, gaps, sha } = await rig.caught();
    expect(told(flows)).toEqual(['request 1 binary 16777216 cut', 'response 1 text 6 whole']);
    expect(
      sha(
        messagesOf(flows).find(({ state }) => state === 'cut'),
        'request',
      ),
    ).toBe(sha256(Buffer.alloc(16 * 1024 * 1024, 'x')));
    expect(channelOf(flows)).toMatchObject({ state: 'whole', websocket: { messages: { request: 1, response: 1 } } });
    expect(gaps.map(({ what, why }) => [what, why])).toEqual([
      ['body-cut', 'over-limit: request, 16777216 bytes of a WebSocket message kept'],
    ]);
  });

  test("the store's own limit cuts a message as it cuts a body", async () => {
    rig.dispose();
    rig = await openRig({ bodyLimitBytes: 1000 });
    await echoing(rig, {}, (socket) => void socket.send('thanks'));
    const app = await openApp(rig, { deflate: false });
    app.send('y'.repeat(3000));
    await once(app, 'message');
    app.close();
    await once(app, 'close');
    const { flows, gaps } = await rig.caught();
    expect(told(flows)).toEqual(['request 1 text 3000 cut', 'response 1 text 6 whole']);
    expect(gaps.map(({ what }) => what)).toEqual(['body-cut', 'body-cut']);
  });
});

test('a WebSocket over a plain proxy request is read too', async () => {
  const hello = frame({ opcode: 1, payload: Buffer.from('in the clear'), mask: MASK });
  const server = rig.keep(
    await farServer((socket) => {
      let asked = false;
      socket.on('data', (chunk: Buffer) => {
        if (asked) socket.write(frame({ opcode: 2, payload: Buffer.from(String(chunk.length)) }));
        else socket.write(`${SWITCH}\r\n`);
        asked = true;
      });
    }, null),
  );
  rig.route(HOST, server.port);
  const app = await toProxy(rig);
  app.write(ASK.replace(' /ws', ` http://${HOST}/ws`));
  await received(app, (t) => t.endsWith('\r\n\r\n'));
  app.write(hello);
  await received(app, (t) => t.endsWith(String(hello.length)));
  app.end();
  await rig.proxy.idle();
  const { flows, gaps, text } = await rig.caught();
  expect(channelOf(flows)).toMatchObject({
    scheme: 'http',
    synthetic: ['request-head'],
    websocket: { messages: { request: 1, response: 1 } },
  });
  expect(told(flows)).toEqual(['request 1 text 12 whole', `response 1 binary ${String(hello.length).length} whole`]);
  expect(text(messagesOf(flows)[0], 'request')).toBe('in the clear');
  expect(gaps).toEqual([]);
});
