import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Answer, ClientResult, Evidence, OriginRequest } from './evidence.js';
import { sawNothing } from './evidence.js';
import { judge, mark } from './judge.js';
import { blank, blankHttp } from './record.js';
import type { HttpLine, RecordLine } from './record.js';
import { clauseText } from './table.js';

const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
const BODY = JSON.stringify({ v: '1.1', bytes: 3, sha: sha('abc') });
const PORT = 4433;

const answer = (change: Partial<Answer> = {}): Answer => ({
  version: '1.1',
  status: 200,
  reason: 'OK',
  headers: [],
  trailers: [],
  interim: [],
  framing: 'chunked',
  bytes: BODY.length,
  sha256: sha(BODY),
  text: BODY,
  ended: 'whole',
  ms: 5,
  late: 0,
  ...change,
});
const request: OriginRequest = {
  kind: 'request',
  version: '1.1',
  method: 'POST',
  path: '/echo',
  headers: [],
  sni: 'a.bench.test',
  bytes: 3,
  sha256: sha('abc'),
};
const line = (change: Partial<HttpLine> = {}): HttpLine => ({
  ...blankHttp,
  event: 'test',
  kind: 'exchange',
  host: 'a.bench.test',
  port: PORT,
  method: 'POST',
  path: '/echo',
  requestBody: { bytes: 3, sha256: sha('abc') },
  status: 200,
  responseBody: { bytes: BODY.length, sha256: sha(BODY) },
  ...change,
});
const client = (change: Partial<ClientResult> = {}): ClientResult => ({
  ...sawNothing,
  tunnels: [{ status: 200, ended: 'whole', ms: 1 }],
  tls: [{ done: true, alpn: null, error: null, ended: 'whole' }],
  answers: [answer()],
  ...change,
});
const evidence = (change: Partial<Evidence> = {}): Evidence => ({
  host: 'a.bench.test',
  port: PORT,
  client: client(),
  origin: { entries: [request], open: 0 },
  record: [line()],
  vitals: { alive: true, descriptors: { before: 20, after: 20 }, rssBytes: { before: 50, after: 60 } },
  files: [],
  control: answer(),
  ...change,
});
const broken = (n: number, seen: Evidence): readonly string[] => judge(n, seen).map(clauseText);

describe('the judge of the baseline', () => {
  it('finds nothing where all is right', () => {
    expect(broken(1, evidence())).toEqual([]);
    expect(mark([])).toBe('P');
  });
  it.each<readonly [string, Partial<Evidence>, readonly string[], 'F' | 'F+']>([
    ['an answer of another status', { client: client({ answers: [answer({ status: 502 })] }) }, ['C 200, whole, in time'], 'F'],
    ['an answer that was cut', { client: client({ answers: [answer({ ended: 'closed' })] }) }, ['C 200, whole, in time'], 'F'],
    ['a request sent twice', { origin: { entries: [request, request], open: 0 } }, ['+O one request'], 'F+'],
    ['two lines for one request', { record: [line(), line()] }, ['R one line for POST /echo', '+R no second line for POST /echo'], 'F'],
    [
      'another line beside the right one',
      { record: [line(), line({ kind: 'upstream-failed' })] },
      ['+R no second line for POST /echo'],
      'F+',
    ],
    ['a line without the host', { record: [line({ host: null })] }, ['R POST /echo names host and port'], 'F'],
    ['a line with another port', { record: [line({ port: 443 })] }, ['R POST /echo names host and port'], 'F'],
    ['a status that nobody sent', { record: [line({ status: 201 })] }, ['R POST /echo has its status'], 'F'],
    [
      'a recorded body that is not what was sent',
      { record: [line({ requestBody: { bytes: 3, sha256: sha('abd') } })] },
      ['+R POST /echo has the hash of the request'],
      'F+',
    ],
    [
      'a longer recorded answer',
      { record: [line({ responseBody: { bytes: BODY.length + 1, sha256: sha(`${BODY}x`) } })] },
      ['R POST /echo has the bytes of the answer', '+R POST /echo has the hash of the answer'],
      'F',
    ],
    ['a crash', { vitals: { ...evidence().vitals, alive: false } }, ['P process alive, no uncaught exception'], 'F'],
    ['a contender that serves nobody afterwards', { control: null }, ['P GET /control 200 in 6 s'], 'F'],
    ['a late control answer', { control: answer({ ms: 6001 }) }, ['P GET /control 200 in 6 s'], 'F'],
  ])('sees %s', (_, change, clauses, expected) => {
    const seen = judge(1, evidence(change));
    expect(seen.map(clauseText)).toEqual(clauses);
    expect(mark(seen)).toBe(expected);
  });
});

describe('the judge of failing upstreams', () => {
  const failed = (change: Partial<HttpLine> = {}): HttpLine =>
    line({ kind: 'upstream-failed', cause: 'CERT_HAS_EXPIRED', status: null, ...change });
  const seen = (change: Partial<Evidence> = {}): Evidence =>
    evidence({
      client: client({ answers: [answer({ status: 502 })] }),
      origin: { entries: [], open: 0 },
      record: [failed()],
      ...change,
    });
  it('takes an error status, a close, and a CONNECT that fails', () => {
    const closed = client({ answers: [], tls: [{ done: false, alpn: null, error: 'ECONNRESET', ended: 'reset' }] });
    const refused = client({ answers: [], tls: [], tunnels: [{ status: 502, ended: 'whole', ms: 1 }] });
    for (const one of [seen(), seen({ client: closed }), seen({ client: refused })]) expect(broken(24, one)).toEqual([]);
  });
  it('sees a client that hangs', () => {
    const hangs = client({ answers: [answer({ status: null, ended: 'limit' })] });
    expect(broken(26, seen({ client: hangs }))).toEqual(['C in 8 s an error status or a close']);
  });
  it('sees a request that reached an origin nobody may trust', () => {
    const entries = [{ kind: 'bytes', hex: Buffer.from('GET / HTTP/1.1').toString('hex'), insideTls: true }] as const;
    expect(broken(23, seen({ origin: { entries, open: 0 } }))).toEqual(['+O no byte of a request']);
  });
  it("sees the contender's own page recorded as if the origin had sent it", () => {
    const invented = line({ status: 502, path: '/' });
    expect(broken(24, seen({ record: [failed(), invented] }))).toEqual(["+R the contender's own answer is marked as its own"]);
    expect(broken(24, seen({ record: [failed({ status: 502, synthetic: true })] }))).toEqual([]);
  });
  it('sees a line without a cause', () => {
    expect(broken(27, seen({ record: [failed({ cause: null })] }))).toEqual(['+R one line with host and cause']);
  });
});

describe('the judge of refusals', () => {
  const refusal = { ...blank, event: 'test', kind: 'refused-by-client', handshake: 'broken', cause: 'unknown_ca' } as const;
  const seen = (record: readonly RecordLine[]): Evidence =>
    evidence({
      host: 'pin.bench.test',
      client: client({ answers: [], refused: 'alert unknown_ca' }),
      origin: { entries: [], open: 0 },
      record,
    });
  it('takes the host from CONNECT or from SNI, but from one of them', () => {
    expect(broken(9, seen([{ ...refusal, sni: 'pin.bench.test' }]))).toEqual([]);
    expect(broken(9, seen([{ ...refusal, host: 'pin.bench.test', port: PORT }]))).toEqual([]);
    expect(broken(9, seen([refusal]))).toEqual(['R refused by client, host named', 'R cause']);
  });
  it('tells a handshake that was done from one that was not', () => {
    const host = { host: 'pin.bench.test' };
    expect(broken(10, seen([{ ...refusal, ...host }]))).toEqual(['R handshake done, nothing sent']);
    expect(broken(11, seen([{ ...refusal, ...host, handshake: 'done' }]))).toEqual(['R handshake broken off']);
  });
  it('demands all hundred resets and each request that arrived', () => {
    const hang = { ...request, method: 'GET', path: '/hang' };
    const gone = { kind: 'gone', path: '/hang', written: 0 } as const;
    const resets = Array.from({ length: 99 }, () => ({ ...refusal, sni: 'pin3.bench.test' }));
    const storm = evidence({
      origin: { entries: [hang, hang, gone, gone], open: 0 },
      record: [...resets, line({ method: 'GET', path: '/hang' })],
    });
    expect(broken(47, storm)).toEqual(['+R 100 lines of resets', '+R one line for each /hang that arrived']);
  });
  it('counts descriptors and memory that do not come back', () => {
    const grown = { alive: true, descriptors: { before: 20, after: 31 }, rssBytes: { before: 0, after: (64 << 20) + 1 } };
    expect(broken(47, evidence({ vitals: grown }))).toEqual(
      expect.arrayContaining(['P descriptors +10 at most', 'P memory +64 MiB at most']),
    );
  });
});

it('sees a cut answer that was made to look whole', () => {
  const cut = line({ method: 'GET', path: '/abort-chunked', kind: 'cut', responseBody: { bytes: 5000, sha256: null } });
  const came = answer({ text: 'a'.repeat(5000), bytes: 5000, ended: 'closed' });
  const seen = (one: Answer): readonly string[] => broken(41, evidence({ client: client({ answers: [one] }), record: [cut] }));
  expect(seen(came)).toEqual([]);
  expect(seen({ ...came, ended: 'whole' })).toEqual(['C no last chunk', 'C a close in 4 s']);
  expect(seen({ ...came, text: `${came.text}Error: aborted` })).toEqual(['C only a']);
});
