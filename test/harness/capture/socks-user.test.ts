import { describe, expect, test } from 'vitest';
import { readSocksUser } from '../../../harness/capture/socks-user.js';

const unknown = { uid: null, package: null, pid: null, how: 'unknown' };

describe('a SOCKS user name', () => {
  test.each([
    ['10123:com.example.loan:40000', 10_123, 'com.example.loan', 40_000],
    ['0:android:1', 0, 'android', 1],
    ['10123::', 10_123, null, null],
    [':com.example.loan:', null, 'com.example.loan', null],
    ['99910123::65535', 99_910_123, null, 65_535],
  ])('%j tells its owner', (user, uid, name, port) => {
    expect(readSocksUser(user)).toEqual({ owner: { uid, package: name, pid: null, how: 'socks' }, port });
  });

  test('with nothing but a port tells only that', () => {
    expect(readSocksUser('::40000')).toEqual({ owner: unknown, port: 40_000 });
  });

  test.each([
    null,
    '',
    '::',
    '10123',
    '10123:com.example.loan',
    '10123:com.example.loan:40000:x',
    '-1:com.example.loan:1',
    '1e4:com.example.loan:1',
    ' 10123:com.example.loan:1',
    '10123:com.example.loan:0',
    '10123:com.example.loan:65536',
    '4294967295:com.example.loan:1',
    '99999999999:com.example.loan:1',
    '10123:com..loan:1',
    '10123:1com.example:1',
    '10123:com.example.loan\n:1',
    '10123:应用:1',
    `10123:a.${'b'.repeat(222)}:1`,
    '10123:com.example.loan:1\n',
  ])('%j tells nothing, whatever in it looks right', (user) => {
    expect(readSocksUser(user)).toEqual({ owner: unknown, port: null });
  });
});
