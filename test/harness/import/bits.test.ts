import { expect, it } from 'vitest';
import { bitsOfValue } from '../../../harness/import/bits.js';
import { canariesOf } from '../../../harness/import/canaries.js';
import { callerIn, familyOf, frameOf } from '../../../harness/import/stack.js';
import type { CanaryType } from '../../../harness/model/values.js';

it.each<readonly [CanaryType, string, number, number]>([
  ['phone', '14012345678', 29, 30],
  ['contact_phone', '+86 140 1234 5678', 29, 30],
  ['name', '齐宇瑁雎', 23, 24.5],
  ['contact_name', '张伟', 11, 13],
  ['location', '38.3123451,81.2345671', 46, 48],
  ['location', '38.31,81.23', 10, 16],
  ['app_package', 'com.tencent.mm', 10, 10],
  ['app_package', 'com.q7x9k2m4.app', 40, 40],
  ['imei', '001234567890128', 39, 40],
  ['imei', '000000000000000', 0, 0],
  ['mac', '02:00:00:00:00:00', 0, 0],
  ['mac', '0a:3f:9c:51:e2:7d', 46, 46],
  ['android_id', '9774d56d682e549c', 0, 0],
  ['otp', '482913', 19, 20],
  ['file_name', 'photo.jpg', 8, 15],
  ['clipboard', '提货码 K7QP-X2MN9R4T', 40, 80],
  ['amount', '50000', 0, 4],
  ['amount', '23457', 15, 17],
])('a value of type %s, %s, counts from %d to %d bits', (type, text, least, most) => {
  const bits = bitsOfValue(type, text);
  expect(bits).toBeGreaterThanOrEqual(least);
  expect(bits).toBeLessThanOrEqual(most);
});

it('canaries become values of the datum that a handset holds, or of the form', () => {
  const one = (type: string, more: object = {}): object => ({
    id: type + JSON.stringify(more),
    type,
    value: `value of ${type}`,
    placebo: false,
    ...more,
  });
  const { values, placebos, leftOut } = canariesOf(
    [
      one('phone'),
      one('phone', { origin: 'typed' }),
      one('otp'),
      one('serial'),
      one('location'),
      one('mac', { datum: 'bluetooth' }),
      one('imei', { placebo: true, group: 3 }),
      one('imsi', { placebo: true, value: 'value of otp' }),
    ],
    'canaries.json',
  );
  expect(values.map(({ datum, origin }) => [datum, origin])).toEqual([
    ['phone-number', 'planted'],
    ['typed-phone', 'typed'],
    ['typed-otp', 'planted'],
    ['serial', 'planted'],
    ['location', 'planted'],
    ['bluetooth', 'planted'],
  ]);
  expect(placebos.map(({ origin, group }) => [origin, group])).toEqual([['placebo', '3']]);
  expect(leftOut.map(({ isPlacebo, why }) => [isPlacebo, why.en])).toEqual([[true, expect.stringMatching(/is the same as a real value/)]]);
});

it.each([
  ['com.a.B$C.run(B.java:12)', ['com.a.B$C', 'run', 'B.java', 12]],
  ['  at java.base/java.lang.Thread.run(Thread.java:833)', ['java.lang.Thread', 'run', 'Thread.java', 833]],
  ['com.a.B.<init>(Unknown Source:4)', ['com.a.B', '<init>', null, null]],
  ['dalvik.system.VMStack.getThreadStackTrace(Native Method)', ['dalvik.system.VMStack', 'getThreadStackTrace', null, null]],
  ['com.a.B.c', ['com.a.B', 'c', null, null]],
  ['cn.a.齐.ΑΑ(SourceFile:1)', ['cn.a.齐', 'ΑΑ', 'SourceFile', 1]],
  ['what is this', ['what is this', '', null, null]],
])('the frame %s', (text, parts) => {
  const frame = frameOf(text);
  expect([frame.class, frame.method, frame.file, frame.line]).toEqual(parts);
});

it('the caller is the innermost frame of neither the framework nor the language', () => {
  expect(
    callerIn(['android.os.A.b(A.java:1)', 'java.util.X.y(X.java:2)', 'cn.sdk.Q.w(Q.java:3)', 'com.app.M.n(M.java:4)'].map(frameOf)),
  ).toBe('cn.sdk.Q.w');
  expect(callerIn(['android.os.A.b(A.java:1)'].map(frameOf))).toBe('unknown');
  expect(familyOf('android.telephony.TelephonyManager.getImei(int)')).toBe('TelephonyManager.getImei');
});
