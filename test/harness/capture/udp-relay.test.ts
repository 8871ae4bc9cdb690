import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDnsAnswerer } from '../../../harness/capture/dns-answerer.js';
import type { DnsAnswerer } from '../../../harness/capture/dns-answerer.js';
import { readDnsMessage } from '../../../harness/capture/dns-message.js';
import { readSocksUser } from '../../../harness/capture/socks-user.js';
import { readSocksAddress, writeSocksAddress } from '../../../harness/capture/socks-address.js';
import { answerSocks, readSocks } from '../../../harness/capture/socks5.js';
import { serveAssociation } from '../../../harness/capture/udp-relay.js';
import { query } from './dns-bytes.js';
import { firstOf, openJournal, restOf } from './journal-rig.js';
import type { JournalRig } from './journal-rig.js';

let rig: JournalRig;
let answerer: DnsAnswerer;
let server: Server;
const served = new Set<Promise<void>>();
const things: { close(): unknown }[] = [];

beforeEach(async () => {
  rig = openJournal();
  answerer = createDnsAnswerer({
    journal: rig.journal,
    resolve: async (host, port) => (host === 'a.example.com' ? { ip: '203.0.113.9', port } : null),
    answerWith: null,
  });
  server = createServer({ allowHalfOpen: true }, (control) => {
    control.on('error', () => {});
    things.push({ close: () => control.destroy() });
    served.add(serve(control));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  for (const thing of things.splice(0)) thing.close();
  server.close();
  await Promise.all([...served, answerer.close()]);
  served.clear();
  rig.dispose();
});

async function serve(control: Socket): Promise<void> {
  const ask = await readSocks(control);
  if (ask.kind !== 'udp') return answerSocks(control, 7, null);
  await serveAssociation({ journal: rig.journal, answerer, control, owner: () => readSocksUser(ask.user).owner });
}

interface Client {
  readonly control: Socket;
  readonly socket: UdpSocket;
  /** Where its datagrams go. */
  readonly relay: { readonly host: string; readonly port: number };
  send(host: string, port: number, data: Buffer): void;
}

/** An app that sent its wish to send datagrams, and its first socket. */
async function associate(user = '10123:com.example.loan:'): Promise<Client> {
  const control = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
  control.on('error', () => {});
  things.push({ close: () => control.destroy() });
  const wish = Buffer.of(5, 3, 0, 1, 0, 0, 0, 0, 0, 0);
  control.write(Buffer.concat([Buffer.of(5, 1, 2, 1, user.length), Buffer.from(user), Buffer.of(0), wish]));
  const reply = (await firstOf(control, 14)).subarray(4);
  expect([...reply.subarray(0, 4)]).toEqual([5, 0, 0, 1]);
  const bound = readSocksAddress(reply, 3);
  if (bound.kind !== 'address') throw new Error('no address');
  expect(bound.host).toBe('127.0.0.1');
  const socket = createSocket('udp4');
  things.push({ close: () => socket.close() });
  return {
    control,
    socket,
    relay: bound,
    send: (host, port, data) => socket.send(datagram(host, port, data), bound.port, bound.host),
  };
}

function datagram(host: string, port: number, data: Buffer): Buffer {
  const name = /^[\d.]+$|:/.test(host)
    ? writeSocksAddress({ ip: host, port })
    : Buffer.concat([Buffer.of(3, host.length), Buffer.from(host), Buffer.of(port >> 8, port & 0xff)]);
  return Buffer.concat([Buffer.alloc(3), name, data]);
}

/** A query is answered after everything that was sent before it has been taken. */
async function drained(client: Client, host = '192.0.2.53'): Promise<Buffer> {
  const answer = once(client.socket, 'message');
  client.send(host, 53, query('a.example.com', 1));
  const [reply] = await answer;
  if (!Buffer.isBuffer(reply)) throw new Error('no datagram');
  return reply;
}

async function caught(): Promise<ReturnType<JournalRig['caught']>> {
  await Promise.all(served);
  await answerer.close();
  return rig.caught();
}

describe('datagrams to port 53', () => {
  test.each(['192.0.2.53', '2001:db8::53', 'dns.example.com'])(
    'to %s are answered from there, and are a flow of the one who asked',
    async (host) => {
      const client = await associate();
      const reply = await drained(client, host);
      const header = datagram(host, 53, Buffer.alloc(0));
      expect(reply.subarray(0, header.length)).toEqual(header);
      const read = readDnsMessage(reply.subarray(header.length));
      expect(read).toMatchObject({ message: { answers: [{ name: 'a.example.com', data: Buffer.of(203, 0, 113, 9) }] } });
      client.control.end();
      const { flows, gaps, bytes } = await caught();
      expect(flows).toMatchObject([
        {
          door: 'dns',
          scheme: 'udp',
          host: 'a.example.com',
          state: 'whole',
          owner: { uid: 10_123, package: 'com.example.loan', how: 'socks' },
        },
      ]);
      expect(bytes(flows[0], 'request')).toEqual(query('a.example.com', 1));
      expect(bytes(flows[0], 'response')).toEqual(reply.subarray(header.length));
      expect(gaps).toEqual([]);
    },
  );

  test('that are no query are kept', async () => {
    const client = await associate();
    client.send('192.0.2.53', 53, Buffer.from('tunnel'));
    await drained(client);
    client.control.end();
    const { flows, bytes } = await caught();
    expect(flows).toMatchObject([{ state: 'opaque', reason: 'dns-malformed: cut short' }, { state: 'whole' }]);
    expect(bytes(flows[0], 'request')?.toString()).toBe('tunnel');
  });
});

describe('other datagrams', () => {
  test('are dropped, and how many is told for each destination', async () => {
    const client = await associate();
    for (let i = 0; i < 12; i += 1) client.send('203.0.113.9', 443, Buffer.alloc(1200, i));
    for (let i = 0; i < 3; i += 1) client.send('stun.example.com', 3478, Buffer.from('binding'));
    client.send('203.0.113.9', 8443, Buffer.from('once'));
    await drained(client);
    client.control.end();
    const { flows, gaps } = await caught();
    expect(
      flows.map(({ door, scheme, engine, host, port, state, reason, bodies }) => [
        door,
        scheme,
        engine,
        host,
        port,
        state,
        reason,
        bodies.length,
      ]),
    ).toEqual([
      ['socks5', 'udp', 'none', '203.0.113.9', 443, 'refused', 'quic-dropped', 0],
      ['socks5', 'udp', 'none', 'stun.example.com', 3478, 'refused', 'udp-dropped', 0],
      ['socks5', 'udp', 'none', '203.0.113.9', 8443, 'refused', 'udp-dropped', 0],
      ['dns', 'udp', 'none', 'a.example.com', 53, 'whole', null, 2],
    ]);
    expect(flows.map((flow) => flow.n)).toEqual([1, 2, 3, 4]);
    expect(flows.every((flow) => flow.owner.uid === 10_123)).toBe(true);
    expect(gaps.map(({ what, why, scope }) => [what, why, scope.host])).toEqual([
      ['udp', 'quic-dropped', '203.0.113.9'],
      ['udp', 'quic-dropped: 10', '203.0.113.9'],
      ['udp', 'udp-dropped', 'stun.example.com'],
      ['udp', 'udp-dropped', '203.0.113.9'],
      ['udp', 'quic-dropped: 12', '203.0.113.9'],
      ['udp', 'udp-dropped: 3', 'stun.example.com'],
    ]);
  });

  test('are known to a run that is killed while they come', async () => {
    const client = await associate();
    for (let i = 0; i < 11; i += 1) client.send('203.0.113.9', 443, Buffer.alloc(1200));
    await drained(client);
    const { flows, gaps } = rig.soFar();
    expect(flows).toMatchObject([{ host: '203.0.113.9', reason: 'quic-dropped' }, {}]);
    expect(gaps.map((gap) => gap.why)).toEqual(['quic-dropped', 'quic-dropped: 10']);
  });

  test('to ever more destinations are counted together', async () => {
    const client = await associate();
    for (let i = 0; i < 300; i += 1) {
      client.send('203.0.113.9', 20_000 + i, Buffer.from('x'));
      if (i % 20 === 19) await drained(client);
    }
    client.control.end();
    const { flows, gaps } = await caught();
    expect(flows.filter((flow) => flow.reason === 'udp-dropped')).toHaveLength(256);
    expect(flows.filter((flow) => flow.reason === 'udp-others')).toMatchObject([{ host: 'unknown' }]);
    expect(gaps.at(-1)).toMatchObject({ what: 'udp', why: 'udp-others: 44', scope: { host: 'unknown' } });
  });

  test.each([
    ['a fragment', Buffer.concat([Buffer.of(0, 0, 1), writeSocksAddress({ ip: '192.0.2.53', port: 53 }), query('a.example.com', 1)])],
    ['a header cut short', Buffer.of(0, 0, 0, 1, 192)],
    ['nothing', Buffer.alloc(0)],
    ['an unknown address type', Buffer.of(0, 0, 0, 9, 1, 2, 3, 4, 0, 53)],
    ['a name that is none', datagram('a b', 53, Buffer.alloc(0))],
    ['port 0', datagram('192.0.2.53', 0, Buffer.alloc(0))],
  ])('%s is dropped as no datagram', async (_, bytes) => {
    const client = await associate();
    await drained(client);
    client.socket.send(bytes, client.relay.port, client.relay.host);
    await drained(client);
    client.control.end();
    const { flows, gaps } = await caught();
    expect(flows.filter((flow) => flow.door === 'socks5')).toMatchObject([{ host: 'unknown', state: 'refused', reason: 'udp-malformed' }]);
    expect(gaps).toMatchObject([{ what: 'udp', why: 'udp-malformed', scope: { host: 'unknown' } }]);
  });

  test('of another sender are not told as this one’s', async () => {
    const client = await associate();
    await drained(client);
    const stranger = createSocket('udp4');
    things.push({ close: () => stranger.close() });
    stranger.send(datagram('192.0.2.53', 53, query('other.example.com', 1)), client.relay.port, client.relay.host);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await drained(client);
    client.control.end();
    const { flows } = await caught();
    expect(flows.map((flow) => [flow.host, flow.reason])).toEqual([
      ['a.example.com', null],
      ['unknown', 'udp-stray'],
      ['a.example.com', null],
    ]);
  });
});

describe('an association ends', () => {
  test.each(['end', 'reset'] as const)('when its connection does: %s', async (how) => {
    const client = await associate();
    client.send('203.0.113.9', 443, Buffer.from('x'));
    await drained(client);
    if (how === 'end') client.control.end();
    else client.control.resetAndDestroy();
    await Promise.all(served);
    const late: unknown[] = [];
    client.socket.on('message', (bytes) => late.push(bytes));
    client.send('192.0.2.53', 53, query('a.example.com', 1));
    // Its port is free again.
    const next = createSocket('udp4');
    things.push({ close: () => next.close() });
    next.bind(client.relay.port, client.relay.host);
    await once(next, 'listening');
    expect(late).toEqual([]);
    if (how === 'end') expect(await restOf(client.control)).toHaveLength(0);
  });

  test('although the resolver never answers', async () => {
    answerer = createDnsAnswerer({ journal: rig.journal, resolve: () => new Promise(() => {}), answerWith: null });
    const client = await associate();
    client.send('192.0.2.53', 53, query('a.example.com', 1));
    client.send('203.0.113.9', 443, Buffer.from('x'));
    for (const end = Date.now() + 8000; rig.soFar().flows.length < 1; await new Promise((go) => setTimeout(go, 5)))
      if (Date.now() > end) throw new Error('in vain');
    client.control.end();
    const { flows } = await caught();
    expect(flows.map((flow) => [flow.n, flow.door, flow.state])).toEqual([
      [2, 'socks5', 'refused'],
      [1, 'dns', 'aborted'],
    ]);
  });

  test('at once when the client has gone before it began', async () => {
    const control = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    await once(control, 'connect');
    control.destroy();
    await once(control, 'close');
    await serveAssociation({ journal: rig.journal, answerer, control, owner: () => readSocksUser(null).owner });
    expect((await caught()).flows).toMatchObject([{ door: 'socks5', state: 'refused', reason: 'udp-no-socket' }]);
  });
});
