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
import type { Recorder } from '../../../harness/model/recorder.js';
import { far, farServer, lab, onHead, openRig, received, sha256, tlsThrough, toProxy, tunnel } from './rig.js';
import type { Rig } from './rig.js';

const HOST = 'api.example.com';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
let rig: Rig;
beforeEach(async () => { rig = await openRig(); });
afterEach(() => rig.dispose());

async function serving(serve: Parameters<typeof farServer>[0], tls: Parameters<typeof farServer>[1] = {}): Promise<Awaited<ReturnType<typeof farServer>>> {
  const server = rig.keep(await farServer(serve, tls));
  rig.route(HOST, server.port);
  return server;
}

/** Waits for something that another socket brings about. */
async function until(met: () => boolean): Promise<void> {
  for (const end = Date.now() + 8000; !met(); ) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('a server that dies in the middle of a body', () => {
  test.each([
    { name: 'with a length', head: 'Content-Length: 100000\r\n', body: 'a'.repeat(50_000), kept: 50_000 },
    { name: 'in chunks', head: 'Transfer-Encoding: chunked\r\n', body: `1388\r\n${'a'.repeat(5000)}\r\n`, kept: 5000 },
  ])('$name: the app sees a broken body too, and only what the server sent is kept, as truncated', async ({ head, body, kept }) => {
    const answer = `HTTP/1.1 200 OK\r\n${head}\r\n${body}`;
    await serving((socket) => onHead(socket, () => void socket.write(answer, () => socket.destroy())));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app)).text).toBe(answer);
    const { flows, sha } = await rig.caught();
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject({ state: 'truncated', response: { status: 200 }, bodies: [{ of: 'response', state: 'truncated', bytes: kept }] });
    expect(sha(flows[0], 'response')).toBe(sha256('a'.repeat(kept)));
  });

  test('without a length and by a reset: the app sees an error, not an end', async () => {
    await serving((socket) => onHead(socket, () => void socket.write('HTTP/1.1 200 OK\r\n\r\npart', () => setTimeout(() => socket.resetAndDestroy(), 30))), null);
    const { socket } = await tunnel(rig, `${HOST}:80`);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    expect(await received(socket)).toEqual({ text: 'HTTP/1.1 200 OK\r\n\r\npart', ended: 'error' });
    expect((await rig.caught()).flows[0]).toMatchObject({ state: 'truncated', reason: 'the server stopped early: ECONNRESET', bodies: [{ state: 'truncated' }] });
  });

  test('before any answer: no response is recorded', async () => {
    await serving((socket) => onHead(socket, () => socket.destroy()));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc');
    expect((await received(app)).text).toBe('');
    const { flows, text } = await rig.caught();
    expect(flows[0]).toMatchObject({ state: 'truncated', response: null, bodies: [{ of: 'request', state: 'whole' }] });
    expect(text(flows[0], 'request')).toBe('abc');
  });
});

describe('an app that goes away', () => {
  test('during a download: the server is stopped, and what came is kept as aborted', async () => {
    let sent = 0;
    const server = await serving((socket) => onHead(socket, () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 524288000\r\n\r\n');
      const more = (): void => { while (!socket.destroyed && sent < 524_288_000) { sent += 65_536; if (!socket.write(Buffer.alloc(65_536, 97))) return void socket.once('drain', more); } };
      more();
    }));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET /endless HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.length > 1024 * 1024);
    app.destroy();
    await until(() => server.sockets.size === 0);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    const [flow] = (await rig.caught()).flows;
    expect(flow).toMatchObject({ state: 'aborted', bodies: [{ of: 'response', state: 'aborted' }] });
    expect(flow?.bodies[0]?.bytes).toBeGreaterThan(1024 * 1024);
  });

  test('while the server thinks: the server sees it go', async () => {
    const server = await serving((socket) => onHead(socket, () => {}));
    const apps = await Promise.all(Array.from({ length: 10 }, () => tlsThrough(rig, `${HOST}:443`)));
    for (const app of apps) { app.write('GET /hang HTTP/1.1\r\n\r\n'); app.end(); }
    await until(() => server.sockets.size === 0);
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.response])).toEqual(Array.from({ length: 10 }, () => ['aborted', null]));
  });

  test('in the middle of a head: kept as an aborted request without a head, never sent on as whole', async () => {
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET /echo HTTP/1.1\r\nHost: a');
    await new Promise((resolve) => setTimeout(resolve, 20));
    app.destroy();
    await until(() => app.closed);
    await rig.proxy.idle();
    const { flows, text } = await rig.caught();
    expect(flows[0]).toMatchObject({ host: HOST, state: 'aborted', request: null, response: null });
    expect(text(flows[0], 'request')).toBe('GET /echo HTTP/1.1\r\nHost: a');
  });
});

describe('an app that refuses our certificate', () => {
  const stranger = createAuthority('Stranger', Date.now(), 'ec');

  test('by an alert: its name, the SNI and the server\'s certificate are recorded', async () => {
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const dir = mkdtempSync(join(tmpdir(), 'jj-alert-'));
    writeFileSync(join(dir, 'ca.pem'), stranger.certPem);
    const client = spawn('openssl', ['s_client', '-proxy', `127.0.0.1:${rig.proxy.port}`, '-connect', `${HOST}:443`, '-servername', HOST, '-verify_return_error', '-CAfile', join(dir, 'ca.pem')], { stdio: 'ignore' });
    await once(client, 'close');
    rmSync(dir, { recursive: true });
    await rig.proxy.idle();
    const { flows, gaps } = await rig.caught();
    expect(flows).toHaveLength(1);
    expect(flows[0]).toMatchObject({ host: HOST, sni: HOST, state: 'refused', reason: 'tls-alert: unknown_ca', request: null, response: null, bodies: [], peer: { certificateSha256: far.leaf(HOST).sha256 } });
    expect(gaps).toMatchObject([{ source: 'proxy', what: 'tls-refused', why: 'tls-alert: unknown_ca', scope: { host: HOST, datum: null, phase: null } }]);
  });

  test.each([
    { how: 'by closing after the handshake', act: (app: Awaited<ReturnType<typeof tlsThrough>>) => void app.end(), reason: 'tls-close-after-handshake' },
    { how: 'by a reset after the handshake', act: (app: Awaited<ReturnType<typeof tlsThrough>>, raw: { resetAndDestroy(): unknown }) => { raw.resetAndDestroy(); }, reason: 'tls-reset-after-handshake' },
  ])('$how: nothing sent, recorded with a gap', async ({ act, reason }) => {
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const { socket } = await tunnel(rig, `${HOST}:443`);
    const app = connectTls({ socket, servername: HOST, ca: lab.certPem });
    app.on('error', () => {});
    await once(app, 'secureConnect');
    await new Promise((resolve) => setTimeout(resolve, 50));
    act(app, socket);
    await new Promise((resolve) => setTimeout(resolve, 50));
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
    await until(() => socket.closed);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { flows, gaps } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'refused', reason: 'no byte in the tunnel: silence', scheme: 'tcp' }]);
    expect(gaps).toHaveLength(1);
  });

  test('a client that insists on HTTP/2 is a gap, until that is read', async () => {
    await serving((socket) => onHead(socket, () => void socket.write(OK)), { ALPNProtocols: ['h2', 'http/1.1'] });
    const { socket } = await tunnel(rig, `${HOST}:443`);
    const app = connectTls({ socket, servername: HOST, ca: lab.certPem, ALPNProtocols: ['h2'] });
    const [error] = await once(app, 'error');
    expect((error as NodeJS.ErrnoException).code).toContain('NO_APPLICATION_PROTOCOL');
    const { flows, gaps } = await rig.caught();
    expect([flows[0]?.reason, gaps[0]?.what, gaps[0]?.scope.host]).toEqual(['h2-only', 'h2-only', HOST]);
  });

  test('a client that can do both gets HTTP/1.1', async () => {
    await serving((socket) => onHead(socket, () => void socket.write(OK)), { ALPNProtocols: ['h2', 'http/1.1'] });
    const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2', 'http/1.1'] });
    expect(app.alpnProtocol).toBe('http/1.1');
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
    { name: 'nobody listens', reason: 'upstream: ECONNREFUSED', set: async () => { const server = await farServer(() => {}, null); server.close(); rig.route(HOST, server.port); } },
  ])('$name: 502 of our own, which is not recorded as an answer', async ({ reason, set }) => {
    await set();
    expect((await tunnel(rig, `${HOST}:443`)).answer).toBe('HTTP/1.1 502 Bad Gateway');
    const app = await toProxy(rig);
    app.write(`GET http://${HOST}/x?phone=1 HTTP/1.1\r\n\r\n`);
    expect((await received(app)).text).toContain('502');
    const { flows, gaps } = await rig.caught();
    expect(flows.map((flow) => [flow.host, flow.state, flow.reason, flow.response, flow.request])).toEqual([[HOST, 'refused', reason, null, null], [HOST, 'refused', reason, null, null]]);
    expect(gaps.map((gap) => [gap.what, gap.scope.host])).toEqual([['upstream-failed', HOST], ['upstream-failed', HOST]]);
  });

  const stranger = createAuthority('Stranger', Date.now(), 'ec');
  const old = createAuthority('Far', Date.now() - 400 * 86_400_000, 'ec');
  test.each([
    { name: 'a stranger signed it', leaf: () => stranger.leaf(HOST), reason: /upstream tls: (UNABLE|SELF|DEPTH)/ },
    { name: 'it is for another name', leaf: () => far.leaf('other.example.com'), reason: /upstream tls: ERR_TLS_CERT_ALTNAME_INVALID/ },
    { name: 'it is from an authority that is not known', leaf: () => old.leaf(HOST), reason: /upstream tls: / },
  ])('its certificate is bad ($name): fails closed, no byte of a request reaches it', async ({ leaf, reason }) => {
    let got = 0;
    const { certPem, keyPem, sha256: hash } = leaf();
    await serving((socket) => socket.on('data', (chunk) => { got += chunk.length; }), { cert: certPem, key: keyPem, SNICallback: undefined as never });
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
    expect((await rig.caught()).flows).toMatchObject([{ state: 'refused', reason: 'upstream tls: ECONNRESET' }]);
  });
});

describe('bytes that are not HTTP', () => {
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

  test('a WebSocket passes with all it negotiates; its frames are kept unread, with a gap that names it', async () => {
    let offered = '';
    await serving((socket) => {
      let upgraded = false;
      socket.on('data', (chunk: Buffer) => {
        if (upgraded) return void socket.write(chunk);
        offered = chunk.toString();
        upgraded = true;
        socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: chat.v2\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\nfirst');
      });
    });
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: chat.v1, chat.v2\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n');
    expect((await received(app, (t) => t.endsWith('first'))).text).toContain('Sec-WebSocket-Protocol: chat.v2');
    app.write(Buffer.from('818512345678', 'hex'));
    await received(app, (t) => t.length === 6);
    expect(offered).toContain('Sec-WebSocket-Extensions: permessage-deflate');
    // A channel at rest is not in flight.
    await rig.proxy.idle();
    const { flows, gaps, text, sha } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'opaque', request: { target: '/ws' }, response: { status: 101 } }]);
    expect(text(flows[0], 'response').slice(0, 5)).toBe('first');
    expect(sha(flows[0], 'request')).toBe(sha256(Buffer.from('818512345678', 'hex')));
    expect(gaps.map((gap) => gap.what)).toEqual(['websocket']);
  });

  test('a refused WebSocket is an ordinary exchange', async () => {
    await serving((socket) => onHead(socket, () => void socket.write('HTTP/1.1 403 No\r\nX-Why: no\r\nContent-Length: 6\r\n\r\ndenied')));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    await received(app, (t) => t.endsWith('denied'));
    expect((await rig.caught()).flows).toMatchObject([{ state: 'whole', response: { status: 403 } }]);
  });
});

describe('the store and the clock', () => {
  test('a body over the limit is cut in the store and whole for the app', async () => {
    rig.dispose();
    rig = await openRig({ bodyLimitBytes: 1000 });
    await serving((socket) => onHead(socket, () => void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${'x'.repeat(5000)}`)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('x'.repeat(5000)));
    expect((await rig.caught()).flows).toMatchObject([{ state: 'cut', bodies: [{ bytes: 5000, length: 1000, state: 'cut' }] }]);
  });

  test('when the store takes nothing more the app\'s traffic goes on, and idle() says why', async () => {
    rig.dispose();
    const full = new Error('disk full');
    rig = await openRig({ recorder: (real): Recorder => ({ clock: real.clock, body: (of) => real.body(of), file: real.file.bind(real), valueRef: real.valueRef.bind(real), gap: real.gap.bind(real), write: () => { throw full; } }) });
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    for (const _ of [1, 2]) {
      app.write('GET / HTTP/1.1\r\n\r\n');
      expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
    }
    await expect(rig.proxy.idle()).rejects.toBe(full);
  });

  test('an exchange holds the run clock from its first byte until its flow is written; an idle connection does not', async () => {
    let answer = (): void => {};
    await serving((socket) => onHead(socket, () => { answer = () => void socket.write(OK); }));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await until(() => String(answer).includes('write'));
    const waited = rig.clock.wait(3_600_000, 'test');
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(rig.clock.now().ms).toBeLessThan(60_000);
    answer();
    await received(app, (t) => t.endsWith('ok'));
    await waited;
    expect(rig.clock.now().ms).toBeGreaterThanOrEqual(3_600_000);
    expect(app.destroyed).toBe(false);
    const [flow] = (await rig.caught()).flows;
    expect(flow?.times.responseLast?.ms).toBeLessThan(60_000);
  });

  test('idle() waits until the flow of the last exchange is written', async () => {
    const written: string[] = [];
    rig.dispose();
    rig = await openRig({ recorder: (real): Recorder => ({ clock: real.clock, body: (of) => real.body(of), file: real.file.bind(real), valueRef: real.valueRef.bind(real), gap: real.gap.bind(real), write: (event) => { written.push(event.kind); return real.write(event); } }) });
    await serving((socket) => onHead(socket, () => void socket.write(OK)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc');
    await received(app, (t) => t.endsWith('ok'));
    await rig.proxy.idle();
    expect(written).toEqual(['flow']);
  });

  test('what is in flight when the run ends is recorded as such', async () => {
    await serving((socket) => onHead(socket, () => {}));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET /slow HTTP/1.1\r\n\r\n');
    const idle = await tlsThrough(rig, `${HOST}:443`);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.reason]).sort()).toEqual([['aborted', 'the run ended'], ['refused', 'tls-silence']]);
    idle.destroy();
  });
});
