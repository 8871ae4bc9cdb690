import type { FlowTls } from '../model/flow-parts.js';
import { isIP, isIPv6 } from 'node:net';

/** Where a client asks to be led: host without brackets, in lower case. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

const LONGEST_HOST = 253;

/**
 * Reads `host:port` of a CONNECT line or of an absolute URL; null when it is not one.
 * Names may hold underscores: apps use them, and no file is ever named after a host.
 */
export function parseAuthority(text: string, defaultPort: number | null): Target | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return null;
  const host = (match[1] ?? match[2] ?? '').toLowerCase();
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (port === null || port < 1 || port > 65_535 || host.length > LONGEST_HOST) return null;
  return match[1] !== undefined && !isIPv6(host) ? null : { host, port };
}

/** The name that a connection is for: an app that resolves names itself connects to an address and tells the name in SNI only. A server that could not be trusted has not shown that the name is its own. */
export function nameOf(line: { readonly host: string; readonly sni: string | null; readonly tls: FlowTls | null }): string {
  const shown = (line.tls?.upstream?.untrusted ?? null) === null;
  return isIP(line.host) !== 0 && line.sni !== null && shown ? line.sni : line.host;
}

/** `host`, in brackets when it is an IPv6 literal, with the port unless it is the scheme's own. */
export function printAuthority(scheme: string, host: string, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return (scheme === 'https' && port === 443) || (scheme === 'http' && port === 80) ? name : `${name}:${port}`;
}
