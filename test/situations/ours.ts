import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { recordIn } from './our-record.js';
import { descriptorsOf, rssOf } from './process-vitals.js';
import type { Launcher, LaunchParts } from './record.js';

const READY_MS = 20_000;
const STOP_MS = 5000;

/** `jiejing capture` as a user starts it, from the built program. `caDir` null: a CA for each run, which costs its process a sixth of a second. */
export const jiejing =
  (engine: 'relay' | 'pipeline', caDir: string | null): Launcher =>
  async (parts) => {
    const run = join(parts.dataDir, 'run');
    const { child, errors } = start({ engine, caDir, run }, parts);
    const told = await listening(child).catch((cause: unknown) => {
      child.kill('SIGKILL');
      throw new Error(`capture does not listen: ${readFileSync(errors, 'utf8').slice(-2000)}`, { cause });
    });
    const { version }: { version?: unknown } = JSON.parse(readFileSync(join(root(parts), 'package.json'), 'utf8'));
    return {
      name: engine === 'relay' ? 'jiejing' : 'jiejing-pipeline',
      options: `jiejing ${String(version)}, --engine ${engine}; Node ${process.version}`,
      port: told.port,
      caPem: readFileSync(told.ca, 'utf8'),
      dataDir: parts.dataDir,
      alive: () => child.exitCode === null && child.signalCode === null,
      descriptors: () => descriptorsOf(child.pid),
      rssBytes: () => rssOf(child.pid),
      record: () => Promise.resolve(recordIn(readFileSync(join(run, 'events.jsonl'), 'utf8'))),
      stop: () => stop(child),
    };
  };

/** The program that `ours` runs; absent until it is built. */
export const program = (folder: string): string => resolve(folder, '../../dist/harness/cli/main.js');
const root = (parts: LaunchParts): string => resolve(parts.folder, '../..');

interface Wish {
  readonly engine: string;
  readonly caDir: string | null;
  readonly run: string;
}

function start({ engine, caDir, run }: Wish, parts: LaunchParts): { readonly child: ChildProcess; readonly errors: string } {
  const main = program(parts.folder);
  if (!existsSync(main)) throw new Error(`${main} is not there: npm run prepare`);
  const rules = parts.resolve.flatMap(({ host, ip }) => ['--resolve', `${host}=${ip}`]);
  const where = ['--listen', '127.0.0.1:0', '--out', run, '--upstream-ca', parts.upstreamCaFile];
  const ca = caDir === null ? [] : ['--ca', caDir];
  const errors = join(parts.dataDir, 'stderr.txt');
  const file = openSync(errors, 'w');
  const args = [main, 'capture', ...where, ...ca, ...rules, '--engine', engine, '--json'];
  const child = spawn(process.execPath, args, { cwd: parts.dataDir, stdio: ['ignore', 'pipe', file] });
  closeSync(file);
  return { child, errors };
}

/** What the first line on stdout tells. */
async function listening(child: ChildProcess): Promise<{ readonly port: number; readonly ca: string }> {
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout });
  const line = await new Promise<string>((done, failed) => {
    const timer = setTimeout(() => failed(new Error('nothing said in time')), READY_MS);
    const ended = (): void => {
      clearTimeout(timer);
      failed(new Error('it ended'));
    };
    child.once('exit', ended);
    lines.once('line', (text) => {
      clearTimeout(timer);
      child.off('exit', ended);
      done(text);
    });
  });
  const { listening: at, ca }: { listening?: { port?: unknown }; ca?: unknown } = Object(JSON.parse(line));
  if (typeof at?.port !== 'number' || typeof ca !== 'string') throw new Error(`no port and ca in ${line}`);
  return { port: at.port, ca };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.kill('SIGINT');
  await once(child, 'exit');
  clearTimeout(timer);
}
