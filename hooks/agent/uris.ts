/**
 * Content authorities and the datum behind them.
 * Facts: ContactsContract.AUTHORITY, CallLog.AUTHORITY, Telephony.Sms/Mms/MmsSms.CONTENT_URI, CalendarContract.AUTHORITY, MediaStore.AUTHORITY of the
 * Android SDK; `icc` is the SIM's phone book; OAID providers of vivo, Meizu and Nubia as in the sources of Android_CN_OAID (MulanPSL-2.0).
 */
const AUTHORITIES: Readonly<Record<string, string>> = {
  'com.android.contacts': 'contacts',
  contacts: 'contacts',
  icc: 'contacts',
  sms: 'sms',
  mms: 'sms',
  'mms-sms': 'sms',
  call_log: 'call-log',
  'com.android.calendar': 'calendar',
  media: 'media',
  'com.vivo.vms.idprovider': 'oaid',
  'com.meizu.flyme.openidsdk': 'oaid',
  'cn.nubia.identity': 'oaid',
};

/** Datum that a `content://` URI leads to, or null when it is none that we watch. */
export function datumOfUri(uri: string): string | null {
  if (!uri.startsWith('content://')) return null;
  const rest = uri.slice('content://'.length);
  const slash = rest.search(/[/?#]/);
  const whole = slash < 0 ? rest : rest.slice(0, slash);
  const authority = whole.slice(whole.lastIndexOf('@') + 1).toLowerCase();
  if (authority === 'settings') return /^\/secure\/android_id$/.test(rest.slice(whole.length)) ? 'android-id' : null;
  return AUTHORITIES[authority] ?? null;
}

/** All data that a content URI can lead to. */
export const URI_DATA: readonly string[] = [...new Set([...Object.values(AUTHORITIES), 'android-id'])];
