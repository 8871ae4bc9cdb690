import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Certificates } from '../certificates.js';
import type { OriginLog } from '../evidence.js';

/** The far servers of the rows; `mirror` is M and `mirror-clear` is H. */
export type OriginName =
  | 'mirror'
  | 'mirror-ipv6'
  | 'mirror-clear'
  | 'mirror-http1'
  | 'grpc'
  | 'websocket'
  | 'scripted'
  | 'echo'
  | 'echo-tls'
  | 'greeter'
  | 'self-signed'
  | 'expired'
  | 'clear-answer'
  | 'resetter'
  | 'closed-port'
  | 'none';

/** What an origin process is told. */
export type OriginOrder =
  | { readonly kind: 'start'; readonly name: OriginName; readonly certificates: Certificates }
  | { readonly kind: 'log' };

/** What it answers. */
export type OriginReply =
  | { readonly kind: 'listening'; readonly port: number; readonly control: number }
  | { readonly kind: 'log'; readonly log: OriginLog }
  | { readonly kind: 'failed'; readonly why: string };

/** A running origin process. */
export interface Origin {
  readonly port: number;
  /** An M that logs nothing, for GET /control. */
  readonly control: number;
  log(): Promise<OriginLog>;
  stop(): void;
}

export function isOriginOrder(value: unknown): value is OriginOrder {
  return typeof value === 'object' && value !== null && 'kind' in value && (value.kind === 'start' || value.kind === 'log');
}

const isReply = (value: unknown): value is OriginReply => typeof value === 'object' && value !== null && 'kind' in value;

/** Starts one origin in a process of its own; `program` is the bundle of main.ts. */
export async function startOrigin(program: string, name: OriginName, certificates: Certificates): Promise<Origin> {
  const child = fork(program, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  const first = await ask(child, { kind: 'start', name, certificates });
  if (first.kind !== 'listening') throw new Error(`origin ${name} did not start: ${JSON.stringify(first)}`);
  return {
    port: first.port,
    control: first.control,
    async log() {
      const answer = await ask(child, { kind: 'log' });
      if (answer.kind !== 'log') throw new Error('the origin gave no log');
      return answer.log;
    },
    stop: () => void child.kill('SIGKILL'),
  };
}

function ask(child: ChildProcess, order: OriginOrder): Promise<OriginReply> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error('the origin process ended'));
    child.once('exit', ended);
    child.once('message', (message: unknown) => {
      child.off('exit', ended);
      if (isReply(message)) resolve(message);
      else reject(new Error('the origin said something else'));
    });
    child.send(order);
  });
}
