import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ENGINES, farServer, onHead, openRig, received, sha256, tlsThrough, tunnel, until } from './rig.js';
import type { Rig } from './rig.js';

const HOST = 'api.example.com';
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

describe.each(ENGINES)('bytes that are not HTTP (%s)', (engine) => {
  beforeEach(async () => {
    rig = await openRig({ engine });
  });

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
