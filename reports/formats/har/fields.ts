import { isUtf8 } from 'node:buffer';
import type { Fields } from '../../../harness/model/flow-parts.js';

/** A name and its value, as HAR has headers, cookies and parameters. */
export interface Named {
  readonly name: string;
  readonly value: string;
}

/** A cookie of a response, with what its server asked for. */
export interface HarCookie extends Named {
  readonly path?: string;
  readonly domain?: string;
  readonly expires?: string;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
  readonly sameSite?: string;
}

/** Headers in HAR's form. */
export function headersOf(fields: Fields): readonly Named[] {
  return fields.map(([name, value]) => ({ name, value }));
}

/** The values of one header. */
export function valuesOf(fields: Fields, name: string): readonly string[] {
  return fields.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
}

/** Words of Content-Encoding in the order in which they were applied, in lower case. */
export function codingsOf(fields: Fields): readonly string[] {
  return valuesOf(fields, 'content-encoding')
    .flatMap((value) => value.split(','))
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '');
}

/** Cookies that a request brought (RFC 6265, 4.2). */
export function requestCookies(fields: Fields): readonly HarCookie[] {
  return valuesOf(fields, 'cookie')
    .flatMap((value) => value.split(';'))
    .map(pairOf)
    .filter(({ name, value }) => name !== '' || value !== '');
}

/** Cookies that a response set (RFC 6265, 5.2). `arrivedMs`: real wall time of the response, from which Max-Age counts. */
export function responseCookies(fields: Fields, arrivedMs: number): readonly HarCookie[] {
  return valuesOf(fields, 'set-cookie').map((value) => {
    const [first = '', ...attributes] = value.split(';');
    const known = new Map(attributes.map(pairOf).map(({ name, value: told }) => [name.toLowerCase(), told]));
    const [path, domain, sameSite] = [known.get('path'), known.get('domain'), known.get('samesite')];
    const expires = expiryOf(known.get('max-age'), known.get('expires'), arrivedMs);
    return {
      ...pairOf(first),
      ...(path ? { path } : {}),
      ...(domain ? { domain } : {}),
      ...(expires === null ? {} : { expires }),
      httpOnly: known.has('httponly'),
      secure: known.has('secure'),
      ...(sameSite ? { sameSite } : {}),
    };
  });
}

function pairOf(text: string): Named {
  const at = text.indexOf('=');
  return at < 0 ? { name: text.trim(), value: '' } : { name: text.slice(0, at).trim(), value: text.slice(at + 1).trim() };
}

/** Max-Age goes before Expires. */
function expiryOf(maxAge: string | undefined, expires: string | undefined, arrivedMs: number): string | null {
  const ms = maxAge !== undefined && /^-?\d+$/.test(maxAge) ? arrivedMs + Number(maxAge) * 1000 : Date.parse(expires ?? '');
  return isoOf(ms);
}

/** ISO 8601 with its zone; null where `ms` is no moment of the years 0 to 9999. */
export function isoOf(ms: number): string | null {
  const at = new Date(ms);
  const iso = Number.isNaN(at.getTime()) ? null : at.toISOString();
  return iso !== null && /^\d{4}-/.test(iso) ? iso : null;
}

/** Parameters of a URL's query, percent signs undone where that gives text. */
export function queryOf(url: string): readonly Named[] {
  const [whole = ''] = url.split('#', 1);
  const at = whole.indexOf('?');
  if (at < 0) return [];
  return whole
    .slice(at + 1)
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const { name, value } = splitPair(pair);
      return { name: undone(name), value: undone(value) };
    });
}

function splitPair(pair: string): Named {
  const at = pair.indexOf('=');
  return at < 0 ? { name: pair, value: '' } : { name: pair.slice(0, at), value: pair.slice(at + 1) };
}

/** A target's characters are bytes; those that make no UTF-8 together stay as they were sent. */
function undone(text: string): string {
  const plain = text.replaceAll('+', ' ').replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  if (/[\u0100-\uffff]/.test(plain)) return text;
  const bytes = Buffer.from(plain, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : text;
}

/** A URL that keeps to RFC 3986: what may not stand in one is written as `%XX`, all else as it was sent; a host that is none becomes `unreadable.invalid`. */
export function legalUrl(url: string): string {
  const [, scheme = 'http', host = '', rest = ''] = /^([a-z]+):\/\/([^/?#]*)(.*)$/is.exec(url) ?? [];
  const hash = rest.indexOf('#');
  const [target, fragment] = hash < 0 ? [rest, null] : [rest.slice(0, hash), rest.slice(hash + 1)];
  return [`${scheme}://`, legalHost(host), legal(target), fragment === null ? '' : `#${legal(fragment)}`].join('');
}

/** The URL of a host of which nothing was asked. Port 0: not known. */
export function hostUrl(scheme: string, host: string, port: number): string {
  return `${scheme}://${legalHost(`${host.includes(':') ? `[${host}]` : host}${port > 0 ? `:${port}` : ''}`)}/`;
}

function legalHost(host: string): string {
  const isHost = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d+)?$/i.test(host) && URL.canParse(`http://${host}/`);
  return isHost ? host : 'unreadable.invalid';
}

function legal(text: string): string {
  return text.replaceAll(/[^\w.~:/?@!$&'()*+,;=%-]/gu, percent).replaceAll(/%(?![0-9a-f]{2})/gi, '%25');
}

/** Latin-1 characters stand for bytes; a character beyond them was written by an importer. */
function percent(char: string): string {
  const bytes = Buffer.from(char, char.charCodeAt(0) > 0xff ? 'utf8' : 'latin1');
  return [...bytes].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}
