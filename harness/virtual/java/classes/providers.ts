import type { JavaError } from '../objects.js';
import type { World } from '../world.js';
import { holds, refused } from './permission.js';

/** A provider's answer: columns in the order asked for, and rows. */
export interface ProviderRows {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number | null)[])[];
}
type Row = Readonly<Record<string, string | number | null>>;
interface Provider {
  readonly permissions: readonly string[];
  refusal(world: World, uri: string): JavaError;
  rows(world: World): readonly Row[];
}

const MINUTE = 60_000;

/** Text of ContentProvider/ActivityManagerService when a provider may not be opened. */
function opening(provider: string, needs: string): (world: World) => JavaError {
  return ({ host: { process } }) =>
    refused(
      `Permission Denial: opening provider ${provider} from ProcessRecord{2f7a1c ${process.pid}:${process.name}/u0a${process.uid - 10_000}} (pid=${process.pid}, uid=${process.uid}) requires ${needs}`,
    );
}

const PROVIDERS: Readonly<Record<string, Provider>> = {
  contacts: {
    permissions: ['READ_CONTACTS'],
    refusal: opening(
      'com.android.providers.contacts.ContactsProvider2',
      'android.permission.READ_CONTACTS or android.permission.WRITE_CONTACTS',
    ),
    rows: (world) =>
      world.host.phone.contacts().map((row, index) => ({
        _id: index + 1,
        contact_id: index + 1,
        display_name: row.name,
        data1: row.phone,
        data2: 2,
        mimetype: 'vnd.android.cursor.item/phone_v2',
      })),
  },
  sms: {
    permissions: ['READ_SMS'],
    refusal: ({ host: { process } }, uri) =>
      refused(
        `Permission Denial: reading com.android.providers.telephony.SmsProvider uri ${uri} from pid=${process.pid}, uid=${process.uid} requires android.permission.READ_SMS, or grantUriPermission()`,
      ),
    rows: (world) =>
      world.host.phone.sms().map((row, index) => ({
        _id: index + 1,
        thread_id: index + 1,
        address: row.sender,
        date: world.host.clock.handsetWallMs() - row.minutesAgo * MINUTE,
        read: 1,
        type: 1,
        body: row.body,
      })),
  },
  call_log: {
    permissions: ['READ_CALL_LOG'],
    refusal: opening(
      'com.android.providers.contacts.CallLogProvider',
      'android.permission.READ_CALL_LOG or android.permission.WRITE_CALL_LOG',
    ),
    rows: (world) =>
      world.host.phone.calls().map((row, index) => ({
        _id: index + 1,
        number: row.number,
        date: world.host.clock.handsetWallMs() - row.minutesAgo * MINUTE,
        duration: row.seconds,
        type: 2,
        name: null,
      })),
  },
};
const AUTHORITIES: Readonly<Record<string, keyof typeof PROVIDERS>> = {
  'com.android.contacts': 'contacts',
  contacts: 'contacts',
  sms: 'sms',
  'mms-sms': 'sms',
  call_log: 'call_log',
};

/** What the provider behind `uri` holds. An unknown provider answers with no rows. @throws JavaError SecurityException when the permission is not granted. */
export function providerRows(world: World, uri: string, projection: readonly string[] | null): ProviderRows {
  const provider = PROVIDERS[AUTHORITIES[uri.split('/')[2] ?? ''] ?? ''];
  if (provider === undefined) return { columns: projection ?? [], rows: [] };
  if (!holds(world, ...provider.permissions)) throw provider.refusal(world, uri);
  const rows = provider.rows(world);
  const columns = projection ?? Object.keys(rows[0] ?? {});
  return { columns, rows: rows.map((row) => columns.map((column) => row[column] ?? null)) };
}
