import { blank, blankHttp } from '../record.js';
import type { HeaderList, HttpLine, RecordedBody, RecordLine } from '../record.js';

type Told = Readonly<Record<string, unknown>>;

/** One event as a contender's child wrote it: common field names, and null or nothing where the event does not tell. */
interface EventLine {
  readonly event: string;
  /** Of the request or tunnel that it is about, the contender's own; null when it stands alone. */
  readonly id: string | null;
  readonly told: Told;
}

const HTTP_KINDS = ['exchange', 'cut', 'client-left', 'upstream-failed', 'request-cut', 'bad-request'] as const;

/**
 * The record in the events of a child: events of one id become one line, in which what was told later replaces what was told before. An id
 * of which no event names a kind has no line: its events say only that something began.
 */
export function recordIn(jsonl: string): readonly RecordLine[] {
  const groups = new Map<string, { readonly event: string; readonly told: Told }>();
  let alone = 0;
  for (const { event, id, told } of eventsIn(jsonl)) {
    const key = id ?? `alone ${alone++}`;
    const had = groups.get(key);
    const named = typeof told['kind'] === 'string' || had === undefined;
    groups.set(key, { event: named ? event : had.event, told: { ...had?.told, ...known(told) } });
  }
  return [...groups.values()].flatMap(({ event, told }) => line(event, { ...placeOf(groups, told), ...told }) ?? []);
}

function* eventsIn(jsonl: string): Generator<EventLine> {
  // What follows the last line end is a line that is still being written.
  for (const row of jsonl.split('\n').slice(0, -1)) {
    const told: unknown = JSON.parse(row);
    if (!isTold(told) || typeof told['event'] !== 'string') throw new Error(`not an event: ${row}`);
    yield { event: told['event'], id: text(told['id']), told };
  }
}

function known(told: Told): Told {
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null));
}

/** A message of a WebSocket names only the id of its handshake (`of`): that says to whom it went. */
function placeOf(groups: ReadonlyMap<string, { readonly told: Told }>, told: Told): Told {
  const { host, port, sni } = groups.get(text(told['of']) ?? '')?.told ?? {};
  return { host, port, sni };
}

function line(event: string, told: Told): RecordLine | null {
  const base = {
    event,
    ...blank,
    host: text(told['host']),
    port: number(told['port']),
    sni: text(told['sni']),
    cause: text(told['cause']),
  };
  const { kind } = told;
  const httpKind = HTTP_KINDS.find((one) => one === kind);
  if (httpKind !== undefined) return { ...http(told), ...base, kind: httpKind };
  if (kind === 'opaque') {
    const insideTls = typeof told['insideTls'] === 'boolean' ? told['insideTls'] : null;
    return { ...base, kind, insideTls, up: number(told['up']) ?? 0, down: number(told['down']) ?? 0 };
  }
  if (kind === 'refused-by-client' || kind === 'silent') {
    const { handshake } = told;
    return { ...base, kind, handshake: handshake === 'done' || handshake === 'broken' ? handshake : null };
  }
  if (kind === 'websocket-message') {
    const direction = told['direction'] === 'up' ? 'up' : 'down';
    return { ...base, kind, direction, bytes: number(told['bytes']) ?? 0 };
  }
  if (kind === 'websocket-close') return { ...base, kind, code: number(told['code']) };
  if (kind === 'error') return { ...base, kind };
  if (kind === undefined || kind === null) return null;
  throw new Error(`${event}: no such kind: ${String(kind)}`);
}

function http(told: Told): Omit<HttpLine, 'kind' | 'event' | keyof typeof blank> {
  return {
    ...blankHttp,
    hostHeader: text(told['hostHeader']),
    method: text(told['method']),
    path: text(told['path']),
    requestHeaders: headers(told['requestHeaders']),
    requestBody: body(told['requestBody']),
    status: number(told['status']),
    reason: text(told['reason']),
    responseHeaders: headers(told['responseHeaders']),
    responseBody: body(told['responseBody']),
    responseTrailers: headers(told['responseTrailers']),
    interim: interim(told['interim']),
    synthetic: told['synthetic'] === true,
  };
}

function isTold(value: unknown): value is Told {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const number = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function headers(value: unknown): HeaderList | null {
  if (!Array.isArray(value)) return null;
  return value.map((pair: unknown) => {
    if (!Array.isArray(pair)) throw new Error(`not a header: ${JSON.stringify(pair)}`);
    return [String(pair[0]), String(pair[1])];
  });
}

function body(value: unknown): RecordedBody | null {
  return isTold(value) ? { bytes: number(value['bytes']) ?? 0, sha256: text(value['sha256']) } : null;
}

function interim(value: unknown): HttpLine['interim'] {
  if (!Array.isArray(value)) return [];
  return value.map((one: unknown) => ({
    status: isTold(one) ? (number(one['status']) ?? 0) : 0,
    headers: (isTold(one) ? headers(one['headers']) : null) ?? [],
  }));
}
