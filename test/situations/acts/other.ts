import { refuseByAlert, resetInHandshake } from '../client/refusing.js';
import { askHttp2 } from '../client/http2.js';
import { readRaw } from '../client/raw.js';
import { finish, openTunnel, startTls } from '../client/tunnel.js';
import { talk } from '../client/websocket.js';
import { wait } from '../clock.js';
import { sawNothing } from '../evidence.js';
import { GREETING, GRPC } from '../payloads.js';
import type { Scene } from '../scene.js';
import type { Act } from './http.js';
import type { Visit } from './visit.js';
import { ask, authorityOf, openUp, put, soFar } from './visit.js';

const overTls = (host: string): Visit => ({ host, sni: host, tls: 'yes', asks: [] });

interface Http2Wish {
  readonly alpn: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

/** One request over what ALPN chose; http/1.1 only where the client offers it. */
export const overAlpn =
  ({ alpn, headers, body }: Http2Wish): Act =>
  async (scene, host) => {
    const opened = await openUp(scene, overTls(host), alpn);
    if (opened.secure === null) return soFar(opened);
    const authority = authorityOf(host, scene.originPort);
    if (opened.secure.alpnProtocol === 'h2') {
      const answer = await askHttp2(opened.secure, authority, { ...headers, ':authority': authority }, body);
      return { ...soFar(opened), answers: [answer] };
    }
    if (!alpn.includes('http/1.1')) return soFar(opened);
    const answer = await put(opened.secure, ask('GET', '/echo', [['Host', authority]]));
    await finish(opened.secure);
    return { ...soFar(opened), answers: [answer] };
  };

const ECHO = { ':method': 'GET', ':path': '/echo' };

export const http2Only = overAlpn({ alpn: ['h2'], headers: ECHO, body: null });
export const http2Preferred = overAlpn({ alpn: ['h2', 'http/1.1'], headers: ECHO, body: null });
export const http2Post = overAlpn({ alpn: ['h2'], headers: { ...ECHO, ':method': 'POST' }, body: Buffer.from('abc') });
export const grpc = overAlpn({
  alpn: ['h2'],
  headers: { ':method': 'POST', ':path': '/loan.Api/Apply', 'content-type': 'application/grpc', te: 'trailers' },
  body: GRPC,
});

/** A WebSocket at `path`, offering deflate and these subprotocols. */
export const webSocket =
  (path: string, offers: readonly string[]): Act =>
  async (scene, host) => {
    const opened = await openUp(scene, overTls(host), ['http/1.1']);
    if (opened.secure === null) return soFar(opened);
    const { websocket, answer } = await talk(opened.secure, `ws://${authorityOf(host, scene.originPort)}${path}`, offers);
    await finish(opened.secure);
    return { ...soFar(opened), websocket, answers: answer === null ? [] : [answer] };
  };

/** Bytes in a tunnel, `inside` TLS or not, until as many came back; without bytes the greeting is waited for. */
export const rawBytes =
  (bytes: Buffer, inside: 'tls' | 'clear'): Act =>
  async (scene, host) => {
    const opened = await openUp(scene, { ...overTls(host), tls: inside === 'tls' ? 'yes' : 'none' }, null);
    if (opened.socket === null) return soFar(opened);
    if (bytes.length > 0) opened.socket.write(bytes);
    const raw = await readRaw(opened.socket, { bytes: bytes.length || GREETING.length, limitMs: 3000 });
    await finish(opened.socket);
    return { ...soFar(opened), raw };
  };

/** A tunnel and nothing for three seconds. */
export const silence: Act = async (scene, host) => {
  const opened = await openUp(scene, { ...overTls(host), tls: 'none' }, null);
  if (opened.socket === null) return soFar(opened);
  const raw = await readRaw(opened.socket, { bytes: Infinity, limitMs: 3000 });
  opened.socket.destroy();
  return { ...soFar(opened), raw };
};

/** Trusts the origin's CA alone and says so with an alert. */
export const pinnedAlert: Act = async (scene, host) => {
  const { result, socket } = await openTunnel(scene, authorityOf(host, scene.originPort));
  const refused = socket === null ? null : await refuseByAlert(scene, socket, host);
  return { ...sawNothing, tunnels: [result], refused };
};

/** A whole handshake, 50 ms, close_notify and FIN; gone after 300 ms. */
export const pinnedClose: Act = async (scene, host) => {
  const opened = await openUp(scene, overTls(host), null);
  if (opened.socket === null) return soFar(opened);
  await wait(50);
  opened.socket.end();
  await wait(300);
  opened.socket.destroy();
  return { ...soFar(opened), refused: 'closed after the handshake' };
};

/** A ClientHello, and a reset at the first byte of the answer. */
export const pinnedReset: Act = async (scene, host) => {
  const { result, socket } = await openTunnel(scene, authorityOf(host, scene.originPort));
  const answered = socket !== null && (await resetInHandshake(scene, socket, host));
  return { ...sawNothing, tunnels: [result], refused: answered ? 'reset in the handshake' : null };
};

/** The target of the traversal row: eight steps up, down into the contender's folder, and a file name. */
export const traversalTarget = (scene: Pick<Scene, 'dataDir'>): string => `${Array(8).fill('..').join('/')}${scene.dataDir}/MARK`;

/** A CONNECT that is a path; whoever says 200 gets TLS and 2.5 s to write files. */
export const traversal: Act = async (scene, host) => {
  const { result, socket } = await openTunnel(scene, `${host}:443`);
  if (socket === null) return { ...sawNothing, tunnels: [result] };
  const wish = { sni: host.slice(0, 255), verify: host, caPem: scene.caPem, alpn: null };
  const tls = startTls(scene, socket, wish).then(({ result: done }) => done);
  await wait(2500);
  const done = await Promise.race([tls, wait(10).then(() => null)]);
  return { ...sawNothing, tunnels: [result], tls: done === null ? [] : [done] };
};

const ROUNDS = 10;
const AT_ONCE = 30;

/** 300 disconnects in three turns: after CONNECT, in the handshake, while the origin thinks. */
export const storm: Act = async (scene) => {
  for (let round = 0; round < ROUNDS; round += 1)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => DROPS[at % DROPS.length]?.(scene)));
  await wait(2000);
  const answered = await openUp(scene, overTls('a.bench.test'), null);
  if (answered.socket === null) return soFar(answered);
  const answer = await put(answered.socket, ask('GET', '/echo', [['Host', authorityOf('a.bench.test', scene.originPort)]]));
  await finish(answered.socket);
  return { ...soFar(answered), answers: [answer] };
};

const DROPS: readonly ((scene: Scene) => Promise<void>)[] = [
  async (scene) => {
    const { socket } = await openTunnel(scene, authorityOf('a.bench.test', scene.originPort));
    socket?.resetAndDestroy();
  },
  async (scene) => {
    const { socket } = await openTunnel(scene, authorityOf('pin3.bench.test', scene.originPort));
    if (socket !== null) await resetInHandshake(scene, socket, 'pin3.bench.test');
  },
  async (scene) => {
    const authority = authorityOf('a.bench.test', scene.originPort);
    const { socket } = await openTunnel(scene, authority);
    if (socket === null) return;
    const wish = { sni: 'a.bench.test', verify: 'a.bench.test', caPem: scene.caPem, alpn: null };
    const { tls } = await startTls(scene, socket, wish);
    tls?.write(ask('GET', '/hang', [['Host', authority]]).bytes);
    await wait(20);
    socket.resetAndDestroy();
    tls?.destroy();
  },
];
