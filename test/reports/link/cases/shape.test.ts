import { describe, expect, test } from 'vitest';
import type { Level } from '../../../../harness/model/finding.js';
import { ID_CARD, IMEI, NAME_1, OAID, PHONE, PHONE_1, PLACE, Story, value, type ManifestValue } from '../story.js';
import { base64, floatField, fullWidth, hex, digest, json, md5, varintField } from './encoders.js';
import {
  APPS,
  CARD,
  expectIn,
  expectLinked,
  expectNone,
  found,
  linked,
  MAIL,
  one,
  PUBLIC_APPS,
  shownLinks,
  testCases,
  VALUES,
  type Case,
} from './expect.js';
import { bd09, cut, gcj02, geohash, type Point } from './geo.js';

const P = PHONE.text;
const spaced = `${P.slice(0, 3)} ${P.slice(3, 7)} ${P.slice(7)}`;
const dashed = spaced.replaceAll(' ', '-');
const SPELLED: readonly (readonly [string, string])[] = [
  ['with 3-4-4 spaces', spaced],
  ['with 3-4-4 dashes', dashed],
  ['with +86', `+86${P}`],
  ['with +86 and a space', `+86 ${P}`],
  ['with +86, 3-4-4 dashes', `+86-${dashed}`],
  ['with 0086', `0086${P}`],
  ['with 0086 and a dash', `0086-${P}`],
  ['with 86', `86${P}`],
  ['in full-width digits', fullWidth(P)],
];

// The place of the story, and its images.
const AT: Point = { lat: 38.7310459, lon: 81.5928317 };
const GCJ = gcj02(AT);
const BD = bd09(AT);
const e6 = (n: number): number => Math.round(n * 1e6);

const MASKED: readonly Case[] = [
  one('67 masked number', { body: json({ m: `${P.slice(0, 3)}****${P.slice(7)}` }) }, PHONE, 'plain', 'C2'),
  one('67 masked number with +86', { body: json({ m: `+86 ${P.slice(0, 3)}****${P.slice(7)}` }) }, PHONE, 'plain', 'C2'),
  one('67 masked bank card', { body: json({ m: `${CARD.text.slice(0, 4)} **** **** ${CARD.text.slice(12)}` }) }, CARD, 'plain', 'C2'),
  one('67 masked ID card', { body: json({ m: `${ID_CARD.text.slice(0, 6)}********${ID_CARD.text.slice(14)}` }) }, ID_CARD, 'plain', 'C2'),
  // Two letters of it and the name of its post office tell too little.
  one('67 masked e-mail', { body: json({ m: MAIL.text.replace(/(?<=^..).*(?=@)/, '***') }) }, MAIL, 'plain', 'C1'),
];

// Any four bytes of a program are a float: chance met such pairs, so that they stay likely (C3) by design.
const PLACES: readonly (readonly [title: string, body: string | Uint8Array, level: Level, chain?: string])[] = [
  ['whole', json({ lat: AT.lat, lng: AT.lon }), 'C4'],
  ['rounded to 3 decimals', json({ lat: 38.731, lng: 81.593 }), 'C2'],
  ['cut to 3 decimals', json({ lat: cut(AT.lat, 3), lng: cut(AT.lon, 3) }), 'C2'],
  ['cut to 4 decimals', `ll=${cut(AT.lat, 4)},${cut(AT.lon, 4)}`, 'C4'],
  ['cut to 6 decimals', `ll=${cut(AT.lat, 6)},${cut(AT.lon, 6)}`, 'C4'],
  ['E6 integers', json({ lat: e6(AT.lat), lon: e6(AT.lon) }), 'C4'],
  ['E6 integers in protobuf', Buffer.concat([varintField(1, e6(AT.lat)), varintField(2, e6(AT.lon))]), 'C4'],
  ['float32 in protobuf', Buffer.concat([varintField(1, 3), floatField(2, AT.lat), floatField(3, AT.lon), varintField(4, 9)]), 'C3'],
  [
    'float32 in protobuf in base64',
    json({ d: base64(Buffer.concat([floatField(2, AT.lat), floatField(3, AT.lon), Buffer.alloc(9, 1)])) }),
    'C3',
    'base64',
  ],
  ['GCJ-02', json({ lat: GCJ.lat, lng: GCJ.lon }), 'C4'],
  ['GCJ-02 of 6 decimals', `lat=${GCJ.lat.toFixed(6)}&lng=${GCJ.lon.toFixed(6)}`, 'C4'],
  ['BD-09', json({ lat: BD.lat, lng: BD.lon }), 'C4'],
  ['BD-09 of 6 decimals, E6', json({ y: e6(BD.lat), x: e6(BD.lon) }), 'C4'],
  ['longitude first', `location=${AT.lon.toFixed(6)},${AT.lat.toFixed(6)}`, 'C4'],
  ['longitude first, GCJ-02', json({ point: [GCJ.lon, GCJ.lat] }), 'C4'],
  ['geohash of 8 letters', json({ geo: geohash(AT, 8) }), 'C2'],
  ['geohash of 6 letters', json({ geo: geohash(AT, 6) }), 'C1'],
  ['geohash of 12 letters', json({ geo: geohash(AT, 12) }), 'C4'],
];

const SHAPES: readonly Case[] = [
  ...SPELLED.flatMap(([how, text]): readonly Case[] => [
    // A lone plain phone number is C3 by design, in whatever spelling.
    one(`66 number ${how}, alone`, { body: json({ p: text }) }, PHONE, 'plain', 'C3'),
    {
      title: `66 number ${how}, beside an IMEI`,
      request: { body: json({ p: text, i: IMEI.text }) },
      found: [found(PHONE, 'C4', 'plain'), found(IMEI, 'C4', 'plain')],
    },
  ]),
  ...MASKED,
  ...['', ':', ',', '|'].map((join): Case => ({
    title: `68 name and number together, joined by ${JSON.stringify(join)}`,
    request: { body: json({ c: `${NAME_1.text}${join}${PHONE_1.text}` }) },
    found: [found(NAME_1, 'C4', 'plain'), found(PHONE_1, 'C4', 'plain')],
  })),
  one('68 digest of name and number together', { body: json({ c: md5(`${NAME_1.text}${PHONE_1.text}`) }) }, PHONE_1, 'hex md5'),
  one('69 ID card with a small x', { body: json({ id: ID_CARD.text.toLowerCase() }) }, ID_CARD, 'plain'),
  one('69 md5 of the ID card with a small x', { body: json({ id: md5(ID_CARD.text.toLowerCase()) }) }, ID_CARD, 'hex md5'),
  one('70 IMEI without its check digit', { body: json({ imei: IMEI.text.slice(0, 14) }) }, IMEI, 'plain'),
  one('70 sha1 of the IMEI without its check digit', { body: json({ i: hex(digest('sha1', IMEI.text.slice(0, 14))) }) }, IMEI, 'hex sha1'),
  ...PLACES.map(([how, body, level, chain]): Case => one(`71 place: ${how}`, { body }, PLACE, chain ?? 'plain', level)),
];

describe('shape', () => {
  testCases(SHAPES);

  test('67 a mask that two numbers of the run fit is a hint of both', () => {
    const twin = value('contact_phone', `${P.slice(0, 3)}1999${P.slice(7)}`);
    const story = new Story();
    story.flow({ body: json({ m: `${P.slice(0, 3)}****${P.slice(7)}` }) });
    expectLinked(story, [found(PHONE, 'C1', 'plain'), found(twin, 'C1', 'plain')], [...VALUES, twin]);
  });
  test.each(['141****6951', '140****6950', '1****', '9140****69512'])('67 %s is nobody’s mask', (m) =>
    expectNone({ body: json({ m }) }, null),
  );

  test('71 the shifts of these cases are those of public implementations', () => {
    const tiananmen = gcj02({ lat: 39.915, lon: 116.404 });
    expect([tiananmen.lat.toFixed(9), tiananmen.lon.toFixed(9)]).toEqual(['39.916404282', '116.410244499']);
    expect(geohash({ lat: 57.64911, lon: 10.40744 }, 11)).toBe('u4pruydqqvj');
  });

  const sortedMd5s = (list: typeof APPS, join: string): string =>
    list
      .map((v) => md5(v.text))
      .toSorted()
      .join(join);
  test.each(['', ',', '|'])('72 the app list as sorted md5s joined by %j: apps of drawn names', (join) =>
    expectIn({ body: json({ apps: sortedMd5s(APPS, join) }) }, ...APPS.map((v) => found(v, 'C4', 'hex md5'))),
  );
  // Names that others have too prove a set, never a single one; no level above C2 says so.
  const withPublicApps: readonly ManifestValue[] = VALUES.filter((v) => v.type !== 'app_package' || PUBLIC_APPS.includes(v));
  test.each(['', ','])('72 the app list as sorted md5s joined by %j: all six apps of the handset, which others have too', (join) => {
    const story = new Story();
    story.flow({
      body: json({ what: 'the list of all apps on this handset and when each was put there', apps: sortedMd5s(PUBLIC_APPS, join) }),
    });
    const { links } = linked(story, withPublicApps);
    expect(links.map((l) => l.value).toSorted()).toEqual(PUBLIC_APPS.map((v) => v.id).toSorted());
    for (const link of links) expect(link.level <= 'C2').toBe(true);
  });
  // A server asks for apps by a list and is told by one bit each: which app a bit stands for is in no request.
  test.fails('72 the app list as a bitmap (held out)', () => {
    const asked = [...PUBLIC_APPS, ...APPS].map((v) => v.text);
    const story = new Story();
    story.flow({ body: json({ bits: 'AAH/' }), answer: json({ ask: asked }) });
    expect(shownLinks(linked(story).links).length).toBe(asked.length);
  });
  test('72 a bitmap is linked to nothing', () => expectNone({ body: json({ bits: 'AAH/', oaid: OAID.text.slice(0, 8) }) }, 'C1'));
});
