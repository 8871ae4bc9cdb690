import type { ValueId } from './event.js';

/** Canary types of `datum.json`, plus `typed` fields under their own names. */
export type CanaryType =
  | 'phone'
  | 'imei'
  | 'imsi'
  | 'iccid'
  | 'android_id'
  | 'oaid'
  | 'mac'
  | 'serial'
  | 'id_card'
  | 'bank_card'
  | 'name'
  | 'contact_name'
  | 'contact_phone'
  | 'sms_body'
  | 'sms_sender'
  | 'call_number'
  | 'calendar'
  | 'location'
  | 'email'
  | 'clipboard'
  | 'app_package'
  | 'photo_exif'
  | 'file_name'
  | 'ssid'
  | 'bssid'
  | 'otp'
  | 'amount'
  | 'address'
  | 'job'
  | 'password';

/** One value of a run. `location` is `lat,lon` with 7 decimals. */
export interface ManifestValue {
  readonly id: ValueId;
  readonly type: CanaryType;
  /** Datum id of `datum.json`. */
  readonly datum: string;
  /** `registered`: a handset's own value, hashed before launch. */
  readonly origin: 'planted' | 'typed' | 'registered' | 'placebo';
  readonly text: string;
  /** Values of one contact, SMS or call share a group, e.g. `contact:3`. */
  readonly group: string | null;
  /** Entropy of the drawing rule, in bits. */
  readonly bits: number;
}

/** values/manifest.json. */
export interface Manifest {
  /** 32 hex digits. */
  readonly seed: string;
  readonly values: readonly ManifestValue[];
  readonly placebos: readonly ManifestValue[];
}

/** What the scenario types: `${persona.phone}` and the like. */
export interface Persona {
  readonly phone: string;
  readonly otp: string;
  readonly name: string;
  readonly idNumber: string;
  readonly bankCard: string;
  readonly password: string;
  readonly contactName: string;
  readonly contactPhone: string;
  readonly amount: string;
  readonly address: string;
  readonly job: string;
}

export interface ContactRow {
  readonly name: string;
  readonly phone: string;
}
export interface SmsRow {
  readonly sender: string;
  readonly body: string;
  readonly minutesAgo: number;
}
export interface CallRow {
  readonly number: string;
  readonly seconds: number;
  readonly minutesAgo: number;
}

/** What a handset holds for one run. */
export interface PhoneContents {
  readonly imei: string;
  readonly imei2: string;
  readonly imsi: string;
  readonly iccid: string;
  readonly serial: string;
  readonly androidId: string;
  readonly oaid: string;
  readonly mac: string;
  readonly ssid: string;
  readonly bssid: string;
  readonly line1Number: string;
  readonly location: { readonly lat: string; readonly lon: string };
  readonly clipboard: string;
  readonly contacts: readonly ContactRow[];
  readonly sms: readonly SmsRow[];
  readonly calls: readonly CallRow[];
  /** Packages installed beside the system's and the app's own. */
  readonly packages: readonly string[];
}
