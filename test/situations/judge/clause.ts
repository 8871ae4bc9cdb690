import type { Answer, Evidence, OriginRequest } from '../evidence.js';
import type { HeaderList, HttpLine, RecordLine } from '../record.js';

/** C: at the client, O: at the origin, R: in the record, P: the contender's process and folder. */
export type Side = 'C' | 'O' | 'R' | 'P';

/** One thing that a row demands. `plus`: added or sharpened when the reference was written. */
export interface Clause {
  readonly side: Side;
  readonly plus: boolean;
  readonly text: string;
  readonly holds: boolean;
}

/** What one row demands of what was seen. */
export type Demands = (evidence: Evidence) => readonly Clause[];

export const must = (side: Side, text: string, holds: boolean): Clause => ({ side, plus: false, text, holds });
export const plus = (side: Side, text: string, holds: boolean): Clause => ({ side, plus: true, text, holds });

/** Requests of the origin's log. */
export const requestsOf = ({ origin }: Evidence): readonly OriginRequest[] => origin.entries.filter((entry) => entry.kind === 'request');

/** Lines of the record that are about an HTTP request. */
export const httpLines = ({ record }: Evidence): readonly HttpLine[] => record.filter(isHttp);

const isHttp = (line: RecordLine): line is HttpLine => 'requestHeaders' in line;

/** Whether a line names the target as the client gave it. */
export const names = (line: Pick<RecordLine, 'host' | 'port'>, { host, port }: Pick<Evidence, 'host' | 'port'>): boolean =>
  line.host?.toLowerCase() === host.toLowerCase() && line.port === port;

/** Whether two lists have the same fields in the same order and case; Connection may differ. */
export function sameFields(a: HeaderList, b: HeaderList): boolean {
  const told = (list: HeaderList): string =>
    JSON.stringify(list.filter(([name]) => !['connection', 'proxy-connection', 'keep-alive'].includes(name.toLowerCase())));
  return told(a) === told(b);
}

/** Every value of that name. */
export const values = (headers: HeaderList, name: string): readonly string[] =>
  headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);

/** The name in a Host header, without its port. */
export const bareHost = (header: string | null): string | null => header?.replace(/:\d+$/, '').toLowerCase() ?? null;

/** C: a whole answer with that status, in time. */
export const answered = (answer: Answer | undefined, status: number): Clause =>
  must('C', `${status}, whole, in time`, answer?.status === status && answer.ended === 'whole');

interface Want {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly answer: Answer | undefined;
}

/**
 * R: exactly one line for the request: host:port, method, path, status, bytes and SHA-256 of both bodies, as at the ends.
 * The hashes are + clauses everywhere, as is that no second line tells of the same request.
 */
export function exchange(evidence: Evidence, want: Want): readonly Clause[] {
  const lines = httpLines(evidence).filter(
    ({ kind, method, path }) => kind === 'exchange' && method === want.method && pathOf(path) === want.path,
  );
  const line = lines[0];
  const sent = requestsOf(evidence).find(({ method, path }) => method === want.method && path === want.path);
  const request = line?.requestBody ?? null;
  const response = line?.responseBody ?? null;
  const what = `${want.method} ${want.path}`;
  return [
    must('R', `one line for ${what}`, lines.length === 1),
    must('R', `${what} names host and port`, line !== undefined && names(line, evidence)),
    must('R', `${what} has its status`, line?.status === want.status && !line.synthetic),
    must('R', `${what} has the bytes of the request`, (request?.bytes ?? 0) === (sent?.bytes ?? 0)),
    must('R', `${what} has the bytes of the answer`, (response?.bytes ?? 0) === (want.answer?.bytes ?? -1)),
    plus('R', `${what} has the hash of the request`, sent?.bytes === 0 || (request !== null && request.sha256 === sent?.sha256)),
    plus(
      'R',
      `${what} has the hash of the answer`,
      want.answer?.bytes === 0 || (response !== null && response.sha256 === want.answer?.sha256),
    ),
    plus('R', `no second line for ${what}`, httpLines(evidence).length <= countOf(evidence)),
  ];
}

/** HTTP lines there may be: as many as requests that the client made. */
const countOf = ({ client }: Evidence): number => client.answers.length + (client.websocket === null ? 0 : 1);

/** The path of an origin-form or absolute target. */
export const pathOf = (target: string | null): string | null => target?.replace(/^https?:\/\/[^/]*/i, '') ?? null;
