import type { Socket } from 'node:net';
import type { Target } from './authority-form.js';
import { parseAuthority } from './authority-form.js';
import type { Head } from './http1.js';
import { BlockScan, Malformed, parseHead, parseRequestLine } from './http1.js';
import type { Beginning, Line, ProxyWhy } from './journal.js';
import { blankLine } from './journal.js';
import { answer, codeOf, reach } from './lab.js';
import type { Lab } from './lab.js';
import { LONGEST_HEAD } from './message-reader.js';
import { relay } from './relay.js';

/** Real time without a byte in which a head that has begun still counts as in flight. */
const HEAD_QUIET_MS = 10_000;
/** Headers from the app to its proxy; they are recorded, not sent on. */
const FOR_THE_PROXY = new Set(['proxy-connection', 'proxy-authorization']);

interface Asked {
  readonly target: Target;
  readonly began: Beginning;
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
    engine: 'relay',
    scheme: 'http',
    port: 80,
  };
  let way: Way | null = null;
  for (;;) {
    const asked = await nextRequest(lab, client, blank, way);
    if (asked === null) break;
    way = await wayTo(lab, blank, asked, way);
    if (way === null) return answer(client, '502 Bad Gateway');
    const { line, socket } = way;
    const ending = await relay({
      journal: lab.journal,
      line,
      client,
      upstream: socket,
      mode: { kind: 'one', began: asked.began, rewrite: toOriginForm },
      breakClient: () => void client.resetAndDestroy(),
    });
    if (ending.by !== 'done') return;
    if (ending.rest.length > 0) client.unshift(ending.rest);
  }
  way?.socket.destroy();
  client.destroySoon();
}

/** Reads up to the end of the next head and puts all of it back; null when the connection is over. */
async function nextRequest(lab: Lab, client: Socket, blank: Line, way: Way | null): Promise<Asked | null> {
  const read = await readHead(lab, client, way?.socket ?? null);
  if (read === null) return null;
  const refuse = (why: ProxyWhy): null => {
    lab.journal.refused(blank, read.began, 'bad-request', why);
    answer(client, '400 Bad Request');
    return null;
  };
  if (!read.whole) return refuse('request-cut-short');
  try {
    const { target } = parseRequestLine(parseHead(read.head).start);
    const to = parseAuthority(/^http:\/\/(?:[^/?#@]*@)?([^/?#]*)/i.exec(target)?.[1] ?? '', 80);
    return to === null ? refuse(`not-for-a-proxy: ${target.slice(0, 200)}`) : { target: to, began: read.began };
  } catch (error) {
    if (error instanceof Malformed) return refuse(`malformed: ${error.message}`);
    throw error;
  }
}

interface ReadHead {
  readonly head: Buffer;
  readonly began: Beginning;
  readonly whole: boolean;
}

function readHead(lab: Lab, client: Socket, upstream: Socket | null): Promise<ReadHead | null> {
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    const scan = new BlockScan();
    let bytes = 0;
    let began: Beginning | null = null;
    let stay: { touch(): void; leave(): void } | null = null;
    const done = (read: ReadHead | null): void => {
      client.off('readable', take).off('end', ended).off('close', ended);
      upstream?.off('close', left).off('end', left);
      upstream?.pause();
      if (read?.whole === true) client.unshift(Buffer.concat(parts));
      resolve(read);
      // After the relay has taken over.
      setImmediate(() => stay?.leave());
    };
    const take = (): void => {
      for (let chunk: unknown = client.read(); Buffer.isBuffer(chunk); chunk = client.read()) {
        began ??= lab.journal.now();
        stay ??= lab.journal.presence.enter(HEAD_QUIET_MS);
        stay.touch();
        const end = scan.scan(chunk, 0);
        parts.push(chunk);
        if (end >= 0) return done({ head: Buffer.concat([...parts.slice(0, -1), chunk.subarray(0, end)]), began, whole: true });
        bytes += chunk.length;
        if (bytes > LONGEST_HEAD) return done({ head: Buffer.alloc(0), began, whole: false });
      }
    };
    const ended = (): void => done(began === null ? null : { head: Buffer.alloc(0), began, whole: false });
    const left = (): void => done(null);
    client.on('readable', take).on('end', ended).on('close', ended);
    // An app that waits for the server to close (HTTP/1.0) must see it close.
    upstream?.on('close', left).on('end', left).resume();
    if (client.destroyed || upstream?.destroyed === true) left();
  });
}

/** The connection at hand when it leads there, else a new one; null, and recorded, when there is no way. */
async function wayTo(lab: Lab, blank: Line, asked: Asked, way: Way | null): Promise<Way | null> {
  const { target, began } = asked;
  if (way !== null && way.target.host === target.host && way.target.port === target.port && !way.socket.destroyed) return way;
  way?.socket.destroy();
  const line = { ...blank, ...target };
  try {
    const socket = await reach(lab, target);
    const peer = { ip: socket.remoteAddress ?? '', port: socket.remotePort ?? 0, certificateSha256: null };
    return { target, socket, line: { ...line, peer, times: { ...line.times, connect: lab.journal.now().moment } } };
  } catch (error) {
    lab.journal.refused(line, began, 'upstream-failed', `upstream: ${codeOf(error)}`);
    return null;
  }
}

/** The head as the server must get it: path instead of URL, without what was meant for us. */
function toOriginForm(head: Head): Buffer {
  const lines = head.raw.toString('latin1').split(/(?<=\n)/);
  const [start = '', ...rest] = lines;
  const path = start
    .replace(/ http:\/\/[^/?# ]*/i, ' ')
    .replace(/ (?=[?#])/, ' /')
    .replace(/^(\S+) {2}/, '$1 / ');
  return Buffer.from(
    [path, ...rest.filter((line) => !FOR_THE_PROXY.has(line.slice(0, Math.max(0, line.indexOf(':'))).toLowerCase()))].join(''),
    'latin1',
  );
}
