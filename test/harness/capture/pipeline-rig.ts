import type { Socket } from 'node:net';
import type { RequestDecision, ResponseDecision, TrafficRule } from '../../../harness/capture/rules.js';
import { farServer, onHead, openRig, tunnel } from './rig.js';
import type { Rig } from './rig.js';

export const HOST = 'api.example.com';
export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A rule that has a say where it is given one. */
export function ruleOf(name: string, says: Partial<Pick<TrafficRule, 'request' | 'response'>>): TrafficRule {
  const pass = { kind: 'pass' } as const;
  return {
    name,
    request: (asked): RequestDecision => says.request?.(asked) ?? pass,
    response: (asked, answered): ResponseDecision => says.response?.(asked, answered) ?? pass,
  };
}

/** Blocks requests whose target begins so. */
export const blocks = (target: string): TrafficRule =>
  ruleOf('no', { request: (asked) => (asked.target.startsWith(target) ? { kind: 'block' } : { kind: 'pass' }) });

/** An app in a tunnel, in clear, and its server. */
export interface Between {
  readonly app: Socket;
  /** The server's ends, in the order of their connections. */
  readonly ends: readonly Socket[];
  /** All bytes that came to the server. */
  got(): string;
}

/** The same behind a proxy with rules. */
export interface Ruled extends Between {
  readonly rig: Rig;
}

/** Opens one; `answer` says what each request gets, by its head and body. */
export async function openRuled(rules: readonly TrafficRule[], answer: (head: string, body: string) => string): Promise<Ruled> {
  const rig = await openRig({ engine: 'pipeline', rules });
  const between = await openBetween(rig, (socket) => {
    socket.on('end', () => socket.end());
    onHead(socket, (head, body) => void socket.write(answer(head, body.toString('latin1'))));
  });
  return { rig, ...between };
}

/** Opens one; `serve` gets each connection to the server. */
export async function openBetween(rig: Rig, serve: (socket: Socket) => void): Promise<Between> {
  const ends: Socket[] = [];
  let got = '';
  const server = rig.keep(
    await farServer((socket) => {
      ends.push(socket);
      socket.on('data', (chunk: Buffer) => void (got += chunk.toString('latin1')));
      serve(socket);
    }, null),
  );
  rig.route(HOST, server.port);
  const { socket: app } = await tunnel(rig, `${HOST}:80`);
  return { app, ends, got: () => got };
}
/** Answers each request alike. */
export const replying =
  (answer: string) =>
  (socket: Socket): void =>
    onHead(socket, () => void socket.write(answer));
