import type { Socket } from 'node:net';
import { Exchange } from './exchange.js';
import { parseRequestLine, parseStatusLine, requestFraming, valuesOf } from './http1.js';
import type { Head } from './http1.js';
import type { Beginning } from './journal.js';
import { answer } from './lab.js';
import type { Lab } from './lab.js';
import { MessageReader } from './message-reader.js';
import type { PipelineParts } from './pipeline.js';
import type { Ending } from './relay-parts.js';
import { answerHead, hasNoBody } from './rewrite.js';
import { blaming, whyFailed } from './rules.js';
import type { RequestDecision } from './rules.js';

/** A request that does not go on, and what is said in the server's place. */
export interface Ruled {
  readonly rule: string;
  readonly decision: Extract<RequestDecision, { kind: 'block' | 'answer' }>;
  readonly began: Beginning;
  readonly head: Head;
}

const FORBIDDEN = { status: 403, headers: [['X-Jiejing-Synthetic', '1']], body: Buffer.alloc(0) } as const;
const CONTINUE = { version: 'HTTP/1.1', status: 100, reason: 'Continue' } as const;

/** Reads the request to its end, so that it is known what the app would have sent, and answers it. Rejects with RuleFailed where no response can be made of what the rule says. */
export async function answerByRule(lab: Lab, parts: PipelineParts, { rule, decision, began, head }: Ruled): Promise<Ending> {
  const { client, upstream, line } = parts;
  const asked = parseRequestLine(head.start);
  const one = new Exchange(lab.journal, line, began);
  one.asked(asked, head);
  try {
    const { status, headers, body } = decision.kind === 'block' ? FORBIDDEN : decision;
    const closes = asked.version === 'HTTP/1.0' || valuesOf(head, 'connection').some((value) => /\bclose\b/i.test(value));
    const said = blaming(rule, () => answerHead(status, headers, { bytes: body.length, closes }));
    if (expectsContinue(head, client)) {
      one.interim(CONTINUE, []);
      client.write('HTTP/1.1 100 Continue\r\n\r\n');
    }
    const taken = await takeRequest(client, one);
    if (taken !== 'whole') return gone(lab, parts, one, taken);
    one.requestWhole = true;
    one.touch('response');
    one.answered(parseStatusLine(said.start), said);
    const sent = asked.method === 'HEAD' || hasNoBody(status) ? Buffer.alloc(0) : Buffer.from(body);
    if (sent.length > 0) void one.body('response', sent);
    one.responseWhole = true;
    one.mark('response');
    one.finish('whole', `${decision.kind === 'block' ? 'blocked' : 'answered'}-by-rule: ${rule}`);
    return await sendAnswer(parts, Buffer.concat([said.raw, sent]), closes);
  } catch (cause) {
    one.finish('aborted', whyFailed(cause));
    client.destroy();
    upstream.destroy();
    throw cause;
  }
}

/** The app waits for it before it sends the body; it came together with the head where it does not. */
function expectsContinue(head: Head, client: Socket): boolean {
  const waits = valuesOf(head, 'expect').some((value) => value.toLowerCase() === '100-continue');
  return waits && client.readableLength === head.raw.length && requestFraming(head).kind !== 'none' && head.start.endsWith('HTTP/1.1');
}

function gone(lab: Lab, { client, upstream }: PipelineParts, one: Exchange, why: Exclude<Taken, 'whole'>): Ending {
  upstream.destroy();
  const byLab = lab.journal.closing || why.kind === 'broken';
  if (why.kind === 'broken') {
    one.mark('answer');
    one.finish('aborted', `request-malformed: ${why.why}`);
    answer(client, '400 Bad Request');
  } else {
    one.finish('aborted', lab.journal.closing ? 'the run ended' : 'the app went away');
    client.destroy();
  }
  return { by: byLab ? 'lab' : 'client', code: null, exchanges: 1 };
}

/** `done` when the app may go on, and has taken the answer so far as its connection takes anything. */
async function sendAnswer({ client, upstream }: PipelineParts, bytes: Buffer, closes: boolean): Promise<Ending> {
  if (closes) {
    client.end(bytes);
    client.destroySoon();
    upstream.destroy();
    return { by: 'lab', code: null, exchanges: 1 };
  }
  if (!client.write(bytes)) await drained(client);
  return { by: 'done' };
}

function drained(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      client.off('drain', done).off('close', done);
      resolve();
    };
    client.on('drain', done).on('close', done);
  });
}

type Taken = 'whole' | { readonly kind: 'left' } | { readonly kind: 'broken'; readonly why: string };

/** Reads one request from its head to its end; what stands behind it is put back. */
function takeRequest(client: Socket, one: Exchange): Promise<Taken> {
  return new Promise((resolve) => {
    let taken: Taken | null = null;
    const done = (how: Taken): void => {
      taken ??= how;
      client.off('data', take).off('end', left).off('close', left).pause();
      resolve(taken);
    };
    const reader = new MessageReader({
      begin: () => {},
      head: requestFraming,
      payload: (bytes) => waitFor(one.body('request', bytes)),
      trailers: (fields) => one.trailers('request', fields),
      end: () => done('whole'),
      raw: () => {},
      broken: (why) => done({ kind: 'broken', why }),
    });
    const waitFor = (disk: Promise<void> | null): void => {
      if (disk === null) return;
      client.pause();
      void disk.then(() => {
        if (taken === null) client.resume();
      });
    };
    const take = (chunk: Buffer): void => {
      reader.push(chunk, true);
      // At once: the client's `end` must not come before what stands in front of it.
      if (taken === 'whole' && reader.at < chunk.length) client.unshift(chunk.subarray(reader.at));
    };
    const left = (): void => done({ kind: 'left' });
    client.on('data', take).on('end', left).on('close', left);
    client.read();
    if (taken !== null) return;
    if (client.destroyed || client.readableEnded) return left();
    client.resume();
  });
}
