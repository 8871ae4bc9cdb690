import type { BodyRef, Flow } from '../../harness/model/event.js';
import { blankHttp } from './record.js';
import type { HttpLine, RecordedBody, RecordLine } from './record.js';

/** Reasons of a refused flow that is neither the app's refusal of TLS nor a bad request, by what they say. */
const KINDS: readonly (readonly [RegExp, 'silent' | 'request-cut' | 'upstream-failed'])[] = [
  [/^no-byte/, 'silent'],
  [/^(request|connect|socks)-cut-short/, 'request-cut'],
  [/^(upstream|server-closed)/, 'upstream-failed'],
];

/** Bytes that were to be a request: passed on or answered, and not read. */
const MALFORMED = /^(request-)?malformed/;

/** The lines of a run's events.jsonl: one for each flow of the proxy, two where a WebSocket's end is told as well. */
export function recordIn(jsonl: string): readonly RecordLine[] {
  // What follows the last line end is a line that is still being written.
  return jsonl
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const event: unknown = JSON.parse(line);
      return isFlow(event) ? linesOf(event) : [];
    });
}

function isFlow(event: unknown): event is Flow {
  return (
    typeof event === 'object' &&
    event !== null &&
    'kind' in event &&
    event.kind === 'flow' &&
    'witness' in event &&
    event.witness === 'proxy'
  );
}

type Told = Pick<RecordLine, 'event' | 'host' | 'port' | 'sni' | 'cause'>;

function linesOf(flow: Flow): readonly RecordLine[] {
  const { host, port, sni, reason, state, websocket } = flow;
  const told: Told = { event: `flow ${flow.n}, ${flow.engine}, ${state}`, host, port, sni, cause: reason };
  if (websocket?.kind === 'message') {
    const body = flow.bodies[0];
    const up = body === undefined ? flow.times.requestFirst !== null : body.of === 'request';
    return [{ ...told, kind: 'websocket-message', direction: up ? 'up' : 'down', bytes: body?.bytes ?? 0 }];
  }
  if (state === 'refused') return [refusal(flow, told)];
  const bytes = (of: BodyRef['of']): number => flow.bodies.find((body) => body.of === of)?.bytes ?? 0;
  // The head of a WebSocket whose frames could not be read was read all the same.
  if (state === 'opaque' && flow.request === null && !MALFORMED.test(reason ?? ''))
    return [{ ...told, kind: 'opaque', insideTls: flow.times.handshake !== null, up: bytes('request'), down: bytes('response') }];
  const closes = websocket?.closes.map(({ code }) => ({ ...told, kind: 'websocket-close', code }) as const) ?? [];
  return [http(flow, told), ...closes];
}

function refusal(flow: Flow, told: Told): RecordLine {
  const reason = flow.reason ?? '';
  const handshake = flow.times.handshake === null ? 'broken' : 'done';
  if (/^tls-|^h2-only/.test(reason)) return { ...told, kind: 'refused-by-client', handshake };
  const kind = KINDS.find(([form]) => form.test(reason))?.[1] ?? 'bad-request';
  if (kind === 'silent') return { ...told, kind, handshake: null };
  return { ...blankHttp, ...told, kind, synthetic: isOurs(flow) };
}

const isOurs = ({ synthetic }: Flow): boolean => synthetic.includes('response') || synthetic.includes('answer');

function http(flow: Flow, told: Told): HttpLine {
  const { request, response } = flow;
  const field = (name: string): string | null => request?.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? null;
  const body = (of: BodyRef['of'], whole: boolean): RecordedBody | null => {
    const ref = flow.bodies.find((one) => one.of === of);
    // A message without a body has no reference.
    return ref === undefined ? (whole ? { bytes: 0, sha256: null } : null) : { bytes: ref.bytes, sha256: ref.sha256 };
  };
  return {
    ...blankHttp,
    ...told,
    kind: kindOf(flow),
    hostHeader: field('host') ?? field(':authority'),
    method: request?.method ?? null,
    path: request?.target ?? null,
    requestHeaders: request?.headers.filter(([name]) => !name.startsWith(':')) ?? null,
    requestBody: body('request', request !== null),
    status: response?.status ?? null,
    reason: response?.reason ?? null,
    responseHeaders: response?.headers ?? null,
    responseBody: body('response', response !== null),
    responseTrailers: response?.trailers ?? null,
    interim: response?.interim ?? [],
    synthetic: isOurs(flow),
  };
}

function kindOf(flow: Flow): HttpLine['kind'] {
  const { state, request, response, bodies } = flow;
  if (isOurs(flow)) return MALFORMED.test(flow.reason ?? '') ? 'bad-request' : 'upstream-failed';
  if (state === 'truncated') return response === null ? 'upstream-failed' : 'cut';
  if (state === 'aborted') {
    const half = request === null || bodies.some((body) => body.of === 'request' && body.state === 'aborted');
    return half ? 'request-cut' : 'client-left';
  }
  return state === 'opaque' ? 'bad-request' : 'exchange';
}
