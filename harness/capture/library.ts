import { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { Socket } from 'node:net';
import type { Fields } from '../model/flow-parts.js';
import { parseRequestLine, parseStatusLine } from './http1.js';
import type { Head } from './http1.js';

/** A request as the library's context wants it; nothing is read from or written to a connection through it. */
export function libraryRequest(head: Head, host: string): IncomingMessage {
  const { method, target, version } = parseRequestLine(head.start);
  const message = libraryMessage(head.headers, version);
  message.method = method;
  message.url = target;
  // The library reads the server's name from it: without one it answers by itself, and on one that looks like a URL it may throw.
  const { host: sent } = message.headers;
  if (sent === undefined || sent === '' || sent.startsWith('http://')) message.headers.host = host;
  return message;
}

/** The response of the server, likewise. */
export function libraryResponse(head: Head): IncomingMessage {
  const { status, reason, version } = parseStatusLine(head.start);
  const message = libraryMessage(head.headers, version);
  message.statusCode = status;
  message.statusMessage = reason;
  return message;
}

/** Where the library believes to answer the app. */
export function libraryAnswer(request: IncomingMessage): ServerResponse {
  return new ServerResponse(request);
}

/** Stands where the library looks for a client's port. */
const NOWHERE = new Socket();

function libraryMessage(headers: Fields, version: string): IncomingMessage {
  const message = new IncomingMessage(NOWHERE);
  message.httpVersion = version.replace('HTTP/', '');
  message.rawHeaders = headers.flatMap(([name, value]) => [name, value]);
  for (const [name, value] of headers) addHeader(message.headers, name.toLowerCase(), value);
  return message;
}

/** Of these Node's own parser keeps the first, and joins all others. */
const ONCE = new Set(
  'age authorization content-length content-type etag expires from host if-modified-since if-unmodified-since last-modified location max-forwards proxy-authorization referer retry-after server user-agent'.split(
    ' ',
  ),
);

function addHeader(headers: IncomingHttpHeaders, name: string, value: string): void {
  const before = headers[name];
  if (name === 'set-cookie') headers[name] = [...(headers[name] ?? []), value];
  else if (typeof before !== 'string') headers[name] = value;
  else if (!ONCE.has(name)) headers[name] = `${before}${name === 'cookie' ? '; ' : ', '}${value}`;
}

/** Runs handlers of the library to their end. Rejects with what one of them reported or threw. */
export function handled(run: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
}

/** The same for handlers that are done when they return, as all of ours are. @throws what one of them reported or threw */
export function handledNow(run: (done: Done) => void): void {
  const returned: (Error | null)[] = [];
  run((error) => void returned.push(error ?? null));
  const [error] = returned;
  if (error === undefined) throw new Error('a handler of the proxy was not done when it returned');
  if (error !== null) throw error;
}

type Done = (error?: Error | null) => void;
