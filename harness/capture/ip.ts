import { isIP, isIPv4 } from 'node:net';

/** The bytes of an IP literal, 4 or 16; null when it is not one. */
export function ipBytes(host: string): Buffer | null {
  const kind = isIP(host);
  if (kind === 4) return Buffer.from(host.split('.').map(Number));
  if (kind !== 6) return null;
  const parts = withoutDotted(host.replace(/%.*$/, '')).split('::');
  const head = groups(parts[0] ?? '');
  const tail = groups(parts[1] ?? '');
  const middle = Array.from({ length: parts.length === 2 ? 8 - head.length - tail.length : 0 }, () => 0);
  return Buffer.from([...head, ...middle, ...tail].flatMap((g) => [g >> 8, g & 0xff]));
}

/** `::ffff:1.2.3.4` spelled with groups only. */
function withoutDotted(host: string): string {
  const at = host.lastIndexOf(':') + 1;
  if (!isIPv4(host.slice(at))) return host;
  const [a = 0, b = 0, c = 0, d = 0] = host.slice(at).split('.').map(Number);
  return `${host.slice(0, at)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
}

const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((g) => parseInt(g, 16)));
