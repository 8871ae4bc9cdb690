import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ENGINES, farServer, onHead, openRig, received, toProxy, tunnel } from './rig.js';
import type { Rig } from './rig.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
let rig: Rig;
afterEach(() => rig.dispose());

async function plain(answer: (head: string) => string): Promise<{ heads: string[] }> {
  const heads: string[] = [];
  const server = rig.keep(
    await farServer(
      (socket) =>
        onHead(socket, (head) => {
          heads.push(head);
          socket.write(answer(head));
        }),
      null,
    ),
  );
  rig.route('plain.example.com', server.port);
  rig.route('other.example.com', server.port);
  return { heads };
}

describe.each(ENGINES)('plain HTTP (%s)', (engine) => {
  beforeEach(async () => {
    rig = await openRig({ engine });
  });

  test('by absolute URL reaches the server as a path, and is recorded as the app sent it', async () => {
    const { heads } = await plain(() => OK);
    const app = await toProxy(rig);
    app.write(
      'GET http://plain.example.com/echo?x=1 HTTP/1.1\r\nHost: plain.example.com\r\nProxy-Connection: keep-alive\r\nX-Case: 1\r\n\r\n',
    );
    await received(app, (t) => t.endsWith('ok'));
    expect(heads).toEqual(['GET /echo?x=1 HTTP/1.1\r\nHost: plain.example.com\r\nX-Case: 1']);
    expect((await rig.caught()).flows[0]).toMatchObject({
      scheme: 'http',
      host: 'plain.example.com',
      port: 80,
      sni: null,
      state: 'whole',
      peer: { certificateSha256: null },
      request: {
        target: 'http://plain.example.com/echo?x=1',
        url: 'http://plain.example.com/echo?x=1',
        headers: [
          ['Host', 'plain.example.com'],
          ['Proxy-Connection', 'keep-alive'],
          ['X-Case', '1'],
        ],
      },
    });
  });

  test('serves requests to several hosts over one connection, in order, pipelined or not', async () => {
    await plain((head) => `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${/ \/(.)/.exec(head)?.[1]}`);
    const app = await toProxy(rig);
    app.write('POST http://plain.example.com/1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET http://other.example.com/2 HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('2'));
    app.write('GET http://other.example.com/3 HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('3'));
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => [flow.host, text(flow, 'request'), text(flow, 'response'), flow.state])).toEqual([
      ['plain.example.com', 'abc', '1', 'whole'],
      ['other.example.com', '', '2', 'whole'],
      ['other.example.com', '', '3', 'whole'],
    ]);
  });

  test.each(['', '?q=1', '/'])('the URL http://plain.example.com%s gets a path', async (rest) => {
    const { heads } = await plain(() => OK);
    const app = await toProxy(rig);
    app.write(`GET http://plain.example.com${rest} HTTP/1.1\r\n\r\n`);
    await received(app, (t) => t.endsWith('ok'));
    expect(heads).toEqual([`GET /${rest.replace('/', '')} HTTP/1.1`]);
  });

  test('an HTTP/1.0 client sees the connection close when the server closes', async () => {
    const server = rig.keep(
      await farServer(
        (socket) => onHead(socket, () => void socket.end('HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')),
        null,
      ),
    );
    rig.route('plain.example.com', server.port);
    const app = await toProxy(rig);
    app.write('GET http://plain.example.com/ HTTP/1.0\r\n\r\n');
    expect(await received(app)).toMatchObject({ ended: 'end' });
  });

  test('in a tunnel is read as well', async () => {
    await plain(() => OK);
    const { socket } = await tunnel(rig, 'plain.example.com:80');
    socket.write('GET /t HTTP/1.1\r\n\r\n');
    await received(socket, (t) => t.endsWith('ok'));
    expect((await rig.caught()).flows[0]).toMatchObject({ scheme: 'http', state: 'whole', request: { url: 'http://plain.example.com/t' } });
  });
});
