import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { RuleFailed } from '../../../harness/capture/rules.js';
import type { TrafficRule } from '../../../harness/capture/rules.js';
import { farServer, lab, onHead, openRig, received, tlsThrough, toProxy, tunnel, until } from './rig.js';
import type { Rig } from './rig.js';
import { blocks, HOST, OK, openRuled, ruleOf } from './pipeline-rig.js';
import type { Ruled } from './pipeline-rig.js';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';

let rig: Rig;
afterEach(() => rig.dispose());

async function ruled(rules: readonly TrafficRule[], answer: (head: string, body: string) => string = () => OK): Promise<Ruled> {
  const opened = await openRuled(rules, answer);
  rig = opened.rig;
  return opened;
}

/** A TLS server that takes those protocols and counts requests. */
async function secureServer(alpn: readonly string[]): Promise<{ requests: number }> {
  const seen = { requests: 0 };
  const server = rig.keep(
    await farServer(
      (socket) =>
        onHead(socket, () => {
          seen.requests += 1;
          socket.write(OK);
        }),
      { ALPNProtocols: [...alpn] },
    ),
  );
  rig.route(HOST, server.port);
  return seen;
}

const bug = new Error('a bug');
const throwing = (at: 'request' | 'response'): TrafficRule =>
  ruleOf('faulty', {
    [at]: () => {
      throw bug;
    },
  });

describe('a rule that throws', () => {
  test.each(['request', 'response'] as const)(
    'for a %s: its exchange ends and is written, others go on, and the run is told',
    async (at) => {
      const one = ruleOf('faulty', {
        request: (asked) => (asked.target === '/bad' ? (throwing(at).request(asked) ?? { kind: 'pass' }) : { kind: 'pass' }),
        response: (asked, answered) => (asked.target === '/bad' ? throwing(at).response(asked, answered) : { kind: 'pass' }),
      });
      const { app, got } = await ruled([one]);
      const { socket: other } = await tunnel(rig, `${HOST}:80`);
      const sent = 'POST /bad HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc';
      app.write(sent);
      expect((await received(app)).text).toBe('');
      expect(got()).toBe(at === 'request' ? '' : sent);
      other.write('GET /good HTTP/1.1\r\n\r\n');
      expect((await received(other, (t) => t.endsWith('ok'))).text).toBe(OK);
      await expect(rig.proxy.idle()).rejects.toMatchObject({ rule: 'faulty', cause: bug });
      const written: unknown[] = [];
      await rig.caught().catch((error: unknown) => written.push(error));
      expect(written).toEqual([expect.any(RuleFailed)]);
      expect(rig.flows()).toBe(2);
    },
  );

  test('leaves a flow that says so', async () => {
    const flows: unknown[] = [];
    rig = await openRig({
      rules: [throwing('request')],
      recorder: (real) => ({ ...real, write: (event) => (flows.push(event), real.write(event)) }),
    });
    const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.write(OK)), null));
    rig.route(HOST, server.port);
    const { socket } = await tunnel(rig, `${HOST}:80`);
    socket.write('GET /bad HTTP/1.1\r\n\r\n');
    await received(socket);
    await until(() => rig.flows() === 1);
    expect(flows).toMatchObject([{ state: 'aborted', reason: 'rule-failed: faulty', request: { target: '/bad' }, response: null }]);
  });

  test.each([
    { name: 'a status that is none', answer: { kind: 'answer', status: 42, headers: [], body: Buffer.alloc(0) } as const },
    { name: 'an interim status', answer: { kind: 'answer', status: 101, headers: [], body: Buffer.alloc(0) } as const },
    {
      name: 'a header name that is none',
      answer: { kind: 'answer', status: 200, headers: [['A B', '1']], body: Buffer.alloc(0) } as const,
    },
    { name: 'a changed header name that is none', answer: { kind: 'change', headers: [['A:', '1']], body: null } as const },
  ])('or gives $name is at fault likewise', async ({ answer }) => {
    const { app, got } = await ruled([ruleOf('faulty', { request: () => answer })]);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app)).text).toBe('');
    expect(got()).toBe('');
    await expect(rig.proxy.idle()).rejects.toMatchObject({ rule: 'faulty' });
    expect(rig.flows()).toBe(1);
  });
});

describe('what rules cannot be asked about', () => {
  test.each([
    { name: 'a header line that is none', sent: 'GET /no HTTP/1.1\r\nBad Name: 1\r\n\r\n', why: 'malformed: a header line that is none' },
    {
      name: 'two lengths',
      sent: 'POST /no HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na',
      why: 'malformed: a Content-Length that is none',
    },
    {
      name: 'a head without end',
      sent: `GET /no HTTP/1.1\r\nX: ${'x'.repeat(300_000)}`,
      why: 'request-malformed: a head of more than 262144 bytes',
    },
  ])('$name: the app is told, and its bytes are kept', async ({ sent, why }) => {
    const { app, got } = await ruled([blocks('/no')]);
    app.write(sent);
    expect((await received(app)).text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nX-Jiejing-Synthetic: 1\r\n/);
    expect(got()).toBe('');
    const { flows, gaps, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'aborted', reason: why, request: null, response: null, synthetic: ['answer'] }]);
    expect(gaps).toMatchObject([{ what: 'bad-request', why, scope: { host: HOST } }]);
    expect(sent.startsWith(text(flows[0], 'request').slice(0, 60_000))).toBe(true);
  });

  test('an empty line in front does not lead a request past them', async () => {
    const { app, got } = await ruled([blocks('/no')]);
    app.write('\r\n\r\nGET /no HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.includes('403'));
    expect(got()).toBe('');
  });

  test('nor does a method in lower case, or one that comes byte by byte', async () => {
    const { app, got } = await ruled([blocks('/no')]);
    for (const byte of 'get /no HTTP/1.1\r\n\r\n') {
      app.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await received(app, (t) => t.includes('403'));
    expect(got()).toBe('');
  });

  test('nor does one that takes its time', async () => {
    const { app, got } = await ruled([blocks('/no')]);
    app.write('GET /n');
    await pause(5500);
    app.write('o HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.includes('403'));
    expect(got()).toBe('');
  });

  test('what the server says unasked while a rule answers is no answer to the next request', async () => {
    rig = await openRig({ rules: [blocks(`http://${HOST}/no`)] });
    const server = rig.keep(await farServer((socket) => void socket.write(OK), null));
    rig.route(HOST, server.port);
    const app = await toProxy(rig);
    app.write(`POST http://${HOST}/no HTTP/1.1\r\nContent-Length: 4\r\n\r\nab`);
    await until(() => server.sockets.size === 1);
    await pause(20);
    app.write(`cdGET http://${HOST}/yes HTTP/1.1\r\n\r\n`);
    await received(app, (t) => t.includes('403') && t.endsWith(OK));
    app.destroy();
    expect((await rig.caught()).flows.map((flow) => [flow.state, flow.reason])).toEqual([
      ['whole', 'blocked-by-rule: no'],
      ['opaque', expect.stringMatching(/^server-spoke-unasked/)],
    ]);
  });

  test('HTTP/2 in clear that nobody announced is refused', async () => {
    const { app, got } = await ruled([blocks('/no')]);
    app.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    await received(app);
    expect(got()).toBe('');
    expect((await rig.caught()).gaps).toMatchObject([{ what: 'h2-only', why: 'h2-only' }]);
  });

  test('what is no HTTP passes, as opaque bytes', async () => {
    const { app, got } = await ruled([blocks('')]);
    app.write(Buffer.from('0102030a0a', 'hex'));
    await until(() => got().length === 5);
    app.destroy();
    await until(() => rig.flows() === 1);
    expect((await rig.caught()).flows).toMatchObject([{ engine: 'relay', scheme: 'tcp', state: 'opaque', reason: 'not-tls-nor-http' }]);
  });
});

describe('in TLS', () => {
  test('an app that takes both gets HTTP/1.1, and its requests are ruled', async () => {
    rig = await openRig({ rules: [blocks('/no')] });
    const seen = await secureServer(['h2', 'http/1.1']);
    const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2', 'http/1.1'] });
    expect(app.alpnProtocol).toBe('http/1.1');
    app.write('GET /no HTTP/1.1\r\n\r\nGET /yes HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.includes('403') && t.endsWith('ok'));
    expect(seen.requests).toBe(1);
    expect((await rig.caught()).flows).toMatchObject([
      {
        scheme: 'https',
        sni: HOST,
        reason: 'blocked-by-rule: no',
        tls: { client: { alpnOffered: ['h2', 'http/1.1'], alpn: 'http/1.1' }, upstream: { alpn: 'http/1.1' } },
      },
      { reason: null },
    ]);
  });

  test.each([['h2', 'http/1.1'], ['h2']])(
    'an app that takes nothing but HTTP/2 is refused, and that is a gap (server: %s)',
    async (...alpn) => {
      rig = await openRig({ rules: [blocks('/no')] });
      const seen = await secureServer(alpn);
      const { socket } = await tunnel(rig, `${HOST}:443`);
      const tls = connectTls({ socket, servername: HOST, ca: lab.certPem, ALPNProtocols: ['h2'] });
      const [error] = (await once(tls, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
      const { flows, gaps } = await rig.caught();
      expect(flows).toMatchObject([{ state: 'refused', reason: 'h2-only', host: HOST, sni: HOST, request: null }]);
      expect(gaps).toMatchObject([{ source: 'proxy', what: 'h2-only', why: 'h2-only', scope: { host: HOST } }]);
      expect(seen.requests).toBe(0);
    },
  );

  test('without rules the pipeline leaves HTTP/2 to its own engine', async () => {
    rig = await openRig({ engine: 'pipeline' });
    await secureServer(['h2']);
    const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2', 'http/1.1'] });
    expect(app.alpnProtocol).toBe('h2');
    app.destroy();
  });

  test('the name of a rule is that of the URL, with the SNI beside it', async () => {
    const asked: unknown[] = [];
    const look = ruleOf('look', { request: ({ scheme, host, sni, port }) => (asked.push([scheme, host, sni, port]), { kind: 'pass' }) });
    rig = await openRig({ rules: [look] });
    const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.write(OK)), {}));
    for (const target of [HOST, '127.0.0.1']) {
      rig.route(target, server.port);
      const app = await tlsThrough(rig, `${target}:443`, { servername: 'sni.example.com' });
      app.write('GET / HTTP/1.1\r\nHost: hidden.example.org\r\n\r\n');
      await received(app, (t) => t.endsWith('ok'));
    }
    expect(asked).toEqual([
      ['https', HOST, 'sni.example.com', 443],
      ['https', 'sni.example.com', 'sni.example.com', 443],
    ]);
  });
});

describe('by absolute URL', () => {
  test('rules are asked as well, also where servers change on one connection', async () => {
    const { app, got } = await ruled([blocks(`http://${HOST}/no`)]);
    app.destroy();
    const plain = await toProxy(rig);
    plain.write(`GET http://${HOST}/no HTTP/1.1\r\n\r\nGET http://${HOST}/yes HTTP/1.1\r\n\r\n`);
    await received(plain, (t) => t.includes('403') && t.endsWith('ok'));
    expect(got()).toBe('GET /yes HTTP/1.1\r\n\r\n');
    const flows = (await rig.caught()).flows.filter((flow) => flow.request !== null);
    expect(flows.map((flow) => [flow.reason, flow.synthetic])).toEqual([
      ['blocked-by-rule: no', ['response']],
      [null, ['request-head']],
    ]);
  });
});
