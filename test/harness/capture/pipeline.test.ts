import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OK, openBetween, replying } from './pipeline-rig.js';
import type { Between } from './pipeline-rig.js';
import { onHead, openRig, received, until } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ engine: 'pipeline' });
});
afterEach(() => rig.dispose());
const between = (serve?: (socket: Socket) => void): Promise<Between> => openBetween(rig, serve ?? ((): void => {}));

describe('a request', () => {
  test('in one-byte pieces reaches the server as it was sent', async () => {
    const { app, got } = await between(replying(OK));
    const sent = 'POST /a HTTP/1.1\r\nX: 1\r\nContent-Length: 3\r\n\r\nabc';
    for (const byte of sent) {
      app.write(byte);
      await pause(1);
    }
    await received(app, (t) => t.endsWith('ok'));
    expect(got()).toBe(sent);
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ engine: 'pipeline', state: 'whole', request: { method: 'POST' } }]);
    expect(text(flows[0], 'request')).toBe('abc');
  });

  test('behind empty lines is read, and an empty line behind the last one is nothing', async () => {
    const { app } = await between(replying(OK));
    app.write('GET /1 HTTP/1.1\r\n\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    app.write('\r\nGET /2 HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    app.write('\r\n');
    await pause(20);
    app.end();
    await once(app.resume(), 'close');
    expect((await rig.caught()).flows.map((flow) => [flow.request?.target, flow.state])).toEqual([
      ['/1', 'whole'],
      ['/2', 'whole'],
    ]);
  });

  test('whose head breaks off with the server is truncated, with the bytes that came', async () => {
    const { app, ends, got } = await between(replying(OK));
    app.write('GET /1 HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    app.write('GET /2 HT');
    await pause(20);
    ends[0]?.end();
    expect((await received(app)).ended).toBe('end');
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'whole' }, { state: 'truncated', reason: 'the server stopped early', request: null }]);
    expect([text(flows[1], 'request'), got()]).toEqual(['GET /2 HT', 'GET /1 HTTP/1.1\r\n\r\n']);
  });

  test('that is there when the server has closed already is in the record too', async () => {
    const { app } = await between((socket) => onHead(socket, () => socket.end(OK)));
    app.write('GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n');
    expect(await received(app)).toEqual({ text: OK, ended: 'end' });
    expect((await rig.caught()).flows.map((flow) => [flow.request?.target, flow.state, flow.response?.status])).toEqual([
      ['/1', 'whole', 200],
      ['/2', 'truncated', undefined],
    ]);
  });

  test('that cannot be read passes as it is, with a gap', async () => {
    const { app, got } = await between();
    const sent = 'GET / HTTP/1.1\r\nBad Name: 1\r\n\r\nrest';
    app.write(sent);
    await until(() => got() === sent);
    app.destroy();
    const { gaps } = await rig.caught();
    expect(gaps).toMatchObject([{ what: 'opaque', why: 'request-malformed: a header line that is none' }]);
  });

  test('whose head has no end passes as bytes', async () => {
    const { app, got } = await between();
    const sent = `GET / HTTP/1.1\r\nX: ${'x'.repeat(300_000)}`;
    app.write(sent);
    await until(() => got().length === sent.length);
    app.destroy();
    const { gaps } = await rig.caught();
    expect(gaps).toMatchObject([{ what: 'opaque', why: 'request-malformed: a head of more than 262144 bytes' }]);
  });

  test.each([
    { name: 'a line', sent: 'HELO me\r\n' },
    { name: 'a word and a zero', sent: 'AMQP\0\0\x09\x01' },
    { name: 'a line of three words', sent: 'USER a b\r\n' },
  ])('that it is not, $name of another protocol, is seen before it ends', async ({ sent }) => {
    const { app, got } = await between((socket) => socket.on('data', () => socket.write('hi')));
    app.write(Buffer.from(sent, 'latin1'));
    expect((await received(app, (t) => t === 'hi')).text).toBe('hi');
    expect(got()).toBe(sent);
    app.destroy();
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'opaque', scheme: 'tcp', reason: expect.stringMatching(/^not-tls-nor-http/) },
    ]);
  });

  test('that never gets to the end of its first line goes on all the same', async () => {
    const { app } = await between((socket) => socket.on('data', () => socket.write('PONG')));
    app.write('PING');
    expect((await received(app, (t) => t === 'PONG')).text).toBe('PONG');
  });
});

describe('a response', () => {
  test.each([
    { name: 'one piece', cut: 10_000 },
    { name: 'pieces of three bytes', cut: 3 },
  ])('103, 100 and 200 in $name come to the app as they were', async ({ cut }) => {
    const answer = `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${OK}`;
    const { app } = await between((socket) => {
      onHead(socket, async () => {
        for (let at = 0; at < answer.length; at += cut) {
          socket.write(answer.slice(at, at + cut));
          await pause(1);
        }
      });
    });
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(answer);
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'whole', response: { status: 200, interim: [{ status: 103, headers: [['Link', '</a>']] }, { status: 100 }] } },
    ]);
  });

  test('may come before the request is whole; the next exchange waits until it is', async () => {
    const { app, got } = await between((socket) => {
      let heads = 0;
      socket.on('data', (chunk: Buffer) => {
        if (!chunk.includes('HTTP/1.1')) return;
        heads += 1;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${heads}`);
      });
    });
    app.write('POST /1 HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc');
    await received(app, (t) => t.endsWith('1'));
    app.write('defGET /2 HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('2'));
    expect(got()).toBe('POST /1 HTTP/1.1\r\nContent-Length: 6\r\n\r\nabcdefGET /2 HTTP/1.1\r\n\r\n');
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => [flow.request?.target, flow.state, text(flow, 'request')])).toEqual([
      ['/1', 'whole', 'abcdef'],
      ['/2', 'whole', ''],
    ]);
  });

  test('that refuses an upload and closes: the app has it whole, the upload is truncated', async () => {
    const { app } = await between((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'));
    });
    app.write('POST / HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc');
    expect((await received(app)).text).toContain('413 Too Large');
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'truncated', response: { status: 413 }, bodies: [{ of: 'request', state: 'truncated', bytes: 3 }] },
    ]);
  });

  test.each([
    { name: 'no status line', answer: 'ICY', kept: 'ICY' },
    {
      name: 'a head that is none',
      answer: 'HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\nbody',
      kept: 'HTTP/1.1 200 OK\r\nBad Name: 1\r\n\r\nbody',
    },
  ])('that is none ($name) passes at once, and so does what the app says then', async ({ answer, kept }) => {
    const { app, got } = await between((socket) => {
      socket.once('data', async () => {
        // In two pieces: what was withheld of its head comes first.
        socket.write(answer.slice(0, 2));
        await pause(20);
        socket.write(answer.slice(2));
      });
    });
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app, (t) => t.length === answer.length)).text).toBe(answer);
    app.write('more');
    await until(() => got().endsWith('more'));
    app.destroy();
    const { flows, gaps, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'opaque', request: { target: '/' }, response: null }]);
    expect([text(flows[0], 'response'), gaps.length]).toEqual([kept, 1]);
  });

  test('head that breaks off reaches the app as far as it came', async () => {
    const half = 'HTTP/1.1 200 OK\r\nX-Ha';
    const { app } = await between((socket) => onHead(socket, () => socket.end(half)));
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect(await received(app)).toEqual({ text: half, ended: 'end' });
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'truncated', response: null }]);
    expect(text(flows[0], 'response')).toBe(half);
  });

  test('with bytes behind its end: they are opaque, and the connection goes on as bytes', async () => {
    const { app, got } = await between((socket) => onHead(socket, () => void socket.write(`${OK}extra`)));
    app.write('GET /1 HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('extra'));
    app.write('GET /2 HTTP/1.1\r\n\r\n');
    await until(() => got().includes('/2'));
    app.destroy();
    const { flows, gaps } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.request?.target])).toEqual([
      ['whole', '/1'],
      ['opaque', undefined],
    ]);
    expect(gaps).toMatchObject([{ what: 'opaque', why: 'server-spoke-unasked' }]);
  });

  test('that nobody asked for, between two requests, passes and is opaque', async () => {
    const { app, ends } = await between(replying(OK));
    app.write('GET /1 HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    ends[0]?.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    expect((await received(app)).text).toBe('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n');
    app.end();
    await until(() => rig.flows() === 2);
    expect((await rig.caught()).flows.map((flow) => [flow.state, flow.reason])).toEqual([
      ['whole', null],
      ['opaque', 'server-spoke-unasked'],
    ]);
  });
});

describe('an upgrade', () => {
  const ask = 'GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n';
  const accept = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
  const hello = Buffer.from('8185123456785a513a147d', 'hex');

  test('that is accepted: frames that the app sent before it knew arrive, and messages are recorded', async () => {
    const { app, got } = await between((socket) => {
      let came = '';
      socket.on('data', async (chunk: Buffer) => {
        came += chunk.toString('latin1');
        if (came === ask) {
          await pause(20);
          socket.write(accept);
          socket.write(Buffer.from('8102686f', 'hex'));
        }
      });
    });
    app.write(Buffer.concat([Buffer.from(ask), hello]));
    expect((await received(app, (t) => t.endsWith('ho'))).text.startsWith(accept)).toBe(true);
    await until(() => got().length === ask.length + hello.length);
    app.write(hello);
    await until(() => got().length === ask.length + 2 * hello.length);
    app.destroy();
    const { flows, text } = await rig.caught();
    const messages = flows.filter((flow) => flow.websocket?.kind === 'message');
    expect(messages.map((flow) => [text(flow, 'request'), text(flow, 'response')])).toEqual(
      expect.arrayContaining([
        ['Hello', ''],
        ['', 'ho'],
        ['Hello', ''],
      ]),
    );
    expect(flows.every((flow) => flow.engine === 'pipeline')).toBe(true);
  });

  test('that is refused is an exchange like any, and the next request is served', async () => {
    const { app } = await between((socket) => {
      onHead(socket, (head) => void socket.write(head.includes('/ws') ? 'HTTP/1.1 403 No\r\nContent-Length: 6\r\n\r\ndenied' : OK));
    });
    app.write(ask);
    await received(app, (t) => t.endsWith('denied'));
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'whole', response: { status: 403 } },
      { state: 'whole', response: { status: 200 } },
    ]);
  });
});
