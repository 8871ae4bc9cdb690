import { utf8 } from '../../../hooks/agent/bytes.js';

/** UTF-8 bytes of a text as a Java byte[]; without TextEncoder, which a bare realm does not have. */
export function bytes(of: string): Int8Array {
  return Int8Array.from(utf8(of), (sign) => (sign.charCodeAt(0) << 24) >> 24);
}

/** The text behind UTF-8 bytes. */
export function text(of: ArrayLike<number>): string {
  let escaped = '';
  for (let i = 0; i < of.length; i++) escaped += `%${((of[i] ?? 0) & 0xff).toString(16).padStart(2, '0')}`;
  return decodeURIComponent(escaped);
}
