import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket, TlsOptions } from 'node:tls';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { createAuthority } from '../../../harness/capture/ca.js';
import type { Resolve } from '../../../harness/capture/lab.js';
import { startProxy } from '../../../harness/capture/proxy.js';
import type { RunningProxy } from '../../../harness/capture/proxy.js';
import type { TrafficRule } from '../../../harness/capture/rules.js';
import { createRunClock } from '../../../harness/clock.js';
import type { RunClock } from '../../../harness/model/clock.js';
import type { Flow, Gap } from '../../../harness/model/event.js';
import type { Recorder } from '../../../harness/model/recorder.js';
import { fileBodies } from '../../../harness/store/bodies.js';
import { createRun } from '../../../harness/store/create.js';
import { readRun } from '../../../harness/store/read.js';
import { MANIFEST, runHead } from './run-head.js';

/** The proxy's CA and the one of the far servers: made once, a key takes its time. */
export const lab = createAuthority('Lab', Date.now(), 'rsa');
export const far = createAuthority('Far', Date.now(), 'ec');

export interface Caught {
  readonly flows: readonly Flow[];
  readonly gaps: readonly Gap[];
  text(flow: Flow | undefined, of: 'request' | 'response'): string;
  sha(flow: Flow | undefined, of: 'request' | 'response'): string | undefined;
}

export interface Rig {
  readonly proxy: RunningProxy;
  readonly clock: Recorder['clock'];
  readonly recorder: Recorder;
  /** Leads a name and port to a port here. */
  route(host: string, port: number): void;
  /** Ports of apps whose process is known. */
  readonly owners: Map<number, number>;
  /** Flows written so far. */
  flows(): number;
  keep<T extends { close(): unknown }>(thing: T): T;
  /** Closes the proxy and the run, reads it back with every hash checked. */
  caught(): Promise<Caught>;
  dispose(): void;
}

/** What HTTP/1 may go through: both must do the same by it. */
export const ENGINES = ['relay', 'pipeline'] as const;

/** What a rig may be told. */
export interface RigOptions {
  readonly bodyLimitBytes?: number;
  /** The run's clock; one of the machine's own time when absent. */
  readonly clock?: RunClock;
  readonly recorder?: (real: Recorder) => Recorder;
  readonly engine?: (typeof ENGINES)[number];
  readonly rules?: readonly TrafficRule[];
  readonly socks?: boolean;
  /** With a DNS stub. */
  readonly dns?: boolean;
  readonly insecure?: boolean;
  /** Instead of the routes. */
  readonly resolve?: Resolve;
}

export async function openRig(options: RigOptions = {}): Promise<Rig> {
  const dir = mkdtempSync(join(tmpdir(), 'jj-capture-'));
  const clock = options.clock ?? createRunClock({});
  const run = createRun({
    dir: join(dir, 'run'),
    head: runHead('capture-test'),
    manifest: MANIFEST,
    clock,
    ...(options.bodyLimitBytes === undefined ? {} : { bodyLimitBytes: options.bodyLimitBytes }),
  });
  let flows = 0;
  const counting: Recorder = {
    clock: run.clock,
    body: run.body.bind(run),
    raw: run.raw.bind(run),
    key: run.key.bind(run),
    file: run.file.bind(run),
    valueRef: run.valueRef.bind(run),
    gap: run.gap.bind(run),
    write(event) {
      const id = run.write(event);
      if (event.kind === 'flow') flows += 1;
      return id;
    },
  };
  const recorder = options.recorder?.(counting) ?? counting;
  const routes = new Map<string, number>();
  const owners = new Map<number, number>();
  const things: { close(): unknown }[] = [];
  const proxy = await startProxy({
    recorder,
    authority: lab,
    upstreamInsecure: options.insecure ?? false,
    socks: options.socks ?? false,
    engine: options.engine ?? 'relay',
    rules: options.rules ?? [],
    dnsPort: options.dns === true ? 0 : null,
    upstreamCaPem: far.certPem,
    listen: { host: '127.0.0.1', port: 0 },
    resolve:
      options.resolve ?? ((host) => (routes.has(host) ? { ip: host === '::1' ? '::1' : '127.0.0.1', port: routes.get(host) ?? 0 } : null)),
    owner: {
      owner: (port) => (owners.has(port) ? { uid: 10_101, package: 'com.example.loan', pid: owners.get(port) ?? 0, how: 'virtual' } : null),
    },
  });
  const stop = async (): Promise<void> => {
    await proxy.close();
    run.close('complete', null);
    clock.close();
  };
  return {
    proxy,
    clock,
    recorder,
    owners,
    flows: () => flows,
    route: (host, port) => void routes.set(host, port),
    keep: (thing) => {
      things.push(thing);
      return thing;
    },
    async caught() {
      await stop();
      const { events } = readRun(join(dir, 'run'));
      const bodies = fileBodies(join(dir, 'run'));
      const bytes = (flow: Flow | undefined, of: 'request' | 'response'): Buffer | undefined => {
        const ref = flow?.bodies.find((body) => body.of === of);
        return ref === undefined ? undefined : Buffer.from(bodies.read(ref.file, ref.offset, ref.length));
      };
      return {
        flows: events.filter((event) => event.kind === 'flow'),
        gaps: events.filter((event) => event.kind === 'gap'),
        text: (flow, of) => bytes(flow, of)?.toString('latin1') ?? '',
        sha: (flow, of) => {
          const found = bytes(flow, of);
          return found === undefined ? undefined : sha256(found);
        },
      };
    },
    dispose() {
      for (const thing of things) thing.close();
      void proxy.close().catch(() => {});
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export const sha256 = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');

/** A far server that hands each connection, TLS taken off, to `serve`. Its sockets may be half-open. */
export async function farServer(
  serve: (socket: Socket) => void,
  tls: TlsOptions | null,
): Promise<{ readonly port: number; readonly sockets: Set<Socket>; close(): void }> {
  const sockets = new Set<Socket>();
  const take = (socket: Socket): void => {
    socket.on('error', () => {});
    serve(socket);
  };
  const server: Server =
    tls === null
      ? createServer({ allowHalfOpen: true }, take)
      : createTlsServer({ SNICallback: (name, done) => done(null, far.context(name)), ...tls }, take);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Calls back with each whole request head and what came behind it so far. */
export function onHead(socket: Socket, take: (head: string, body: Buffer) => void): void {
  let have = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    have = Buffer.concat([have, chunk]);
    for (let end = have.indexOf('\r\n\r\n'); end >= 0; end = have.indexOf('\r\n\r\n')) {
      const head = have.subarray(0, end).toString('latin1');
      const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (have.length < end + 4 + length) return;
      const body = have.subarray(end + 4, end + 4 + length);
      have = have.subarray(end + 4 + length);
      take(head, body);
    }
  });
}

/** What a client got until the connection ended or it was enough. */
export async function received(
  socket: Socket,
  enough: (text: string) => boolean = () => false,
): Promise<{ readonly text: string; readonly ended: 'end' | 'error' | 'enough' }> {
  let text = '';
  return new Promise((resolve) => {
    const done = (ended: 'end' | 'error' | 'enough'): void => {
      socket.off('data', take);
      resolve({ text, ended });
    };
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (enough(text)) done('enough');
    };
    socket
      .on('data', take)
      .resume()
      .once('end', () => done('end'))
      .once('error', () => done('error'))
      .once('close', () => done('end'));
  });
}

export async function toProxy(rig: Rig): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: rig.proxy.port, allowHalfOpen: true });
  socket.on('error', () => {});
  rig.keep({ close: () => void socket.destroy() });
  await once(socket, 'connect');
  return socket;
}

/** A tunnel to `authority`, and how the proxy answered. */
export async function tunnel(rig: Rig, authority: string): Promise<{ readonly socket: Socket; readonly answer: string }> {
  const socket = await toProxy(rig);
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  const { text } = await received(socket, (t) => t.includes('\r\n\r\n'));
  const rest = text.slice(text.indexOf('\r\n\r\n') + 4);
  socket.pause();
  if (rest !== '') socket.unshift(Buffer.from(rest, 'latin1'));
  return { socket, answer: text.split('\r\n')[0] ?? '' };
}

/** TLS through a tunnel, as an app that trusts the lab CA. */
export async function tlsThrough(
  rig: Rig,
  authority: string,
  options: { servername?: string; ca?: string; alpn?: readonly string[] } = {},
): Promise<TLSSocket> {
  const { socket } = await tunnel(rig, authority);
  const servername = options.servername ?? authority.replace(/:\d+$/, '');
  const tls = connectTls({
    socket,
    servername,
    host: authority.replace(/:\d+$/, ''),
    ca: options.ca ?? lab.certPem,
    ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
  });
  tls.on('error', () => {});
  await once(tls, 'secureConnect');
  return tls;
}

/** Waits for something that another socket brings about. */
export async function until(met: () => boolean): Promise<void> {
  for (const end = Date.now() + 8000; !met();) {
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
