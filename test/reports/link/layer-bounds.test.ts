import { createHash } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { inflated, MAX_INFLATED } from '../../../reports/link/inflate.js';
import { IMEI, Story } from './story.js';

const MIB = 1024 * 1024;
const zeros = Buffer.alloc(64 * MIB);
const many = (piece: Uint8Array, bytes: number): Buffer =>
  Buffer.concat(Array.from({ length: Math.ceil(bytes / piece.length) }, () => piece));
const b64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
const times = (n: number, text: string, wrap: (text: string) => string): string => (n === 0 ? text : times(n - 1, wrap(text), wrap));
/** A zstd frame of blocks that repeat one byte: four bytes become 128 KiB. */
const zstdBomb = (blocks: number): Buffer => {
  const block = Buffer.of(0x02, 0x00, 0x10, 0x41);
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38), ...Array.from({ length: blocks }, () => block)]);
};
/** A zstd frame of one raw block, as large as it must be told. */
const zstdRaw = (text: string, last: 0 | 1): Buffer => {
  const header = (text.length << 3) | last;
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, header & 255, (header >> 8) & 255, header >> 16), Buffer.from(text)]);
};
const whys = (body: Uint8Array | string, word: string | null): readonly string[] => {
  const story = new Story();
  story.flow({ body, headers: word === null ? [] : [['Content-Encoding', word]] });
  const { links, gaps } = story.link();
  expect(links.filter((l) => l.level >= 'C3')).toEqual([]);
  return gaps.map((g) => g.why);
};

describe('bombs are told, never opened whole', () => {
  test.each<readonly [string, Uint8Array | string, string | null, string]>([
    ['gzip', gzipSync(zeros), 'gzip', 'unpacked size'],
    ['zlib', deflateSync(zeros), 'deflate', 'unpacked size'],
    ['bare deflate', deflateRawSync(zeros), 'deflate', 'unpacked size'],
    ['brotli', brotliCompressSync(zeros), 'br', 'unpacked size'],
    ['zstd', zstdBomb(1000), 'zstd', 'unpacked size'],
    ['many gzip bombs', many(gzipSync(zeros.subarray(0, 8 * MIB)), 4 * MIB), null, 'decoding budget'],
    ['nested base64', times(6, 'some words that are text enough', b64), null, 'too deep'],
    ['nested %25', `%${'25'.repeat(100_000)}41`, null, 'too deep'],
    ['nested JSON escapes', `${'\\'.repeat(131_072)}"`, null, 'too deep'],
  ])('%s', (...row) => {
    const [, body, word, why] = row;
    expect(whys(body, word)).toContain(why);
  });

  test('no stream becomes more than is allowed', () => {
    for (const [op, bytes] of [
      ['gzip', gzipSync(zeros)],
      ['deflate', deflateRawSync(zeros)],
      ['brotli', brotliCompressSync(zeros)],
      ['zstd', zstdBomb(1000)],
    ] as const)
      expect(inflated(op, bytes)).toBe('limit');
    expect(MAX_INFLATED).toBe(32 * MIB);
  });
});

describe('a stream that was cut gives what came before the cut', () => {
  const pad = Array.from({ length: 900 }, (_, i) => createHash('md5').update(`${i}`).digest('hex')).join(' ');
  const text = JSON.stringify({ imei: IMEI.text, pad });
  test.each([
    ['gzip', gzipSync(text), 'gzip'],
    ['zlib', deflateSync(text), 'deflate'],
    ['bare deflate', deflateRawSync(text), 'deflate'],
    ['brotli', brotliCompressSync(text), 'br'],
    // A raw block, and one of which half is there.
    ['zstd', Buffer.concat([zstdRaw(text, 0), zstdRaw(pad, 1).subarray(6)]), 'zstd'],
  ] as const)('%s', (_title, whole, word) => {
    const story = new Story();
    story.flow({ body: whole.subarray(0, whole.length >> 1), headers: [['Content-Encoding', word]] });
    expect(story.link().links.map((l) => l.value)).toEqual([IMEI.id]);
  });
});

describe('hostile text is searched without a word', () => {
  test.each<readonly [string, Uint8Array]>([
    ['invalid UTF-8', Buffer.alloc(5000, Buffer.of(0xe4, 0xff, 0xc0, 0x80))],
    ['protobuf with wild lengths', Buffer.alloc(900, Buffer.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x12, 0x80, 0x80))],
    ['UTF-16 of lone surrogates', Buffer.alloc(900, Buffer.of(0, 0xd8, 0x31, 0))],
    ['half a soft break', Buffer.from('=E5=BD=AD=\r')],
  ])('%s', (_title, body) => {
    expect(whys(body, null)).toEqual([]);
  });
});
