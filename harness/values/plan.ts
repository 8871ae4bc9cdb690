import type { CanaryType, ManifestValue } from '../model/values.js';
import type { ValueRule } from './rule.js';
import address from './types/address.js';
import amount from './types/amount.js';
import androidId from './types/android-id.js';
import appPackage from './types/app-package.js';
import bankCard from './types/bank-card.js';
import clipboard from './types/clipboard.js';
import iccid from './types/iccid.js';
import idCard from './types/id-card.js';
import imei from './types/imei.js';
import imsi from './types/imsi.js';
import job from './types/job.js';
import location from './types/location.js';
import mac from './types/mac.js';
import oaid from './types/oaid.js';
import otp from './types/otp.js';
import password from './types/password.js';
import personName from './types/person-name.js';
import phone from './types/phone.js';
import serial from './types/serial.js';
import smsBody from './types/sms-body.js';
import smsSender from './types/sms-sender.js';
import ssid from './types/ssid.js';

const CONTACTS = 30;
const SMS = 12;
const CALLS = 10;
const PACKAGES = 3;

/** One value to draw: where it goes and by which rule. */
export interface PlanRow {
  readonly type: CanaryType;
  readonly datum: string;
  readonly origin: Exclude<ManifestValue['origin'], 'placebo' | 'registered'>;
  readonly rule: ValueRule;
  readonly group: string | null;
}

function planted(type: CanaryType, datum: string, rule: ValueRule, group: string | null = null): PlanRow {
  return { type, datum, origin: 'planted', rule, group };
}

function typed(type: CanaryType, datum: string, rule: ValueRule, group: string | null = null): PlanRow {
  return { type, datum, origin: 'typed', rule, group };
}

function times(count: number, name: string, rows: (group: string) => readonly PlanRow[]): readonly PlanRow[] {
  return Array.from({ length: count }, (_, i) => rows(`${name}:${i + 1}`)).flat();
}

/** Every value of a run, in the order in which it is drawn and numbered. */
export const PLAN: readonly PlanRow[] = [
  planted('imei', 'imei', imei, 'imei:1'),
  planted('imei', 'imei', imei, 'imei:1'),
  planted('imsi', 'imsi', imsi),
  planted('iccid', 'iccid', iccid),
  planted('serial', 'serial', serial),
  planted('android_id', 'android-id', androidId),
  planted('oaid', 'oaid', oaid),
  planted('mac', 'mac', mac),
  planted('ssid', 'wifi-name', ssid, 'wifi:1'),
  planted('bssid', 'wifi-name', mac, 'wifi:1'),
  planted('phone', 'phone-number', phone),
  planted('location', 'location', location),
  planted('clipboard', 'clipboard', clipboard),
  ...times(CONTACTS, 'contact', (group) => [
    planted('contact_name', 'contacts', personName, group),
    planted('contact_phone', 'contacts', phone, group),
  ]),
  ...times(SMS, 'sms', (group) => [planted('sms_sender', 'sms', smsSender, group), planted('sms_body', 'sms', smsBody, group)]),
  ...times(CALLS, 'call', (group) => [planted('call_number', 'call-log', phone, group)]),
  ...times(PACKAGES, 'app', () => [planted('app_package', 'installed-apps', appPackage)]),
  typed('phone', 'typed-phone', phone),
  typed('otp', 'typed-otp', otp),
  typed('name', 'typed-name', personName),
  typed('id_card', 'typed-id-number', idCard),
  typed('bank_card', 'typed-bank-card', bankCard),
  typed('password', 'typed-password', password),
  typed('contact_name', 'typed-emergency-contact', personName, 'typed-contact:1'),
  typed('contact_phone', 'typed-emergency-contact', phone, 'typed-contact:1'),
  typed('amount', 'typed-job-income', amount),
  typed('address', 'typed-address', address),
  typed('job', 'typed-job-income', job),
];
