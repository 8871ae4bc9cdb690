import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaunchParts, ProxyUnderTest } from '../record.js';
import { recordIn } from './join.js';

/** How long a contender may take until it listens: http-mitm-proxy makes its key in plain JavaScript. */
const READY_MS = 30_000;
/** How long it may take to end when asked, before it is killed. */
const STOP_MS = 2_000;

/** What one contender's child is started with. */
export interface Child {
  readonly name: string;
  readonly options: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Reads the contender's own CA when it listens; null where the child tells it. */
  readonly caFile: string | null;
}

/** The file that the child writes its events to. */
export function recordFile(parts: LaunchParts): string {
  return join(parts.dataDir, 'events.jsonl');
}

/** The repository that `folder` (test/situations) lies in. */
export function repository(parts: LaunchParts): string {
  return resolve(parts.folder, '../..');
}

/** Starts a child and waits until it says on descriptor 3 that it listens; its own output goes to files in the data folder. */
export async function launch(child: Child, parts: LaunchParts): Promise<ProxyUnderTest> {
  const [out, errors] = ['stdout.txt', 'stderr.txt'].map((name) => openSync(join(parts.dataDir, name), 'a'));
  const home = { HOME: parts.dataDir, TMPDIR: parts.dataDir };
  const running = spawn(child.command, child.args, {
    cwd: parts.dataDir,
    env: { ...home, ...child.env },
    stdio: ['ignore', out, errors, 'pipe'],
  });
  for (const fd of [out, errors]) if (fd !== undefined) closeSync(fd);
  const ended = new Promise<void>((done) => {
    running.once('exit', () => done());
    running.once('error', () => done());
  });
  const end = () => stop(running, ended);
  try {
    const told = await ready(running, ended);
    const caPem = child.caFile === null ? told.caPem : readFileSync(child.caFile, 'utf8');
    return { ...under(child, running, parts), port: told.port, caPem, stop: end };
  } catch (cause) {
    await end();
    throw new Error(`${child.name} does not listen: ${readFileSync(join(parts.dataDir, 'stderr.txt'), 'utf8').slice(-2000)}`, { cause });
  }
}

async function ready(running: ChildProcess, ended: Promise<void>): Promise<{ readonly port: number; readonly caPem: string }> {
  const pipe = running.stdio[3];
  if (!pipe || !('read' in pipe)) throw new Error('no descriptor 3');
  const line = await Promise.race([firstLine(pipe), ended.then(() => null), sleep(READY_MS, null, { ref: false })]);
  if (line === null) throw new Error('it ended, or said nothing in time');
  const told: unknown = JSON.parse(line);
  if (typeof told !== 'object' || told === null || !('port' in told) || typeof told.port !== 'number')
    throw new Error(`no port in ${line}`);
  return { port: told.port, caPem: 'caPem' in told && typeof told.caPem === 'string' ? told.caPem : '' };
}

async function firstLine(pipe: Readable): Promise<string> {
  let line = '';
  for await (const chunk of pipe) line += String(chunk);
  return line.trim();
}

function under(child: Child, running: ChildProcess, parts: LaunchParts): Omit<ProxyUnderTest, 'port' | 'caPem' | 'stop'> {
  const proc = `/proc/${running.pid}`;
  const events = (): string => (existsSync(recordFile(parts)) ? readFileSync(recordFile(parts), 'utf8') : '');
  return {
    name: child.name,
    options: child.options,
    dataDir: parts.dataDir,
    alive: () => running.exitCode === null && running.signalCode === null && !events().includes('"fatal": true'),
    descriptors: () => (existsSync(`${proc}/fd`) ? readdirSync(`${proc}/fd`).length : null),
    rssBytes() {
      if (!existsSync(`${proc}/status`)) return null;
      const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`${proc}/status`, 'utf8'))?.[1];
      return kib === undefined ? null : Number(kib) * 1024;
    },
    record: async () => recordIn(events()),
  };
}

async function stop(running: ChildProcess, ended: Promise<void>): Promise<void> {
  running.kill('SIGTERM');
  const patience = sleep(STOP_MS, null, { ref: false }).then(() => running.kill('SIGKILL'));
  await Promise.race([ended, patience]);
  await ended;
}
