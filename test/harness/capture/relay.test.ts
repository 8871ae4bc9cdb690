import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ENGINES, far, farServer, onHead, openRig, received, sha256, tlsThrough } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
afterEach(() => rig.dispose());

const HOST = 'api.example.com';
/** A TLS server that answers each request with the bytes given. */
async function answering(answer: (head: string, body: Buffer) => string | Buffer): Promise<void> {
  const server = rig.keep(await farServer((socket) => onHead(socket, (head, body) => void socket.write(answer(head, body))), {}));
  rig.route(HOST, server.port);
}
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe.each(ENGINES)('an exchange in TLS (%s)', (engine) => {
  beforeEach(async () => {
    rig = await openRig({ engine });
  });

  test('reaches the server byte for byte and is recorded as both sides sent it', async () => {
    const sent =
      'POST /v1/up?a=%2B&b HTTP/1.1\r\nhOsT: api.example.com\r\nX-Dup: a\r\nx-lower: 2\r\nX-Dup: b\r\nContent-Length: 3\r\n\r\nabc';
    const answered = 'HTTP/1.1 299 Quite Unusual\r\nX-CamelCase: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\n\r\nhello';
    let got = '';
    const server = rig.keep(
      await farServer(
        (socket) =>
          socket.on('data', (chunk) => {
            got += chunk.toString('latin1');
            if (got.endsWith('abc')) socket.write(answered);
          }),
        {},
      ),
    );
    rig.route(HOST, server.port);
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write(sent);
    expect((await received(app, (t) => t.endsWith('hello'))).text).toBe(answered);
    expect(got).toBe(sent);
    await rig.proxy.idle();
    const { flows, gaps, text } = await rig.caught();
    expect(flows).toHaveLength(1);
    expect(gaps).toEqual([]);
    const [flow] = flows;
    expect(flow).toMatchObject({
      witness: 'proxy',
      door: 'http-proxy',
      scheme: 'https',
      host: HOST,
      port: 443,
      sni: HOST,
      state: 'whole',
      reason: null,
      peer: { ip: '127.0.0.1', port: server.port, certificateSha256: far.leaf(HOST).sha256 },
      owner: { uid: null, package: null, pid: null, how: 'unknown' },
      request: {
        method: 'POST',
        target: '/v1/up?a=%2B&b',
        url: 'https://api.example.com/v1/up?a=%2B&b',
        version: 'HTTP/1.1',
        headers: [
          ['hOsT', HOST],
          ['X-Dup', 'a'],
          ['x-lower', '2'],
          ['X-Dup', 'b'],
          ['Content-Length', '3'],
        ],
      },
      response: {
        status: 299,
        reason: 'Quite Unusual',
        version: 'HTTP/1.1',
        headers: [
          ['X-CamelCase', '1'],
          ['Set-Cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
          ['Content-Length', '5'],
        ],
      },
    });
    expect([text(flow, 'request'), text(flow, 'response')]).toEqual(['abc', 'hello']);
    expect(flow?.bodies.map((body) => body.state)).toEqual(['whole', 'whole']);
  });

  test('carries the time of each step in order, and its stamp is the first byte of the request', async () => {
    await answering(() => OK);
    const app = await tlsThrough(rig, `${HOST}:443`);
    const before = rig.clock.now();
    app.write('GET / HTTP/1.1\r\n');
    app.write('\r\n');
    await received(app, (t) => t.endsWith('ok'));
    const [flow] = (await rig.caught()).flows;
    const order = ['connect', 'clientHello', 'handshake', 'requestFirst', 'requestLast', 'responseFirst', 'responseLast'] as const;
    const monos = order.map((step) => flow?.times[step]?.monoMs ?? NaN);
    expect(monos).toEqual(monos.toSorted((a, b) => a - b));
    expect(flow?.at.seq).toBeGreaterThan(before.seq);
    expect(flow?.at.ms).toBe(flow?.times.requestFirst?.ms);
    expect(Math.abs((flow?.times.requestFirst?.wallMs ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  test('names the process of the client port, also when the handset learns of it late', async () => {
    await answering(() => OK);
    const app = await tlsThrough(rig, `${HOST}:443`);
    rig.owners.set(app.localPort ?? 0, 4711);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    expect((await rig.caught()).flows[0]?.owner).toEqual({ uid: 10_101, package: 'com.example.loan', pid: 4711, how: 'virtual' });
  });

  test('goes to the CONNECT target when the Host header says otherwise', async () => {
    await answering(() => OK);
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET /x HTTP/1.1\r\nHost: hidden.example.org\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    const [flow] = (await rig.caught()).flows;
    expect([flow?.host, flow?.request?.url, flow?.request?.headers[0]]).toEqual([
      HOST,
      `https://${HOST}/x`,
      ['Host', 'hidden.example.org'],
    ]);
  });

  test('picks the certificate by SNI when CONNECT names an IP', async () => {
    const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.write(OK)), {}));
    rig.route('127.0.0.1', server.port);
    const app = await tlsThrough(rig, '127.0.0.1:443', { servername: 'sni.example.com' });
    app.write('GET /x HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    const [flow] = (await rig.caught()).flows;
    expect([flow?.host, flow?.sni, flow?.request?.url]).toEqual(['127.0.0.1', 'sni.example.com', 'https://sni.example.com/x']);
  });

  test('shows a certificate for the address when CONNECT names one and there is no SNI', async () => {
    const ip = '127.0.0.1';
    const server = rig.keep(
      await farServer((socket) => onHead(socket, () => void socket.write(OK)), { cert: far.leaf(ip).certPem, key: far.leaf(ip).keyPem }),
    );
    rig.route(ip, server.port);
    const app = await tlsThrough(rig, `${ip}:443`, { servername: '' });
    app.write('GET /x HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    expect((await rig.caught()).flows[0]).toMatchObject({ host: ip, sni: null, state: 'whole' });
  });

  test('keeps several requests of one connection apart, pipelined ones in order', async () => {
    await answering((head) => `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${/ \/(.) /.exec(head)?.[1]}`);
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nPOST /3 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx');
    await received(app, (t) => t.endsWith('3'));
    app.write('GET /4 HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('4'));
    const { flows, text } = await rig.caught();
    expect(flows.map((flow) => [flow.request?.target, text(flow, 'response')])).toEqual([
      ['/1', '1'],
      ['/2', '2'],
      ['/3', '3'],
      ['/4', '4'],
    ]);
  });

  test('leaves gzip on in the stored body', async () => {
    const zipped = Buffer.from('1f8b0800000000000003cb48cdc9c9070086a6103605000000', 'hex');
    await answering(() =>
      Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n`), zipped]),
    );
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.includes('\r\n\r\n') && t.length >= zipped.length + 60);
    const { flows, sha } = await rig.caught();
    expect(sha(flows[0], 'response')).toBe(sha256(zipped));
  });

  test('a large body passes with back-pressure and its stored bytes hash to what was sent', async () => {
    const big = randomBytes(8 * 1024 * 1024);
    let got = createHash('sha256');
    const server = rig.keep(
      await farServer((socket) => {
        let bytes = -1;
        socket.on('data', (chunk: Buffer) => {
          if (bytes < 0) {
            chunk = chunk.subarray(chunk.indexOf('\r\n\r\n') + 4);
            bytes = 0;
          }
          got.update(chunk);
          bytes += chunk.length;
          if (bytes === big.length) {
            socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${big.length}\r\n\r\n`);
            socket.write(big);
          }
        });
      }, {}),
    );
    rig.route(HOST, server.port);
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write(`POST /big HTTP/1.1\r\nContent-Length: ${big.length}\r\n\r\n`);
    app.write(big);
    let bytes = 0;
    for await (const chunk of app) {
      bytes += (chunk as Buffer).length;
      if (bytes > big.length) break;
    }
    const { flows, sha } = await rig.caught();
    expect(got.digest('hex')).toBe(sha256(big));
    expect([sha(flows[0], 'request'), sha(flows[0], 'response'), flows[0]?.state]).toEqual([sha256(big), sha256(big), 'whole']);
  });
});

describe.each(ENGINES)('answers of every shape (%s)', (engine) => {
  beforeEach(async () => {
    rig = await openRig({ engine });
  });

  const shapes: readonly {
    readonly name: string;
    readonly method?: string;
    readonly answer: string;
    readonly close?: boolean;
    readonly status: number;
    readonly body: string;
    readonly headers?: readonly [string, string][];
  }[] = [
    {
      name: 'chunked with a trailer',
      answer:
        'HTTP/1.1 200 OK\r\nTrailer: X-End\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none,\r\n4;x=y\r\ntwo,\r\n5\r\nthree\r\n0\r\nX-End: yes\r\n\r\n',
      status: 200,
      body: 'one,two,three',
      headers: [['X-End', 'yes']],
    },
    { name: 'HEAD', method: 'HEAD', answer: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', status: 200, body: '' },
    { name: '204', answer: 'HTTP/1.1 204 No Content\r\n\r\n', status: 204, body: '' },
    { name: '304', answer: 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n', status: 304, body: '' },
    {
      name: '103 before the answer',
      answer: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      status: 200,
      body: 'ok',
    },
    { name: 'until the server closes', answer: 'HTTP/1.1 200 OK\r\n\r\nto the end', close: true, status: 200, body: 'to the end' },
    { name: 'HTTP/1.0', answer: 'HTTP/1.0 200 OK\r\n\r\nold', close: true, status: 200, body: 'old' },
  ];
  test.each(shapes)('$name passes unchanged and is recorded whole', async (shape) => {
    const server = rig.keep(
      await farServer(
        (socket) =>
          onHead(socket, () => {
            socket.write(shape.answer);
            if (shape.close === true) socket.end();
          }),
        {},
      ),
    );
    rig.route(HOST, server.port);
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write(`${shape.method ?? 'GET'} / HTTP/1.${shape.name === 'HTTP/1.0' ? 0 : 1}\r\n\r\n`);
    const got = await received(app, (t) => shape.close !== true && t.length >= shape.answer.length);
    expect(got.text).toBe(shape.answer);
    const { flows, gaps, text } = await rig.caught();
    expect([flows.length, gaps.length]).toEqual([1, 0]);
    expect(flows[0]).toMatchObject({ state: 'whole', response: { status: shape.status } });
    expect(text(flows[0], 'response')).toBe(shape.body);
    expect([...(flows[0]?.response?.headers ?? []), ...(flows[0]?.response?.trailers ?? [])]).toEqual(
      expect.arrayContaining((shape.headers ?? []).map((h) => [...h])),
    );
  });

  test('100-continue passes and the body behind it is recorded', async () => {
    const server = rig.keep(
      await farServer((socket) => {
        let text = '';
        socket.on('data', (chunk) => {
          text += chunk.toString();
          if (text.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
          if (text.endsWith('abc')) socket.write(OK);
        });
      }, {}),
    );
    rig.route(HOST, server.port);
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.write('POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n');
    await received(app, (t) => t.endsWith('100 Continue\r\n\r\n'));
    app.write('abc');
    await received(app, (t) => t.endsWith('ok'));
    const { flows, text } = await rig.caught();
    expect([flows[0]?.response?.status, text(flows[0], 'request'), flows[0]?.state]).toEqual([200, 'abc', 'whole']);
  });
});
