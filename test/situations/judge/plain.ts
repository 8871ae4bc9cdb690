import type { Answer, Evidence, OriginRequest } from '../evidence.js';
import { FIDELITY } from '../origin/fidelity.js';
import { DUP_FIELDS } from '../payloads.js';
import type { Clause, Demands } from './clause.js';
import { answered, bareHost, exchange, httpLines, must, names, pathOf, plus, requestsOf, sameFields, values } from './clause.js';

const first = (evidence: Evidence): Answer | undefined => evidence.client.answers[0];
const request = (evidence: Evidence): OriginRequest | undefined => requestsOf(evidence)[0];

/** What M said of itself, or null. */
export function said(answer: Answer | undefined): { readonly v: unknown; readonly bytes: unknown; readonly sha: unknown } | null {
  if (answer?.text == null || !answer.text.startsWith('{')) return null;
  try {
    const told: unknown = JSON.parse(answer.text);
    return typeof told === 'object' && told !== null && 'v' in told && 'bytes' in told && 'sha' in told ? told : null;
  } catch {
    return null;
  }
}

/** The hash of `abc`, three bytes. */
export const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const hashed = (answer: Answer | undefined): Clause => must('C', 'hash of abc', said(answer)?.bytes === 3 && said(answer)?.sha === ABC);

const getEcho = (evidence: Evidence): readonly Clause[] => [
  answered(first(evidence), 200),
  ...exchange(evidence, { method: 'GET', path: '/echo', status: 200, answer: first(evidence) }),
];

const handshake = ({ client }: Evidence): Clause => must('C', 'TLS verifies', client.tls[0]?.done === true);

export const baseline: Demands = (evidence) => [
  answered(first(evidence), 200),
  must('C', 'v 1.1', said(first(evidence))?.v === '1.1'),
  hashed(first(evidence)),
  plus('O', 'one request', requestsOf(evidence).length === 1),
  ...exchange(evidence, { method: 'POST', path: '/echo', status: 200, answer: first(evidence) }),
];

/** 18 and 20. */
export const address: Demands = (evidence) => [handshake(evidence), ...getEcho(evidence)];

/** The target and the name in Host, in one line. */
const bothNames = (evidence: Evidence, host: string): Clause =>
  plus(
    'R',
    'both names',
    httpLines(evidence).some((line) => names(line, evidence) && bareHost(line.hostHeader) === host),
  );

export const addressWithName: Demands = (evidence) => [
  handshake(evidence),
  ...getEcho(evidence),
  plus('O', 'that SNI', request(evidence)?.sni === 'sni.bench.test'),
  bothNames(evidence, 'sni.bench.test'),
];

/** 21 and 22. */
export const oddName: Demands = (evidence) => [
  handshake(evidence),
  ...getEcho(evidence),
  plus('O', 'that SNI', request(evidence)?.sni === evidence.host),
];

export const otherHost: Demands = (evidence) => [
  ...getEcho(evidence),
  must('O', 'that Host', values(request(evidence)?.headers ?? [], 'host').join() === 'hidden.example.org'),
  must('O', 'that SNI', request(evidence)?.sni === 'front.bench.test'),
  bothNames(evidence, 'hidden.example.org'),
];

export const trailer: Demands = (evidence) => {
  const answer = first(evidence);
  const lines = httpLines(evidence).filter(({ path }) => path === '/chunked');
  return [
    answered(answer, 200),
    must('C', 'body', answer?.text === 'one,two,three'),
    must('C', 'trailer', values(answer?.trailers ?? [], 'x-end').join() === 'yes'),
    ...exchange(evidence, { method: 'GET', path: '/chunked', status: 200, answer }),
    must('R', '13 bytes', lines[0]?.responseBody?.bytes === 13),
    plus('R', 'trailer', values(lines[0]?.responseTrailers ?? [], 'x-end').join() === 'yes'),
  ];
};

/** 30, 31 and 32. */
export const coded =
  (coding: string, bytes: number | null): Demands =>
  (evidence) => {
    const answer = first(evidence);
    const headers = answer?.headers ?? [];
    return [
      answered(answer, 200),
      must('C', 'Content-Encoding', values(headers, 'content-encoding').join() === coding),
      must('C', 'Content-Length', values(headers, 'content-length').join() === String(answer?.bytes)),
      must('C', 'not chunked', values(headers, 'transfer-encoding').length === 0 && answer?.framing === 'length'),
      must(
        'C',
        'encoded bytes',
        answer !== undefined && answer.bytes > 0 && (bytes === null ? answer.bytes < 10_800 : answer.bytes === bytes),
      ),
      must('O', 'Accept-Encoding as sent', values(request(evidence)?.headers ?? [], 'accept-encoding').join() === coding),
      ...exchange(evidence, { method: 'GET', path: '/encoded', status: 200, answer }),
    ];
  };

export const withoutBody: Demands = (evidence) => {
  const wanted = [
    ['HEAD', '/echo', 200],
    ['GET', '/204', 204],
    ['GET', '/304', 304],
  ] as const;
  return wanted.flatMap(([method, path, status], at): readonly Clause[] => {
    const answer = evidence.client.answers[at];
    return [
      answered(answer, status),
      must(
        'C',
        `no Transfer-Encoding at ${path}`,
        values(answer?.headers ?? [['transfer-encoding', '?']], 'transfer-encoding').length === 0,
      ),
      plus('C', `no byte behind ${path}`, answer?.late === 0),
      ...(status === 304 ? [must('C', 'ETag', values(answer?.headers ?? [], 'etag').join() === '"v1"')] : []),
      ...exchange(evidence, { method, path, status, answer }),
    ];
  });
};

export const hints: Demands = (evidence) => {
  const answer = first(evidence);
  const early = answer?.interim.find(({ status }) => status === 103);
  const line = httpLines(evidence).find(({ path }) => path === '/hints');
  return [
    must('C', 'the 103', early !== undefined),
    answered(answer, 200),
    must('C', 'body ok', answer?.text === 'ok'),
    plus('C', 'Link', values(early?.headers ?? [], 'link').join() === '</a.css>; rel=preload'),
    ...exchange(evidence, { method: 'GET', path: '/hints', status: 200, answer }),
    plus('R', 'the 103', line?.interim.some(({ status }) => status === 103) === true),
  ];
};

export const fidelity: Demands = (evidence) =>
  (['/reason', '/dup'] as const).flatMap((path, at): readonly Clause[] => {
    const answer = evidence.client.answers[at];
    const status = path === '/reason' ? 299 : 200;
    const sent = [['Host', `${evidence.host}:${evidence.port}`], ...(path === '/dup' ? DUP_FIELDS : [])] as const;
    const { reason, headers } = FIDELITY[path];
    const got = requestsOf(evidence).find((one) => one.path === path);
    const line = httpLines(evidence).find((one) => pathOf(one.path) === path);
    return [
      answered(answer, status),
      must('C', `reason of ${path}`, answer?.reason === reason),
      must('C', `fields of ${path} as sent`, sameFields(answer?.headers ?? [], headers)),
      must('O', `fields of ${path} as sent`, sameFields(got?.headers ?? [], sent)),
      ...exchange(evidence, { method: 'GET', path, status, answer }),
      plus('R', `reason of ${path}`, line?.reason === reason),
      plus('R', `fields of the request to ${path}`, sameFields(line?.requestHeaders ?? [], sent)),
      plus('R', `fields of the answer to ${path}`, sameFields(line?.responseHeaders ?? [], headers)),
    ];
  });

export const http10: Demands = (evidence) => {
  const answer = first(evidence);
  return [
    must('C', '200', answer?.status === 200),
    plus(
      'C',
      'not chunked',
      answer !== undefined && answer.framing !== 'chunked' && values(answer.headers, 'transfer-encoding').length === 0,
    ),
    plus('C', 'ended in 4 s', answer?.ended === 'whole'),
    ...exchange(evidence, { method: 'GET', path: '/echo', status: 200, answer }),
  ];
};

export const expectContinue: Demands = (evidence) => {
  const answer = first(evidence);
  const hundreds = answer?.interim.filter(({ status }) => status === 100) ?? [];
  return [
    must('C', '100 in 1.5 s', hundreds[0] !== undefined && hundreds[0].ms <= 1500),
    plus('C', 'only one 100', hundreds.length <= 1),
    answered(answer, 200),
    hashed(answer),
    plus('O', 'Expect', values(request(evidence)?.headers ?? [], 'expect').join() === '100-continue'),
    ...exchange(evidence, { method: 'POST', path: '/echo', status: 200, answer }),
    must(
      'R',
      '3 bytes up',
      httpLines(evidence).some((line) => line.requestBody?.bytes === 3),
    ),
  ];
};

export const plainToProxy: Demands = (evidence) => [
  ...getEcho(evidence),
  plus('O', 'path /echo', request(evidence)?.path === '/echo'),
  plus('O', 'same Host', values(request(evidence)?.headers ?? [], 'host').join() === `${evidence.host}:${evidence.port}`),
];

export const plainInTunnel: Demands = getEcho;

export const idle: Demands = (evidence) => {
  const [one, two] = evidence.client.answers;
  const lines = httpLines(evidence).filter((line) => line.kind === 'exchange' && pathOf(line.path) === '/echo');
  return [
    answered(one, 200),
    must('C', 'still open, 200 again', two?.status === 200 && two.ended === 'whole'),
    must('R', 'two exchanges', lines.length === 2 && lines.every((line) => names(line, evidence) && line.status === 200)),
    must(
      'R',
      'bytes of both',
      lines.every((line) => line.responseBody?.bytes === one?.bytes),
    ),
    plus(
      'R',
      'hash of both',
      lines.every((line) => line.responseBody?.sha256 === one?.sha256),
    ),
  ];
};
