import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { PerMessageDeflateOptions } from 'ws';
import { Malformed, parseHead } from '../../../harness/capture/http1.js';
import { agreedExtensions } from '../../../harness/capture/websocket-extensions.js';
import { listen, payloadsOf } from './websocket-frames.js';
import type { Told } from './websocket-frames.js';

/** What passed between two ends, each way. */
interface Wire {
  readonly client: Buffer[];
  readonly origin: Buffer[];
}

/** A WebSocket of `ws` at both ends, the server echoing, with its bytes kept on the way. */
async function talk(deflate: PerMessageDeflateOptions | false, say: (client: WebSocket) => Promise<void>): Promise<Wire> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: deflate });
  await once(server, 'listening');
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const wire: Wire = { client: [], origin: [] };
  const { port } = server.address() as AddressInfo;
  const between = createServer((client) => {
    const origin = connect({ host: '127.0.0.1', port });
    client.on('data', (chunk: Buffer) => void wire.client.push(Buffer.from(chunk))).pipe(origin);
    origin.on('data', (chunk: Buffer) => void wire.origin.push(Buffer.from(chunk))).pipe(client);
  });
  between.listen(0, '127.0.0.1');
  await once(between, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(between.address() as AddressInfo).port}`, { perMessageDeflate: deflate });
  await once(client, 'open');
  await say(client);
  client.close(1000, 'enough');
  await once(client, 'close');
  between.close();
  server.close();
  return wire;
}

/** Behind the head, as its reader sees it. */
function framesOf(chunks: readonly Buffer[]): { readonly frames: Buffer; readonly agreed: ReturnType<typeof agreedExtensions> } {
  const bytes = Buffer.concat(chunks);
  const end = bytes.indexOf('\r\n\r\n') + 4;
  if (end < 4) throw new Malformed('no head');
  return { frames: bytes.subarray(end), agreed: agreedExtensions(parseHead(bytes.subarray(0, end)).headers) };
}

function readAll(wire: Wire): { readonly client: Told; readonly origin: Told } {
  const { agreed, frames } = framesOf(wire.origin);
  const both = { client: framesOf(wire.client).frames, origin: frames };
  const side = (by: 'client' | 'origin'): Told => {
    const takeover = agreed.kind === 'deflate' ? { takeover: agreed.takeover[by] } : {};
    const { reader, told } = listen({ masked: by === 'client', ...takeover });
    reader.push(both[by]);
    expect(reader.half).toBe(false);
    return told;
  };
  return { client: side('client'), origin: side('origin') };
}

const LINES = Array.from({ length: 4000 }, (_, i) => `{"name":"联系人${i}","phone":"1400000${String(i).padStart(4, '0')}"}`);
/** Texts that refer to one another through the window, and bytes that do not. */
const MESSAGES: readonly (string | Buffer)[] = Array.from({ length: 60 }, (_, i) => {
  if (i % 7 === 3) return Buffer.from(Array.from({ length: i * 40 }, (__, j) => Math.imul(j + i, 2_654_435_761) >>> 24));
  if (i % 11 === 5) return '';
  const from = (i * 613) % LINES.length;
  return LINES.slice(from, from + ((i * i) % 900)).join('\n');
});

async function sayAll(client: WebSocket): Promise<void> {
  let echoes = 0;
  const heard = new Promise<void>((resolve) => {
    client.on('message', () => {
      echoes += 1;
      if (echoes === MESSAGES.length) resolve();
    });
  });
  MESSAGES.forEach((message, i) => {
    if (i % 5 === 4) client.ping('pp');
    if (i % 6 !== 2 || message.length < 10) return client.send(message);
    const third = Math.floor(message.length / 3);
    client.send(message.slice(0, third), { fin: false, binary: typeof message !== 'string' });
    client.ping('between');
    client.send(message.slice(third, 2 * third), { fin: false });
    client.send(message.slice(2 * third), { fin: true });
  });
  await heard;
}

const DEFLATE: readonly (readonly [string, PerMessageDeflateOptions | false])[] = [
  ['no compression', false],
  ['small messages plain', { threshold: 1024 }],
  ...([true, false] as const).flatMap((clientNoContextTakeover) =>
    ([true, false] as const).flatMap((serverNoContextTakeover) =>
      ([9, 15] as const).map(
        (bits) =>
          [
            `windows of 2^${bits}${clientNoContextTakeover ? ', client without takeover' : ''}${serverNoContextTakeover ? ', server without takeover' : ''}`,
            { clientNoContextTakeover, serverNoContextTakeover, clientMaxWindowBits: bits, serverMaxWindowBits: bits, threshold: 0 },
          ] as const,
      ),
    ),
  ),
];

test.each(DEFLATE)('reads what ws sends and answers as ws itself does: %s', async (_name, deflate) => {
  const wire = await talk(deflate, sayAll);
  const { client, origin } = readAll(wire);
  for (const told of [client, origin]) {
    expect(told.broken).toBeNull();
    expect(payloadsOf(told).map(String)).toEqual(MESSAGES.map(String));
    expect(told.messages.map(({ opcode, end }) => [opcode, end])).toEqual(
      MESSAGES.map((message) => [typeof message === 'string' ? 'text' : 'binary', 'whole']),
    );
    expect(told.closes).toEqual([[1000, 'enough']]);
    expect(told.messages.some(({ compressed }) => compressed)).toBe(deflate !== false);
  }
});
