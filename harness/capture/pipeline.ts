import type { Socket } from 'node:net';
import { Exchange } from './exchange.js';
import { firstBytes } from './first-bytes.js';
import { nextHead } from './head-reader.js';
import type { Next } from './head-reader.js';
import { Malformed, parseHead, parseRequestLine, parseStatusLine, requestFraming } from './http1.js';
import type { Head } from './http1.js';
import type { Beginning, Line } from './journal.js';
import type { Lab } from './lab.js';
import { MessageReader } from './message-reader.js';
import { relay } from './relay.js';
import type { Ending, Outgoing } from './relay-parts.js';
import { anew, answerHead } from './rewrite.js';
import type { AskedFor, Decided, RequestDecision, ResponseDecision } from './rules.js';

/** A connection whose server is reached. */
export interface PipelineParts {
  readonly line: Line;
  /** Both ends, TLS taken off; each with its `error` already listened to. */
  readonly client: Socket;
  readonly upstream: Socket;
  /** Breaks the app's connection so that a body without a length does not look complete. */
  readonly breakClient: () => void;
}

/** One exchange as the handlers see it. */
export interface Interception {
  readonly request: Decided<RequestDecision>;
  response(head: Head): Decided<ResponseDecision>;
}

/** Leads a request through the handlers; resolves when they are done with it. */
export type Intercept = (asked: AskedFor, head: Head, secure: boolean) => Promise<Interception>;

/** Serves an HTTP/1 connection exchange by exchange, each through the handlers. What is not HTTP/1 passes as in the relay. Never rejects for what a peer does. */
export async function servePipeline(lab: Lab, intercept: Intercept, parts: PipelineParts): Promise<Ending> {
  const { client, upstream, line, breakClient } = parts;
  const { journal } = lab;
  const ends = { journal, client, upstream, breakClient, line };
  const first = await firstBytes(client, upstream);
  if (first.kind === 'closed') return closed(parts, { by: first.by, code: first.code, exchanges: 0 });
  if (first.kind !== 'http') return relay({ ...ends, line: { ...line, engine: 'relay' }, mode: { kind: 'tunnel' } });
  for (let exchanges = 0; ; exchanges += 1) {
    const next = await nextHead(lab, client, upstream);
    if (next.kind === 'over') return closed(parts, { by: next.by, code: next.code, exchanges });
    if (next.kind === 'server-spoke') return relay({ ...ends, mode: { kind: 'opaque', reason: 'server-spoke-unasked' } });
    // As in the relay: it passes, and is kept as bytes.
    if (next.kind === 'long') return relay({ ...ends, line: { ...line, engine: 'relay' }, mode: { kind: 'tunnel' } });
    const ending =
      next.kind === 'cut' ? cutShort(lab, parts, next) : await exchange(lab, intercept, parts, { ...next, toServer: (head) => head });
    if (ending.by !== 'done') return { ...ending, exchanges: exchanges + 1 };
    if (ending.rest.length > 0) client.unshift(ending.rest);
  }
}

/** A request that has come: its head, and how that reads for the server where no rule changes it. */
export interface Coming {
  readonly head: Buffer;
  readonly began: Beginning;
  readonly toServer: (head: Head) => Head;
}

/** One exchange on a connection to its server; `done` when both stand afterwards. */
export async function exchange(
  lab: Lab,
  intercept: Intercept,
  parts: PipelineParts,
  { head: raw, began, toServer }: Coming,
): Promise<Ending> {
  const { client, upstream, line, breakClient } = parts;
  const ends = { journal: lab.journal, client, upstream, breakClient, line };
  const asked = readAsked(parts, raw);
  // The relay keeps such bytes, lets them pass as they are, and says why it could not read them.
  if (asked === null) return relay({ ...ends, mode: { kind: 'tunnel' } });
  const intercepted = await intercept(asked.asked, asked.head, line.scheme === 'https');
  const { rule, decision } = intercepted.request;
  if (decision.kind === 'block' || decision.kind === 'answer') return answerByRule(lab, parts, { rule, decision, began, head: asked.head });
  const ask = (head: Head, one: Exchange): Outgoing => {
    if (decision.kind === 'change') one.changedBy(rule);
    const plain = toServer(head);
    if (plain !== head) one.mark('request-head');
    return anew(plain, decision);
  };
  const respond = (head: Head, one: Exchange): Outgoing => {
    // Interim responses are not the answer.
    if (parseStatusLine(head.start).status < 200) return anew(head, { kind: 'pass' });
    const answered = intercepted.response(head);
    if (answered.decision.kind === 'change') one.changedBy(answered.rule);
    return anew(head, answered.decision);
  };
  return relay({ ...ends, mode: { kind: 'one', began, ask, answer: respond } });
}

function readAsked({ line }: PipelineParts, raw: Buffer): { readonly asked: AskedFor; readonly head: Head } | null {
  try {
    const head = parseHead(raw);
    const { method, target } = parseRequestLine(head.start);
    requestFraming(head);
    return { asked: { host: line.sni ?? line.host, port: line.port, method, target, headers: head.headers }, head };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

function closed({ client, upstream }: PipelineParts, ending: Ending): Ending {
  client.destroySoon();
  upstream.destroy();
  return ending;
}

/** A request whose head never came to its end: its bytes are kept. */
function cutShort(lab: Lab, parts: PipelineParts, { bytes, began }: Extract<Next, { kind: 'cut' }>): Ending {
  const one = new Exchange(lab.journal, parts.line, began);
  void one.body('request', bytes);
  one.finish('aborted', 'the app went away');
  return closed(parts, { by: 'client', code: null, exchanges: 1 });
}

interface Ruled {
  readonly rule: string;
  readonly decision: Extract<RequestDecision, { kind: 'block' | 'answer' }>;
  readonly began: Beginning;
  readonly head: Head;
}

const FORBIDDEN = { status: 403, headers: [['X-Jiejing-Synthetic', '1']], body: Buffer.alloc(0) } as const;

/** Takes the request to its end, answers it in the server's place, and closes: the server has not heard of it. */
async function answerByRule(lab: Lab, parts: PipelineParts, { rule, decision, began, head }: Ruled): Promise<Ending> {
  const { client, line } = parts;
  const one = new Exchange(lab.journal, line, began);
  one.asked(parseRequestLine(head.start), head);
  if (!(await takeBody(client, one))) {
    one.finish('aborted', 'the app went away');
    return closed(parts, { by: 'client', code: null, exchanges: 1 });
  }
  one.requestWhole = true;
  const { status, headers, body } = decision.kind === 'block' ? FORBIDDEN : decision;
  const sent = answerHead(status, headers, body);
  one.answered(parseStatusLine(sent.start), sent);
  if (body.length > 0) void one.body('response', Buffer.from(body));
  one.responseWhole = true;
  one.mark('response');
  one.finish('whole', `${decision.kind === 'block' ? 'blocked' : 'answered'}-by-rule: ${rule}`);
  client.end(Buffer.concat([sent.raw, body]));
  return closed(parts, { by: 'lab', code: null, exchanges: 1 });
}

/** Reads one request from its head to its end; false when the app left before. */
function takeBody(client: Socket, one: Exchange): Promise<boolean> {
  return new Promise((resolve) => {
    const done = (whole: boolean): void => {
      client.off('data', take).off('end', left).off('close', left).pause();
      resolve(whole);
    };
    const reader = new MessageReader({
      begin: () => {},
      head: requestFraming,
      payload: (bytes) => void one.body('request', bytes),
      trailers: (fields) => one.trailers('request', fields),
      end: () => done(true),
      raw: () => {},
      broken: () => done(false),
    });
    const take = (chunk: Buffer): void => reader.push(chunk, true);
    const left = (): void => done(false);
    client.on('data', take).on('end', left).on('close', left).resume();
    if (client.destroyed) left();
  });
}
