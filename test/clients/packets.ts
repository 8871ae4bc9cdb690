import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { until } from '../cli/cli.js';
import { firstOf, outputOf } from './tools.js';

/** Why packets of loopback cannot be captured and read here; null when they can. */
export async function noPackets(folder: string): Promise<string | null> {
  const reader = await firstOf(['tshark'], ['--version'], /(\d+\.\d+\.\d+)/);
  if ('missing' in reader) return `no tshark: ${reader.missing}`;
  const file = join(folder, 'may-i.pcapng');
  const why = await outputOf({ file: 'dumpcap', args: ['-q', '-i', 'lo', '-a', 'duration:1', '-w', file] }).then(() => null, String);
  rmSync(file, { force: true });
  return why === null ? null : `no right to capture on loopback: ${why}`;
}

/** Captures what goes over these ports of loopback into `file`, from when this settles until what it gives is called. */
export async function capturePackets(file: string, ports: readonly number[]): Promise<() => Promise<void>> {
  const last = createServer((socket) => void socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(last, 'listening');
  const { port } = last.address() as AddressInfo;
  const filter = [...ports, port].map((one) => `tcp port ${one}`).join(' or ');
  const dumpcap = spawn('dumpcap', ['-q', '-i', 'lo', '-B', '32', '-w', file, '-f', filter], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  dumpcap.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = once(dumpcap, 'close');
  await until('dumpcap captures', () => said.includes('File:') || dumpcap.exitCode !== null);
  if (dumpcap.exitCode !== null) throw new Error(`dumpcap ended: ${said}`);
  return async () => {
    const mark = `the last packet of ${port}`;
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    socket.write(mark);
    // Packets wait in the kernel for a while; what was sent before this one is in the file when this one is.
    await until('the last packet is in the file', () => readFileSync(file).includes(mark));
    socket.destroy();
    last.close();
    dumpcap.kill('SIGINT');
    await ended;
    if (!/dropped on interface .*: \d+\/0 /.test(said)) throw new Error(`packets were dropped: ${said}`);
  };
}

/** A TLS connection as tshark sees it. */
export interface Conversation {
  readonly stream: number;
  readonly toPort: number;
  readonly sni: string;
  readonly version: 'TLSv1.2' | 'TLSv1.3' | 'other';
  readonly ja3: string;
  /** Made here from the fields of the ClientHello, after FoxIO's specification of JA4. */
  readonly ja4: string;
}

/** How tshark reads a file of packets. */
export interface Reading {
  readonly packets: string;
  /** Null: it has no keys. */
  readonly keyLog: string | null;
}

async function tshark({ packets, keyLog }: Reading, args: readonly string[]): Promise<string> {
  const keys = keyLog === null ? [] : ['-o', `tls.keylog_file:${keyLog}`];
  return (await outputOf({ file: 'tshark', args: ['-n', '-r', packets, ...keys, ...args] })).toString('latin1');
}

/** What tshark tells of one frame: each field with all its values. */
type Row = (field: string) => readonly string[];

async function table(reading: Reading, filter: string, fields: readonly string[]): Promise<readonly Row[]> {
  const wanted = fields.flatMap((field) => ['-e', field]);
  const text = await tshark(reading, ['-Y', filter, '-T', 'fields', '-E', 'separator=/t', '-E', 'aggregator=,', ...wanted]);
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const cells = line.split('\t').map((cell) => (cell === '' ? [] : cell.split(',')));
    return (field) => cells[fields.indexOf(field)] ?? [];
  });
}

const STREAM = 'tcp.stream';
const TO_PORT = 'tcp.dstport';
const SNI = 'tls.handshake.extensions_server_name';
const JA3 = 'tls.handshake.ja3';
const CIPHERS = 'tls.handshake.ciphersuite';
const EXTENSIONS = 'tls.handshake.extension.type';
const SCHEME_BYTES = 'tls.handshake.sig_hash_alg_len';
const SCHEMES = 'tls.handshake.sig_hash_alg';
const VERSIONS = 'tls.handshake.extensions.supported_version';
const PROTOCOLS = 'tls.handshake.extensions_alpn_str';
const HTTP2_STREAM = 'http2.streamid';
const VERSION_NAMES: Readonly<Record<string, Conversation['version']>> = { '0x0303': 'TLSv1.2', '0x0304': 'TLSv1.3' };

/** All TLS connections in the order in which they began. */
export async function conversations(reading: Reading): Promise<readonly Conversation[]> {
  const asked = [STREAM, TO_PORT, SNI, JA3, CIPHERS, EXTENSIONS, SCHEME_BYTES, SCHEMES, VERSIONS, PROTOCOLS];
  const hellos = await table(reading, 'tls.handshake.type == 1', asked);
  const answers = await table(reading, 'tls.handshake.type == 2', [STREAM, VERSIONS]);
  // TLS 1.2 says its version elsewhere.
  const versions = new Map(answers.map((row) => [row(STREAM)[0], row(VERSIONS)[0] ?? '0x0303']));
  return hellos.map((hello) => ({
    stream: Number(hello(STREAM)[0]),
    toPort: Number(hello(TO_PORT)[0]),
    sni: hello(SNI)[0] ?? '',
    version: VERSION_NAMES[versions.get(hello(STREAM)[0]) ?? ''] ?? 'other',
    ja3: hello(JA3)[0] ?? '',
    ja4: ja4(hello),
  }));
}

const SERVER_NAME = 0;
const ALPN = 16;
const SIGNATURE_ALGORITHMS = 13;
const SIGNATURE_ALGORITHMS_CERT = 50;
const isGrease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
const hex = (value: number): string => value.toString(16).padStart(4, '0');
const short = (text: string): string => (text === '' ? '000000000000' : createHash('sha256').update(text).digest('hex').slice(0, 12));

function ja4(hello: Row): string {
  const numbers = (field: string): readonly number[] =>
    hello(field)
      .map(Number)
      .filter((value) => !isGrease(value));
  const [ciphers, types, lengths] = [numbers(CIPHERS), numbers(EXTENSIONS), numbers(SCHEME_BYTES)];
  // tshark calls the schemes of both extensions the same.
  const both = types.filter((type) => type === SIGNATURE_ALGORITHMS || type === SIGNATURE_ALGORITHMS_CERT);
  const before = both[0] === SIGNATURE_ALGORITHMS_CERT ? (lengths[0] ?? 0) / 2 : 0;
  const own = (lengths[both.indexOf(SIGNATURE_ALGORITHMS)] ?? 0) / 2;
  const signed = numbers(SCHEMES)
    .slice(before, before + own)
    .map(hex);
  const count = (list: readonly number[]): string => String(Math.min(list.length, 99)).padStart(2, '0');
  const [alpn] = hello(PROTOCOLS);
  const version = Math.max(...numbers(VERSIONS)) === 0x0304 ? '13' : '12';
  const protocol = alpn === undefined ? '00' : `${alpn.at(0)}${alpn.at(-1)}`;
  const others = types
    .filter((type) => type !== SERVER_NAME && type !== ALPN)
    .map(hex)
    .toSorted();
  return [
    `t${version}${types.includes(SERVER_NAME) ? 'd' : 'i'}${count(ciphers)}${count(types)}${protocol}`,
    short(ciphers.map(hex).toSorted().join(',')),
    short(`${others.join(',')}${signed.length > 0 ? `_${signed.join(',')}` : ''}`),
  ].join('_');
}

/** What tshark has decrypted of a connection with one exchange. */
export interface Exchanged {
  readonly protocol: 'HTTP/1.1' | 'HTTP/2';
  readonly request: Buffer;
  readonly response: Buffer;
}

/** The bodies of these connections, by stream; what tshark could not decrypt is missing. */
export async function bodies(reading: Reading, streams: readonly number[]): Promise<ReadonlyMap<number, Exchanged>> {
  const http2 = new Map<number, string>();
  for (const row of await table(reading, 'http2.type == 1', [STREAM, HTTP2_STREAM]))
    http2.set(Number(row(STREAM)[0]), row(HTTP2_STREAM).find((id) => id !== '0') ?? '');
  const follow = (stream: number): string =>
    http2.has(stream) ? `follow,http2,raw,${stream},${http2.get(stream)}` : `follow,tls,raw,${stream}`;
  const text = await tshark(reading, ['-q', ...streams.flatMap((stream) => ['-z', follow(stream)])]);
  const found = new Map<number, Exchanged>();
  for (const told of text.split(/^=+$/m)) {
    const [, stream] = /^Filter: tcp\.stream eq (\d+)/m.exec(told) ?? [];
    if (stream === undefined) continue;
    // The side that tshark calls the second is indented; which one it is differs from protocol to protocol.
    const sides = [/^[0-9a-f]+$/gm, /^\t[0-9a-f]+$/gm].map((line) => (told.match(line) ?? []).map((one) => Buffer.from(one.trim(), 'hex')));
    const exchanged = http2.has(Number(stream)) ? exchange2(sides) : exchange1(sides);
    if (exchanged !== null) found.set(Number(stream), exchanged);
  }
  return found;
}

type Sides = readonly (readonly Buffer[])[];

function exchange1(sides: Sides): Exchanged | null {
  const [asked, answered] = ofBoth(
    sides.map((pieces) => Buffer.concat(pieces)),
    (bytes) => bytes.indexOf('POST ') === 0,
  );
  return asked === undefined || answered === undefined
    ? null
    : { protocol: 'HTTP/1.1', request: announced(asked), response: announced(answered) };
}

/** A body of the length that its head announces, or what there is of it. */
function announced(message: Buffer): Buffer {
  const end = message.indexOf('\r\n\r\n') + 4;
  const [, length = '0'] = /^content-length: *(\d+)/im.exec(message.toString('latin1', 0, end)) ?? [];
  return message.subarray(end, end + Number(length));
}

/** One piece is one frame; tshark gives headers unpacked and without a frame's head. */
function exchange2(sides: Sides): Exchanged | null {
  const isData = (frame: Buffer): boolean => frame[3] === 0 && frame.length === frame.readUIntBE(0, 3) + 9;
  const asks = (frames: readonly Buffer[]): boolean => frames.some((frame) => !isData(frame) && frame.includes(':method'));
  const [asked, answered] = ofBoth(sides, asks);
  if (asked === undefined || answered === undefined) return null;
  const body = (frames: readonly Buffer[]): Buffer => Buffer.concat(frames.filter(isData).map((frame) => frame.subarray(9)));
  return { protocol: 'HTTP/2', request: body(asked), response: body(answered) };
}

/** Both sides, the one that asks first. */
function ofBoth<T>([one, other]: readonly T[], asks: (side: T) => boolean): readonly T[] {
  if (one === undefined || other === undefined) return [];
  return asks(one) ? [one, other] : asks(other) ? [other, one] : [];
}

/** How many requests tshark can read inside TLS. */
export async function requestsInTls(reading: Reading): Promise<number> {
  return (await table(reading, 'tls and (http.request.method == "POST" or http2.type == 1)', [STREAM])).length;
}
