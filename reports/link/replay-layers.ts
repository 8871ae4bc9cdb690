// The layers that a certificate may name, undone by means of their own: regular expressions and Node's decoders, where the linker counts bytes.
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { decompress } from 'fzstd';

/** A byte beside what is looked at; null: none. */
export type Neighbour = number | null;
/** The bytes reached, and what stood beside them in the layer above: null for nothing, else a byte. */
export interface Seen {
  readonly bytes: Uint8Array;
  readonly before: Neighbour;
  readonly after: Neighbour;
}

const MAX = 32 * 1024 * 1024;

/** Unpacks one stream, as far as it goes. */
export function unpack(op: string, bytes: Uint8Array): Uint8Array {
  const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX };
  if (op === 'brotli') return brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH, maxOutputLength: MAX });
  if (op === 'zstd') return decompress(bytes);
  if (op === 'deflate') return attempt(() => inflateSync(bytes, options)) ?? inflateRawSync(bytes, options);
  return attempt(() => gunzipSync(bytes, options)) ?? inflateRawSync(bytes.subarray(afterGzipHeader(bytes)), options);
}

function attempt<T>(work: () => T): T | null {
  try {
    return work();
  } catch {
    return null;
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

/** Bytes as characters of the same number. */
export const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** Undoes one level of escapes; a lone surrogate becomes its three bytes. */
export function light(op: 'percent' | 'json' | 'html', bytes: Uint8Array): Uint8Array {
  const text = latin1(bytes);
  const out = (code: number): string =>
    code >= 0xd800 && code < 0xe000
      ? latin1(Uint8Array.of(0xed, 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)))
      : latin1(Buffer.from(String.fromCodePoint(code)));
  if (op === 'percent')
    return Buffer.from(
      text.replace(/%([0-9a-f]{2})/gi, (_, h: string) => String.fromCharCode(Number.parseInt(h, 16))),
      'latin1',
    );
  if (op === 'json') {
    const plain: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };
    const unit = /\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u([0-9a-f]{4})|(["\\/nrtbf]))/gi;
    return Buffer.from(
      text.replace(unit, (whole, ...found: readonly (string | undefined)[]) => {
        const [high, low, one, short] = found;
        if (high !== undefined && low !== undefined)
          return whole[1] === 'u' && whole[7] === 'u'
            ? out(0x10000 + (Number.parseInt(high, 16) - 0xd800) * 1024 + Number.parseInt(low, 16) - 0xdc00)
            : whole;
        if (one !== undefined) return whole[1] === 'u' ? out(Number.parseInt(one, 16)) : whole;
        return short === undefined ? whole : /[NRTBF]/.test(short) ? whole : (plain[short] ?? short);
      }),
      'latin1',
    );
  }
  const named: Readonly<Record<string, number>> = { amp: 38, lt: 60, gt: 62, quot: 34, apos: 39 };
  return Buffer.from(
    text.replace(
      /&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));/gi,
      (whole, hex?: string, decimal?: string, name?: string) => {
        const code = hex !== undefined ? Number.parseInt(hex, 16) : decimal !== undefined ? Number(decimal) : named[name ?? ''];
        return code === undefined || code > 0x10ffff ? whole : out(code);
      },
    ),
    'latin1',
  );
}

/** The byte that two hex digits at `at` stand for; null when there are not two. */
export function hexByte(bytes: Uint8Array, at: number): Neighbour {
  const text = at < 0 ? '' : latin1(bytes.subarray(at, at + 2));
  return /^[0-9a-fA-F]{2}$/.test(text) ? Number.parseInt(text, 16) : null;
}

/** Decodes whole characters of base64, and the bytes that stand before and after. */
export function base64(bytes: Uint8Array, start: number, end: number): Seen {
  const text = latin1(bytes.subarray(start, end)).replace(/[\r\n]/g, '');
  if (!/^[A-Za-z0-9+/_-]+$/.test(text)) throw new Error('not base64');
  const plain = text.length % 4 === 1 ? text.slice(0, -1) : text;
  // The last eight bits before, the first eight after: whole bytes only where enough characters stand there.
  const before = /[A-Za-z0-9+/_-]{2}$/.exec(latin1(bytes.subarray(Math.max(0, start - 4), start)).replace(/[\r\n]/g, ''));
  const after = /^[A-Za-z0-9+/_-]{2}/.exec(latin1(bytes.subarray(end, end + 4)).replace(/[\r\n]/g, ''));
  return {
    bytes: Buffer.from(plain, 'base64'),
    before: before === null ? null : (Buffer.from(`AA${before[0]}`, 'base64')[2] ?? null),
    after: after === null ? null : (Buffer.from(after[0], 'base64')[0] ?? null),
  };
}
