import { isIPv6 } from 'node:net';
import { parseAuthority } from './authority-form.js';
import type { Target } from './authority-form.js';
import { ipBytes } from './ip.js';
import { ipText } from './ip-text.js';
import type { Address } from './lab.js';

const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

/** An address inside a SOCKS message (RFC 1928, 5); `end` is the index behind it. `host` as it stands there, an IP as text. */
export type SocksAddress =
  | { readonly kind: 'address'; readonly host: string; readonly port: number; readonly end: number }
  /** So far it may become one. */
  | { readonly kind: 'more' }
  /** Its type is none of the three. */
  | { readonly kind: 'bad'; readonly type: number };

/** Reads the address that begins at `at`. Never throws. */
export function readSocksAddress(bytes: Buffer, at: number): SocksAddress {
  const type = bytes[at];
  if (type === undefined) return { kind: 'more' };
  if (type !== IPV4 && type !== NAME && type !== IPV6) return { kind: 'bad', type };
  const from = type === NAME ? at + 2 : at + 1;
  const length = type === NAME ? bytes[at + 1] : type === IPV4 ? 4 : 16;
  if (length === undefined || from + length + 2 > bytes.length) return { kind: 'more' };
  const host = bytes.subarray(from, from + length);
  return {
    kind: 'address',
    host: type === NAME ? host.toString('latin1') : ipText(host),
    port: bytes.readUInt16BE(from + length),
    end: from + length + 2,
  };
}

/** An address as it stands in a SOCKS message; null: one that says nothing. */
export function writeSocksAddress(address: Address | null): Buffer {
  const host = ipBytes(address?.ip ?? '0.0.0.0') ?? Buffer.alloc(4);
  const port = Buffer.alloc(2);
  port.writeUInt16BE(address?.port ?? 0);
  return Buffer.concat([Buffer.of(host.length === 4 ? IPV4 : IPV6), host, port]);
}

/** Where that address leads; null when it is no host or no port. */
export function targetOf(host: string, port: number): Target | null {
  return parseAuthority(`${isIPv6(host) ? `[${host}]` : host}:${port}`, null);
}
