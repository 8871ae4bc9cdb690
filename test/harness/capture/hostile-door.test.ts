import { readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { connect as connectTls, createServer } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseAuthority } from '../../../harness/capture/authority-form.js';
import { createRunClock } from '../../../harness/clock.js';
import { HOST, OK, alive, answerTo, openSockets, serving } from './hostile-rig.js';
import { far, lab, onHead, openRig, received, tlsThrough, toProxy, tunnel, until } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

describe('CONNECT to what is not host:port', () => {
  test.each([
    '../../x:443',
    'a/b:443',
    'http://a:443/',
    'user@a:443',
    'a:443/path',
    'a:+443',
    'a:4 43',
    'a:443:443',
    'a\\tb:443',
    '%61:443',
    '*:443',
    '/etc/passwd',
    'a b:443',
    'a:0',
    'a:65536',
    'a:',
    ':443',
    'a..b:443',
    '[::1',
    '[zz]:443',
    'host',
    `${'x'.repeat(300)}:443`,
  ])('%j is answered 400, recorded, and writes no file', async (authority) => {
    const before = readdirSync(process.cwd());
    expect(await answerTo(rig, `CONNECT ${authority} HTTP/1.1\r\nHost: x\r\n\r\n`)).toBe('HTTP/1.1 400 Bad Request');
    await alive(rig);
    const { flows, gaps } = await rig.caught();
    expect(flows[0]).toMatchObject({ state: 'refused', response: null, request: null });
    expect(gaps[0]).toMatchObject({ what: 'bad-request' });
    // Without a host a gap would cover every host, and one bad line would hide all violations.
    expect(gaps[0]?.scope.host).not.toBeNull();
    expect(readdirSync(process.cwd())).toEqual(before);
  });

  test.each([
    ['Example.COM:443', { host: 'example.com', port: 443 }],
    ['a_b.example.com:8443', { host: 'a_b.example.com', port: 8443 }],
    ['[2001:DB8::1]:443', { host: '2001:db8::1', port: 443 }],
    ['127.0.0.1:80', { host: '127.0.0.1', port: 80 }],
    ['localhost', null],
  ])('%s reads as %j', (text, target) => expect(parseAuthority(text, null)).toEqual(target));
});

test('a tunnel to an IPv6 literal leads to that address, with a certificate for it', async () => {
  const server = createServer({ cert: far.leaf('::1').certPem, key: far.leaf('::1').keyPem }, (socket) => {
    socket.on('error', () => {});
    onHead(socket, () => void socket.write(OK));
  });
  await new Promise<void>((ready) => server.listen(0, '::1', ready));
  const address = server.address();
  rig.keep({ close: () => void server.close() });
  rig.route('::1', typeof address === 'object' && address !== null ? address.port : 0);
  const { socket } = await tunnel(rig, '[::1]:443');
  const app = connectTls({ socket, host: '::1', ca: lab.certPem });
  app.write('GET /six HTTP/1.1\r\n\r\n');
  await received(app, (t) => t.endsWith('ok'));
  app.destroy();
  expect((await rig.caught()).flows).toMatchObject([
    { host: '::1', port: 443, state: 'whole', peer: { ip: '::1' }, request: { url: 'https://[::1]/six' } },
  ]);
});

describe('garbage at the door', () => {
  test.each([
    ['bytes of no protocol', Buffer.from('0504010203ff', 'hex')],
    ['a page of our own', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['a header that is none', 'GET http://a.example.com/ HTTP/1.1\r\nBad Header: 1\r\n\r\n'],
    ['another scheme', 'GET ftp://a.example.com/ HTTP/1.1\r\n\r\n'],
    ['a head without end', `GET http://a.example.com/ HTTP/1.1\r\n${'X: y\r\n'.repeat(60_000)}`],
    ['a giant authority', `CONNECT ${'a'.repeat(70_000)}:443 HTTP/1.1\r\n\r\n`],
    ['NUL in CONNECT', 'CONNECT a\0b:443 HTTP/1.1\r\n\r\n'],
    ['no version', 'CONNECT a:443\r\n\r\n'],
  ])('%s: refused, recorded, and the proxy lives', async (_, bytes) => {
    expect(await answerTo(rig, bytes)).toMatch(/^(HTTP\/1\.1 (400 Bad Request|502 Bad Gateway))?$/);
    await alive(rig);
    const { flows } = await rig.caught();
    expect(flows.map((flow) => flow.state)).toEqual(['refused', 'whole']);
  });

  test('half a head and gone', async () => {
    for (const half of [
      'C',
      'CONNECT a',
      'CONNECT api.example.com:443 HTTP/1.1\r\nHost:',
      'GET http://',
      'GET http://a.example.com/ HTTP/1.1\r\n',
    ]) {
      const socket = await toProxy(rig);
      await new Promise<void>((sent) => socket.write(half, () => sent()));
      socket.destroy();
    }
    await alive(rig);
    await until(() => openSockets() === 0);
  });
});

/** Says a byte at a time, and never the last; gives the socket. */
async function dripping(bytes: Buffer): Promise<Socket> {
  const socket = await toProxy(rig);
  for (const byte of bytes.subarray(0, -1)) {
    if (socket.destroyed) break;
    await new Promise<void>((sent) => socket.write(Buffer.from([byte]), () => sent()));
  }
  return socket;
}

describe('an app that says a byte at a time and never comes to an end', () => {
  const SLOW: readonly (readonly [string, Buffer])[] = [
    ['a CONNECT', Buffer.from(`CONNECT ${HOST}:443 HTTP/1.1\r\nHost: a\r\n\r\n`)],
    ['a request for the proxy', Buffer.from(`GET http://${HOST}/ HTTP/1.1\r\nHost: a\r\n\r\n`)],
    ['a ClientHello', Buffer.concat([Buffer.from('16030101000100', 'hex'), Buffer.alloc(100, 3)])],
    ['its first letter', Buffer.from('CO')],
  ];

  test.each(SLOW)('%s: others are served, and the end of the run does not wait for it', async (_, bytes) => {
    const slow = await Promise.all(Array.from({ length: 20 }, () => dripping(bytes)));
    await alive(rig);
    expect(slow.every((socket) => !socket.destroyed)).toBe(true);
    const ended = rig.proxy.close().then(() => 'ended');
    // Its own patience with connections that do not end is two seconds.
    expect(await Promise.race([ended, new Promise((late) => setTimeout(late, 1900, 'late'))])).toBe('ended');
    const { flows } = await rig.caught();
    expect(flows.filter(({ state }) => state === 'whole')).toHaveLength(1);
    expect(flows.every(({ state, request }) => state !== 'whole' || request?.target === '/control')).toBe(true);
  });

  test('a request inside TLS, and a body: the end of the run ends them, and what came is kept as aborted', async () => {
    const got = new Map<Socket, string>();
    await serving(rig, (socket) =>
      socket.on('data', (chunk: Buffer) => void got.set(socket, `${got.get(socket) ?? ''}${chunk.toString()}`)),
    );
    const says = ['GET /slow HTTP/1.1\r\nHo', 'POST /slow HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc'];
    for (const text of says) {
      const app = await tlsThrough(rig, `${HOST}:443`);
      for (const byte of Buffer.from(text)) await new Promise<void>((sent) => app.write(Buffer.from([byte]), () => sent()));
    }
    await until(() => says.every((text) => [...got.values()].includes(text)));
    await alive(rig);
    const { flows, text } = await rig.caught();
    const slow = flows.filter(({ host }) => host === HOST).toSorted((a, b) => (a.n ?? 0) - (b.n ?? 0));
    expect(slow.map(({ state, reason, request }) => [state, reason, request?.target])).toEqual([
      ['aborted', 'the run ended', undefined],
      ['aborted', 'the run ended', '/slow'],
    ]);
    expect([text(slow[0], 'request'), text(slow[1], 'request')]).toEqual([says[0], 'abc']);
  });

  test('a head that grows for ever is not held for ever', async () => {
    const socket = await toProxy(rig);
    socket.write(`GET http://${HOST}/ HTTP/1.1\r\n`);
    let sent = 0;
    while (!socket.destroyed && sent < 4 * 1024 * 1024) {
      sent += 1000;
      await new Promise<void>((written) => socket.write(`X-${sent}: ${'y'.repeat(990)}\r\n`, () => written()));
    }
    await until(() => rig.flows() === 1);
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'refused', reason: expect.stringMatching(/^malformed: a head of more than/) as unknown },
    ]);
  });
});

describe('a machine whose wall clock is set while an app asks', () => {
  test.each([
    ['back by a day', -86_400_000],
    ['on by a year', 31_536_000_000],
  ])('%s: what was measured is told by the monotonic clock, and both are kept', async (_, stepMs) => {
    let wallMs = Date.UTC(2026, 0, 1);
    let monoMs = 1000;
    rig.dispose();
    rig = await openRig({ clock: createRunClock({ realNowMs: () => wallMs, realMonoMs: () => monoMs }) });
    await serving(rig, (socket) =>
      onHead(socket, () => {
        wallMs += stepMs;
        monoMs += 250;
        socket.write(OK);
      }),
    );
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    app.destroy();
    const [flow] = (await rig.caught()).flows;
    const { requestFirst, responseFirst, responseLast } = flow?.times ?? {};
    expect([requestFirst?.wallMs, requestFirst?.monoMs]).toEqual([Date.UTC(2026, 0, 1), 1000]);
    expect([responseFirst?.wallMs, responseFirst?.monoMs]).toEqual([Date.UTC(2026, 0, 1) + stepMs, 1250]);
    expect((responseLast?.ms ?? 0) - (requestFirst?.ms ?? 0)).toBe(250);
    expect(flow?.state).toBe('whole');
  });
});
