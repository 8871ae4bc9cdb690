import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../cli/cli.js';
import { CHROMIUM } from '../reports/formats/devtools.js';

/** A program of this machine, or why it cannot be used. */
export type Tool = { readonly path: string; readonly version: string } | { readonly missing: string };
export const TOOLS = ['curl', 'openssl', 'python', 'undici', 'java', 'chromium'] as const;
export type ToolName = (typeof TOOLS)[number];

/** How a program is started; standard input gets `stdin` and ends. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
}

const PATIENCE_MS = 45_000;

/** What a program wrote to standard output. Rejects with its standard error unless it ends with 0. */
export function outputOf({ file, args, env = {}, stdin = new Uint8Array() }: Command): Promise<Buffer> {
  return new Promise((done, failed) => {
    // No proxy of this machine's own, and none of its settings.
    const child: ChildProcess = spawn(file, args, {
      env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LANG: 'C.UTF-8', ...env },
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    const [out, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk));
    // It may end without having read all.
    child.stdin?.on('error', () => {}).end(stdin);
    child.once('error', failed);
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) done(Buffer.concat(out));
      else failed(new Error(`${file} ${args.join(' ')} ended with ${code ?? signal}: ${Buffer.concat(errors).toString().slice(-2000)}`));
    });
  });
}

/** The first of some programs that answers to `args`, with what `version` finds in the answer. */
export async function firstOf(files: readonly string[], args: readonly string[], version: RegExp): Promise<Tool> {
  const reasons: string[] = [];
  for (const file of files)
    try {
      const said = (await outputOf({ file, args })).toString();
      const found = version.exec(said)?.[1];
      if (found !== undefined) return { path: file, version: found };
      reasons.push(`${file} said ${JSON.stringify(said.slice(0, 100))}`);
    } catch (error) {
      reasons.push(error instanceof Error ? (error.message.trim().split('\n').at(-1) ?? '') : String(error));
    }
  return { missing: reasons.join('; ') };
}

/** All tools, looked for at the same time; says of which none is here, and why. */
export async function findTools(): Promise<Readonly<Record<ToolName, Tool>>> {
  const pythons = [join(ROOT, '.contenders/requests/bin/python'), 'python3', '/usr/bin/python3'];
  const python = 'import platform, requests; print(f"requests {requests.__version__}, Python {platform.python_version()}")';
  const [curl, openssl, requests, java, chromium] = await Promise.all([
    firstOf(['curl'], ['--version'], /^(curl [^\n]*?)\s*\n/),
    firstOf(['openssl'], ['version'], /^(OpenSSL 3\S*)/),
    firstOf(pythons, ['-I', '-c', python], /^(requests .+)/),
    // The single source file is compiled by the runtime, which only a JDK can.
    firstOf(['java'], ['--list-modules'], /\b(jdk\.compiler@\S+)/),
    CHROMIUM === undefined ? { missing: 'no Chromium' } : firstOf([CHROMIUM], ['--version'], /^(\S+ \S+)/),
  ]);
  const tools = { curl, openssl, python: requests, java, undici: undici(), chromium };
  for (const name of TOOLS) if ('missing' in tools[name]) console.log(`skipped: ${name}: ${tools[name].missing}`);
  return tools;
}

function undici(): Tool {
  // Beside the harness it lies because others of its packages use it.
  const path = [join(ROOT, '.contenders/undici/node_modules/undici'), join(ROOT, 'node_modules/undici')].find(existsSync);
  if (path === undefined) return { missing: 'undici is not there: node test/clients/install.mjs' };
  const { version }: { version?: unknown } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
  return { path, version: `undici ${String(version)}, Node ${process.version}` };
}
