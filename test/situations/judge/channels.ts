import type { Answer, Evidence } from '../evidence.js';
import { createHash } from 'node:crypto';
import { GREETING, GRPC, MESSAGES } from '../payloads.js';
import type { WebSocketMessageLine } from '../record.js';
import type { Clause, Demands } from './clause.js';
import { answered, exchange, httpLines, must, names, plus, requestsOf, values } from './clause.js';
import { ABC, said } from './plain.js';

const first = (evidence: Evidence): Answer | undefined => evidence.client.answers[0];
const chose = ({ client }: Evidence): boolean => client.tls[0]?.alpn === 'h2';

export const http2Only: Demands = (evidence) => [
  must('C', 'h2', chose(evidence)),
  answered(first(evidence), 200),
  plus('O', 'HTTP/2', requestsOf(evidence)[0]?.version === '2'),
  ...exchange(evidence, { method: 'GET', path: '/echo', status: 200, answer: first(evidence) }),
];

export const http2Preferred: Demands = (evidence) => [
  plus('C', 'h2 chosen', chose(evidence)),
  answered(first(evidence), 200),
  ...exchange(evidence, { method: 'GET', path: '/echo', status: 200, answer: first(evidence) }),
];

export const translated: Demands = (evidence) => [
  must('C', 'h2', chose(evidence)),
  answered(first(evidence), 200),
  must('C', 'hash of abc', said(first(evidence))?.sha === ABC),
  plus('O', '1.1', requestsOf(evidence)[0]?.version === '1.1'),
  ...exchange(evidence, { method: 'POST', path: '/echo', status: 200, answer: first(evidence) }),
];

export const grpc: Demands = (evidence) => {
  const answer = first(evidence);
  const request = requestsOf(evidence)[0];
  const line = httpLines(evidence).find(({ path }) => path === '/loan.Api/Apply');
  const fine = (trailers: Answer['trailers']): boolean =>
    values(trailers, 'grpc-status').join() === '0' && values(trailers, 'grpc-message').join() === 'fine';
  return [
    answered(answer, 200),
    must('C', 'equal body', answer?.text === GRPC.toString('latin1')),
    must('C', 'trailers', fine(answer?.trailers ?? [])),
    plus('O', '10 bytes', request?.bytes === GRPC.length),
    plus('O', 'te', values(request?.headers ?? [], 'te').join() === 'trailers'),
    ...exchange(evidence, { method: 'POST', path: '/loan.Api/Apply', status: 200, answer }),
    plus('R', 'trailers', fine(line?.responseTrailers ?? [])),
  ];
};

const SENT = MESSAGES.map((message) => Buffer.from(message));
const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const DEFLATE = 'permessage-deflate';

/** 6 and 7. */
export const webSocket =
  (subprotocol: '' | 'chat.v2'): Demands =>
  (evidence) => {
    const { websocket } = evidence.client;
    const asked = requestsOf(evidence).find(({ path }) => path === '/ws')?.headers ?? [];
    // Row 7 demanded deflate only later.
    const deflate = subprotocol === '' ? plus : must;
    const offers = values(asked, 'sec-websocket-protocol').join(',').replaceAll(' ', '');
    return [
      must('C', 'opened', websocket !== null),
      must('C', `subprotocol ${subprotocol || 'none'}`, websocket?.protocol === subprotocol),
      deflate('C', 'deflate', websocket?.extensions.includes(DEFLATE) === true),
      must(
        'C',
        '3 equal messages',
        JSON.stringify(websocket?.messages) === JSON.stringify(SENT.map((m) => ({ bytes: m.length, sha256: hash(m) }))),
      ),
      must('C', 'closed 4001 done', websocket?.close?.code === 4001 && websocket.close.reason === 'done'),
      plus('C', 'one pong', websocket?.pongs === 1),
      must('O', 'subprotocols offered as sent', offers === (subprotocol === '' ? '' : 'chat.v1,chat.v2')),
      deflate('O', 'deflate offered', values(asked, 'sec-websocket-extensions').join().includes(DEFLATE)),
      plus('O', 'one ping', evidence.origin.entries.filter(({ kind }) => kind === 'ping').length === 1),
      ...recorded(evidence),
    ];
  };

function recorded(evidence: Evidence): readonly Clause[] {
  const lengths = (direction: 'up' | 'down'): string =>
    evidence.record
      .filter(
        (line): line is WebSocketMessageLine => line.kind === 'websocket-message' && line.direction === direction && names(line, evidence),
      )
      .map(({ bytes }) => bytes)
      .join();
  const wanted = SENT.map(({ length }) => length).join();
  return [
    must('R', 'messages up', lengths('up') === wanted),
    must('R', 'messages down', lengths('down') === wanted),
    must(
      'R',
      'close 4001',
      evidence.record.some((line) => line.kind === 'websocket-close' && line.code === 4001 && names(line, evidence)),
    ),
  ];
}

export const webSocketRefused: Demands = (evidence) => {
  const answer = first(evidence);
  const lines = httpLines(evidence).filter(({ path }) => path === '/nows');
  return [
    must('C', '403 in 8 s', answer?.status === 403),
    plus('C', 'X-Why', values(answer?.headers ?? [], 'x-why').join() === 'no'),
    plus('C', 'body', answer?.text === 'denied'),
    must(
      'R',
      '403',
      lines.some((line) => line.status === 403 && names(line, evidence)),
    ),
    plus(
      'R',
      '6 bytes',
      lines.some((line) => line.responseBody?.bytes === 6),
    ),
    plus('R', 'one line', lines.length === 1),
  ];
};

/** 14 to 17: bytes that are no HTTP; `sent` is empty where the server speaks first. */
export const opaque =
  (sent: Buffer, inside: 'tls' | 'clear'): Demands =>
  (evidence) => {
    const back = (sent.length === 0 ? GREETING : sent).toString('hex');
    const { raw } = evidence.client;
    const came = evidence.origin.entries.map((entry) => (entry.kind === 'bytes' ? entry.hex : '')).join('');
    const lines = evidence.record.filter((line) => line.kind === 'opaque' && names(line, evidence));
    const [line] = lines;
    const counted = line?.kind === 'opaque' && line.up === sent.length && line.down === back.length / 2;
    return [
      must('C', 'those bytes in 3 s', raw?.hex.startsWith(back) === true && raw.ms <= 3000),
      plus('C', 'no other byte', raw?.hex === back),
      must('O', 'those bytes', came.startsWith(sent.toString('hex'))),
      plus('O', 'no other byte', came === sent.toString('hex')),
      must('R', 'opaque', lines.length > 0),
      plus('R', `${sent.length} and ${back.length / 2} bytes`, counted),
      plus('R', 'one line', lines.length === 1),
      ...(inside === 'tls' ? [plus('R', 'inside TLS', line?.kind === 'opaque' && line.insideTls !== false)] : []),
    ];
  };
