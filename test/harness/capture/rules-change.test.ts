import { afterEach, describe, expect, test } from 'vitest';
import type { AskedFor, RequestDecision, ResponseDecision, TrafficRule } from '../../../harness/capture/rules.js';
import { farServer, onHead, openRig, received, toProxy, tunnel, until } from './rig.js';
import type { Rig } from './rig.js';
import { HOST, OK, openRuled, ruleOf } from './pipeline-rig.js';
import type { Ruled } from './pipeline-rig.js';

let rig: Rig;
afterEach(() => rig.dispose());

async function ruled(rules: readonly TrafficRule[], answer: (head: string, body: string) => string = () => OK): Promise<Ruled> {
  const opened = await openRuled(rules, answer);
  rig = opened.rig;
  return opened;
}

type Headers = AskedFor['headers'];
const request = (change: (asked: AskedFor) => { headers?: Headers; body?: string }): TrafficRule =>
  ruleOf('ask', {
    request: (asked): RequestDecision => {
      const { headers, body } = change(asked);
      return { kind: 'change', headers: headers ?? asked.headers, body: body === undefined ? null : Buffer.from(body) };
    },
  });
const response = (change: (headers: Headers) => { headers?: Headers; body?: string }): TrafficRule =>
  ruleOf('reply', {
    response: (_, answered): ResponseDecision => {
      const { headers, body } = change(answered.headers);
      return { kind: 'change', headers: headers ?? answered.headers, body: body === undefined ? null : Buffer.from(body) };
    },
  });

describe('a changed request', () => {
  test('head: the server gets the new one, the record keeps what the app sent and names the rule', async () => {
    const { app, got } = await ruled([request(({ headers }) => ({ headers: [...headers.slice(1), ['X-New', '1']] }))]);
    app.write('POST /a HTTP/1.1\r\nX-Old: 1\r\nContent-Length: 3\r\n\r\nabc');
    await received(app, (t) => t.endsWith('ok'));
    expect(got()).toBe('POST /a HTTP/1.1\r\nContent-Length: 3\r\nX-New: 1\r\n\r\nabc');
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([
      {
        state: 'whole',
        reason: 'changed-by-rule: ask',
        synthetic: ['changed'],
        request: {
          headers: [
            ['X-Old', '1'],
            ['Content-Length', '3'],
          ],
        },
      },
    ]);
    expect(text(flows[0], 'request')).toBe('abc');
  });

  test.each([
    { name: 'with a length', head: 'Content-Length: 3', body: ['abc'] },
    { name: 'in chunks, with a trailer', head: 'Transfer-Encoding: chunked', body: ['3\r\nabc\r\n', '0\r\nX-Sum: 1\r\n\r\n'] },
    { name: 'none', head: 'X-None: 1', body: [] },
  ])('body ($name): the server gets the new one with its length, the record the old one', async ({ head, body }) => {
    const { app, got } = await ruled([request(() => ({ body: 'replaced' }))]);
    app.write(`POST /a HTTP/1.1\r\nX-A: 1\r\n${head}\r\n\r\n`);
    for (const part of body) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      app.write(part);
    }
    await received(app, (t) => t.endsWith('ok'));
    app.write('GET /b HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    const kept = head.startsWith('X-') ? `${head}\r\n` : '';
    const second = 'GET /b HTTP/1.1\r\nContent-Length: 8\r\n\r\nreplaced';
    expect(got()).toBe(`POST /a HTTP/1.1\r\nX-A: 1\r\n${kept}Content-Length: 8\r\n\r\nreplaced${second}`);
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.synthetic])).toEqual(Array.from({ length: 2 }, () => ['whole', ['changed']]));
    expect(text(flows[0], 'request')).toBe(body.length === 0 ? '' : 'abc');
  });

  test('cannot lie about a body that passes', async () => {
    const { app, got } = await ruled([
      request(({ target }) => ({
        headers:
          target === '/1'
            ? [['content-length', '99']]
            : [
                ['X-A', '1'],
                ['Transfer-Encoding', 'chunked'],
              ],
      })),
    ]);
    app.write('POST /1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST /2 HTTP/1.1\r\nContent-Length: 2\r\n\r\nde');
    await received(app, (t) => t.split('200 OK').length === 3 && t.endsWith('ok'));
    expect(got()).toBe('POST /1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST /2 HTTP/1.1\r\nX-A: 1\r\nContent-Length: 2\r\n\r\nde');
  });

  test('cannot smuggle a second head in a value; what is beyond one byte goes as UTF-8', async () => {
    const { app, got } = await ruled([
      request(() => ({
        headers: [
          ['X-A', 'a\r\nX-B: b\0'],
          ['X-C', '贷\u010A\u010D'],
        ],
      })),
    ]);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    expect(Buffer.from(got(), 'latin1').toString()).toBe('GET / HTTP/1.1\r\nX-A: a  X-B: b \r\nX-C: 贷\u010A\u010D\r\n\r\n');
  });

  test('by absolute URL: what is meant for the proxy does not reach the server', async () => {
    const { app, got } = await ruled([request(({ headers }) => ({ headers: [...headers, ['X-New', '1']] }))]);
    app.destroy();
    const plain = await toProxy(rig);
    plain.write(`GET http://${HOST}/a HTTP/1.1\r\nHost: ${HOST}\r\nProxy-Authorization: Basic eDp5\r\n\r\n`);
    await received(plain, (t) => t.endsWith('ok'));
    expect(got()).toBe(`GET /a HTTP/1.1\r\nHost: ${HOST}\r\nX-New: 1\r\n\r\n`);
    expect((await rig.caught()).flows.find((flow) => flow.request !== null)?.synthetic).toEqual(['changed', 'request-head']);
  });

  test('that the app breaks off still names the rule', async () => {
    const { app, got } = await ruled([request(({ headers }) => ({ headers: [['X-New', '1'], ...headers] }))]);
    app.write('POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc');
    await until(() => got().endsWith('abc'));
    app.end();
    await until(() => rig.flows() === 1);
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'aborted', reason: 'the app went away; changed-by-rule: ask', synthetic: ['changed'] },
    ]);
  });
});

describe('a changed response', () => {
  test('head: the app gets the new one with the body as it came, the record keeps what the server sent', async () => {
    const { app } = await ruled(
      [response((headers) => ({ headers: [['X-New', '1'], ...headers.slice(1)] }))],
      () => 'HTTP/1.1 299 Unusual\r\nX-Old: 1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-End: 1\r\n\r\n',
    );
    app.write('GET / HTTP/1.1\r\n\r\n');
    const { text: answer } = await received(app, (t) => t.endsWith('X-End: 1\r\n\r\n'));
    expect(answer).toBe('HTTP/1.1 299 Unusual\r\nX-New: 1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-End: 1\r\n\r\n');
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([
      {
        state: 'whole',
        reason: 'changed-by-rule: reply',
        synthetic: ['changed'],
        response: {
          headers: [
            ['X-Old', '1'],
            ['Transfer-Encoding', 'chunked'],
          ],
        },
      },
    ]);
    expect(text(flows[0], 'response')).toBe('abc');
  });

  const shapes = [
    { name: 'with a length', answer: OK },
    { name: 'in chunks with a trailer', answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-End: 1\r\n\r\n' },
    { name: 'behind a 103', answer: `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}` },
  ];
  test.each(shapes)('body ($name): the app gets the new one with its length, and the connection goes on', async ({ name, answer }) => {
    const { app } = await ruled([response(() => ({ body: 'new' }))], () => answer);
    for (const _ of [1, 2]) {
      app.write('GET / HTTP/1.1\r\n\r\n');
      const { text } = await received(app, (t) => t.endsWith('new'));
      const before = name === 'behind a 103' ? 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n' : '';
      expect(text).toBe(`${before}HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew`);
    }
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.synthetic, text(flow, 'response')])).toEqual(
      Array.from({ length: 2 }, () => ['whole', ['changed'], 'ok']),
    );
  });

  test.each([
    { name: 'HEAD', method: 'HEAD', answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n' },
    { name: '204', method: 'GET', answer: 'HTTP/1.1 204 No Content\r\n\r\n' },
    { name: '304', method: 'GET', answer: 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n' },
  ])('$name: gets no body that nobody expects', async ({ method, answer }) => {
    const { app } = await ruled([response(() => ({ body: 'new' }))], () => answer);
    for (const _ of [1, 2]) {
      app.write(`${method} / HTTP/1.1\r\n\r\n`);
      expect((await received(app, (t) => t.endsWith('\r\n\r\n'))).text).toBe(answer);
    }
    expect((await rig.caught()).flows.map((flow) => flow.state)).toEqual(['whole', 'whole']);
  });

  test('until the server closes: the new one is whole for the app', async () => {
    rig = await openRig({ rules: [response(() => ({ body: 'new' }))] });
    const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.end('HTTP/1.1 200 OK\r\n\r\nto the end')), null));
    rig.route(HOST, server.port);
    const { socket } = await tunnel(rig, `${HOST}:80`);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    expect(await received(socket)).toEqual({ text: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew', ended: 'end' });
    const { flows, text } = await rig.caught();
    expect([flows[0]?.state, text(flows[0], 'response')]).toEqual(['whole', 'to the end']);
  });

  test('whose old body breaks off: the app has the new one and nothing behind it', async () => {
    rig = await openRig({ rules: [response(() => ({ body: 'new' }))] });
    const broken = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\nzz\r\nmore';
    const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.write(broken, () => socket.end('!'))), null));
    rig.route(HOST, server.port);
    const { socket } = await tunnel(rig, `${HOST}:80`);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(socket)).text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew');
    socket.end();
    await until(() => rig.flows() === 2);
    const { flows, gaps } = await rig.caught();
    expect(flows.map(({ state, reason }) => [state, reason])).toEqual([
      ['truncated', 'could not be read to its end: response-malformed: a chunk size that is none; changed-by-rule: reply'],
      ['opaque', 'response-malformed: a chunk size that is none'],
    ]);
    expect(gaps).toMatchObject([{ what: 'opaque', why: 'response-malformed: a chunk size that is none' }]);
  });

  test('and request: both rules are named', async () => {
    const { app } = await ruled([request(() => ({ headers: [['X-A', '1']] })), response(() => ({ body: 'new' }))]);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('new'));
    expect((await rig.caught()).flows).toMatchObject([{ reason: 'changed-by-rule: ask; changed-by-rule: reply', synthetic: ['changed'] }]);
  });

  test('a 101 may get another head, and its channel runs', async () => {
    const { app } = await ruled(
      [response((headers) => ({ headers: [...headers, ['X-New', '1']], body: 'never' }))],
      () => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhello',
    );
    app.write('GET / HTTP/1.1\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n');
    const { text } = await received(app, (t) => t.endsWith('hello'));
    expect(text).toBe('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\nX-New: 1\r\n\r\nhello');
  });

  test('with bytes behind the old one: they pass, as bytes', async () => {
    const { app } = await ruled([response(() => ({ body: 'new' }))], () => `${OK}extra`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app, (t) => t.endsWith('extra'))).text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnewextra');
    app.destroy();
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => [flow.state, text(flow, 'response')])).toEqual([
      ['whole', 'ok'],
      ['opaque', 'extra'],
    ]);
  });
});

describe('a changed request that upgrades', () => {
  test('lets pass what the app says on its channel', async () => {
    const { app, got } = await ruled([request(() => ({ body: 'new' }))], () => 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n');
    app.write('POST / HTTP/1.1\r\nUpgrade: echo\r\nContent-Length: 3\r\n\r\nold');
    await received(app, (t) => t.includes('101'));
    app.write('said');
    await until(() => got().endsWith('said'));
    expect(got()).toBe('POST / HTTP/1.1\r\nUpgrade: echo\r\nContent-Length: 3\r\n\r\nnewsaid');
  });
});
