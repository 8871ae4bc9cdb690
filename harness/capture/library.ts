import { IncomingMessage, ServerResponse } from 'node:http';
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
  // `headers` is made of these when somebody looks.
  message.rawHeaders = headers.flatMap(([name, value]) => [name, value]);
  return message;
}

/** Runs handlers of the library to their end. Rejects with what one of them reported. */
export function handled(run: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
}

/** The same for handlers that are done when they return, as all of ours are. */
export function handledNow(run: (done: Done) => void): void {
  let returned: { readonly error: unknown } | null = null;
  run((error) => {
    returned = { error };
  });
  if (returned === null) throw new Error('a handler of the proxy was not done when it returned');
}

type Done = (error?: Error | null) => void;
