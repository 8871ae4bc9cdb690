import { readAnswer } from '../client/http1.js';
import { finish, toProxy } from '../client/tunnel.js';
import { LIMIT_MS, since, wait } from '../clock.js';
import type { ClientResult } from '../evidence.js';
import { sawNothing } from '../evidence.js';
import { DUP_FIELDS } from '../payloads.js';
import type { Scene } from '../scene.js';
import type { Ask, Visit } from './visit.js';
import { ask, authorityOf, openUp, put, soFar, visit, visits } from './visit.js';

/** What the client of a row does. */
export type Act = (scene: Scene, host: string) => Promise<ClientResult>;

const overTls = (host: string, ...asks: readonly Ask[]): Visit => ({ host, sni: host, tls: 'yes', asks });
const hostField = (scene: Scene, host: string): readonly [string, string] => ['Host', authorityOf(host, scene.originPort)];

/** One request over TLS. */
export const get =
  (path: string, fields: readonly (readonly [string, string])[] = []): Act =>
  (scene, host) =>
    visit(scene, overTls(host, ask('GET', path, [hostField(scene, host), ...fields])));

/** POST /echo with `abc`. */
export const post: Act = (scene, host) => visit(scene, overTls(host, ask('POST', '/echo', [hostField(scene, host)], 'abc')));

/** GET /echo at an IP address: no SNI, the address itself must stand in the certificate. */
export const getByAddress: Act = (scene, host) =>
  visit(scene, { ...overTls(host, ask('GET', '/echo', [hostField(scene, host)])), sni: null });

/** GET /echo at an IP address under a name that only SNI and Host tell. */
export const getByNameAtAddress: Act = (scene, host) =>
  visit(scene, { ...overTls(host, ask('GET', '/echo', [hostField(scene, 'sni.bench.test')])), sni: 'sni.bench.test' });

/** A Host that is not the target. */
export const otherHost: Act = (scene, host) => visit(scene, overTls(host, ask('GET', '/echo', [['Host', 'hidden.example.org']])));

/** HEAD, 204 and 304, each on its own connection, listening 300 ms longer than the answer. */
export const withoutBody: Act = (scene, host) => {
  const of = (method: string, path: string): Visit =>
    overTls(host, { ...ask(method, path, [hostField(scene, host)]), limitMs: 4000, lateMs: 300 });
  return visits(scene, [of('HEAD', '/echo'), of('GET', '/204'), of('GET', '/304')]);
};

/** GET with a limit of four seconds. */
export const getSoon =
  (path: string): Act =>
  (scene, host) =>
    visit(scene, overTls(host, { ...ask('GET', path, [hostField(scene, host)]), limitMs: 4000 }));

/** /reason, then /dup on the same connection. */
export const fidelity: Act = (scene, host) =>
  visit(scene, overTls(host, ask('GET', '/reason', [hostField(scene, host)]), ask('GET', '/dup', [hostField(scene, host), ...DUP_FIELDS])));

/** HTTP/1.0 without any field. */
export const http10: Act = (scene, host) =>
  visit(scene, overTls(host, { method: 'GET', bytes: 'GET /echo HTTP/1.0\r\n\r\n', limitMs: 4000 }));

/** A field name with spaces. */
export const malformed: Act = (scene, host) =>
  visit(scene, overTls(host, { method: 'GET', bytes: 'GET /echo HTTP/1.1\r\nHost: a\r\nBad Header Name: 1\r\n\r\n', limitMs: 3000 }));

/** POST whose body waits for a 100. */
export const expectContinue: Act = (scene, host) => {
  const { method, bytes } = ask('POST', '/echo', [hostField(scene, host), ['Content-Length', '3'], ['Expect', '100-continue']]);
  return visit(scene, overTls(host, { method, bytes, held: 'abc' }));
};

/** Two GETs on one connection with seven seconds between them. */
export const idle: Act = (scene, host) => {
  const one = ask('GET', '/echo', [hostField(scene, host)]);
  return visit(scene, overTls(host, one, { ...one, afterMs: 7000 }));
};

/** HTTP in clear inside a tunnel. */
export const plainInTunnel: Act = (scene, host) =>
  visit(scene, { ...overTls(host, ask('GET', '/echo', [hostField(scene, host)])), sni: null, tls: 'none' });

/** An absolute URI to the proxy itself. */
export const plainToProxy: Act = async (scene, host) => {
  const socket = await toProxy(scene);
  const authority = authorityOf(host, scene.originPort);
  const answer = await put(socket, ask('GET', `http://${authority}/echo`, [['Host', authority]]));
  await finish(socket);
  return { ...sawNothing, answers: [answer] };
};

/** Half a request head, silence, gone. */
export const halfHead: Act = async (scene, host) => {
  const opened = await openUp(scene, overTls(host), null);
  if (opened.socket === null) return soFar(opened);
  opened.socket.write('GET /echo HTTP/1.1\r\nHost: a');
  const answer = await readAnswer(opened.socket, { method: 'GET', limitMs: 3000 });
  opened.socket.destroy();
  return { ...soFar(opened), answers: [answer] };
};

const MIB = 1 << 20;

/** Takes 1 MiB of an endless answer, leaves, and stays away for 2.5 s. */
export const leaveEarly: Act = async (scene, host) => {
  const opened = await openUp(scene, overTls(host), null);
  const { socket } = opened;
  if (socket === null) return soFar(opened);
  const from = performance.now();
  socket.write(ask('GET', '/endless', [hostField(scene, host)]).bytes);
  const bytes = await new Promise<number>((resolve) => {
    let had = 0;
    const timer = setTimeout(() => resolve(had), LIMIT_MS);
    const stop = (): void => {
      clearTimeout(timer);
      resolve(had);
    };
    socket.on('data', (chunk: Buffer) => {
      had += chunk.length;
      if (had >= MIB) stop();
    });
    socket.once('close', stop).once('end', stop);
  });
  const ms = since(from);
  socket.destroy();
  await wait(2500);
  return { ...soFar(opened), left: { bytes, ms } };
};
