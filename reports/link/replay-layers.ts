// The layers that a certificate may name, undone by means of their own: regular expressions and Node's decoders, where the linker counts bytes.
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { Decompress } from 'fzstd';

/** The bytes reached, and what stands right beside them, undone like them: as much as a number may be told by. */
export interface Seen {
  readonly bytes: Uint8Array;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}
/** Why a certificate does not hold. */
export class Broken extends Error {}

const MAX = 32 * 1024 * 1024;
const BESIDE = 36;
const NONE = new Uint8Array(0);
/** A whole part, or what was unpacked: nothing stands beside it. */
export const alone = (bytes: Uint8Array): Seen => ({ bytes, before: NONE, after: NONE });
/** Bytes as characters of the same number, and back. */
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** A stretch of what was reached. */
export function cut({ bytes, before, after }: Seen, range: { readonly start: number; readonly end: number }): Seen {
  const { start, end } = range;
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end <= start || end > bytes.length)
    throw new Broken('a range lies outside its layer');
  const left = Buffer.concat([before, bytes.subarray(Math.max(0, start - BESIDE), start)]);
  const right = Buffer.concat([bytes.subarray(end, end + BESIDE), after]);
  return { bytes: bytes.subarray(start, end), before: left.subarray(-BESIDE), after: right.subarray(0, BESIDE) };
}

/** Undoes one encoding of a stretch; null: it is none of these. */
export function decode(op: string, piece: Seen): Seen | null {
  if (op === 'percent' || op === 'json' || op === 'html' || op === 'quoted-printable') return unescape(ESCAPES[op], piece);
  if (op === 'utf-16le' || op === 'utf-16be') return utf16(op, piece);
  if (op === 'base64') return base64(piece);
  if (op === 'hex') return hex(piece);
  return op === 'gzip' || op === 'deflate' || op === 'brotli' || op === 'zstd' ? alone(unpack(op, piece.bytes)) : null;
}

/** UTF-8 of text, as latin1; a lone surrogate as its three bytes. */
function utf8(text: string): string {
  const lone = (unit: number): Uint8Array => Uint8Array.of(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 63), 0x80 | (unit & 63));
  return text
    .split(/([\ud800-\udfff])/u)
    .map((part, i) => latin1(i % 2 === 0 ? Buffer.from(part) : lone(part.charCodeAt(0))))
    .join('');
}

const ofHex = (digits: string): string => String.fromCharCode(Number.parseInt(digits, 16));
const JSON_SHORT: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
const HTML_NAMED: Readonly<Record<string, number>> = { amp: 38, lt: 60, gt: 62, quot: 34, apos: 39 };
const ESCAPES = {
  percent: (text: string) => text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => ofHex(digits)),
  json: (text: string) =>
    text.replace(/((?:\\u[0-9a-fA-F]{4})+)|\\(["\\/nrtbf])/g, (_, units: string | undefined, short: string) =>
      units === undefined ? (JSON_SHORT[short] ?? short) : utf8(units.split('\\u').slice(1).map(ofHex).join('')),
    ),
  html: (text: string) =>
    text.replace(
      /&(?:#[xX]([0-9a-fA-F]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/g,
      (whole, digits?: string, decimal?: string, name?: string) => {
        const code = digits === undefined ? (HTML_NAMED[name ?? ''] ?? Number(decimal)) : Number.parseInt(digits, 16);
        return code > 0x10ffff ? whole : utf8(String.fromCodePoint(code));
      },
    ),
  'quoted-printable': (text: string) =>
    text.replace(/=(?:\r?\n|([0-9a-fA-F]{2}))/g, (_, digits: string | undefined) => (digits === undefined ? '' : ofHex(digits))),
};

function unescape(undo: (text: string) => string, piece: Seen): Seen {
  const [before, text, after] = [latin1(piece.before), latin1(piece.bytes), latin1(piece.after)];
  const joins = (left: string, right: string): boolean => undo(left + right) === undo(left) + undo(right);
  // Half an escape would hide the character that it stands for, which may be a digit of a longer number.
  if (!joins(before, text.slice(0, BESIDE)) || !joins(text.slice(-BESIDE), after)) throw new Broken('a range cuts an escape in two');
  return { bytes: bytesOf(undo(text)), before: bytesOf(undo(before)), after: bytesOf(undo(after)) };
}

function utf16(op: 'utf-16le' | 'utf-16be', { bytes, before, after }: Seen): Seen {
  if (bytes.length % 2 === 1) throw new Broken('half a UTF-16 unit');
  const undo = (units: Uint8Array): Uint8Array => {
    const little = op === 'utf-16le' ? Buffer.from(units) : Buffer.from(units).swap16();
    return bytesOf(utf8(little.toString('utf16le')));
  };
  return { bytes: undo(bytes), before: undo(before.subarray(before.length % 2)), after: undo(after.subarray(0, after.length & ~1)) };
}

function hex({ bytes, before, after }: Seen): Seen {
  if (!/^(?:[0-9a-fA-F]{2})+$/.test(latin1(bytes))) throw new Broken('not hex');
  const left = /(?:[0-9a-fA-F]{2})*$/.exec(latin1(before))?.[0] ?? '';
  return { bytes: Buffer.from(latin1(bytes), 'hex'), before: Buffer.from(left, 'hex'), after: Buffer.from(latin1(after), 'hex') };
}

function base64({ bytes, before, after }: Seen): Seen {
  const [left, text, right] = [before, bytes, after].map((part) => latin1(part).replace(/[ \t\r\n]/g, '')) as [string, string, string];
  if (!/^[A-Za-z0-9+/_-]+$/.test(text)) throw new Broken('not base64');
  const ahead = /[A-Za-z0-9+/_-]*$/.exec(left)?.[0] ?? '';
  // Characters of the last group that the stretch leaves unfinished go on in what follows.
  const open = text.length % 4;
  const behind = text.slice(text.length - open) + (/^[A-Za-z0-9+/_-]*/.exec(right)?.[0] ?? '');
  const whole = Buffer.from('A'.repeat((4 - (ahead.length % 4)) % 4) + ahead, 'base64');
  const complete = Math.floor((ahead.length * 6) / 8);
  return {
    bytes: Buffer.from(open === 1 ? text.slice(0, -1) : text, 'base64'),
    before: whole.subarray(whole.length - complete),
    after: Buffer.from(behind, 'base64').subarray(Math.floor((open * 6) / 8)),
  };
}

/** Unpacks one stream, as far as it goes. */
export function unpack(op: 'gzip' | 'deflate' | 'brotli' | 'zstd', bytes: Uint8Array): Uint8Array {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX };
  if (op === 'brotli') return brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength: MAX });
  if (op === 'zstd') return zstd(bytes);
  try {
    return op === 'deflate' ? inflateSync(bytes, options) : gunzipSync(bytes, options);
  } catch {
    return inflateRawSync(op === 'deflate' ? bytes : bytes.subarray(afterGzipHeader(bytes)), options);
  }
}

function afterGzipHeader(bytes: Uint8Array): number {
  const flags = bytes[3] ?? 0;
  let at = 10;
  if (flags & 4) at += 2 + (bytes[10] ?? 0) + 256 * (bytes[11] ?? 0);
  if (flags & 8) at = bytes.indexOf(0, at) + 1;
  if (flags & 16) at = bytes.indexOf(0, at) + 1;
  return flags & 2 ? at + 2 : at;
}

function zstd(bytes: Uint8Array): Uint8Array {
  // The library makes room for whatever window a frame asks for, and moves all of it with each block.
  let window = 1;
  for (const { index } of latin1(bytes).matchAll(/\x28\xb5\x2f\xfd/g)) {
    const [flags = 0, size = 0] = bytes.subarray(index + 4);
    const content = Buffer.from(bytes.subarray(index + 5 + ([0, 1, 2, 4][flags & 3] ?? 0))).subarray(0, 8);
    const known = flags >> 6 < 2 ? 65_792 : flags >> 6 === 2 ? content.readUInt32LE() : Number(content.readBigUInt64LE());
    window = Math.max(window, flags & 32 ? known : 2 ** (10 + (size >> 3)) * (1 + (size & 7) / 8));
  }
  if (window > MAX) throw new Broken('too large when unpacked');
  const out: Uint8Array[] = [];
  let [length, work] = [0, 0];
  const stream = new Decompress((block) => {
    length += block.length;
    work += window;
    if (length > MAX || work > 2 ** 34) throw new Broken('too large when unpacked');
    out.push(block);
  });
  try {
    stream.push(bytes, true);
  } catch (error) {
    if (error instanceof Broken || out.length === 0) throw error;
  }
  return Buffer.concat(out);
}
