import { describe, expect, it } from 'vitest';
import { nodeCrypto } from '../../harness/virtual/java/node-crypto.js';
import { base64, utf8 } from '../../hooks/agent/bytes.js';
import { createKnown } from '../../hooks/agent/known.js';
import { callerIndex } from '../../hooks/agent/stacks.js';
import { datumOfUri } from '../../hooks/agent/uris.js';
import { extract } from '../../hooks/agent/values.js';
import type { ValuePath } from '../../hooks/wire.js';
import { fixture } from './fixture.js';

describe('a content URI', () => {
  it.each([
    ['content://com.android.contacts/data/phones', 'contacts'],
    ['content://0@com.android.contacts/data', 'contacts'],
    ['content://contacts/people', 'contacts'],
    ['content://icc/adn', 'contacts'],
    ['content://sms', 'sms'],
    ['content://mms-sms/conversations?simple=true', 'sms'],
    ['content://call_log/calls', 'call-log'],
    ['content://com.android.calendar/events', 'calendar'],
    ['content://media/external/images/media', 'media'],
    ['content://com.vivo.vms.IdProvider/IdentifierId/OAID', 'oaid'],
    ['content://settings/secure/android_id', 'android-id'],
    ['content://settings/secure/default_input_method', null],
    ['content://com.example.loan.provider/contacts', null],
    ['content://smsx/inbox', null],
    ['file:///sdcard/contacts', null],
  ])('%s leads to %s', (uri, datum) => {
    expect(datumOfUri(uri)).toBe(datum);
  });
});

describe('the caller', () => {
  it.each([
    [['android.a.B', 'com.sdk.C', 'com.app.D'], 1],
    [['java.util.List', 'com.android.internal.X', 'kotlin.Y', 'androidx.Z', 'com.app.D'], 4],
    [['android.a.B', 'dalvik.C'], null],
    [['androidapp.Main'], 0],
    [['com.androidpay.Pay'], 0],
  ])('of %j is frame %j', (classes, index) => {
    expect(callerIndex(classes.map((c) => ({ c })))).toBe(index);
  });
});

describe('a known value', () => {
  it.each([
    ['001900123456785', 'x=001900123456785&', true],
    ['001900123456785', 'x=001900123456786&', false],
    ['9f3a5c71e0b24d86', 'ID:9F3A5C71E0B24D86', true],
    ['02:4a:7e:19:c5:3b', '024A7E19C53B', true],
    ['31.2304160,121.4737010', '{"lat":31.230416}', true],
    ['祁连月', 'name=祁连月', true],
    ['abc', 'abcabc', false],
  ])('%s in %s: %s', (value, input, found) => {
    const known = createKnown(() => undefined);
    known.add(value);
    expect(known.within(utf8(input))).toBe(found);
  });
  it('is also what came out of one: raw, hex, base64, base64url', () => {
    const known = createKnown(() => undefined);
    const out = '\xfb\xff\xbf\x00\x01\x02\x03\x04\x05\x06\x07\x08';
    known.addDerived(out);
    const coded = Buffer.from(out, 'latin1');
    for (const form of [
      out,
      coded.toString('hex'),
      coded.toString('hex').toUpperCase(),
      coded.toString('base64'),
      coded.toString('base64url'),
    ])
      expect(known.within(`<${form}>`)).toBe(true);
  });
});

describe('too many known values', () => {
  it('push out the oldest that was read, never a planted one, and say so', () => {
    let forgotten = 0;
    const known = createKnown(() => void (forgotten += 1));
    const seen = (): unknown => [forgotten, known.within('id-of-the-phone'), known.within('first-that-was-read')];
    known.pin('id-of-the-phone');
    // Two spellings of it.
    known.add('first-that-was-read');
    for (let i = 0; i < 8190; i++) known.add(String(10_000_000 + i));
    expect(seen()).toEqual([0, true, true]);
    known.add('30000000');
    expect(seen()).toEqual([1, true, false]);
    known.add('x'.repeat(4097));
    expect(forgotten).toBe(2);
  });
});

describe('bytes without TextEncoder', () => {
  it.each(['', 'a', 'ab', 'abc', '值', '𠮷野家', 'é\u0000~'])('%j are the same as with it', (text) => {
    expect(base64(utf8(text))).toBe(Buffer.from(text).toString('base64'));
  });
});

describe('an extractor given garbage', () => {
  const paths: readonly ValuePath[] = [
    { from: 'return' },
    { from: 'argument', index: 3 },
    { from: 'cursor' },
    { from: 'list', element: 'packageName' },
    { from: 'list', element: null },
    { from: 'location', argument: null },
    { from: 'location', argument: 0 },
    { from: 'clip' },
    { from: 'mac' },
    { from: 'none' },
  ];
  const { bridge, world } = fixture(nodeCrypto, { rows: [] });
  const garbage = [
    null,
    undefined,
    0,
    Number.NaN,
    '',
    'x',
    true,
    [],
    [null],
    [[]],
    {},
    { length: -1 },
    new Int8Array(3),
    bridge.use('android.view.View'),
    { $h: world, $className: 'x.Y' },
  ];
  it.each(paths.map((path) => [JSON.stringify(path), path] as const))('by %s gives values or an Error, and ends', (_, path) => {
    for (const value of garbage) {
      try {
        expect(Array.isArray(extract(bridge, path, [value, value], value).values)).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
  });
});
