import type { Socket } from 'node:net';
import { bareDoor } from './door.js';
import { firstBytes } from './first-bytes.js';
import { blankLine } from './journal.js';
import type { Line } from './journal.js';
import type { Lab } from './lab.js';
import { serveTunnel } from './tunnel.js';

/** Where TLS without a proxy's word for its target usually goes. */
const HTTPS_PORT = 443;

/** Serves a connection that begins with TLS: somebody led it here, and only its server name tells where it wanted to go. */
export async function serveBareTls(lab: Lab, client: Socket, owner: Line['owner']): Promise<void> {
  const { journal } = lab;
  const began = journal.now();
  const line: Line = { ...blankLine('tls', owner), port: HTTPS_PORT, scheme: 'https' };
  const first = await firstBytes(client, null);
  if (first.kind === 'tls' && first.hello.sni !== null) {
    const target = { host: first.hello.sni.toLowerCase(), port: HTTPS_PORT };
    return serveTunnel(lab, { client, began, target, owner, door: bareDoor(client) });
  }
  if (first.kind === 'tls') journal.refused(line, began, 'bad-request', 'no-server-name');
  else if (first.kind === 'closed')
    journal.refused(line, began, 'tls-refused', first.code === null ? 'no-byte' : `no-byte-reset: ${first.code}`);
  else journal.refused(line, began, 'bad-request', 'no-proxy-protocol');
  client.destroy();
}
