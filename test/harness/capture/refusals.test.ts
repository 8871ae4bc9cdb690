import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../harness/capture/ca.js';
import { far, farServer, lab, onHead, openRig, received, toProxy, tunnel, until } from './rig.js';
import type { tlsThrough } from './rig.js';
import type { Rig } from './rig.js';

const HOST = 'api.example.com';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const stranger = createAuthority('Stranger', Date.now(), 'ec');
let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

async function serving(
  serve: Parameters<typeof farServer>[0],
  tls: Parameters<typeof farServer>[1] = {},
): Promise<Awaited<ReturnType<typeof farServer>>> {
  const server = rig.keep(await farServer(serve, tls));
  rig.route(HOST, server.port);
  return server;
}

describe('an app that refuses our certificate', () => {
  test("by an alert: its name, the SNI and the server's certificate are recorded", async () => {
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const dir = mkdtempSync(join(tmpdir(), 'jj-alert-'));
    writeFileSync(join(dir, 'ca.pem'), stranger.certPem);
    const client = spawn(
      'openssl',
      [
        's_client',
        '-proxy',
        `127.0.0.1:${rig.proxy.port}`,
        '-connect',
        `${HOST}:443`,
        '-servername',
        HOST,
        '-verify_return_error',
        '-CAfile',
        join(dir, 'ca.pem'),
      ],
      { stdio: 'ignore' },
    );
    await once(client, 'close');
    rmSync(dir, { recursive: true });
    await rig.proxy.idle();
    const { flows, gaps } = await rig.caught();
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject({
      host: HOST,
      sni: HOST,
      state: 'refused',
      reason: 'tls-alert: unknown_ca',
      request: null,
      response: null,
      bodies: [],
      peer: { certificateSha256: far.leaf(HOST).sha256 },
    });
    expect(gaps).toMatchObject([
      { source: 'proxy', what: 'tls-refused', why: 'tls-alert: unknown_ca', scope: { host: HOST, datum: null, phase: null } },
    ]);
  });

  test.each([
    {
      how: 'by closing after the handshake',
      act: (app: Awaited<ReturnType<typeof tlsThrough>>) => void app.end(),
      reason: 'tls-close-after-handshake',
    },
    {
      how: 'by a reset after the handshake',
      act: (app: Awaited<ReturnType<typeof tlsThrough>>, raw: { resetAndDestroy(): unknown }) => {
        raw.resetAndDestroy();
      },
      reason: 'tls-reset-after-handshake',
    },
  ])('$how: nothing sent, recorded with a gap', async ({ act, reason }) => {
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const { socket } = await tunnel(rig, `${HOST}:443`);
    const app = connectTls({ socket, servername: HOST, ca: lab.certPem });
    app.on('error', () => {});
    // TLS 1.3 hands out its ticket when the server's side is done as well.
    await once(app, 'session');
    act(app, socket);
    await until(() => rig.flows() === 1);
    const { flows, gaps } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.reason, flow.sni])).toEqual([['refused', reason, HOST]]);
    expect(gaps.map((gap) => [gap.what, gap.scope.host])).toEqual([['tls-refused', HOST]]);
  });

  test('by a reset at the first byte of our answer', async () => {
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const { socket } = await tunnel(rig, `${HOST}:443`);
    // A ClientHello as Node writes it, sent by hand so that its socket is ours to reset.
    const hello = await clientHello();
    socket.write(hello);
    await once(socket.resume(), 'data');
    socket.resetAndDestroy();
    await rig.proxy.idle();
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.reason, flow.sni])).toEqual([['refused', 'tls-reset', HOST]]);
  });

  test('by silence: a tunnel in which nothing was ever said', async () => {
    await serving(() => {});
    const { socket } = await tunnel(rig, `${HOST}:443`);
    socket.destroy();
    await until(() => rig.flows() === 1);
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'refused', reason: 'no-byte', scheme: 'tcp' }]);
    expect(gaps).toHaveLength(1);
  });
});

async function clientHello(): Promise<Buffer> {
  const sink = createServer();
  sink.listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const socket = connect((sink.address() as AddressInfo).port, '127.0.0.1');
  const tls = connectTls({ socket, servername: HOST });
  tls.on('error', () => {});
  const [peer] = await once(sink, 'connection');
  const [hello] = await once(peer, 'data');
  tls.destroy();
  sink.close();
  return hello as Buffer;
}

describe('a server that cannot be reached or believed', () => {
  test.each([
    { name: 'no such name', reason: 'upstream: ENOTFOUND', set: async () => {} },
    {
      name: 'nobody listens',
      reason: 'upstream: ECONNREFUSED',
      set: async () => {
        const server = await farServer(() => {}, null);
        server.close();
        rig.route(HOST, server.port);
      },
    },
  ])('$name: 502 of our own, which is not recorded as an answer', async ({ reason, set }) => {
    await set();
    expect((await tunnel(rig, `${HOST}:443`)).answer).toBe('HTTP/1.1 502 Bad Gateway');
    const app = await toProxy(rig);
    app.write(`GET http://${HOST}/x?phone=1 HTTP/1.1\r\n\r\n`);
    expect((await received(app)).text).toContain('502');
    const { flows, gaps } = await rig.caught();
    expect(flows.map((flow) => [flow.host, flow.state, flow.reason, flow.response, flow.request])).toEqual([
      [HOST, 'refused', reason, null, null],
      [HOST, 'refused', reason, null, null],
    ]);
    expect(gaps.map((gap) => [gap.what, gap.scope.host])).toEqual([
      ['upstream-failed', HOST],
      ['upstream-failed', HOST],
    ]);
  });

  const old = createAuthority('Far', Date.now() - 400 * 86_400_000, 'ec');
  test.each([
    { name: 'a stranger signed it', leaf: () => stranger.leaf(HOST), reason: /upstream-tls: (UNABLE|SELF|DEPTH)/ },
    { name: 'it is for another name', leaf: () => far.leaf('other.example.com'), reason: /upstream-tls: ERR_TLS_CERT_ALTNAME_INVALID/ },
    { name: 'it is from an authority that is not known', leaf: () => old.leaf(HOST), reason: /upstream-tls: / },
  ])('its certificate is bad ($name): fails closed, no byte of a request reaches it', async ({ leaf, reason }) => {
    let got = 0;
    const { certPem, keyPem, sha256: hash } = leaf();
    await serving(
      (socket) =>
        socket.on('data', (chunk) => {
          got += chunk.length;
        }),
      { cert: certPem, key: keyPem, SNICallback: undefined as never },
    );
    const { socket } = await tunnel(rig, `${HOST}:443`);
    const app = connectTls({ socket, servername: HOST, ca: lab.certPem });
    app.write('GET /secret HTTP/1.1\r\n\r\n');
    await once(app, 'error');
    const { flows } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'refused', request: null, response: null, peer: { certificateSha256: hash } }]);
    expect(flows[0]?.reason).toMatch(reason);
    expect(got).toBe(0);
  });

  test('it resets the handshake', async () => {
    await serving((socket) => socket.once('data', () => socket.resetAndDestroy()), null);
    const { socket } = await tunnel(rig, `${HOST}:443`);
    const app = connectTls({ socket, servername: HOST, ca: lab.certPem });
    await once(app, 'error');
    expect((await rig.caught()).flows).toMatchObject([{ state: 'refused', reason: 'upstream-tls: ECONNRESET' }]);
  });
});
