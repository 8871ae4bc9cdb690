/** DER encoders for the few types that a certificate is made of (ITU-T X.690). */
function tlv(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body]);
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

/** SEQUENCE. */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => tlv(0x30, ...parts);
/** SET of one member, as names use it. */
export const setOf = (part: Uint8Array): Buffer => tlv(0x31, part);
/** OCTET STRING. */
export const octets = (bytes: Uint8Array): Buffer => tlv(0x04, bytes);
/** BIT STRING; `unused` bits at the end of the last byte, 0…7. */
export const bits = (bytes: Uint8Array, unused: number): Buffer => tlv(0x03, Buffer.from([unused]), bytes);
/** INTEGER from big-endian bytes that are already minimal and positive. */
export const integer = (bytes: Uint8Array): Buffer => tlv(0x02, bytes);
export const yes: Buffer = tlv(0x01, Buffer.from([0xff]));
export const nothing: Buffer = tlv(0x05);
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text));
/** `[n]`, constructed: an explicit tag or an implicit constructed one. */
export const tagged = (n: number, ...parts: readonly Uint8Array[]): Buffer => tlv(0xa0 | n, ...parts);
/** `[n]` IMPLICIT over a primitive. */
export const implicit = (n: number, bytes: Uint8Array): Buffer => tlv(0x80 | n, bytes);

/** OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(arc: number): number[] {
  const out = [arc & 0x7f];
  for (let left = arc >>> 7; left > 0; left >>>= 7) out.unshift((left & 0x7f) | 0x80);
  return out;
}

/** UTCTime before 2050, GeneralizedTime from then on (RFC 5280, 4.1.2.5); whole seconds. */
export function time(wallMs: number): Buffer {
  const digits = new Date(wallMs).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return digits < '2050' ? tlv(0x17, Buffer.from(`${digits.slice(2)}Z`)) : tlv(0x18, Buffer.from(`${digits}Z`));
}
