import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../harness/capture/ca.js';
import { helloSniffer, sniffClientHello } from '../../../harness/capture/client-hello.js';
import { needsRsa, servingFor } from '../../../harness/capture/serving.js';
import type { Serving } from '../../../harness/capture/serving.js';
import recorded from './client-hellos.json' with { type: 'json' };
import { bodyOf, helloMessage, inRecords } from './hello-bytes.js';

const HOST = 'api.loan.example';
const authority = createAuthority('Lab', Date.now(), 'rsa');
let folder: string;
let port: number;
let served: Serving[] = [];
const server = createServer((socket) => serve(socket));

/** Reads the hello, puts it back, and serves what fits it: as the proxy does. */
function serve(socket: Socket): void {
  const sniff = helloSniffer();
  const had: Buffer[] = [];
  socket.on('error', () => {});
  const read = (): void => {
    for (let chunk: unknown = socket.read(); Buffer.isBuffer(chunk); chunk = socket.read()) {
      had.push(chunk);
      const sniffed = sniff(chunk);
      if (sniffed.kind !== 'hello') continue;
      socket.off('readable', read);
      socket.unshift(Buffer.concat(had));
      served.push(servingFor(sniffed.hello));
      const secureContext = authority.context(HOST, servingFor(sniffed.hello));
      new TLSSocket(socket, { isServer: true, secureContext })
        .on('error', () => {})
        .on('data', (data) => data.includes('Q') && socket.end());
      return;
    }
  };
  socket.on('readable', read);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'jj-serving-'));
  writeFileSync(join(folder, 'ca.pem'), authority.certPem);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** What `openssl s_client` says of a connection with these options. */
function client(args: readonly string[]): Promise<string> {
  const all = ['s_client', '-connect', `127.0.0.1:${port}`, '-servername', HOST, '-CAfile', join(folder, 'ca.pem'), ...args];
  // The system's own configuration may forbid what old clients do.
  const child = spawn('openssl', all, { env: { ...process.env, OPENSSL_CONF: '/dev/null' }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end('Q\n');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  return new Promise((done) => child.once('close', () => done(said)));
}

const OLD = 'DEFAULT@SECLEVEL=0';
const CLIENTS: readonly (readonly [what: string, args: readonly string[], serving: Serving, key: 'EC' | 'RSA', protocol: string])[] = [
  ['a client of today', [], 'ec', 'EC', 'TLSv1.3'],
  ['TLS 1.2', ['-tls1_2'], 'ec', 'EC', 'TLSv1.2'],
  ['TLS 1.3 without ECDSA', ['-sigalgs', 'RSA-PSS+SHA256:RSA+SHA256'], 'rsa', 'RSA', 'TLSv1.3'],
  ['TLS 1.3 with ECDSA on another curve only', ['-tls1_3', '-sigalgs', 'ECDSA+SHA384:RSA-PSS+SHA256'], 'rsa', 'RSA', 'TLSv1.3'],
  ['TLS 1.2 with ECDSA of SHA-384 only', ['-tls1_2', '-sigalgs', 'ECDSA+SHA384'], 'ec', 'EC', 'TLSv1.2'],
  ['TLS 1.2 with RSA suites', ['-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256'], 'rsa', 'RSA', 'TLSv1.2'],
  ['TLS 1.2 with RSA key exchange', ['-tls1_2', '-cipher', 'AES128-SHA'], 'rsa', 'RSA', 'TLSv1.2'],
  ['TLS 1.2 without P-256', ['-tls1_2', '-groups', 'X25519:P-384'], 'rsa', 'RSA', 'TLSv1.2'],
  ['TLS 1.2 with ECDSA suites alone', ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-SHA'], 'ec', 'EC', 'TLSv1.2'],
  ['TLS 1.2 with SHA-1 signatures only', ['-tls1_2', '-cipher', OLD, '-sigalgs', 'RSA+SHA1'], 'old', 'RSA', 'TLSv1.2'],
  ['TLS 1.1', ['-tls1_1', '-cipher', OLD], 'old', 'EC', 'TLSv1.1'],
  ['TLS 1.0 with RSA suites', ['-tls1', '-cipher', `AES128-SHA:@SECLEVEL=0`], 'old', 'RSA', 'TLSv1'],
  ['TLS 1.0 with ECDSA suites', ['-tls1', '-cipher', `ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0`], 'old', 'EC', 'TLSv1'],
];

describe('a client gets a certificate that it can take', () => {
  test.each(CLIENTS)('%s', async (_what, args, ...[serving, key, protocol]) => {
    served = [];
    const said = await client(args);
    expect(said).toMatch(/Verify return code: 0 \(ok\)/);
    expect(said).toMatch(key === 'EC' ? /Server public key is 256 bit/ : /Server public key is 2048 bit/);
    expect(/Protocol *: (\S+)/.exec(said)?.[1] ?? /New, (\S+),/.exec(said)?.[1]).toBe(protocol);
    expect(served).toEqual([serving]);
  });
});

describe('what a hello needs', () => {
  const EXPECTED: Readonly<Record<string, Serving>> = {
    'Node 20, TLS 1.0, no server name': 'old',
    'Node 20, RSA suites and schemes': 'rsa',
    'openssl s_client 3.0, TLS 1.1': 'old',
  };
  test.each(recorded)('of $client', ({ client: name, hex }) => {
    const sniffed = sniffClientHello(Buffer.from(hex, 'hex'));
    if (sniffed.kind !== 'hello') throw new Error(sniffed.kind);
    const expected = EXPECTED[name] ?? 'ec';
    expect(servingFor(sniffed.hello)).toBe(expected);
    expect(needsRsa(sniffed.hello)).toBe(expected !== 'ec');
  });

  test('of one in TLS 1.2 that says nothing of signatures is the old way', () => {
    const extensions = [{ type: 10, body: bodyOf.numbers([23]) }];
    const sniffed = sniffClientHello(inRecords(helloMessage({ legacyVersion: 0x0303, cipherSuites: [0xc02b, 47], extensions }), [500]));
    expect(sniffed.kind === 'hello' && servingFor(sniffed.hello)).toBe('old');
  });

  test('of one that names no groups does not keep it from ECDSA', () => {
    const extensions = [{ type: 13, body: bodyOf.numbers([0x0403]) }];
    const sniffed = sniffClientHello(inRecords(helloMessage({ legacyVersion: 0x0303, cipherSuites: [0xc02b], extensions }), [500]));
    expect(sniffed.kind === 'hello' && needsRsa(sniffed.hello)).toBe(false);
  });

  test('of one whose suites take ECDSA, but none of its schemes, is RSA', () => {
    const extensions = [{ type: 13, body: bodyOf.numbers([0x0401, 0x0804, 0x0203]) }];
    const sniffed = sniffClientHello(inRecords(helloMessage({ legacyVersion: 0x0303, cipherSuites: [0xc02b, 0xc02f], extensions }), [500]));
    expect(sniffed.kind === 'hello' && servingFor(sniffed.hello)).toBe('rsa');
  });
});
