import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RunClock } from '../model/clock.js';
import { createPictures } from './screen/picture.js';
import { COMMANDS } from './ui/commands.js';
import type { Command, CommandParts } from './ui/commands.js';
import { DriverError, ERROR_STATUS } from './ui/driver-error.js';
import type { ErrorName } from './ui/driver-error.js';
import { createElements } from './ui/elements.js';
import type { Windows } from './ui/windows.js';

/** Largest request body in bytes. */
const MAX_BODY = 1024 * 1024;
/** Turns of the event loop between a command and its answer, so that what a touch started shows on the screen (UiAutomator's wait for idle). */
const IDLE_TURNS = 3;

/** A running UiAutomator2 server. */
export interface Uia2Server {
  /** `http://127.0.0.1:PORT/TOKEN`: routes follow as on the device (`/session/…`, `/status`). */
  readonly url: string;
  close(): Promise<void>;
}

interface Parts {
  readonly windows: Windows;
  readonly clock: RunClock;
  /** Answer of `/appium/device/info`. */
  readonly info: Readonly<Record<string, string>>;
}

interface Session {
  readonly id: string;
  readonly capabilities: unknown;
  readonly parts: CommandParts;
}
interface Answer {
  readonly status: number;
  readonly session: string | null;
  readonly value: unknown;
}

/**
 * Serves the UiAutomator2 server's HTTP over the virtual handset's windows, on loopback. Requests without the token get 404.
 * The clock cannot jump while a request is in flight.
 */
export async function serveUia2(parts: Parts): Promise<Uia2Server> {
  const token = randomBytes(16).toString('hex');
  const device = createDevice(parts);
  const server = createServer((request, response) => {
    const path = split(request.url ?? '/');
    // A stranger on this machine must not be able to hold the clock.
    if (path === null || !sameToken(path[0], token)) return send(response, failure(new DriverError('unknown command', 'not found'), null));
    const release = parts.clock.hold('driver request');
    void answer(request, path.slice(1), device)
      .then((result) => send(response, result))
      .finally(release);
  });
  server.on('clientError', (_error, socket) => void socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/${token}`, close: () => close(server) };
}

/** The state behind the routes: at most one session, as on the device. */
interface Device {
  session: Session | null;
  readonly open: (capabilities: unknown) => Session;
}

function createDevice(parts: Parts): Device {
  const { windows, info, clock } = parts;
  const picture = createPictures(windows.screen, clock);
  const device: Device = {
    session: null,
    open: (capabilities) => {
      const { screen } = windows;
      device.session = {
        id: randomUUID(),
        capabilities,
        parts: { screen, elements: createElements(screen), settings: new Map(), info, home: () => windows.home(), picture },
      };
      return device.session;
    },
  };
  return device;
}

async function answer(request: IncomingMessage, path: readonly string[], device: Device): Promise<Answer> {
  try {
    // Where the device's own server has its routes.
    const route = path[0] === 'wd' && path[1] === 'hub' ? path.slice(2) : path;
    const body = await readBody(request);
    const value = await run(request.method ?? 'GET', route, body, device);
    for (let i = 0; i < IDLE_TURNS; i++) await new Promise((turn) => setImmediate(turn));
    return { status: 200, session: device.session?.id ?? null, value: value ?? null };
  } catch (error) {
    return failure(error, device.session);
  }
}

function failure(error: unknown, session: Session | null): Answer {
  const name: ErrorName = error instanceof DriverError ? error.error : 'unknown error';
  const message = error instanceof Error ? error.message : String(error);
  const stacktrace = error instanceof Error ? (error.stack ?? '') : '';
  return {
    status: error instanceof TooLarge ? 413 : ERROR_STATUS[name],
    session: session?.id ?? null,
    value: { error: name, message, stacktrace },
  };
}

class TooLarge extends DriverError {}

function run(method: string, route: readonly string[], body: Readonly<Record<string, unknown>>, device: Device): unknown {
  const [first, id, ...rest] = route;
  if (method === 'GET' && first === 'status' && route.length === 1)
    return { ready: true, message: 'UiAutomator2 Server is ready to accept commands' };
  if (method === 'GET' && first === 'sessions' && route.length === 1)
    return device.session === null ? [] : [{ id: device.session.id, capabilities: device.session.capabilities }];
  if (first !== 'session') throw unknown(method, route);
  if (id === undefined) {
    if (method !== 'POST') throw new DriverError('unknown method', `${method} /session is not supported`);
    const { id: sessionId, capabilities } = device.open(body['capabilities'] ?? {});
    return { sessionId, capabilities };
  }
  const { session } = device;
  if (session === null || session.id !== id) throw new DriverError('invalid session id', 'A session is either terminated or not started');
  if (rest.length === 0 && method === 'DELETE') return void (device.session = null);
  if (rest.length === 0 && method === 'GET') return session.capabilities;
  const found = match(method, rest);
  if (found === null) throw unknown(method, route);
  return found.command(session.parts, { path: found.path, body });
}

function unknown(method: string, route: readonly string[]): DriverError {
  const other = ['GET', 'POST', 'DELETE'].some((one) => one !== method && match(one, route.slice(2)) !== null);
  return new DriverError(other ? 'unknown method' : 'unknown command', `${method} /${route.join('/').slice(0, 200)} is not supported`);
}

const ROUTES = Object.entries(COMMANDS).map(([name, command]) => {
  const [method = '', path = ''] = name.split(' ');
  return { method, sections: path.split('/').slice(1), command };
});

/** A route with fewer parameters wins over one with more: `/element/active` over `/element/:id`. */
function match(
  method: string,
  path: readonly string[],
): { readonly command: Command; readonly path: Readonly<Record<string, string>> } | null {
  const fitting = ROUTES.filter(
    (route) =>
      route.method === method &&
      route.sections.length === path.length &&
      route.sections.every((section, i) => section.startsWith(':') || section === path[i]),
  );
  const [best] = fitting.toSorted((a, b) => parameters(a.sections) - parameters(b.sections));
  if (best === undefined) return null;
  return {
    command: best.command,
    path: Object.fromEntries(best.sections.flatMap((section, i) => (section.startsWith(':') ? [[section.slice(1), path[i] ?? '']] : []))),
  };
}

function parameters(sections: readonly string[]): number {
  return sections.filter((section) => section.startsWith(':')).length;
}

/** Decoded sections of a path; null when they are not well encoded. */
function split(url: string): readonly string[] | null {
  try {
    return (url.split('?')[0] ?? '')
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent);
  } catch {
    return null;
  }
}

function sameToken(given: string | undefined, token: string): boolean {
  const [a, b] = [Buffer.from(given ?? ''), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

async function readBody(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const parts: Buffer[] = [];
  let bytes = 0;
  // A stream that is destroyed on the way takes the connection with it, and the answer.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY) throw new TooLarge('invalid argument', `the request body is larger than ${MAX_BODY} bytes`);
    parts.push(part);
  }
  if (bytes === 0) return {};
  try {
    const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>;
  } catch (cause) {
    throw new DriverError('invalid argument', 'the request body is not JSON', { cause });
  }
  throw new DriverError('invalid argument', 'the request body must be a JSON object');
}

function send(response: ServerResponse, { status, session, value }: Answer): void {
  if (response.destroyed) return;
  const text = JSON.stringify({ sessionId: session, value });
  const headers = {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-cache',
  };
  response.writeHead(status, status === 413 ? { ...headers, Connection: 'close' } : headers).end(text);
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
