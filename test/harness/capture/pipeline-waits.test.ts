import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HOST, OK, openBetween, replying } from './pipeline-rig.js';
import type { Between } from './pipeline-rig.js';
import { farServer, onHead, openRig, received, tlsThrough, toProxy, until } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
beforeEach(async () => {
  rig = await openRig({ engine: 'pipeline' });
});
afterEach(() => rig.dispose());
const between = (serve?: (socket: Socket) => void): Promise<Between> => openBetween(rig, serve ?? ((): void => {}));

describe('who waits', () => {
  test('an app that leaves while the server thinks about an upload that it took slowly is noticed', async () => {
    const { app, got } = await between((socket) => {
      socket.on('data', async () => {
        socket.pause();
        await pause(1);
        socket.resume();
      });
    });
    const body = 16 * 1024 * 1024;
    app.write(`POST / HTTP/1.1\r\nContent-Length: ${body}\r\n\r\n`);
    app.write(Buffer.alloc(body, 97));
    await until(() => got().length > body);
    app.end();
    await until(() => rig.flows() === 1);
    expect((await rig.caught()).flows).toMatchObject([
      { state: 'aborted', reason: 'the app went away', bodies: [{ state: 'whole', bytes: body }] },
    ]);
  });

  test('an app that reads late sees the close behind an answer that was there long ago', async () => {
    const part = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const { app, ends } = await between((socket) =>
      onHead(socket, () => void socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${part.repeat(160)}0\r\n\r\n`)),
    );
    app.pause();
    app.write('GET / HTTP/1.1\r\n\r\n');
    await until(() => ends.length === 1);
    await pause(300);
    const { text, ended } = await received(app);
    expect([text.endsWith('0\r\n\r\n'), ended]).toEqual([true, 'end']);
    expect((await rig.caught()).flows).toMatchObject([{ state: 'whole' }]);
  });

  test('a server is held back while the app reads nothing, and nothing is lost', async () => {
    const size = 50 * 1024 * 1024;
    let sent = 0;
    const server = rig.keep(
      await farServer((socket) => {
        onHead(socket, () => {
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`);
          const more = (): void => {
            while (sent < size) {
              sent += 65_536;
              if (!socket.write(Buffer.alloc(65_536, 97))) return void socket.once('drain', more);
            }
          };
          more();
        });
      }, {}),
    );
    rig.route(HOST, server.port);
    const app = await tlsThrough(rig, `${HOST}:443`);
    app.pause();
    app.write('GET / HTTP/1.1\r\n\r\n');
    await until(() => sent > 0);
    for (let before = -1; before !== sent; await pause(200)) before = sent;
    // What three sockets of the system hold, and no more.
    expect(sent).toBeLessThan(24 * 1024 * 1024);
    let bytes = 0;
    app.on('data', (chunk: Buffer) => void (bytes += chunk.length)).resume();
    await until(() => bytes > size);
    expect((await rig.caught()).flows).toMatchObject([{ state: 'whole', bodies: [{ bytes: size, state: 'whole' }] }]);
  });

  test('an app is held back while the server reads nothing', async () => {
    const size = 50 * 1024 * 1024;
    const { app, ends, got } = await between((socket) => socket.pause());
    app.write(`POST / HTTP/1.1\r\nContent-Length: ${size}\r\n\r\n`);
    let sent = 0;
    const more = (): void => {
      while (sent < size) {
        sent += 65_536;
        if (!app.write(Buffer.alloc(65_536, 97))) return void app.once('drain', more);
      }
    };
    more();
    await until(() => ends.length === 1);
    for (let before = -1; before !== sent; await pause(200)) before = sent;
    expect(sent).toBeLessThan(24 * 1024 * 1024);
    ends[0]?.resume();
    await until(() => got().length > size);
    app.destroy();
  });

  test('an app that asks and asks and reads nothing is not asked for more', async () => {
    let answered = 0;
    const { app } = await between((socket) =>
      onHead(socket, () => {
        answered += 1;
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 32768\r\n\r\n${'x'.repeat(32_768)}`);
      }),
    );
    app.pause();
    const asks = Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(2000));
    app.write(asks);
    await until(() => answered > 0);
    for (let before = -1; before !== answered; await pause(200)) before = answered;
    expect(answered).toBeLessThan(600);
    let bytes = 0;
    app.on('data', (chunk: Buffer) => void (bytes += chunk.length)).resume();
    await until(() => bytes > 2000 * 32_768);
    expect((await rig.caught()).flows).toHaveLength(2000);
  });
});

describe('by absolute URL', () => {
  test('a half head is kept when the server of the request before closes', async () => {
    const { ends, app: unused } = await between(replying(OK));
    unused.destroy();
    const app = await toProxy(rig);
    app.write(`GET http://${HOST}/1 HTTP/1.1\r\n\r\n`);
    await received(app, (t) => t.endsWith('ok'));
    app.write(`GET http://${HOST}/2 HT`);
    await pause(20);
    ends.at(-1)?.end();
    await pause(20);
    app.write('TP/1.1\r\n\r\n');
    expect((await received(app, (t) => t.endsWith('ok'))).text).toBe(OK);
    const flows = (await rig.caught()).flows.filter((flow) => flow.request !== null);
    expect(flows.map((flow) => [flow.request?.target, flow.state])).toEqual([
      [`http://${HOST}/1`, 'whole'],
      [`http://${HOST}/2`, 'whole'],
    ]);
  });

  test('a length that is none is refused', async () => {
    const { got, app: unused } = await between(replying(OK));
    unused.destroy();
    const app = await toProxy(rig);
    app.write(`POST http://${HOST}/1 HTTP/1.1\r\nContent-Length: 1, 2\r\n\r\na`);
    expect((await received(app)).text).toContain('400 Bad Request');
    expect(got()).toBe('');
    expect((await rig.caught()).gaps).toMatchObject(
      expect.arrayContaining([expect.objectContaining({ what: 'bad-request', why: 'malformed: a Content-Length that is none' })]),
    );
  });
});
