import { once } from 'node:events';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { HeaderDecoder } from '../../../harness/capture/http2-hpack.js';
import { FrameReader } from '../../../harness/capture/http2-reader.js';
import { headFrames } from '../../../harness/capture/http2-write.js';
import { HTTP2_PROPERTIES } from './http2-fuzz.js';
import { frame, NOTHING, SETTINGS } from './http2-frames.js';
import { pairs } from './http2-rig.js';
import { until } from './rig.js';

test.each(Object.entries(HTTP2_PROPERTIES))('whatever comes, the reader of HTTP/2 holds: %s', (_name, hold) => {
  hold(10_000);
});

test.each([
  // RFC 7541, C.3 to C.6: one list is one connection.
  {
    name: 'C.3',
    blocks: [
      '828684410f7777772e6578616d706c652e636f6d',
      '828684be58086e6f2d6361636865',
      '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565',
    ],
  },
  {
    name: 'C.4',
    blocks: ['828684418cf1e3c2e5f23a6ba0ab90f4ff', '828684be5886a8eb10649cbf', '828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf'],
  },
])('header blocks of the examples in RFC 7541, $name', ({ blocks }) => {
  const decoder = new HeaderDecoder();
  const common = ['www.example.com'];
  expect(blocks.map((block) => decoder.decode(Buffer.from(block, 'hex')))).toEqual([
    [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', ...common],
    [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', ...common, 'cache-control', 'no-cache'],
    [':method', 'GET', ':scheme', 'https', ':path', '/index.html', ':authority', ...common, 'custom-key', 'custom-value'],
  ]);
});

test('answers of the examples in RFC 7541, C.6', () => {
  const decoder = new HeaderDecoder();
  const blocks = [
    '488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3',
    '4883640effc1c0bf',
    '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
  ];
  // As if the table held 256 bytes, which the example agrees on by SETTINGS.
  const [first, ...rest] = blocks.map((block) => Buffer.from(block, 'hex'));
  const told = [Buffer.concat([Buffer.from('3fe101', 'hex'), first ?? NOTHING]), ...rest].map((block) => decoder.decode(block));
  const date = ['date', 'Mon, 21 Oct 2013 20:13:21 GMT', 'location', 'https://www.example.com'];
  const later = ['date', 'Mon, 21 Oct 2013 20:13:22 GMT', 'location', 'https://www.example.com'];
  const cookie = 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
  expect(told).toEqual([
    [':status', '302', 'cache-control', 'private', ...date],
    [':status', '307', 'cache-control', 'private', ...date],
    [':status', '200', 'cache-control', 'private', ...later, 'content-encoding', 'gzip', 'set-cookie', cookie],
  ]);
});

test.each([
  { name: 'an entry that the table no longer holds', blocks: ['4001780179', '20be'], why: 'a header index that is none' },
  {
    name: 'an entry that has made room for another',
    blocks: ['3f27', '4001780179', '4001790179', '40017a0179', 'c0'],
    why: 'a header index that is none',
  },
  { name: 'index 0', blocks: ['80'], why: 'a header index that is none' },
  { name: 'a size behind a field', blocks: ['8220'], why: 'a size of the header table that is none' },
  { name: 'a size beyond all', blocks: ['3fe1ffff03'], why: 'a size of the header table that is none' },
  { name: 'half a string', blocks: ['400578'], why: 'a header that breaks off' },
  { name: 'half a number', blocks: ['7f'], why: 'a header block that breaks off' },
  { name: 'a number without end', blocks: ['7f8080808080808080'], why: 'a header number that does not end' },
  // `a` is 00011: what is left of the octet must be ones, and less than eight of them.
  { name: 'padding of zeros', blocks: ['4081180178'], why: 'a Huffman code that breaks off' },
  { name: 'an octet of padding', blocks: ['40821fff0178'], why: 'a Huffman code that breaks off' },
  { name: 'the end of string inside a string', blocks: ['4085ffffffffff0178'], why: 'a Huffman code that is none' },
])('$name is malformed', ({ blocks, why }) => {
  const decoder = new HeaderDecoder();
  const [last = '', ...before] = blocks.toReversed();
  for (const block of before.toReversed()) decoder.decode(Buffer.from(block, 'hex'));
  expect(() => decoder.decode(Buffer.from(last, 'hex'))).toThrow(why);
});

test('reads what a library writes, with its table and every code of Huffman', async () => {
  const heads: (readonly string[])[] = [];
  const faults: string[] = [];
  const none = (): void => {};
  const server = createServer((socket) => {
    socket.on('error', none).write(frame(SETTINGS, 0, 0, Buffer.from('000300010000', 'hex')));
    const reader = new FrameReader('client', {
      head: (_stream, raw) => void heads.push(raw),
      data: none,
      dataEnd: none,
      promise: none,
      reset: none,
      goaway: none,
      framed: none,
      control: none,
      raw: none,
      broken: (why) => void faults.push(why),
    });
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on('error', none);
  await once(session, 'remoteSettings');
  // A rare byte among many frequent ones is coded all the same. Some bytes may not stand in a header at all.
  const bytes = Array.from({ length: 256 }, (_, n) => n).filter((n) => n === 9 || (n >= 32 && n !== 127));
  const sent = bytes.map(
    (n) => [`x-${n % 7}`, `${'a'.repeat(n % 2 === 0 ? 100 : 1)}${String.fromCharCode(n)}${'e'.repeat(n % 2 === 0 ? 100 : 1)}`] as const,
  );
  for (const [name, value] of sent) session.request({ ':path': `/${name}`, [name]: value, cookie: ['a=1', 'b=2'] }).on('error', none);
  await until(() => heads.length === sent.length);
  session.destroy();
  server.close();
  expect(faults).toEqual([]);
  expect(heads.map((raw) => pairs(raw).find(([name]) => name.startsWith('x-')))).toEqual(sent.map((one) => [...one]));
  expect(heads.every((raw) => pairs(raw).filter(([name]) => name === 'cookie').length === 2)).toBe(true);
});

test('reads what we write ourselves, however long', () => {
  const sent = [':status', '200', 'x', '', 'y', 'z'.repeat(126), 'y', 'z'.repeat(127), 'y', 'z'.repeat(128), 'long', 'l'.repeat(100_000)];
  const got: unknown[] = [];
  const reader = new FrameReader('origin', {
    head: (...told) => void got.push(told),
    data: () => {},
    dataEnd: () => {},
    promise: () => {},
    reset: () => {},
    goaway: () => {},
    framed: () => {},
    control: () => {},
    raw: () => {},
    broken: (why) => void got.push(why),
  });
  reader.push(headFrames(3, sent, { ends: false, first: true }));
  reader.push(headFrames(5, sent, { ends: true, first: false }));
  expect(got).toEqual([
    [3, sent, false],
    [5, sent, true],
  ]);
});
