import type { Socket } from 'node:net';
import { parseAuthority } from './authority-form.js';
import type { Target } from './authority-form.js';
import type { DnsAnswerer } from './dns-answerer.js';
import { bareDoor, socksDoor } from './door.js';
import { firstBytes } from './first-bytes.js';
import type { First } from './first-bytes.js';
import { blankLine } from './journal.js';
import type { Line } from './journal.js';
import type { Lab } from './lab.js';
import { readSocksUser } from './socks-user.js';
import { readSocks } from './socks5.js';
import { refusalOf } from './terminate.js';
import { serveTunnel } from './tunnel.js';
import { serveAssociation } from './udp-relay.js';

/** What a SOCKS door needs beside the lab. */
export interface SocksParts {
  readonly owner: Line['owner'];
  /** Answers the queries that come over a UDP association. */
  readonly dns: DnsAnswerer;
}

/** Where TLS without a proxy's word for its target usually goes. */
const HTTPS_PORT = 443;

/** Serves a connection that begins with TLS: somebody led it here, and only its server name tells where it wanted to go. */
export async function serveBareTls(lab: Lab, client: Socket, owner: Line['owner']): Promise<void> {
  const { journal } = lab;
  const began = journal.now();
  const first = await firstBytes(client, null);
  const sni = first.kind === 'tls' ? first.hello.sni : null;
  const target = sni === null ? null : targetNamed(sni);
  if (target !== null) return serveTunnel(lab, { client, began, target, owner, door: bareDoor(client) });
  const line: Line = { ...blankLine('tls', owner), port: HTTPS_PORT, scheme: 'https', sni };
  // That it began with TLS brought it here: a connection that ends now ends inside the handshake.
  if (first.kind === 'closed')
    journal.refused(line, began, 'tls-refused', first.code === null ? 'tls-close-in-handshake' : refusalOf(first.code, 'tls-reset'));
  else journal.refused(line, began, 'bad-request', whyNot(first, sni));
  client.destroy();
}

/** Where a server name leads; null when it is no name. */
function targetNamed(sni: string): Target | null {
  return sni.startsWith('[') ? null : parseAuthority(`${sni}:${HTTPS_PORT}`, null);
}

function whyNot(first: Exclude<First, { kind: 'closed' }>, sni: string | null): Parameters<Lab['journal']['refused']>[3] {
  if (first.kind === 'raw') return first.why;
  return sni === null ? 'no-server-name' : `no-server-name: ${sni.replace(/[^\x21-\x7e]/g, '?').slice(0, 100)}`;
}

/** Serves a connection that begins with SOCKS5. What its user name tells of the app goes before what the handset knows of the port. */
export async function serveSocks(lab: Lab, client: Socket, { owner, dns }: SocksParts): Promise<void> {
  const { journal } = lab;
  const began = journal.now();
  const ask = await readSocks(client);
  const named = readSocksUser(ask.user).owner;
  const whose: Line['owner'] = named.how === 'unknown' ? owner : () => named;
  if (ask.kind === 'connect') return serveTunnel(lab, { client, began, target: ask.target, owner: whose, door: socksDoor(client) });
  if (ask.kind === 'udp') return serveAssociation({ journal, answerer: dns, control: client, owner: whose });
  journal.refused(blankLine('socks5', whose), began, 'bad-request', ask.why);
  client.destroySoon();
}
