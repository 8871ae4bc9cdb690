import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { ENGINES, far, farServer, lab, onHead, openRig, received, toProxy, tunnel, until } from './rig.js';
import type { Rig } from './rig.js';

const HOST = 'api.example.com';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
let rig: Rig;
afterEach(() => rig.dispose());

/** A server that says `answer` to each whole head and then ends, where `then` says so. */
async function serving(answer: string, then: 'stays' | 'ends'): Promise<void> {
  const server = rig.keep(
    await farServer((socket) => onHead(socket, () => void socket.write(answer, () => (then === 'ends' ? socket.end() : null))), null),
  );
  rig.route(HOST, server.port);
}

describe.each(ENGINES)('what passes and is neither head nor body (%s)', (engine) => {
  test('extensions of chunks are kept, of a request and of a response', async () => {
    rig = await openRig({ engine });
    await serving('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;from=server\r\nok\r\n0;last\r\n\r\n', 'stays');
    const { socket } = await tunnel(rig, `${HOST}:80`);
    socket.write('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;imei=001234567890123\r\nabc\r\n0;x\r\nX-End: yes\r\n\r\n');
    await received(socket, (t) => t.endsWith('\r\n0;last\r\n\r\n'));
    const { flows, text } = await rig.caught();
    expect(flows[0]?.request?.trailers).toEqual([
      [';', 'imei=001234567890123'],
      [';', 'x'],
      ['X-End', 'yes'],
    ]);
    expect(flows[0]?.response?.trailers).toEqual([
      [';', 'from=server'],
      [';', 'last'],
    ]);
    expect([flows[0]?.state, text(flows[0], 'request'), text(flows[0], 'response')]).toEqual(['whole', 'abc', 'ok']);
  });

  test('trailers that never end are kept as far as they came', async () => {
    rig = await openRig({ engine });
    await serving(OK, 'stays');
    const { socket } = await tunnel(rig, `${HOST}:80`);
    socket.write('POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Phone: half');
    await received(socket, (t) => t.endsWith('ok'));
    socket.destroy();
    await until(() => rig.flows() === 1);
    const { flows, text } = await rig.caught();
    expect(flows[0]?.request?.trailers).toEqual([[';', 'X-Phone: half']]);
    expect([flows[0]?.state, text(flows[0], 'request')]).toEqual(['aborted', 'abc']);
  });

  test('a response of 1xx behind which none came is the response that the app saw', async () => {
    rig = await openRig({ engine });
    await serving('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n', 'ends');
    const { socket } = await tunnel(rig, `${HOST}:80`);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(socket)).text).toContain('103 Early Hints');
    const { flows } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'truncated', response: { status: 103, headers: [['Link', '</a.css>']] } }]);
  });

  test('a status below 100 is none', async () => {
    rig = await openRig({ engine });
    await serving('HTTP/1.1 000 Odd\r\nX-Secret: s\r\nContent-Length: 0\r\n\r\n', 'ends');
    const { socket } = await tunnel(rig, `${HOST}:80`);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(socket)).text).toContain('X-Secret: s');
    const { flows, text } = await rig.caught();
    expect(flows.map(({ state }) => state)).toEqual(['opaque']);
    expect(text(flows[0], 'response')).toContain('X-Secret: s');
  });

  test('a 101 before the request is whole: what was read of it and what follows are two flows', async () => {
    rig = await openRig({ engine });
    const server = rig.keep(
      await farServer((socket) => {
        socket.once('data', () => socket.write('HTTP/1.1 101 Switching\r\nUpgrade: foo\r\n\r\n')).on('end', () => socket.end());
      }, null),
    );
    rig.route(HOST, server.port);
    const { socket } = await tunnel(rig, `${HOST}:80`);
    socket.write('POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nabc');
    await received(socket, (t) => t.includes('101'));
    socket.end('defg');
    await until(() => rig.flows() === 2);
    const { flows, gaps, text } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.bodies[0]?.state, text(flow, 'request')])).toEqual([
      ['truncated', 'truncated', 'abc'],
      ['opaque', 'whole', 'defg'],
    ]);
    expect(gaps).toMatchObject([{ what: 'opaque', why: 'upgrade: foo' }]);
  });
});

test('what the app sent behind a request that never came to its end is a request of its own', async () => {
  rig = await openRig({ engine: 'pipeline' });
  await serving('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nha', 'ends');
  const { socket } = await tunnel(rig, `${HOST}:80`);
  const second = 'GET /second HTTP/1.1\r\n\r\n';
  socket.write(`GET /first HTTP/1.1\r\n\r\n${second}`);
  await received(socket);
  const { flows, text } = await rig.caught();
  expect(flows.map((flow) => [flow.state, flow.request?.target ?? text(flow, 'request')]).toSorted()).toEqual([
    ['aborted', second],
    ['truncated', '/first'],
  ]);
});

describe('a capture that ends while a server is looked for', () => {
  const soon = (): Promise<void> => new Promise((next) => setTimeout(next, 50));

  test('by name: the app is blamed for nothing', async () => {
    rig = await openRig({ resolve: () => new Promise(() => {}) });
    const app = await toProxy(rig);
    app.write(`CONNECT ${HOST}:443 HTTP/1.1\r\n\r\n`);
    await soon();
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ host: HOST, state: 'refused', reason: 'run-ended' }]);
    expect(gaps).toMatchObject([{ what: 'not-settled', why: 'run-ended', scope: { host: HOST } }]);
  });

  test('by TLS: likewise', async () => {
    rig = await openRig();
    const mute = createServer(() => {});
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    rig.keep(mute);
    rig.route(HOST, (mute.address() as AddressInfo).port);
    const { socket } = await tunnel(rig, `${HOST}:443`);
    connectTls({ socket, servername: HOST, ca: lab.certPem }).on('error', () => {});
    await soon();
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ host: HOST, sni: HOST, state: 'refused', reason: 'run-ended' }]);
    expect(gaps).toMatchObject([{ what: 'not-settled', why: 'run-ended' }]);
  });
});

test('a name that a server has not shown to be its own is not taken for the host', async () => {
  rig = await openRig({ insecure: true });
  const other = far.context('other.example.com');
  const server = rig.keep(
    await farServer((socket) => onHead(socket, () => void socket.write(OK)), { SNICallback: (_, done) => done(null, other) }),
  );
  rig.route('127.0.0.1', server.port);
  const { socket } = await tunnel(rig, '127.0.0.1:443');
  const app = connectTls({ socket, servername: 'www.bank.example', ca: lab.certPem });
  app.write('GET /a HTTP/1.1\r\n\r\n');
  await received(app, (t) => t.endsWith('ok'));
  const { flows } = await rig.caught();
  expect(flows[0]).toMatchObject({ sni: 'www.bank.example', tls: { upstream: { untrusted: 'ERR_TLS_CERT_ALTNAME_INVALID' } } });
  expect(flows[0]?.request?.url).toBe('https://127.0.0.1/a');
});
