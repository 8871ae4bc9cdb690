import type { BodyRef, BodyState, Flow, FlowTimes } from '../model/event.js';
import { parseAuthority } from './authority-form.js';
import { DNS_A, DNS_AAAA, DNS_IN, RCODE, dnsAnswer, dnsFormatError, dnsTypeName, readDnsQuery } from './dns-message.js';
import type { DnsQuery, Rcode } from './dns-message.js';
import { ipBytes } from './ip.js';
import type { Beginning, Journal, Line, ProxyGap, ProxyWhy } from './journal.js';
import { blankLine } from './journal.js';
import type { Resolve } from './lab.js';

/** Real time in which a name must be resolved. */
const RESOLVE_MS = 10_000;
/** Queries under way at one time; an app that floods gets failures, and the lab keeps its memory. */
const AT_ONCE = 256;
const DNS_PORT = 53;
/** A query does not tell for which port it asks; nearly always it is for this one. */
const ASKED_PORT = 443;

/** What answers names. */
export interface DnsAnswererParts {
  readonly journal: Journal;
  readonly resolve: Resolve;
  /** The address that every name that exists gets: the proxy's own, where connections are led to it by name. Null: the name's own. */
  readonly answerWith: string | null;
}

/** One datagram or message for the resolver. */
export interface DnsAsk {
  readonly bytes: Buffer;
  /** The client broke it off: it is kept and not answered. */
  readonly cutShort: boolean;
  readonly over: 'udp' | 'tcp';
  readonly owner: Line['owner'];
}

/** Answers DNS queries and records each as a flow. */
export interface DnsAnswerer {
  /** The answer; null: none is due. Never rejects. */
  answer(ask: DnsAsk): Promise<Buffer | null>;
  /** Ends the queries under way, without an answer; resolves when all are written. */
  close(): Promise<void>;
}

/** Starts answering. */
export function createDnsAnswerer(parts: DnsAnswererParts): DnsAnswerer {
  const pending = new Set<(outcome: Outcome) => void>();
  const answering = new Set<Promise<unknown>>();
  let closed = false;
  const decide = (query: DnsQuery): Promise<Outcome> =>
    new Promise((resolve) => {
      if (closed) return resolve(ABORTED);
      if (pending.size >= AT_ONCE) return resolve(failed('dns-overloaded'));
      const done = (outcome: Outcome): void => {
        clearTimeout(timer);
        pending.delete(done);
        resolve(outcome);
      };
      const timer = setTimeout(() => done(failed('dns-failed: ETIMEDOUT')), RESOLVE_MS);
      pending.add(done);
      void outcomeOf(parts, query).then(done);
    });
  return {
    answer(ask) {
      const answer = answerTo(parts, ask, decide).finally(() => answering.delete(answer));
      answering.add(answer);
      return answer;
    },
    async close() {
      closed = true;
      for (const done of pending) done(ABORTED);
      await Promise.all(answering);
    },
  };
}

/** What becomes of a query. `gap`: what was not seen for it. */
interface Outcome {
  readonly state: 'whole' | 'aborted';
  readonly rcode: Rcode;
  readonly address: Buffer | null;
  readonly reason: ProxyWhy | null;
  readonly gap: ProxyGap | null;
}

const ABORTED: Outcome = { state: 'aborted', rcode: RCODE.failed, address: null, reason: 'dns-stopped', gap: null };
const failed = (reason: ProxyWhy): Outcome => ({ state: 'whole', rcode: RCODE.failed, address: null, reason, gap: 'upstream-failed' });
const plain = (rcode: Rcode, address: Buffer | null, reason: ProxyWhy | null): Outcome => ({
  state: 'whole',
  rcode,
  address,
  reason,
  gap: null,
});

async function outcomeOf({ resolve, answerWith }: DnsAnswererParts, { header, question, edns }: DnsQuery): Promise<Outcome> {
  const { type, name } = question;
  if (header.opcode !== 0) return plain(RCODE.notImplemented, null, `dns-refused: opcode ${header.opcode}`);
  if (edns !== null && edns.version !== 0) return plain(RCODE.badVersion, null, `dns-refused: EDNS ${edns.version}`);
  if (question.class !== DNS_IN) return plain(RCODE.refused, null, `dns-refused: class ${question.class}`);
  // HTTPS and SVCB among them: they would lead the app to HTTP/3 and to an encrypted ClientHello.
  if (type !== DNS_A && type !== DNS_AAAA) return plain(RCODE.ok, null, `dns-no-data: ${dnsTypeName(type)}`);
  const target = parseAuthority(`${name}:${ASKED_PORT}`, null);
  try {
    const found = target === null ? null : await resolve(target.host, target.port);
    if (found === null) return plain(RCODE.noName, null, 'dns-no-name');
    const address = ipBytes(answerWith ?? found.ip);
    if (address?.length === (type === DNS_A ? 4 : 16)) return plain(RCODE.ok, address, null);
    return plain(RCODE.ok, null, `dns-no-data: ${dnsTypeName(type)}`);
  } catch (error) {
    return failed(`dns-failed: ${codeOf(error)}`);
  }
}

async function answerTo(parts: DnsAnswererParts, ask: DnsAsk, decide: (query: DnsQuery) => Promise<Outcome>): Promise<Buffer | null> {
  const { journal } = parts;
  const asked: Asked = { ask, began: journal.now(), n: journal.number() };
  if (ask.cutShort) {
    await record(journal, asked, { host: 'unknown', state: 'aborted', reason: 'request-cut-short', gap: 'bad-request', reply: null });
    return null;
  }
  const read = readDnsQuery(ask.bytes);
  const stay = journal.presence.enter(RESOLVE_MS);
  try {
    if (read.kind === 'bad') {
      const reply = read.header === null ? null : dnsFormatError(read.header);
      await record(journal, asked, { host: 'unknown', state: 'opaque', reason: `dns-malformed: ${read.why}`, gap: 'opaque', reply });
      return reply;
    }
    const outcome = await decide(read.query);
    const reply = outcome.state === 'aborted' ? null : dnsAnswer(read.query, outcome.rcode, outcome.address);
    await record(journal, asked, { ...outcome, host: read.query.question.name.toLowerCase(), reply });
    return reply;
  } finally {
    stay.leave();
  }
}

interface Asked {
  readonly ask: DnsAsk;
  readonly began: Beginning;
  readonly n: number;
}
interface Ended {
  readonly host: string;
  readonly state: Flow['state'];
  readonly reason: ProxyWhy | null;
  readonly gap: ProxyGap | null;
  readonly reply: Buffer | null;
}

async function record(journal: Journal, { ask, began, n }: Asked, { host, state, reason, gap, reply }: Ended): Promise<void> {
  const answered = reply === null ? null : journal.moment();
  const times: FlowTimes = {
    connect: null,
    clientHello: null,
    handshake: null,
    requestFirst: began.moment,
    requestLast: began.moment,
    responseFirst: answered,
    responseLast: answered,
  };
  const ends = [
    kept(journal, 'request', ask.bytes, ask.cutShort ? 'aborted' : 'whole'),
    reply === null ? null : kept(journal, 'response', reply, 'whole'),
  ];
  const bodies = (await Promise.all(ends)).filter((body) => body !== null);
  const cut = bodies.find((body) => body.state === 'cut');
  const line: Line = { ...blankLine('dns', ask.owner), scheme: ask.over, host, port: DNS_PORT };
  journal.flow(n, line, {
    at: began.at,
    ...(state === 'whole' && cut !== undefined ? { state: 'cut', reason: 'body over the limit' } : { state, reason }),
    request: null,
    response: null,
    bodies,
    websocket: null,
    // No server said it.
    synthetic: reply === null ? [] : ['response'],
    times,
  });
  if (gap !== null && reason !== null) journal.gap(gap, reason, host);
  if (cut !== undefined) journal.gap('body-cut', `over-limit: ${cut.of}, ${cut.length} of ${cut.bytes} bytes kept`, host);
}

function kept(journal: Journal, of: BodyRef['of'], bytes: Buffer, state: BodyState): BodyRef | null | Promise<BodyRef | null> {
  const writer = journal.body(of);
  journal.write(writer, bytes);
  return journal.end(writer, state);
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' ? code : String(error).slice(0, 100);
}
