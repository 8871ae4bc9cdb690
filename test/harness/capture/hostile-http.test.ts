import type { Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ENGINES, HOST, OK, alive, plainTunnel, serving } from './hostile-rig.js';
import { openRig, received, tlsThrough, toProxy, until } from './rig.js';
import type { Caught, Rig } from './rig.js';

let rig: Rig;
afterEach(() => rig.dispose());

/** A server that keeps all it gets and answers once it has seen `sign`. */
async function keeping(sign: string): Promise<{ text(): string }> {
  let got = '';
  await serving(
    rig,
    (socket) => {
      let answered = false;
      socket.on('data', (chunk: Buffer) => {
        got += chunk.toString('latin1');
        if (answered || !got.includes(sign)) return;
        answered = true;
        socket.write(OK);
      });
    },
    null,
  );
  return { text: () => got };
}

/** All bytes of the requests, as the flows tell them: head and body as kept, in their order. */
const opaqueBytes = ({ flows, text }: Caught): string => {
  const flow = flows.find(({ state }) => state === 'opaque');
  return text(flow, 'request');
};

describe.each(ENGINES)('requests that are odd, through the %s', (engine) => {
  beforeEach(async () => {
    rig = await openRig({ engine });
  });

  test.each([
    ['Content-Length and chunked', 'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['chunked and Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '3\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['the same length twice', 'Content-Length: 3\r\nContent-Length: 3\r\n', 'abc', 'abc'],
    ['the same length twice in one line', 'Content-Length: 3, 3\r\n', 'abc', 'abc'],
    ['chunked behind another coding', 'Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n', '3\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['a chunk extension', 'Transfer-Encoding: chunked\r\n', '3;a="b"\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['chunk sizes with zeros before them', 'Transfer-Encoding: chunked\r\n', '00000000003\r\nabc\r\n0\r\n\r\n', 'abc'],
    ['bare line feeds', 'Transfer-Encoding: chunked\n', '3\nabc\n0\n\n', 'abc'],
  ])('%s: passes as sent and is read as one request', async (_, headers, body, payload) => {
    const far = await keeping(body.slice(-3));
    const app = await plainTunnel(rig);
    const sent = `POST /odd HTTP/1.1\r\nHost: a\r\n${headers}\r\n${body}`;
    app.write(sent);
    expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
    app.destroy();
    const { flows, text } = await rig.caught();
    expect(far.text()).toBe(sent);
    expect(flows.map(({ state, request }) => [state, request?.target])).toEqual([['whole', '/odd']]);
    expect(text(flows[0], 'request')).toBe(payload);
    // Which of them the server believed cannot be known: all of them stand in the record.
    expect(flows[0]?.request?.headers.length).toBe(headers.trimEnd().split('\n').length + 1);
  });

  test.each([
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 30\r\n\r\nabcGET /smuggled HTTP/1.1\r\n\r\n'],
    ['a length with a plus sign', 'Content-Length: +3\r\n\r\nabc'],
    ['a negative length', 'Content-Length: -3\r\n\r\nabc'],
    ['a length in hex', 'Content-Length: 0x3\r\n\r\nabc'],
    ['a length beyond all bounds', 'Content-Length: 99999999999999999999\r\n\r\nabc'],
    ['a coding behind chunked', 'Transfer-Encoding: chunked, identity\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ['chunked that is none', 'Transfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ['a space before the colon', 'Transfer-Encoding : chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ['a header of no name', ': chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
    ['NUL in a header', 'X-A: a\0b\r\n\r\nabc'],
    ['a chunk size with a plus sign', 'Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n'],
    ['a negative chunk size', 'Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size with 0x', 'Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size that overflows 64 bits', 'Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n'],
    ['a chunk longer than its size', 'Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n'],
    ['a chunk line without end', `Transfer-Encoding: chunked\r\n\r\n3;${'x'.repeat(5000)}`],
  ])('%s: passes as sent, is kept to the byte and told as unread', async (_, rest) => {
    const sent = `POST /bad HTTP/1.1\r\nHost: a\r\n${rest}`;
    const far = await keeping(sent.slice(-5));
    const app = await plainTunnel(rig);
    app.write(sent);
    expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
    app.destroy();
    await rig.proxy.idle();
    const caught = await rig.caught();
    expect(far.text()).toBe(sent);
    const states = caught.flows.map(({ state }) => state);
    // What had been read of a body is a flow of its own: a mixture of both was never on the wire.
    expect(rest.includes('1\r\nabc') ? states : ['truncated', ...states]).toEqual(['truncated', 'opaque']);
    expect(caught.gaps.map(({ what, scope }) => [what, scope.host])).toEqual([['opaque', HOST]]);
    // Where only the body is odd the head has been read; what is kept is all that came behind it.
    const kept = opaqueBytes(caught);
    expect(sent.endsWith(kept)).toBe(true);
    if (caught.flows[0]?.request === null) expect(kept).toBe(sent);
    else expect(sent.length - kept.length).toBeLessThanOrEqual(sent.indexOf('\r\n\r\n') + 4 + 3 + 1);
  });

  test('bytes behind a chunked request that a Content-Length would have covered are a request of their own, begun and not whole', async () => {
    const far = await keeping('0\r\n\r\n');
    const app = await plainTunnel(rig);
    const first = 'POST /first HTTP/1.1\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    app.write(`${first}G`);
    await received(app, (t) => t.endsWith('ok'));
    app.destroy();
    await until(() => rig.flows() === 2);
    const { flows, text } = await rig.caught();
    expect(far.text().startsWith(first)).toBe(true);
    expect(flows.map(({ state, request }) => [state, request?.target])).toEqual([
      ['whole', '/first'],
      ['aborted', undefined],
    ]);
    expect(text(flows[1], 'request')).toBe('G');
  });

  test('ten thousand headers pass as sent and are all recorded', async () => {
    const bomb = Array.from({ length: 10_000 }, (_, i) => `X-${i}: ${i}\r\n`).join('');
    const sent = `GET /bomb HTTP/1.1\r\n${bomb}\r\n`;
    const far = await keeping('X-9999: 9999\r\n\r\n');
    const app = await plainTunnel(rig);
    app.write(sent);
    await received(app, (t) => t.endsWith('ok'));
    app.destroy();
    const { flows } = await rig.caught();
    expect(far.text()).toBe(sent);
    expect(flows).toMatchObject([{ state: 'whole', request: { target: '/bomb' }, response: { status: 200 } }]);
    expect(flows[0]?.request?.headers).toHaveLength(10_000);
    expect(flows[0]?.request?.headers.at(-1)).toEqual(['X-9999', '9999']);
  });

  test('a header of 10 MiB passes as sent and is told as unread', async () => {
    const sent = `GET /bomb HTTP/1.1\r\nX-Bomb: ${'x'.repeat(10 * 1024 * 1024)}\r\n\r\n`;
    let bytes = 0;
    await serving(rig, (socket) => {
      socket.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes === sent.length) socket.write(OK);
      });
    });
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write(sent);
    expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
    app.destroy();
    await rig.proxy.idle();
    const caught = await rig.caught();
    expect(caught.flows).toMatchObject([{ state: 'opaque', request: null, reason: 'request-malformed: a head of more than 262144 bytes' }]);
    expect(opaqueBytes(caught) === sent).toBe(true);
  });

  test.each([
    ['Content-Length twice, unlike', 'Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc'],
    ['a negative length', 'Content-Length: -1\r\n\r\n'],
    ['a length with a plus sign', 'Content-Length: +3\r\n\r\nabc'],
    ['a length beyond all bounds', 'Content-Length: 99999999999999999999\r\n\r\nabc'],
    ['a chunk size beyond all bounds', 'Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc'],
    ['a chunk size with a plus sign', 'Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n'],
    ['a negative chunk size', 'Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk longer than its size', 'Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n'],
    ['a chunk size that is none', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ])('an answer with %s reaches the app as sent and is told as unread', async (_, rest) => {
    const answer = `HTTP/1.1 200 OK\r\n${rest}`;
    await serving(rig, (socket) => socket.once('data', () => socket.end(answer)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app)).text).toBe(answer);
    const states = (await rig.caught()).flows.map((flow) => flow.state);
    expect(rest.includes('1\r\nabc') ? states : ['truncated', ...states]).toEqual(['truncated', 'opaque']);
  });

  test.each([
    ['whole at once', 0],
    ['cut behind its first line', 'HTTP/1.1 200 OK\r\n'.length],
    ['cut in its bad line', 'HTTP/1.1 200 OK\r\nBad He'.length],
  ])('an answer whose head is none, %s, reaches the app to the byte', async (_, cut) => {
    const answer = 'HTTP/1.1 200 OK\r\nBad Header: 1\r\nContent-Length: 2\r\n\r\nok';
    await serving(
      rig,
      (socket: Socket) =>
        socket.once('data', () => {
          if (cut > 0) socket.write(answer.slice(0, cut));
          setTimeout(() => socket.end(answer.slice(cut)), cut > 0 ? 50 : 0);
        }),
      null,
    );
    const app = await plainTunnel(rig);
    app.write('GET /bad-answer HTTP/1.1\r\n\r\n');
    expect((await received(app)).text).toBe(answer);
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'opaque', request: { target: '/bad-answer' }, response: null }]);
    expect(text(flows[0], 'response')).toBe(answer);
  });

  test.each([
    ['ten thousand headers', Array.from({ length: 10_000 }, (_, i) => `X-${i}: ${i}\r\n`).join(''), 'whole'],
    ['a header of 10 MiB', `X-Bomb: ${'x'.repeat(10 * 1024 * 1024)}\r\n`, 'opaque'],
  ])('an answer with %s reaches the app to the byte', async (_, headers, state) => {
    const answer = `HTTP/1.1 200 OK\r\n${headers}Content-Length: 2\r\n\r\nok`;
    await serving(rig, (socket) => socket.once('data', () => socket.end(answer)));
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    const { text } = await received(app);
    // Not by toBe: a difference in 10 MiB would be printed for minutes.
    expect(text === answer).toBe(true);
    expect((await rig.caught()).flows.map((flow) => flow.state)).toEqual([state]);
  });

  test('a server that sends half a head and closes: the app gets what there was', async () => {
    const half = 'HTTP/1.1 200 OK\r\nContent-Le';
    await serving(rig, (socket) => socket.once('data', () => socket.end(half)), null);
    const app = await plainTunnel(rig);
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app)).text).toBe(half);
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'truncated', response: null }]);
    expect(text(flows[0], 'response')).toBe(half);
  });
});

describe.each(ENGINES)('requests of a proxy form that are odd, with the %s', (engine) => {
  beforeEach(async () => {
    rig = await openRig({ engine });
  });

  test.each([
    ['a chunk size with a plus sign', 'Transfer-Encoding: chunked\r\n\r\n', '+3\r\nabc\r\n0\r\n\r\n'],
    ['a chunk longer than its size', 'Transfer-Encoding: chunked\r\n\r\n', '1\r\nabc\r\n0\r\n\r\n'],
  ])('%s: what is meant for the proxy stays with it, and the body passes as sent', async (_, headers, body) => {
    const far = await keeping(body.slice(-5));
    const app = await toProxy(rig);
    app.write(`POST http://${HOST}/up HTTP/1.1\r\nProxy-Authorization: Basic c2VjcmV0\r\n${headers}${body}`);
    expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
    app.destroy();
    expect(far.text()).toBe(`POST /up HTTP/1.1\r\n${headers}${body}`);
    const { flows } = await rig.caught();
    expect(flows[0]).toMatchObject({ host: HOST, synthetic: ['request-head'] });
    expect(flows.map(({ state }) => state)).toEqual(body.startsWith('1\r\nabc') ? ['truncated', 'opaque'] : ['opaque']);
  });

  test('a head too long for anybody is refused and recorded', async () => {
    const app = await toProxy(rig);
    app.write(`GET http://${HOST}/ HTTP/1.1\r\nX-Bomb: ${'x'.repeat(10 * 1024 * 1024)}\r\n\r\n`);
    await received(app);
    await until(() => rig.flows() === 1);
    await alive(rig);
    expect((await rig.caught()).flows[0]).toMatchObject({
      state: 'refused',
      reason: 'malformed: a head of more than 262144 bytes',
      synthetic: ['answer'],
    });
  });
});
