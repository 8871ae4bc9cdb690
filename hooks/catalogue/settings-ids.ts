import type { HookRow } from '../wire.js';

const FRAMEWORK = 'Android framework bytecode, API 23–37';
const GET = [['android.content.ContentResolver', 'java.lang.String']] as const;
const GET_FOR_USER = [['android.content.ContentResolver', 'java.lang.String', 'int']] as const;
const read = { kind: 'read', until: null, value: { from: 'return' }, hot: false, since: 23 } as const;
const androidId = {
  ...read,
  datum: 'android-id',
  family: 'settings.android-id',
  only: { index: 1, among: ['android_id'] },
  source: FRAMEWORK,
} as const;
const oaid = { ...read, datum: 'oaid', family: 'oaid' } as const;
const XIAOMI = 'Xiaomi system class, as called in the sources of Android_CN_OAID (MulanPSL-2.0)';
const HUAWEI = 'HMS Core ads identifier SDK, com.huawei.hms:ads-identifier';

/** Identifiers kept in settings, and OAID by the ways that vendors give it. */
export const rows = [
  {
    ...androidId,
    id: 'settings.secure',
    class: 'android.provider.Settings$Secure',
    method: 'getString',
    overloads: GET,
    exercise: 'android.provider.Settings$Secure.getString(android.content.ContentResolver, "android_id")',
  },
  {
    ...androidId,
    id: 'settings.secure-for-user',
    class: 'android.provider.Settings$Secure',
    method: 'getStringForUser',
    overloads: GET_FOR_USER,
    exercise: 'android.provider.Settings$Secure.getStringForUser(android.content.ContentResolver, "android_id", 0)',
  },
  {
    ...androidId,
    id: 'settings.system',
    class: 'android.provider.Settings$System',
    method: 'getString',
    overloads: GET,
    exercise: 'android.provider.Settings$System.getString(android.content.ContentResolver, "android_id")',
  },
  {
    ...oaid,
    id: 'oaid.settings',
    class: 'android.provider.Settings$Global',
    method: 'getString',
    overloads: GET,
    only: { index: 1, among: ['pps_oaid'] },
    source: FRAMEWORK,
    exercise: 'android.provider.Settings$Global.getString(android.content.ContentResolver, "pps_oaid")',
  },
  {
    ...oaid,
    id: 'oaid.xiaomi',
    class: 'com.android.id.impl.IdProviderImpl',
    method: 'getOAID',
    overloads: [['android.content.Context']],
    only: null,
    source: XIAOMI,
    exercise: 'com.android.id.impl.IdProviderImpl.getOAID(android.app.ContextImpl)',
  },
  {
    ...oaid,
    id: 'oaid.huawei',
    class: 'com.huawei.hms.ads.identifier.AdvertisingIdClient$Info',
    method: 'getId',
    overloads: [[]],
    only: null,
    source: HUAWEI,
    exercise: 'com.huawei.hms.ads.identifier.AdvertisingIdClient.getAdvertisingIdInfo(android.app.ContextImpl).getId()',
  },
] satisfies readonly HookRow[];
