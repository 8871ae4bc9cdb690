import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ENGINES, HOST, OK, alive, answerTo, serving } from './hostile-rig.js';
import { lab, onHead, openRig, received, tunnel, until } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

const answering = (socket: Socket): void => onHead(socket, () => void socket.write(OK));

/** `socket` as a client that sends each byte by itself. */
function byteByByte(socket: Socket): Duplex {
  const pieces = new Duplex({
    read() {},
    final(done) {
      socket.end();
      done();
    },
    write(chunk: Buffer, _, done) {
      void (async () => {
        for (const byte of chunk) {
          socket.write(Buffer.from([byte]));
          await new Promise(setImmediate);
        }
        done();
      })();
    },
  });
  socket.on('data', (chunk) => pieces.push(chunk)).resume();
  return pieces;
}

/** More protocols than one TLS record holds. */
const MANY = Array.from({ length: 70 }, (_, i) => `${'p'.repeat(240)}${i}`);

describe('a ClientHello that is odd but good', () => {
  test.each(ENGINES)('in one-byte pieces, with the %s', async (engine) => {
    rig.dispose();
    rig = await openRig({ engine });
    await serving(rig, answering);
    const { socket } = await tunnel(rig, `${HOST}:443`);
    const app = connectTls({ socket: byteByByte(socket), servername: HOST, ca: lab.certPem });
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
    expect((await rig.caught()).flows).toMatchObject([{ sni: HOST, state: 'whole', request: { target: '/' } }]);
  });

  test('with more than 16 kB of extensions, over two records: what the app offers reaches the server', async () => {
    let offered = 0;
    await serving(rig, answering, {
      ALPNCallback: ({ protocols }) => {
        offered = protocols.length;
        return 'http/1.1';
      },
    });
    const { socket } = await tunnel(rig, `${HOST}:443`);
    const app = connectTls({ socket, servername: HOST, ca: lab.certPem, ALPNProtocols: [...MANY, 'http/1.1'] });
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
    const { flows } = await rig.caught();
    expect(offered).toBe(71);
    expect(flows).toMatchObject([{ sni: HOST, state: 'whole', tls: { client: { alpn: 'http/1.1' } } }]);
    expect(flows[0]?.tls?.client?.alpnOffered).toHaveLength(71);
  });

  test('with 16 kB of an extension that nobody knows: answered with a ServerHello', async () => {
    await serving(rig, answering);
    const { socket } = await tunnel(rig, `${HOST}:443`);
    socket.write(withExtension(await clientHello(), 0x7a7a, Buffer.alloc(16_000, 7)));
    const { text } = await received(socket, (t) => t.length >= 6);
    expect([text.charCodeAt(0), text.charCodeAt(5)]).toEqual([22, 2]);
    socket.destroy();
    await rig.proxy.idle();
    expect((await rig.caught()).flows).toMatchObject([{ sni: HOST, state: 'refused', request: null }]);
  });
});

/** What Node says first, to HOST. */
async function clientHello(): Promise<Buffer> {
  const sink = createServer();
  sink.listen(0, '127.0.0.1');
  await once(sink, 'listening');
  const tls = connectTls({ socket: connect((sink.address() as AddressInfo).port, '127.0.0.1'), servername: HOST });
  tls.on('error', () => {});
  const [peer] = (await once(sink, 'connection')) as [Socket];
  const [hello] = (await once(peer, 'data')) as [Buffer];
  tls.destroy();
  sink.close();
  return hello;
}

/** A ClientHello in one record, with an extension put before its others. */
function withExtension(record: Buffer, type: number, body: Buffer): Buffer {
  const hello = record.subarray(5);
  let at = 4 + 2 + 32; // header, version, random
  at += 1 + (hello[at] ?? 0); // session
  at += 2 + hello.readUInt16BE(at); // suites
  at += 1 + (hello[at] ?? 0); // compression
  const extension = Buffer.concat([u16(type), u16(body.length), body]);
  const length = u16(hello.readUInt16BE(at) + extension.length);
  const message = Buffer.concat([hello.subarray(4, at), length, extension, hello.subarray(at + 2)]);
  const handshake = Buffer.concat([Buffer.from([1, 0]), u16(message.length), message]);
  const records: Buffer[] = [];
  for (let from = 0; from < handshake.length; from += 16_384) {
    const part = handshake.subarray(from, from + 16_384);
    records.push(Buffer.from([22, 3, 1]), u16(part.length), part);
  }
  return Buffer.concat(records);
}
const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);

describe('a client of yesterday', () => {
  test.each([
    ['TLS 1.0', '-tls1', 'TLSv1'],
    ['TLS 1.1', '-tls1_1', 'TLSv1.1'],
    ['TLS 1.2', '-tls1_2', 'TLSv1.2'],
  ])('%s: served, read and recorded as such', async (_, flag, version) => {
    await serving(rig, answering);
    const dir = mkdtempSync(join(tmpdir(), 'jj-old-'));
    writeFileSync(join(dir, 'ca.pem'), lab.certPem);
    const ways = ['-proxy', `127.0.0.1:${rig.proxy.port}`, '-connect', `${HOST}:443`, '-servername', HOST];
    const trust = ['-CAfile', join(dir, 'ca.pem'), '-verify_return_error', '-verify_hostname', HOST];
    const child = spawn('openssl', ['s_client', flag, '-cipher', 'DEFAULT@SECLEVEL=0', '-quiet', ...ways, ...trust], {
      // The system's own configuration may forbid what old clients do.
      env: { ...process.env, OPENSSL_CONF: '/dev/null' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
    child.stdin.write('GET /old HTTP/1.1\r\n\r\n');
    await until(() => said.endsWith('ok'));
    child.kill();
    await once(child, 'close');
    rmSync(dir, { recursive: true });
    expect(said).toBe(OK);
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'whole', sni: HOST, request: { target: '/old' }, tls: { client: { version }, upstream: { version: 'TLSv1.3' } } },
    ]);
  });
});

const SSL_2 = Buffer.concat([Buffer.from('802e0103010015000000100100800700c0030080000006', 'hex'), Buffer.alloc(25, 5)]);
const GARBAGE: readonly (readonly [string, Buffer])[] = [
  ['a ClientHello as SSL 2 wrote it', SSL_2],
  ['a record of no length', Buffer.from('1603010000', 'hex')],
  ['a record longer than any', Buffer.from('160301ffff01', 'hex')],
  ['a ServerHello', Buffer.from('160303000402000000', 'hex')],
  ['a ClientHello of 16 MB', Buffer.from('160301000401ffffff', 'hex')],
  ['a ClientHello that contradicts its lengths', Buffer.from('16030100060100000203ff', 'hex')],
  ['SSL 4', Buffer.from('160400000401000000', 'hex')],
  ['an alert', Buffer.from('15030100020228', 'hex')],
  ['noise behind the first byte of TLS', Buffer.concat([Buffer.from([0x16]), Buffer.from('4d61726b6574206f66206e6f697365', 'hex')])],
];

describe('what is no ClientHello', () => {
  test.each(GARBAGE)('%s, in a tunnel: reaches the server to the byte, kept, and told as unread', async (_, bytes) => {
    const got: Buffer[] = [];
    await serving(rig, (socket) => socket.on('data', (chunk: Buffer) => void got.push(chunk)).on('end', () => socket.end('bye')), null);
    const { socket } = await tunnel(rig, `${HOST}:443`);
    socket.end(bytes);
    expect((await received(socket)).text).toBe('bye');
    await alive(rig);
    const { flows, gaps, text } = await rig.caught();
    expect(Buffer.concat(got).equals(bytes)).toBe(true);
    const flow = flows.find(({ host }) => host === HOST);
    expect(flow).toMatchObject({ state: 'opaque', reason: expect.stringMatching(/^not-tls-nor-http/) as unknown });
    expect([text(flow, 'request'), text(flow, 'response')]).toEqual([bytes.toString('latin1'), 'bye']);
    expect(gaps.map(({ what, scope }) => [what, scope.host])).toEqual([['opaque', HOST]]);
  });

  test.each(GARBAGE)('%s, at the door: refused, recorded, and the proxy lives', async (_, bytes) => {
    expect(await answerTo(rig, bytes)).toBe('');
    await alive(rig);
    const { flows, gaps } = await rig.caught();
    expect(flows.map(({ state }) => state)).toEqual(['refused', 'whole']);
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.scope.host).not.toBeNull();
  });

  test('a hello that is cut short at every place: each is told, none is kept open', async () => {
    await serving(rig, answering);
    const hello = await clientHello();
    const cuts = Array.from({ length: 40 }, (_, i) => 1 + Math.floor((i * (hello.length - 2)) / 39));
    await Promise.all(
      cuts.map(async (cut) => {
        const { socket } = await tunnel(rig, `${HOST}:443`);
        socket.end(hello.subarray(0, cut));
        await received(socket);
      }),
    );
    await until(() => rig.flows() === cuts.length);
    const { flows } = await rig.caught();
    expect(flows.map(({ state, reason }) => `${state} ${reason}`)).toEqual(cuts.map(() => 'refused tls-close-in-handshake'));
  });
});
