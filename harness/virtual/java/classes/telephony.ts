import { STRING, fixed, klass, levels, method } from '../classes.js';
import type { JavaObject } from '../objects.js';
import type { World } from '../world.js';
import { holds, identifiers, neither } from './permission.js';

const TELEPHONY = 'android.telephony.TelephonyManager';
const SUBSCRIPTIONS = 'android.telephony.SubscriptionManager';
const INFO = 'android.telephony.SubscriptionInfo';

/** The overload with a slot or subscription does the work; the one without calls it, as in AOSP. */
function slots(name: string, read: (world: World, slot: number) => string | null): readonly ReturnType<typeof method>[] {
  return [
    method(name, [], STRING, (world, self) => world.call(TELEPHONY, name, ['int'], self, [0])),
    method(name, ['int'], STRING, (world, _, [slot]) => read(world, Number(slot))),
  ];
}

function imei(world: World, what: string, slot: number): string | null {
  identifiers(world, what);
  const { imei: first, imei2 } = world.host.phone.contents();
  return slot === 0 ? first : slot === 1 ? imei2 : null;
}

function line1(world: World, what: string): string {
  const needs = world.host.phone.sdk >= 30 ? ['READ_SMS', 'READ_PHONE_NUMBERS'] : ['READ_PHONE_STATE', 'READ_SMS', 'READ_PHONE_NUMBERS'];
  if (!holds(world, ...needs)) throw neither(world, what, needs.map((name) => `android.permission.${name}`).join(', '));
  return world.host.phone.contents().line1Number;
}

function subscription(world: World): JavaObject {
  if (!holds(world, 'READ_PHONE_STATE')) throw neither(world, 'getActiveSubscriptionInfo', 'android.permission.READ_PHONE_STATE');
  return world.make(INFO, {});
}

/** android.telephony and what stands behind its identifiers. */
export const telephony = [
  klass(TELEPHONY, 'java.lang.Object', [
    ...slots('getDeviceId', (world, slot) => imei(world, 'getDeviceId', slot)),
    ...slots('getImei', (world, slot) => imei(world, 'getImeiForSlot', slot)),
    ...slots('getMeid', (world) => {
      identifiers(world, 'getMeidForSlot');
      return null;
    }),
    ...levels(
      34,
      99,
      method('getPrimaryImei', [], STRING, (world) => imei(world, 'getPrimaryImei', 0)),
    ),
    ...slots('getSubscriberId', (world) => {
      identifiers(world, 'getSubscriberId');
      return world.host.phone.contents().imsi;
    }),
    ...slots('getSimSerialNumber', (world) => {
      identifiers(world, 'getIccSerialNumber');
      return world.host.phone.contents().iccid;
    }),
    ...slots('getLine1Number', (world) => line1(world, 'getLine1NumberForDisplay')),
    ...slots('getMsisdn', (world) => line1(world, 'getMsisdnForSubscriber')),
    method('getSimOperatorName', [], STRING, () => '中国移动'),
    method('getNetworkOperator', [], STRING, () => '46000'),
  ]),
  klass(SUBSCRIPTIONS, 'java.lang.Object', [
    method('getActiveSubscriptionInfo', ['int'], INFO, subscription),
    method('getActiveSubscriptionInfoList', [], 'java.util.List', (world) =>
      world.make('java.util.ArrayList', { items: [subscription(world)] }),
    ),
    ...levels(
      33,
      99,
      method('getPhoneNumber', ['int'], STRING, (world) => line1(world, 'getPhoneNumber')),
      method('getPhoneNumber', ['int', 'int'], STRING, (world) => line1(world, 'getPhoneNumber')),
    ),
  ]),
  klass(INFO, 'java.lang.Object', [
    method('getIccId', [], STRING, (world) => (world.host.phone.sdk >= 29 ? '' : world.host.phone.contents().iccid)),
    method('getNumber', [], STRING, (world) =>
      world.host.phone.sdk >= 30 && !holds(world, 'READ_PHONE_NUMBERS') ? '' : world.host.phone.contents().line1Number,
    ),
  ]),
  klass('android.os.Build', 'java.lang.Object', [
    fixed('getSerial', [], STRING, (world) => {
      identifiers(world, 'getSerial');
      return world.host.phone.contents().serial;
    }),
  ]),
  klass('android.os.SystemProperties', 'java.lang.Object', [
    fixed('get', [STRING], STRING, (world, _, [key]) => property(world, String(key), '')),
    fixed('get', [STRING, STRING], STRING, (world, _, [key, otherwise]) => property(world, String(key), String(otherwise))),
  ]),
  klass('android.media.MediaDrm', 'java.lang.Object', [
    // Widevine's id is 32 bytes, the same for all apps of a handset's signer; here it follows from the serial.
    method('getPropertyByteArray', [STRING], '[B', (world, _, [name]) =>
      name === 'deviceUniqueId'
        ? Int8Array.from(world.crypto.digest('SHA-256', ascii(world.host.phone.contents().serial)) ?? [])
        : new Int8Array(0),
    ),
  ]),
];

/** Properties that an app of an older Android may read; serials are hidden from 26 on, IMEIs were never meant to be there. */
function property(world: World, key: string, otherwise: string): string {
  const { phone } = world.host;
  if (key === 'ro.build.version.sdk') return String(phone.sdk);
  if (key === 'ro.product.model') return phone.model;
  if (key === 'ro.product.manufacturer') return phone.manufacturer;
  if ((key === 'ro.serialno' || key === 'ro.boot.serialno') && phone.sdk < 26) return phone.contents().serial;
  return otherwise;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (sign) => sign.charCodeAt(0) & 0xff);
}
