import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { FarServers } from '../../../harness/virtual/far-servers.js';

/** A proxy that opens nothing: CONNECT leads to where the far servers say, absolute-form HTTP as well. */
export interface Tunnel {
  readonly port: number;
  readonly clients: readonly number[];
  readonly lines: readonly string[];
  close(): Promise<void>;
}

/** Starts a tunnel on loopback. */
export async function openTunnel(servers: Pick<FarServers, 'resolve'>): Promise<Tunnel> {
  const clients: number[] = [];
  const lines: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    clients.push(socket.remotePort ?? 0);
    socket.on('error', () => socket.destroy());
    socket.once('data', (head: Buffer) => {
      const line = head.toString('latin1').split('\r\n')[0] ?? '';
      lines.push(line);
      const [method = '', target = ''] = line.split(' ');
      const url = new URL(method === 'CONNECT' ? `https://${target}` : target);
      const to = servers.resolve(url.hostname, Number(url.port) || (url.protocol === 'https:' ? 443 : 80));
      if (to === null) return void socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
      const far = connect(to.port, to.ip);
      sockets.add(far);
      far.on('error', () => socket.destroy());
      if (method === 'CONNECT') socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      else far.write(head);
      socket.pipe(far).pipe(socket);
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    port: (server.address() as AddressInfo).port,
    clients,
    lines,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    },
  };
}
