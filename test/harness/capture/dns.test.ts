import { createSocket } from 'node:dgram';
import type { Socket as UdpSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startDns } from '../../../harness/capture/dns.js';
import type { RunningDns } from '../../../harness/capture/dns.js';
import { createDnsAnswerer } from '../../../harness/capture/dns-answerer.js';
import type { DnsAnswerer } from '../../../harness/capture/dns-answerer.js';
import { readDnsMessage } from '../../../harness/capture/dns-message.js';
import type { Resolve } from '../../../harness/capture/lab.js';
import type { Flow } from '../../../harness/model/event.js';
import { ednsQuery, header, opt, query, question } from './dns-bytes.js';
import { firstOf, openJournal, restOf } from './journal-rig.js';
import type { JournalRig } from './journal-rig.js';

const ADDRESSES: Readonly<Record<string, string>> = {
  'four.example.com': '203.0.113.9',
  'six.example.com': '2001:db8::9',
  under_score: '203.0.113.10',
};
const resolve: Resolve = async (host, port) => {
  if (host === 'fault.example.com') throw Object.assign(new Error('no way'), { code: 'EAI_AGAIN' });
  const ip = ADDRESSES[host];
  return ip === undefined ? null : { ip, port };
};
const nobody = (): Flow['owner'] => ({ uid: null, package: null, pid: null, how: 'unknown' });

let rig: JournalRig;
let answerer: DnsAnswerer;
let stub: RunningDns;
const sockets: { close(): unknown }[] = [];
beforeEach(() => begin({}));
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await stop();
  rig.dispose();
});
const stop = async (): Promise<void> => void (await Promise.all([answerer.close(), stub.close().catch(() => {})]));

async function begin(how: { readonly resolve?: Resolve; readonly answerWith?: string; readonly bodyLimitBytes?: number }): Promise<void> {
  rig = openJournal(how.bodyLimitBytes === undefined ? {} : { bodyLimitBytes: how.bodyLimitBytes });
  answerer = createDnsAnswerer({ journal: rig.journal, resolve: how.resolve ?? resolve, answerWith: how.answerWith ?? null });
  stub = await startDns({ answerer, owner: () => nobody, listen: { host: '127.0.0.1', port: 0 } });
}
async function again(how: Parameters<typeof begin>[0]): Promise<void> {
  await stop();
  rig.dispose();
  await begin(how);
}
async function caught(): Promise<ReturnType<JournalRig['caught']>> {
  await stop();
  return rig.caught();
}

function client(): dns.Resolver {
  const resolver = new dns.Resolver({ timeout: 2000, tries: 1 });
  resolver.setServers([`127.0.0.1:${stub.port}`]);
  return resolver;
}
function udp(): UdpSocket {
  const socket = createSocket('udp4');
  sockets.push({ close: () => socket.close() });
  return socket;
}
async function ask(bytes: Buffer): Promise<Buffer> {
  const socket = udp();
  const answer = once(socket, 'message');
  socket.send(bytes, stub.port, '127.0.0.1');
  const [reply] = await answer;
  if (!Buffer.isBuffer(reply)) throw new Error('no datagram');
  return reply;
}
async function dial(): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: stub.port, allowHalfOpen: true });
  socket.on('error', () => {});
  sockets.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return socket;
}
const framed = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
const until = async (met: () => boolean): Promise<void> => {
  for (const end = Date.now() + 8000; !met(); await new Promise((go) => setTimeout(go, 5)))
    if (Date.now() > end) throw new Error('in vain');
};

describe('a resolver of Node', () => {
  test('gets the addresses that the proxy would go to', async () => {
    expect(await client().resolve4('four.example.com', { ttl: true })).toEqual([{ address: '203.0.113.9', ttl: 1 }]);
    expect(await client().resolve6('SIX.example.com')).toEqual(['2001:db8::9']);
    expect(await client().resolve4('under_score')).toEqual(['203.0.113.10']);
    const { flows, gaps } = await caught();
    expect(flows.map((flow) => flow.host)).toEqual(['four.example.com', 'six.example.com', 'under_score']);
    expect(gaps).toEqual([]);
  });

  test.each<[string, (resolver: dns.Resolver) => Promise<unknown>, string]>([
    ['a name that does not exist', (r) => r.resolve4('none.example.com'), 'ENOTFOUND'],
    ['IPv6 of a name with IPv4', (r) => r.resolve6('four.example.com'), 'ENODATA'],
    ['texts', (r) => r.resolveTxt('four.example.com'), 'ENODATA'],
    ['names of addresses', (r) => r.reverse('203.0.113.9'), 'ENOTFOUND'],
    ['a name that cannot be resolved now', (r) => r.resolve4('fault.example.com'), 'ESERVFAIL'],
  ])('learns of %s', async (_, act, code) => {
    await expect(act(client())).rejects.toMatchObject({ code });
  });

  test('is led to the proxy where that is asked for, if the name exists', async () => {
    await again({ answerWith: '127.0.0.1' });
    expect(await client().resolve4('four.example.com')).toEqual(['127.0.0.1']);
    expect(await client().resolve4('six.example.com')).toEqual(['127.0.0.1']);
    await expect(client().resolve6('six.example.com')).rejects.toMatchObject({ code: 'ENODATA' });
    await expect(client().resolve4('none.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('a query', () => {
  test('is a flow with both datagrams as they were, of which ours is marked', async () => {
    const sent = ednsQuery('Four.example.com', 1);
    const reply = await ask(sent);
    const { flows, bytes } = await caught();
    const [flow] = flows;
    expect(flow).toMatchObject({
      n: 1,
      engine: 'none',
      door: 'dns',
      scheme: 'udp',
      host: 'four.example.com',
      port: 53,
      state: 'whole',
      reason: null,
      request: null,
      response: null,
      peer: null,
      synthetic: ['response'],
      bodies: [
        { of: 'request', state: 'whole', bytes: sent.length },
        { of: 'response', state: 'whole', bytes: reply.length },
      ],
    });
    expect(bytes(flow, 'request')).toEqual(sent);
    expect(bytes(flow, 'response')).toEqual(reply);
    expect(flow?.times.responseLast?.monoMs).toBeGreaterThanOrEqual(flow?.times.requestFirst?.monoMs ?? Infinity);
  });

  test.each([
    ['HTTPS, which would lead to HTTP/3 and a hidden server name', ednsQuery('four.example.com', 65), 0, 'dns-no-data: HTTPS'],
    ['HTTPS of an IPv6 name', ednsQuery('six.example.com', 65), 0, 'dns-no-data: HTTPS'],
    ['SVCB', query('four.example.com', 64), 0, 'dns-no-data: SVCB'],
    ['AAAA of an IPv4 name', query('four.example.com', 28), 0, 'dns-no-data: AAAA'],
    ['a name that does not exist', query('none.example.com', 1), 3, 'dns-no-name'],
    ['a name that is no host', query('a b.example.com', 1), 3, 'dns-no-name'],
    ['another class', Buffer.concat([header(1, 0, [1, 0, 0, 0]), question('version.bind', 16, 3)]), 5, 'dns-refused: class 3'],
    ['another opcode', Buffer.concat([header(1, 0x2800, [1, 0, 0, 0]), question('a.example', 6)]), 4, 'dns-refused: opcode 5'],
    ['EDNS of the future', ednsQuery('four.example.com', 1, opt(1)), 0, 'dns-refused: EDNS 1'],
  ])('for %s is answered and says so', async (_, bytes, rcode, reason) => {
    const read = readDnsMessage(await ask(bytes));
    expect(read).toMatchObject({ kind: 'message', message: { header: { rcode, response: true }, answers: [] } });
    const { flows, gaps } = await caught();
    expect(flows).toMatchObject([{ state: 'whole', reason }]);
    expect(gaps).toEqual([]);
  });

  test('that could not be resolved is a gap for its name', async () => {
    expect(readDnsMessage(await ask(query('fault.example.com', 1)))).toMatchObject({ message: { header: { rcode: 2 } } });
    const { flows, gaps } = await caught();
    expect(flows).toMatchObject([{ host: 'fault.example.com', state: 'whole', reason: 'dns-failed: EAI_AGAIN' }]);
    expect(gaps).toMatchObject([{ what: 'upstream-failed', why: 'dns-failed: EAI_AGAIN', scope: { host: 'fault.example.com' } }]);
  });

  test('over the limit of what is kept is cut, and answered all the same', async () => {
    await again({ bodyLimitBytes: 30 });
    expect((await ask(query('four.example.com', 1))).length).toBe(50);
    const { flows, gaps } = await caught();
    expect(flows).toMatchObject([{ state: 'cut' }]);
    expect(gaps).toMatchObject([{ what: 'body-cut', scope: { host: 'four.example.com' } }]);
  });

  test('under way when the capture ends is aborted, and none is lost', async () => {
    let resolving = 0;
    await again({
      resolve: () => {
        resolving += 1;
        return new Promise(() => {});
      },
    });
    const tcp = await dial();
    tcp.write(framed(query('four.example.com', 1)));
    await until(() => resolving === 1);
    const socket = udp();
    let failed = 0;
    socket.on('message', () => (failed += 1));
    // In small lots: a socket's buffer holds about 250 datagrams.
    for (let id = 0; id < 300; id += 1) {
      socket.send(query('four.example.com', 1, id), stub.port, '127.0.0.1');
      if (id % 20 === 19) await new Promise((go) => setTimeout(go, 5));
    }
    // 256 wait; whatever comes on top is told at once that there is no answer.
    await until(() => failed === 45);
    const { flows, gaps } = await caught();
    expect(flows.length).toBe(301);
    expect(flows.map((flow) => flow.n).toSorted((a, b) => (a ?? 0) - (b ?? 0))).toEqual(Array.from({ length: 301 }, (_, i) => i + 1));
    expect(flows.filter((flow) => flow.state === 'aborted' && flow.reason === 'dns-stopped' && flow.bodies.length === 1)).toHaveLength(256);
    expect(gaps.filter((gap) => gap.why === 'dns-overloaded')).toHaveLength(45);
  });
});

describe('what is no query', () => {
  test('is kept, is a gap, and is told so where it has a header', async () => {
    const reply = await ask(header(0x1234, 0x0100, [0, 0, 0, 0]));
    expect(reply.subarray(0, 4).toString('hex')).toBe('12348181');
    const { flows, gaps, bytes } = await caught();
    expect(flows).toMatchObject([
      { door: 'dns', host: 'unknown', state: 'opaque', reason: 'dns-malformed: 0 questions', synthetic: ['response'] },
    ]);
    expect(bytes(flows[0], 'request')).toEqual(header(0x1234, 0x0100, [0, 0, 0, 0]));
    expect(gaps).toMatchObject([{ what: 'opaque', why: 'dns-malformed: 0 questions', scope: { host: 'unknown' } }]);
  });

  test.each([
    ['garbage', Buffer.from('hello')],
    ['an empty datagram', Buffer.alloc(0)],
    ['an answer', Buffer.concat([header(1, 0x8180, [1, 0, 0, 0]), question('a.example', 1)])],
  ])('%s is not answered', async (_, bytes) => {
    const socket = udp();
    const replies: unknown[] = [];
    socket.on('message', (reply) => replies.push(reply));
    socket.send(bytes, stub.port, '127.0.0.1');
    socket.send(query('four.example.com', 1), stub.port, '127.0.0.1');
    await once(socket, 'message');
    expect(replies).toHaveLength(1);
    const { flows } = await caught();
    expect(flows).toMatchObject([{ state: 'opaque', synthetic: [] }, { state: 'whole' }]);
    expect(flows[0]?.bodies).toHaveLength(bytes.length === 0 ? 0 : 1);
  });

  test('64 kB of it neither', async () => {
    const socket = udp();
    socket.send(Buffer.alloc(65_000, 0xc0), stub.port, '127.0.0.1');
    expect((await ask(query('four.example.com', 1))).length).toBe(50);
    expect((await caught()).flows).toMatchObject([{ state: 'opaque', bodies: [{ bytes: 65_000 }] }, { state: 'whole' }]);
  });
});

describe('over TCP', () => {
  test('queries in any pieces are answered one after another on the same port', async () => {
    const socket = await dial();
    const all = Buffer.concat([
      framed(query('four.example.com', 1, 1)),
      framed(query('six.example.com', 28, 2)),
      framed(query('none.example.com', 1, 3)),
    ]);
    for (const byte of all) {
      socket.write(Buffer.of(byte));
      await new Promise((go) => setImmediate(go));
    }
    socket.end();
    const answers: unknown[] = [];
    for (let rest = await restOf(socket); rest.length > 0; rest = rest.subarray(2 + rest.readUInt16BE(0))) {
      const read = readDnsMessage(rest.subarray(2, 2 + rest.readUInt16BE(0)));
      answers.push(
        read.kind === 'bad' ? read : [read.message.header.id, read.message.header.rcode, read.message.answers[0]?.data.length ?? 0],
      );
    }
    expect(answers).toEqual([
      [1, 0, 4],
      [2, 0, 16],
      [3, 3, 0],
    ]);
    const { flows, bytes } = await caught();
    expect(flows).toMatchObject([{ scheme: 'tcp', host: 'four.example.com' }, { host: 'six.example.com' }, { host: 'none.example.com' }]);
    expect(bytes(flows[1], 'request')).toEqual(query('six.example.com', 28, 2));
  });

  test('a query that is cut off is kept', async () => {
    const socket = await dial();
    socket.write(framed(query('four.example.com', 1)).subarray(0, 20));
    await new Promise((go) => setTimeout(go, 20));
    socket.resetAndDestroy();
    await until(() => rig.soFar().flows.length === 1);
    const { flows } = await caught();
    expect(flows).toMatchObject([{ scheme: 'tcp', state: 'aborted', reason: 'request-cut-short', synthetic: [] }]);
    expect(flows[0]?.bodies).toMatchObject([{ of: 'request', bytes: 18, state: 'aborted' }]);
  });

  test('one that has begun when the capture ends is kept', async () => {
    const socket = await dial();
    socket.write(Buffer.concat([framed(query('four.example.com', 1)), Buffer.of(0)]));
    await firstOf(socket, 2);
    const { flows } = await caught();
    expect(flows).toMatchObject([{ state: 'whole' }, { n: 2, state: 'aborted', reason: 'request-cut-short' }]);
  });

  test('a client that never reads does not make the stub read on', async () => {
    let resolved = 0;
    await again({
      resolve: () => {
        resolved += 1;
        return null;
      },
    });
    const socket = await dial();
    socket.pause();
    // More than all buffers between the two hold, both ways.
    const one = framed(query(`${`${'a'.repeat(62)}.`.repeat(3)}example.com`, 1));
    socket.write(Buffer.alloc(100_000 * one.length, one));
    for (let before = -1; before !== resolved; await new Promise((go) => setTimeout(go, 400))) before = resolved;
    expect(resolved).toBeLessThan(100_000);
    expect(socket.writableLength).toBeGreaterThan(0);
    socket.destroy();
    expect((await caught()).flows.length).toBeGreaterThanOrEqual(resolved);
  });
});

test('the owner is asked for by the port and the protocol of the client', async () => {
  await stub.close();
  const asked: [number, string][] = [];
  stub = await startDns({
    answerer,
    owner: (port, over) => {
      asked.push([port, over]);
      return () => ({ uid: 10_123, package: 'com.example.loan', pid: null, how: 'proc-net' });
    },
    listen: { host: '127.0.0.1', port: 0 },
  });
  const socket = udp();
  socket.send(query('four.example.com', 1), stub.port, '127.0.0.1');
  await once(socket, 'message');
  const tcp = await dial();
  tcp.write(framed(query('four.example.com', 1)));
  await firstOf(tcp, 2);
  expect(asked).toEqual([
    [socket.address().port, 'udp'],
    [tcp.localPort, 'tcp'],
  ]);
  expect((await caught()).flows).toMatchObject([{ owner: { uid: 10_123 } }, { owner: { uid: 10_123 } }]);
});

test('a port that is taken is said to be', async () => {
  const second = startDns({ answerer, owner: () => nobody, listen: { host: '127.0.0.1', port: stub.port } });
  await expect(second).rejects.toMatchObject({ code: 'PORT_TAKEN' });
});
