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
export function cut({ bytes, before, after }: Seen, { start, end }: Readonly<Record<'start' | 'end', number>>): Seen {
  must(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start < end && end <= bytes.length, 'a range outside its layer');
  const left = Buffer.concat([before, bytes.subarray(Math.max(0, start - BESIDE), start)]).subarray(-BESIDE);
  const right = Buffer.concat([bytes.subarray(end, end + BESIDE), after]).subarray(0, BESIDE);
  return { bytes: bytes.subarray(start, end), before: left, after: right };
}

function each({ bytes, before, after }: Seen, undo: (text: string) => Uint8Array): Seen {
  return { bytes: undo(latin1(bytes)), before: undo(latin1(before)), after: undo(latin1(after)) };
}
const low6 = (unit: number): number => 0x80 | (unit & 63);
const lone = (unit: number): string => String.fromCharCode(0xed, low6(unit >> 6), low6(unit));
/** UTF-8 of text, as latin1; a lone surrogate as its three bytes. */
const utf8 = (text: string): string =>
  text.replace(/[\ud800-\udfff]|[^\ud800-\udfff]+/gu, (part) =>
    /^[\ud800-\udfff]$/.test(part) ? lone(part.charCodeAt(0)) : latin1(Buffer.from(part)),
  );

const escapes = (escape: RegExp, undo: (escape: string) => string) => (seen: Seen) => {
  const undone = (text: string): Buffer => Buffer.from(text.replace(escape, undo), 'latin1');
  const out = each(seen, undone);
  const whole = undone([seen.before, seen.bytes, seen.after].map(latin1).join(''));
  // Half an escape would hide the character that it stands for, which may be a digit of a longer number.
  must(whole.equals(Buffer.concat([out.before, out.bytes, out.after])), 'a range cuts an escape in two');
  return out;
};
const ofHex = (digits: string): string => Buffer.from(digits, 'hex').toString('latin1');
const JSON_ESCAPE = /(?:\\u[0-9a-fA-F]{4}){1,999}(?:(?<=\\u[dD][89abAB]..)\\u[dD][c-fC-F][0-9a-fA-F]{2})?|\\["\\/nrtbf]/g;
const NAMED: Readonly<Record<string, number>> = { '&amp;': 38, '&lt;': 60, '&gt;': 62, '&quot;': 34, '&apos;': 39 };
const codeOf = (entity: string): number => NAMED[entity] ?? Number(entity.slice(2, -1).replace(/^x/i, '0x'));
const html = (entity: string): string => (codeOf(entity) > 0x10ffff ? entity : utf8(String.fromCodePoint(codeOf(entity))));

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
  const open = text.slice(text.length - (text.length % 4));
  const of = (coded: RegExpExecArray | null): Buffer => Buffer.from(coded?.[0] ?? '', 'base64');
  const behind = of(/^[\w+/-]*/.exec(open + right)).subarray(Math.floor((open.length * 3) / 4));
  return { bytes: Buffer.from(text, 'base64'), before: of(/(?:[\w+/-]{4})*$/.exec(left)), after: behind };
}

/** Whether bytes begin like zlib (RFC 1950): else a deflate stream is bare. */
const isZlib = ([first = 0, second = 0]: Uint8Array): boolean => first % 16 === 8 && (first * 256 + second) % 31 === 0;

function zstd(bytes: Uint8Array): Uint8Array {
  // The library makes room for any window that a frame asks for, and moves it with each block. RFC 9659: at most 8 MB, here 16.
  // eslint-disable-next-line no-control-regex
  const large = /\x28\xb5\x2f\xfd(?![\x20\x24\x60\x64]|[\xa0\xa4][^]{3}\0|[\x00\x04\x40\x44\x80\x84\xc0\xc4][\x00-\x70])/;
  const out: Uint8Array[] = [];
  must(!large.test(latin1(bytes)), 'too large when unpacked');
  let left = MAX;
  const check = (block: Uint8Array): void => must((left -= block.length) >= 0 && out.push(block) <= 2048, 'too large when unpacked');
  new Decompress(check).push(bytes, bytes.length < 18); // More might follow: a cut frame gives its whole blocks. Fewer bytes would wait for it.
  return Buffer.concat(out);
}

/** How each encoding of a stretch is undone. */
export const DECODERS: ReadonlyMap<string, (seen: Seen) => Seen> = new Map([
  ['percent', escapes(/%[0-9a-fA-F]{2}/g, (escape) => ofHex(escape.slice(1)))],
  ['quoted-printable', escapes(/=(?:\r?\n|[0-9a-fA-F]{2})/g, (escape) => ofHex(escape.slice(1)))],
  ['json', escapes(JSON_ESCAPE, (escape) => utf8(JSON.parse(`"${escape}"`) as string))],
  ['html', escapes(/&(?:#[xX][0-9a-fA-F]{1,6}|#\d{1,7}|amp|lt|gt|quot|apos);/g, html)],
  ['utf-16le', utf16(false)],
  ['utf-16be', utf16(true)],
  ['gbk', (seen) => each(seen, (text) => Buffer.from(new TextDecoder('gbk').decode(Buffer.from(text, 'latin1'))))],
  ['base64', base64],
  ['hex', hex],
  ['gzip', ({ bytes }) => alone(gunzipSync(bytes, STREAM))],
  ['deflate', ({ bytes }) => alone((isZlib(bytes) ? inflateSync : inflateRawSync)(bytes, STREAM))],
  ['brotli', ({ bytes }) => alone(brotliDecompressSync(bytes, { ...STREAM, finishFlush: constants.BROTLI_OPERATION_FLUSH }))],
  ['zstd', ({ bytes }) => alone(zstd(bytes))],
]);
