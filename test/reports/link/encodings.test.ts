import { createHash } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Level } from '../../../harness/model/finding.js';
import type { ManifestValue } from '../../../harness/model/values.js';
import { ANDROID_ID, CANARIES, ID_CARD, IMEI, MAC, NAME_1, OAID, OTP, PHONE, PHONE_1, PHONE_2, PLACE, SMS, Story, value } from './story.js';

type Request = Parameters<Story['flow']>[0];
const json = (more: object): string => JSON.stringify({ ts: 1772416800123, model: 'JJ-1', ...more });
const b64 = (text: string | Uint8Array): string => Buffer.from(text).toString('base64');
const hex = (text: string | Uint8Array): string => Buffer.from(text).toString('hex');
const hash = (algorithm: string, text: string): Buffer => createHash(algorithm).update(text).digest();
const pct = (text: string): string => [...Buffer.from(text)].map((b) => `%${b.toString(16)}`).join('');
const unicode = (text: string): string => [...text].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

/** Number and words of linking.md 4.4; the request; which value it holds; the chain where it is of interest; the level. */
const FOUND: readonly (readonly [string, Request, ManifestValue, string | null, Level])[] = [
  ['1 plain JSON', { body: json({ imei: IMEI.text }) }, IMEI, '', 'C4'],
  ['2 form', { body: `a=1&imei=${IMEI.text}&b=2` }, IMEI, '', 'C4'],
  ['3 query', { target: `/c?aid=${ANDROID_ID.text}&v=1` }, ANDROID_ID, '', 'C4'],
  ['4 path segment', { target: `/u/${IMEI.text}/x` }, IMEI, '', 'C4'],
  ['5 header', { headers: [['X-Device', ANDROID_ID.text]] }, ANDROID_ID, '', 'C4'],
  ['6 cookie', { headers: [['Cookie', `sid=1; oaid=${OAID.text}; z=2`]] }, OAID, '', 'C4'],
  ['7 referer', { headers: [['Referer', `https://h.example/?imei=${IMEI.text}`]] }, IMEI, '', 'C4'],
  ['8 user agent tail', { headers: [['User-Agent', `okhttp/4.9 (${OAID.text})`]] }, OAID, '', 'C4'],
  [
    '9 multipart text',
    {
      body: `--b\r\nContent-Disposition: form-data; name="imei"\r\n\r\n${IMEI.text}\r\n--b--\r\n`,
      headers: [['Content-Type', 'multipart/form-data; boundary=b']],
    },
    IMEI,
    '',
    'C4',
  ],
  [
    '10 multipart file name',
    { body: `--b\r\nContent-Disposition: form-data; name="f"; filename="${ANDROID_ID.text}.jpg"\r\n\r\nx\r\n--b--\r\n` },
    ANDROID_ID,
    '',
    'C4',
  ],
  ['11 gzip', { body: gzipSync(json({ imei: IMEI.text })), headers: [['Content-Encoding', 'gzip']] }, IMEI, 'gzip', 'C4'],
  ['11 gzip without a header', { body: gzipSync(json({ imei: IMEI.text })) }, IMEI, 'gzip', 'C4'],
  [
    '12 raw deflate',
    { body: deflateRawSync(json({ imei: IMEI.text })), headers: [['Content-Encoding', 'deflate']] },
    IMEI,
    'deflate',
    'C4',
  ],
  ['12 zlib', { body: deflateSync(json({ imei: IMEI.text })), headers: [['Content-Encoding', 'deflate']] }, IMEI, 'deflate', 'C4'],
  ['13 brotli', { body: brotliCompressSync(json({ imei: IMEI.text })), headers: [['Content-Encoding', 'br']] }, IMEI, 'brotli', 'C4'],
  ['14 zstd', { body: zstd(json({ imei: IMEI.text })), headers: [['Content-Encoding', 'zstd']] }, IMEI, 'zstd', 'C4'],
  ['15 base64', { body: json({ d: b64(json({ imei: IMEI.text })) }) }, IMEI, 'base64', 'C4'],
  ['16 base64url without padding', { body: json({ d: Buffer.from(`~~~?${SMS.text}`).toString('base64url') }) }, SMS, 'base64', 'C4'],
  [
    '17 base64 in lines',
    { body: (b64(json({ pad: 'x'.repeat(150), imei: IMEI.text, tail: 'y'.repeat(90) })).match(/.{1,76}/g) ?? []).join('\r\n') },
    IMEI,
    'base64',
    'C4',
  ],
  ...[1, 2, 3].map(
    (n) =>
      [
        `18 base64 behind ${n} letters`,
        { body: json({ d: 'xyz'.slice(0, n) + b64(json({ imei: IMEI.text })) }) },
        IMEI,
        'base64',
        'C4',
      ] as const,
  ),
  ...[1, 2].map(
    (n) =>
      [`19 base64 with the value at offset ${n}`, { body: json({ d: b64('{{'.slice(0, n) + IMEI.text) }) }, IMEI, 'base64', 'C4'] as const,
  ),
  ['20 hex lower', { body: `d=${hex(IMEI.text)}` }, IMEI, 'hex', 'C4'],
  ['20 hex upper', { body: `d=${hex(json({ i: IMEI.text })).toUpperCase()}` }, IMEI, 'hex', 'C4'],
  ['20 hex mixed', { body: `d=${hex(json({ i: OAID.text })).replace(/[a-f]/, (c) => c.toUpperCase())}` }, OAID, 'hex', 'C4'],
  [
    '21 hex behind a length byte that is a hex digit',
    { body: Buffer.concat([Buffer.of(0x0a, 0x30), Buffer.from(hex(`imei=${IMEI.text}123;`.slice(0, 20).padEnd(24, ' ')))]) },
    IMEI,
    'hex',
    'C4',
  ],
  ['22 percent', { body: `imei=${pct(IMEI.text)}` }, IMEI, 'percent', 'C4'],
  [
    '23 percent three times',
    { target: `/x?d=${encodeURIComponent(encodeURIComponent(pct(IMEI.text)))}` },
    IMEI,
    'percent percent percent',
    'C4',
  ],
  ['24 unicode escapes', { body: `{"n":"${unicode(NAME_1.text)}","p":"${PHONE_1.text}"}` }, NAME_1, 'json', 'C4'],
  [
    '24 unicode escapes, capitals',
    { body: `{"n":"${unicode(NAME_1.text).toUpperCase().replaceAll('\\U', '\\u')}","p":"${PHONE_1.text}"}` },
    NAME_1,
    'json',
    'C4',
  ],
  [
    '25 JSON in JSON three times',
    { body: JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ c: `${SMS.text.slice(0, 3)}"x"`, sms: unicode(SMS.text) }) }) }) },
    SMS,
    null,
    'C4',
  ],
  ['26 escaped slashes in base64', { body: `{"d":"${b64(`???>>>${SMS.text}???`).replaceAll('/', '\\/')}"}` }, SMS, 'json base64', 'C4'],
  [
    '27 HTML entities',
    { body: `<p>${[...NAME_1.text].map((c) => `&#${c.charCodeAt(0)};`).join('')} ${PHONE_1.text}</p>` },
    NAME_1,
    'html',
    'C4',
  ],
  [
    '27 HTML entities in hex',
    { body: `<p>${[...SMS.text].map((c) => `&#x${c.charCodeAt(0).toString(16)};`).join('')}</p>` },
    SMS,
    'html',
    'C4',
  ],
  ['29 UTF-16LE', { body: Buffer.from(`imei=${IMEI.text};`, 'utf16le') }, IMEI, '', 'C4'],
  [
    '31 gzip, base64, percent in a form',
    { body: `d=${encodeURIComponent(b64(gzipSync(json({ imei: IMEI.text }))))}` },
    IMEI,
    'percent base64 gzip',
    'C4',
  ],
  [
    '32 base64 of gzip of base64',
    { body: json({ d: b64(gzipSync(b64(json({ imei: IMEI.text, pad: 'x'.repeat(30) })))) }) },
    IMEI,
    'base64 gzip base64',
    'C4',
  ],
  [
    '33 protobuf string',
    { body: Buffer.concat([Buffer.of(0x12, 0x1b, 0x0a, 15), Buffer.from(IMEI.text), Buffer.of(0x10, 1)]) },
    IMEI,
    '',
    'C4',
  ],
  [
    '34 protobuf in base64 in JSON',
    {
      body: json({
        d: b64(
          Buffer.concat([Buffer.of(0, 1, 2, 3, 0xff, 0xfe, 0x12, 15), Buffer.from(IMEI.text), Buffer.of(0x80, 0x81, 1, 2, 3, 4, 5, 6, 7)]),
        ),
      }),
    },
    IMEI,
    'base64',
    'C4',
  ],
  ['41 md5', { body: json({ i: hash('md5', IMEI.text).toString('hex') }) }, IMEI, 'hex md5', 'C4'],
  ['41 sha1', { body: json({ i: hash('sha1', IMEI.text).toString('hex') }) }, IMEI, 'hex sha1', 'C4'],
  ['41 sha256', { target: `/x?h=${hash('sha256', IMEI.text).toString('hex')}` }, IMEI, 'hex sha256', 'C4'],
  ['42 md5 in capitals', { body: json({ i: hash('md5', IMEI.text).toString('hex').toUpperCase() }) }, IMEI, 'hex md5', 'C4'],
  ['43 digest in base64', { body: json({ i: hash('sha256', PHONE.text).toString('base64') }) }, PHONE, 'base64 sha256', 'C4'],
  ['44 raw digest', { body: Buffer.concat([Buffer.of(0x0a, 20), hash('sha1', IMEI.text), Buffer.of(1, 2)]) }, IMEI, 'sha1', 'C4'],
  ['45 middle of an md5', { body: json({ i: hash('md5', IMEI.text).toString('hex').slice(8, 24) }) }, IMEI, 'hex md5-16', 'C4'],
  ['47 sha256 of +86 and the number', { body: json({ i: hash('sha256', `+86${PHONE.text}`).toString('hex') }) }, PHONE, 'hex sha256', 'C4'],
  ['50 sm3', { body: json({ i: hash('sm3', PHONE.text).toString('hex') }) }, PHONE, 'hex sm3', 'C4'],
  [
    '51 two digests without a separator',
    { body: json({ i: hash('md5', IMEI.text).toString('hex') + hash('md5', OAID.text).toString('hex') }) },
    OAID,
    'hex md5',
    'C4',
  ],
  ['66 number with +86', { body: json({ i: IMEI.text, p: `+86${PHONE.text}` }) }, PHONE, '', 'C4'],
  ['66 number with 0086', { body: json({ i: IMEI.text, p: `0086${PHONE.text}` }) }, PHONE, '', 'C4'],
  ['66 number with spaces', { body: json({ i: IMEI.text, p: '140 8273 6951' }) }, PHONE, '', 'C4'],
  ['66 number with dashes', { body: json({ i: IMEI.text, p: '+86-140-8273-6951' }) }, PHONE, '', 'C4'],
  [
    '66 full-width digits',
    { body: json({ i: IMEI.text, p: [...PHONE.text].map((d) => String.fromCharCode(0xff10 + Number(d))).join('') }) },
    PHONE,
    '',
    'C4',
  ],
  ['68 name and number together', { body: `${NAME_1.text}${PHONE_1.text}` }, NAME_1, '', 'C4'],
  ['69 ID card with a small x', { body: json({ id: ID_CARD.text.toLowerCase(), i: IMEI.text }) }, ID_CARD, '', 'C4'],
  ['70 IMEI without its check digit', { body: json({ id: IMEI.text.slice(0, 14) }) }, IMEI, '', 'C4'],
  ['MAC without separators', { body: json({ m: MAC.text.replaceAll(':', '') }) }, MAC, '', 'C4'],
  ['MAC in capitals with dashes', { body: json({ m: MAC.text.replaceAll(':', '-').toUpperCase() }) }, MAC, '', 'C4'],
  ['OAID without dashes, in capitals', { body: json({ m: OAID.text.replaceAll('-', '').toUpperCase() }) }, OAID, '', 'C4'],
  [
    'md5 of a MAC without separators',
    { body: json({ m: hash('md5', MAC.text.replaceAll(':', '').toUpperCase()).toString('hex') }) },
    MAC,
    'hex md5',
    'C4',
  ],
  ['text with + for spaces', { body: `sms=${encodeURIComponent(SMS.text).replaceAll('%20', '+')}` }, SMS, 'percent', 'C4'],
  ['71 coordinates whole', { body: json({ lat: 38.7310459, lng: 81.5928317 }) }, PLACE, '', 'C4'],
  ['71 longitude first, five decimals, rounded', { target: '/w?location=81.59283,38.73105' }, PLACE, '', 'C4'],
  ['71 four decimals, cut, percent comma', { target: '/w?ll=38.7310%2C81.5928' }, PLACE, null, 'C4'],
  ['71 three decimals', { body: json({ lat: 38.731, lng: 81.593 }) }, PLACE, '', 'C2'],
  ['71 coordinates in base64', { body: json({ p: b64('lat=38.7310459;lon=81.5928317') }) }, PLACE, 'base64', 'C4'],
  ['lone number', { body: json({ p: PHONE.text }) }, PHONE, '', 'C3'],
  ['two numbers', { body: json([PHONE_1.text, PHONE_2.text]) }, PHONE_2, '', 'C4'],
  ['name alone', { body: json({ n: NAME_1.text }) }, NAME_1, '', 'C3'],
  ['name with another contact’s number', { body: json({ n: NAME_1.text, p: PHONE_2.text, i: IMEI.text }) }, NAME_1, '', 'C3'],
  ['one-time code under its field name', { body: json({ smsCode: OTP.text }) }, OTP, '', 'C2'],
];

describe('a value that leaves is found', () => {
  test.each(FOUND)('%s', (...row) => {
    const [, request, wanted, chain, level] = row;
    const story = new Story();
    const flow = story.flow(request);
    const { links, gaps } = story.link();
    const found = links.find((l) => l.value === wanted.id);
    expect(found, JSON.stringify(links.map((l) => l.value))).toBeDefined();
    expect(found?.flow).toBe(flow.id);
    if (chain !== null) expect(found?.chain.map((e) => e.op).join(' ')).toBe(chain);
    expect(found?.level).toBe(level);
    expect(gaps).toEqual([]);
  });

  test('a span names the bytes as sent', () => {
    const story = new Story();
    const body = json({ d: b64(json({ imei: IMEI.text, x: 1 })) });
    story.flow({ body });
    const span = story.link().links[0]?.span;
    expect(span?.part).toBe('body');
    const cut = body.slice(span?.start, span?.end);
    expect(Buffer.from(cut, 'base64').toString()).toContain(IMEI.text);
    expect(cut.length).toBeLessThanOrEqual(Math.ceil((IMEI.text.length + 4) / 3) * 4);
  });

  test('a long text in GBK', () => {
    const story = new Story();
    const text = value('address', '云屿省荏莼市路号');
    story.flow({ body: Buffer.concat([Buffer.from('a='), Buffer.from('d4c6d3eccaa1dcf3ddbbcad0c2b7bac5', 'hex')]) });
    expect(story.link([text]).links[0]?.certificate.form).toBe('gbk');
  });
});

const NOT_SURE: readonly (readonly [string, Request])[] = [
  ['53 random 32-hex tokens', { body: Array.from({ length: 20_000 }, (_, i) => hash('md5', `noise${i}`).toString('hex')).join(',') }],
  [
    '54 md5 of defaults',
    {
      body: json({
        a: hash('md5', '').toString('hex'),
        b: hash('md5', 'null').toString('hex'),
        c: hash('md5', '02:00:00:00:00:00').toString('hex'),
      }),
    },
  ],
  ['79 time stamps with a number in them', { body: json({ a: `1${PHONE.text}7`, b: `17${PHONE.text}` }) }],
  [
    '80 order numbers with a canary inside',
    { body: json({ order: `9${PHONE.text}`, other: `${IMEI.text}7`, third: `A5${PHONE_1.text}3B` }) },
  ],
  ['80 an order number inside base64', { body: json({ d: b64(`order=77${PHONE.text}55;`) }) }],
  [
    '80 an order number inside hex, percent and escapes',
    { body: `a=${hex(`5${PHONE.text}`)}&b=${pct(`5${IMEI.text}`)}&c=\\u0035${PHONE_1.text}` },
  ],
  ['80 a fraction', { body: json({ f: Number(`0.${PHONE.text}`) }) }],
  ['81 other numbers', { body: json({ hotline: '4008100000', sender: '10690000123456', p: '14082736950' }) }],
  ['82 float noise and a lone latitude', { body: json({ a: 38.7310459, noise: 'x'.repeat(300), b: 81.5928317, c: [38.73, 81.59] }) }],
  ['83 package names of popular apps', { body: json({ apps: ['com.tencent.mm', 'com.eg.android.AlipayGphone'] }) }],
  ['84 the server’s answer alone', { body: '{}', answer: json({ imei: IMEI.text, phone: PHONE.text }) }],
  ['a mac inside a longer hex string', { body: json({ m: `aa${MAC.text.replaceAll(':', '')}bb` }) }],
  ['one-time code without its field name', { body: json({ zip: OTP.text }) }],
  ['48 salted md5 without a hook', { body: json({ d: hash('md5', `salt${PHONE.text}`).toString('hex') }) }],
];

describe('what is chance or nobody’s is not found', () => {
  test.each(NOT_SURE)('%s', (_title, request) => {
    const story = new Story();
    story.flow(request);
    expect(story.link().links.map((l) => [l.value, l.certificate.form, l.level])).toEqual([]);
  });

  test('a default IMEI is never a needle', () => {
    const story = new Story();
    const zero = value('imei', '000000000000000');
    story.flow({ body: json({ imei: zero.text, md5: hash('md5', zero.text).toString('hex') }) });
    expect(story.link([zero]).links).toEqual([]);
  });

  test('a value with one digit moved is not found, in any form', () => {
    const story = new Story();
    for (const [, request] of FOUND) story.flow(request);
    const numeric = CANARIES.filter((v) => /\d/.test(v.text) && v !== PLACE && v !== IMEI);
    expect(story.link(numeric).links.length).toBeGreaterThan(30);
    expect(story.link(numeric.map(moved)).links).toEqual([]);
  });
});

function moved(v: ManifestValue): ManifestValue {
  return { ...v, text: v.text.replace(/\d(?=\D*$)/, (d) => String((Number(d) + 1) % 10)) };
}

/** A zstd frame of one raw block (RFC 8878): Node 20 cannot make one. */
function zstd(text: string): Uint8Array {
  const bytes = Buffer.from(text);
  const header = (bytes.length << 3) | 1;
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, bytes.length, header & 255, (header >> 8) & 255, header >> 16), bytes]);
}
