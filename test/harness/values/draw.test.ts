import { describe, expect, it } from 'vitest';
import datum from '../../../harness/model/datum.json' with { type: 'json' };
import type { ManifestValue } from '../../../harness/model/values.js';
import { chanceFrom } from '../../../harness/values/chance.js';
import { idCheckCharacter, luhnDigit } from '../../../harness/values/checks.js';
import { contentsOf, personaOf } from '../../../harness/values/contents.js';
import { drawManifest } from '../../../harness/values/draw.js';
import { manifestBytes, manifestSha256, seedCommitment } from '../../../harness/values/manifest.js';
import { PLAN } from '../../../harness/values/plan.js';
import { COMMON, RARE_FIRST, RARE_SECOND, SURNAMES } from '../../../harness/values/types/person-name.js';
import phone, { insideTimestamp, PHONE_PREFIXES } from '../../../harness/values/types/phone.js';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const seedOf = (n: number): string => n.toString(16).padStart(32, '0');
const many = Array.from({ length: 20 }, (_, n) => drawManifest(seedOf(n), NOW));
const all = many.flatMap((manifest) => [...manifest.values, ...manifest.placebos]);
const textsOf = (type: ManifestValue['type']): string[] => all.filter((value) => value.type === type).map((value) => value.text);
const bare = (text: string): string => text.toLowerCase().replace(/[\s:,.+-]/g, '');

describe('the draw', () => {
  it('is the same for the same seed on every machine, and another for another seed', () => {
    expect(manifestSha256(drawManifest(seedOf(7), NOW))).toBe(manifestSha256(drawManifest(seedOf(7), NOW)));
    // A golden value: a change of any rule or of the generator makes old seeds unreadable and must be meant.
    expect(manifestSha256(drawManifest('000102030405060708090a0b0c0d0e0f', NOW))).toBe(
      '98b0855c1b025166cdf0cc085a2e7b4f1ac676ee1c6ce912fc350ad13718cffc',
    );
    const shared = new Set(many.slice(1).flatMap((manifest) => manifest.values.map((value) => value.text)));
    const again = (many[0]?.values ?? []).filter((value) => shared.has(value.text)).map((value) => value.type);
    expect(again.filter((type) => type !== 'otp' && type !== 'amount')).toEqual([]);
    expect(() => drawManifest('short', NOW)).toThrow(/seed/);
  });

  it('commits to the seed by its 16 bytes', () => {
    expect(seedCommitment('00'.repeat(16))).toBe('374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb');
  });

  it('is numbered in order, with ten placebos for each value, all in the closed list of data', () => {
    const ids = new Set(datum.rows.map((row) => row.datum));
    for (const { values, placebos } of many) {
      expect(placebos).toHaveLength(values.length * 10);
      expect(values.map((value) => value.id)).toEqual(values.map((_, i) => `v${i + 1}`));
      expect(placebos.map((value) => value.id)).toEqual(placebos.map((_, i) => `p${i + 1}`));
      expect(new Set(placebos.map((value) => value.origin))).toEqual(new Set(['placebo']));
      expect([...values, ...placebos].filter((value) => !ids.has(value.datum))).toEqual([]);
    }
  });

  it('never draws a placebo that is, holds or lies in a real value, and no real value that holds another', () => {
    for (const { values, placebos } of many.slice(0, 8)) {
      const reals = values.map((value) => bare(value.text));
      const texts = [...reals, ...placebos.map((value) => bare(value.text))];
      expect(new Set(texts).size).toBe(texts.length);
      for (const [i, text] of texts.entries()) {
        expect([text, reals.filter((real, j) => j !== i && (real.includes(text) || text.includes(real)))]).toEqual([text, []]);
      }
    }
  });

  it('writes its manifest as JSON that says the same', () => {
    const [manifest] = many;
    expect(JSON.parse(manifestBytes(manifest ?? drawManifest(seedOf(0), NOW)).toString('utf8'))).toEqual(manifest);
  });

  it('is quick', () => {
    const began = performance.now();
    for (let n = 0; n < 5; n += 1) drawManifest(seedOf(100 + n), NOW);
    expect((performance.now() - began) / 5).toBeLessThan(100);
  });
});

describe('chance', () => {
  it('gives every face the same share', () => {
    const chance = chanceFrom(Buffer.from(seedOf(1), 'hex'));
    const draws = 60_000;
    for (const faces of [6, 10, 32]) {
      const counts = new Map<number, number>();
      for (let i = 0; i < draws; i += 1) {
        const face = chance.int(faces);
        counts.set(face, (counts.get(face) ?? 0) + 1);
      }
      const expected = draws / faces;
      const chi = [...counts.values()].reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
      expect(counts.size).toBe(faces);
      // The 99.99 % points of chi-square with 5, 9 and 31 degrees of freedom lie below 26, 34 and 68.
      expect(chi).toBeLessThan(faces === 6 ? 26 : faces === 10 ? 34 : 68);
    }
  });

  it('does not favour low numbers where the faces do not divide the words', () => {
    const chance = chanceFrom(Buffer.from(seedOf(2), 'hex'));
    const low = Array.from({ length: 3000 }, () => chance.int(3 * 2 ** 30)).filter((n) => n < 2 ** 30);
    expect(low.length / 3000).toBeLessThan(0.4);
  });

  it('follows the generator that is written down', () => {
    // HMAC-SHA256(16 zero bytes, "jiejing values 1" ‖ 00000000), first four bytes, by openssl.
    expect(chanceFrom(Buffer.alloc(16)).int(2 ** 32)).toBe(0xd9933e6e);
  });
});

describe("no value is anybody's", () => {
  const patterns: readonly (readonly [ManifestValue['type'], RegExp])[] = [
    ['phone', /^1(4[0-46-9]|54|94)\d{8}$/],
    ['contact_phone', /^1(4[0-46-9]|54|94)\d{8}$/],
    ['call_number', /^1(4[0-46-9]|54|94)\d{8}$/],
    ['imei', /^00\d{13}$/],
    ['imsi', /^46099\d{10}$/],
    ['iccid', /^898699\d{14}$/],
    ['android_id', /^[0-9a-f]{16}$/],
    ['oaid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/],
    ['mac', /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/],
    ['bssid', /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/],
    ['serial', /^[0-9A-Z]{16}$/],
    ['id_card', /^(1[6-9]|2[4-9]|3[89]|4[7-9]|5[5-9]|6[6-9]|7[2-9]|8[4-9]|9[23])\d{4}18\d\d(0[1-9]|1[0-2])(0[1-9]|1\d|2[0-8])\d{3}[\dX]$/],
    ['bank_card', /^7\d{18}$/],
    ['sms_sender', /^1069\d{12}$/],
    ['app_package', /^com\.[a-z]{8}\.[a-z]{8}$/],
    ['location', /^3[89]\.\d{6}[1-9],8[12]\.\d{6}[1-9]$/],
    ['name', /^\p{sc=Han}{4}$/u],
    ['contact_name', /^\p{sc=Han}{4}$/u],
    ['otp', /^\d{6}$/],
  ];
  for (const [type, pattern] of patterns) {
    it(`${type} keeps its rule`, () => {
      const texts = textsOf(type);
      expect(texts.length).toBeGreaterThanOrEqual(220);
      expect(texts.filter((text) => !pattern.test(text))).toEqual([]);
    });
  }

  it('check digits are right', () => {
    for (const type of ['imei', 'iccid', 'bank_card'] as const)
      for (const text of textsOf(type)) expect(luhnDigit(text.slice(0, -1))).toBe(text.slice(-1));
    for (const text of textsOf('id_card')) expect(idCheckCharacter(text)).toBe(text.slice(-1));
    // Known answers: the example of ISO/IEC 7812-1, and an invented person of GB 11643-1999, annex A.
    expect(luhnDigit('7992739871')).toBe('3');
    expect(idCheckCharacter('11010519491231002')).toBe('X');
  });

  it('phones are told apart by their last six digits and by what a mask leaves', () => {
    for (const { values, placebos } of many) {
      const phones = [...values, ...placebos]
        .filter((value) => ['phone', 'contact_phone', 'call_number'].includes(value.type))
        .map((value) => value.text);
      expect(new Set(phones.map((text) => text.slice(-6))).size).toBe(phones.length);
      expect(new Set(phones.map((text) => text.slice(0, 3) + text.slice(-4))).size).toBe(phones.length);
    }
    expect(new Set(textsOf('contact_phone').map((text) => text.slice(0, 3)))).toEqual(new Set(PHONE_PREFIXES));
  });

  it("no phone lies in a millisecond stamp of the run's month, whenever the run is", () => {
    expect(insideTimestamp('14012345678', 1_714_012_345_678)).toBe(true);
    expect(insideTimestamp('14912345678', 1_491_234_567_899)).toBe(true);
    expect(insideTimestamp('14012345678', NOW)).toBe(false);
    // Mid 2027 begins with 1814 to 1819: the one time at which whole prefixes fall away.
    for (const clock of [1_814_500_000_000, 1_815_400_000_000, 1_819_450_000_000, 1_914_500_000_000]) {
      const near = drawManifest(seedOf(3), clock).values.filter((value) => value.type.endsWith('phone'));
      for (const value of near)
        for (const lead of ['17', '18', '19']) expect(Math.abs(Number(`${lead}${value.text}`) - clock)).toBeGreaterThan(29 * 86_400_000);
    }
    expect(phone.fits('14012345678', NOW)).toBe(true);
  });

  it('points differ in their decimals 3 to 7 and keep their digits as numbers', () => {
    for (const text of textsOf('location')) for (const part of text.split(',')) expect(String(Number(part))).toBe(part);
    for (const { values, placebos } of many) {
      const decimals = [...values, ...placebos]
        .filter((value) => value.type === 'location')
        .flatMap((value) => value.text.split(',').map((part) => part.slice(-5)));
      expect(new Set(decimals).size).toBe(decimals.length);
    }
  });

  it('names use characters that GBK and every phone have, each list without doubles', () => {
    // Every two-byte code of GB 2312, the part of GBK that all fonts have.
    const rows = Array.from({ length: 0xf7 - 0xb0 + 1 }, (_, i) => 0xb0 + i);
    const cells = Array.from({ length: 94 }, (_, i) => 0xa1 + i);
    const known = new Set(new TextDecoder('gbk').decode(Uint8Array.from(rows.flatMap((row) => cells.flatMap((cell) => [row, cell])))));
    expect([...new Set(textsOf('contact_name').join(''))].filter((character) => !known.has(character))).toEqual([]);
    for (const list of [SURNAMES, COMMON, RARE_FIRST, RARE_SECOND]) expect([...new Set(list)].join('')).toBe(list);
    const positions = [0, 1, 2, 3].map((i) => new Set(textsOf('contact_name').map((text) => [...text][i])));
    const rare = [...(positions[2] ?? []), ...(positions[3] ?? [])];
    expect(new Set(rare).size).toBe(rare.length);
  });

  it("a rule's entropy is what its draws show", () => {
    for (const row of PLAN) expect([row.rule.id, row.rule.bits > 15 && row.rule.bits <= 128]).toEqual([row.rule.id, true]);
    const amounts = textsOf('amount').map(Number);
    expect(Math.min(...amounts)).toBeGreaterThanOrEqual(10_001);
    expect(amounts.filter((amount) => amount % 100 === 0)).toEqual([]);
  });
});

describe('what the handset holds and what is typed', () => {
  it('is the manifest, value for value, and nothing else', () => {
    for (const manifest of many) {
      const contents = contentsOf(manifest);
      const held = [
        contents.imei,
        contents.imei2,
        contents.imsi,
        contents.iccid,
        contents.serial,
        contents.androidId,
        contents.oaid,
        contents.mac,
        contents.ssid,
        contents.bssid,
        contents.line1Number,
        `${contents.location.lat},${contents.location.lon}`,
        contents.clipboard,
        ...contents.packages,
        ...contents.contacts.flatMap((row) => [row.name, row.phone]),
        ...contents.sms.flatMap((row) => [row.sender, row.body]),
        ...contents.calls.map((row) => row.number),
      ];
      expect(held.toSorted()).toEqual(
        manifest.values
          .filter((value) => value.origin === 'planted')
          .map((value) => value.text)
          .toSorted(),
      );
      expect(Object.values(personaOf(manifest)).toSorted()).toEqual(
        manifest.values
          .filter((value) => value.origin === 'typed')
          .map((value) => value.text)
          .toSorted(),
      );
      expect(contents.contacts.length).toBeGreaterThanOrEqual(30);
      expect(contents.packages).toHaveLength(3);
    }
  });

  it('keeps the values of one contact and of one message in one group', () => {
    const manifest = drawManifest(seedOf(0), NOW);
    const textOf = new Map(manifest.values.map((value) => [value.text, value.group]));
    for (const row of contentsOf(manifest).contacts) expect(textOf.get(row.name)).toBe(textOf.get(row.phone));
    for (const row of contentsOf(manifest).sms) {
      expect(textOf.get(row.sender)).toBe(textOf.get(row.body));
      expect(row.body.match(/[2-9A-HJ-NP-Z]{8}/g)).toHaveLength(2);
    }
  });
});
