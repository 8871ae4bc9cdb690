import type { CallRow, ContactRow, PhoneContents, SmsRow } from '../model/values.js';

/** State of the virtual handset that its Java world and its screens read. One phone a run. */
export interface Phone {
  /** Android API level that the Java world behaves as: 28 unless the profile says otherwise (identifiers need only READ_PHONE_STATE up to 28). */
  readonly sdk: number;
  readonly model: string;
  readonly manufacturer: string;
  contents(): PhoneContents;
  /** Whether `permission` (`android.permission.READ_CONTACTS`) is granted to the package. */
  granted(packageName: string, permission: string): boolean;
  setGranted(packageName: string, permission: string, granted: boolean): void;
  /** System packages, planted ones and the app's own. */
  installedPackages(): readonly string[];
  contacts(): readonly ContactRow[];
  sms(): readonly SmsRow[];
  calls(): readonly CallRow[];
}
