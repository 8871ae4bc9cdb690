import { STRING, init, klass, levels, method } from '../classes.js';
import { JavaError, type JavaObject } from '../objects.js';
import type { World } from '../world.js';

const PM = 'android.app.ApplicationPackageManager';
const flags = (name: string): string => `android.content.pm.PackageManager$${name}`;
const INTENT = 'android.content.Intent';
const LIST = 'java.util.List';
const PACKAGE = 'android.content.pm.PackageInfo';
const APPLICATION = 'android.content.pm.ApplicationInfo';

function list(world: World, make: (name: string) => JavaObject): JavaObject {
  return world.make('java.util.ArrayList', { items: world.host.phone.installedPackages().map(make) });
}
function known(world: World, name: unknown): string {
  if (!world.host.phone.installedPackages().includes(String(name)))
    throw new JavaError('android.content.pm.PackageManager$NameNotFoundException', String(name));
  return String(name);
}
const info = (world: World, name: string): JavaObject => world.make(PACKAGE, { packageName: name, versionName: '1.0' });

/** Installed apps. Overloads call each other as in AOSP: the flags object from 33 on, the user's variant from 24 on. */
export const packages = [
  klass(PACKAGE, 'java.lang.Object', [], { packageName: STRING, versionName: STRING }),
  klass(APPLICATION, 'java.lang.Object', [], { packageName: STRING }),
  klass('android.content.pm.ActivityInfo', 'java.lang.Object', [], { packageName: STRING, name: STRING }),
  klass('android.content.pm.ResolveInfo', 'java.lang.Object', [], { activityInfo: 'android.content.pm.ActivityInfo' }),
  klass(INTENT, 'java.lang.Object', [init([STRING], (_, self, [action]) => void (self.fields.action = action))]),
  klass(flags('PackageInfoFlags'), 'java.lang.Object', []),
  klass('android.content.pm.PackageManager', 'java.lang.Object', []),
  klass(PM, 'android.content.pm.PackageManager', [
    ...levels(
      23,
      23,
      method('getInstalledPackages', ['int'], LIST, (world) => list(world, (name) => info(world, name))),
    ),
    ...levels(
      24,
      32,
      method('getInstalledPackages', ['int'], LIST, (world, self, [given]) =>
        world.call(PM, 'getInstalledPackagesAsUser', ['int', 'int'], self, [given, 0]),
      ),
      method('getInstalledPackagesAsUser', ['int', 'int'], LIST, (world) => list(world, (name) => info(world, name))),
    ),
    ...levels(
      33,
      99,
      method('getInstalledPackages', ['int'], LIST, (world, self) =>
        world.call(PM, 'getInstalledPackages', [flags('PackageInfoFlags')], self, [null]),
      ),
      method('getInstalledPackages', [flags('PackageInfoFlags')], LIST, (world, self) =>
        world.call(PM, 'getInstalledPackagesAsUser', [flags('PackageInfoFlags'), 'int'], self, [null, 0]),
      ),
      method('getInstalledPackagesAsUser', ['int', 'int'], LIST, (world, self) =>
        world.call(PM, 'getInstalledPackagesAsUser', [flags('PackageInfoFlags'), 'int'], self, [null, 0]),
      ),
      method('getInstalledPackagesAsUser', [flags('PackageInfoFlags'), 'int'], LIST, (world) => list(world, (name) => info(world, name))),
    ),
    method('getInstalledApplications', ['int'], LIST, (world) => list(world, (name) => world.make(APPLICATION, { packageName: name }))),
    method('queryIntentActivities', [INTENT, 'int'], LIST, (world) =>
      list(world, (name) =>
        world.make('android.content.pm.ResolveInfo', {
          activityInfo: world.make('android.content.pm.ActivityInfo', { packageName: name, name: `${name}.MainActivity` }),
        }),
      ),
    ),
    method('getPackageInfo', [STRING, 'int'], PACKAGE, (world, _, [name]) => info(world, known(world, name))),
    method('getApplicationInfo', [STRING, 'int'], APPLICATION, (world, _, [name]) =>
      world.make(APPLICATION, { packageName: known(world, name) }),
    ),
  ]),
];
