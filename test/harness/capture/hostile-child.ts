import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Event } from '../../../harness/model/event.js';
import { readRun } from '../../../harness/store/read.js';
import { far } from './rig.js';

const CLI = join(import.meta.dirname, '../../../dist/harness/cli/main.js');
const GC_SIGNAL = join(import.meta.dirname, '../../bench/soak/gc-signal.mjs');

/** `jiejing capture` in a process of its own. */
export interface Child {
  readonly port: number;
  readonly labCaPem: string;
  /** Its open descriptors. */
  descriptors(): number;
  /** Bytes that stay on its heap and outside of it once garbage is collected. */
  memory(): Promise<number>;
  /** Ends it as Ctrl-C does and reads its run, every hash checked. */
  caught(): Promise<{
    readonly code: number | null;
    readonly events: readonly Event[];
    readonly interrupted: boolean;
    readonly said: string;
  }>;
  dispose(): void;
}

/** Starts one whose names `*.example.com` lead to `originPort`; `mostFiles`: what `ulimit -n` allows it. */
export async function startChild(originPort: number, mostFiles: number | null): Promise<Child> {
  const dir = mkdtempSync(join(tmpdir(), 'jj-child-'));
  const run = join(dir, 'run');
  writeFileSync(join(dir, 'far.pem'), far.certPem);
  const capture = ['capture', '--json', '--socks', '--listen', '127.0.0.1:0', '--out', run];
  const routes = ['--upstream-ca', join(dir, 'far.pem'), '--resolve', `*.example.com=127.0.0.1:${originPort}`];
  const node = [process.execPath, '--expose-gc', '--import', GC_SIGNAL, CLI, ...capture, ...routes];
  const shell = mostFiles === null ? [] : ['sh', '-c', `ulimit -n ${mostFiles}; exec "$0" "$@"`];
  const [command = '', ...args] = [...shell, ...node];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const waiting: ((bytes: number) => void)[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (!line.startsWith('{"memory"')) said += `${line}\n`;
    else waiting.shift()?.(held(line));
  });
  const { listening, ca } = await firstLine(child, () => said);
  return {
    port: listening.port,
    labCaPem: readFileSync(ca, 'utf8'),
    descriptors: () => readdirSync(`/proc/${child.pid}/fd`).length,
    memory: () =>
      new Promise((done) => {
        waiting.push(done);
        child.kill('SIGUSR2');
      }),
    async caught() {
      const ended = once(child, 'exit');
      child.kill('SIGINT');
      const [code] = (await ended) as [number | null];
      const { events, interrupted } = readRun(run);
      return { code, events, interrupted, said };
    },
    dispose() {
      child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function held(line: string): number {
  const { memory } = JSON.parse(line) as { memory: NodeJS.MemoryUsage };
  return memory.heapUsed + memory.external;
}

async function firstLine(
  child: ChildProcess,
  said: () => string,
): Promise<{ readonly listening: { readonly port: number }; readonly ca: string }> {
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((done, fail) => {
    lines.once('line', done);
    child.once('exit', (code) => fail(new Error(`capture ended with ${code}: ${said()}`)));
  });
  return JSON.parse(line) as Awaited<ReturnType<typeof firstLine>>;
}
