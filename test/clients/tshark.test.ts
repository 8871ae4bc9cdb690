import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Flow } from '../../harness/model/event.js';
import { folderOf, run as cli } from '../cli/cli.js';
import { CLIENTS, type Client } from './clients.js';
import { sha256 } from './origins.js';
import { bodies, capturePackets, conversations, noPackets, requestsInTls, type Conversation, type Exchanged } from './packets.js';
import { hold, hostOf, type Session } from './session.js';
import { findTools, type Tool, type ToolName } from './tools.js';

const folder = folderOf('tshark');
const PACKETS = join(folder, 'packets.pcapng');
const KEYS = join(folder, 'tls.keylog');
/** Null: it was done. */
let why: string | null;
let tools: Readonly<Record<ToolName, Tool>>;
let session: Session;
let seen: readonly Conversation[];
let read: ReadonlyMap<number, Exchanged>;

beforeAll(async () => {
  [why, tools] = await Promise.all([noPackets(folder), findTools()]);
  if (why !== null) return console.log(`skipped: ${why}`);
  session = await hold({ folder, name: 'run', clients: CLIENTS, tools, options: [], watch: (ports) => capturePackets(PACKETS, ports) });
  const exported = await cli(folder, ['export', 'run', '--keylog', '--out', KEYS]);
  if (exported.code !== 0) throw new Error(exported.stderr);
  seen = await conversations({ packets: PACKETS, keyLog: KEYS });
  read = await bodies(
    { packets: PACKETS, keyLog: KEYS },
    seen.map(({ stream }) => stream),
  );
});

const flowOf = (client: Client): Flow | undefined =>
  session.run.events.find((event): event is Flow => event.kind === 'flow' && event.host === hostOf(client));
const sidesOf = (client: Client): readonly (readonly [number, Conversation | undefined])[] =>
  [session.proxyPort, session.originPorts[client.origin]].map((port) => {
    const all = seen.filter(({ sni, toPort }) => sni === hostOf(client) && toPort === port);
    // The certificate was looked at once more, without a request.
    return [port, all.find(({ stream }) => read.has(stream))];
  });

describe('tshark with the exported key log', () => {
  it.for(CLIENTS)('decrypts both sides of $id and sees the bodies that were recorded', (client, context) => {
    if (why !== null) return context.skip(why);
    const tool = tools[client.tool];
    if ('missing' in tool) return context.skip(tool.missing);
    const recorded = Object.fromEntries(flowOf(client)?.bodies.map((body) => [body.of, body.sha256]) ?? []);
    expect(recorded['request']).toBe(sha256(client.body));
    for (const [i, [, conversation]] of sidesOf(client).entries()) {
      const exchanged = read.get(conversation?.stream ?? -1);
      expect(conversation?.version).toBe(client.tls[i]);
      expect(exchanged?.protocol).toBe(client.alpn[i] === 'h2' ? 'HTTP/2' : 'HTTP/1.1');
      expect(sha256(exchanged?.request ?? Buffer.alloc(0))).toBe(recorded['request']);
      expect(sha256(exchanged?.response ?? Buffer.alloc(0))).toBe(recorded['response']);
    }
  });

  it.for(CLIENTS)('finds the JA3 and JA4 that were recorded of $id', (client, context) => {
    if (why !== null) return context.skip(why);
    const tool = tools[client.tool];
    if ('missing' in tool) return context.skip(tool.missing);
    const [[, conversation] = []] = sidesOf(client);
    const { ja3, ja4 } = flowOf(client)?.tls?.client ?? {};
    expect({ ja3, ja4 }).toEqual({ ja3: conversation?.ja3, ja4: conversation?.ja4 });
  });

  it('reads nothing without it, and of a connection without its lines', async (context) => {
    if (why !== null) return context.skip(why);
    expect(await requestsInTls({ packets: PACKETS, keyLog: KEYS })).toBeGreaterThanOrEqual(2 * session.got.size);
    expect(await requestsInTls({ packets: PACKETS, keyLog: null })).toBe(0);
    const lines = readFileSync(KEYS, 'utf8').trimEnd().split('\n');
    const randoms = [...new Set(lines.map((line) => line.split(' ')[1]))];
    const others = join(folder, 'others.keylog');
    writeFileSync(others, lines.filter((line) => line.split(' ')[1] !== randoms[0]).join('\n'));
    const fewer = await bodies(
      { packets: PACKETS, keyLog: others },
      seen.map(({ stream }) => stream),
    );
    expect(fewer.size).toBe(read.size - 1);
  });
});
