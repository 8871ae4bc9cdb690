import type { Flow } from '../model/event.js';
import type { Fields, HttpRequestHead, HttpResponseHead } from '../model/flow-parts.js';
import { fault, faultWith, quoted } from './fault.js';
import { pairsOf, requestBytes, responseBytes, wireText } from './har-body.js';
import { messagesOf, type HarMessage } from './har-messages.js';
import { timeOf } from './har-time.js';
import { targetOf, type HarTarget } from './har-url.js';
import { checkedMoment, countOr, idOr, isObject, slackOr, textOr, type Row } from './members.js';
import type { Dated } from './observations.js';

/** Why an entry is no exchange: it stayed on the machine (`data:`, `blob:` …), or is of another protocol. */
export type NoExchange = 'no-network' | 'not-http';

/** An exchange as a HAR has it. */
export interface HarEntry extends Dated {
  /** Name of the process that sent it; null: not told. */
  readonly app: string | null;
  readonly pid: number | null;
  readonly target: HarTarget;
  readonly request: HttpRequestHead;
  readonly requestBody: Buffer;
  /** The request had a body, and the HAR does not hold it, or not as it was sent. */
  readonly isBodyLost: boolean;
  readonly response: HttpResponseHead | null;
  readonly responseBody: Buffer;
  readonly peer: Flow['peer'];
  readonly state: Flow['state'];
  readonly reason: string | null;
  /** ms after `t`: the last byte of the request at the latest, the first and the last of the response. */
  readonly after: { readonly asked: number; readonly answered: number; readonly done: number };
  /** Null: no WebSocket. */
  readonly messages: readonly HarMessage[] | null;
}

/**
 * Reads entry `number`; a text says why it is none that can be read. `zoneMinutes`: east of Greenwich, for times without a
 * zone. @throws LabError IMPORT_SYNTAX
 */
export function harEntryOf(row: Row, number: number, zoneMinutes: number | null): HarEntry | NoExchange {
  const asked = row.json['request'];
  if (!isObject(asked)) throw fault(row.place, { zh: '缺少 request', en: 'request is missing' });
  const request: Row = { json: asked, place: row.place };
  const t = startOf(row, zoneMinutes);
  const method = textOr(request, 'method') ?? '';
  const listed = pairsOf(asked['headers']);
  const target = whereTo(request, method, listed);
  if (typeof target === 'string') return target;
  const headers = withCookies(listed, pairsOf(asked['cookies']));
  const requestBody = requestBytes(request, ownBase64(row));
  return {
    given: idOr(row, '_id'),
    counted: `f${number}`,
    place: row.place,
    line: number,
    t,
    slackMs: slackOr(row, '_slackMs'),
    app: textOr(row, '_app') || null,
    pid: countOr(row, '_pid'),
    target,
    request: {
      method,
      target: target.target,
      url: target.url,
      version: textOr(request, 'httpVersion') ?? '',
      headers,
      trailers: [],
      raw: null,
    },
    requestBody,
    isBodyLost: requestBody.length === 0 ? tellsOfBody(asked, headers) : isLossyText(asked['postData']),
    ...answerOf(row, method),
    peer: peerOf(row, target.port),
    after: timingsOf(row),
    messages: messagesOf(row, t),
  };
}

function startOf(row: Row, zoneMinutes: number | null): number {
  const text = textOr(row, 'startedDateTime');
  if (text === null) throw fault(row.place, { zh: '缺少 startedDateTime', en: 'startedDateTime is missing' });
  const time = timeOf(text, zoneMinutes);
  if (time.kind === 'moment') return checkedMoment(time.ms, 'startedDateTime', row.place);
  const name = `startedDateTime（${quoted(text)}）`;
  if (time.kind === 'no-zone')
    throw faultWith(
      row.place,
      { zh: `${name}没有时区`, en: `startedDateTime "${quoted(text)}" has no time zone` },
      { zh: '用 --zone 说明时区，例如 --zone +08:00', en: 'tell the zone with --zone, such as --zone +08:00' },
    );
  throw fault(row.place, { zh: `${name}不是时间`, en: `startedDateTime "${quoted(text)}" is no time` });
}

const STAYS_HERE =
  /^(data|blob|about|file|filesystem|javascript|content|chrome|chrome-extension|devtools|edge|moz-extension|resource|safari-web-extension):/i;

/** A tunnel is asked for by host and port alone. */
function whereTo(request: Row, method: string, listed: Fields): HarTarget | NoExchange {
  const url = textOr(request, 'url');
  if (url === null || url === '') throw fault(request.place, { zh: '缺少 request.url', en: 'request.url is missing' });
  const path = listed.find(([name]) => name === ':path')?.[1] ?? null;
  const full = method.toUpperCase() === 'CONNECT' && !url.includes('://') ? `https://${url}` : url;
  const target = targetOf(wireText(full), pairsOf(request.json['queryString']), path?.startsWith('/') ? wireText(path) : null);
  if (target !== null) return target;
  if (STAYS_HERE.test(full.trim())) return 'no-network';
  if (!/^(https?|wss?):/i.test(full) && full.includes('://')) return 'not-http';
  throw fault(request.place, { zh: `无法识别 request.url：${quoted(url)}`, en: `request.url cannot be read: ${quoted(url)}` });
}

/** The fields of HTTP/2 that stand for the request line are left out; cookies that stand only in a list of their own are put in. */
function withCookies(listed: Fields, cookies: Fields): Fields {
  const headers = listed.filter(([name]) => !name.startsWith(':')).map(([name, value]) => [name.trim(), wireText(value)] as const);
  if (cookies.length === 0 || headers.some(([name]) => name.toLowerCase() === 'cookie')) return headers;
  return [...headers, ['cookie', wireText(cookies.map(([name, value]) => `${name}=${value}`).join('; '))]];
}

/** What an export of ours keeps of a body that is no text. */
function ownBase64({ json }: Row): string | null {
  const own = json['_jiejing'];
  return isObject(own) && typeof own['requestBodyBase64'] === 'string' ? own['requestBodyBase64'] : null;
}

function tellsOfBody(asked: Row['json'], headers: Fields): boolean {
  const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1] ?? '';
  return Number(asked['bodySize'] ?? 0) > 0 || /^[1-9]\d*$/.test(length.trim());
}

/** Bytes that were no text stand in it as replacement characters: nobody can tell what they were. */
function isLossyText(data: unknown): boolean {
  return isObject(data) && data['encoding'] === undefined && typeof data['text'] === 'string' && data['text'].includes('\ufffd');
}

type Answer = Pick<HarEntry, 'response' | 'responseBody' | 'state' | 'reason'>;

const NOTHING = Buffer.alloc(0);

function answerOf(row: Row, method: string): Answer {
  const told = row.json['response'];
  // What went through a tunnel is not in its entry.
  const tunnel = method.toUpperCase() === 'CONNECT' ? ({ state: 'opaque', reason: 'upgrade: CONNECT' } as const) : null;
  if (!isObject(told)) return { response: null, responseBody: NOTHING, state: 'whole', reason: null, ...tunnel };
  const response: Row = { json: told, place: row.place };
  const status = countOr(response, 'status') ?? 0;
  const error = [told['_error'], row.json['_error']].find((one) => typeof one === 'string' && one !== '');
  // 0 is what browsers write where no answer came.
  if (status === 0)
    return {
      response: null,
      responseBody: NOTHING,
      state: 'truncated',
      reason: typeof error === 'string' ? quoted(error) : 'no response',
      ...tunnel,
    };
  const headers = pairsOf(told['headers'])
    .filter(([name]) => !name.startsWith(':'))
    .map(([name, value]) => [name.trim(), wireText(value)] as const);
  const head: HttpResponseHead = {
    status,
    reason: textOr(response, 'statusText') ?? '',
    version: textOr(response, 'httpVersion') ?? '',
    headers,
    trailers: [],
    interim: [],
    raw: null,
  };
  return { response: head, responseBody: responseBytes(response), state: 'whole', reason: null, ...tunnel };
}

function peerOf(row: Row, port: number): Flow['peer'] {
  const ip = (textOr(row, 'serverIPAddress') ?? '').replace(/^\[|\]$/g, '').trim();
  return ip === '' ? null : { ip, port, certificateSha256: null };
}

/** An entry may begin when the request was queued: until when its last byte left. */
function timingsOf(row: Row): HarEntry['after'] {
  const timings = row.json['timings'];
  const ms = (name: string): number => {
    const value = isObject(timings) ? timings[name] : 0;
    return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value : 0;
  };
  const asked = ms('blocked') + ms('dns') + ms('connect') + ms('send');
  const answered = asked + ms('wait');
  return { asked, answered, done: answered + ms('receive') };
}
