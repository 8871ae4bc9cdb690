import { brotliCompressSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { drawManifest } from '../../../../harness/values/draw.js';
import { IMEI, MAC, NAME_1, PHONE, PHONE_1, PLACE, Story, value, type ManifestValue } from '../story.js';
import { base64, escaped, fullWidth, hex, json, md5, noise, percent, utf16be, utf16le } from './encoders.js';
import { expectLinked, found, linked, PUBLIC_APPS, shownLinks, testCases, VALUES, type Case, type Request } from './expect.js';

const P = PHONE.text;
const [LAT = '', LON = ''] = PLACE.text.split(',');

/** Requests that hold nothing of the run. */
const NOTHING: readonly (readonly [string, Request])[] = [
  ['79 a time stamp of 13 digits that begins with a number of the run', { body: `{"ts":${P}23,"t2":"${P}07"}` }],
  ['79 a time stamp that ends with it', { body: json({ a: `17${P}`, b: Number(`17${P}`) }) }],
  ['79 a time stamp with it in the middle', { target: `/x?_=1${P}7&t=${1772416800123}` }],
  ['79 a time stamp of microseconds', { body: `{"us":17${P}123}` }],
  ['80 order numbers, a digit on both sides', { body: json({ order: `9${P}8`, other: `7${IMEI.text}7` }) }],
  ['80 order numbers, a digit on one side', { body: json({ order: `9${P}`, other: `${IMEI.text}7`, third: `A5${PHONE_1.text}3B` }) }],
  ['80 order numbers in base64', { body: json({ d: base64(`order=77${P}55;`) }) }],
  ['80 order numbers in hex', { body: `d=${hex(`no:5${P}5;`)}` }],
  ['80 order numbers in percent', { body: `a=${percent(`5${IMEI.text}6`)}` }],
  ['80 order numbers in escapes', { body: `{"c":"${escaped('5')}${PHONE_1.text}${escaped('6')}"}` }],
  ['80 a digit in percent beside plain digits', { body: `a=%35${P}%36` }],
  ['80 order numbers in full-width digits', { body: json({ c: fullWidth(`1${P}2`) }) }],
  ['80 order numbers in UTF-16LE', { body: utf16le(`order=9${P}8;`) }],
  ['80 order numbers in UTF-16BE', { body: utf16be(`order=9${P}8;`) }],
  // One byte off, the digits are those of UTF-16BE with other bytes for its first and last.
  ['80 UTF-16LE behind one byte that is no digit', { body: Buffer.concat([Buffer.from('x'), utf16le(`9${P}`)]) }],
  ['80 UTF-16LE between bytes that are no digits', { body: Buffer.concat([Buffer.from('x'), utf16le(`9${P}8`), Buffer.from('y')]) }],
  ['80 UTF-16LE, an IMEI, behind one byte that is no digit', { body: Buffer.concat([Buffer.from('x'), utf16le(`9${IMEI.text}`)]) }],
  ['80 UTF-16BE before one byte that is no digit', { body: Buffer.concat([utf16be(`${P}9`), Buffer.from('x')]) }],
  [
    '80 UTF-16BE, an IMEI, behind and before such a byte',
    { body: Buffer.concat([Buffer.from('x'), utf16be(`9${IMEI.text}9`), Buffer.from('x')]) },
  ],
  ['80 a fraction', { body: `{"f":0.${P},"g":3.${PHONE_1.text}}` }],
  ['80 a MAC without separators inside longer hex', { body: json({ m: `aa${MAC.text.replaceAll(':', '')}bb` }) }],
  ['80 a number one digit off', { body: json({ p: `${P.slice(0, 10)}${(Number(P[10]) + 1) % 10}`, i: `${IMEI.text.slice(0, 14)}7` }) }],
  ['81 hotlines and senders', { body: json({ hotline: '4008001234', bank: '95588', sender: ['10690000123456', '106912345678'] }) }],
  ['81 other people’s numbers', { body: json({ l: ['14082736950', '+86 14930571827', '194-0628-1736', '14900000000'] }) }],
  ['81 digests of other people’s numbers', { body: json({ l: ['14082736950', '14930571827'].map(md5) }) }],
  ['82 floats equal to 2 decimals', { body: json({ lat: Number(LAT).toFixed(2), lng: Number(LON).toFixed(2), x: [38.73, 81.59] }) }],
  ['82 a lone latitude', { body: json({ f: Number(LAT), pad: 'x'.repeat(300), g: 12.5 }) }],
  ['82 the two numbers far apart', { body: `{"a":${LAT},"n":"${'x'.repeat(300)}","b":${LON}}` }],
  [
    '82 10,000 floats of 2 decimals',
    { body: JSON.stringify(Array.from({ length: 10_000 }, (_, i) => Number((((i * 7919) % 18_000) / 100).toFixed(2)))) },
  ],
  ['83 names of popular apps in an allow-list', { body: json({ allow: PUBLIC_APPS.slice(0, 3).map((v) => v.text) }) }],
  ['83 names of popular apps inside longer names', { body: json({ allow: PUBLIC_APPS.map((v) => `x.${v.text}.plugin`) }) }],
  ['83 md5 of the name of a popular app', { body: json({ a: md5(PUBLIC_APPS[0]?.text ?? '') }) }],
  ['84 the server’s answer alone', { body: '{}', answer: json({ imei: IMEI.text, phone: P, list: [NAME_1.text, PHONE_1.text] }) }],
];

describe('decoys: nothing of the run is found', () => {
  testCases(NOTHING.map(([title, request]): Case => ({ title, request, found: [] })));
});

test('84 what the server echoes is linked where it was sent, and nowhere else', () => {
  const story = new Story();
  const sent = story.flow({ body: json({ imei: IMEI.text }), answer: json({ imei: IMEI.text }) });
  story.flow({ body: '{"ask":1}', answer: json({ imei: IMEI.text }) });
  expectLinked(story, [{ ...found(IMEI, 'C4', 'plain'), flow: sent }]);
});

describe('decoys: placebos', () => {
  const { values, placebos } = drawManifest('00112233445566778899aabbccddeeff', 1772416800000);
  // Shorter ones (codes, amounts) are looked for under their fields' names alone.
  const long = placebos.filter((p) => Buffer.byteLength(p.text) >= 11);

  test('91 placebos in one body are counted and never linked', () => {
    const story = new Story();
    story.flow({ body: JSON.stringify(long.map((p) => p.text)) });
    story.flow({ body: JSON.stringify(long.slice(0, 50).map((p) => md5(p.text))), host: 'digests.example' });
    const { links, placebo } = story.link(values, placebos);
    expect(links).toEqual([]);
    expect(placebo.drawn).toBe(placebos.length);
    expect(placebo.hits).toBeGreaterThanOrEqual(long.length);
    expect(placebo.byType.reduce((n, { hits }) => n + hits, 0)).toBe(placebo.hits);
  });

  test('91 a run that sends its own values alone hits no placebo', () => {
    const story = new Story();
    const own = values.filter((v) => Buffer.byteLength(v.text) >= 11);
    story.flow({ body: gzipSync(JSON.stringify(own.map((v) => v.text))) });
    const { links, placebo } = story.link(values, placebos);
    expect(new Set(links.map((l) => l.value)).size).toBeGreaterThan(own.length / 2);
    expect(placebo.hits).toBe(0);
  });
});

describe('decoys: limits', () => {
  /** What a hostile body comes to, with a plain one behind it that must be found all the same. */
  const after = (request: Request): readonly string[] => {
    const story = new Story();
    story.flow({ ...request, host: 'hostile.example' });
    const plain = story.flow({ body: json({ imei: IMEI.text }), host: 'plain.example' });
    const { links, gaps } = linked(story);
    expect(shownLinks(links.filter((l) => l.flow === plain.id))).toHaveLength(1);
    // A hint (C1) is never shown by itself, and accuses nobody.
    expect(shownLinks(links.filter((l) => l.flow !== plain.id && l.level > 'C1'))).toEqual([]);
    for (const gap of gaps) expect(gap.scope.host).toBe('hostile.example');
    return gaps.map(({ why }) => why);
  };

  test('92 8 MB of random bytes', () => expect(after({ body: noise(8 * 1024 * 1024, 'big') })).toEqual(['undecodable']));
  test('92 a gzip bomb', () =>
    expect(after({ body: gzipSync(Buffer.alloc(48 * 1024 * 1024)), headers: [['Content-Encoding', 'gzip']] })).toEqual(['unpacked size']));
  test('92 a gzip bomb in base64, and one of brotli', () => {
    // Which of the two limits is met first does not matter.
    expect(['decoding budget', 'unpacked size']).toContain(
      after({ body: json({ d: base64(gzipSync(Buffer.alloc(48 * 1024 * 1024))) }) })[0],
    );
    expect(after({ body: brotliCompressSync(Buffer.alloc(48 * 1024 * 1024)), headers: [['Content-Encoding', 'br']] })).toContain(
      'unpacked size',
    );
  });
  test('92 100,000 nested %25', () => {
    after({ body: `%${'25'.repeat(100_000)}30${IMEI.text.slice(1)}`, target: `/x?${'%25'.repeat(100_000)}` });
  });

  test('93 2,000 contacts, three of them missing: exactly 1,997', () => {
    const people = Array.from({ length: 2000 }, (_, i): readonly [ManifestValue, ManifestValue] => [
      value('contact_name', `翀${String.fromCodePoint(0x7fc0 + (i % 97), 0x6631 + (i % 89), 0x6635 + i)}`, { group: `many:${i}` }),
      value('contact_phone', `141${String((i * 48271 + 12345) % 100_000_000).padStart(8, '0')}`, { group: `many:${i}` }),
    ]);
    const kept = people.filter((_, i) => ![7, 1001, 1999].includes(i));
    const story = new Story();
    story.flow({ body: base64(gzipSync(JSON.stringify(kept.map(([n, p]) => ({ name: n.text, phone: p.text }))))) });
    const { links, gaps } = linked(story, [...VALUES, ...people.flat()]);
    expect(kept).toHaveLength(1997);
    expect(links.map((l) => l.value).toSorted()).toEqual(
      kept
        .flat()
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(new Set(links.map((l) => l.level))).toEqual(new Set(['C4']));
    expect(gaps).toEqual([]);
  });
});
