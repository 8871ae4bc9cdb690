import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Socket } from 'node:net';
import type { DnsAnswerer } from './dns-answerer.js';
import { withoutMapping } from './ip-text.js';
import { blankLine } from './journal.js';
import type { Journal, Line, ProxyWhy } from './journal.js';
import { readSocksAddress, targetOf } from './socks-address.js';
import { answerSocks } from './socks5.js';

const DNS_PORT = 53;
const QUIC_PORT = 443;
/** Destinations of one association that are counted apart; all others are counted together. */
const MOST_DESTINATIONS = 256;
/** RFC 1928, 7: two bytes of nothing and the number of the fragment. */
const ADDRESS_AT = 3;

/** A client that asked to send datagrams, and what they meet. */
export interface Association {
  readonly journal: Journal;
  readonly answerer: DnsAnswerer;
  /** The connection it asked on: when it ends, so does this. */
  readonly control: Socket;
  readonly owner: Line['owner'];
}

/**
 * Answers a SOCKS5 UDP ASSOCIATE and serves it to its end: queries to port 53 are answered, everything else is dropped and counted, so that
 * an app falls back to TCP, which can be read. Never rejects for what a peer does.
 */
export async function serveAssociation(association: Association): Promise<void> {
  const { journal, control, owner } = association;
  const began = journal.now();
  const udp = control.destroyed ? null : await bind(withoutMapping(control.localAddress ?? '127.0.0.1'));
  if (udp === null) {
    answerSocks(control, 1, null);
    journal.refused({ ...blankLine('socks5', owner), scheme: 'udp' }, began, 'udp', 'udp-no-socket');
    control.destroySoon();
    return;
  }
  const drops = new Drops(journal, owner);
  const client = serve(association, udp, drops);
  const { address: ip, port } = udp.address();
  answerSocks(control, 0, { ip, port });
  await ended(control);
  client.leave();
  control.destroySoon();
  drops.end();
}

/** Takes the datagrams of one client until it leaves. */
function serve({ answerer, owner }: Association, udp: UdpSocket, drops: Drops): { leave(): void } {
  // The port of whoever sends first; a datagram of anyone else would be told as this client's.
  let client: number | null = null;
  let open = true;
  const answer = async (header: Buffer, query: Buffer, to: RemoteInfo): Promise<void> => {
    const reply = await answerer.answer({ bytes: query, cutShort: false, over: 'udp', owner });
    // It comes from where the query went, spelled as the client did.
    if (reply !== null && open) udp.send(Buffer.concat([header, reply]), to.port, to.address, () => {});
  };
  udp.on('message', (bytes, from) => {
    client ??= from.port;
    if (from.port !== client) return drops.count('unknown', 0, 'udp-stray');
    const address = readSocksAddress(bytes, ADDRESS_AT);
    const target = address.kind === 'address' ? targetOf(address.host, address.port) : null;
    // Pieces of datagrams may be dropped as well (RFC 1928, 7).
    if (address.kind !== 'address' || target === null || bytes[2] !== 0) return drops.count('unknown', 0, 'udp-malformed');
    const { host, port } = target;
    if (port === DNS_PORT) void answer(bytes.subarray(0, address.end), bytes.subarray(address.end), from);
    else drops.count(host, port, port === QUIC_PORT ? 'quic-dropped' : 'udp-dropped');
  });
  return {
    leave() {
      open = false;
      udp.close();
    },
  };
}

type Why = Extract<ProxyWhy, 'udp-dropped' | 'quic-dropped' | 'udp-malformed' | 'udp-stray' | 'udp-others'>;

/**
 * Datagrams that were not let through, by destination. The first of each is a flow and a gap at once, so that a killed run has it; how many
 * there were is told at every tenfold and at the end.
 */
class Drops {
  readonly #counts = new Map<string, { readonly host: string; readonly why: Why; n: number; told: number }>();

  constructor(
    readonly journal: Journal,
    readonly owner: Line['owner'],
  ) {}

  count(host: string, port: number, why: Why): void {
    const key = `${why} ${host} ${port}`;
    const known = this.#counts.get(key);
    if (known === undefined && this.#counts.size >= MOST_DESTINATIONS && why !== 'udp-others')
      return this.count('unknown', 0, 'udp-others');
    const drop = known ?? { host, why, n: 0, told: 1 };
    drop.n += 1;
    if (known === undefined) {
      this.#counts.set(key, drop);
      this.journal.refused({ ...blankLine('socks5', this.owner), scheme: 'udp', host, port }, this.journal.now(), 'udp', why);
    } else if (drop.n === drop.told * 10) this.#tell(drop);
  }

  end(): void {
    for (const drop of this.#counts.values()) if (drop.n > drop.told) this.#tell(drop);
  }

  #tell(drop: { readonly host: string; readonly why: Why; readonly n: number; told: number }): void {
    drop.told = drop.n;
    this.journal.gap('udp', `${drop.why}: ${drop.n}`, drop.host);
  }
}

/** A socket at `ip` and a port that the system chooses; null when there is none to be had. */
function bind(ip: string): Promise<UdpSocket | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(ip) ? 'udp6' : 'udp4');
    socket.on('error', () => {
      if (!bound) resolve(null);
    });
    let bound = false;
    socket.bind({ address: ip, port: 0 }, () => {
      bound = true;
      resolve(socket);
    });
  });
}

/** Resolves when the client closed the connection, or it broke; what comes on it has no meaning. */
function ended(control: Socket): Promise<void> {
  return new Promise((resolve) => {
    control.once('end', resolve).once('close', resolve).resume();
    if (control.destroyed) resolve();
  });
}
