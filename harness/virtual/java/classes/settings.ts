import { STRING, fixed, init, klass, method } from '../classes.js';
import type { World } from '../world.js';

const RESOLVER = 'android.content.ContentResolver';
const CONTEXT = 'android.content.Context';

/** getString calls the hidden getStringForUser, as in AOSP. */
function table(name: string, read: (world: World, key: string) => string | null): ReturnType<typeof klass> {
  return klass(name, 'java.lang.Object', [
    fixed('getString', [RESOLVER, STRING], STRING, (world, _, [resolver, key]) =>
      world.call(name, 'getStringForUser', [RESOLVER, STRING, 'int'], null, [resolver, key, 0]),
    ),
    fixed('getStringForUser', [RESOLVER, STRING, 'int'], STRING, (world, _, [, key]) => read(world, String(key))),
  ]);
}

const INFO = 'com.huawei.hms.ads.identifier.AdvertisingIdClient$Info';

/** Settings, and the vendors' ways to an OAID. */
export const settings = [
  table('android.provider.Settings$Secure', (world, key) => (key === 'android_id' ? world.host.phone.contents().androidId : null)),
  // android_id moved to Secure long ago; System still forwards it.
  table('android.provider.Settings$System', (world, key) =>
    key === 'android_id'
      ? String(world.call('android.provider.Settings$Secure', 'getString', [RESOLVER, STRING], null, [null, key]))
      : null,
  ),
  table('android.provider.Settings$Global', (world, key) =>
    key === 'pps_oaid' ? world.host.phone.contents().oaid : key === 'device_name' ? world.host.phone.model : null,
  ),
  klass('com.android.id.impl.IdProviderImpl', 'java.lang.Object', [
    init([], () => undefined),
    method('getOAID', [CONTEXT], STRING, (world) => world.host.phone.contents().oaid),
  ]),
  klass('com.huawei.hms.ads.identifier.AdvertisingIdClient', 'java.lang.Object', [
    fixed('getAdvertisingIdInfo', [CONTEXT], INFO, (world) => world.make(INFO, {})),
  ]),
  klass(INFO, 'java.lang.Object', [
    method('getId', [], STRING, (world) => world.host.phone.contents().oaid),
    method('isLimitAdTrackingEnabled', [], 'boolean', () => false),
  ]),
];
