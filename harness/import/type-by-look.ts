import type { CanaryType } from '../model/values.js';

const LOOKS: readonly (readonly [RegExp, CanaryType])[] = [
  [/^1\d{10}$/, 'phone'],
  [/^-?\d{1,2}\.\d+\s*,\s*-?\d{1,3}\.\d+$/, 'location'],
  [/^\d{17}[\dXx]$/, 'id_card'],
  [/^([\da-f]{2}[:-]){5}[\da-f]{2}$/i, 'mac'],
  [/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i, 'oaid'],
  [/^[\da-f]{16}$/i, 'android_id'],
  [/^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'email'],
  [/^\d{15}$/, 'imei'],
  [/^89\d{17,18}$/, 'iccid'],
  [/^\d{16,19}$/, 'bank_card'],
  [/^\d{6}$/, 'otp'],
  [/^\p{Script=Han}{2,4}$/u, 'contact_name'],
  [/^[a-z]\w*(\.[a-z]\w*){2,}$/i, 'app_package'],
];

/** The type of value that a text looks like; `clipboard`, any text, when it looks like none. */
export function typeByLook(text: string): CanaryType {
  return LOOKS.find(([look]) => look.test(text))?.[1] ?? 'clipboard';
}
