import { lookup } from 'node:dns/promises';
import { isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { parseAuthority } from './authority-form.js';
import { Unreachable } from './dial.js';
import { ipBytes } from './ip.js';
import { ipText } from './ip-text.js';
import type { Address, Resolve } from './lab.js';

/** One `HOST=IP[:PORT]`: a name, an IP literal, or `*.` and the end of names, and where it leads; a null port: the one asked for. */
export interface ResolveRule {
  readonly host: string;
  readonly ip: string;
  readonly port: number | null;
}

const ANY_BEFORE = '*.';

/** Reads `HOST=IP[:PORT]`, an IPv6 literal in brackets where it has a port or stands for HOST; null when it is not one. */
export function parseResolveRule(text: string): ResolveRule | null {
  const match = /^([^=]+)=(?:\[([\da-f:.]+)\]|([^[\]]+?))(?::([1-9]\d{0,4}))?$/i.exec(text);
  if (match === null) return null;
  const [, name = '', bracketed, plain = '', digits] = match;
  // Without brackets the last group of an IPv6 literal reads like a port.
  const whole = digits !== undefined && bracketed === undefined && isIPv6(`${plain}:${digits}`);
  const ip = bracketed ?? (whole ? `${plain}:${digits}` : plain);
  const port = digits === undefined || whole ? null : Number(digits);
  const host = ruleHost(name);
  if (host === null || isIP(ip) === 0 || (port !== null && port > 65_535)) return null;
  // Brackets belong to IPv6, and an IPv6 literal with a port to brackets.
  const fits = bracketed === undefined ? port === null || !isIPv6(ip) : isIPv6(ip);
  return fits ? { host, ip, port } : null;
}

/** The host of a rule as names are asked for; null when nobody could ask for it. */
function ruleHost(text: string): string | null {
  const any = text.startsWith(ANY_BEFORE) ? ANY_BEFORE : '';
  const name = text.slice(any.length);
  // Apps ask for such names in ASCII.
  const target = parseAuthority(/[^\x20-\x7e]/.test(name) ? domainToASCII(name) : name, 1);
  if (target === null || /:\d+$/.test(name.replace(/^\[.*\]/, '')) || (any !== '' && isIP(target.host) !== 0)) return null;
  return any + asAsked(target.host);
}

/** One spelling for each host: lower case, no dot at the end, IPv6 in its shortest form. */
function asAsked(host: string): string {
  const bytes = isIPv6(host) ? ipBytes(host) : null;
  return bytes === null ? host.toLowerCase().replace(/\.$/, '') : ipText(bytes);
}

/**
 * Where names lead: by the rules, the exact one first, then the longest that fits, of two alike the first; literals to themselves; all
 * others as the system says, IPv4 before IPv6. Rejects with Unreachable where the system could not tell.
 */
export function createResolver(rules: readonly ResolveRule[]): Resolve {
  const exact = new Map(rules.toReversed().map((rule) => [rule.host, rule]));
  const ends = rules
    .filter(({ host }) => host.startsWith(ANY_BEFORE))
    .map((rule) => ({ rule, end: rule.host.slice(1) }))
    .toSorted((a, b) => b.end.length - a.end.length);
  return (asked, port) => {
    const host = asAsked(asked);
    const rule = exact.get(host) ?? ends.find(({ end }) => host.endsWith(end))?.rule;
    if (rule !== undefined) return { ip: rule.ip, port: rule.port ?? port };
    if (isIP(host) !== 0) return { ip: host, port };
    // RFC 6761: these never leave the machine.
    if (host === 'localhost' || host.endsWith('.localhost')) return { ip: '127.0.0.1', port };
    if (host === 'invalid' || host.endsWith('.invalid')) return null;
    return bySystem(host, port);
  };
}

async function bySystem(host: string, port: number): Promise<Address | null> {
  try {
    // Only one address is tried, and more labs are without IPv6 than without IPv4.
    return { ip: (await lookup(host, { order: 'ipv4first' })).address, port };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    // A resolver that does not answer says nothing of the name.
    if (code !== 'ENOTFOUND') throw new Unreachable(code, null);
    return null;
  }
}
