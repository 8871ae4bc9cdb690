import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { TrafficRule } from '../../../harness/capture/rules.js';
import { received, toProxy, until } from './rig.js';
import type { Rig } from './rig.js';
import { blocks, HOST, OK, openRuled, ruleOf } from './pipeline-rig.js';
import type { Ruled } from './pipeline-rig.js';

let rig: Rig;
afterEach(() => rig.dispose());

async function ruled(rules: readonly TrafficRule[], answer: (head: string, body: string) => string = () => OK): Promise<Ruled> {
  const opened = await openRuled(rules, answer);
  rig = opened.rig;
  return opened;
}
const GET = `GET /a HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

describe('a rule that lets pass', () => {
  test('changes no byte, and is asked with what the flow says', async () => {
    const asked: unknown[] = [];
    const rule = ruleOf('look', {
      request: (request) => {
        asked.push(request);
        return { kind: 'pass' };
      },
      response: (request, response) => {
        asked.push([request.target, response]);
        return { kind: 'pass' };
      },
    });
    const { app, got } = await ruled([rule]);
    const sent = 'POST /a?b HTTP/1.1\r\nhOsT:x\r\nX-Two: 1\r\nX-Two: 2\r\nContent-Length: 3\r\n\r\nabc';
    app.write(sent);
    expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
    expect(got()).toBe(sent);
    const headers = [
      ['hOsT', 'x'],
      ['X-Two', '1'],
      ['X-Two', '2'],
      ['Content-Length', '3'],
    ];
    expect(asked).toMatchObject([
      { scheme: 'http', host: HOST, sni: null, port: 80, method: 'POST', target: '/a?b', headers },
      ['/a?b', { status: 200, headers: [['Content-Length', '2']] }],
    ]);
    expect((await rig.caught()).flows).toMatchObject([
      { engine: 'pipeline', state: 'whole', reason: null, synthetic: [], request: { headers } },
    ]);
  });
});

describe('block', () => {
  test('answers 403 in the name of the lab, tells the server nothing, and keeps what the app would have sent', async () => {
    const { app, got } = await ruled([blocks('/up')]);
    app.write('POST /up HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc');
    const { text: answer } = await received(app, (t) => t.includes('\r\n\r\n'));
    expect(answer).toBe('HTTP/1.1 403 Forbidden\r\nX-Jiejing-Synthetic: 1\r\nContent-Length: 0\r\n\r\n');
    // The connection stands.
    app.write(GET);
    await received(app, (t) => t.endsWith('ok'));
    expect(got()).toBe(GET);
    const { flows, gaps, text } = await rig.caught();
    expect(gaps).toEqual([]);
    expect(flows).toMatchObject([
      {
        n: 1,
        engine: 'pipeline',
        state: 'whole',
        reason: 'blocked-by-rule: no',
        synthetic: ['response'],
        request: { target: '/up' },
        response: { status: 403 },
        bodies: [{ of: 'request', state: 'whole' }],
      },
      { n: 2, state: 'whole', reason: null, synthetic: [], response: { status: 200 } },
    ]);
    expect(text(flows[0], 'request')).toBe('abc');
    expect(flows[0]?.times.responseFirst).not.toBeNull();
  });

  test('what is pipelined around it is served in order', async () => {
    const { app, got } = await ruled([blocks('/no')], (head) => `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${/ \/(.)/.exec(head)?.[1]}`);
    app.write('GET /1 HTTP/1.1\r\n\r\nPOST /no HTTP/1.1\r\nContent-Length: 2\r\n\r\nxyGET /3 HTTP/1.1\r\n\r\nGET /no HTTP/1.1\r\n\r\n');
    const { text } = await received(app, (t) => t.split('403').length === 3 && t.endsWith('\r\n\r\n'));
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1])).toEqual(['200', '403', '200', '403']);
    expect(got()).toBe('GET /1 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n');
    expect((await rig.caught()).flows.map((flow) => [flow.n, flow.request?.target])).toEqual([
      [1, '/1'],
      [2, '/no'],
      [3, '/3'],
      [4, '/no'],
    ]);
  });

  test.each([
    { name: 'HTTP/1.0', sent: 'GET /no HTTP/1.0\r\n\r\n' },
    { name: 'Connection: close', sent: 'GET /no HTTP/1.1\r\nConnection: Close\r\n\r\n' },
  ])('a client that wants the connection closed ($name) sees it close', async ({ sent }) => {
    const { app } = await ruled([blocks('/no')]);
    app.write(sent);
    const { text, ended } = await received(app);
    expect([text.includes('\r\nConnection: close\r\n'), ended]).toEqual([true, 'end']);
  });

  test('an app that has said all it wanted and half closed is left', async () => {
    await ruled([blocks(`http://${HOST}/no`)]);
    const app = await toProxy(rig);
    // The end is there before the server is reached.
    app.end(`POST http://${HOST}/no HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc`);
    expect(await received(app)).toMatchObject({ text: expect.stringContaining('403'), ended: 'end' });
  });

  test('a server that closes while a rule answers: the app sees it close behind the answer', async () => {
    const { app, ends } = await ruled([blocks('/no')]);
    app.write('POST /no HTTP/1.1\r\nContent-Length: 3\r\n\r\na');
    await until(() => ends.length === 1);
    await pause(20);
    ends[0]?.end();
    await pause(20);
    app.write('bc');
    expect(await received(app)).toMatchObject({ text: expect.stringContaining('403'), ended: 'end' });
  });

  test('a chunked upload is kept without its coding, with its trailer', async () => {
    const { app } = await ruled([blocks('/no')]);
    app.write('POST /no HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    app.write('2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n');
    await received(app, (t) => t.includes('403'));
    const { flows, text } = await rig.caught();
    expect(flows[0]?.request?.trailers).toEqual([['X-Sum', '1']]);
    expect(text(flows[0], 'request')).toBe('abcde');
  });

  test('one that goes away in the middle of its upload is kept as aborted', async () => {
    const { app, got } = await ruled([blocks('/no')]);
    app.write('POST /no HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc');
    app.end();
    await until(() => rig.flows() === 1);
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'aborted', reason: 'the app went away', response: null, synthetic: [] }]);
    expect([text(flows[0], 'request'), got()]).toEqual(['abc', '']);
  });

  test('an upload in chunks that are none is told so', async () => {
    const { app, got } = await ruled([blocks('/no')]);
    app.write('POST /no HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
    const { text, ended } = await received(app);
    expect([text.split('\r\n')[0], ended, got()]).toEqual(['HTTP/1.1 400 Bad Request', 'end', '']);
    const { flows } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'aborted', reason: 'request-malformed: a chunk size that is none', synthetic: ['answer'] }]);
  });
});

describe('answer', () => {
  const says = (status: number, body: string, headers: readonly [string, string][] = []): TrafficRule =>
    ruleOf('stub', { request: () => ({ kind: 'answer', status, headers, body: Buffer.from(body) }) });

  test('stands in for the server, and is recorded as ours', async () => {
    const { app, got } = await ruled([
      says(201, 'made up', [
        ['X-A', 'é'],
        ['content-length', '99'],
        ['Connection', 'close'],
      ]),
    ]);
    app.write(GET);
    const { text: answer } = await received(app, (t) => t.endsWith('made up'));
    expect(answer).toBe('HTTP/1.1 201 Created\r\nX-A: é\r\nContent-Length: 7\r\n\r\nmade up');
    expect(got()).toBe('');
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'whole', reason: 'answered-by-rule: stub', synthetic: ['response'], response: { status: 201 } }]);
    expect(text(flows[0], 'response')).toBe('made up');
  });

  test.each([
    { name: 'HEAD', sent: 'HEAD / HTTP/1.1\r\n\r\n', status: 200, answer: 'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n' },
    { name: '204', sent: GET, status: 204, answer: 'HTTP/1.1 204 No Content\r\n\r\n' },
    { name: '304', sent: GET, status: 304, answer: 'HTTP/1.1 304 Not Modified\r\n\r\n' },
  ])('has no body where there must be none: $name', async ({ sent, status, answer }) => {
    const { app } = await ruled([says(status, 'made up')]);
    app.write(sent);
    await received(app, (t) => t.endsWith('\r\n\r\n'));
    app.write(sent);
    expect((await received(app, (t) => t.endsWith('\r\n\r\n'))).text).toBe(answer);
    expect((await rig.caught()).flows).toMatchObject([{ bodies: [] }, { bodies: [] }]);
  });

  test('to one that waits for 100 Continue comes after the 100 and the body', async () => {
    const { app, got } = await ruled([says(200, 'fine')]);
    app.write('POST / HTTP/1.1\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n');
    expect((await received(app, (t) => t.endsWith('\r\n\r\n'))).text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    app.write('abc');
    expect((await received(app, (t) => t.endsWith('fine'))).text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine');
    const { flows, text } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'whole', response: { status: 200, interim: [{ status: 100 }] } }]);
    expect([text(flows[0], 'request'), got()]).toEqual(['abc', '']);
  });

  test('to one that does not wait comes alone', async () => {
    const { app } = await ruled([says(200, 'fine')]);
    app.write('POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc');
    expect((await received(app, (t) => t.endsWith('fine'))).text).toBe('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine');
  });

  test('a large upload to it waits for the disk, not for memory, and is kept up to the limit', async () => {
    const { app } = await ruled([says(200, 'fine')]);
    const body = Buffer.alloc(8 * 1024 * 1024, 97);
    app.write(`POST / HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n`);
    app.write(body);
    await received(app, (t) => t.endsWith('fine'));
    const { flows } = await rig.caught();
    expect(flows).toMatchObject([{ bodies: [{ of: 'request', bytes: body.length, state: 'whole' }, { of: 'response' }] }]);
  });
});

describe('several rules', () => {
  test('the first that does not let pass decides, and its name is in the flow', async () => {
    const stub = ruleOf('late', { request: () => ({ kind: 'answer', status: 200, headers: [], body: Buffer.from('late') }) });
    const { app } = await ruled([ruleOf('silent', {}), blocks('/no'), stub]);
    app.write('GET /no HTTP/1.1\r\n\r\nGET /yes HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('late'));
    expect((await rig.caught()).flows.map((flow) => flow.reason)).toEqual(['blocked-by-rule: no', 'answered-by-rule: late']);
  });
});
