import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ANDROID_ID, IMEI, MAC, NAME_1, NAME_2, OAID, PHONE, PHONE_1, PHONE_2, Story, value } from '../story.js';
import { base64, digest, field, hex, json, md5, varintField } from './encoders.js';
import { expectLinked, expectNone, found, linked, one, shownLinks, testCases, VALUES, type Case } from './expect.js';

const DEFAULTS = ['', 'null', '000000000000000', '02:00:00:00:00:00', '020000000000', '9774d56d682e549c'];

const PLAIN: readonly Case[] = [
  ...(['md5', 'sha1', 'sha256'] as const).flatMap((op): readonly Case[] => [
    one(`41 ${op} in hex`, { body: json({ i: hex(digest(op, IMEI.text)) }) }, IMEI, `hex ${op}`),
    one(`41 ${op} in hex, in the query`, { target: `/x?h=${hex(digest(op, ANDROID_ID.text))}&v=1` }, ANDROID_ID, `hex ${op}`),
    one(`41 ${op} in hex of a lone number`, { body: json({ p: hex(digest(op, PHONE.text)) }) }, PHONE, `hex ${op}`),
    one(`42 ${op} in upper-case hex`, { body: json({ i: hex(digest(op, IMEI.text)).toUpperCase() }) }, IMEI, `hex ${op}`),
    one(`43 ${op} in base64`, { body: json({ i: base64(digest(op, OAID.text)) }) }, OAID, `base64 ${op}`),
    one(`43 ${op} in base64url`, { headers: [['X-Id', digest(op, OAID.text).toString('base64url')]] }, OAID, `base64 ${op}`),
    one(
      `44 ${op} raw in protobuf`,
      { body: Buffer.concat([varintField(1, 9), field(2, digest(op, IMEI.text)), varintField(3, 1)]) },
      IMEI,
      op,
    ),
  ]),
  one('45 md5-16', { body: json({ i: md5(IMEI.text).slice(8, 24) }) }, IMEI, 'hex md5-16'),
  one('45 md5-16, upper case', { target: `/x?i=${md5(MAC.text).slice(8, 24).toUpperCase()}` }, MAC, 'hex md5-16'),
  one('46 md5 of an md5 in hex', { body: json({ i: md5(md5(IMEI.text)) }) }, IMEI, 'hex digest-of-digest'),
  one('46 md5 of an md5 in upper-case hex', { body: json({ i: md5(md5(PHONE.text).toUpperCase()) }) }, PHONE, 'hex digest-of-digest'),
  one('46 sha256 of an md5 in hex', { body: json({ i: hex(digest('sha256', md5(OAID.text))) }) }, OAID, 'hex digest-of-digest'),
  one('47 sha256 of +86 and the number', { body: json({ p: hex(digest('sha256', `+86${PHONE.text}`)) }) }, PHONE, 'hex sha256'),
  one('47 sha256 of +86 and a contact’s number', { body: json({ p: hex(digest('sha256', `+86${PHONE_1.text}`)) }) }, PHONE_1, 'hex sha256'),
  one('50 sm3', { body: json({ p: hex(digest('sm3', PHONE.text)) }) }, PHONE, 'hex sm3'),
  one('50 sm3 in base64', { body: json({ i: base64(digest('sm3', IMEI.text)) }) }, IMEI, 'base64 sm3'),
  {
    title: '51 two digests without a separator',
    request: { body: json({ d: md5(IMEI.text) + md5(OAID.text) }) },
    found: [found(IMEI, 'C4', 'hex md5'), found(OAID, 'C4', 'hex md5')],
  },
  {
    title: '51 three digests of different lengths without a separator',
    request: { body: json({ d: hex(digest('sha256', IMEI.text)) + md5(OAID.text).toUpperCase() + hex(digest('sha1', MAC.text)) }) },
    found: [found(IMEI, 'C4', 'hex sha256'), found(OAID, 'C4', 'hex md5'), found(MAC, 'C4', 'hex sha1')],
  },
  {
    title: '54 digests of default values',
    request: { body: json({ d: DEFAULTS.flatMap((text) => ['md5', 'sha1', 'sha256'].map((op) => hex(digest(op, text)))) }) },
    found: [],
  },
];

describe('digests', () => {
  testCases(PLAIN);

  const SALTED = `Jj#2026salt${PHONE.text}`;
  test('48 md5 of salt and number, seen by a hook', () => {
    const story = new Story();
    story.derive(['digest', 'MD5'], Buffer.from(SALTED), digest('md5', SALTED));
    story.flow({ body: json({ u: md5(SALTED) }) });
    expectLinked(story, [found(PHONE, 'C5', 'hex derived')]);
  });
  test('48 md5 of salt and number, without a hook', () => expectNone({ body: json({ u: md5(SALTED) }) }, null));

  test.each([
    ['hex', (out: Buffer) => hex(out)],
    ['base64', (out: Buffer) => base64(out)],
  ])('49 HMAC-SHA256 seen by a hook, in %s', (as, write) => {
    const out = createHmac('sha256', 'app key').update(IMEI.text).digest();
    const story = new Story();
    story.derive(['mac', 'HmacSHA256'], Buffer.from(IMEI.text), out);
    story.flow({ headers: [['X-Sign', write(out)]] });
    expectLinked(story, [found(IMEI, 'C5', `${as} derived`)]);
    expectNone({ headers: [['X-Sign', write(out)]] }, null);
  });

  // The digest proves the list; it hands over no contact, so that none of them is sure (a digest over many values is C3).
  test('52 digest of the whole sorted contact list, by hook', () => {
    const contacts = [NAME_1, PHONE_1, NAME_2, PHONE_2];
    const list = contacts
      .map((v) => v.text)
      .toSorted()
      .join('\n');
    const story = new Story();
    story.derive(['digest', 'SHA-256'], Buffer.from(list), digest('sha256', list));
    story.flow({ body: json({ contactsHash: hex(digest('sha256', list)) }) });
    expectLinked(
      story,
      contacts.map((v) => found(v, 'C3', 'hex derived')),
    );
    expectNone({ body: json({ contactsHash: hex(digest('sha256', list)) }) }, null);
  });

  test('53 100,000 random tokens of 32 hex digits', () => {
    const tokens = Array.from({ length: 100_000 }, (_, i) => md5(`token ${i}`));
    expectNone({ body: tokens.join(',') }, null);
    // Without a comma between, every digit may begin a digest.
    expectNone({ body: tokens.slice(0, 20_000).join('') }, null);
  });

  test.each(DEFAULTS)('54 a handset whose value is the default %j has no digest and no spelling of it', (text) => {
    const zero = [value('imei', text), value('mac', text), value('android_id', text)];
    const story = new Story();
    story.flow({ body: json({ a: text, b: md5(text), c: hex(digest('sha1', text)), d: md5(text).slice(8, 24).toUpperCase() }) });
    story.flow({ target: `/x?imei=${text}`, headers: [['X-Id', md5(md5(text))]] });
    expect(shownLinks(linked(story, [...VALUES, ...zero]).links)).toEqual([]);
  });
});
