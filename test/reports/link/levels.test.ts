import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ManifestValue } from '../../../harness/model/values.js';
import { drawManifest } from '../../../harness/values/draw.js';
import { IMEI, Story, value } from './story.js';

const MANIFEST = drawManifest('00112233445566778899aabbccddeeff', 1772416800000);
const of = (datum: string, type?: ManifestValue['type']): readonly ManifestValue[] =>
  MANIFEST.values.filter((v) => v.datum === datum && (type === undefined || v.type === type));
const text = (list: readonly ManifestValue[], i = 0): string => list[i]?.text ?? '';
const md5 = (t: string): string => createHash('md5').update(t).digest('hex');
const contact = (i: number): object => ({ name: text(of('contacts', 'contact_name'), i), phone: text(of('contacts', 'contact_phone'), i) });

/** A run drawn as runs are drawn: what each request is worth. */
describe('levels over a whole manifest with its placebos', () => {
  test.each<readonly [string, object, string]>([
    ['IMEI', { imei: text(of('imei')) }, 'C4'],
    ['md5 of the IMEI', { imei: md5(text(of('imei'))) }, 'C4'],
    ['IMSI', { x: text(of('imsi')) }, 'C4'],
    ['ICCID', { x: text(of('iccid')) }, 'C4'],
    ['serial', { x: text(of('serial')) }, 'C4'],
    ['Android id', { x: text(of('android-id')) }, 'C4'],
    ['OAID', { x: text(of('oaid')) }, 'C4'],
    ['MAC', { x: text(of('mac')) }, 'C4'],
    ['SSID and BSSID', { x: text(of('wifi-name'), 0), y: text(of('wifi-name'), 1) }, 'C4 C4'],
    ['location', { x: text(of('location')) }, 'C4'],
    ['clipboard', { x: text(of('clipboard')) }, 'C4'],
    ['SMS', { from: text(of('sms', 'sms_sender')), body: text(of('sms', 'sms_body')) }, 'C4 C4'],
    ['one installed app', { x: text(of('installed-apps')) }, 'C4'],
    ['one contact', contact(0), 'C4 C4'],
    ['two contacts', { list: [contact(0), contact(1)] }, 'C4 C4 C4 C4'],
    ['a contact’s number alone', { p: text(of('contacts', 'contact_phone')) }, 'C3'],
    ['own number alone', { p: text(of('phone-number')) }, 'C3'],
    ['md5 of the own number', { p: md5(text(of('phone-number'))) }, 'C4'],
    [
      'name of one contact, number of another',
      { a: text(of('contacts', 'contact_name'), 0), b: text(of('contacts', 'contact_phone'), 1) },
      'C3 C3',
    ],
    [
      'the form',
      { n: text(of('typed-name')), p: text(of('typed-phone')), id: text(of('typed-id-number')), c: text(of('typed-bank-card')) },
      'C4 C4 C4 C4',
    ],
    ['the password', { p: text(of('typed-password')) }, 'C4'],
    ['the address', { p: text(of('typed-address')) }, 'C4'],
  ])('%s', (_title, body, levels) => {
    const story = new Story();
    story.flow({ body: JSON.stringify(body) });
    const { links, placebo } = story.link(MANIFEST.values, MANIFEST.placebos);
    expect(links.map((l) => l.level).join(' ')).toBe(levels);
    expect(placebo).toMatchObject({ drawn: MANIFEST.placebos.length, hits: 0 });
  });

  test('a lone number stays likely, neither sure nor a hint, in a run full of numbers', () => {
    const story = new Story();
    story.flow({ body: Array.from({ length: 30_000 }, (_, i) => 1772416800000 + i * 977).join(' ') });
    story.flow({ body: JSON.stringify({ p: text(of('phone-number')) }) });
    const { links } = story.link(MANIFEST.values, MANIFEST.placebos);
    expect(links).toMatchObject([{ level: 'C3' }]);
    expect(links[0]?.surpriseBits).toBeLessThan(8);
  });

  test('all placebos in one body: every one long enough to be looked for is counted, none is linked', () => {
    const story = new Story();
    story.flow({ body: JSON.stringify(MANIFEST.placebos.map((p) => p.text)) });
    const { links, placebo } = story.link(MANIFEST.values, MANIFEST.placebos);
    expect(links).toEqual([]);
    expect(placebo.hits).toBe(MANIFEST.placebos.filter((p) => Buffer.byteLength(p.text) >= 11).length);
  });
});

test.each([
  ['percent', (phone: string) => `order=${phone}%38`],
  ['JSON', (phone: string) => `{"order":"${phone}\\u0038"}`],
  ['HTML', (phone: string) => `<o>${phone}&#56;</o>`],
])('a longer number whose last digit is an escape (%s) is not the value', (_title, body) => {
  const story = new Story();
  story.flow({ body: body(IMEI.text) });
  expect(story.link().links).toEqual([]);
});

test('two requests that count themselves and make a number between them are likely, no more', () => {
  const story = new Story();
  const [head, tail] = [IMEI.text.slice(0, 7), IMEI.text.slice(7)];
  story.flow({ body: `{"seq":1,"sessionId":"s1","content":"${head}"}` });
  story.flow({ body: `{"seq":2,"sessionId":"s1","content":"${tail}"}` });
  expect(story.link().links.filter(({ level }) => level >= 'C4')).toEqual([]);
});

test('words that stand in many texts are not made sure by a hooked cipher around them', () => {
  const story = new Story();
  const place = value('address', '北京市朝阳区', { bits: 12 });
  const net = value('ssid', 'ChinaNet-Guest', { bits: 18 });
  const input = Buffer.from(JSON.stringify({ cities: ['上海市徐汇区', place.text], wifi: net.text }));
  const output = createHash('sha512').update(input).digest();
  story.derive(['cipher', 'AES/CBC/PKCS5Padding'], input, output);
  story.flow({ body: output });
  expect(story.link([place, net]).links.filter(({ level }) => level >= 'C4')).toEqual([]);
});
