import type { Socket } from 'node:net';
import type { Target } from './authority-form.js';
import type { Door } from './door.js';
import { firstBytes } from './first-bytes.js';
import type { First } from './first-bytes.js';
import { blankLine } from './journal.js';
import type { Beginning, Journal, Line } from './journal.js';
import { codeOf, reach } from './lab.js';
import type { Lab } from './lab.js';
import { servePipeline } from './pipeline.js';
import { leaveSoon } from './presence.js';
import type { Stay } from './presence.js';
import { relay } from './relay.js';
import { refusalOf } from './terminate.js';
import { serveTls } from './tls-tunnel.js';

/** Real time without progress until a tunnel that is being set up no longer holds the clock. */
const SETUP_QUIET_MS = 2000;

/** A tunnel that an app asked for. */
export interface TunnelRequest {
  readonly client: Socket;
  readonly began: Beginning;
  readonly target: Target;
  readonly owner: Line['owner'];
  readonly door: Door;
}

/** A tunnel on its way. */
export interface Tunnel extends TunnelRequest {
  readonly lab: Lab;
  readonly setup: Stay;
}

/** Leads one tunnel to its end: everything on it is recorded. Never rejects for what a peer does. */
export async function serveTunnel(lab: Lab, request: TunnelRequest): Promise<void> {
  const setup = lab.journal.presence.enter(SETUP_QUIET_MS);
  try {
    await serve({ ...request, lab, setup });
  } finally {
    setup.leave();
  }
}

async function serve(tunnel: Tunnel): Promise<void> {
  const { lab, client, began, target, owner, door, setup } = tunnel;
  const { journal } = lab;
  const asked: Line = { ...blankLine(door.kind, owner), ...target };
  const upstream = await reach(lab, target).catch((error: unknown) => {
    const failed = [asked, began, 'upstream-failed', `upstream: ${codeOf(error)}`] as const;
    if (door.refuse(codeOf(error))) journal.turnedAway(...failed);
    else journal.refused(...failed);
    return null;
  });
  if (upstream === null) return;
  const peer = { ip: upstream.remoteAddress ?? '', port: upstream.remotePort ?? 0, certificateSha256: null };
  const line: Line = { ...asked, engine: 'relay', peer, times: { ...asked.times, connect: journal.moment() } };
  door.ready();
  setup.touch();
  const first = await firstBytes(client, upstream);
  if (first.kind === 'tls') return serveTls(tunnel, upstream, { ...line, peer }, first.hello);
  if (first.kind === 'closed') {
    reportSilence(journal, line, began, first);
    client.destroySoon();
    upstream.destroy();
    return;
  }
  leaveSoon(setup);
  const ends = { journal, client, upstream, breakClient: () => void client.resetAndDestroy() };
  const http: Line = { ...line, scheme: 'http' };
  // Rules look closer: an empty line in front, or a method in lower case, must not lead a request past them.
  const isRaw = first.kind === 'raw' && !(lab.ruled && first.why === 'not-tls-nor-http');
  if (isRaw) await relay({ ...ends, line, mode: { kind: 'opaque', reason: first.why } });
  else if (lab.intercept !== null) await servePipeline(lab, lab.intercept, { ...ends, line: { ...http, engine: 'pipeline' } });
  else await relay({ ...ends, line: http, mode: { kind: 'tunnel' } });
}

/** A tunnel in which no side said a whole word. */
function reportSilence(journal: Journal, line: Line, began: Beginning, first: Extract<First, { kind: 'closed' }>): void {
  const byServer = first.by === 'origin' && !journal.closing;
  if (byServer) return journal.refused(line, began, 'upstream-failed', 'server-closed-first');
  const code = journal.closing ? null : first.code;
  if (first.heard) journal.refused(line, began, 'tls-refused', code === null ? 'tls-close-in-handshake' : refusalOf(code, 'tls-reset'));
  else journal.refused(line, began, 'tls-refused', code === null ? 'no-byte' : `no-byte-reset: ${code}`);
}
