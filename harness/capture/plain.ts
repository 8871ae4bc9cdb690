import type { Socket } from 'node:net';
import type { Target } from './authority-form.js';
import { parseAuthority } from './authority-form.js';
import type { Exchange } from './exchange.js';
import { nextHead } from './head-reader.js';
import type { Head } from './http1.js';
import { Malformed, parseHead, parseRequestLine, requestFraming } from './http1.js';
import type { Beginning, Line, ProxyWhy } from './journal.js';
import { blankLine } from './journal.js';
import { answer, codeOf, reach } from './lab.js';
import type { Lab } from './lab.js';
import { exchange } from './pipeline.js';
import type { PipelineParts } from './pipeline.js';
import { relay } from './relay.js';
import type { Ending, Outgoing } from './relay-parts.js';

/** Headers from the app to its proxy; they are recorded, not sent on. */
const FOR_THE_PROXY = new Set(['proxy-connection', 'proxy-authorization']);

interface Asked {
  readonly target: Target;
  readonly began: Beginning;
  readonly head: Buffer;
}
interface Way {
  readonly target: Target;
  readonly socket: Socket;
  readonly line: Line;
}

/** Serves `GET http://host/…` requests of one connection, one after another, each to its own server. Never rejects for what a peer does. */
export async function servePlain(lab: Lab, client: Socket, owner: Line['owner']): Promise<void> {
  const blank: Line = {
    ...blankLine('http-proxy', owner),
    engine: lab.intercept === null ? 'relay' : 'pipeline',
    scheme: 'http',
    port: 80,
  };
  const breakClient = (): void => void client.resetAndDestroy();
  let way: Way | null = null;
  for (;;) {
    const asked = await nextRequest(lab, client, blank, way);
    if (asked === null) break;
    way = await wayTo(lab, blank, asked, way);
    if (way === null) return answer(client, '502 Bad Gateway');
    const { line, socket: upstream } = way;
    const ending = await onWay(lab, asked, { line, client, upstream, breakClient });
    if (ending.by !== 'done') return;
  }
  way?.socket.destroy();
  client.destroySoon();
}

function onWay(lab: Lab, { head, began }: Asked, parts: PipelineParts): Promise<Ending> {
  if (lab.intercept !== null) return exchange(lab, lab.intercept, parts, { head, began, toServer: toOriginForm });
  const ask = (came: Head, one: Exchange): Outgoing => {
    one.mark('request-head');
    return { head: toOriginForm(came.raw), body: null };
  };
  return relay({ ...parts, journal: lab.journal, mode: { kind: 'one', began, ask, answer: null } });
}

/** Reads up to the end of the next head and puts all of it back; null when the connection is over. */
async function nextRequest(lab: Lab, client: Socket, blank: Line, way: Way | null): Promise<Asked | null> {
  const next = await nextHead({ lab, client, upstream: way?.socket ?? null, bound: false });
  if (next.kind === 'over') return null;
  if (next.kind === 'server-spoke' && way !== null) {
    const ends = { journal: lab.journal, client, upstream: way.socket, breakClient: () => void client.resetAndDestroy() };
    await relay({ ...ends, line: way.line, mode: { kind: 'opaque', reason: 'server-spoke-unasked' } });
    return null;
  }
  if (next.kind === 'server-spoke' || next.kind === 'slow') return null;
  const refuse = (why: ProxyWhy): null => {
    lab.journal.turnedAway(blank, next.began, 'bad-request', why);
    answer(client, '400 Bad Request');
    return null;
  };
  if (next.kind === 'cut') return refuse('request-cut-short');
  if (next.kind === 'other')
    return refuse(`malformed: ${next.why === 'not-tls-nor-http' ? 'a request line that is none' : next.why.replace(/^[^:]*: /, '')}`);
  try {
    const head = parseHead(next.head);
    const { target } = parseRequestLine(head.start);
    requestFraming(head);
    const to = parseAuthority(/^http:\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(target)?.[1] ?? '', 80);
    return to === null ? refuse(`not-for-a-proxy: ${target.slice(0, 200)}`) : { target: to, began: next.began, head: next.head };
  } catch (error) {
    if (error instanceof Malformed) return refuse(`malformed: ${error.message}`);
    throw error;
  }
}

/** The connection at hand when it leads there, else a new one; null, and recorded, when there is no way. */
async function wayTo(lab: Lab, blank: Line, asked: Asked, way: Way | null): Promise<Way | null> {
  const { target, began } = asked;
  if (way !== null && way.target.host === target.host && way.target.port === target.port && standing(way.socket)) return way;
  way?.socket.destroy();
  const line = { ...blank, ...target };
  try {
    const socket = await reach(lab, target);
    const peer = { ip: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, certificateSha256: null };
    return { target, socket, line: { ...line, peer, times: { ...line.times, connect: lab.journal.now().moment } } };
  } catch (error) {
    lab.journal.turnedAway(line, began, 'upstream-failed', `upstream: ${codeOf(error)}`);
    return null;
  }
}

/** A server may close behind an answer, before the next request is there. */
const standing = (socket: Socket): boolean => !socket.destroyed && !socket.readableEnded;

/** The head as the server must get it: path instead of URL, without what was meant for us. */
function toOriginForm(head: Buffer): Buffer {
  const lines = head.toString('latin1').split(/(?<=\n)/);
  const [start = '', ...rest] = lines;
  const path = start
    .replace(/ http:\/\/[^/?# ]*/i, ' ')
    .replace(/ (?=[?#])/, ' /')
    .replace(/^(\S+) {2}/, '$1 / ');
  const kept = rest.filter((line) => !FOR_THE_PROXY.has(line.slice(0, Math.max(0, line.indexOf(':'))).toLowerCase()));
  return Buffer.from([path, ...kept].join(''), 'latin1');
}
