import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Flow, Gap } from '../../harness/model/event.js';
import { readRun, type RecordedRun } from '../../harness/store/read.js';
import { farServer, onHead } from '../harness/capture/rig.js';
import { start, until, type Ended, type Running, type Surroundings } from './cli.js';

/** Name of the far server. */
export const HOST = 'api.example.com';

/** A capture that listens. */
export interface Capturing extends Running {
  readonly port: number;
  /** The line that it said first. */
  readonly said1: { readonly listening: { readonly host: string; readonly port: number }; dns: string | null; dir: string; ca: string };
  /** Stops it as Ctrl-C does. */
  stop(): Promise<Ended>;
}

/** Starts a command that ends with the test at the latest. */
export function begin(folder: string, args: readonly string[], surroundings: Surroundings = {}): Running {
  const running = start(folder, args, surroundings);
  onTestFinished(() => void running.child.kill('SIGKILL'));
  return running;
}

/** Starts `capture` with `--json`, in `folder`, and waits until it listens. */
export async function capturing(folder: string, args: readonly string[], surroundings: Surroundings = {}): Promise<Capturing> {
  const running = begin(folder, ['capture', '--listen', '127.0.0.1:0', ...args, '--json'], surroundings);
  let said = '';
  running.child.stdout?.on('data', (text: string) => (said += text));
  let over = false;
  void running.ended.then(() => (over = true));
  await until('it listens', () => said.includes('\n') || over);
  if (over) throw new Error(`it ended: ${said}${(await running.ended).stderr}`);
  const said1 = JSON.parse(said.slice(0, said.indexOf('\n'))) as Capturing['said1'];
  return {
    ...running,
    port: said1.listening.port,
    said1,
    stop() {
      running.child.kill('SIGINT');
      return running.ended;
    },
  };
}

/** A server that answers each request with `body`; `null` for `tls`: without TLS. */
export function answering(body: string | Buffer, tls: Parameters<typeof farServer>[1]): ReturnType<typeof farServer> {
  const bytes = Buffer.from(body);
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return farServer((socket: Socket) => onHead(socket, () => void socket.write(Buffer.concat([Buffer.from(head), bytes]))), tls);
}

/** curl as anybody has it: its exit code and what it got. */
export async function curl(...args: readonly string[]): Promise<{ readonly code: number; readonly body: string }> {
  const child = spawn('curl', ['-sS', '--http1.1', '--max-time', '20', ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  let body = '';
  child.stdout.on('data', (chunk) => (body += String(chunk)));
  const [code] = await once(child, 'close');
  return { code, body };
}

/** A port that nobody has just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A run read back, every hash checked. */
export function read(folder: string, dir: string): RecordedRun & { readonly flows: readonly Flow[]; readonly gaps: readonly Gap[] } {
  const run = readRun(join(folder, dir));
  return {
    ...run,
    flows: run.events.filter((event) => event.kind === 'flow'),
    gaps: run.events.filter((event) => event.kind === 'gap'),
  };
}
