import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ManifestValue } from '../../../harness/model/values.js';
import { decodeLight } from '../../../reports/link/decode.js';
import { unpack } from '../../../reports/link/inflate.js';
import { declaredParts } from '../../../reports/link/multipart.js';
import { decodeText, hasQuotedPrintable, mapText } from '../../../reports/link/text-layers.js';
import { openUnmarked } from '../../../reports/link/unmarked.js';
import { wideRuns } from '../../../reports/link/wide-text.js';
import { ANDROID_ID, IMEI, NAME_1, OAID, PHONE, PHONE_1, PHONE_2, SMS, Story } from './story.js';

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
const record = (field: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.of((field << 3) | 2, bytes.length), bytes]);
const imei = json({ imei: IMEI.text });
const card = `BEGIN:VCARD\r\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:;${quoted(NAME_1.text).replace(/(.{24})/, '$1=\r\n')};;;\r\nTEL;CELL:${PHONE_1.text}\r\nEND:VCARD\r\n`;
const accented = new Map([[IMEI.text, `x${b64(imei)}`]]);

const FOUND: readonly (readonly [string, Request, ManifestValue, string | null])[] = [
  ['protobuf, nested', { body: record(2, record(1, record(3, Buffer.from(IMEI.text)))) }, IMEI, ''],
  ['msgpack', { body: Buffer.concat([Buffer.of(0x81, 0xa4), Buffer.from('imei'), Buffer.of(0xaf), Buffer.from(IMEI.text)]) }, IMEI, ''],
  ['base64 glued to letters', { body: json({ d: accented.get(IMEI.text) }) }, IMEI, 'base64'],
  ['UTF-16LE with escapes', { body: wide(`{"n":"${'\\u5f6d\\u6587\\u83e1\\u8c0c'}","p":"${PHONE_1.text}"}`) }, NAME_1, 'utf-16le json'],
  ['UTF-16BE', { body: wideBig(`{"sms":"${SMS.text}","p":"+86-140-8273-6951"}`) }, PHONE, null],
  ['UTF-16LE with base64', { body: wide(json({ d: b64(imei) })) }, IMEI, 'utf-16le base64'],
  ['UTF-16BE with base64', { body: wideBig(json({ d: b64(imei) })) }, IMEI, 'utf-16be base64'],
  ['UTF-16LE in base64', { body: json({ d: b64(wide(json({ d: b64(imei) }))) }) }, IMEI, 'base64 utf-16le base64'],
  ['UTF-16LE behind binary', { body: Buffer.concat([Buffer.of(1, 2, 3), wide(json({ d: b64(imei) })), Buffer.of(9)]) }, IMEI, 'utf-16le base64'],
  ['UTF-16 with a mark', { body: wide(`\ufeff${json({ d: b64(imei) })}`) }, IMEI, 'utf-16le base64'],
  ['quoted-printable vCard, the name', { body: card }, NAME_1, 'quoted-printable'],
  ['quoted-printable vCard in a form', { body: `v=${encodeURIComponent(card)}` }, NAME_1, 'percent quoted-printable'],
  ['quoted-printable vCard in JSON', { body: JSON.stringify({ v: card }) }, NAME_1, 'json quoted-printable'],
  ['quoted-printable in base64', { body: json({ d: b64(card) }) }, NAME_1, 'base64 quoted-printable'],
  ['a soft break in a number', { body: `Content-Type: text/plain\r\n\r\nimei is ${IMEI.text.slice(0, 7)}=\r\n${IMEI.text.slice(7)}\r\n` }, IMEI, 'quoted-printable'],
  ['a part in quoted-printable', { body: part('Content-Transfer-Encoding: quoted-printable', `x=${quoted(IMEI.text[0] ?? '')}${IMEI.text.slice(1)}`) }, IMEI, 'quoted-printable'],
  ['a part in base64', { body: part('Content-Transfer-Encoding: base64', b64(imei)) }, IMEI, 'base64'],
  ['a part in gzip', { body: part('Content-Encoding: gzip', gzipSync(imei)) }, IMEI, 'gzip'],
  ['a part in brotli', { body: part('Content-Encoding: br', brotliCompressSync(imei)) }, IMEI, 'brotli'],
  ['a part in bare deflate', { body: part('content-encoding: deflate', deflateRawSync(imei)) }, IMEI, 'deflate'],
  ['brotli in base64', { body: json({ d: b64(brotliCompressSync(imei)) }) }, IMEI, 'base64 brotli'],
  ['zstd in base64', { body: json({ d: b64(zstd(imei)) }) }, IMEI, 'base64 zstd'],
  ['bare deflate in base64', { body: json({ d: b64(deflateRawSync(imei)) }) }, IMEI, 'base64 deflate'],
  ['bare deflate, nothing said', { body: deflateRawSync(imei) }, IMEI, 'deflate'],
  ['bare deflate in dynamic codes', { body: deflateRawSync(`${'some words and many more of them, '.repeat(9)}${imei}${SMS.text.repeat(3)}`) }, IMEI, 'deflate'],
  ['brotli, nothing said', { body: brotliCompressSync(imei) }, IMEI, 'brotli'],
  ['said gzip, and plain', { body: imei, headers: encoding('gzip') }, IMEI, ''],
  ['said br, and gzip', { body: gzipSync(imei), headers: encoding('br') }, IMEI, 'gzip'],
  ['said deflate, and gzip', { body: gzipSync(imei), headers: encoding('deflate') }, IMEI, 'gzip'],
  ['said gzip, and zstd', { body: zstd(imei), headers: encoding('gzip') }, IMEI, 'zstd'],
  ['said br, and plain', { body: imei, headers: encoding('br') }, IMEI, ''],
  ['said deflate, and plain', { body: imei, headers: encoding('deflate') }, IMEI, ''],
  ['gzip twice', { body: gzipSync(gzipSync(imei)), headers: encoding('gzip, gzip') }, IMEI, 'gzip gzip'],
  ['gzip said twice, done once', { body: gzipSync(imei), headers: encoding('gzip, gzip') }, IMEI, 'gzip'],
  ['deflate, then gzip', { body: gzipSync(deflateSync(imei)), headers: encoding('deflate, gzip') }, IMEI, 'gzip deflate'],
  ['an HTTP/2 pseudo-header', { headers: [[':authority', `${ANDROID_ID.text}.up.example`]] }, ANDROID_ID, ''],
  ['a cookie in percent', { headers: [['Cookie', `a=1; d=${encodeURIComponent(imei)}`]] }, IMEI, ''],
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
    ['UTF-16LE behind a letter byte', { body: Buffer.concat([Buffer.from('x'), wide(`9${PHONE.text}`)]) }],
    ['UTF-16BE before a letter byte', { body: Buffer.concat([wideBig(`${PHONE.text}9`), Buffer.from('x')]) }],
    ['quoted-printable', { body: `ENCODING=QUOTED-PRINTABLE: no=39${PHONE.text} =E5=BD=AD` }],
    ['a soft break', { body: `some text 7=\r\n${PHONE.text} and ${IMEI.text}=\r\n8` }],
    ['a form with = and two digits', { body: `a=40&no=39${PHONE.text}&b=3D` }],
  ])('%s', (_title, request) => {
    const story = new Story();
    story.flow(request);
    expect(story.link().links.map((l) => [l.value, l.chain.map((e) => e.op).join(' ')])).toEqual([]);
  });
});
