import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttp } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { answerSocks, readSocks, socksReplyFor } from '../../../harness/capture/socks5.js';
import type { SocksAsk } from '../../../harness/capture/socks5.js';
import { readSocksAddress, targetOf, writeSocksAddress } from '../../../harness/capture/socks-address.js';
import { firstOf, restOf } from './journal-rig.js';

const GREETING = Buffer.of(5, 1, 0);
const WITH_USER = Buffer.of(5, 2, 0, 2);
const signIn = (user: string, password: string): Buffer =>
  Buffer.concat([Buffer.of(1, user.length), Buffer.from(user), Buffer.of(password.length), Buffer.from(password)]);
const port = (number: number): Buffer => Buffer.of(number >> 8, number & 0xff);
const toName = (name: string, to: number, command = 1): Buffer =>
  Buffer.concat([Buffer.of(5, command, 0, 3, name.length), Buffer.from(name, 'latin1'), port(to)]);
const toIpv4 = (bytes: readonly number[], to: number): Buffer => Buffer.concat([Buffer.of(5, 1, 0, 1, ...bytes), port(to)]);
const toIpv6 = (bytes: readonly number[], to: number): Buffer => Buffer.concat([Buffer.of(5, 1, 0, 4, ...bytes), port(to)]);

/** Each connection's handshake, and its socket. */
const asked: { readonly ask: SocksAsk; readonly socket: Socket }[] = [];
let heard: () => void = () => {};
const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {});
  void readSocks(socket).then((ask) => {
    asked.push({ ask, socket });
    heard();
    if (ask.kind === 'refused') socket.destroySoon();
  });
});
let listens = 0;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  listens = (server.address() as AddressInfo).port;
});
afterAll(() => {
  for (const { socket } of asked) socket.destroy();
  server.close();
});
beforeEach(() => {
  for (const { socket } of asked.splice(0)) socket.destroy();
});

async function dial(): Promise<Socket> {
  const client = connect({ host: '127.0.0.1', port: listens, allowHalfOpen: true, noDelay: true });
  client.on('error', () => {});
  await once(client, 'connect');
  return client;
}

async function nextAsk(): Promise<{ readonly ask: SocksAsk; readonly socket: Socket }> {
  if (asked.length === 0) await new Promise<void>((resolve) => (heard = resolve));
  const first = asked.shift();
  if (first === undefined) throw new Error('nobody asked');
  return first;
}

/** What becomes of these bytes, and what the client is told. */
async function handshake(
  ...messages: readonly Buffer[]
): Promise<{ readonly ask: SocksAsk; readonly said: Buffer; readonly socket: Socket }> {
  const client = await dial();
  const said = restOf(client);
  client.write(Buffer.concat(messages));
  const { ask, socket } = await nextAsk();
  socket.end();
  const result = { ask, socket, said: await said };
  client.destroy();
  return result;
}

describe('a SOCKS5 client', () => {
  test('without a user name is led to an IPv4 address', async () => {
    const { ask, said } = await handshake(GREETING, toIpv4([203, 0, 113, 9], 8443));
    expect(ask).toEqual({ kind: 'connect', target: { host: '203.0.113.9', port: 8443 }, user: null });
    expect(said).toEqual(Buffer.of(5, 0));
  });

  test('is led to an IPv6 address in its shortest form', async () => {
    const { ask } = await handshake(GREETING, toIpv6([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 443));
    expect(ask).toEqual({ kind: 'connect', target: { host: '2001:db8::1', port: 443 }, user: null });
  });

  test.each([
    ['API.Example.com', 'api.example.com'],
    ['under_score.example.com', 'under_score.example.com'],
    ['::1', '::1'],
    ['198.51.100.7', '198.51.100.7'],
  ])('is led to the name %s', async (name, host) => {
    const { ask } = await handshake(GREETING, toName(name, 443));
    expect(ask).toEqual({ kind: 'connect', target: { host, port: 443 }, user: null });
  });

  test('that has a user name is asked for it, whatever it offers first, and any password will do', async () => {
    const { ask, said } = await handshake(WITH_USER, signIn('10123:com.example.loan:40000', 'x'), toName('a.example', 443));
    expect(ask).toEqual({ kind: 'connect', target: { host: 'a.example', port: 443 }, user: '10123:com.example.loan:40000' });
    expect(said).toEqual(Buffer.of(5, 2, 1, 0));
  });

  test('may sign in with nothing', async () => {
    expect((await handshake(WITH_USER, signIn('', ''), toName('a.example', 1))).ask).toMatchObject({ kind: 'connect', user: '' });
  });

  test('may ask to send datagrams, from wherever it says', async () => {
    expect((await handshake(WITH_USER, signIn('u', 'p'), toName('', 0, 3))).ask).toEqual({ kind: 'udp', user: 'u' });
  });

  test('gets back nothing of what it sent behind the request, and the next reader gets all of it', async () => {
    const client = await dial();
    const hello = Buffer.from([0x16, 3, 1, 0, 255]);
    for (const byte of Buffer.concat([WITH_USER, signIn('me', 'secret'), toName('a.example', 443), hello])) {
      client.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { ask, socket } = await nextAsk();
    expect(ask).toMatchObject({ kind: 'connect', user: 'me' });
    answerSocks(socket, 0, null);
    client.end();
    expect(await restOf(socket)).toEqual(hello);
    client.destroy();
  });

  test.each([
    [0, null, '05000001000000000000'],
    [5, null, '05050001000000000000'],
    [0, { ip: '127.0.0.1', port: 4242 }, '050000017f0000011092'],
    [0, { ip: '::1', port: 1 }, '05000004000000000000000000000000000000010001'],
  ] as const)('is answered %i %j', async (reply, bound, bytes) => {
    const client = await dial();
    const said = restOf(client);
    client.write(Buffer.concat([GREETING, toName('a.example', 443)]));
    const { socket } = await nextAsk();
    answerSocks(socket, reply, bound);
    socket.end();
    expect((await said).toString('hex')).toBe(`0500${bytes}`);
  });

  test('learns why there is no way', () => {
    expect(['ENOTFOUND', 'ECONNREFUSED', 'ENETUNREACH', 'EHOSTUNREACH', 'CERT_HAS_EXPIRED'].map(socksReplyFor)).toEqual([4, 5, 3, 4, 1]);
  });
});

describe('refused', () => {
  const bind = toName('a.example', 443, 2);
  test.each<[string, readonly Buffer[], string, string]>([
    ['SOCKS4', [Buffer.from('\x04\x01\x01\xbb\x7f\x00\x00\x01me\0', 'latin1')], 'socks-version: SOCKS4', '005b000000000000'],
    ['SOCKS4a', [Buffer.from('\x04\x01\x01\xbb\x00\x00\x00\x01me\0a.example\0', 'latin1')], 'socks-version: SOCKS4', '005b000000000000'],
    ['another first byte', [Buffer.of(6, 1, 0)], 'socks-malformed: no greeting', ''],
    ['GSSAPI alone', [Buffer.of(5, 1, 1)], 'socks-method: 1', '05ff'],
    ['no way at all', [Buffer.of(5, 0)], 'socks-method: 0', '05ff'],
    ['a sign-in of another version', [WITH_USER, Buffer.of(5, 1, 0, 0)], 'socks-malformed: no sign-in', '05020101'],
    ['a request of another version', [GREETING, Buffer.of(4, 1)], 'socks-malformed: no request', '050005010001000000000000'],
    ['BIND', [GREETING, bind], 'socks-command: BIND', '050005070001000000000000'],
    ['Tor RESOLVE', [GREETING, toName('a.example', 0, 0xf0)], 'socks-command: 240', '050005070001000000000000'],
    ['an unknown address type', [GREETING, Buffer.of(5, 1, 0, 2, 0)], 'socks-malformed: address type 2', '050005080001000000000000'],
    ['no name', [GREETING, toName('', 443)], 'socks-target: :443', '050005010001000000000000'],
    ['port 0', [GREETING, toName('a.example', 0)], 'socks-target: a.example:0', '050005010001000000000000'],
    ['a name of other bytes', [GREETING, toName('../a\0é', 80)], 'socks-target: ../a??:80', '050005010001000000000000'],
  ])('%s', async (_, messages, why, said) => {
    const result = await handshake(...messages);
    expect(result.ask).toEqual({ kind: 'refused', why, user: null });
    expect(result.said.toString('hex')).toBe(said);
  });

  test.each([0, 1, 2, 3, 10, 20, 25])('a client that leaves after %i bytes', async (bytes) => {
    const client = await dial();
    const whole = Buffer.concat([WITH_USER, signIn('me', 'pw'), toName('a.example.com', 443)]);
    client.end(whole.subarray(0, bytes));
    expect((await nextAsk()).ask).toMatchObject({ kind: 'refused', why: 'socks-cut-short' });
    client.destroy();
  });

  test('a client that breaks the connection off', async () => {
    const client = await dial();
    client.write(GREETING);
    await firstOf(client, 2);
    client.resetAndDestroy();
    expect((await nextAsk()).ask).toMatchObject({ kind: 'refused', why: 'socks-cut-short' });
  });

  test('a client that is silent for ten seconds, with the name it gave', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const client = await dial();
      client.write(Buffer.concat([WITH_USER, signIn('me', 'pw')]));
      expect(await firstOf(client, 4)).toEqual(Buffer.of(5, 2, 1, 0));
      vi.advanceTimersByTime(9999);
      await new Promise((resolve) => setImmediate(resolve));
      expect(asked).toHaveLength(0);
      vi.advanceTimersByTime(1);
      expect((await nextAsk()).ask).toEqual({ kind: 'refused', why: 'socks-too-slow', user: 'me' });
      client.destroy();
    } finally {
      vi.useRealTimers();
    }
  });
});

test('any request in any pieces is read the same, and garbage is refused', { timeout: 60_000 }, async () => {
  const request = fc.oneof(
    fc.tuple(fc.array(fc.nat(255), { minLength: 4, maxLength: 4 }), fc.integer({ min: 1, max: 65_535 })).map(([ip, to]) => toIpv4(ip, to)),
    fc.tuple(fc.domain(), fc.integer({ min: 1, max: 65_535 })).map(([name, to]) => toName(name, to)),
  );
  await fc.assert(
    fc.asyncProperty(
      request,
      fc.uint8Array({ maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
      async (bytes, tail, sizes) => {
        const client = await dial();
        const all = Buffer.concat([GREETING, bytes, tail]);
        for (let at = 0, i = 0; at < all.length; i += 1) {
          const size = sizes[i % sizes.length] ?? 1;
          client.write(all.subarray(at, at + size));
          at += size;
          await new Promise((resolve) => setImmediate(resolve));
        }
        const { ask, socket } = await nextAsk();
        const address = readSocksAddress(bytes, 3);
        expect(ask).toEqual({
          kind: 'connect',
          target: address.kind === 'address' ? targetOf(address.host, address.port) : null,
          user: null,
        });
        client.end();
        expect(await restOf(socket)).toEqual(Buffer.from(tail));
        client.destroy();
        socket.destroy();
      },
    ),
    { numRuns: 150 },
  );
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
      const client = await dial();
      client.end(Buffer.concat([Buffer.of(5), bytes]));
      const { ask, socket } = await nextAsk();
      expect(['connect', 'udp', 'refused']).toContain(ask.kind);
      client.destroy();
      socket.destroy();
    }),
    { numRuns: 150 },
  );
});

test('an address inside a message reads back as it was written, and no bytes make the reader throw', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(65_535), (ip, to) => {
      const bytes = writeSocksAddress({ ip, port: to });
      const read = readSocksAddress(bytes, 0);
      expect(read).toMatchObject({ kind: 'address', port: to, end: bytes.length });
      if (read.kind === 'address') expect(writeSocksAddress({ ip: read.host, port: to })).toEqual(bytes);
      expect(readSocksAddress(bytes.subarray(0, -1), 0)).toEqual({ kind: 'more' });
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(10), (bytes, at) => {
      const read = readSocksAddress(Buffer.from(bytes), at);
      if (read.kind === 'address') expect(read.end).toBeLessThanOrEqual(bytes.length);
    }),
    { numRuns: 10_000 },
  );
});

const hasCurl = spawnSync('curl', ['--version']).status === 0;

test.skipIf(!hasCurl)('curl signs in and gets its page', async () => {
  const page = createHttp((_, response) => response.end('a page'));
  page.listen(0, '127.0.0.1');
  await once(page, 'listening');
  const to = (page.address() as AddressInfo).port;
  const got = promisify(execFile)('curl', [
    '-sS',
    '--proxy',
    `socks5h://10123%3Acom.example.loan%3A40000:x@127.0.0.1:${listens}`,
    `http://page.example.com:${to}/`,
  ]);
  const { ask, socket } = await nextAsk();
  expect(ask).toEqual({ kind: 'connect', target: { host: 'page.example.com', port: to }, user: '10123:com.example.loan:40000' });
  const upstream = connect(to, '127.0.0.1');
  await once(upstream, 'connect');
  answerSocks(socket, 0, null);
  socket.pipe(upstream).pipe(socket);
  expect((await got).stdout).toBe('a page');
  page.close();
});
