import type { PhoneContents, SmsRow } from '../model/values.js';
import type { Phone } from './phone.js';

/** Packages of the system image that an app gets when it lists all. */
const SYSTEM_PACKAGES = [
  'android',
  'com.android.bluetooth',
  'com.android.calendar',
  'com.android.camera2',
  'com.android.contacts',
  'com.android.dialer',
  'com.android.documentsui',
  'com.android.launcher3',
  'com.android.mms',
  'com.android.permissioncontroller',
  'com.android.phone',
  'com.android.providers.contacts',
  'com.android.providers.media',
  'com.android.providers.telephony',
  'com.android.settings',
  'com.android.systemui',
  'com.android.webview',
] as const;

/** Everything empty: a handset on which nothing was planted. */
const NOTHING: PhoneContents = {
  imei: '',
  imei2: '',
  imsi: '',
  iccid: '',
  serial: '',
  androidId: '',
  oaid: '',
  mac: '',
  ssid: '',
  bssid: '',
  line1Number: '',
  location: { lat: '0', lon: '0' },
  clipboard: '',
  contacts: [],
  sms: [],
  calls: [],
  packages: [],
};

/** A model of virtual handset. */
export interface Profile {
  readonly name: string;
  readonly sdk: number;
  readonly android: string;
  readonly manufacturer: string;
  readonly model: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** The default: Android 9, where READ_PHONE_STATE still opens the IMEI to apps. */
export const PROFILE_P9: Profile = {
  name: 'p9',
  sdk: 28,
  android: '9',
  manufacturer: 'Jiejing',
  model: 'Virtual P9',
  width: 1080,
  height: 1920,
};

/** The phone with what only the handset's own port may do. */
export interface Device extends Phone {
  plant(contents: PhoneContents): void;
  deliver(sms: SmsRow): void;
  setInstalled(packageName: string): void;
}

/** A new virtual phone. */
export function createDevice(profile: Profile): Device {
  let contents = NOTHING;
  const delivered: SmsRow[] = [];
  const installed = new Set<string>();
  const grants = new Map<string, Set<string>>();
  return {
    sdk: profile.sdk,
    model: profile.model,
    manufacturer: profile.manufacturer,
    contents: () => contents,
    granted: (packageName, permission) => grants.get(packageName)?.has(permission) ?? false,
    setGranted: (packageName, permission, granted) => {
      const held = grants.get(packageName) ?? new Set<string>();
      grants.set(packageName, held);
      if (granted) held.add(permission);
      else held.delete(permission);
    },
    installedPackages: () => [...SYSTEM_PACKAGES, ...contents.packages, ...installed],
    contacts: () => contents.contacts,
    // Newest first, as the SMS provider sorts.
    sms: () => [...delivered.toReversed(), ...contents.sms],
    calls: () => contents.calls,
    plant: (planted) => {
      contents = planted;
    },
    deliver: (sms) => {
      delivered.push(sms);
    },
    setInstalled: (packageName) => {
      installed.add(packageName);
    },
  };
}
