import type { Socket } from 'node:net';
import { connect, createServer, isIP } from 'node:net';

/** Where a name leads; null: nowhere. */
function lookUp(host: string): string | null {
  if (isIP(host) !== 0) return host;
  return host === 'localhost' || /^[^./]+\.bench\.test$/.test(host) ? '127.0.0.1' : null;
}

/** Host and port of an authority, or null. */
function target(authority: string): { readonly host: string; readonly port: number } | null {
  const [, six, name, port] = /^(?:\[([^\]]+)\]|([^:/]+)):(\d+)$/.exec(authority) ?? [];
  const host = six ?? name;
  return host === undefined ? null : { host, port: Number(port) };
}

function refuse(client: Socket, status: string): void {
  client.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
}

/** Joins two sockets: bytes, half-closes and ends of any kind go across. */
function join(client: Socket, far: Socket): void {
  client.pipe(far).pipe(client);
  client.on('close', () => far.destroy());
  far.on('close', () => client.destroy());
}

function open(client: Socket, authority: string, first: string, answer: string): void {
  const to = target(authority);
  if (to === null) return refuse(client, '400 Bad Request');
  const ip = lookUp(to.host);
  if (ip === null) return refuse(client, '502 Bad Gateway');
  const far = connect({ host: ip, port: to.port, allowHalfOpen: true });
  const failed = (): void => refuse(client, '502 Bad Gateway');
  far.on('error', () => {}).once('error', failed);
  client.once('close', () => far.destroy());
  far.once('connect', () => {
    far.off('error', failed);
    if (answer !== '') client.write(answer);
    if (first !== '') far.write(first, 'latin1');
    join(client, far);
  });
}

function serve(client: Socket): void {
  let have = '';
  client.on('error', () => {});
  const data = (chunk: Buffer): void => {
    have += chunk.toString('latin1');
    const end = have.indexOf('\r\n\r\n');
    if (end < 0) return;
    client.off('data', data).pause();
    const [, method = '', url = '', version = ''] = /^(\S+) (\S+) (HTTP\/1\.\d)/.exec(have) ?? [];
    if (method === 'CONNECT') return open(client, url, have.slice(end + 4), 'HTTP/1.1 200 OK\r\n\r\n');
    const [, authority = '', path = ''] = /^http:\/\/([^/]+)(.*)$/.exec(url) ?? [];
    open(client, authority, have.replace(/^.*\r\n/, `${method} ${path || '/'} ${version}\r\n`), '');
  };
  client.on('data', data);
}

const server = createServer({ allowHalfOpen: true }, serve);
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 });
});
process.on('disconnect', () => process.exit(0));
