import type { AppProcess } from '../../model/app.js';
import type { CallRow, ContactRow, SmsRow } from '../../model/values.js';
import { type JavaObject, isJavaObject } from './objects.js';
import type { JavaVm } from './vm.js';

/** The half of AppProcess that reads, each through the Java API that an app would call. */
export type JavaApi = Pick<
  AppProcess,
  'call' | 'telephony' | 'device' | 'wifi' | 'sms' | 'callLog' | 'location' | 'packages' | 'clipboard' | 'crypto' | 'within'
> & { readonly contacts: { all(): readonly ContactRow[] } };

const STRING = 'java.lang.String';
const STRINGS = '[Ljava.lang.String;';
const TELEPHONY = 'android.telephony.TelephonyManager';
const RESOLVER = 'android.content.ContentResolver';
const CURSOR = 'android.database.Cursor';
const CONTEXT = 'android.content.Context';
const MINUTE = 60_000;

/** The typed façade over the Java world of a process. Reads are refused as on Android: a JavaThrowable. */
export function javaApi(vm: JavaVm): JavaApi {
  return {
    within: vm.within,
    call: (className, method, types, args) => vm.call(className, method, types, null, args),
    ...identifiers(vm),
    ...people(vm),
    location: { last: () => lastLocation(vm) },
    packages: {
      installed: () =>
        elements(vm, vm.call('android.app.ApplicationPackageManager', 'getInstalledPackages', ['int'], null, [0])).map((info) =>
          text(object(info).fields.packageName),
        ),
    },
    clipboard: { text: () => clipText(vm) },
    crypto: cryptoApi(vm),
  };
}

function identifiers(vm: JavaVm): Pick<JavaApi, 'telephony' | 'device' | 'wifi'> {
  const telephony = (method: string, types: readonly string[] = [], ...args: readonly unknown[]): string =>
    text(vm.call(TELEPHONY, method, types, null, args));
  const connection = (method: string): string =>
    text(
      vm.call(
        'android.net.wifi.WifiInfo',
        method,
        [],
        object(vm.call('android.net.wifi.WifiManager', 'getConnectionInfo', [], null, [])),
        [],
      ),
    );
  const XIAOMI = 'com.android.id.impl.IdProviderImpl';
  return {
    telephony: {
      imei: (slot) => (slot === undefined ? telephony('getImei') : telephony('getImei', ['int'], slot)),
      imsi: () => telephony('getSubscriberId'),
      iccid: () => telephony('getSimSerialNumber'),
      line1Number: () => telephony('getLine1Number'),
    },
    device: {
      androidId: () =>
        text(
          vm.call('android.provider.Settings$Secure', 'getString', [RESOLVER, STRING], null, [vm.systemService(RESOLVER), 'android_id']),
        ),
      serial: () => text(vm.call('android.os.Build', 'getSerial', [], null, [])),
      oaid: () => text(vm.call(XIAOMI, 'getOAID', [CONTEXT], vm.construct(XIAOMI, [], []), [vm.systemService(CONTEXT)])),
      model: () => vm.world.host.phone.model,
    },
    wifi: { mac: () => hardwareAddress(vm), ssid: () => connection('getSSID').replaceAll('"', ''), bssid: () => connection('getBSSID') },
  };
}

function people(vm: JavaVm): Pick<JavaApi, 'contacts' | 'sms' | 'callLog'> {
  const minutesAgo = (date: string | undefined): number => Math.round((vm.world.host.clock.handsetWallMs() - Number(date)) / MINUTE);
  const contacts = (): readonly (readonly string[])[] => query(vm, 'content://com.android.contacts/data/phones', ['display_name', 'data1']);
  const inbox = (): readonly (readonly string[])[] => query(vm, 'content://sms/inbox', ['address', 'body', 'date']);
  const calls = (): readonly (readonly string[])[] => query(vm, 'content://call_log/calls', ['number', 'duration', 'date']);
  return {
    contacts: { all: () => contacts().map(([name = '', phone = '']): ContactRow => ({ name, phone })) },
    sms: { inbox: () => inbox().map(([sender = '', body = '', date]): SmsRow => ({ sender, body, minutesAgo: minutesAgo(date) })) },
    callLog: {
      recent: () =>
        calls().map(([number = '', seconds, date]): CallRow => ({ number, seconds: Number(seconds), minutesAgo: minutesAgo(date) })),
    },
  };
}

function clipText(vm: JavaVm): string | null {
  const clip = vm.call('android.content.ClipboardManager', 'getPrimaryClip', [], null, []);
  if (clip === null) return null;
  const item = object(vm.call('android.content.ClipData', 'getItemAt', ['int'], object(clip), [0]));
  return text(vm.call('android.content.ClipData$Item', 'getText', [], item, []));
}

function query(vm: JavaVm, uri: string, projection: readonly string[]): readonly (readonly string[])[] {
  const parsed = vm.call('android.net.Uri', 'parse', [STRING], null, [uri]);
  const cursor = object(
    vm.call(RESOLVER, 'query', ['android.net.Uri', STRINGS, STRING, STRINGS, STRING], null, [parsed, projection, null, null, null]),
  );
  const rows: string[][] = [];
  while (vm.call(CURSOR, 'moveToNext', [], cursor, []) === true)
    rows.push(projection.map((_, column) => text(vm.call(CURSOR, 'getString', ['int'], cursor, [column]))));
  vm.call(CURSOR, 'close', [], cursor, []);
  return rows;
}

function lastLocation(vm: JavaVm): { readonly lat: number; readonly lon: number } | null {
  const LOCATION = 'android.location.Location';
  const found = vm.call('android.location.LocationManager', 'getLastKnownLocation', [STRING], null, ['gps']);
  return isJavaObject(found)
    ? { lat: Number(vm.call(LOCATION, 'getLatitude', [], found, [])), lon: Number(vm.call(LOCATION, 'getLongitude', [], found, [])) }
    : null;
}

/** By the interface, which gives the true address up to Android 10; WifiInfo has given a constant since Android 6. */
function hardwareAddress(vm: JavaVm): string {
  const wlan = vm.call('java.net.NetworkInterface', 'getByName', [STRING], null, ['wlan0']);
  const bytes = isJavaObject(wlan) ? vm.call('java.net.NetworkInterface', 'getHardwareAddress', [], wlan, []) : null;
  return bytes === null ? '' : Array.from(unsigned(bytes), (one) => one.toString(16).padStart(2, '0')).join(':');
}

function elements(vm: JavaVm, list: unknown): readonly unknown[] {
  const size = Number(vm.call('java.util.List', 'size', [], object(list), []));
  return Array.from({ length: size }, (_, index) => vm.call('java.util.List', 'get', ['int'], object(list), [index]));
}

function cryptoApi(vm: JavaVm): AppProcess['crypto'] {
  const key = (bytes: Uint8Array, algorithm: string): JavaObject =>
    vm.construct('javax.crypto.spec.SecretKeySpec', ['[B', STRING], [bytes, algorithm]);
  const on = (instance: unknown, method: string, types: readonly string[], ...args: readonly unknown[]): unknown =>
    vm.call(object(instance).className, method, types, object(instance), args);
  return {
    digest(algorithm, ...parts) {
      const digest = vm.call('java.security.MessageDigest', 'getInstance', [STRING], null, [algorithm]);
      for (const part of parts) on(digest, 'update', ['[B'], part);
      return unsigned(on(digest, 'digest', []));
    },
    mac(algorithm, secret, data) {
      const mac = vm.call('javax.crypto.Mac', 'getInstance', [STRING], null, [algorithm]);
      on(mac, 'init', ['java.security.Key'], key(secret, algorithm));
      return unsigned(on(mac, 'doFinal', ['[B'], data));
    },
    encrypt(transformation, secret, iv, data) {
      const cipher = vm.call('javax.crypto.Cipher', 'getInstance', [STRING], null, [transformation]);
      if (iv === null) on(cipher, 'init', ['int', 'java.security.Key'], 1, key(secret, 'AES'));
      else {
        const spec = transformation.includes('/GCM/')
          ? vm.construct('javax.crypto.spec.GCMParameterSpec', ['int', '[B'], [128, iv])
          : vm.construct('javax.crypto.spec.IvParameterSpec', ['[B'], [iv]);
        on(cipher, 'init', ['int', 'java.security.Key', 'java.security.spec.AlgorithmParameterSpec'], 1, key(secret, 'AES'), spec);
      }
      return unsigned(on(cipher, 'doFinal', ['[B'], data));
    },
    base64: (data) => text(vm.call('android.util.Base64', 'encodeToString', ['[B', 'int'], null, [data, 2])),
    gzip(data) {
      const target = vm.construct('java.io.ByteArrayOutputStream', [], []);
      const stream = vm.construct('java.util.zip.GZIPOutputStream', ['java.io.OutputStream'], [target]);
      on(stream, 'write', ['[B'], data);
      on(stream, 'close', []);
      return unsigned(on(target, 'toByteArray', []));
    },
    random(bytes) {
      const target = new Int8Array(bytes);
      on(vm.construct('java.security.SecureRandom', [], []), 'nextBytes', ['[B'], target);
      return unsigned(target);
    },
  };
}

function text(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}
function object(value: unknown): JavaObject {
  if (!isJavaObject(value)) throw new Error('no Java object where one has to be');
  return value;
}
function unsigned(value: unknown): Uint8Array {
  return Uint8Array.from(value as Int8Array, (one) => one & 0xff);
}
