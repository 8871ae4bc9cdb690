import { once } from 'node:events';
import type { Server } from 'node:net';
import type { Certificates } from '../certificates.js';
import { Log } from './log.js';
import { mirror, mirrorClear, mirrorHttp1 } from './mirror.js';
import { clearAnswer, echo, echoTls, greeter, grpc, reader, resetter, webSocket } from './odd.js';
import type { OriginName, OriginReply } from './process.js';
import { isOriginOrder } from './process.js';
import { scripted } from './scripted.js';

const MAKERS: Readonly<Record<OriginName, ((certificates: Certificates, log: Log) => Server) | null>> = {
  mirror: ({ good }, log) => mirror(good, log),
  'mirror-ipv6': ({ good }, log) => mirror(good, log),
  'mirror-clear': (_, log) => mirrorClear(log),
  'mirror-http1': ({ good }, log) => mirrorHttp1(good, log),
  grpc: ({ good }, log) => grpc(good, log),
  websocket: ({ good }, log) => webSocket(good, log),
  scripted: ({ good }, log) => scripted(good, log),
  echo: (_, log) => echo(log),
  'echo-tls': ({ good }, log) => echoTls(good, log),
  greeter: (_, log) => greeter(log),
  'self-signed': ({ selfSigned }, log) => reader(selfSigned, log),
  expired: ({ expired }, log) => reader(expired, log),
  'clear-answer': (_, log) => clearAnswer(log),
  resetter: () => resetter(),
  'closed-port': (_, log) => echo(log),
  none: null,
};

async function listen(server: Server, host: string): Promise<number> {
  server.listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const log = new Log();
const reply = (message: OriginReply): void => void process.send?.(message);

async function start(name: OriginName, certificates: Certificates): Promise<void> {
  const control = await listen(mirror(certificates.good, null), '127.0.0.1');
  const server = MAKERS[name]?.(certificates, log);
  if (!server) return reply({ kind: 'listening', port: 443, control });
  log.watch(server);
  const port = await listen(server, name === 'mirror-ipv6' ? '::1' : '127.0.0.1');
  if (name === 'closed-port') await new Promise((resolve) => server.close(resolve));
  reply({ kind: 'listening', port, control });
}

process.on('disconnect', () => process.exit(0));
process.on('message', (order: unknown) => {
  if (!isOriginOrder(order)) return;
  if (order.kind === 'log') reply({ kind: 'log', log: log.read() });
  else void start(order.name, order.certificates).catch((error: unknown) => reply({ kind: 'failed', why: String(error) }));
});
