import type { Socket } from 'node:net';
import type { Target } from './authority-form.js';
import type { ClientHello } from './client-hello.js';
import { certificateOf, secure, Unreachable } from './dial.js';
import { firstBytes } from './first-bytes.js';
import type { Beginning, Journal, Line } from './journal.js';
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
const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';

/** Leads one CONNECT to its end: everything on it is recorded. Never rejects for what a peer does. */
export async function serveTunnel(lab: Lab, client: Socket, began: Beginning, target: Target, owner: Line['owner']): Promise<void> {
  const setup = lab.journal.presence.enter(SETUP_QUIET_MS);
  try {
    await serve(lab, client, began, target, owner, setup);
  } finally {
    setup.leave();
  }
}

async function serve(lab: Lab, client: Socket, began: Beginning, target: Target, owner: Line['owner'], setup: Stay): Promise<void> {
  let line: Line = { door: 'http-proxy', scheme: 'tcp', ...target, sni: null, peer: null, owner, times: { connect: null, clientHello: null, handshake: null } };
  const upstream = await reach(lab, target).catch((error: unknown) => {
    lab.journal.refused(line, began, 'upstream-failed', `upstream: ${codeOf(error)}`);
    answer(client, '502 Bad Gateway');
    return null;
  });
  if (upstream === null) return;
  line = { ...line, peer: { ip: upstream.remoteAddress ?? '', port: upstream.remotePort ?? 0, certificateSha256: null }, times: { ...line.times, connect: lab.journal.now().moment } };
  client.write(ESTABLISHED);
  setup.touch();
  const first = await firstBytes(client, upstream);
  if (first.kind === 'tls') return serveTls(lab, client, upstream, line, began, first.hello, setup);
  if (first.kind === 'closed') {
    const who = lab.journal.closing ? 'silence' : first.by === 'origin' ? 'the server closed first' : first.code === null ? 'silence' : `reset: ${first.code}`;
    lab.journal.refused(line, began, first.by === 'origin' && !lab.journal.closing ? 'upstream-failed' : 'tls-refused', `no byte in the tunnel: ${who}`);
    client.destroySoon();
    upstream.destroy();
    return;
  }
  setTimeout(() => setup.leave(), FIRST_REQUEST_MS).unref();
  const breakClient = (): void => void client.resetAndDestroy();
  if (first.kind === 'raw') await relay({ journal: lab.journal, line, client, upstream, mode: { kind: 'opaque', reason: first.why }, breakClient });
  else await relay({ journal: lab.journal, line: { ...line, scheme: 'http' }, client, upstream, mode: { kind: 'tunnel' }, breakClient });
}

async function serveTls(lab: Lab, client: Socket, socket: Socket, known: Line, began: Beginning, hello: ClientHello, setup: Stay): Promise<void> {
  const name = hello.sni ?? known.host;
  let line: Line = { ...known, scheme: 'https', sni: hello.sni, times: { ...known.times, clientHello: lab.journal.now().moment } };
  const offered = hello.alpn.filter((protocol) => protocol !== 'h2');
  const h2Only = hello.alpn.length > 0 && offered.length === 0;
  // The server first: the app must not be led to send what a server that is down or false would never have got.
  const upstream = h2Only ? null : await secure(socket, name, hello.sni, offered, lab.trust).catch((error: unknown) => {
    const code = codeOf(error);
    const certificateSha256 = error instanceof Unreachable ? error.certificateSha256 : null;
    if (line.peer !== null) line = { ...line, peer: { ...line.peer, certificateSha256 } };
    lab.journal.refused(line, began, 'upstream-failed', `upstream tls: ${code}`);
    return null;
  });
  if (upstream === null && !h2Only) return void client.destroy();
  if (upstream !== null && line.peer !== null) line = { ...line, peer: { ...line.peer, certificateSha256: certificateOf(upstream) } };
  setup.touch();
  const agreed = h2Only ? ['http/1.1'] : upstream !== null && typeof upstream.alpnProtocol === 'string' && upstream.alpnProtocol !== '' ? [upstream.alpnProtocol] : [];
  const tls = await terminate(client, lab.authority.context(name), agreed).catch((error: unknown) => {
    if (!(error instanceof NotAgreed)) throw error;
    lab.journal.refused(line, began, error.how === 'h2-only' ? 'h2-only' : 'tls-refused', error.how);
    return null;
  });
  if (tls === null || upstream === null) {
    socket.destroy();
    client.destroy();
    return;
  }
  line = { ...line, times: { ...line.times, handshake: lab.journal.now().moment } };
  setTimeout(() => setup.leave(), FIRST_REQUEST_MS).unref();
  const ending = await relay({ journal: lab.journal, line, client: tls, upstream, mode: { kind: 'tunnel' }, breakClient: () => void client.resetAndDestroy() });
  if (ending.by !== 'done' && ending.exchanges === 0) reportUnused(lab.journal, line, began, ending);
}

/** A handshake without a request: a pin that is checked late looks like this. */
function reportUnused(journal: Journal, line: Line, began: Beginning, ending: Exclude<Ending, { by: 'done' }>): void {
  if (ending.by === 'origin') return journal.refused(line, began, 'upstream-failed', 'the server closed before any request');
  const closed = ending.by === 'lab' ? 'tls-silence' : 'tls-close-after-handshake';
  journal.refused(line, began, 'tls-refused', ending.code === null ? closed : refusalOf(ending.code, 'tls-reset-after-handshake'));
}
