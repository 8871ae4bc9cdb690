/** Bytes are held as "binary strings" (one char of 0–255 each): Frida's runtimes have no TextEncoder and search strings fast. */

/** A byte[] of the bridge (signed, array-like) as a binary string, at most `limit` bytes of it. */
export function fromJavaBytes(bytes: ArrayLike<number>, offset: number, length: number, limit: number): string {
  const end = offset + Math.min(length, limit);
  let out = '';
  for (let start = offset; start < end; start += 4096) {
    const codes: number[] = [];
    for (let i = start; i < Math.min(start + 4096, end); i++) codes.push((bytes[i] ?? 0) & 0xff);
    out += String.fromCharCode(...codes);
  }
  return out;
}

/** Whether a value of the bridge is a primitive array of numbers. */
export function isByteArray(value: unknown): value is ArrayLike<number> {
  if (typeof value !== 'object' || value === null || !('length' in value)) return false;
  const length = value.length;
  return typeof length === 'number' && (length === 0 || typeof (value as ArrayLike<unknown>)[0] === 'number');
}

/** UTF-8 bytes of a text, as a binary string. */
export function utf8(text: string): string {
  let out = '';
  for (const sign of text) {
    const code = sign.codePointAt(0) ?? 0;
    if (code < 0x80) out += sign;
    else if (code < 0x800) out += String.fromCharCode(0xc0 | (code >> 6), 0x80 | (code & 63));
    else if (code < 0x10000) out += String.fromCharCode(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
    else out += String.fromCharCode(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63));
  }
  return out;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Base64 (RFC 4648, padded) of a binary string. */
export function base64(binary: string): string {
  let out = '';
  for (let i = 0; i < binary.length; i += 3) {
    const left = binary.length - i;
    const bits =
      (binary.charCodeAt(i) << 16) | ((left > 1 ? binary.charCodeAt(i + 1) : 0) << 8) | (left > 2 ? binary.charCodeAt(i + 2) : 0);
    out += ALPHABET.charAt(bits >> 18) + ALPHABET.charAt((bits >> 12) & 63);
    out += (left > 1 ? ALPHABET.charAt((bits >> 6) & 63) : '=') + (left > 2 ? ALPHABET.charAt(bits & 63) : '=');
  }
  return out;
}

/** Lower-case hex of a binary string, with `between` put between the bytes. */
export function hex(binary: string, between: string): string {
  let out = '';
  for (let i = 0; i < binary.length; i++) out += (i > 0 ? between : '') + binary.charCodeAt(i).toString(16).padStart(2, '0');
  return out;
}
