import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Target } from './authority-form.js';
import type { ClientHello } from './client-hello.js';
import { certificateOf, secure, Unreachable } from './dial.js';
import { firstBytes } from './first-bytes.js';
import type { First } from './first-bytes.js';
import type { Beginning, Journal, Line } from './journal.js';
import { blankLine } from './journal.js';
import { answer, codeOf, reach } from './lab.js';
import type { Lab } from './lab.js';
import type { Stay } from './presence.js';
import type { Ending } from './relay.js';
import { relay } from './relay.js';
import { NotAgreed, refusalOf, terminate } from './terminate.js';

/** Real time without progress until a tunnel that is being set up no longer holds the clock. */
const SETUP_QUIET_MS = 2000;
/** Real time in which the first request of a tunnel usually comes; until then it counts as in flight. */
const FIRST_REQUEST_MS = 50;
/** To a client that offers HTTP/2 alone this makes TLS answer no_application_protocol. */
const HTTP_1 = ['http/1.1'];
const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** A tunnel on its way. */
interface Tunnel {
  readonly lab: Lab;
  readonly client: Socket;
  readonly began: Beginning;
  readonly setup: Stay;
}

/** A CONNECT as it came. */
export interface ConnectRequest {
  readonly client: Socket;
  readonly began: Beginning;
  readonly target: Target;
  readonly owner: Line['owner'];
}

/** Leads one CONNECT to its end: everything on it is recorded. Never rejects for what a peer does. */
export async function serveTunnel(lab: Lab, { client, began, target, owner }: ConnectRequest): Promise<void> {
  const setup = lab.journal.presence.enter(SETUP_QUIET_MS);
  const line: Line = {
    ...blankLine('http-proxy', owner),
    engine: 'relay',
    ...target,
  };
  try {
    await serve({ lab, client, began, setup }, line, target);
  } finally {
    setup.leave();
  }
}

async function serve(tunnel: Tunnel, asked: Line, target: Target): Promise<void> {
  const {
    lab: { journal },
    client,
    began,
    setup,
  } = tunnel;
  const upstream = await reach(tunnel.lab, target).catch((error: unknown) => {
    journal.refused(asked, began, 'upstream-failed', `upstream: ${codeOf(error)}`);
    answer(client, '502 Bad Gateway');
    return null;
  });
  if (upstream === null) return;
  const peer = { ip: upstream.remoteAddress ?? '', port: upstream.remotePort ?? 0, certificateSha256: null };
  const line = { ...asked, peer, times: { ...asked.times, connect: journal.now().moment } };
  client.write(ESTABLISHED);
  setup.touch();
  const first = await firstBytes(client, upstream);
  if (first.kind === 'tls') return serveTls(tunnel, upstream, line, first.hello);
  if (first.kind === 'closed') {
    reportSilence(journal, line, began, first);
    client.destroySoon();
    upstream.destroy();
    return;
  }
  setTimeout(() => setup.leave(), FIRST_REQUEST_MS).unref();
  const ends = { journal, client, upstream, breakClient: () => void client.resetAndDestroy() };
  if (first.kind === 'raw') await relay({ ...ends, line, mode: { kind: 'opaque', reason: first.why } });
  else await relay({ ...ends, line: { ...line, scheme: 'http' }, mode: { kind: 'tunnel' } });
}

async function serveTls(
  tunnel: Tunnel,
  socket: Socket,
  known: Line & { readonly peer: NonNullable<Line['peer']> },
  hello: ClientHello,
): Promise<void> {
  const {
    lab: { journal, authority, trust },
    client,
    began,
    setup,
  } = tunnel;
  const name = hello.sni ?? known.host;
  let line: Line = { ...known, scheme: 'https', sni: hello.sni, times: { ...known.times, clientHello: journal.now().moment } };
  const offered = hello.alpn.filter((protocol) => protocol !== 'h2');
  const h2Only = hello.alpn.length > 0 && offered.length === 0;
  // The server first: the app must not be led to send what a server that is down or false would never have got.
  const upstream = h2Only
    ? null
    : await secure(socket, { name, sni: hello.sni, alpn: offered, trust }).catch((error: unknown) => {
        const code = codeOf(error);
        const certificateSha256 = error instanceof Unreachable ? error.certificateSha256 : null;
        journal.refused({ ...line, peer: { ...known.peer, certificateSha256 } }, began, 'upstream-failed', `upstream-tls: ${code}`);
        return null;
      });
  if (upstream === null && !h2Only) return void client.destroy();
  setup.touch();
  if (upstream !== null) line = { ...line, peer: { ...known.peer, certificateSha256: certificateOf(upstream) } };
  const tls = await terminate(client, authority.context(name), upstream === null ? HTTP_1 : agreed(upstream)).catch((error: unknown) => {
    if (!(error instanceof NotAgreed)) throw error;
    journal.refused(line, began, error.how === 'h2-only' ? 'h2-only' : 'tls-refused', error.how);
    return null;
  });
  if (tls === null || upstream === null) {
    socket.destroy();
    client.destroy();
    return;
  }
  line = { ...line, times: { ...line.times, handshake: journal.now().moment } };
  setTimeout(() => setup.leave(), FIRST_REQUEST_MS).unref();
  const ending = await relay({
    journal,
    line,
    client: tls,
    upstream,
    mode: { kind: 'tunnel' },
    breakClient: () => void client.resetAndDestroy(),
  });
  if (ending.by !== 'done' && ending.exchanges === 0) reportUnused(journal, line, began, ending);
}

/** What the server chose of the protocols that the app offered; the app is told the same. */
function agreed(upstream: TLSSocket): readonly string[] {
  return typeof upstream.alpnProtocol === 'string' && upstream.alpnProtocol !== '' ? [upstream.alpnProtocol] : [];
}

/** A tunnel in which no side said a word. */
function reportSilence(journal: Journal, line: Line, began: Beginning, first: Extract<First, { kind: 'closed' }>): void {
  const byServer = first.by === 'origin' && !journal.closing;
  if (byServer) return journal.refused(line, began, 'upstream-failed', 'server-closed-first');
  journal.refused(line, began, 'tls-refused', journal.closing || first.code === null ? 'no-byte' : `no-byte-reset: ${first.code}`);
}

/** A handshake without a request: a pin that is checked late looks like this. */
function reportUnused(journal: Journal, line: Line, began: Beginning, ending: Exclude<Ending, { by: 'done' }>): void {
  if (ending.by === 'origin') return journal.refused(line, began, 'upstream-failed', 'server-closed-before-request');
  const closed = ending.by === 'lab' ? 'tls-silence' : 'tls-close-after-handshake';
  journal.refused(line, began, 'tls-refused', ending.code === null ? closed : refusalOf(ending.code, 'tls-reset-after-handshake'));
}
