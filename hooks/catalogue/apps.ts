import type { HookRow } from '../wire.js';

const FRAMEWORK = 'Android framework bytecode, API 23–37';
/** PackageManager is abstract: the implementation is this class at every level. */
const MANAGER = 'android.app.ApplicationPackageManager';
const PM = 'android.app.ApplicationPackageManager';
const read = { kind: 'read', since: 23, until: null, only: null, hot: false, source: FRAMEWORK } as const;
const list = { ...read, datum: 'installed-apps', family: 'packages.list', class: MANAGER } as const;
const names = { from: 'list', element: 'packageName' } as const;
const flags = (name: string): string => `android.content.pm.PackageManager$${name}`;

/** The list of installed apps, and look-ups of one app, which in a loop come to the same. */
export const rows = [
  {
    ...list,
    id: 'packages.installed',
    method: 'getInstalledPackages',
    overloads: [['int'], [flags('PackageInfoFlags')]],
    value: names,
    exercise: `${PM}.getInstalledPackages(0)`,
  },
  {
    ...list,
    id: 'packages.installed-as-user',
    method: 'getInstalledPackagesAsUser',
    overloads: [
      ['int', 'int'],
      [flags('PackageInfoFlags'), 'int'],
    ],
    since: 24,
    value: names,
    exercise: `${PM}.getInstalledPackagesAsUser(0, 0)`,
  },
  {
    ...list,
    id: 'packages.applications',
    method: 'getInstalledApplications',
    overloads: [['int'], [flags('ApplicationInfoFlags')]],
    value: names,
    exercise: `${PM}.getInstalledApplications(0)`,
  },
  {
    ...list,
    id: 'packages.activities',
    method: 'queryIntentActivities',
    overloads: [
      ['android.content.Intent', 'int'],
      ['android.content.Intent', flags('ResolveInfoFlags')],
    ],
    value: { from: 'list', element: 'activityInfo.packageName' },
    exercise: `${PM}.queryIntentActivities(new android.content.Intent("android.intent.action.MAIN"), 0)`,
  },
  {
    ...read,
    id: 'packages.info',
    datum: 'app-presence',
    family: 'packages.look-up',
    class: MANAGER,
    method: 'getPackageInfo',
    overloads: [
      ['java.lang.String', 'int'],
      ['java.lang.String', flags('PackageInfoFlags')],
    ],
    value: { from: 'argument', index: 0 },
    hot: true,
    exercise: `${PM}.getPackageInfo("com.android.settings", 0)`,
  },
  {
    ...read,
    id: 'packages.application-info',
    datum: 'app-presence',
    family: 'packages.look-up',
    class: MANAGER,
    method: 'getApplicationInfo',
    overloads: [
      ['java.lang.String', 'int'],
      ['java.lang.String', flags('ApplicationInfoFlags')],
    ],
    value: { from: 'argument', index: 0 },
    hot: true,
    exercise: `${PM}.getApplicationInfo("com.android.settings", 0)`,
  },
] satisfies readonly HookRow[];
