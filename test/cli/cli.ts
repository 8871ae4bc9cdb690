import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';

export const ROOT = resolve(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/harness/cli/main.js');

const IS_ROOT = process.getuid?.() === 0;
/** Root may read and write everything: without these two capabilities it is bound by modes as everyone is. From util-linux. */
const WITHOUT_OVERRIDE = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
/** Why a test on modes cannot run here; null when it can. */
export const UNBOUND = IS_ROOT && spawnSync('setpriv', ['--version']).status !== 0 ? 'root without setpriv is not bound by modes' : null;

/** How a command ended, with all that it said. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly lang?: 'zh' | 'en';
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Modes of files bind the command although root runs it. */
  readonly bound?: boolean;
}

/** A folder of this test file's own, gone when its tests are done. */
export function folderOf(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `jiejing-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, 'tmp'));
  mkdirSync(join(folder, 'home'));
  return folder;
}

/** A command that is running. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Settles when standard error has said this; rejects when the command ends without. */
  said(what: RegExp): Promise<void>;
}

/** Starts the built command in `folder`, with an empty HOME and a TMPDIR of its own. */
export function start(
  folder: string,
  args: readonly string[],
  { lang = 'en', cwd = folder, env = {}, bound = false }: Surroundings = {},
): Running {
  const [command = '', ...before] = bound && IS_ROOT ? [...WITHOUT_OVERRIDE, process.execPath] : [process.execPath];
  const child = spawn(command, [...before, MAIN, ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: join(folder, 'home'),
      TMPDIR: join(folder, 'tmp'),
      LANG: lang === 'zh' ? 'zh_CN.UTF-8' : 'en_US.UTF-8',
      ...env,
    },
  });
  let [stdout, stderr] = ['', ''];
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    for (const look of waiting) look();
  });
  const ended = new Promise<Ended>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => done({ code, signal, stdout, stderr }));
  });
  const said = (what: RegExp): Promise<void> =>
    new Promise((done, failed) => {
      const look = (): void => {
        if (!what.test(stderr)) return;
        waiting.delete(look);
        done();
      };
      waiting.add(look);
      void ended.then(() => failed(new Error(`it ended without saying ${what}:\n${stderr}`)));
      look();
    });
  return { child, ended, said };
}

/** Runs the built command to its end. */
export function run(folder: string, args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  return start(folder, args, surroundings).ended;
}

/** The one JSON document that standard output must be. */
export function documentOf<T>({ stdout }: Ended): T {
  return JSON.parse(stdout) as T;
}

/** Whether a stack trace of JavaScript was shown to the operator. */
export const STACK_TRACE = /^\s+at .+[:(]\d+/m;

/** Pids of all processes below this one. */
export function below(pid: number): readonly number[] {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => parentOf(other) === pid);
  return children.flatMap((child) => [child, ...below(child)]);
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

/** Whether a process runs; a zombie does not. */
export function alive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/** Waits until something holds; what it waits for has no event of its own. */
export async function until(what: string, holds: () => boolean, patienceMs = 15_000): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await new Promise((next) => setTimeout(next, 20));
  }
}

/** What an ended command has left in its TMPDIR. */
export function leftovers(folder: string): readonly string[] {
  return readdirSync(join(folder, 'tmp'));
}
