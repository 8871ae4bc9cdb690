import type { CanaryType, Manifest, ManifestValue, Persona, PhoneContents } from '../model/values.js';

/** What the handset of this run holds: every planted value, each once. */
export function contentsOf(manifest: Manifest): PhoneContents {
  const planted = manifest.values.filter((value) => value.origin === 'planted');
  const all = (type: CanaryType): readonly string[] => planted.filter((value) => value.type === type).map((value) => value.text);
  const one = (type: CanaryType, place = 0): string => only(all(type)[place], type);
  const [lat, lon] = one('location').split(',');
  return {
    imei: one('imei'),
    imei2: one('imei', 1),
    imsi: one('imsi'),
    iccid: one('iccid'),
    serial: one('serial'),
    androidId: one('android_id'),
    oaid: one('oaid'),
    mac: one('mac'),
    ssid: one('ssid'),
    bssid: one('bssid'),
    line1Number: one('phone'),
    location: { lat: only(lat, 'latitude'), lon: only(lon, 'longitude') },
    clipboard: one('clipboard'),
    contacts: groups(planted, 'contact').map((row) => ({ name: row('contact_name'), phone: row('contact_phone') })),
    // Spread over the last weeks by place alone, so that the manifest tells all.
    sms: groups(planted, 'sms').map((row, i) => ({ sender: row('sms_sender'), body: row('sms_body'), minutesAgo: 47 + i * 1613 })),
    calls: groups(planted, 'call').map((row, i) => ({
      number: row('call_number'),
      seconds: 23 + ((i * 97) % 400),
      minutesAgo: 31 + i * 997,
    })),
    packages: all('app_package'),
  };
}

/** What the scenario types in this run. */
export function personaOf(manifest: Manifest): Persona {
  const typed = manifest.values.filter((value) => value.origin === 'typed');
  const one = (type: CanaryType): string => only(typed.find((value) => value.type === type)?.text, type);
  return {
    phone: one('phone'),
    otp: one('otp'),
    name: one('name'),
    idNumber: one('id_card'),
    bankCard: one('bank_card'),
    password: one('password'),
    contactName: one('contact_name'),
    contactPhone: one('contact_phone'),
    amount: one('amount'),
    address: one('address'),
    job: one('job'),
  };
}

/** The values of each group `name:N`, as a look-up by type, in the order of the manifest. */
function groups(values: readonly ManifestValue[], name: string): readonly ((type: CanaryType) => string)[] {
  const found = new Map<string, ManifestValue[]>();
  for (const value of values) {
    if (value.group === null || !value.group.startsWith(`${name}:`)) continue;
    found.set(value.group, [...(found.get(value.group) ?? []), value]);
  }
  return [...found.values()].map((rows) => (type) => only(rows.find((row) => row.type === type)?.text, type));
}

function only(text: string | undefined, what: string): string {
  if (text === undefined) throw new Error(`the manifest has no ${what}`);
  return text;
}
