import type { Socket } from 'node:net';
import { nameOf } from './authority-form.js';
import { Exchange } from './exchange.js';
import { nextHead } from './head-reader.js';
import type { Next } from './head-reader.js';
import { Malformed, parseHead, parseRequestLine, parseStatusLine, requestFraming } from './http1.js';
import type { Head } from './http1.js';
import type { Beginning, Line, ProxyGap, ProxyWhy } from './journal.js';
import { answer } from './lab.js';
import type { Lab } from './lab.js';
import { relay } from './relay.js';
import type { Ending, Outgoing } from './relay-parts.js';
import { anew, hasNoBody } from './rewrite.js';
import { answerByRule } from './rule-answer.js';
import { blaming, whyFailed } from './rules.js';
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
  /** @throws RuleFailed */
  response(head: Head): Decided<ResponseDecision>;
}

/** Leads a request through the handlers; resolves when they are done with it. Rejects with what one of them threw. */
export type Intercept = (asked: AskedFor, head: Head) => Promise<Interception>;

/** Serves an HTTP/1 connection exchange by exchange, each through the handlers. What is no HTTP passes as in the relay. Rejects with what a rule threw, never for what a peer does. */
export async function servePipeline(lab: Lab, intercept: Intercept, parts: PipelineParts): Promise<Ending> {
  const { client, upstream } = parts;
  for (let exchanges = 0; ; exchanges += 1) {
    const next = await nextHead({ lab, client, upstream, bound: true });
    if (next.kind === 'over') return closed(parts, { by: lab.journal.closing ? 'lab' : next.by, code: next.code, exchanges });
    const ending =
      next.kind === 'head' ? await exchange(lab, intercept, parts, { ...next, toServer: (head) => head }) : await unread(lab, parts, next);
    if (ending.by !== 'done') return { ...ending, exchanges: exchanges + ending.exchanges };
  }
}

/** What came in the place of a request. */
function unread(lab: Lab, parts: PipelineParts, next: Exclude<Next, { kind: 'head' | 'over' }>): Promise<Ending> | Ending {
  const { journal, ruled } = lab;
  const untouched = { ...parts, journal, line: { ...parts.line, engine: 'relay' } } as const;
  switch (next.kind) {
    case 'cut':
      return cutShort(lab, parts, next);
    case 'slow':
      return relay({ ...untouched, mode: { kind: 'tunnel' } });
    case 'server-spoke':
      return relay({ ...untouched, mode: { kind: 'opaque', reason: 'server-spoke-unasked' } });
    case 'other':
      if (ruled && next.why !== 'not-tls-nor-http') return refuse(lab, parts, { ...next, what: 'bad-request' });
      return relay({ ...untouched, line: noHttp(untouched.line), mode: { kind: 'opaque', reason: next.why } });
  }
}

const noHttp = (line: Line): Line => (line.scheme === 'http' ? { ...line, scheme: 'tcp' } : line);

/** A request that has come: its head, and how that reads for the server where no rule changes it. */
export interface Coming {
  readonly head: Buffer;
  readonly began: Beginning;
  readonly toServer: (head: Buffer) => Buffer;
}

/** One exchange on a connection to its server, its head waiting to be read; `done` when both stand afterwards. Rejects with what a rule threw. */
export async function exchange(lab: Lab, intercept: Intercept, parts: PipelineParts, coming: Coming): Promise<Ending> {
  const { client, upstream, line, breakClient } = parts;
  const ends = { journal: lab.journal, client, upstream, breakClient, line };
  const { began, toServer, head: raw } = coming;
  const asked = readAsked(line, raw);
  if (asked instanceof Malformed) {
    if (lab.ruled) return refuse(lab, parts, { bytes: raw, began, ...whyUnread(raw, asked) });
    // The relay keeps such bytes, lets them pass as they are, and says why it could not read them.
    return relay({ ...ends, mode: { kind: 'tunnel' } });
  }
  const intercepted = await intercept(asked, asked.head).catch((cause: unknown) => {
    failed(lab, parts, { began, head: asked.head, why: whyFailed(cause) });
    throw cause;
  });
  const { rule, decision } = intercepted.request;
  if (decision.kind === 'block' || decision.kind === 'answer') return answerByRule(lab, parts, { rule, decision, began, head: asked.head });
  const ask = (head: Head, one: Exchange): Outgoing => {
    if (decision.kind === 'change') one.changedBy(rule);
    const { head: changed, body } = blaming(rule, () => anew(head, decision, false));
    const sent = toServer(changed);
    if (sent !== changed) one.mark('request-head');
    return { head: sent, body };
  };
  const respond = (head: Head, one: Exchange): Outgoing => {
    const { status } = parseStatusLine(head.start);
    if (status < 200 && status !== 101) return anew(head, { kind: 'pass' }, true);
    const answered = intercepted.response(head);
    if (answered.decision.kind === 'change') one.changedBy(answered.rule);
    const bodiless = asked.method === 'HEAD' || asked.method === 'CONNECT' || hasNoBody(status);
    return blaming(answered.rule, () => anew(head, answered.decision, bodiless));
  };
  return relay({ ...ends, mode: { kind: 'one', began, ask, answer: respond } });
}

function readAsked(line: Line, raw: Buffer): (AskedFor & { readonly head: Head }) | Malformed {
  try {
    const head = parseHead(raw);
    const { method, target } = parseRequestLine(head.start);
    requestFraming(head);
    const scheme = line.scheme === 'https' ? 'https' : 'http';
    return { scheme, host: nameOf(line), sni: line.sni, port: line.port, method, target, headers: head.headers, head };
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}

/** HTTP/2 in clear, which nobody announced, begins like a request. */
function whyUnread(raw: Buffer, { message }: Malformed): { readonly what: ProxyGap; readonly why: ProxyWhy } {
  const isHttp2 = raw.subarray(0, 14).toString('latin1') === 'PRI * HTTP/2.0';
  return isHttp2 ? { what: 'h2-only', why: 'h2-only' } : { what: 'bad-request', why: `malformed: ${message}` };
}

function closed({ client, upstream }: PipelineParts, ending: Ending): Ending {
  client.destroySoon();
  upstream.destroy();
  return ending;
}

/** A request whose head never came to its end: its bytes are kept. */
function cutShort(lab: Lab, parts: PipelineParts, { bytes, began, by, code }: Extract<Next, { kind: 'cut' }>): Ending {
  const one = new Exchange(lab.journal, parts.line, began);
  void one.body('request', bytes);
  const who = lab.journal.closing ? 'the run ended' : by === 'client' ? 'the app went away' : 'the server stopped early';
  one.finish(by === 'client' || lab.journal.closing ? 'aborted' : 'truncated', code === null ? who : `${who}: ${code}`);
  return closed(parts, { by: lab.journal.closing ? 'lab' : by, code, exchanges: 1 });
}

interface Unreadable {
  readonly bytes: Buffer;
  readonly began: Beginning;
  readonly what: ProxyGap;
  readonly why: ProxyWhy;
}

/** A request that the rules cannot be asked about, and that must not pass unasked: its bytes are kept, the app is told. */
function refuse(lab: Lab, { client, upstream, line }: PipelineParts, { bytes, began, what, why }: Unreadable): Ending {
  const one = new Exchange(lab.journal, line, began);
  void one.body('request', bytes);
  one.mark('answer');
  one.finish('aborted', why);
  lab.journal.gap(what, why, nameOf(line));
  upstream.destroy();
  answer(client, '400 Bad Request');
  return { by: 'lab', code: null, exchanges: 1 };
}

interface Failed {
  readonly began: Beginning;
  readonly head: Head;
  readonly why: string;
}

/** A rule threw before the request went on. */
function failed(lab: Lab, { client, upstream, line }: PipelineParts, { began, head, why }: Failed): void {
  const one = new Exchange(lab.journal, line, began);
  one.asked(parseRequestLine(head.start), head);
  one.finish('aborted', why);
  client.destroy();
  upstream.destroy();
}
