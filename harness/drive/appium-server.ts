import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { LabError } from '../model/errors.js';
import { packageRoot } from '../package-root.js';
import type { ChildWord } from './appium-child.js';

export interface AppiumServer {
  readonly port: number;
  readonly pid: number;
  /** Called once if the server ends before `close`; at once if it already has. */
  onLost(listener: (why: string) => void): void;
  close(): Promise<void>;
}

/** Longest start that is waited for, in milliseconds; a cold start takes below two seconds. */
const PATIENCE_MS = 60_000;
const TRIES = 3;

/**
 * Starts a real Appium 3 server with our driver in a child process. `homeDir` becomes its APPIUM_HOME: written by us, nothing is installed
 * or looked up. The child ends when we end. `log` receives what it writes to standard error. @throws LabError APPIUM_FAILED
 */
export async function startAppium(options: {
  readonly homeDir: string;
  readonly log: (line: string) => void;
  readonly signal?: AbortSignal;
}): Promise<AppiumServer> {
  const root = packageRoot();
  const entry = join(root, 'dist/harness/drive/appium-child.js');
  if (!existsSync(entry)) throw new LabError('APPIUM_FAILED', { why: `ENOENT: ${entry}` });
  await writeHome(options.homeDir, join(root, 'dist/harness/drive/appium-driver.js')).catch((cause: unknown) => {
    throw new LabError('APPIUM_FAILED', { why: cause instanceof Error ? cause.message : String(cause) }, { cause });
  });
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await start(entry, options, await freePort());
    if ('server' in outcome) return outcome.server;
    if (outcome.code !== 'EADDRINUSE' || attempt === TRIES) throw new LabError('APPIUM_FAILED', { why: outcome.why });
  }
}

async function writeHome(homeDir: string, driver: string): Promise<void> {
  const folder = join(homeDir, 'virtual-handset-driver');
  const cache = join(homeDir, 'node_modules/.cache/appium');
  await Promise.all([folder, cache].map((dir) => mkdir(dir, { recursive: true })));
  const appium = {
    driverName: 'virtualhandset',
    automationName: 'VirtualHandset',
    platformNames: ['Android'],
    mainClass: 'VirtualHandsetDriver',
  };
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'virtual-handset-driver', version: '1.0.0', type: 'module', exports: './index.js', main: './index.js', appium }),
  );
  await writeFile(join(folder, 'index.js'), `export { VirtualHandsetDriver } from ${JSON.stringify(pathToFileURL(driver).href)};\n`);
  // Without appiumVersion Appium asks the npm registry whether the driver fits.
  const manifest = {
    drivers: {
      virtualhandset: {
        automationName: appium.automationName,
        platformNames: appium.platformNames,
        mainClass: appium.mainClass,
        pkgName: 'virtual-handset-driver',
        version: '1.0.0',
        appiumVersion: '^3.0.0',
        installType: 'local',
        installSpec: folder,
        installPath: folder,
      },
    },
    plugins: {},
    schemaRev: 4,
  };
  // JSON is YAML.
  await writeFile(join(cache, 'extensions.yaml'), JSON.stringify(manifest));
}

async function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once('error', (cause) => reject(new LabError('APPIUM_FAILED', { why: String(cause) }, { cause })));
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

type Outcome = { readonly server: AppiumServer } | { readonly code: string | null; readonly why: string };

async function start(
  entry: string,
  options: { readonly homeDir: string; readonly log: (line: string) => void; readonly signal?: AbortSignal },
  port: number,
): Promise<Outcome> {
  const child = spawn(process.execPath, [entry, options.homeDir, String(port)], {
    cwd: options.homeDir,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  child.stdin.on('error', () => undefined);
  const complaints: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    complaints.push(line);
    if (complaints.length > 20) complaints.shift();
    options.log(line);
  });
  const outcome = await firstWord(child, complaints, options.signal);
  if (!('ready' in outcome) || !outcome.ready) {
    await end(child);
    return 'ready' in outcome ? { code: outcome.code, why: outcome.why } : outcome;
  }
  return { server: running(child, port) };
}

function firstWord(
  child: ChildProcess,
  complaints: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ChildWord | { readonly code: string | null; readonly why: string }> {
  return new Promise((resolve, reject) => {
    const lines = child.stdout === null ? null : createInterface({ input: child.stdout });
    const settle =
      <T>(act: (value: T) => void) =>
      (value: T): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        act(value);
      };
    const done = (word: ChildWord | { readonly code: string | null; readonly why: string }): void => {
      if (signal?.aborted !== true) settle(resolve)(word);
    };
    // Its folder is removed next: the child must be gone by then.
    const abort = (): void => void end(child).finally(() => settle(reject)(signal?.reason));
    const timer = setTimeout(() => done({ code: 'ETIMEDOUT', why: `> ${PATIENCE_MS / 1000} s` }), PATIENCE_MS);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted) abort();
    child.once('error', (error) => done({ code: null, why: error.message }));
    // Appium ends by itself when its port is taken; only its words tell. They are all there when its pipes are closed.
    child.once('close', (code, by) => {
      const taken = complaints.some((line) => line.includes('EADDRINUSE'));
      done({ code: taken ? 'EADDRINUSE' : null, why: `exit ${by ?? code}: ${complaints.join(' | ')}` });
    });
    lines?.on('line', (line) => {
      const word = readWord(line);
      if (word !== null) done(word);
    });
  });
}

function readWord(line: string): ChildWord | null {
  if (!line.startsWith('{"ready":')) return null;
  return JSON.parse(line) as ChildWord;
}

function running(child: ChildProcess, port: number): AppiumServer {
  let lost: string | null = null;
  let closing = false;
  const listeners: ((why: string) => void)[] = [];
  child.once('exit', (code, by) => {
    lost = `Appium ended with ${by ?? code}`;
    if (!closing) for (const listener of listeners) listener(lost);
  });
  return {
    port,
    pid: child.pid ?? 0,
    onLost: (listener) => {
      if (lost !== null) listener(lost);
      else listeners.push(listener);
    },
    close: async () => {
      closing = true;
      await end(child);
    },
  };
}

/** Closes its standard input, which asks it to leave, and makes sure that it does. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin?.end();
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await gone;
  clearTimeout(timer);
}
