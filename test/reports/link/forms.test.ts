import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Level } from '../../../harness/model/finding.js';
import { KNOWN_SALTS } from '../../../reports/link/salts.js';
import {
  ANDROID_ID,
  CANARIES,
  ID_CARD,
  IMEI,
  MAC,
  NAME_1,
  NAME_2,
  OAID,
  PHONE,
  PHONE_1,
  PHONE_2,
  SMS,
  Story,
  value,
  type ManifestValue,
} from './story.js';

const CARD = value('bank_card', '7217680012345674');
const MAIL = value('email', 'kq7w2m@mail.example');
const BRACKETS = value('ssid', 'Ling Yun 5G', { bits: 40 });
const ALL: readonly ManifestValue[] = [...CANARIES, CARD, MAIL, BRACKETS];

const hash = (algorithm: string, text: string | Uint8Array): Buffer => createHash(algorithm).update(text).digest();
const md5 = (text: string): string => hash('md5', text).toString('hex');
const wide = (text: string): string => text.replace(/\d/g, (d) => String.fromCharCode(0xff10 + Number(d)));
const turned = (text: string): string => [...text].toReversed().join('');

/** Links of one request as `value form level`, and no gap: a find whose certificate does not replay is one. */
function linksOf(body: string | Uint8Array, values: readonly ManifestValue[] = ALL): readonly string[] {
  const story = new Story();
  story.flow({ body });
  const { links, gaps } = story.link(values);
  expect(gaps.filter(({ why }) => why !== 'undecodable')).toEqual([]);
  return links.map((l) => `${l.value} ${l.certificate.form} ${l.level}`);
}

const one = ({ id }: ManifestValue, form: string, level: Level): readonly string[] => [`${id} ${form} ${level}`];
const mac = MAC.text.replaceAll(':', '');

/** How it is written, which value it is, its form and its level. */
const WRITTEN: readonly (readonly [string, ManifestValue, string, Level])[] = [
  [PHONE.text, PHONE, 'raw', 'C3'],
  [`86${PHONE.text}`, PHONE, 'with-86', 'C3'],
  [`0086${PHONE.text}`, PHONE, 'with-0086', 'C3'],
  [`086${PHONE.text}`, PHONE, 'with-086', 'C3'],
  [`+86 ${PHONE.text}`, PHONE, 'raw', 'C3'],
  [`0086-${PHONE.text}`, PHONE, 'raw', 'C3'],
  ['140 8273 6951', PHONE, 'space-3-4-4', 'C3'],
  ['140-8273-6951', PHONE, 'dash-3-4-4', 'C3'],
  ['+86 140 8273 6951', PHONE, 'space-3-4-4', 'C3'],
  [wide(PHONE.text), PHONE, 'full-width', 'C3'],
  [wide(ID_CARD.text), ID_CARD, 'full-width', 'C4'],
  [wide(CARD.text), CARD, 'full-width', 'C4'],
  [turned(IMEI.text), IMEI, 'reversed', 'C3'],
  [turned(ANDROID_ID.text), ANDROID_ID, 'reversed', 'C3'],
  ['7217 6800 1234 5674', CARD, 'space-4', 'C4'],
  ['7217-6800-1234-5674', CARD, 'dash-4', 'C4'],
  [ID_CARD.text.toLowerCase(), ID_CARD, 'lower', 'C4'],
  [ANDROID_ID.text.toUpperCase(), ANDROID_ID, 'upper', 'C4'],
  [IMEI.text.slice(0, 14), IMEI, 'no-check-digit', 'C4'],
  [MAC.text.toUpperCase(), MAC, 'colon-upper', 'C4'],
  [MAC.text.replaceAll(':', '-'), MAC, 'dash-lower', 'C4'],
  [MAC.text.toUpperCase().replaceAll(':', '-'), MAC, 'dash-upper', 'C4'],
  ['0a3f.9c51.e27d', MAC, 'dot-lower', 'C4'],
  ['0A3F.9C51.E27D', MAC, 'dot-upper', 'C4'],
  [mac, MAC, 'no-separator-lower', 'C4'],
  [mac.toUpperCase(), MAC, 'no-separator-upper', 'C4'],
  [OAID.text.toUpperCase().replaceAll('-', ''), OAID, 'no-separator-upper', 'C4'],
  ['Ling+Yun+5G', BRACKETS, 'plus-for-space', 'C4'],
];

describe('ways to write a value', () => {
  test.each(WRITTEN)('%s', (text, of, form, level) => expect(linksOf(`a=${text};`)).toEqual(one(of, form, level)));

  test('text in two-byte units, high byte first', () =>
    expect(linksOf(Buffer.from(` ${IMEI.text}\u4e00`, 'utf16le').swap16())[0]).toMatch(new RegExp(`^${IMEI.id} (utf-16be|raw) C4$`)));
});

describe('digests of ways to write a value', () => {
  test.each([
    ...[`86${PHONE.text}`, `+86 ${PHONE.text}`, `0086-${PHONE.text}`, `086${PHONE.text}`, '140 8273 6951', '+86-140-8273-6951'].map(
      (text) => [text, PHONE] as const,
    ),
    [IMEI.text.slice(0, 14), IMEI],
    ['0A3F.9C51.E27D', MAC],
    ['7217-6800-1234-5674', CARD],
    [OAID.text.replaceAll('-', ''), OAID],
    [MAIL.text.toUpperCase(), MAIL],
    [`${NAME_1.text}${PHONE_1.text}`, PHONE_1],
    [`${NAME_1.text}|${PHONE_1.text}`, PHONE_1],
    [`${PHONE_1.text},${NAME_1.text}`, PHONE_1],
    [`${PHONE_2.text} ${NAME_2.text}`, PHONE_2],
  ] as const)('%s', (text, of) => {
    for (const algorithm of ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sm3']) {
      expect(linksOf(`{"d":"${hash(algorithm, text).toString('hex')}"}`).map((l) => l.split(' ')[0])).toEqual([of.id]);
      expect(linksOf(Buffer.concat([Buffer.of(10, 16), hash(algorithm, text), Buffer.of(18)]))).toHaveLength(1);
    }
    expect(linksOf(`{"d":"${md5(text).slice(8, 24).toUpperCase()}"}`)).toHaveLength(1);
  });

  test.each([
    ['hex-lower', (d: Buffer) => d.toString('hex')],
    ['hex-upper', (d: Buffer) => d.toString('hex').toUpperCase()],
    ['raw', (d: Buffer) => d],
    ['base64', (d: Buffer) => d.toString('base64')],
  ] as const)('a digest of a digest written in %s', (as, write) => {
    for (const [outer, inner] of [
      ['md5', 'md5'],
      ['sha256', 'md5'],
      ['sm3', 'sha1'],
    ] as const) {
      const story = new Story();
      story.flow({ body: `x=${hash(outer, write(hash(inner, IMEI.text))).toString('hex')}` });
      const { links } = story.link(ALL);
      expect(links).toMatchObject([{ value: IMEI.id, level: 'C4' }]);
      expect(links[0]?.chain.at(-1)).toEqual({ op: 'digest-of-digest', outer, inner, as });
    }
  });

  test('no digest of a digest of a contact', () => expect(linksOf(`x=${md5(md5(PHONE_1.text))}`)).toEqual([]));

  test.each(KNOWN_SALTS)('a known salt: $source', ({ encoding }) => {
    if (encoding.op !== 'salted') throw new Error('an HMAC needs a test of its own');
    const text = `${encoding.before}${MAIL.text}${encoding.after}`;
    expect(linksOf(`x=${hash(encoding.digest, text).toString('hex')}`)).toEqual(one(MAIL, 'raw', 'C4'));
    expect(linksOf(`x=${hash(encoding.digest, `${text}.`).toString('hex')}`)).toEqual([]);
  });

  test('two digests without anything between', () =>
    expect(linksOf(`d=${md5(IMEI.text)}${md5(OAID.text)}`).map((l) => l.split(' ')[0])).toEqual([IMEI.id, OAID.id]));

  test('a CRC-32 is a hint, alone, and never inside a longer word', () => {
    const crc = crc32(IMEI.text).toString(16).padStart(8, '0');
    expect(linksOf(`{"c":"${crc}"}`)).toEqual(one(IMEI, 'raw', 'C1'));
    expect(linksOf(`{"c":"${crc.toUpperCase()}"}`)).toEqual(one(IMEI, 'raw', 'C1'));
    expect(linksOf(`{"c":"${crc}0","d":"a${crc}"}`)).toEqual([]);
  });

  test('values that many handsets share have no forms and no digests', () => {
    const shared = ['null', '000000000000000', '02:00:00:00:00:00', '"<unknown ssid>"', '9774d56d682e549c', '310260000000000'];
    const values = shared.map((text) => value('serial', text));
    expect(linksOf(JSON.stringify([...shared, ...shared.map(md5)]), values)).toEqual([]);
  });

  test('a six-digit code has no digests worth the name, a value of few bits none', () => {
    const few = value('job', '软件工程师傅傅', { bits: 9 });
    expect(linksOf(`x=${md5(few.text)}`, [few])).toEqual([]);
  });

  test('a run of many contacts still looks for the usual digests of each', () => {
    const many = Array.from({ length: 4000 }, (_, i) => value('contact_phone', `140${String(10_000_000 + i * 7919).slice(0, 8)}`));
    const last = many[3999] as ManifestValue;
    expect(linksOf(`x=${md5(last.text)}&y=${hash('sha256', `+86${last.text}`).toString('hex')}`, many)).toHaveLength(1);
  });
});

describe('masked values', () => {
  const twin = value('contact_phone', '14011116951');
  test.each([
    ['140****6951', [PHONE], 'masked-3-4', 'C2'],
    ['+86 140****6951', [PHONE], 'masked-3-4', 'C2'],
    ['140••••6951', [PHONE], 'masked-3-4', 'C2'],
    ['140＊＊＊＊6951', [PHONE], 'masked-3-4', 'C2'],
    ['140xxxx6951', [PHONE], 'masked-3-4', 'C2'],
    ['140 **** 6951', [PHONE], 'masked-3-4', 'C2'],
    ['140####6951', [PHONE], 'masked-3-4', 'C2'],
  ] as const)('%s', (text, of, form, level) => expect(linksOf(`{"m":"${text}"}`)).toEqual(of.map((v) => `${v.id} ${form} ${level}`)));

  test.each([
    ['7217 **** **** 5674', CARD, 'masked-4-4'],
    ['9901***********23X', ID_CARD, 'masked-4-3'],
    ['990129********23X', ID_CARD, 'masked-6-3'],
    ['kq***@mail.example', MAIL, 'masked-2-13'],
    ['k***@mail.example', MAIL, 'masked-1-13'],
    ['kq7w2***', MAIL, 'masked-5-0'],
    ['彭**谌', NAME_1, 'masked-1-1'],
    ['彭**', NAME_1, 'masked-1-0'],
    ['****6951', PHONE, 'masked-0-4'],
  ] as const)('%s is found, and never for sure', (text, of, form) => {
    const [found, ...more] = linksOf(`{"m":"${text}"}`);
    expect(more).toEqual([]);
    expect(found).toMatch(new RegExp(`^${of.id} ${form} C[12]$`));
  });

  test('where two numbers of the run fit, both are hints', () => {
    expect(linksOf('{"m":"140****6951"}', [...ALL, twin])).toEqual([`${PHONE.id} masked-3-4 C1`, `${twin.id} masked-3-4 C1`]);
    expect(linksOf('{"m":"1408***6951"}', [...ALL, twin])).toEqual(one(PHONE, 'masked-4-4', 'C2'));
  });

  test.each([
    '140****6952',
    '141****6951',
    '140*6951',
    '1****',
    '**',
    '*** 6951 ***',
    '4140****6951',
    '140****69512',
    'x=a**b',
    'k**',
    'kq7w**',
    'from k** to kq**',
    '140****695',
  ])('%s is nobody here', (text) => expect(linksOf(`{"m":"${text}"}`)).toEqual([]));

  test('what many fit says nothing', () => {
    const many = Array.from({ length: 20 }, (_, i) => value('contact_phone', `1408273${6000 + i}`));
    expect(linksOf('{"m":"1408****"}', many)).toEqual([]);
  });

  test('a body of nothing but masks ends', () => expect(linksOf('140**6'.repeat(200_000)).length).toBeLessThan(2));
});

describe('apps that others have too', () => {
  const names = [
    'com.tencent.mm',
    'com.taobao.taobao',
    'com.sankuai.meituan',
    'com.autonavi.minimap',
    'com.baidu.BaiduMap',
    'tv.danmaku.bili',
  ];
  const apps = [...names, 'com.zhihu.android', 'com.netease.cloudmusic'].map((text) => value('app_package', text, { bits: 0 }));
  const ids = (links: readonly string[]): readonly string[] => links.map((l) => l.split(' ')[0] ?? '');
  const body = (n: number, write: (text: string) => string): string =>
    apps
      .slice(0, n)
      .map((a) => write(a.text))
      .join(',');

  test('five of eight are a set, never sure', () => {
    const links = linksOf(body(5, String), [...ALL, ...apps]);
    expect(ids(links)).toEqual(apps.slice(0, 5).map((a) => a.id));
    for (const link of links) expect(link).toMatch(/ raw C[12]$/);
  });
  test('their digests are one too', () => {
    for (const algorithm of ['md5', 'sha256'])
      expect(ids(linksOf(`the list of apps: ${body(6, (t) => hash(algorithm, t).toString('base64'))}`, [...ALL, ...apps]))).toHaveLength(6);
    expect(
      ids(
        linksOf(`{"about":"the list of apps on this handset and when each was put there","list":"${body(6, md5).replaceAll(',', '')}"}`, [
          ...ALL,
          ...apps,
        ]),
      ),
    ).toHaveLength(6);
  });
  test('four are none, nor one, nor five of twelve', () => {
    expect(linksOf(body(4, String), [...ALL, ...apps])).toEqual([]);
    expect(linksOf(body(1, md5), [...ALL, ...apps])).toEqual([]);
    const more = Array.from({ length: 4 }, (_, i) => value('app_package', `com.other.app${i}`, { bits: 0 }));
    expect(linksOf(body(5, String), [...apps, ...more])).toEqual([]);
  });
  test('names inside other names are other apps', () =>
    expect(linksOf(apps.map((a) => `x${a.text},${a.text}.plugin,a.${a.text},${a.text}2`).join(' '), apps)).toEqual([]));
  test('a drawn name proves itself, also with a class behind it', () => {
    const drawn = value('app_package', 'com.qzkwhvtp.mxbsrwjd', { bits: 75 });
    expect(linksOf('a=com.qzkwhvtp.mxbsrwjd', [drawn, ...apps])).toEqual(one(drawn, 'raw', 'C4'));
    expect(linksOf('a=com.qzkwhvtp.mxbsrwjd.Main', [drawn, ...apps])).toEqual(one(drawn, 'raw', 'C4'));
  });
});

describe('what stands beside a value', () => {
  test.each([
    ['an e-mail inside a longer one', `x${MAIL.text}`],
    ['a dotted e-mail', `li.${MAIL.text}`],
    ['an e-mail of another domain', `${MAIL.text}.cn`],
    ['an IMEI inside a longer number', `3${IMEI.text}`],
    ['an IMEI with another check digit', `${IMEI.text.slice(0, 14)}7`],
    ['a phone inside a longer number', `1${PHONE.text}05`],
    ['a phone behind a decimal point', `0.${PHONE.text}`],
    ['a bare MAC inside longer hex', `f${mac}`],
    ['a full-width phone inside a longer number', `${wide(`1${PHONE.text}`)}`],
    ['a card inside an order number', `20260302${CARD.text}1`],
    ['hotlines', '4008001234 95588 106912345678'],
    ['a time stamp', '1772416800123'],
  ])('%s is another', (_title, text) => expect(linksOf(`{"v":"${text}"}`)).toEqual([]));

  test.each([
    ['an Android id inside a longer token', `${ANDROID_ID.text}0011223344556677`, ANDROID_ID],
    ['an OAID glued to text', `id${OAID.text}x`, OAID],
    ['an e-mail in a sentence', `邮箱${MAIL.text}.`, MAIL],
    ['an e-mail behind a scheme', `mailto:${MAIL.text}?s=1`, MAIL],
    ['an SMS inside longer text', `收到${SMS.text}谢谢`, SMS],
  ] as const)('%s is still it', (_title, text, of) => expect(linksOf(`{"v":"${text}"}`)).toEqual(one(of, 'raw', 'C4')));
});

describe('short values', () => {
  const amount = value('amount', '53000', { bits: 16.4 });
  const otp = value('otp', '582931', { bits: 19.9 });
  test.each([
    ['"amount":53000', 1],
    ['"amount":"53000.00"', 1],
    ['"loanAmount":53000.5', 0],
    ['"rate":0.53000,"amount":1', 0],
    ['"amount":153000', 0],
    ['"width":53000', 0],
    ['"smsCode":"582931"', 1],
    ['"smsCode":"5829310"', 0],
    ['"seq":"582931"', 0],
  ])('%s', (text, n) => {
    const links = linksOf(`{${text}}`, [amount, otp]);
    expect(links).toHaveLength(n);
    for (const link of links) expect(link).toMatch(/ raw C[12]$/);
  });
});
