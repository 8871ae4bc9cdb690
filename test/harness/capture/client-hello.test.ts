import { describe, expect, test } from 'vitest';
import { helloSniffer, highestVersion, sniffClientHello } from '../../../harness/capture/client-hello.js';
import type { ClientHello, Sniffed } from '../../../harness/capture/client-hello.js';
import recorded from './client-hellos.json' with { type: 'json' };
import { bodyOf, helloMessage, inRecords, vector } from './hello-bytes.js';
import { HELLO_PROPERTIES } from './hello-fuzz.js';

const bytesOf = (client: string): Buffer => Buffer.from(recorded.find((row) => row.client === client)?.hex ?? '', 'hex');
function helloOf(sniffed: Sniffed): ClientHello {
  if (sniffed.kind !== 'hello') throw new Error(JSON.stringify(sniffed));
  return sniffed.hello;
}
function inPieces(bytes: Buffer, length: number): Sniffed {
  const sniff = helloSniffer();
  let sniffed: Sniffed = { kind: 'more' };
  for (let at = 0; at < bytes.length; at += length) sniffed = sniff(bytes.subarray(at, at + length));
  return sniffed;
}

describe('a ClientHello', () => {
  test('tells all that it asks for, in its order, with its GREASE', () => {
    const hello = helloOf(sniffClientHello(bytesOf('Chromium')));
    expect(hello).toMatchObject({ sni: 'api.loan.example', alpn: ['h2', 'http/1.1'], legacyVersion: 0x0303, pointFormats: [0] });
    const grease = (value: number): boolean => (value & 0x0f0f) === 0x0a0a;
    expect(hello.versions.filter((version) => !grease(version))).toEqual([0x0304, 0x0303]);
    expect(hello.cipherSuites.slice(1, 5)).toEqual([0x1301, 0x1302, 0x1303, 0xc02b]);
    expect(hello.groups.filter((group) => !grease(group))).toEqual([0x11ec, 29, 23, 24]);
    expect(hello.signatureSchemes).toEqual(expect.arrayContaining([0x0403, 0x0804, 0x0401]));
    for (const list of [hello.versions, hello.cipherSuites, hello.groups, hello.extensions, hello.signatureSchemes])
      expect(list.some(grease)).toBe(true);
  });

  test.each(recorded.map(({ client }) => client))('of %s reads the same in one-byte pieces and in one-byte records', (client) => {
    const bytes = bytesOf(client);
    const whole = sniffClientHello(bytes);
    expect(whole.kind).toBe('hello');
    expect(inPieces(bytes, 1)).toEqual(whole);
    const spread = inRecords(bytes.subarray(5), [1]);
    expect(sniffClientHello(spread)).toEqual(whole);
    expect(inPieces(spread, 1)).toEqual(whole);
  });

  test('of TLS 1.0, that ends before the extensions, is one', () => {
    const bytes = inRecords(helloMessage({ legacyVersion: 0x0301, cipherSuites: [47, 10], extensions: null }), [16_384]);
    expect(helloOf(sniffClientHello(bytes))).toEqual({
      sni: null,
      alpn: [],
      legacyVersion: 0x0301,
      versions: [],
      cipherSuites: [47, 10],
      extensions: [],
      groups: [],
      pointFormats: [],
      signatureSchemes: [],
    });
  });

  test.each([1, 4])('with %i times 16,000 bytes of extensions, in one-byte records and pieces, is read', (times) => {
    const most = Array.from({ length: times }, (_, i) => ({ type: 1000 + i, body: Buffer.alloc(16_000, i) }));
    const message = helloMessage({
      legacyVersion: 0x0303,
      cipherSuites: [0x1301],
      extensions: [...most, { type: 0, body: bodyOf.sni('a.b') }],
    });
    const sniffed = inPieces(inRecords(message, [1]), 1);
    expect(helloOf(sniffed)).toMatchObject({ sni: 'a.b', extensions: [...most.map(({ type }) => type), 0] });
  });

  test('is one although more came with it, and stays the one that it was', () => {
    const bytes = bytesOf('curl 7.88');
    const sniff = helloSniffer();
    const first = sniff(Buffer.concat([bytes, Buffer.from('early data')]));
    expect(first).toEqual(sniffClientHello(bytes));
    expect(sniff(Buffer.from('GET / HTTP/1.1'))).toBe(first);
  });

  test.each<[expected: number, versions: readonly number[], legacyVersion: number]>([
    [0x0304, [0x0303, 0x0304, 0x6a6a], 0x0303],
    [0x0303, [0x0303, 0x7f1c, 0x0305], 0x0303],
    [0x0302, [0x0002], 0x0302],
    [0x0301, [], 0x0301],
    [0x0303, [], 0x0304],
    [0x0302, [0x0a0a], 0x0302],
  ])('whose highest version is %i', (expected, versions, legacyVersion) => {
    const extensions = versions.length === 0 ? [] : [{ type: 43, body: bodyOf.versions(versions) }];
    expect(
      highestVersion(helloOf(sniffClientHello(inRecords(helloMessage({ legacyVersion, cipherSuites: [1], extensions }), [500])))),
    ).toBe(expected);
  });
});

describe('bytes that are no ClientHello', () => {
  const hello = (extensions: readonly { readonly type: number; readonly body: Buffer }[]): Buffer =>
    inRecords(helloMessage({ legacyVersion: 0x0303, cipherSuites: [1], extensions }), [16_384]);
  const cut = helloMessage({ legacyVersion: 0x0303, cipherSuites: [1], extensions: [{ type: 0, body: bodyOf.sni('a.b') }] }).subarray(
    4,
    -3,
  );
  const shortened = Buffer.concat([Buffer.from([1, 0, 0, cut.length]), cut]);

  test.each<[what: string, bytes: Buffer, why: RegExp]>([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n'), /not a TLS handshake record/],
    ['an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40]), /not a TLS handshake record/],
    ['a major version of 2', Buffer.from([22, 2]), /not a TLS version/],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0]), /impossible length/],
    ['a record that is too long', Buffer.from([22, 3, 1, 0x40, 1]), /impossible length/],
    ['a second record that is none', Buffer.from([22, 3, 1, 0, 1, 1, 23]), /not a TLS handshake record/],
    ['a ServerHello', Buffer.from([22, 3, 3, 0, 4, 2]), /does not begin with a ClientHello/],
    ['a length of 16 MiB', Buffer.from([22, 3, 3, 0, 4, 1, 0xff, 0xff, 0xff]), /longer than any server takes/],
    ['an empty message', Buffer.from([22, 3, 3, 0, 4, 1, 0, 0, 0]), /contradicts its own lengths/],
    ['a message shorter than its parts', inRecords(shortened, [16_384]), /contradicts its own lengths/],
    [
      'a server name longer than its extension',
      hello([{ type: 0, body: Buffer.from([0, 5, 0, 0, 9, 97]) }]),
      /contradicts its own lengths/,
    ],
    ['half a number', hello([{ type: 10, body: vector(2, Buffer.from([0, 23, 0])) }]), /contradicts its own lengths/],
  ])('%s', (_what, bytes, why) => {
    const sniffed = sniffClientHello(bytes);
    expect(sniffed).toMatchObject({ kind: 'other', why: expect.stringMatching(why) });
    expect(inPieces(bytes, 1)).toEqual(sniffed);
  });

  test('are told from ones that have not come yet', () => {
    const bytes = bytesOf('openssl s_client 3.0');
    const sniff = helloSniffer();
    for (let at = 0; at < bytes.length - 1; at += 1) expect(sniff(bytes.subarray(at, at + 1))).toEqual({ kind: 'more' });
    expect(sniff(bytes.subarray(-1)).kind).toBe('hello');
    expect(sniffClientHello(new Uint8Array(0))).toEqual({ kind: 'more' });
  });
});

describe('whatever comes', () => {
  test.each(Object.entries(HELLO_PROPERTIES))('the reader never throws and never contradicts itself: %s', (_name, hold) => {
    hold(10_000);
  });
});
