import { describe, expect, test } from 'vitest';
import { createDevice, PROFILE_P9 } from '../../../harness/virtual/device.js';
import { createDataFolder } from '../../../harness/virtual/files.js';
import { createPermissions, groupOf } from '../../../harness/virtual/permissions.js';
import type { PermissionParts, Permissions } from '../../../harness/virtual/permissions.js';

const P = 'android.permission.';
const DECLARED = ['INTERNET', 'READ_CONTACTS', 'WRITE_CONTACTS', 'READ_SMS', 'ACCESS_FINE_LOCATION'].map((name) => P + name);

/** Permissions of a package on a phone whose user gives these answers in turn. */
function permissions(...answers: Awaited<ReturnType<PermissionParts['prompt']>>[]): {
  readonly own: Permissions;
  readonly prompts: string[];
  granted(name: string): boolean;
} {
  const device = createDevice(PROFILE_P9);
  const prompts: string[] = [];
  const granted = (permission: string): boolean => device.granted('a.b', permission);
  const own = createPermissions({
    package: 'a.b',
    label: '甲',
    declared: DECLARED,
    granted,
    setGranted: (permission, is) => device.setGranted('a.b', permission, is),
    prompt: async ({ group }) => {
      prompts.push(group);
      return answers.shift() ?? 'deny';
    },
  });
  return { own, prompts, granted: (name) => granted(P + name) };
}

describe('permissions', () => {
  test.each([
    ['READ_CALL_LOG', 'CALL_LOG'],
    ['ACCESS_COARSE_LOCATION', 'LOCATION'],
    ['ACCESS_BACKGROUND_LOCATION', 'BACKGROUND_LOCATION'],
    ['READ_PHONE_STATE', 'PHONE'],
    ['INTERNET', null],
  ])('%s is of the group %s', (name, group) => {
    expect(groupOf(P + name)).toBe(group);
  });
  test('what needs no prompt is granted at install, the rest is not', () => {
    const { own, granted } = permissions();
    own.install();
    expect(DECLARED.map((name) => granted(name.slice(P.length)))).toEqual([true, false, false, false, false]);
  });
  test('a sibling of a granted permission comes without a prompt, but only when it is asked for', async () => {
    const { own, prompts, granted } = permissions('allow');
    await own.request([`${P}READ_CONTACTS`]);
    expect(granted('WRITE_CONTACTS')).toBe(false);
    await own.request([`${P}WRITE_CONTACTS`]);
    expect([granted('WRITE_CONTACTS'), prompts]).toEqual([true, ['CONTACTS']]);
  });
  test('a prompt that went away with its app is no denial', async () => {
    const { own, prompts, granted } = permissions('cancelled', 'cancelled', 'cancelled', 'allow');
    for (let i = 0; i < 4; i += 1) await own.request([`${P}READ_SMS`]);
    expect([granted('READ_SMS'), prompts.length]).toEqual([true, 4]);
  });
  test('two requests at once are asked one after the other', async () => {
    const { own, prompts } = permissions('allow', 'deny');
    expect(await Promise.all([own.request([`${P}READ_SMS`]), own.request([`${P}READ_SMS`, `${P}ACCESS_FINE_LOCATION`])])).toEqual([
      { [`${P}READ_SMS`]: true },
      { [`${P}READ_SMS`]: true, [`${P}ACCESS_FINE_LOCATION`]: false },
    ]);
    expect(prompts).toEqual(['SMS', 'LOCATION']);
  });
  test('once lasts until the processes end', async () => {
    const { own, granted } = permissions('once', 'allow');
    await own.request([`${P}ACCESS_FINE_LOCATION`, `${P}READ_SMS`]);
    own.processesEnded();
    expect([granted('ACCESS_FINE_LOCATION'), granted('READ_SMS')]).toEqual([false, true]);
  });
});

test('the phone lists its own packages, the planted ones and what was installed', () => {
  const device = createDevice(PROFILE_P9);
  device.plant({ ...device.contents(), packages: ['com.example.planted'] });
  device.setInstalled('com.example.loan');
  expect(device.installedPackages()).toEqual(expect.arrayContaining(['com.android.settings', 'com.example.planted', 'com.example.loan']));
});

test.each(['/etc/passwd', '../other/file', 'a/../../b'])('an app may not write to %s', (path) => {
  expect(() => createDataFolder().write(path, 'x')).toThrow('EACCES');
});
