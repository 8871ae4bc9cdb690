import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6 } from 'node:net';
import type { Server, Socket } from 'node:net';
import { LabError } from '../model/errors.js';
import type { DnsAnswerer } from './dns-answerer.js';
import type { Line } from './journal.js';

/** Real time without a byte after which a TCP connection is closed (RFC 7766, 6.2.3). */
const IDLE_MS = 10_000;
/** A port that is free for UDP may be taken for TCP; when the system chooses it, we ask again. */
const TRIES = 20;

/** What the DNS stub needs. */
export interface DnsParts {
  readonly answerer: DnsAnswerer;
  /** Whose a client port is; asked once for each datagram or connection. */
  owner(clientPort: number, over: 'udp' | 'tcp'): Line['owner'];
  /** Port 0 lets the system choose. */
  readonly listen: { readonly host: string; readonly port: number };
}

/** A resolver that listens, over UDP and TCP. */
export interface RunningDns {
  readonly port: number;
  /** Stops listening and ends all connections. Close the answerer at the same time: what it has under way is waited for. */
  close(): Promise<void>;
}

/** Starts the DNS stub. @throws LabError PORT_TAKEN */
export async function startDns(parts: DnsParts): Promise<RunningDns> {
  for (let tried = 1; ; tried += 1) {
    const udp = await bindUdp(parts);
    const { port } = udp.address();
    const open: Open = { sockets: new Set(), serving: new Set() };
    const tcp = tcpServer(parts, open);
    const failure = await listening(tcp, parts.listen.host, port);
    if (failure === null) return { port, close: () => close(udp, tcp, open) };
    await close(udp, tcp, open);
    if (failure.code !== 'EADDRINUSE') throw failure;
    if (parts.listen.port !== 0 || tried >= TRIES) throw new LabError('PORT_TAKEN', { port }, { cause: failure });
  }
}

/** Connections that are open, and what serves them. */
interface Open {
  readonly sockets: Set<Socket>;
  readonly serving: Set<Promise<void>>;
}

async function close(udp: UdpSocket, tcp: Server, { sockets, serving }: Open): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await Promise.all([
    new Promise<void>((resolve) => udp.close(() => resolve())),
    new Promise<void>((resolve) => (tcp.listening ? tcp.close(() => resolve()) : resolve())),
    ...serving,
  ]);
}

async function bindUdp({ answerer, owner, listen: { host, port } }: DnsParts): Promise<UdpSocket> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
  const answer = async (bytes: Buffer, from: RemoteInfo): Promise<void> => {
    const reply = await answerer.answer({ bytes, cutShort: false, over: 'udp', owner: owner(from.port, 'udp') });
    // Nobody waits for the answer of a socket that was closed meanwhile.
    if (reply !== null && open) socket.send(reply, from.port, from.address, () => {});
  };
  let open = true;
  socket.on('message', (bytes, from) => void answer(bytes, from)).once('close', () => (open = false));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      socket.close();
      reject(cause.code === 'EADDRINUSE' ? new LabError('PORT_TAKEN', { port }, { cause }) : cause);
    });
    socket.bind({ address: host, port }, () => {
      socket.removeAllListeners('error').on('error', () => {});
      resolve();
    });
  });
  return socket;
}

function tcpServer({ answerer, owner }: DnsParts, open: Open): Server {
  return createServer((socket) => {
    open.sockets.add(socket);
    socket.on('error', () => {}).once('close', () => open.sockets.delete(socket));
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    const served = serveTcp(socket, answerer, owner(socket.remotePort ?? 0, 'tcp')).finally(() => open.serving.delete(served));
    open.serving.add(served);
  });
}

/** Answers the queries of one connection, one after another. */
async function serveTcp(socket: Socket, answerer: DnsAnswerer, owner: Line['owner']): Promise<void> {
  const frames = new Frames();
  const ask = (bytes: Buffer, cutShort: boolean): Promise<Buffer | null> => answerer.answer({ bytes, cutShort, over: 'tcp', owner });
  try {
    for await (const chunk of socket) {
      if (!Buffer.isBuffer(chunk)) continue;
      for (const frame of frames.take(chunk)) {
        const reply = await ask(frame, false);
        if (reply !== null) await send(socket, reply);
      }
    }
  } catch (error) {
    // The client broke the connection off; what it had begun to ask is kept below.
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
  if (frames.rest !== null) await ask(frames.rest, true);
  socket.end();
}

/** Cuts a stream into the messages in it (RFC 1035, 4.2.2). */
class Frames {
  #parts: Buffer[] = [];
  #bytes = 0;
  #want = 2;

  /** What has begun and not ended, without its length; null: nothing. */
  get rest(): Buffer | null {
    return this.#bytes === 0 ? null : Buffer.concat(this.#parts).subarray(2);
  }

  *take(chunk: Buffer): Generator<Buffer> {
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
    while (this.#bytes >= this.#want) {
      const all = Buffer.concat(this.#parts);
      const end = 2 + all.readUInt16BE(0);
      const rest = all.length < end ? all : all.subarray(end);
      this.#parts = [rest];
      this.#bytes = rest.length;
      this.#want = all.length < end ? end : 2;
      if (all.length >= end) yield all.subarray(2, end);
    }
  }
}

/** Waits until the client takes its answers: one that only asks must not fill our memory. */
async function send(socket: Socket, reply: Buffer): Promise<void> {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(reply.length);
  if (socket.destroyed || socket.write(Buffer.concat([length, reply]))) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      socket.off('drain', go).off('close', go);
      resolve();
    };
    socket.once('drain', go).once('close', go);
  });
}

async function listening(server: Server, host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) => {
    server.once('error', (cause: NodeJS.ErrnoException) => resolve(cause));
    server.listen({ host, port }, () => {
      // A failing accept costs one connection, not the run.
      server.removeAllListeners('error').on('error', () => {});
      resolve(null);
    });
  });
}
