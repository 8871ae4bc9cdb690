// The layers that a certificate may name, undone by means of their own: regular expressions and Node's decoders, where the linker counts bytes.
import { brotliDecompressSync, constants, inflateRawSync, inflateSync } from 'node:zlib';
import { Decompress } from 'fzstd';

/** The bytes reached, and what stands right beside them, undone like them: as much as a number may be told by. */
export type Seen = Readonly<Record<'bytes' | 'before' | 'after', Uint8Array>>;
type Undo = (text: string) => string;

const BESIDE = 36;
const MAX = 32 * 1024 * 1024;
const STREAM = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX };
/** A whole part, or what was unpacked: nothing stands beside it. */
export const alone = (bytes: Uint8Array): Seen => ({ bytes, before: Buffer.alloc(0), after: Buffer.alloc(0) });
/** Bytes as characters of the same number. */
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** Ends a replay that does not hold. */
export function must(holds: boolean, why: string): asserts holds {
  if (!holds) throw new Error(why);
}

/** A stretch of what was reached. */
export function cut({ bytes, before, after }: Seen, { start, end }: { readonly start: number; readonly end: number }): Seen {
  const isRange = Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end;
  must(isRange && end <= bytes.length, 'a range lies outside its layer');
  const left = Buffer.concat([before, bytes.subarray(Math.max(0, start - BESIDE), start)]).subarray(-BESIDE);
  const right = Buffer.concat([bytes.subarray(end, end + BESIDE), after]).subarray(0, BESIDE);
  return { bytes: bytes.subarray(start, end), before: left, after: right };
}

/** UTF-8 of text, as latin1; a lone surrogate as its three bytes. */
function utf8(text: string): string {
  const lone = (unit: number): string => String.fromCharCode(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 63), 0x80 | (unit & 63));
  const parts = text.split(/([\ud800-\udfff])/u);
  return parts.map((part, i) => (i % 2 === 0 ? latin1(Buffer.from(part)) : lone(part.charCodeAt(0)))).join('');
}

const ofHex = (digits: string): string => String.fromCharCode(Number.parseInt(digits, 16));
const percent: Undo = (text) => text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => ofHex(digits));
const quoted: Undo = (text) => text.replace(/=(?:\r?\n|([0-9a-fA-F]{2}))/g, (_, digits?: string) => (digits ? ofHex(digits) : ''));
const JSON_ESCAPE = /(?:\\u[0-9a-fA-F]{4}){1,999}(?:(?<=\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\["\\/nrtbf]/g;
const json: Undo = (text) => text.replace(JSON_ESCAPE, (escape) => utf8(JSON.parse(`"${escape}"`) as string));
const HTML = /&(?:#[xX]([0-9a-fA-F]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/g;
const NAMED: Readonly<Record<string, number>> = { amp: 38, lt: 60, gt: 62, quot: 34, apos: 39 };
const html: Undo = (text) =>
  text.replace(HTML, (whole, hexed?: string, decimal?: string, name?: string) => {
    const code = NAMED[name ?? ''] ?? Number(decimal ?? `0x${hexed}`);
    return code > 0x10ffff ? whole : utf8(String.fromCodePoint(code));
  });

function escaped(seen: Seen, undo: Undo): Seen {
  const [before, text, after] = [latin1(seen.before), latin1(seen.bytes), latin1(seen.after)];
  const joins = (left: string, right: string): boolean => undo(left + right) === undo(left) + undo(right);
  // Half an escape would hide the character that it stands for, which may be a digit of a longer number.
  must(joins(before, text.slice(0, BESIDE)) && joins(text.slice(-BESIDE), after), 'a range cuts an escape in two');
  const bytesOf = (part: string): Uint8Array => Buffer.from(undo(part), 'latin1');
  return { bytes: bytesOf(text), before: bytesOf(before), after: bytesOf(after) };
}

function utf16({ bytes, before, after }: Seen, isBig: boolean): Seen {
  must(bytes.length % 2 === 0, 'half a UTF-16 unit');
  const little = (units: Uint8Array): Buffer => (isBig ? Buffer.from(units).swap16() : Buffer.from(units));
  const undo = (units: Uint8Array): Buffer => Buffer.from(utf8(little(units).toString('utf16le')), 'latin1');
  return { bytes: undo(bytes), before: undo(before.subarray(before.length % 2)), after: undo(after.subarray(0, after.length & ~1)) };
}

function hex({ bytes, before, after }: Seen): Seen {
  must(bytes.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(latin1(bytes)), 'not hex');
  const ahead = /(?:[0-9a-fA-F]{2})*$/.exec(latin1(before))?.[0] ?? '';
  return { bytes: Buffer.from(latin1(bytes), 'hex'), before: Buffer.from(ahead, 'hex'), after: Buffer.from(latin1(after), 'hex') };
}

function base64({ bytes, before, after }: Seen): Seen {
  const [left = '', text = '', right = ''] = [before, bytes, after].map((part) => latin1(part).replace(/[ \t\r\n]/g, ''));
  must(/^[A-Za-z0-9+/_-]+$/.test(text), 'not base64');
  // Groups are counted from the stretch: what stands ahead ends one, and what stands behind goes on with the last.
  const ahead = /[A-Za-z0-9+/_-]*$/.exec(left)?.[0] ?? '';
  const open = text.length % 4;
  const last = text.slice(text.length - open) + (/^[A-Za-z0-9+/_-]*/.exec(right)?.[0] ?? '');
  const group = Buffer.from(ahead.padStart(Math.ceil(ahead.length / 4) * 4, 'A'), 'base64');
  return {
    bytes: Buffer.from(open === 1 ? text.slice(0, -1) : text, 'base64'),
    before: group.subarray(group.length - Math.floor((ahead.length * 3) / 4)),
    after: Buffer.from(last, 'base64').subarray(Math.floor((open * 3) / 4)),
  };
}

function deflate(bytes: Uint8Array): Uint8Array {
  // What does not begin like zlib (RFC 1950) is raw.
  const [first = 0, second = 0] = bytes;
  return first % 16 === 8 && (first * 256 + second) % 31 === 0 ? inflateSync(bytes, STREAM) : inflateRawSync(bytes, STREAM);
}

/** One stream of gzip (RFC 1952), whatever stands behind it: what its own checksum would show, the certificate's hash shows. */
function gunzip(bytes: Uint8Array): Uint8Array {
  // eslint-disable-next-line no-control-regex
  const [, flags = '\0', rest = ''] = /^\x1f\x8b\x08([^])[^]{6}([^]*)$/.exec(latin1(bytes.subarray(0, 65_536))) ?? [];
  const extra = flags.charCodeAt(0) & 4 ? 2 + rest.charCodeAt(0) + 256 * rest.charCodeAt(1) : 0;
  const named = { 0: /^/, 8: /^[^\0]*\0/, 16: /^[^\0]*\0/, 24: /^[^\0]*\0[^\0]*\0/ }[flags.charCodeAt(0) & 24] ?? /^/;
  const head = 10 + extra + (named.exec(rest.slice(extra))?.[0].length ?? 0) + (flags.charCodeAt(0) & 2);
  return inflateRawSync(bytes.subarray(head), STREAM);
}

function zstd(bytes: Uint8Array): Uint8Array {
  // The library makes room for any window that a frame asks for, and moves it with each block. RFC 9659: at most 8 MB, here 16.
  // eslint-disable-next-line no-control-regex
  const large = /\x28\xb5\x2f\xfd(?![\x20\x24\x60\x64]|[\xa0\xa4][^]{3}\0|[\x00\x04\x40\x44\x80\x84\xc0\xc4][\x00-\x70])/;
  const out: Uint8Array[] = [];
  let left = large.test(latin1(bytes)) ? -1 : MAX;
  const check = (block: Uint8Array): void => must((left -= block.length) >= 0 && out.push(block) <= 2048, 'too large when unpacked');
  check(Buffer.alloc(0));
  new Decompress(check).push(bytes, true);
  return Buffer.concat(out);
}

/** How each encoding of a stretch is undone. */
export const DECODERS: ReadonlyMap<string, (seen: Seen) => Seen> = new Map([
  ['percent', (seen) => escaped(seen, percent)],
  ['quoted-printable', (seen) => escaped(seen, quoted)],
  ['json', (seen) => escaped(seen, json)],
  ['html', (seen) => escaped(seen, html)],
  ['utf-16le', (seen) => utf16(seen, false)],
  ['utf-16be', (seen) => utf16(seen, true)],
  ['base64', base64],
  ['hex', hex],
  ['gzip', ({ bytes }) => alone(gunzip(bytes))],
  ['deflate', ({ bytes }) => alone(deflate(bytes))],
  ['brotli', ({ bytes }) => alone(brotliDecompressSync(bytes, { ...STREAM, finishFlush: constants.BROTLI_OPERATION_FLUSH }))],
  ['zstd', ({ bytes }) => alone(zstd(bytes))],
]);
