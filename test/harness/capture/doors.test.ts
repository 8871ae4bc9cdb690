import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../harness/capture/ca.js';
import { readSocksAddress, writeSocksAddress } from '../../../harness/capture/socks-address.js';
import { query } from './dns-bytes.js';
import { bodyOf, helloMessage, inRecords } from './hello-bytes.js';
import { firstOf } from './journal-rig.js';
import { far, farServer, lab, onHead, openRig, received, toProxy, until } from './rig.js';
import type { Rig, RigOptions } from './rig.js';

const HOST = 'api.example.com';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const NOBODY = { uid: null, package: null, pid: null, how: 'unknown' };
const stranger = createAuthority('Stranger', Date.now(), 'ec');
const dir = mkdtempSync(join(tmpdir(), 'jj-doors-'));
beforeAll(() => writeFileSync(join(dir, 'ca.pem'), lab.certPem));
afterAll(() => rmSync(dir, { recursive: true }));

let rig: Rig;
const open = async (options: RigOptions): Promise<Rig> => (rig = await openRig(options));
afterEach(() => rig.dispose());

/** A server behind HOST that answers each request; the heads that it got. */
async function serving(tls: Parameters<typeof farServer>[1] = {}): Promise<string[]> {
  const heads: string[] = [];
  const answer = (socket: Socket): void =>
    onHead(socket, (head) => {
      heads.push(head.split('\r\n')[0] ?? '');
      socket.write(OK);
    });
  rig.route(HOST, rig.keep(await farServer(answer, tls)).port);
  return heads;
}

/** curl as anybody has it, led to the proxy by nothing but these options. Its exit code and what it got. */
async function curl(...args: readonly string[]): Promise<{ readonly code: number; readonly body: string; readonly complaint: string }> {
  const env = { PATH: process.env['PATH'], HOME: dir };
  const child = spawn('curl', ['-sS', '--http1.1', '--max-time', '20', '--cacert', join(dir, 'ca.pem'), ...args], { env });
  let [body, complaint] = ['', ''];
  child.stdout.on('data', (chunk) => (body += String(chunk)));
  child.stderr.on('data', (chunk) => (complaint += String(chunk)));
  const [code] = await once(child, 'close');
  return { code, body, complaint };
}

/** Between curl and the proxy: each byte that curl sends goes on by itself. */
async function crumbler(): Promise<number> {
  const server = createServer({ noDelay: true }, async (client) => {
    const proxy = connect({ host: '127.0.0.1', port: rig.proxy.port, noDelay: true });
    for (const [socket, other] of [
      [client, proxy],
      [proxy, client],
    ] as const)
      socket.on('error', () => {}).once('close', () => other.destroy());
    proxy.pipe(client);
    const crumble = async (): Promise<void> => {
      for await (const chunk of client)
        for (const byte of chunk as Buffer) {
          proxy.write(Buffer.of(byte));
          await new Promise((next) => setImmediate(next));
        }
      proxy.end();
    };
    // curl may leave before it is read to its end.
    await crumble().catch(() => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  rig.keep(server);
  return (server.address() as AddressInfo).port;
}

/** By which door curl is led to a proxy at `port`, what it asks for, and what its flow must say. */
const USER = '10123%3Acom.example.loan%3A40000';
const APP = { uid: 10_123, package: 'com.example.loan', pid: null, how: 'socks' };
const DOORS = [
  {
    name: 'HTTP proxy, absolute URL',
    args: (port: number) => ['-x', `http://127.0.0.1:${port}`, `http://${HOST}/a`],
    tls: null,
    // The head that the server gets is ours: a path in place of the URL.
    flow: { door: 'http-proxy', scheme: 'http', host: HOST, port: 80, sni: null, owner: NOBODY, synthetic: ['request-head'] },
  },
  {
    name: 'HTTP proxy, CONNECT',
    args: (port: number) => ['-x', `http://127.0.0.1:${port}`, `https://${HOST}/a`],
    tls: {},
    flow: { door: 'http-proxy', scheme: 'https', host: HOST, port: 443, sni: HOST, owner: NOBODY },
  },
  {
    name: 'SOCKS5 with a user name',
    args: (port: number) => ['-x', `socks5h://${USER}:any@127.0.0.1:${port}`, `https://${HOST}/a`],
    tls: {},
    flow: { door: 'socks5', scheme: 'https', host: HOST, port: 443, sni: HOST, owner: APP },
  },
  {
    name: 'SOCKS5 without one, not TLS',
    args: (port: number) => ['--socks5-hostname', `127.0.0.1:${port}`, `http://${HOST}:8080/a`],
    tls: null,
    flow: { door: 'socks5', scheme: 'http', host: HOST, port: 8080, sni: null, owner: NOBODY },
  },
  {
    name: 'bare TLS, led here by its address',
    args: (port: number) => ['--connect-to', `::127.0.0.1:${port}`, `https://${HOST}/a`],
    tls: {},
    flow: { door: 'tls', scheme: 'https', host: HOST, port: 443, sni: HOST, owner: NOBODY },
  },
  {
    name: 'bare TLS, led here by its name',
    args: (port: number) => ['--resolve', `${HOST}:${port}:127.0.0.1`, `https://${HOST}:${port}/a`],
    tls: {},
    flow: { door: 'tls', scheme: 'https', host: HOST, port: 443, sni: HOST, owner: NOBODY },
  },
] as const;

describe.each(['relay', 'pipeline'] as const)('curl, with the %s engine,', (engine) => {
  beforeEach(async () => void (await open({ socks: true, engine })));

  test.each(DOORS)('by $name: its flow names the door and whose it is', async ({ args, tls, flow }) => {
    const heads = await serving(tls);
    expect(await curl(...args(rig.proxy.port))).toEqual({ code: 0, body: 'ok', complaint: '' });
    const { flows, gaps, text } = await rig.caught();
    expect(heads).toEqual(['GET /a HTTP/1.1']);
    expect(flows).toMatchObject([{ synthetic: [], ...flow, engine, n: 1, state: 'whole', response: { status: 200 } }]);
    expect(flows[0]?.peer?.ip).toBe('127.0.0.1');
    expect(text(flows[0], 'response')).toBe('ok');
    expect(gaps).toEqual([]);
  });

  test.each(DOORS)('by $name, byte by byte', async ({ args, tls, flow }) => {
    const heads = await serving(tls);
    expect(await curl(...args(await crumbler()))).toEqual({ code: 0, body: 'ok', complaint: '' });
    const { flows, gaps } = await rig.caught();
    expect(heads).toEqual(['GET /a HTTP/1.1']);
    expect(flows).toMatchObject([{ ...flow, n: 1, state: 'whole' }]);
    expect(gaps).toEqual([]);
  });
});

describe('whose a SOCKS connection is', () => {
  beforeEach(async () => void (await open({ socks: true })));
  const byUser = (user: string): Promise<unknown> =>
    curl('-x', `socks5h://${encodeURIComponent(user)}:x@127.0.0.1:${rig.proxy.port}`, `https://${HOST}/a`);

  test.each([
    ['10123:com.example.loan:', { uid: 10_123, package: 'com.example.loan', pid: null, how: 'socks' }],
    ['10123::', { uid: 10_123, package: null, pid: null, how: 'socks' }],
    [':com.example.loan:', { uid: null, package: 'com.example.loan', pid: null, how: 'socks' }],
    ['::40000', NOBODY],
    ['somebody', NOBODY],
    ['10123:com.example.loan', NOBODY],
    ['4294967295:com.example.loan:1', NOBODY],
    ['10123:com.example loan:1', NOBODY],
  ])('that signs in as %j', async (user, owner) => {
    await serving();
    expect(await byUser(user)).toMatchObject({ code: 0, body: 'ok' });
    expect((await rig.caught()).flows.map((flow) => flow.owner)).toEqual([owner]);
  });

  test('is what its user name says before what the handset knows of its port, and the latter where the name says nothing', async () => {
    await serving(null);
    const ask = async (user: string): Promise<void> => {
      const app = await toProxy(rig);
      rig.owners.set(app.localPort ?? 0, 4711);
      const wish = Buffer.concat([Buffer.of(5, 1, 0, 3, HOST.length), Buffer.from(HOST), Buffer.of(0, 80)]);
      app.write(Buffer.concat([Buffer.of(5, 1, 2, 1, user.length), Buffer.from(user), Buffer.of(0), wish]));
      expect([...(await firstOf(app, 14))]).toEqual([5, 2, 1, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
      app.write('GET /b HTTP/1.1\r\n\r\n');
      await received(app, (text) => text.endsWith('ok'));
    };
    await ask('10123:com.example.loan:1');
    await ask('');
    expect((await rig.caught()).flows.map((flow) => flow.owner)).toEqual([
      APP,
      { uid: 10_101, package: 'com.example.loan', pid: 4711, how: 'virtual' },
    ]);
  });
});

describe('a SOCKS client that cannot be served', () => {
  beforeEach(async () => void (await open({ socks: true })));

  test('for its version is told so, and recorded', async () => {
    const asked = await curl('--socks4a', `127.0.0.1:${rig.proxy.port}`, `http://${HOST}/`);
    expect(asked).toMatchObject({ code: 97, complaint: expect.stringMatching(/\(91\)/) });
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ door: 'socks5', host: 'unknown', state: 'refused', reason: 'socks-version: SOCKS4', peer: null }]);
    expect(gaps).toMatchObject([{ what: 'bad-request', why: 'socks-version: SOCKS4' }]);
  });

  test('for it broke off is recorded under the name that it gave', async () => {
    const app = await toProxy(rig);
    const user = '10123:com.example.loan:';
    app.end(Buffer.concat([Buffer.of(5, 1, 2, 1, user.length), Buffer.from(user), Buffer.of(0, 5, 1, 0, 3, 9)]));
    expect((await received(app)).text).toBe('\u0005\u0002\u0001\u0000');
    expect((await rig.caught()).flows).toMatchObject([{ door: 'socks5', state: 'refused', reason: 'socks-cut-short', owner: APP }]);
  });
});

/** A ClientHello with these extensions, as it goes over the wire. */
const hello = (sni: string | null): Buffer =>
  inRecords(
    helloMessage({
      legacyVersion: 0x0303,
      cipherSuites: [0x1301, 0xc02b],
      extensions: sni === null ? [] : [{ type: 0, body: bodyOf.sni(sni) }],
    }),
    [16_384],
  );

describe('TLS that was led here', () => {
  beforeEach(async () => void (await open({})));

  test('without a server name is refused: nobody knows where it wanted to go', async () => {
    const asked = await curl('-k', `https://127.0.0.1:${rig.proxy.port}/secret`);
    expect(asked.code).toBe(35);
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([
      { door: 'tls', scheme: 'https', host: 'unknown', port: 443, sni: null, state: 'refused', reason: 'no-server-name', synthetic: [] },
    ]);
    expect(gaps).toMatchObject([{ source: 'proxy', what: 'bad-request', why: 'no-server-name', scope: { host: 'unknown' } }]);
  });

  test.each(['a b', `${HOST}:8443`, '[::1]', 'x\u0000y', '..', `${'n'.repeat(300)}.example.com`])(
    'with a server name that is none (%j) is refused, and leads nowhere',
    async (sni) => {
      const app = await toProxy(rig);
      app.write(hello(sni));
      expect(await received(app)).toMatchObject({ text: '' });
      const { flows, gaps } = await rig.caught();
      expect(flows).toMatchObject([{ door: 'tls', host: 'unknown', sni, state: 'refused', peer: null }]);
      expect(flows[0]?.reason).toMatch(/^no-server-name: [\x21-\x7e]{1,100}$/);
      expect(gaps).toHaveLength(1);
    },
  );

  test.each([
    ['broken off', (app: Socket): void => void app.end(), 'tls-close-in-handshake'],
    ['reset', (app: Socket): void => void app.resetAndDestroy(), 'tls-reset'],
  ] as const)('and is %s inside its ClientHello is a refusal, not a connection without a byte', async (_, leave, reason) => {
    const app = await toProxy(rig);
    app.write(hello(HOST).subarray(0, 40));
    await new Promise((next) => setTimeout(next, 50));
    leave(app);
    await until(() => rig.flows() === 1);
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ door: 'tls', host: 'unknown', state: 'refused', reason }]);
    expect(gaps).toMatchObject([{ what: 'tls-refused', why: reason }]);
  });

  test('and only began like TLS says what was wrong with it', async () => {
    const app = await toProxy(rig);
    app.write(Buffer.concat([Buffer.of(0x16), Buffer.from('SSH-2.0-OpenSSH_9.6\r\n')]));
    expect(await received(app)).toMatchObject({ text: '' });
    const { flows } = await rig.caught();
    expect(flows).toMatchObject([{ door: 'tls', state: 'refused', reason: expect.stringMatching(/^not-tls-nor-http: /) }]);
  });

  test('and still waits when the capture ends is recorded', async () => {
    const app = await toProxy(rig);
    app.write(hello(HOST).subarray(0, 40));
    await new Promise((next) => setTimeout(next, 50));
    expect((await rig.caught()).flows).toMatchObject([{ door: 'tls', state: 'refused', reason: 'run-ended' }]);
  });
});

describe('what is no door', () => {
  beforeEach(async () => void (await open({})));

  test('SOCKS that is not switched on: refused, and told', async () => {
    expect(await curl('--socks5-hostname', `127.0.0.1:${rig.proxy.port}`, `http://${HOST}/`)).toMatchObject({ code: 97, body: '' });
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ door: 'socks5', host: 'unknown', state: 'refused', reason: 'socks-off', owner: NOBODY, synthetic: [] }]);
    expect(gaps).toMatchObject([{ what: 'bad-request', why: 'socks-off' }]);
  });

  test.each([
    ['a protocol that is none of ours', Buffer.of(0x80, 0x2e, 1), { door: 'none', reason: 'no-proxy-protocol' }],
    ['a CONNECT that ends before it is one', Buffer.from('CONN'), { door: 'http-proxy', reason: 'connect-cut-short' }],
  ])('%s: refused, and told', async (_, bytes, flow) => {
    const app = await toProxy(rig);
    app.end(bytes);
    expect(await received(app)).toMatchObject({ text: '' });
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ ...flow, host: 'unknown', state: 'refused', synthetic: [] }]);
    expect(gaps).toMatchObject([{ what: 'bad-request', why: flow.reason }]);
  });

  test('a connection on which nothing was ever said leaves nothing', async () => {
    const app = await toProxy(rig);
    app.end();
    expect(await received(app)).toMatchObject({ text: '', ended: 'end' });
    expect(await rig.caught()).toMatchObject({ flows: [], gaps: [] });
  });
});

describe('a server that is not there', () => {
  beforeEach(async () => void (await open({ socks: true })));
  const failed = { host: HOST, state: 'refused', reason: 'upstream: ENOTFOUND', request: null, response: null };

  test.each([
    ['an HTTP proxy client by our 502', DOORS[1].args, { code: 56, complaint: /502/ }, { door: 'http-proxy', synthetic: ['answer'] }],
    ['a SOCKS client by its reply', DOORS[2].args, { code: 97, complaint: /\(4\)/ }, { door: 'socks5', synthetic: ['answer'], owner: APP }],
    ['bare TLS by nothing but a close', DOORS[4].args, { code: 35, complaint: /./ }, { door: 'tls', synthetic: [] }],
  ] as const)('is told to %s', async (_, args, told, flow) => {
    const asked = await curl(...args(rig.proxy.port));
    expect(asked).toMatchObject({ code: told.code, body: '', complaint: expect.stringMatching(told.complaint) });
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ ...failed, ...flow }]);
    expect(gaps).toMatchObject([{ what: 'upstream-failed', why: 'upstream: ENOTFOUND', scope: { host: HOST } }]);
  });
});

describe('a server that cannot be trusted', () => {
  const own = (): Parameters<typeof farServer>[1] => {
    const { certPem, keyPem } = stranger.leaf(HOST);
    return { cert: certPem, key: keyPem, SNICallback: undefined as never };
  };
  const two = (port: number): readonly string[] => [...DOORS[1].args(port), `https://${HOST}/b`];

  test.each(DOORS.filter(({ tls }) => tls !== null))('is not spoken to, by $name, unless we were told to', async ({ args }) => {
    await open({ socks: true });
    const heads = await serving(own());
    const asked = await curl(...args(rig.proxy.port));
    expect(asked).toMatchObject({ body: '' });
    expect(asked.code).not.toBe(0);
    const { flows } = await rig.caught();
    expect(heads).toEqual([]);
    expect(flows).toMatchObject([{ state: 'refused', request: null, peer: { certificateSha256: stranger.leaf(HOST).sha256 } }]);
    expect(flows[0]?.reason).toMatch(/^upstream-tls: (UNABLE|SELF|DEPTH)/);
  });

  test('is spoken to with --upstream-insecure, and each flow says so', async () => {
    await open({ insecure: true });
    const heads = await serving(own());
    expect(await curl(...two(rig.proxy.port))).toEqual({ code: 0, body: 'okok', complaint: '' });
    const { flows } = await rig.caught();
    expect(heads).toHaveLength(2);
    expect(flows.map((flow) => [flow.state, flow.tls?.upstream?.untrusted])).toEqual([
      ['whole', expect.stringMatching(/^(UNABLE|SELF|DEPTH)/)],
      ['whole', expect.stringMatching(/^(UNABLE|SELF|DEPTH)/)],
    ]);
  });

  test('for another name is told apart from one that can be trusted', async () => {
    await open({ insecure: true });
    const { certPem, keyPem } = far.leaf('other.example.com');
    await serving({ cert: certPem, key: keyPem, SNICallback: undefined as never });
    await curl(...DOORS[1].args(rig.proxy.port));
    await serving();
    await curl(...DOORS[1].args(rig.proxy.port));
    expect((await rig.caught()).flows.map((flow) => flow.tls?.upstream?.untrusted)).toEqual(['ERR_TLS_CERT_ALTNAME_INVALID', null]);
  });
});

describe('names and datagrams', () => {
  beforeEach(async () => {
    await open({ socks: true, dns: true });
    rig.route(HOST, 443);
  });

  test("Node's own resolver gets its answers, and each query is a flow by its own door", async () => {
    const resolver = new Resolver({ timeout: 5000, tries: 1 });
    resolver.setServers([`127.0.0.1:${rig.proxy.dnsPort}`]);
    expect(await resolver.resolve4(HOST)).toEqual(['127.0.0.1']);
    await expect(resolver.resolve6(HOST)).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(resolver.resolve4('nobody.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
    const { flows } = await rig.caught();
    expect(flows.map(({ door, scheme, host, port, state, reason, owner }) => [door, scheme, host, port, state, reason, owner])).toEqual([
      ['dns', 'udp', HOST, 53, 'whole', null, NOBODY],
      ['dns', 'udp', HOST, 53, 'whole', 'dns-no-data: AAAA', NOBODY],
      ['dns', 'udp', 'nobody.example.com', 53, 'whole', 'dns-no-name', NOBODY],
    ]);
  });

  test('over SOCKS: queries are answered, QUIC is dropped and counted, all of it under the name that signed in', async () => {
    const app = await toProxy(rig);
    const user = '10123:com.example.loan:';
    app.write(Buffer.concat([Buffer.of(5, 1, 2, 1, user.length), Buffer.from(user), Buffer.of(0, 5, 3, 0, 1, 0, 0, 0, 0, 0, 0)]));
    const bound = readSocksAddress((await firstOf(app, 14)).subarray(4), 3);
    if (bound.kind !== 'address') throw new Error('it was not let in');
    const udp = rig.keep(createSocket('udp4'));
    const send = (ip: string, port: number, data: Buffer): void =>
      udp.send(Buffer.concat([Buffer.alloc(3), writeSocksAddress({ ip, port }), data]), bound.port, bound.host);
    for (let sent = 0; sent < 12; sent += 1) send('203.0.113.9', 443, Buffer.from('quic'));
    send('203.0.113.53', 53, query(HOST, 1));
    const [reply] = await once(udp, 'message');
    expect([...(reply as Buffer).subarray(-4)]).toEqual([127, 0, 0, 1]);
    app.end();
    await received(app);
    const { flows, gaps } = await rig.caught();
    expect(flows.map(({ door, scheme, host, port, state, reason }) => [door, scheme, host, port, state, reason])).toEqual([
      ['socks5', 'udp', '203.0.113.9', 443, 'refused', 'quic-dropped'],
      ['dns', 'udp', HOST, 53, 'whole', null],
    ]);
    expect(flows.map((flow) => flow.owner)).toEqual([APP, APP]);
    expect(gaps.map(({ what, why, scope }) => [what, why, scope.host])).toEqual([
      ['udp', 'quic-dropped', '203.0.113.9'],
      ['udp', 'quic-dropped: 10', '203.0.113.9'],
      ['udp', 'quic-dropped: 12', '203.0.113.9'],
    ]);
  });
});
