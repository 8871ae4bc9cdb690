import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import draft6 from 'ajv/dist/refs/json-schema-draft-06.json' with { type: 'json' };
import { captureAlone } from '../../../harness/capture-alone.js';
import { createAuthority } from '../../../harness/capture/ca.js';
import { fileBodies } from '../../../harness/store/bodies.js';
import { readRun, type RecordedRun } from '../../../harness/store/read.js';
import { har, type HarParts } from '../../../reports/formats/har.js';

const far = createAuthority('Far', Date.now(), 'ec');
const HOST = 'api.example.com';

/** What the far server says to one path: a whole response as bytes, written and then, if `hangUp`, cut off. */
export interface Answer {
  readonly head: string;
  readonly body: Buffer;
  readonly hangUp?: boolean;
}

/** One request of the app. */
export interface Ask {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly answer: Answer;
}

export function answer(headers: Readonly<Record<string, string>>, body: Buffer | string = '', status = '200 OK'): Answer {
  const bytes = Buffer.from(body);
  const lines = Object.entries({ ...headers, 'Content-Length': String(bytes.length) }).map(([name, value]) => `${name}: ${value}\r\n`);
  return { head: `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`, body: bytes };
}

/** Captures what these requests and `more` send, over TLS and through a real proxy; the run is closed when this settles. */
export async function capture(dir: string, asks: readonly Ask[], more: (port: number) => Promise<void>): Promise<RecordedRun> {
  const stop = new AbortController();
  const server = await farServer(new Map(asks.map((ask) => [ask.path, ask.answer])));
  let opened: (at: { readonly port: number; readonly caFile: string }) => void = () => {};
  const listening = new Promise<{ readonly port: number; readonly caFile: string }>((done) => (opened = done));
  const captured = captureAlone({
    head: {
      id: 'har-test',
      tool: { name: 'jiejing', version: '0', commit: null, lockSha256: null, node: process.version },
      caseNumber: 'C-9',
      operator: null,
      lab: null,
    },
    title: 'har',
    dir,
    seed: '00'.repeat(16),
    listen: { host: '127.0.0.1', port: 0 },
    dnsPort: null,
    socks: false,
    engine: 'relay',
    caDir: null,
    upstreamCaPem: far.certPem,
    upstreamInsecure: false,
    resolve: [{ host: HOST, ip: '127.0.0.1', port: server.port }],
    signal: stop.signal,
    onListening: opened,
    onEvent: () => {},
    onFailure: () => {},
  });
  const { port, caFile } = await listening;
  const ca = readFileSync(caFile, 'utf8');
  for (const ask of asks) await send(port, ca, ask);
  await more(port);
  stop.abort();
  await captured;
  server.close();
  return readRun(dir);
}

async function farServer(answers: ReadonlyMap<string, Answer>): Promise<{ readonly port: number; close(): void }> {
  const server = createServer({ keepAlive: false });
  const sockets = new Set<Socket>();
  server.on('request', (request: IncomingMessage) => {
    request.resume().once('end', () => {
      const said = answers.get(request.url ?? '');
      if (said === undefined) throw new Error(`nothing to say to ${request.url}`);
      request.socket.write(Buffer.concat([Buffer.from(said.head, 'latin1'), said.body]), () => said.hangUp && request.socket.destroy());
    });
  });
  const connection = createTcpServer((socket) => {
    sockets.add(socket);
    const secure = new TLSSocket(socket, { isServer: true, SNICallback: (name, done) => done(null, far.context(name)) });
    for (const each of [socket, secure]) each.on('error', () => {});
    server.emit('connection', secure);
  });
  connection.listen(0, '127.0.0.1');
  await once(connection, 'listening');
  return {
    port: (connection.address() as AddressInfo).port,
    close: () => {
      connection.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A tunnel through the proxy. */
export async function tunnel(port: number, authority: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
  await once(socket, 'readable');
  socket.read();
  return socket;
}

async function send(port: number, ca: string, { path, method = 'GET', headers = {}, body }: Ask): Promise<void> {
  const secure = connectTls({ socket: await tunnel(port, `${HOST}:443`), servername: HOST, ca }).on('error', () => {});
  await once(secure, 'secureConnect');
  await new Promise<void>((done) => {
    const request = httpRequest({ createConnection: () => secure, host: HOST, path, method, headers: { ...headers } }, (response) => {
      response.on('error', () => {}).resume();
      response.once('close', done);
    });
    request.once('error', () => done());
    request.end(body);
  });
  secure.destroy();
}

export const TOOL = { name: 'jiejing', version: '1.2.3' } as const;

/** The HAR of a run as text; `watch` sees each read of a body. */
export function harOf(run: RecordedRun, watch: (length: number) => void = () => {}, changes: Partial<HarParts> = {}): string {
  return [...harPieces(run, watch, changes)].join('');
}

export function* harPieces(run: RecordedRun, watch: (length: number) => void, changes: Partial<HarParts> = {}): Generator<string> {
  const bodies = fileBodies(run.dir);
  const { head, events, headSha256, lastSha256 } = run;
  const read = (file: string, offset: number, length: number): Uint8Array => {
    watch(length);
    return bodies.read(file, offset, length);
  };
  yield* har({ head, events, bodies: { read }, state: 'complete', headSha256, lastSha256, tool: TOOL, ...changes });
  bodies.close();
}

const ajv = addFormats.default(new Ajv({ strict: false, allErrors: true })).addMetaSchema(draft6);
// Without types of its own: each of its files is one JSON schema.
const schemas: Readonly<Record<string, object>> = createRequire(import.meta.url)('har-schema');
for (const schema of Object.values(schemas)) ajv.addSchema(schema);

/** Where a HAR breaks the schema of HAR 1.2. */
export function faultsOf(text: string): readonly string[] {
  ajv.validate('har.json', JSON.parse(text));
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
