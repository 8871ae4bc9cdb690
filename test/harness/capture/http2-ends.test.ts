import { once } from 'node:events';
import { constants } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DATA, END_HEADERS, END_STREAM, fields, frame, GOAWAY, HEADERS, NOTHING, PREFACE, RST_STREAM, SETTINGS } from './http2-frames.js';
import { answerOf, ask, echoHash, HOST, http2App, http2Origin, rawOrigin } from './http2-rig.js';
import { openRig, received, tlsThrough, until } from './rig.js';
import type { Rig } from './rig.js';

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants;

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.dispose());

const number = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
};
const OK = frame(HEADERS, END_HEADERS, 1, fields([[':status', '200']]));

describe('a stream that is reset', () => {
  test.each([NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, 0x77])(
    'by the server with code %i: the app gets that code',
    async (code) => {
      await rawOrigin(rig, ({ type, stream, write }) => {
        if (type !== HEADERS) return;
        write(frame(HEADERS, END_HEADERS, stream, fields([[':status', '200']])));
        write(frame(DATA, 0, stream, Buffer.from('part')));
        write(frame(RST_STREAM, 0, stream, number(code)));
      });
      const app = await http2App(rig);
      const got = await ask(app, { ':path': '/' });
      expect([got.status, got.body.toString(), got.reset]).toEqual([200, 'part', code]);
      const { flows } = await rig.caught();
      expect(flows).toMatchObject([{ state: 'truncated', response: { status: 200 }, bodies: [{ state: 'truncated', bytes: 4 }] }]);
      expect(flows[0]?.reason).toMatch(/^the server reset the stream: (REFUSED_STREAM|CANCEL|ENHANCE_YOUR_CALM|0x77)$/);
    },
  );

  test('by the server before any answer: no response is recorded', async () => {
    await http2Origin(rig, (stream) => stream.close(NGHTTP2_REFUSED_STREAM));
    const app = await http2App(rig);
    const got = await ask(app, { ':path': '/', ':method': 'POST' }, 'abc');
    expect([got.status, got.reset]).toEqual([null, NGHTTP2_REFUSED_STREAM]);
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'truncated', reason: 'the server reset the stream: REFUSED_STREAM', response: null },
    ]);
  });

  test('by the server with NO_ERROR before any answer: no response is recorded', async () => {
    await rawOrigin(rig, ({ type, stream, write }) => {
      if (type === HEADERS) write(frame(RST_STREAM, 0, stream, number(NGHTTP2_NO_ERROR)));
    });
    const app = await http2App(rig);
    const got = await ask(app, { ':path': '/' });
    expect([got.status, got.reset]).toEqual([null, NGHTTP2_NO_ERROR]);
    expect((await rig.caught()).flows).toMatchObject([{ state: 'truncated', response: null }]);
  });

  test('by the server with NO_ERROR in a body: what came is kept as truncated, unless it is as long as was said', async () => {
    await rawOrigin(rig, ({ type, stream, write }) => {
      if (type !== HEADERS) return;
      const length = stream === 1 ? '4' : '5';
      write(
        frame(
          HEADERS,
          END_HEADERS,
          stream,
          fields([
            [':status', '200'],
            ['content-length', length],
          ]),
        ),
      );
      write(frame(DATA, 0, stream, Buffer.from('part')));
      write(frame(RST_STREAM, 0, stream, number(NGHTTP2_NO_ERROR)));
    });
    const app = await http2App(rig);
    expect((await ask(app, { ':path': '/1' })).body.toString()).toBe('part');
    expect((await ask(app, { ':path': '/2' })).body.toString()).toBe('part');
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.request?.target, flow.state])).toEqual([
      ['/1', 'whole'],
      ['/2', 'truncated'],
    ]);
  });

  test.each([NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM])('by the app with code %i: the server gets that code', async (code) => {
    const codes: (number | undefined)[] = [];
    await http2Origin(rig, (stream) => {
      stream.respond({ ':status': 200 });
      stream.write('part');
      stream.once('close', () => void codes.push(stream.rstCode));
    });
    const app = await http2App(rig);
    const stream = app.request({ ':path': '/endless' });
    const got = answerOf(stream);
    await once(stream, 'data');
    stream.close(code);
    await got;
    await until(() => codes.length === 1);
    expect(codes).toEqual([code]);
    // The session is not harmed.
    expect(app.destroyed).toBe(false);
    const { flows } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'aborted', bodies: [{ state: 'aborted', bytes: 4 }] }]);
    expect(flows[0]?.reason).toMatch(/^the app reset the stream: (CANCEL|ENHANCE_YOUR_CALM)$/);
  });

  test('by the server behind a whole answer: the rest of the request is not waited for', async () => {
    await http2Origin(rig, (stream) => {
      stream.respond({ ':status': 413 });
      stream.end('too large');
      stream.once('finish', () => stream.close(NGHTTP2_NO_ERROR));
    });
    const app = await http2App(rig);
    const stream = app.request({ ':path': '/', ':method': 'POST' }, { endStream: false });
    stream.write('abc');
    const got = await answerOf(stream);
    expect([got.status, got.body.toString()]).toEqual([413, 'too large']);
    const { flows } = await rig.caught();
    expect(flows).toMatchObject([{ state: 'truncated', response: { status: 413 } }]);
    expect(flows[0]?.bodies.map((body) => [body.of, body.state])).toEqual([
      ['request', 'truncated'],
      ['response', 'whole'],
    ]);
  });
});

describe('a side that goes', () => {
  test('the app during a download: the server is stopped, and what came is kept as aborted', async () => {
    let sent = 0;
    let code: number | undefined;
    const origin = await http2Origin(rig, (stream) => {
      stream.respond({ ':status': 200 });
      const more = (): void => {
        while (!stream.destroyed && sent < 524_288_000) {
          sent += 65_536;
          if (!stream.write(Buffer.alloc(65_536, 97))) return void stream.once('drain', more);
        }
      };
      more();
      stream.once('close', () => {
        code = stream.rstCode;
      });
    });
    const app = await http2App(rig);
    const stream = app.request({ ':path': '/endless' });
    let got = 0;
    stream.on('error', () => {}).on('data', (chunk: Buffer) => void (got += chunk.length));
    await until(() => got > 1024 * 1024);
    app.destroy();
    await until(() => origin.sockets.size === 0);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    expect(code).toBe(NGHTTP2_CANCEL);
    const [flow] = (await rig.caught()).flows;
    expect(flow).toMatchObject({ state: 'aborted', reason: 'the app went away', bodies: [{ of: 'response', state: 'aborted' }] });
    expect(flow?.bodies[0]?.bytes).toBeGreaterThan(1024 * 1024);
  });

  test('many apps while the server thinks: no connection is left, and whose requests they were is known', async () => {
    let arrived = 0;
    const origin = await http2Origin(rig, () => {
      arrived += 1;
    });
    const apps = await Promise.all(Array.from({ length: 10 }, () => http2App(rig)));
    apps.forEach((app, i) => rig.owners.set(app.socket.localPort ?? 0, 5000 + i));
    for (const app of apps) app.request({ ':path': '/hang' }).on('error', () => {});
    await until(() => arrived === apps.length);
    rig.owners.clear();
    for (const app of apps) app.destroy();
    await until(() => origin.sockets.size === 0);
    const { flows } = await rig.caught();
    expect(flows.map((flow) => [flow.state, flow.response])).toEqual(apps.map(() => ['aborted', null]));
    expect(flows.map((flow) => flow.owner.pid).toSorted()).toEqual(apps.map((_, i) => 5000 + i));
  });

  test.each(['a reset', 'an end'])(
    'the server in a body, by %s: the app sees a broken stream, and only what came is kept, as truncated',
    async (how) => {
      await rawOrigin(rig, ({ type, stream, write, socket }) => {
        if (type !== HEADERS) return;
        write(
          frame(
            HEADERS,
            END_HEADERS,
            stream,
            fields([
              [':status', '200'],
              ['content-length', '100000'],
            ]),
          ),
        );
        for (let n = 0; n < 5; n += 1) write(frame(DATA, 0, stream, Buffer.alloc(10_000, 97)));
        setTimeout(() => (how === 'an end' ? socket.end() : socket.destroy()), 50);
      });
      const app = await http2App(rig);
      const got = await ask(app, { ':path': '/abort-mid' });
      expect([got.status, got.body.length, got.reset]).toEqual([200, 50_000, NGHTTP2_CANCEL]);
      const { flows } = await rig.caught();
      expect(flows).toMatchObject([
        { state: 'truncated', response: { status: 200 }, bodies: [{ of: 'response', state: 'truncated', bytes: 50_000 }] },
      ]);
      expect(flows[0]?.reason).toMatch(/^the server stopped early/);
    },
  );

  test('the server, having said all: an app that reads slowly still gets it whole', async () => {
    const whole = Buffer.alloc(600_000, 'x');
    await rawOrigin(rig, ({ type, stream, write, socket }) => {
      if (type !== HEADERS) return;
      write(frame(HEADERS, END_HEADERS, stream, fields([[':status', '200']])));
      for (let at = 0; at < whole.length; at += 10_000)
        write(frame(DATA, at + 10_000 < whole.length ? 0 : 1, stream, whole.subarray(at, at + 10_000)));
      socket.end();
    });
    const app = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
    app.write(
      Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, NOTHING), frame(HEADERS, END_HEADERS | END_STREAM, 1, fields([[':path', '/']]))]),
    );
    app.pause();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const got = await received(app);
    expect([got.ended, got.text.match(/x{9000}/g)?.length]).toEqual(['end', 60]);
    expect((await rig.caught()).flows).toMatchObject([{ state: 'whole', bodies: [{ bytes: whole.length, state: 'whole' }] }]);
  });

  test('the lab: what is in flight is recorded as such', async () => {
    let arrived = false;
    await http2Origin(rig, () => {
      arrived = true;
    });
    const app = await http2App(rig);
    app.request({ ':path': '/slow' }).on('error', () => {});
    const idle = await http2App(rig);
    await once(idle, 'remoteSettings');
    await until(() => arrived);
    const { flows } = await rig.caught();
    expect(flows.filter((flow) => flow.request !== null)).toMatchObject([{ state: 'aborted', reason: 'the run ended' }]);
    expect(flows.filter((flow) => flow.request === null)).toMatchObject([{ state: 'refused' }]);
    idle.destroy();
  });

  test('an app that asks for nothing is a handshake without a request', async () => {
    await http2Origin(rig, echoHash);
    const app = await http2App(rig);
    await once(app, 'remoteSettings');
    app.close();
    await until(() => rig.flows() === 1);
    expect((await rig.caught()).flows).toMatchObject([{ state: 'refused', reason: 'tls-close-after-handshake' }]);
  });

  test('a server that is gone before the first request is told as that', async () => {
    await http2Origin(rig, echoHash).then((origin) => origin.server.on('session', (session) => session.destroy()));
    const socket = await tlsThrough(rig, `${HOST}:443`, { alpn: ['h2'] });
    await until(() => rig.flows() === 1);
    socket.destroy();
    expect((await rig.caught()).flows).toMatchObject([{ state: 'refused', reason: 'server-closed-before-request' }]);
  });
});

describe('GOAWAY', () => {
  test('from the server: what is open goes on to its end, and the app hears of it', async () => {
    const open: ServerHttp2Stream[] = [];
    const origin = await http2Origin(rig, (stream) => {
      stream.resume();
      stream.respond({ ':status': 200 });
      stream.write('one ');
      open.push(stream);
    });
    const app = await http2App(rig);
    const goaways: unknown[] = [];
    app.on('goaway', (code, _last, debug) => goaways.push([code, debug?.toString()]));
    const got = ask(app, { ':path': '/' });
    await until(() => open.length === 1);
    for (const session of origin.sessions) session.goaway(NGHTTP2_NO_ERROR, 0, Buffer.from('maintenance'));
    await until(() => goaways.length > 0);
    expect(goaways[0]).toEqual([NGHTTP2_NO_ERROR, 'maintenance']);
    open[0]?.end('two');
    expect([(await got).body.toString(), (await got).reset]).toEqual(['one two', 0]);
    await until(() => app.destroyed && origin.sockets.size === 0);
    expect((await rig.caught()).flows).toMatchObject([{ state: 'whole' }]);
  });

  test('from the server for a fault: the app hears the code', async () => {
    const origin = await rawOrigin(rig, ({ type, write, socket }) => {
      if (type !== HEADERS) return;
      write(OK);
      write(frame(GOAWAY, 0, 0, Buffer.concat([number(1), number(NGHTTP2_ENHANCE_YOUR_CALM), Buffer.from('too many')])));
      setTimeout(() => socket.end(), 20);
    });
    const app = await http2App(rig);
    const goaways: unknown[] = [];
    app.on('goaway', (code, _last, debug) => goaways.push([code, debug?.toString()]));
    const got = await ask(app, { ':path': '/' });
    expect(got.ended && got.reset === 0).toBe(false);
    expect(goaways[0]).toEqual([NGHTTP2_ENHANCE_YOUR_CALM, 'too many']);
    await until(() => origin.sockets.size === 0 && rig.flows() === 1);
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'truncated', reason: 'the server stopped early: GOAWAY ENHANCE_YOUR_CALM' },
    ]);
  });

  test('from the app: what is open goes on, then both connections end', async () => {
    const open: ServerHttp2Stream[] = [];
    let told: unknown = null;
    const origin = await http2Origin(rig, (stream) => {
      stream.resume();
      open.push(stream);
      stream.session?.on('goaway', (code) => {
        told = code;
      });
    });
    const app = await http2App(rig);
    const got = ask(app, { ':path': '/' });
    await until(() => open.length === 1);
    app.close();
    await until(() => told !== null);
    open[0]?.respond({ ':status': 200 });
    open[0]?.end('late');
    expect((await got).body.toString()).toBe('late');
    await until(() => app.destroyed && origin.sockets.size === 0);
    expect([told, (await rig.caught()).flows.map((flow) => flow.state)]).toEqual([NGHTTP2_NO_ERROR, ['whole']]);
  });
});
