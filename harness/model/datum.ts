import list from './datum.json' with { type: 'json' };
import type { Words } from './finding.js';

/** One row of the closed list of data. */
export interface DatumRow {
  readonly datum: string;
  readonly zh: string;
  readonly en: string;
  /** Id of the data category (`reports/law/taxonomy.json`). */
  readonly taxonomy: string;
  /** Android permission group that guards it; null: none needed. */
  readonly permissionGroup: string | null;
}

/** The closed list, in its own order. */
export const DATUM_ROWS: readonly DatumRow[] = list.rows;

const BY_ID: ReadonlyMap<string, DatumRow> = new Map(DATUM_ROWS.map((row) => [row.datum, row]));

/** The row of a datum id, or null when it is none of the list. */
export function datumRow(id: string): DatumRow | null {
  return BY_ID.get(id) ?? null;
}

// Their notes in the list: public values, or too little to tell a person by; measured, never held against an app.
const MEASURED_ONLY: ReadonlySet<string> = new Set([
  'sim',
  'call-state',
  'ip-address',
  'app-presence',
  'sensors',
  'screen',
  'browsing',
  'build-info',
]);

/** Whether reading or sending it can be held against an app at all. */
export function isPersonal(id: string): boolean {
  return BY_ID.has(id) && !MEASURED_ONLY.has(id);
}

/** Data of these categories that the handset holds (not typed, not picked) and that may be held against an app. */
export function heldData(...taxonomies: readonly string[]): readonly string[] {
  const wanted = new Set(taxonomies);
  return DATUM_ROWS.filter((row) => wanted.has(row.taxonomy) && isPersonal(row.datum) && !isHandedOver(row.datum)).map((row) => row.datum);
}

/** Whether the user hands it over: typed into a field or chosen in the system's picker. */
export function isHandedOver(id: string): boolean {
  return id.startsWith('typed-') || id === 'picked-contact';
}

/** Whether 《常见类型移动互联网应用程序必要个人信息范围规定》 5(12) counts it as necessary for online lending. */
export function isNecessaryForLoan(id: string): boolean {
  const row = BY_ID.get(id);
  return row !== undefined && list.necessaryForLoan.includes(row.taxonomy);
}

/** Names of the permission groups that open personal information. */
export const GROUP_WORDS: Readonly<Record<string, Words>> = {
  PHONE: { zh: '电话（设备信息）', en: 'phone' },
  CONTACTS: { zh: '通讯录', en: 'contacts' },
  SMS: { zh: '短信', en: 'SMS' },
  CALL_LOG: { zh: '通话记录', en: 'call log' },
  CALENDAR: { zh: '日历', en: 'calendar' },
  READ_MEDIA: { zh: '相册与文件', en: 'photos and files' },
  STORAGE: { zh: '存储', en: 'storage' },
  LOCATION: { zh: '位置', en: 'location' },
  BACKGROUND_LOCATION: { zh: '后台位置', en: 'background location' },
  NEARBY_DEVICES: { zh: '附近设备', en: 'nearby devices' },
  CAMERA: { zh: '相机', en: 'camera' },
  MICROPHONE: { zh: '麦克风', en: 'microphone' },
  SENSORS: { zh: '身体传感器', en: 'body sensors' },
};

/** Whether an Android permission group opens personal information. */
export function isPersonalGroup(group: string): boolean {
  return group in GROUP_WORDS;
}
