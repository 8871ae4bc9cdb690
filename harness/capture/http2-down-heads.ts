import type { Fields } from '../model/flow-parts.js';
import { Malformed, valuesOf } from './http1.js';
import type { Asked, RawHead } from './http2-heads.js';

/** What HTTP/1.1 says of one connection; HTTP/2 has no such fields (RFC 9113, 8.2.2). */
const OF_THE_CONNECTION = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'http2-settings']);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// eslint-disable-next-line no-control-regex
const TARGET = /^[^\x00-\x20\x7f]+$/;
// eslint-disable-next-line no-control-regex
const ENDS_A_LINE = /[\x00\r\n]/;
/** Methods for which an empty body is said (RFC 9110, 8.6). */
const EXPECT_A_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** A request's head as HTTP/1.1 has it. */
export interface RequestHead {
  readonly bytes: Buffer;
  /** How long its body is; null: it comes in chunks. */
  readonly bodyBytes: number | null;
}

/** Writes the head of a request. `host`: where the app does not say; `whole`: no body comes. @throws Malformed when HTTP/1.1 would read it otherwise */
export function requestHead(asked: Asked, host: string, whole: boolean): RequestHead {
  const { method, target, fields } = asked;
  if (!TOKEN.test(method) || !TARGET.test(target)) throw new Malformed('a method or path that is none in HTTP/1.1');
  const lines = [`${method} ${target} HTTP/1.1`, `host: ${asked.authority ?? host}`];
  const cookies = fields.filter(([name]) => name === 'cookie').map(([, value]) => value);
  const length = lengthIn(fields);
  for (const [name, value] of fields) {
    if (name.startsWith(':') || name === 'host') continue;
    if (!TOKEN.test(name)) throw new Malformed('a field name that is none');
    // RFC 9113, 8.2.3: HTTP/2 may send them apart.
    if (name === 'cookie') {
      if (cookies.length > 0) lines.push(`cookie: ${cookies.splice(0).join('; ')}`);
    } else if (name === 'te') lines.push(`te: ${value}`, 'connection: te');
    else if (!OF_THE_CONNECTION.has(name)) lines.push(`${name}: ${value}`);
  }
  const bodyBytes = whole ? 0 : length;
  if (whole && length !== null && length > 0) throw new Malformed('a body shorter than said');
  if (bodyBytes === null) lines.push('transfer-encoding: chunked');
  if (whole && length === null && EXPECT_A_BODY.has(method)) lines.push('content-length: 0');
  return { bytes: block(lines), bodyBytes };
}

/** @throws Malformed */
function lengthIn(fields: Fields): number | null {
  const values = new Set(valuesOf({ headers: fields }, 'content-length'));
  const [value] = values;
  if (value === undefined) return null;
  if (values.size > 1 || !/^\d{1,15}$/.test(value)) throw new Malformed('a Content-Length that is none');
  return Number(value);
}

/** Lines with an empty one behind them. @throws Malformed when one of them would be more than one */
function block(lines: readonly string[]): Buffer {
  if (lines.some((line) => ENDS_A_LINE.test(line))) throw new Malformed('a field that is more than one line');
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** Trailers behind the last chunk. @throws Malformed */
export function lastChunk(trailers: Fields): Buffer {
  return block(['0', ...trailers.filter(([name]) => TOKEN.test(name)).map(([name, value]) => `${name}: ${value}`)]);
}

/** The fields of an answer or of its trailers as HTTP/2 has them: without what HTTP/1.1 says of the connection. */
export function answerHead(fields: Fields): RawHead {
  const named = valuesOf({ headers: fields }, 'connection').flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase()));
  const out: string[] = [];
  for (const [sent, value] of fields) {
    const name = sent.toLowerCase();
    if (!OF_THE_CONNECTION.has(name) && !named.includes(name)) out.push(name, value);
  }
  return out;
}
