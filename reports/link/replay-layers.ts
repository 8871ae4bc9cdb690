// The layers that a certificate may name, undone by means of their own: regular expressions and Node's decoders, where the linker counts bytes.
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { Decompress } from 'fzstd';

/** The bytes reached, and what stands right beside them, undone like them: as much as a number may be told by. */
export type Seen = Readonly<Record<'bytes' | 'before' | 'after', Uint8Array>>;

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

const each = ({ bytes, before, after }: Seen, undo: (text: string) => Uint8Array): Seen => {
  return { bytes: undo(latin1(bytes)), before: undo(latin1(before)), after: undo(latin1(after)) };
};

/** UTF-8 of text, as latin1; a lone surrogate as its three bytes. */
function utf8(text: string): string {
  const lone = (unit: number): string => String.fromCharCode(0xed, 0x80 | ((unit >> 6) & 63), 0x80 | (unit & 63));
  const parts = text.split(/([\ud800-\udfff])/u);
  return parts.map((part, i) => (i % 2 === 0 ? latin1(Buffer.from(part)) : lone(part.charCodeAt(0)))).join('');
}

/** Escapes, and what one of them stands for. */
const escapes = (escape: RegExp, undo: (escape: string) => string) => (seen: Seen) => {
  const undone = (text: string): Buffer => Buffer.from(text.replace(escape, undo), 'latin1');
  const out = each(seen, undone);
  const whole = undone([seen.before, seen.bytes, seen.after].map(latin1).join(''));
  // Half an escape would hide the character that it stands for, which may be a digit of a longer number.
  must(whole.equals(Buffer.concat([out.before, out.bytes, out.after])), 'a range cuts an escape in two');
  return out;
};
const byte = (digits: string): string => String.fromCharCode(Number.parseInt(digits, 16));
const JSON_ESCAPE = /(?:\\u[0-9a-fA-F]{4}){1,999}(?:(?<=\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\["\\/nrtbf]/g;
const NAMED: Readonly<Record<string, number>> = { '&amp;': 38, '&lt;': 60, '&gt;': 62, '&quot;': 34, '&apos;': 39 };
const html = (escape: string): string => {
  const code = NAMED[escape] ?? Number(escape.slice(2, -1).replace(/^x/i, '0x'));
  return code > 0x10ffff ? escape : utf8(String.fromCodePoint(code));
};

const utf16 = (isBig: boolean) => (seen: Seen) => {
  must(seen.bytes.length % 2 === 0, 'half a UTF-16 unit');
  return each({ ...seen, before: seen.before.subarray(seen.before.length % 2) }, (text) => {
    const units = Buffer.from(text.slice(0, text.length & ~1), 'latin1');
    return Buffer.from(utf8((isBig ? units.swap16() : units).toString('utf16le')), 'latin1');
  });
};

function hex(seen: Seen): Seen {
  must(seen.bytes.length % 2 === 0 && !/[^0-9a-fA-F]/.test(latin1(seen.bytes)), 'not hex');
  const before = Buffer.from(/(?:[0-9a-fA-F]{2})*$/.exec(latin1(seen.before))?.[0] ?? '');
  return each({ ...seen, before }, (text) => Buffer.from(text, 'hex'));
}

/** Groups are counted from the stretch: what stands ahead ends one, and what stands behind goes on with the last. */
function base64({ bytes, before, after }: Seen): Seen {
  const [left = '', text = '', right = ''] = [before, bytes, after].map((part) => latin1(part).replace(/[ \t\r\n]/g, ''));
  must(!/[^\w+/-]/.test(text), 'not base64');
  const open = text.length % 4;
  const last = text.slice(text.length - open) + (/^[\w+/-]*/.exec(right)?.[0] ?? '');
  return {
    bytes: Buffer.from(text, 'base64'),
    before: Buffer.from(/(?:[\w+/-]{4})*$/.exec(left)?.[0] ?? '', 'base64'),
    after: Buffer.from(last, 'base64').subarray(Math.floor((open * 3) / 4)),
  };
}

/** With the header of zlib (RFC 1950) or without. */
function deflate(bytes: Uint8Array): Uint8Array {
  const [first = 0, second = 0] = bytes;
  return first % 16 === 8 && (first * 256 + second) % 31 === 0 ? inflateSync(bytes, STREAM) : inflateRawSync(bytes, STREAM);
}

function zstd(bytes: Uint8Array): Uint8Array {
  // The library makes room for any window that a frame asks for, and moves it with each block. RFC 9659: at most 8 MB, here 16.
  // eslint-disable-next-line no-control-regex
  const large = /\x28\xb5\x2f\xfd(?![\x20\x24\x60\x64]|[\xa0\xa4][^]{3}\0|[\x00\x04\x40\x44\x80\x84\xc0\xc4][\x00-\x70])/;
  must(!large.test(latin1(bytes)), 'too large when unpacked');
  const out: Uint8Array[] = [];
  let left = MAX;
  new Decompress((block) => must((left -= block.length) >= 0 && out.push(block) <= 2048, 'too large when unpacked')).push(bytes, true);
  return Buffer.concat(out);
}

/** How each encoding of a stretch is undone. */
export const DECODERS: ReadonlyMap<string, (seen: Seen) => Seen> = new Map([
  ['percent', escapes(/%[0-9a-fA-F]{2}/g, (escape) => byte(escape.slice(1)))],
  ['quoted-printable', escapes(/=(?:\r?\n|[0-9a-fA-F]{2})/g, (escape) => (escape.endsWith('\n') ? '' : byte(escape.slice(1))))],
  ['json', escapes(JSON_ESCAPE, (escape) => utf8(JSON.parse(`"${escape}"`) as string))],
  ['html', escapes(/&(?:#[xX][0-9a-fA-F]{1,6}|#\d{1,7}|amp|lt|gt|quot|apos);/g, html)],
  ['utf-16le', utf16(false)],
  ['utf-16be', utf16(true)],
  ['base64', base64],
  ['hex', hex],
  ['gzip', ({ bytes }) => alone(gunzipSync(bytes, STREAM))],
  ['deflate', ({ bytes }) => alone(deflate(bytes))],
  ['brotli', ({ bytes }) => alone(brotliDecompressSync(bytes, { ...STREAM, finishFlush: constants.BROTLI_OPERATION_FLUSH }))],
  ['zstd', ({ bytes }) => alone(zstd(bytes))],
]);
