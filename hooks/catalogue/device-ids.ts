import type { HookRow } from '../wire.js';

const FRAMEWORK = 'Android framework bytecode, API 23–37';
const TELEPHONY = 'android.telephony.TelephonyManager';
const SUBSCRIPTION = 'android.telephony.SubscriptionInfo';
const read = { kind: 'read', until: null, value: { from: 'return' }, only: null, hot: false, source: FRAMEWORK } as const;
/** With and without the SIM slot or subscription; they call each other. */
const SLOTS = [[], ['int']] as const;

/** Identifiers of the device and of the SIM. */
export const rows = [
  { ...read, id: 'telephony.device-id', datum: 'imei', family: 'telephony.imei', class: TELEPHONY, method: 'getDeviceId', overloads: SLOTS, since: 23, exercise: 'android.telephony.TelephonyManager.getDeviceId()' },
  { ...read, id: 'telephony.imei', datum: 'imei', family: 'telephony.imei', class: TELEPHONY, method: 'getImei', overloads: SLOTS, since: 23, exercise: 'android.telephony.TelephonyManager.getImei()' },
  { ...read, id: 'telephony.meid', datum: 'imei', family: 'telephony.imei', class: TELEPHONY, method: 'getMeid', overloads: SLOTS, since: 26, exercise: 'android.telephony.TelephonyManager.getMeid()' },
  { ...read, id: 'telephony.primary-imei', datum: 'imei', family: 'telephony.imei', class: TELEPHONY, method: 'getPrimaryImei', overloads: [[]], since: 34, exercise: 'android.telephony.TelephonyManager.getPrimaryImei()' },
  { ...read, id: 'telephony.subscriber-id', datum: 'imsi', family: 'telephony.imsi', class: TELEPHONY, method: 'getSubscriberId', overloads: SLOTS, since: 23, exercise: 'android.telephony.TelephonyManager.getSubscriberId()' },
  { ...read, id: 'telephony.sim-serial', datum: 'iccid', family: 'telephony.iccid', class: TELEPHONY, method: 'getSimSerialNumber', overloads: SLOTS, since: 23, exercise: 'android.telephony.TelephonyManager.getSimSerialNumber()' },
  { ...read, id: 'subscription.iccid', datum: 'iccid', family: 'telephony.iccid', class: SUBSCRIPTION, method: 'getIccId', overloads: [[]], since: 23, exercise: 'android.telephony.SubscriptionManager.getActiveSubscriptionInfo(1).getIccId()' },
  { ...read, id: 'telephony.line1', datum: 'phone-number', family: 'telephony.line1', class: TELEPHONY, method: 'getLine1Number', overloads: SLOTS, since: 23, exercise: 'android.telephony.TelephonyManager.getLine1Number()' },
  { ...read, id: 'telephony.msisdn', datum: 'phone-number', family: 'telephony.line1', class: TELEPHONY, method: 'getMsisdn', overloads: SLOTS, since: 23, exercise: 'android.telephony.TelephonyManager.getMsisdn()' },
  { ...read, id: 'subscription.number', datum: 'phone-number', family: 'telephony.line1', class: SUBSCRIPTION, method: 'getNumber', overloads: [[]], since: 23, exercise: 'android.telephony.SubscriptionManager.getActiveSubscriptionInfo(1).getNumber()' },
  { ...read, id: 'subscription.phone-number', datum: 'phone-number', family: 'telephony.line1', class: 'android.telephony.SubscriptionManager', method: 'getPhoneNumber', overloads: [['int'], ['int', 'int']], since: 33, exercise: 'android.telephony.SubscriptionManager.getPhoneNumber(1)' },
  { ...read, id: 'build.serial', datum: 'serial', family: 'build.serial', class: 'android.os.Build', method: 'getSerial', overloads: [[]], since: 26, exercise: 'android.os.Build.getSerial()' },
  {
    ...read, id: 'properties.serial', datum: 'serial', family: 'build.serial', class: 'android.os.SystemProperties', method: 'get', overloads: [['java.lang.String'], ['java.lang.String', 'java.lang.String']], since: 23,
    only: { index: 0, among: ['ro.serialno', 'ro.boot.serialno', 'ril.serialnumber', 'sys.serialnumber'] }, exercise: 'android.os.SystemProperties.get("ro.serialno")',
  },
  {
    ...read, id: 'properties.imei', datum: 'imei', family: 'telephony.imei', class: 'android.os.SystemProperties', method: 'get', overloads: [['java.lang.String'], ['java.lang.String', 'java.lang.String']], since: 23,
    only: { index: 0, among: ['persist.radio.imei', 'persist.radio.imei1', 'persist.radio.imei2', 'ro.ril.oem.imei', 'ro.ril.oem.imei1', 'ro.ril.oem.imei2', 'gsm.imei'] }, exercise: 'android.os.SystemProperties.get("ro.ril.oem.imei")',
  },
  {
    ...read, id: 'drm.device-id', datum: 'drm-id', family: 'drm.device-id', class: 'android.media.MediaDrm', method: 'getPropertyByteArray', overloads: [['java.lang.String']], since: 23,
    only: { index: 0, among: ['deviceUniqueId'] }, exercise: 'android.media.MediaDrm.getPropertyByteArray("deviceUniqueId")',
  },
] satisfies readonly HookRow[];
