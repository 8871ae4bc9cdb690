import type { Fields } from '../model/flow-parts.js';
import { Malformed, valuesOf } from './http1.js';
import type { Asked, RawHead } from './http2-heads.js';

/** What HTTP/1.1 says of one connection; HTTP/2 has no such fields (RFC 9113, 8.2.2). */
const OF_THE_CONNECTION = new Set(['connection', 'proxy-connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'http2-settings']);
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// eslint-disable-next-line no-control-regex
const TARGET = /^[^\x00-\x20\x7f]+$/;
// eslint-disable-next-line no-control-regex
const ENDS_A_LINE = /[\x00\r\n]/;
/** Methods for which an empty body is said (RFC 9110, 8.6). */
const EXPECT_A_BODY = new Set(['POST', 'PUT', 'PATCH']);

/** How a request's body is framed for the server. */
export type BodyFraming = 'none' | 'length' | 'chunked';

/** The head of a request as HTTP/1.1 has it. `whole`: no body will come. @throws Malformed when a field would become more than one line */
export function requestHead(asked: Asked, host: string, whole: boolean): { readonly bytes: Buffer; readonly framing: BodyFraming } {
  const { method, target, fields } = asked;
  if (!METHOD.test(method) || !TARGET.test(target)) throw new Malformed('a method or path that is none in HTTP/1.1');
  const lines = [`${method} ${target} HTTP/1.1`, `host: ${asked.authority ?? host}`];
  const cookies = fields.filter(([name]) => name === 'cookie').map(([, value]) => value);
  let counted = false;
  for (const [name, value] of fields) {
    if (name.startsWith(':') || name === 'host') continue;
    if (name === 'cookie') {
      // RFC 9113, 8.2.3: HTTP/2 may send them apart.
      if (cookies.length > 0) lines.push(`cookie: ${cookies.splice(0).join('; ')}`);
      continue;
    }
    if (name === 'content-length') counted = true;
    if (name === 'te') lines.push(`te: ${value}`, 'connection: te');
    else if (!OF_THE_CONNECTION.has(name)) lines.push(`${name}: ${value}`);
  }
  const framing = whole ? 'none' : counted ? 'length' : 'chunked';
  if (framing === 'chunked') lines.push('transfer-encoding: chunked');
  if (whole && !counted && EXPECT_A_BODY.has(method)) lines.push('content-length: 0');
  if (lines.some((line) => ENDS_A_LINE.test(line))) throw new Malformed('a field that is more than one line');
  return { bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), framing };
}

/** Trailers behind the last chunk. @throws Malformed */
export function lastChunk(trailers: Fields): Buffer {
  const lines = trailers.filter(([name]) => !name.startsWith(':')).map(([name, value]) => `${name}: ${value}`);
  if (lines.some((line) => ENDS_A_LINE.test(line))) throw new Malformed('a field that is more than one line');
  return Buffer.from(`0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1');
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
