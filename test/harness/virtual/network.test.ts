import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../harness/capture/ca.js';
import { createRunClock } from '../../../harness/clock.js';
import type { HttpAnswer, ServerRequest } from '../../../harness/model/app.js';
import type { RunClock } from '../../../harness/model/clock.js';
import { startFarServers } from '../../../harness/virtual/far-servers.js';
import type { FarServers } from '../../../harness/virtual/far-servers.js';
import { createNetwork } from '../../../harness/virtual/network.js';
import type { Network } from '../../../harness/virtual/network.js';
import { openTunnel } from './tunnel.js';
import type { Tunnel } from './tunnel.js';

const USER = { uid: 10_123, package: 'com.example.loan', pid: 4210 };
const seen: ServerRequest[] = [];
let release: (() => void) | null = null;
const echo = (request: ServerRequest) => {
  seen.push(request);
  return { status: 200, headers: { 'x-seen': request.method }, body: request.body };
};
const servers = {
  'api.loan.example': echo,
  'plain.loan.example:80': echo,
  'odd.loan.example:8443': echo,
  'bad.loan.example': () => {
    throw new Error('no');
  },
};

let clock: RunClock;
let far: FarServers;
let tunnel: Tunnel;
let network: Network;

beforeEach(async () => {
  seen.length = 0;
  clock = createRunClock({});
  far = await startFarServers({ servers }, clock);
  tunnel = await openTunnel(far);
  network = createNetwork({ clock, proxyPort: tunnel.port, trusted: [far.caPem], pinOf: far.spkiSha256Base64 });
});
afterEach(async () => {
  release?.();
  release = null;
  network.close();
  await tunnel.close();
  await far.close();
  clock.close();
});

const text = (answer: HttpAnswer): string => Buffer.from(answer.body).toString();
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: { className?: string }) => error.className,
  );

describe('an exchange goes over real sockets', () => {
  test('https by CONNECT and SNI, body and headers as sent', async () => {
    const answer = await network
      .client(USER, null)
      .send({ method: 'POST', url: 'https://api.loan.example/v1/a?b=%E4%BD%A0', headers: { 'X-One': 'two' }, body: '甲乙' });
    expect([answer.status, answer.headers['x-seen'], text(answer)]).toEqual([200, 'POST', '甲乙']);
    expect(tunnel.lines[0]).toBe('CONNECT api.loan.example:443 HTTP/1.1');
    expect(seen[0]?.url).toBe('https://api.loan.example/v1/a?b=%E4%BD%A0');
    expect(seen[0]?.headers['x-one']).toBe('two');
  });
  test('plain http in absolute form', async () => {
    await network.client(USER, null).send({ method: 'GET', url: 'http://plain.loan.example/imp?oaid=1' });
    expect(tunnel.lines[0]).toBe('GET http://plain.loan.example/imp?oaid=1 HTTP/1.1');
    expect(seen[0]?.url).toBe('http://plain.loan.example/imp?oaid=1');
  });
  test('a port of its own', async () => {
    await network.client(USER, null).send({ method: 'GET', url: 'https://odd.loan.example:8443/' });
    expect(seen[0]?.url).toBe('https://odd.loan.example:8443/');
  });
  test('a hundred at once, each its own answer', async () => {
    const client = network.client(USER, null);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => client.send({ method: 'POST', url: 'https://api.loan.example/', body: String(i) })),
    );
    expect(answers.map(text)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
  });
});

describe('what fails, fails as Java does', () => {
  test.each([
    [
      'a server whose CA is not trusted',
      'javax.net.ssl.SSLHandshakeException',
      () =>
        createNetwork({
          clock,
          proxyPort: tunnel.port,
          trusted: [createAuthority('Other', clock.wallMs(), 'ec').certPem],
          pinOf: () => null,
        })
          .client(USER, null)
          .send({ method: 'GET', url: 'https://api.loan.example/' }),
    ],
    [
      'no proxy there',
      'java.net.ConnectException',
      async () => {
        await tunnel.close();
        return network.client(USER, null).send({ method: 'GET', url: 'https://api.loan.example/' });
      },
    ],
    ['no such name', 'java.io.IOException', () => network.client(USER, null).send({ method: 'GET', url: 'https://nowhere.example/' })],
    [
      'a server that hangs up',
      'java.net.SocketException',
      () => network.client(USER, null).send({ method: 'GET', url: 'https://bad.loan.example/' }),
    ],
    [
      'no web address',
      'java.lang.IllegalArgumentException',
      () => network.client(USER, null).send({ method: 'GET', url: 'ftp://api.loan.example/' }),
    ],
  ])('%s: %s', async (_what, className, send) => {
    expect(await failure(send())).toBe(className);
  });
});

describe('pins', () => {
  test("let the host's own key pass", async () => {
    expect((await network.client(USER, 'api.loan.example').send({ method: 'GET', url: 'https://api.loan.example/' })).status).toBe(200);
  });
  test('stop at any other key, with no byte of the request sent', async () => {
    const other = createNetwork({
      clock,
      proxyPort: tunnel.port,
      trusted: [far.caPem],
      pinOf: () => far.spkiSha256Base64('bad.loan.example'),
    });
    expect(
      await failure(other.client(USER, 'api.loan.example').send({ method: 'POST', url: 'https://api.loan.example/', body: 'secret' })),
    ).toBe('javax.net.ssl.SSLPeerUnverifiedException');
    expect(seen).toEqual([]);
  });
  test('stop at a host that they do not name', async () => {
    expect(await failure(network.client(USER, 'odd.loan.example').send({ method: 'GET', url: 'https://api.loan.example/' }))).toBe(
      'javax.net.ssl.SSLPeerUnverifiedException',
    );
  });
});

describe('the handset', () => {
  test("knows which process owns a connection, by the client's port", async () => {
    await network.client(USER, null).send({ method: 'GET', url: 'https://api.loan.example/' });
    expect(network.owner.owner(tunnel.clients[0] ?? 0, 0)).toEqual({ ...USER, how: 'virtual' });
    expect(network.owner.owner(1, 0)).toBeNull();
  });
  test('does not let the clock jump while an exchange is under way, nor before what follows it has begun', async () => {
    const order: string[] = [];
    const client = network.client(USER, null);
    const app = (async () => {
      for (const n of [1, 2, 3]) {
        await client.send({ method: 'GET', url: 'https://api.loan.example/' });
        order.push(String(n));
      }
    })();
    clock.setTimer(() => order.push('timer'), 30_000);
    await clock.wait(60_000, 'observe');
    await app;
    expect(order).toEqual(['1', '2', '3', 'timer']);
  });
  test('cuts the connections of a process that ends', async () => {
    const stuck = createNetwork({ clock, proxyPort: (await silent()).port, trusted: [], pinOf: () => null });
    const sent = failure(stuck.client(USER, null).send({ method: 'GET', url: 'https://api.loan.example/' }));
    await new Promise<void>((next) => setImmediate(next));
    const cutting = setInterval(() => stuck.cut(USER.pid), 5);
    release = () => clearInterval(cutting);
    expect(await sent).toBe('java.io.IOException');
  });
});

async function silent(): Promise<{ readonly port: number }> {
  const { createServer } = await import('node:net');
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  server.unref();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { port: address.port };
}
