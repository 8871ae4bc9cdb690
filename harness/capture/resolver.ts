import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Address, Resolve } from './lab.js';

/** One `HOST=IP[:PORT]`: a name, or `*.` and the end of names, and where it leads; a null port: the one asked for. */
export interface ResolveRule {
  readonly host: string;
  readonly ip: string;
  readonly port: number | null;
}

/** Reads `HOST=IP[:PORT]`, an IPv6 literal with a port in brackets; null when it is not one. */
export function parseResolveRule(text: string): ResolveRule | null {
  const match = /^(\*\.[\w.-]+|[\w.-]+|\[[\da-f:.]+\])=(?:\[([\da-f:.]+)\]|([^[\]]+?))(?::(\d{1,5}))?$/i.exec(text);
  if (match === null) return null;
  const [, host = '', bracketed, plain = '', digits] = match;
  // Without brackets the last group of an IPv6 literal reads like a port.
  const whole = digits !== undefined && bracketed === undefined && isIP(`${plain}:${digits}`) === 6;
  const ip = bracketed ?? (whole ? `${plain}:${digits}` : plain);
  const port = digits === undefined || whole ? null : Number(digits);
  if (isIP(ip) === 0 || (port !== null && (port < 1 || port > 65_535))) return null;
  return { host: host.replace(/^\[|\]$/g, '').toLowerCase(), ip, port };
}

/** Where names lead: by the rules, the exact ones first; literals to themselves; all others as the system says. */
export function createResolver(rules: readonly ResolveRule[]): Resolve {
  return (asked, port) => {
    const host = asked.toLowerCase().replace(/\.$/, '');
    const rule =
      rules.find((one) => one.host === host) ?? rules.find((one) => one.host.startsWith('*.') && host.endsWith(one.host.slice(1)));
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
    return { ip: (await lookup(host)).address, port };
  } catch {
    return null;
  }
}
