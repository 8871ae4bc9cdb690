/** A message head as it stood on the wire; text is Latin-1, so each character is one byte. */
export interface Head {
  readonly start: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly raw: Buffer;
}

/** How the end of a body is known (RFC 9112, 6.3). */
export type Framing =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly bytes: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

/** Bytes that cannot be read as HTTP/1. */
export class Malformed extends Error {}

/** Looks for the empty line that ends a block of lines, over any number of chunks and each byte once. */
export class BlockScan {
  #blank = false;
  /** `at a line`: an empty line may come at once. */
  restart(where: 'at a line' | 'inside a line'): void {
    this.#blank = where === 'at a line';
  }
  /** The index after the block's last byte, or -1. */
  scan(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at];
      if (byte === LF && this.#blank) return at + 1;
      if (byte === LF) this.#blank = true;
      else if (byte !== CR) this.#blank = false;
    }
    return -1;
  }
}

const LF = 10;
const CR = 13;
const CONTENT_LENGTH = 'content-length';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Splits a head. @throws Malformed */
export function parseHead(raw: Buffer): Head {
  const [start = '', ...lines] = linesOf(raw);
  return { start, headers: parseFields(lines), raw };
}

/** The lines of a block without those that are empty at its end. */
export function linesOf(block: Buffer): string[] {
  const lines = block.toString('latin1').split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.endsWith('\r')) lines[at] = line.slice(0, -1);
  }
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines;
}

/** Header or trailer lines as [name, value], names as sent, values without the white space around them. @throws Malformed */
export function parseFields(lines: readonly string[]): (readonly [string, string])[] {
  const out: [string, string][] = [];
  for (const line of lines) {
    const last = out.at(-1);
    if (last !== undefined && (line.startsWith(' ') || line.startsWith('\t'))) {
      last[1] = `${last[1]} ${line.trim()}`; // obs-fold
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon));
    if (!TOKEN.test(name) || line.includes('\0')) throw new Malformed('a header line that is none');
    out.push([name, trimmed(line, colon + 1)]);
  }
  return out;
}

/** What stands behind `from` without the blanks and tabs around it. */
function trimmed(line: string, from: number): string {
  let start = from;
  let end = line.length;
  while (start < end && isBlank(line.charCodeAt(start))) start += 1;
  while (end > start && isBlank(line.charCodeAt(end - 1))) end -= 1;
  return line.slice(start, end);
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** All values of a header, by its name in lower case. */
export function valuesOf(head: Pick<Head, 'headers'>, name: string): string[] {
  const out: string[] = [];
  for (const [n, value] of head.headers) if (n.length === name.length && n.toLowerCase() === name) out.push(value);
  return out;
}

export interface RequestLine {
  readonly method: string;
  readonly target: string;
  readonly version: string;
}

/** @throws Malformed */
export function parseRequestLine(start: string): RequestLine {
  // eslint-disable-next-line no-control-regex
  const match = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([^\x00-\x20\x7f]+) (HTTP\/\d\.\d)$/.exec(start);
  const [, method = '', target = '', version = ''] = match ?? [];
  if (match === null) throw new Malformed('a request line that is none');
  if (!version.startsWith('HTTP/1.')) throw new Malformed(`${version} without negotiation`);
  return { method, target, version };
}

export interface StatusLine {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
}

/** @throws Malformed */
export function parseStatusLine(start: string): StatusLine {
  const match = /^(HTTP\/1\.\d) ([1-9]\d{2})(?: (.*))?$/.exec(start);
  if (match === null) throw new Malformed('a status line that is none');
  return { version: match[1] ?? '', status: Number(match[2]), reason: match[3] ?? '' };
}

/** @throws Malformed */
export function requestFraming(head: Head): Framing {
  const codings = valuesOf(head, 'transfer-encoding');
  if (codings.length === 0) return length(head) ?? { kind: 'none' };
  if (!endsChunked(codings)) throw new Malformed('a request body whose end cannot be known');
  return { kind: 'chunked' };
}

/** @throws Malformed */
export function responseFraming(method: string, status: number, head: Head): Framing {
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  const codings = valuesOf(head, 'transfer-encoding');
  if (codings.length > 0) return { kind: endsChunked(codings) ? 'chunked' : 'close' };
  return length(head) ?? { kind: 'close' };
}

const endsChunked = (codings: readonly string[]): boolean => /(?:^|,)[ \t]*chunked[ \t]*$/i.test(codings.join(','));

function length(head: Head): Framing | null {
  let found: string | null = null;
  for (const [name, value] of head.headers) {
    if (name.length !== CONTENT_LENGTH.length || name.toLowerCase() !== CONTENT_LENGTH) continue;
    for (const one of value.includes(',') ? value.split(',').map((v) => v.trim()) : [value]) {
      if ((found !== null && found !== one) || !/^\d{1,15}$/.test(one)) throw new Malformed('a Content-Length that is none');
      found = one;
    }
  }
  if (found === null) return null;
  return Number(found) === 0 ? { kind: 'none' } : { kind: 'length', bytes: Number(found) };
}
