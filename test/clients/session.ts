import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentOf, start, until } from '../cli/cli.js';
import { readRun, type RecordedRun } from '../../harness/store/read.js';
import type { Client } from './clients.js';
import { openOrigins, ORIGINS, type Arrival, type OriginKind } from './origins.js';
import type { Tool, ToolName } from './tools.js';

/** What a client got, or why it failed. */
export type Got = { readonly body: Buffer } | { readonly error: Error };

/** An ended `jiejing capture` through which all clients went at the same time. */
export interface Session {
  readonly run: RecordedRun;
  /** By the id of the client. */
  readonly got: ReadonlyMap<string, Got>;
  readonly arrivals: readonly Arrival[];
  /** SHA-256 of the certificate that a far server shows, by host. */
  readonly certificates: ReadonlyMap<string, string>;
  readonly proxyPort: number;
  readonly originPorts: Readonly<Record<OriginKind, number>>;
}

/** What a session is to be. */
export interface Plan {
  /** As `folderOf` makes it. */
  readonly folder: string;
  /** Name of the run folder in it. */
  readonly name: string;
  readonly clients: readonly Client[];
  readonly tools: Readonly<Record<ToolName, Tool>>;
  readonly options: readonly string[];
  /** Watches the ports of proxy and servers from before the first client until what it gives back is called. */
  readonly watch: (ports: readonly number[]) => Promise<() => Promise<void>>;
}

export const hostOf = ({ id, origin }: Client): string => `${id}.${origin}.test`;

/** Runs the built command and all clients whose tool is here, and reads back the run with every hash checked. */
export async function hold({ folder, name, clients, tools, options, watch }: Plan): Promise<Session> {
  const origins = await openOrigins();
  writeFileSync(join(folder, 'far.pem'), origins.caPem);
  const rules = ORIGINS.flatMap((kind) => ['--resolve', `*.${kind}.test=127.0.0.1:${origins.ports[kind]}`]);
  const where = ['--listen', '127.0.0.1:0', '--out', name, '--socks', '--upstream-ca', 'far.pem', '--json'];
  const capture = start(folder, ['capture', ...where, ...rules, ...options]);
  try {
    const { proxyPort, caFile } = await listening(capture);
    const unwatch = await watch([proxyPort, ...Object.values(origins.ports)]);
    const got = new Map<string, Got>();
    await Promise.all(
      clients.map(async (client) => {
        const tool = tools[client.tool];
        if ('missing' in tool) return;
        const task = { tool, folder, proxyPort, caFile, host: hostOf(client), body: client.body };
        const outcome = await client.post(task).then(
          (body) => ({ body }),
          (error: unknown) => ({ error: error instanceof Error ? error : new Error(String(error)) }),
        );
        got.set(client.id, outcome);
      }),
    );
    await unwatch();
    const certificates = new Map<string, string>();
    for (const client of clients) certificates.set(hostOf(client), await origins.certificateOf(hostOf(client), client.origin));
    capture.child.kill('SIGINT');
    const ended = await capture.ended;
    if (ended.code !== 0) throw new Error(`capture ended with ${ended.code ?? ended.signal}: ${ended.stderr}`);
    documentOf(ended);
    return { run: readRun(join(folder, name)), got, arrivals: origins.arrivals, certificates, proxyPort, originPorts: origins.ports };
  } finally {
    capture.child.kill('SIGKILL');
    origins.close();
  }
}

async function listening({ child, ended }: ReturnType<typeof start>): Promise<{ readonly proxyPort: number; readonly caFile: string }> {
  let said = '';
  let over = false;
  child.stdout?.on('data', (text: string) => (said += text));
  void ended.then(() => (over = true));
  await until('capture listens', () => over || said.includes('\n'));
  const { listening: at, ca }: { listening?: { port: number }; ca?: string } = over ? {} : JSON.parse(said);
  if (at === undefined || ca === undefined) throw new Error(`capture does not listen: ${(await ended).stderr}`);
  return { proxyPort: at.port, caFile: ca };
}
