// Whole names: an app under audit may well have one of these words in its own package.
// Sources: AOSP; the prompts of MIUI, EMUI, One UI, ColorOS and OxygenOS as appium-uiautomator2 users report them.
const ASK: ReadonlySet<string> = new Set([
  'com.android.permissioncontroller',
  'com.google.android.permissioncontroller',
  'com.android.packageinstaller',
  'com.google.android.packageinstaller',
  'com.lbe.security.miui',
  'com.samsung.android.permissioncontroller',
  'com.huawei.systemmanager',
  'com.hihonor.systemmanager',
  'com.coloros.securitypermission',
  'com.oplus.securitypermission',
  'com.vivo.permissionmanager',
]);
const LAUNCHERS: ReadonlySet<string> = new Set([
  'com.android.launcher',
  'com.android.launcher3',
  'com.google.android.apps.nexuslauncher',
  'com.miui.home',
  'com.huawei.android.launcher',
  'com.hihonor.android.launcher',
  'com.oppo.launcher',
  'com.coloros.launcher',
  'com.bbk.launcher2',
  'com.sec.android.app.launcher',
]);

/** Whether the windows of this package are the system's permission prompts. */
export function asksForPermissions(packageName: string): boolean {
  return ASK.has(packageName);
}

/** Whether this package is the system's: its windows are never an app's notice. */
export function isSystemPackage(packageName: string): boolean {
  return ASK.has(packageName) || LAUNCHERS.has(packageName);
}
