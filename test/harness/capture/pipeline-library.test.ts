import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Proxy } from 'http-mitm-proxy';
import type { IContext } from 'http-mitm-proxy';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HOST, OK, openBetween, replying, ruleOf } from './pipeline-rig.js';
import { farServer, onHead, openRig, received, tlsThrough, until } from './rig.js';
import type { Rig } from './rig.js';

let rig: Rig;
afterEach(() => {
  (rig as Rig | undefined)?.dispose();
  vi.restoreAllMocks();
});

/** A rig, and its proxy as the library knows it. */
async function openLibrary(): Promise<Proxy> {
  const registered = vi.spyOn(Proxy.prototype, 'onRequest');
  rig = await openRig({ rules: [ruleOf('silent', {})] });
  const [proxy] = registered.mock.contexts;
  if (!(proxy instanceof Proxy)) throw new Error('no rule was registered as a handler of the library');
  return proxy;
}

/** A TLS server that answers OK, and the app's side of a connection to it. */
async function secureApp(): ReturnType<typeof tlsThrough> {
  const server = rig.keep(await farServer((socket) => onHead(socket, () => void socket.write(OK)), {}));
  rig.route(HOST, server.port);
  return tlsThrough(rig, `${HOST}:443`);
}

describe('http-mitm-proxy', () => {
  test('is the release that the code was read of', () => {
    const main = createRequire(import.meta.url).resolve('http-mitm-proxy');
    const { version }: { version?: unknown } = JSON.parse(
      readFileSync(join(main.slice(0, main.lastIndexOf('/dist/')), 'package.json'), 'utf8'),
    );
    expect(version).toBe('1.1.0');
  });

  const source = readFileSync(fileURLToPath(new URL('../../../harness/capture/proxy.ts', import.meta.url)), 'utf8');
  const names = [...new Set([...source.matchAll(/(?:override |super\.|this\.)(_on\w+|on[A-Z]\w+)\(/g)].map((match) => match[1] ?? ''))];
  test.each(names)('has %s, which we override or call', (name) => {
    expect(Object.getOwnPropertyNames(Proxy.prototype)).toContain(name);
  });
  test('is overridden and called where it was', () => {
    expect(names.toSorted()).toEqual(
      [
        '_onError',
        '_onHttpServerConnect',
        '_onHttpServerRequest',
        '_onRequest',
        '_onRequestHeaders',
        '_onResponse',
        '_onResponseHeaders',
        '_onSocketError',
        'onRequest',
        'onResponse',
      ].toSorted(),
    );
  });
});

describe('a handler registered with the library', () => {
  test('gets its context, with the request and the response as they are', async () => {
    const proxy = await openLibrary();
    const seen: [string, IContext][] = [];
    const see =
      (name: string) =>
      (context: IContext, done: (error?: Error | null) => void): void => {
        seen.push([name, context]);
        done();
      };
    proxy.onRequest(see('request')).onRequestHeaders(see('request head'));
    proxy.onResponse(see('response')).onResponseHeaders(see('response head'));
    proxy.onRequest((context, done) => {
      context.onResponse(see('response of this one'));
      done();
    });
    const app = await secureApp();
    app.write('POST /a?b HTTP/1.1\r\nHost: hidden.example.org\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 3\r\n\r\nabc');
    await received(app, (t) => t.endsWith('ok'));
    expect(seen.map(([name]) => name)).toEqual(['request', 'request head', 'response', 'response of this one', 'response head']);
    const [, context] = seen[0] ?? [];
    expect(new Set(seen.map(([, one]) => one)).size).toBe(1);
    expect(context).toMatchObject({
      uuid: expect.stringMatching(/^[\da-f-]{36}$/),
      isSSL: true,
      clientToProxyRequest: {
        method: 'POST',
        url: '/a?b',
        httpVersion: '1.1',
        rawHeaders: ['Host', 'hidden.example.org', 'X-Two', '1', 'x-two', '2', 'Content-Length', '3'],
      },
      proxyToServerRequestOptions: { method: 'POST', path: '/a?b', host: 'hidden.example.org', port: 443 },
      serverToProxyResponse: { statusCode: 200, statusMessage: 'OK' },
    });
    expect(context?.clientToProxyRequest.headers).toEqual({ host: 'hidden.example.org', 'x-two': '1, 2', 'content-length': '3' });
    expect(context?.serverToProxyResponse?.headers).toEqual({ 'content-length': '2' });
    expect((await rig.caught()).flows).toMatchObject([{ state: 'whole', synthetic: [] }]);
  });

  test.each([
    { name: 'nobody leaves', leave: () => {}, state: 'whole' },
    { name: 'the app leaves', leave: (app: Socket) => void app.destroy(), state: 'aborted' },
    { name: 'the app breaks off', leave: (app: Socket) => void app.resetAndDestroy(), state: 'aborted' },
    { name: 'the server breaks off', leave: (_: Socket, end: Socket | undefined) => void end?.resetAndDestroy(), state: 'truncated' },
  ])('may take its time with a request: $name meanwhile, and it is in the record', async ({ leave, state }) => {
    const proxy = await openLibrary();
    let release = (): void => {};
    proxy.onRequest((_, done) => {
      release = done;
    });
    const { app, ends, got } = await openBetween(rig, replying(OK));
    app.write('GET /1 HTTP/1.1\r\n\r\n');
    await pause(20);
    release();
    await received(app, (t) => t.endsWith('ok'));
    app.write('GET /2 HTTP/1.1\r\n\r\n');
    await pause(20);
    expect(got()).toBe('GET /1 HTTP/1.1\r\n\r\n');
    leave(app, ends[0]);
    await pause(20);
    release();
    await until(() => rig.flows() === 2);
    expect((await rig.caught()).flows.map((flow) => [flow.request?.target, flow.state])).toEqual([
      ['/1', 'whole'],
      ['/2', state],
    ]);
  });

  test.each(['onRequest', 'onResponse'] as const)('that reports an error (%s) ends the exchange, and the run is told', async (where) => {
    const proxy = await openLibrary();
    const fault = new Error('reported');
    proxy[where]((_, done) => done(fault));
    const { app } = await openBetween(rig, replying(OK));
    app.write('GET / HTTP/1.1\r\n\r\n');
    expect((await received(app)).text).toBe('');
    await expect(rig.proxy.idle()).rejects.toBe(fault);
    expect(rig.flows()).toBe(1);
  });

  test.each([
    'GET / HTTP/1.1\r\n\r\n',
    'GET / HTTP/1.1\r\nHost:\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: http://[bad\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a:b:c\r\nHost: d\r\n\r\n',
  ])('is asked whatever the Host header says: %j', async (sent) => {
    const proxy = await openLibrary();
    let asked = 0;
    proxy.onRequest((_, done) => {
      asked += 1;
      done();
    });
    const { app, got } = await openBetween(rig, replying(OK));
    app.write(sent);
    await received(app, (t) => t.endsWith('ok'));
    expect([asked, got()]).toEqual([1, sent]);
  });
});

describe('of what the library does by itself', () => {
  test('nothing is left: no key file, no line on the console, no server for a host', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'jj-library-'));
    vi.spyOn(process, 'cwd').mockReturnValue(folder);
    const said = (['log', 'info', 'debug', 'warn', 'error'] as const).map((level) => vi.spyOn(console, level).mockImplementation(() => {}));
    const out = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, 'write').mockReturnValue(true));
    const proxy = await openLibrary();
    const app = await secureApp();
    app.write('GET / HTTP/1.1\r\n\r\n');
    await received(app, (t) => t.endsWith('ok'));
    app.destroy();
    const { app: broken } = await openBetween(rig, (socket) => onHead(socket, () => socket.resetAndDestroy()));
    broken.write('GET / HTTP/1.1\r\n\r\n');
    await received(broken);
    await rig.caught();
    const words = [...said, ...out].flatMap((spy) => spy.mock.calls);
    vi.restoreAllMocks();
    expect(words).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    expect([proxy.ca, proxy.sslServers, proxy.wsServer]).toEqual([undefined, {}, undefined]);
    rmSync(folder, { recursive: true });
  });
});
