import type { Answer, Evidence } from '../evidence.js';
import { CLEAR } from '../payloads.js';
import type { RefusalLine } from '../record.js';
import type { Clause, Demands } from './clause.js';
import { httpLines, must, names, pathOf, plus, requestsOf, values } from './clause.js';

const first = (evidence: Evidence): Answer | undefined => evidence.client.answers[0];
const refusals = ({ record }: Evidence): readonly RefusalLine[] =>
  record.filter((line): line is RefusalLine => line.kind === 'refused-by-client');

/** Whether a refusal names the host: the client gave it twice, in CONNECT and as SNI, and either will do. */
const namesHost = ({ host, sni }: RefusalLine, wanted: string): boolean => (host ?? sni) === wanted || sni === wanted;

/** R: exactly one refusal that names the host, and of which `tells` is true. */
function oneRefusal(evidence: Evidence, text: string, tells: (line: RefusalLine) => boolean): readonly Clause[] {
  const lines = refusals(evidence);
  const named = lines.filter((line) => namesHost(line, evidence.host));
  return [
    must('R', 'refused by client, host named', named.length > 0),
    must('R', text, named.some(tells)),
    must('R', 'one line', lines.length <= 1),
  ];
}

export const pinnedAlert: Demands = (evidence) => [
  must('C', 'client refuses', evidence.client.refused !== null),
  ...oneRefusal(evidence, 'cause', ({ cause }) => cause !== null && cause !== ''),
  plus('R', 'no exchange', httpLines(evidence).length === 0),
];

export const pinnedClose: Demands = (evidence) => [
  must('C', 'handshake done', evidence.client.refused !== null),
  must('O', 'no request', requestsOf(evidence).length === 0),
  ...oneRefusal(evidence, 'handshake done, nothing sent', ({ handshake }) => handshake === 'done'),
];

export const pinnedReset: Demands = (evidence) => [
  must('C', 'an answer to the ClientHello', evidence.client.refused !== null),
  ...oneRefusal(evidence, 'handshake broken off', ({ handshake }) => handshake !== 'done'),
];

export const silence: Demands = (evidence) => {
  const { raw, tunnels } = evidence.client;
  return [
    must('C', 'open', tunnels[0]?.status === 200 && raw?.ended === 'limit'),
    must('C', '0 bytes', raw?.hex === ''),
    plus(
      'R',
      'closed without data',
      evidence.record.filter(
        (line) => names(line, evidence) && (line.kind === 'silent' || (line.kind === 'opaque' && line.up === 0 && line.down === 0)),
      ).length === 1,
    ),
  ];
};

export const halfHead: Demands = (evidence) => {
  const answer = first(evidence);
  return [
    must('C', 'open', answer?.ended === 'limit'),
    must('C', '0 bytes', answer?.status === null),
    plus('O', 'no request', requestsOf(evidence).length === 0),
    plus('R', 'request cut short', evidence.record.filter((line) => line.kind === 'request-cut' && names(line, evidence)).length === 1),
  ];
};

/** What a client saw of a failing upstream. */
function outcome({ client }: Evidence): 'error status' | 'close' | '2xx' | 'hang' {
  const [tunnel] = client.tunnels;
  const [tls] = client.tls;
  const [answer] = client.answers;
  const status = answer?.status ?? (tunnel?.status === 200 ? null : tunnel?.status) ?? null;
  if (status !== null) return status >= 400 ? 'error status' : status >= 200 && status < 300 ? '2xx' : 'close';
  const ended = answer?.ended ?? (tls?.done === false ? tls.ended : tunnel?.ended);
  return ended === 'closed' || ended === 'reset' ? 'close' : 'hang';
}

/** Whether the origin got bytes of a request: inside TLS any, in clear what begins like HTTP. */
const gotRequest = ({ origin }: Evidence): boolean =>
  origin.entries.some(
    (entry) =>
      entry.kind === 'request' ||
      (entry.kind === 'bytes' && (entry.insideTls || /^[A-Z]+ /.test(Buffer.from(entry.hex, 'hex').toString('latin1')))),
  );

/** 23 to 28. `clear`: bytes of the server that are passed on as opaque are right as well. */
export const upstreamFails =
  (clear: 'clear' | 'tls'): Demands =>
  (evidence) => {
    const seen = outcome(evidence);
    const lines = evidence.record.filter(
      (line) => line.kind === 'upstream-failed' || (clear === 'clear' && line.kind === 'opaque' && line.down === CLEAR.length),
    );
    const told = lines.filter((line) => names(line, evidence) && (line.kind === 'opaque' || (line.cause !== null && line.cause !== '')));
    const invented = httpLines(evidence).filter((line) => line.status !== null && !line.synthetic);
    return [
      must('C', 'in 8 s an error status or a close', seen === 'error status' || seen === 'close'),
      plus('C', 'no 2xx', seen !== '2xx'),
      plus('O', 'no byte of a request', !gotRequest(evidence)),
      plus('R', 'one line with host and cause', told.length === 1 && lines.length === 1),
      plus('R', "the contender's own answer is marked as its own", invented.length === 0),
    ];
  };

export const malformed: Demands = (evidence) => {
  const answer = first(evidence);
  const { ended, status } = answer ?? { ended: 'limit', status: null };
  return [
    must('C', 'not 2xx or a close, in 3 s', status === null ? ended === 'closed' || ended === 'reset' : status >= 300),
    plus('O', 'no repaired request', requestsOf(evidence).length === 0),
    must(
      'R',
      'the error',
      httpLines(evidence).some((line) => names(line, evidence) && (line.kind === 'bad-request' || line.status === 400)),
    ),
  ];
};

/** 40 and 41. */
export const cut =
  (path: string, bytes: number): Demands =>
  (evidence) => {
    const answer = first(evidence);
    const lines = httpLines(evidence).filter((line) => pathOf(line.path) === path);
    const closed = answer?.ended === 'closed' || answer?.ended === 'reset';
    const length = path === '/abort-mid';
    return [
      must('C', '200', answer?.status === 200),
      ...(length ? [must('C', 'that length', values(answer?.headers ?? [], 'content-length').join() === '100000')] : []),
      must('C', 'only a', /^a*$/.test(answer?.text ?? '?')),
      must('C', length ? 'at most 50000' : 'no last chunk', length ? (answer?.bytes ?? Infinity) <= bytes : answer?.ended !== 'whole'),
      must('C', 'a close in 4 s', closed && answer.ms <= 4000),
      must(
        'R',
        'marked cut',
        lines.some((line) => line.kind === 'cut' && names(line, evidence)),
      ),
      plus(
        'R',
        `${bytes} bytes`,
        lines.some((line) => line.responseBody?.bytes === bytes),
      ),
      plus('R', 'one line', lines.length === 1),
    ];
  };

const MIB = 1 << 20;

export const clientLeaves: Demands = (evidence) => {
  const { left } = evidence.client;
  const gone = evidence.origin.entries.find((entry) => entry.kind === 'gone');
  return [
    plus('C', '1 MiB within 3 s', left !== null && left.bytes >= MIB && left.ms <= 3000),
    must('O', 'stopped 2.5 s later', gone !== undefined && left !== null && (gone.kind !== 'gone' || gone.written < 500 * MIB)),
    plus('O', 'under 64 MiB', gone?.kind === 'gone' && gone.written < 64 * MIB),
    plus(
      'R',
      'client left',
      httpLines(evidence).filter((line) => line.kind === 'client-left' && names(line, evidence) && pathOf(line.path) === '/endless')
        .length === 1,
    ),
  ];
};

export const traversal: Demands = (evidence) => {
  const [tunnel] = evidence.client.tunnels;
  const status = tunnel?.status ?? null;
  return [
    must('P', 'no file named MARK*', !evidence.files.some((name) => name.startsWith('MARK'))),
    plus('C', '4xx or close', status === null ? tunnel?.ended !== 'limit' : status >= 400 && status < 500),
    plus(
      'R',
      'the attempt',
      evidence.record.some(({ host }) => host?.startsWith(evidence.host) === true),
    ),
  ];
};

/** How far a number grew; null where the system does not tell. */
const grew = ({ before, after }: { readonly before: number | null; readonly after: number | null }): number =>
  before === null || after === null ? 0 : after - before;

const PIN = 'pin3.bench.test';

export const storm: Demands = (evidence) => {
  const { vitals, origin } = evidence;
  const arrived = requestsOf(evidence).filter(({ path }) => path === '/hang').length;
  const hung = httpLines(evidence).filter((line) => pathOf(line.path) === '/hang' && names(line, evidence)).length;
  const reset = refusals(evidence).filter((line) => namesHost(line, PIN)).length;
  const gone = origin.entries.filter((entry) => entry.kind === 'gone').length;
  return [
    must('P', 'descriptors +10 at most', grew(vitals.descriptors) <= 10),
    must('P', 'memory +64 MiB at most', grew(vitals.rssBytes) <= 64 * MIB),
    must('C', 'GET /echo 200', first(evidence)?.status === 200),
    // One may be kept for the next request to the host that was asked last.
    plus('O', 'no connection left', origin.open <= 1 && gone >= arrived),
    plus('R', '100 lines of resets', reset === 100),
    plus('R', 'one line for each /hang that arrived', hung >= arrived && hung <= 100),
  ];
};

/** Every row: the process lives, and serves the next client. */
export const always: Demands = ({ vitals, control }) => [
  must('P', 'process alive, no uncaught exception', vitals.alive),
  must('P', 'GET /control 200 in 6 s', control?.status === 200 && control.ended === 'whole' && control.ms <= 6000),
];
