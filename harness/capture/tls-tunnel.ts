import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { FlowTls } from '../model/flow-parts.js';
import type { ClientHello } from './client-hello.js';
import { secure, Unreachable } from './dial.js';
import type { Secured } from './dial.js';
import { fingerprintOf } from './fingerprint.js';
import { serveHttp2 } from './http2.js';
import type { Beginning, Journal, Line } from './journal.js';
import { codeOf, reach } from './lab.js';
import { servePipeline } from './pipeline.js';
import { leaveSoon } from './presence.js';
import { relay } from './relay.js';
import type { Ending } from './relay-parts.js';
import { servingFor } from './serving.js';
import { NotAgreed, refusalOf, terminate } from './terminate.js';
import type { Tunnel } from './tunnel.js';

const H2 = 'h2';
const HTTP_1 = 'http/1.1';
/** How OpenSSL says that a server takes none of the protocols offered. */
const NO_PROTOCOL = 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL';

/** A connection whose server is reached. */
type KnownLine = Line & { readonly peer: NonNullable<Line['peer']> };

/** Serves a tunnel that began with a ClientHello. The server comes first: the app must not be led to send what a server that is down or false would never have got. */
export async function serveTls(tunnel: Tunnel, socket: Socket, known: KnownLine, hello: ClientHello): Promise<void> {
  const { lab, client, began, setup } = tunnel;
  const { journal, authority } = lab;
  const name = hello.sni ?? known.host;
  const begun: KnownLine = { ...known, scheme: 'https', sni: hello.sni, times: { ...known.times, clientHello: journal.moment() } };
  const offered: KnownLine = { ...begun, tls: { client: clientOf(hello, null), upstream: null } };
  const offer = lab.ruled ? hello.alpn.filter((protocol) => protocol !== H2) : hello.alpn;
  const upstream = await secureServer(tunnel, socket, offered, { ...hello, alpn: offer });
  if (upstream === null) return void client.destroy();
  setup.touch();
  const upstreamTls = { ...parametersOf(upstream.socket), untrusted: upstream.untrusted };
  // It may be another connection than the first.
  const peer = { ...known.peer, ip: upstream.socket.remoteAddress ?? known.peer.ip, certificateSha256: upstream.certificateSha256 };
  const reached: Line = { ...offered, peer, tls: { client: clientOf(hello, null), upstream: upstreamTls } };
  const context = authority.context(name, servingFor(hello));
  // Rules see HTTP/1 only: an app that takes nothing else is refused, not let through.
  const alpn = hello.alpn.length > 0 && offer.length === 0 ? [HTTP_1] : agreed(upstream.socket, offer);
  const tls = await terminate(client, { context, alpn, keys: journal.keys }).catch((error: unknown) => {
    if (!(error instanceof NotAgreed)) throw error;
    journal.refused(reached, began, error.how === 'h2-only' ? 'h2-only' : 'tls-refused', error.how);
    return null;
  });
  if (tls === null) {
    upstream.socket.destroy();
    client.destroy();
    return;
  }
  const times = { ...reached.times, handshake: journal.moment() };
  // Frozen: the same for all flows of the connection, and so written once.
  const line: Line = {
    ...reached,
    peer: Object.freeze(peer),
    tls: Object.freeze({ client: clientOf(hello, tls), upstream: upstreamTls }),
    times,
  };
  leaveSoon(setup);
  const ending = await carry(tunnel, line, tls, { server: upstream.socket, hello });
  if (ending.by !== 'done' && ending.exchanges === 0) reportUnused(journal, line, began, ending);
}

interface Far {
  readonly server: TLSSocket;
  readonly hello: ClientHello;
}

function carry(tunnel: Tunnel, line: Line, tls: TLSSocket, { server, hello }: Far): Promise<Ending> {
  const { lab, client, target } = tunnel;
  const ends = { journal: lab.journal, client: tls, upstream: server, breakClient: () => void client.resetAndDestroy() };
  const again = async (): Promise<TLSSocket> => {
    const socket = await reach(lab, target);
    const { socket: another, untrusted } = await secure(socket, wanted(tunnel, line.host, hello, [HTTP_1]));
    // The flows say of the first connection whether it was trusted: what is otherwise cannot go under its name.
    if (untrusted === (line.tls?.upstream?.untrusted ?? null)) return another;
    another.destroy();
    throw new Unreachable(untrusted ?? 'TRUST_CHANGED', null);
  };
  if (tls.alpnProtocol === H2) return serveHttp2({ ...ends, line: { ...line, engine: 'http2' }, again });
  if (lab.intercept !== null) return servePipeline(lab, lab.intercept, { ...ends, line: { ...line, engine: 'pipeline' } });
  return relay({ ...ends, line, mode: { kind: 'tunnel' } });
}

/** TLS with the server, offering what the app offered; one that only speaks HTTP/1 is asked again without HTTP/2. Null, and recorded, when there is no way. */
async function secureServer(tunnel: Tunnel, socket: Socket, line: KnownLine, hello: ClientHello): Promise<Secured | null> {
  const { lab, began, target } = tunnel;
  const tryWith = (to: Socket, alpn: readonly string[]): Promise<Secured> => secure(to, wanted(tunnel, line.host, hello, alpn));
  try {
    return await tryWith(socket, hello.alpn).catch(async (error: unknown) => {
      const again = error instanceof Unreachable && error.code === NO_PROTOCOL && hello.alpn.includes(H2);
      if (!again) throw error;
      return tryWith(await reach(lab, target), [HTTP_1]);
    });
  } catch (error) {
    const code = codeOf(error);
    const certificateSha256 = error instanceof Unreachable ? error.certificateSha256 : null;
    lab.journal.refused({ ...line, peer: { ...line.peer, certificateSha256 } }, began, 'upstream-failed', `upstream-tls: ${code}`);
    return null;
  }
}

function wanted({ lab }: Tunnel, host: string, hello: ClientHello, alpn: readonly string[]): Parameters<typeof secure>[1] {
  const { trust, insecure, journal } = lab;
  return { name: hello.sni ?? host, sni: hello.sni, alpn, trust, insecure, keys: journal.keys };
}

/** What the app is offered: the server's own choice. Where that is not HTTP/2 and the app speaks nothing else, HTTP/2, and we translate. */
function agreed(server: TLSSocket, offered: readonly string[]): readonly string[] {
  const chosen = typeof server.alpnProtocol === 'string' && server.alpnProtocol !== '' ? server.alpnProtocol : null;
  if (chosen !== null && offered.includes(chosen)) return [chosen];
  return offered.includes(H2) && !offered.includes(HTTP_1) ? [H2] : [];
}

function clientOf(hello: ClientHello, tls: TLSSocket | null): NonNullable<FlowTls['client']> {
  const none = { version: null, cipher: null, alpn: null };
  const { ja3, ja4 } = fingerprintOf(hello);
  return { ja3, ja4, alpnOffered: hello.alpn, ...(tls === null ? none : parametersOf(tls)) };
}

interface TlsParameters {
  readonly version: string | null;
  readonly cipher: string | null;
  readonly alpn: string | null;
}

function parametersOf(tls: TLSSocket): TlsParameters {
  const { alpnProtocol } = tls;
  return {
    version: tls.getProtocol(),
    cipher: tls.getCipher()?.standardName ?? null,
    alpn: typeof alpnProtocol === 'string' && alpnProtocol !== '' ? alpnProtocol : null,
  };
}

/** A handshake without a request: a pin that is checked late looks like this. */
function reportUnused(journal: Journal, line: Line, began: Beginning, ending: Exclude<Ending, { by: 'done' }>): void {
  if (ending.by === 'origin') return journal.refused(line, began, 'upstream-failed', 'server-closed-before-request');
  const closed = ending.by === 'lab' ? 'tls-silence' : 'tls-close-after-handshake';
  journal.refused(line, began, 'tls-refused', ending.code === null ? closed : refusalOf(ending.code, 'tls-reset-after-handshake'));
}
