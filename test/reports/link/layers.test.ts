import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ManifestValue } from '../../../harness/model/values.js';
import { decodeLight } from '../../../reports/link/decode.js';
import { unpack } from '../../../reports/link/inflate.js';
import { declaredParts } from '../../../reports/link/multipart.js';
import { decodeText, hasQuotedPrintable, mapText } from '../../../reports/link/text-layers.js';
import { openUnmarked } from '../../../reports/link/unmarked.js';
import { wideRuns } from '../../../reports/link/wide-text.js';
import { gbk } from './cases/encoders.js';
import { ANDROID_ID, IMEI, MAC, NAME_1, NAME_2, OAID, PHONE, PHONE_1, SMS, Story } from './story.js';

type Request = Parameters<Story['flow']>[0];
const json = (more: object): string => JSON.stringify({ ts: 1772416800123, model: 'JJ-1', ...more });
const b64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const wide = (text: string): Buffer => Buffer.from(text, 'utf16le');
const wideBig = (text: string): Buffer => wide(text).swap16();
const quoted = (text: string): string => [...Buffer.from(text)].map((b) => `=${b.toString(16).toUpperCase().padStart(2, '0')}`).join('');
const encoding = (word: string): NonNullable<Request['headers']> => [['Content-Encoding', word]];
const part = (head: string, body: Uint8Array | string): Buffer =>
  Buffer.concat([
    Buffer.from(`--b\r\nContent-Disposition: form-data; name="f"\r\n${head}\r\n\r\n`),
    Buffer.from(body),
    Buffer.from('\r\n--b--\r\n'),
  ]);
const zstd = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  const header = (bytes.length << 3) | 1;
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length, header & 255, (header >> 8) & 255, header >> 16), bytes]);
};
/** What the zstd command writes: no content size, a window of 2 MiB, a checksum; as one raw block, as codes, as three blocks. */
const ZSTD_RAW = Buffer.from(
  'KLUv/QRY4QEAeyJ0cyI6MTc3MjQxNjgwMDEyMywibW9kZWwiOiJKSi0xIiwiaW1laSI6IjAwNDk5OTAxMDY0MDAwMCJ98P7G2w==',
  'base64',
);
const ZSTD_CODES = Buffer.from(
  'KLUv/QRYVQgARpRBJgDJqg44IOZOrYDuX+fecrfaDQkWDusLlSMLjZrZYcdCs////w8rOQAzADMA9t027a9tHl+3uVPbuOHFGCMiEZ24WCwQMb7nadRqDz4HIBJ5z6v0' +
    'avtgwMGJUSDhIA4KhfM8nB9DvYGvc6H71RfGz7j09W5h1sNNY9+4vpVjLJom8wfn2/i1zmN9fGnOtD7LGndoaZaP9entcvJokhVuS8/1vfDndt3OrbvtS9/Yc0YtPKfl' +
    '7JXmTC9+Y5+1HvfN+HlGo1kwr9zmtmMBZxTIxikKkHSYIB2XTCQ1cAMCCMLBn8qiZHVJgu6Qr6jIsiLpDwsyOZyih3WHfETJ6RQJNL0hgV41qAAHR8EP',
  'base64',
);
const ZSTD_BLOCKS = Buffer.from(
  'KLUv/QRYpAAAYHsicGFkIjoicm93IAEA8f/nLglMAAAIcgEA/P85EAIdAQDgciIsImltZWkiOiIwMDQ5OTkwMTA2NDAwMDAifQEAxMUOhDdm5H0=',
  'base64',
);
const people = `{"rows":[{"name":"${NAME_1.text}","phone":"${PHONE_1.text}"},{"name":"${NAME_2.text}","phone":"x"}]}`;
const packs = (text: string): Buffer =>
  Buffer.concat([Buffer.from('\x82\xa4name\xa8', 'latin1'), gbk(text), Buffer.from('\xa5phone\x01', 'latin1')]);
const record = (field: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of((field << 3) | 2, bytes.length), bytes]);
const imei = json({ imei: IMEI.text });
const card = `BEGIN:VCARD\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:;${quoted(NAME_1.text).replace(/(.{24})/, '$1=\r\n')};;;\r\nTEL;CELL:${PHONE_1.text}\r\nEND:VCARD\r\n`;
const long = json({ list: Array.from({ length: 20 }, (_, i) => ({ row: i, name: `row ${i}` })), imei: [IMEI.text, SMS.text] });

const FOUND: readonly (readonly [string, Request, ManifestValue, string | null])[] = [
  ['protobuf, nested', { body: record(2, record(1, record(3, Buffer.from(IMEI.text)))) }, IMEI, ''],
  [
    'protobuf, a number before a tag like a digit',
    { body: Buffer.concat([record(1, Buffer.from(PHONE.text)), Buffer.of(0x30, 1)]) },
    PHONE,
    '',
  ],
  ['msgpack', { body: Buffer.concat([Buffer.of(0x81, 0xa4), Buffer.from('imei'), Buffer.of(0xaf), Buffer.from(IMEI.text)]) }, IMEI, ''],
  ['base64 glued to letters', { body: json({ d: `x${b64(imei)}` }) }, IMEI, 'base64'],
  ['UTF-16LE with escapes', { body: wide(`{"n":"${'\\u5f6d\\u6587\\u83e1\\u8c0c'}","p":"${PHONE_1.text}"}`) }, NAME_1, 'utf-16le json'],
  ['UTF-16BE', { body: wideBig(`{"sms":"${SMS.text}","p":"+86-140-8273-6951"}`) }, PHONE, null],
  ['UTF-16LE with base64', { body: wide(json({ d: b64(imei) })) }, IMEI, 'utf-16le base64'],
  ['UTF-16BE with base64', { body: wideBig(json({ d: b64(imei) })) }, IMEI, 'utf-16be base64'],
  ['UTF-16LE in base64', { body: json({ d: b64(wide(json({ d: b64(imei) }))) }) }, IMEI, 'base64 utf-16le base64'],
  [
    'UTF-16LE behind binary',
    { body: Buffer.concat([Buffer.of(1, 2, 3), wide(json({ d: b64(imei) })), Buffer.of(255)]) },
    IMEI,
    'utf-16le base64',
  ],
  ['UTF-16 with a mark', { body: wide(`\ufeff${json({ d: b64(imei) })}`) }, IMEI, 'utf-16le base64'],
  ['quoted-printable vCard, the name', { body: card }, NAME_1, 'quoted-printable'],
  ['quoted-printable vCard in a form', { body: `v=${encodeURIComponent(card)}` }, NAME_1, 'percent quoted-printable'],
  ['quoted-printable vCard in JSON', { body: JSON.stringify({ v: card }) }, NAME_1, 'json quoted-printable'],
  ['quoted-printable in base64', { body: json({ d: b64(card) }) }, NAME_1, 'base64 quoted-printable'],
  [
    'a soft break in a number',
    { body: `Content-Type: text/plain\r\n\r\nimei is ${IMEI.text.slice(0, 7)}=\r\n${IMEI.text.slice(7)}\r\n` },
    IMEI,
    'quoted-printable',
  ],
  [
    'a part in quoted-printable',
    { body: part('Content-Transfer-Encoding: quoted-printable', `x=${quoted(IMEI.text[0] ?? '')}${IMEI.text.slice(1)}`) },
    IMEI,
    'quoted-printable',
  ],
  ['a part in base64', { body: part('Content-Transfer-Encoding: base64', b64(imei)) }, IMEI, 'base64'],
  ['a part in gzip', { body: part('Content-Encoding: gzip', gzipSync(imei)) }, IMEI, 'gzip'],
  ['a part in brotli', { body: part('Content-Encoding: br', brotliCompressSync(long)) }, IMEI, 'brotli'],
  ['a part in bare deflate', { body: part('content-encoding: deflate', deflateRawSync(imei)) }, IMEI, 'deflate'],
  ['brotli in base64', { body: json({ d: b64(brotliCompressSync(long)) }) }, IMEI, 'base64 brotli'],
  ['zstd in base64', { body: json({ d: b64(zstd(imei)) }) }, IMEI, null],
  ['zstd of the command', { body: ZSTD_RAW, headers: encoding('zstd') }, IMEI, 'zstd'],
  ['zstd of the command, nothing said', { body: ZSTD_CODES }, IMEI, 'zstd'],
  ['zstd of the command, several blocks', { body: ZSTD_BLOCKS }, IMEI, null],
  ['zstd of the command in base64', { body: json({ d: b64(ZSTD_CODES) }) }, IMEI, 'base64 zstd'],
  ['two frames of zstd', { body: Buffer.concat([zstd('x'), ZSTD_RAW]), headers: encoding('zstd') }, IMEI, 'zstd'],
  ['GBK, a name in JSON', { body: gbk(people) }, NAME_2, 'gbk'],
  ['GBK, a name in a row', { body: gbk(`${NAME_1.text}\t${PHONE_1.text}\n`) }, NAME_1, 'gbk'],
  ['GBK in percent', { body: `n=${[...gbk(NAME_1.text)].map((b) => `%${b.toString(16)}`).join('')}&x=1` }, NAME_1, 'percent gbk'],
  ['GBK in base64', { body: json({ d: b64(gbk(people)) }) }, NAME_1, 'base64 gbk'],
  ['GBK in hex', { body: json({ d: gbk(people).toString('hex') }) }, NAME_1, 'hex gbk'],
  ['GBK in protobuf', { body: record(2, record(1, gbk(NAME_1.text))) }, NAME_1, 'gbk'],
  ['GBK in msgpack', { body: packs(NAME_1.text) }, NAME_1, 'gbk'],
  ['UTF-16LE in hex, alone', { body: json({ d: wide(PHONE.text).toString('hex') }) }, PHONE, null],
  ['UTF-16BE in hex, with another form', { body: json({ d: wideBig(`+86 ${PHONE.text}`).toString('hex') }) }, PHONE, null],
  [
    'UTF-16LE in hex behind a digit',
    { body: `x=7${wide(MAC.text.replaceAll(':', '').toUpperCase()).toString('hex')}` },
    MAC,
    'hex utf-16le',
  ],
  ['UTF-16LE in base64, glued', { body: `x=ab${b64(wide(MAC.text.toUpperCase()))}` }, MAC, 'base64 utf-16le'],
  ['UTF-16BE in base64, alone', { body: b64(wideBig(MAC.text.toUpperCase())) }, MAC, 'base64 utf-16be'],
  ['brotli of brotli, one said', { body: brotliCompressSync(brotliCompressSync(long)), headers: encoding('br') }, IMEI, 'brotli brotli'],
  ['gzip of bare deflate, one said', { body: gzipSync(deflateRawSync(imei)), headers: encoding('gzip') }, IMEI, 'gzip deflate'],
  ['zlib in base64 in a path', { target: `/v1/u/${encodeURIComponent(b64(deflateSync(imei)))}/info` }, IMEI, null],
  ['bare deflate of UTF-16', { body: gzipSync(deflateRawSync(wide(imei))) }, IMEI, 'gzip deflate'],
  ['bare deflate in base64', { body: json({ d: b64(deflateRawSync(imei)) }) }, IMEI, 'base64 deflate'],
  ['bare deflate, nothing said', { body: deflateRawSync(imei) }, IMEI, 'deflate'],
  [
    'bare deflate in dynamic codes',
    { body: deflateRawSync(`${'some words and many more of them, '.repeat(9)}${imei}${SMS.text.repeat(3)}`) },
    IMEI,
    'deflate',
  ],
  ['brotli, nothing said', { body: brotliCompressSync(long) }, IMEI, 'brotli'],
  ['said gzip, and plain', { body: imei, headers: encoding('gzip') }, IMEI, ''],
  ['said br, and gzip', { body: gzipSync(imei), headers: encoding('br') }, IMEI, 'gzip'],
  ['said deflate, and gzip', { body: gzipSync(imei), headers: encoding('deflate') }, IMEI, 'gzip'],
  ['said gzip, and zstd', { body: zstd(imei), headers: encoding('gzip') }, IMEI, null],
  ['said br, and plain', { body: imei, headers: encoding('br') }, IMEI, ''],
  ['said deflate, and plain', { body: imei, headers: encoding('deflate') }, IMEI, ''],
  ['gzip twice', { body: gzipSync(gzipSync(imei)), headers: encoding('gzip, gzip') }, IMEI, 'gzip gzip'],
  ['gzip said twice, done once', { body: gzipSync(imei), headers: encoding('gzip, gzip') }, IMEI, 'gzip'],
  ['deflate, then gzip', { body: gzipSync(deflateSync(imei)), headers: encoding('deflate, gzip') }, IMEI, 'gzip deflate'],
  ['an HTTP/2 pseudo-header', { headers: [[':authority', `${ANDROID_ID.text}.up.example`]] }, ANDROID_ID, ''],
  ['a cookie in percent', { headers: [['Cookie', `a=1; d=${encodeURIComponent(imei)}`]] }, IMEI, 'percent'],
  ['a header in base64', { headers: [['X-Device', b64(imei)]] }, IMEI, 'base64'],
  ['a path segment in percent', { target: `/u/%30${IMEI.text.slice(1)}/x` }, IMEI, 'percent'],
  ['a matrix parameter', { target: `/u;imei=${IMEI.text};v=1/x?y` }, IMEI, ''],
  ['a fragment', { headers: [['Referer', `https://h.example/#/p?oaid=${OAID.text}`]] }, OAID, ''],
];

describe('layers: a value that leaves is found', () => {
  test.each(FOUND)('%s', (...row) => {
    const [, request, wanted, chain] = row;
    const story = new Story();
    story.flow(request);
    const { links, gaps } = story.link();
    const found = links.find((l) => l.value === wanted.id);
    expect(found, JSON.stringify([links.map((l) => l.value), gaps.map((g) => g.why)])).toBeDefined();
    if (chain !== null) expect(found?.chain.map((e) => e.op).join(' ')).toBe(chain);
    expect(gaps.map((g) => g.why)).toEqual([]);
  });
});

describe('layers: what is inside a longer number is not found', () => {
  test.each<readonly [string, Request]>([
    ['UTF-16LE', { body: wide(`order=9${PHONE.text};x=${IMEI.text}7;`) }],
    ['UTF-16BE', { body: wideBig(`order=9${PHONE.text};x=${IMEI.text}7;`) }],
    ['UTF-16LE, digits alone', { body: wide(`9${PHONE.text}`) }],
    ['UTF-16BE, digits alone', { body: wideBig(`9${PHONE.text}`) }],
    ['UTF-16LE, digits alone, the other end', { body: wide(`${PHONE.text}9`) }],
    ['UTF-16BE, digits alone, the other end', { body: wideBig(`${PHONE.text}9`) }],
    ['UTF-16LE behind a byte', { body: Buffer.concat([Buffer.from('x'), wide(`9${PHONE.text}`)]) }],
    ['UTF-16BE before a byte', { body: Buffer.concat([wideBig(`${PHONE.text}9`), Buffer.from('x')]) }],
    ['quoted-printable', { body: `ENCODING=QUOTED-PRINTABLE: no=39${PHONE.text} =E5=BD=AD` }],
    [
      'a soft break',
      { body: `some text 7${PHONE.text.slice(0, 5)}=\r\n${PHONE.text.slice(5)} and ${IMEI.text.slice(0, 5)}=\r\n${IMEI.text.slice(5)}8` },
    ],
    ['a form with = and two digits', { body: `a=40&no=39${PHONE.text}&b=3D` }],
  ])('%s', (_title, request) => {
    const story = new Story();
    story.flow(request);
    expect(story.link().links.map((l) => [l.value, l.chain.map((e) => e.op).join(' ')])).toEqual([]);
  });
});

describe('each layer is undone to what was done', () => {
  const char = fc.integer({ min: 0x20, max: 0xffff }).filter((c) => c < 0xd800 || c > 0xdfff);
  const text = fc.array(fc.oneof(fc.integer({ min: 0x20, max: 0x7e }), char, fc.integer({ min: 0x10000, max: 0x10ffff })), {
    maxLength: 60,
  });
  const stringOf = (codes: readonly number[]): string => String.fromCodePoint(...codes);
  const soft = (coded: string): string => (coded.match(/(?:=[0-9A-F]{2}){1,20}/g) ?? []).join('=\r\n');

  test('UTF-16, either way round, and quoted-printable', () => {
    fc.assert(
      fc.property(text, (codes) => {
        const plain = stringOf(codes);
        expect(Buffer.from(decodeText('utf-16le', wide(plain), null)).toString()).toBe(plain);
        expect(Buffer.from(decodeText('utf-16be', wideBig(plain), null)).toString()).toBe(plain);
        expect(Buffer.from(decodeText('quoted-printable', Buffer.from(soft(quoted(plain))), null)).toString()).toBe(plain);
      }),
      { numRuns: 300 },
    );
  });

  test('a stretch of what came out is what comes out of the stretch that the map names', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('utf-16le', 'utf-16be', 'quoted-printable'),
        fc.uint8Array({ maxLength: 80 }),
        fc.nat(),
        fc.nat(),
        (op, noise, a, b) => {
          const src =
            op === 'quoted-printable' ? noise.map((x) => '=\r\n0AZa'.charCodeAt(x % 8) || 0x3d) : noise.subarray(0, noise.length & ~1);
          const { bytes, map } = mapText(op, src);
          let [from, to] = [a % (bytes.length + 1), b % (bytes.length + 1)].toSorted((x, y) => x - y) as [number, number];
          while (from > 0 && map[from] === map[from - 1]) from -= 1;
          while (to < bytes.length && map[to] === map[to - 1]) to += 1;
          const cut = decodeText(op, src.subarray(map[from], map[to]), null);
          expect(Buffer.compare(cut, bytes.subarray(from, to))).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('percent, JSON, packings', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), text, (noise, codes) => {
        const percent = [...noise].map((x) => `%${x.toString(16).padStart(2, '0')}`).join('');
        expect(Buffer.compare(decodeLight('percent', Buffer.from(percent), null) ?? Buffer.alloc(0), noise)).toBe(0);
        const plain = `"${stringOf(codes)}`;
        expect(Buffer.from(decodeLight('json', Buffer.from(JSON.stringify(plain).slice(1, -1)), null) ?? []).toString()).toBe(plain);
        for (const [op, done] of [
          ['gzip', gzipSync(noise)],
          ['deflate', deflateSync(noise)],
          ['deflate', deflateRawSync(noise)],
          ['brotli', brotliCompressSync(noise)],
        ] as const)
          expect(Buffer.compare(unpack(op, done) as Uint8Array, noise)).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test('text in a packing without a mark is opened, whatever it is', () => {
    const words = fc.array(fc.constantFrom('imei', '设备', '{"a":1,', 'x=', '00493', 'and so on'), { minLength: 25, maxLength: 400 });
    fc.assert(
      fc.property(words, (list) => {
        const plain = Buffer.from(list.join(' '));
        expect(openUnmarked(deflateRawSync(plain))?.op).toBe('deflate');
        expect(openUnmarked(brotliCompressSync(plain))?.op).toBe('brotli');
      }),
      { numRuns: 200 },
    );
  });

  test('a stretch of UTF-16 is whole, whatever stands beside it', () => {
    const around = fc.uint8Array({ maxLength: 5 }).map((b) => b.map((x) => x | 0x80));
    fc.assert(
      fc.property(around, fc.boolean(), around, (before, little, after) => {
        const plain = `9${PHONE.text}8`;
        const { runs } = wideRuns(Buffer.concat([before, little ? wide(plain) : wideBig(plain), after]));
        const bytes = Buffer.concat([before, little ? wide(plain) : wideBig(plain), after]);
        for (const { op, start, end } of runs)
          expect(Buffer.from(decodeText(op, bytes.subarray(start, end), null)).toString()).toContain(plain);
        expect(runs.length).toBe(1);
      }),
    );
  });

  test('random bytes never throw, alone or behind any beginning', () => {
    const heads = [
      '',
      '\x1f\x8b\x08',
      '\x28\xb5\x2f\xfd',
      '\x78\x9c',
      '\x78',
      '\x1b',
      '--b\r\ncontent-encoding: br\r\n\r\n',
      '=\r\n',
      '=E5=',
      '{"a":"',
      '%',
      '\\u',
      'a\0b\0c\0d\0e\0f\0g\0h\0',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...heads),
        fc.uint8Array({ maxLength: 400 }),
        fc.constantFrom('', 'gzip', 'br', 'deflate', 'zstd', 'gzip, br', 'x'),
        (head, noise, word) => {
          const story = new Story();
          story.flow({ body: Buffer.concat([Buffer.from(head, 'latin1'), noise]), headers: word === '' ? [] : encoding(word) });
          expect(story.link().links.filter((l) => l.level >= 'C3')).toEqual([]);
          declaredParts(noise);
          hasQuotedPrintable(noise);
        },
      ),
      { numRuns: 150 },
    );
  });
});
