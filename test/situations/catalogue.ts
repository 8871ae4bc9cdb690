import type { Act } from './acts/http.js';
import * as http from './acts/http.js';
import * as other from './acts/other.js';
import type { OriginName } from './origin/process.js';
import { MQTT, RAW, RAW_ZERO } from './payloads.js';
import type { Scene } from './scene.js';

/** One situation: who is asked, by what client, at which origin. */
export interface Situation {
  readonly n: number;
  readonly title: string;
  /** The target's host as the client gives it. */
  host(scene: Pick<Scene, 'dataDir'>): string;
  readonly origin: OriginName;
  readonly act: Act;
  /** Where timing decides, every try must pass. */
  readonly tries: 1 | 8;
  /** `alone`: it measures time, memory or descriptors, and nothing may run beside it; `idle`: only itself on another contender, since it rests. */
  readonly pace: 'together' | 'idle' | 'alone';
}

type Row = readonly [title: string, host: string, origin: OriginName, act: Act, how?: Partial<Pick<Situation, 'tries' | 'pace'>>];

const A = 'a.bench.test';
const CHAT = ['chat.v1', 'chat.v2'];
const TRIES = { tries: 8 } as const;
const ALONE = { pace: 'alone' } as const;
const IDLE = { pace: 'idle' } as const;

const coded = (coding: string): Act => http.get('/encoded', [['Accept-Encoding', coding]]);

/** In the order of the reference, from 1. */
const ROWS: readonly Row[] = [
  ['baseline', A, 'mirror', http.post],
  ['h2 only', A, 'mirror', other.http2Only],
  ['h2 preferred', A, 'mirror', other.http2Preferred],
  ['h2 client, 1.1 origin', A, 'mirror-http1', other.http2Post],
  ['gRPC', A, 'grpc', other.grpc],
  ['WebSocket', A, 'websocket', other.webSocket('/ws', CHAT)],
  ['WebSocket, no subprotocol', A, 'websocket', other.webSocket('/ws', [])],
  ['WebSocket refused', A, 'websocket', other.webSocket('/nows', CHAT)],
  ['pinning, alert', 'pin.bench.test', 'mirror', other.pinnedAlert],
  ['pinning, late close', 'pin2.bench.test', 'mirror', other.pinnedClose],
  ['pinning, reset', 'pin3.bench.test', 'mirror', other.pinnedReset, TRIES],
  ['silence', 'hang.bench.test', 'mirror', other.silence],
  ['half a header', A, 'mirror', http.halfHead],
  ['raw bytes', 'localhost', 'echo', other.rawBytes(RAW, 'clear')],
  ['from 0x00', 'localhost', 'echo', other.rawBytes(RAW_ZERO, 'clear')],
  ['server first', 'localhost', 'greeter', other.rawBytes(Buffer.alloc(0), 'clear')],
  ['MQTT in TLS', 'localhost', 'echo-tls', other.rawBytes(MQTT, 'tls')],
  ['IPv4 target', '127.0.0.1', 'mirror', http.getByAddress],
  ['IPv4 target, SNI', '127.0.0.1', 'mirror', http.getByNameAtAddress],
  ['IPv6 target', '::1', 'mirror-ipv6', http.getByAddress],
  ['underscore', 'a_b.bench.test', 'mirror', http.get('/echo')],
  ['long name', `${'x'.repeat(58)}.bench.test`, 'mirror', http.get('/echo')],
  ['self-signed', 'selfsigned.bench.test', 'self-signed', http.get('/')],
  ['expired', A, 'expired', http.get('/')],
  ['not TLS', A, 'clear-answer', http.get('/')],
  ['reset', A, 'resetter', http.get('/'), TRIES],
  ['refused', A, 'closed-port', http.get('/')],
  ['no such name', 'nowhere.invalid', 'none', http.get('/')],
  ['trailer', A, 'scripted', http.get('/chunked')],
  ['gzip', A, 'scripted', coded('gzip')],
  ['br', A, 'scripted', coded('br')],
  ['zstd', A, 'scripted', coded('zstd')],
  ['no body', A, 'scripted', http.withoutBody],
  ['early hints', A, 'scripted', http.getSoon('/hints')],
  ['header fidelity', A, 'scripted', http.fidelity],
  ['other Host', 'front.bench.test', 'mirror', http.otherHost],
  ['HTTP/1.0', A, 'mirror', http.http10],
  ['malformed', A, 'mirror', http.malformed],
  ['expect', A, 'mirror', http.expectContinue],
  ['cut, length', A, 'scripted', http.getSoon('/abort-mid')],
  ['cut, chunked', A, 'scripted', http.getSoon('/abort-chunked')],
  ['client leaves', A, 'mirror', http.leaveEarly, ALONE],
  ['plain HTTP', 'plain.bench.test', 'mirror-clear', http.plainToProxy],
  ['plain in CONNECT', 'plain.bench.test', 'mirror-clear', http.plainInTunnel],
  ['idle', A, 'mirror', http.idle, IDLE],
  ['traversal', '', 'none', other.traversal],
  ['300 disconnects', A, 'mirror', other.storm, ALONE],
];

/** All 47. */
export const SITUATIONS: readonly Situation[] = ROWS.map(([title, host, origin, act, how], at) => ({
  n: at + 1,
  title,
  host: (scene) => (host === '' ? other.traversalTarget(scene) : host),
  origin,
  act,
  tries: how?.tries ?? 1,
  pace: how?.pace ?? 'together',
}));
