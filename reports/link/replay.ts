// Shows a link again from its certificate alone. On purpose nothing is shared with the linker: a fault in one must not hide in the other.
import { createHash } from 'node:crypto';
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { decompress } from 'fzstd';
import type { EventId } from '../../harness/model/event.js';
import type { Certificate } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';

/** What a replay works on: the part as sent, the manifest's value, and the recorded bytes of hooked calls (null: no such call). */
export interface ReplayParts {
  readonly part: Uint8Array;
  readonly value: ManifestValue;
  derivation(id: EventId): { readonly input: Uint8Array; readonly output: Uint8Array } | null;
}
export type Replayed = { readonly ok: true } | { readonly ok: false; readonly why: string };

type CertLayer = Certificate['layers'][number];
type Neighbour = number | null;
/** The bytes reached, and what stood beside them in the layer above: null for nothing, else a byte. */
interface Seen {
  readonly bytes: Uint8Array;
  readonly before: Neighbour;
  readonly after: Neighbour;
}

class Broken extends Error {}

const MAX = 32 * 1024 * 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Re-runs one certificate's chain. */
export function replay(certificate: Certificate, parts: ReplayParts): Replayed {
  return createReplay()(certificate, parts);
}

/** A replay that hashes each part and unpacks each stream once; for many certificates over the same unchanged bytes. */
export function createReplay(): (certificate: Certificate, parts: ReplayParts) => Replayed {
  const hashes = new WeakMap<Uint8Array, string>();
  const unpacked = new WeakMap<Uint8Array, Map<string, Uint8Array>>();
  const hash = (bytes: Uint8Array): string => {
    const known = hashes.get(bytes) ?? sha256(bytes);
    hashes.set(bytes, known);
    return known;
  };
  const once = (bytes: Uint8Array, { encoding, start, end }: CertLayer): Uint8Array => {
    const key = `${encoding.op}:${start}:${end}`;
    const known = unpacked.get(bytes) ?? new Map<string, Uint8Array>();
    unpacked.set(bytes, known);
    const out = known.get(key) ?? unpack(encoding.op, bytes.subarray(start, end));
    known.set(key, out);
    return out;
  };
  return (certificate, parts) => {
    try {
      run({ certificate, parts, hash, once });
      return { ok: true };
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
  };
}

interface Job {
  readonly certificate: Certificate;
  readonly parts: ReplayParts;
  hash(bytes: Uint8Array): string;
  once(bytes: Uint8Array, layer: CertLayer): Uint8Array;
}

function run(job: Job): void {
  const { certificate, parts, hash } = job;
  if (certificate.value !== parts.value.id) throw new Broken('another value');
  if (hash(parts.part) !== certificate.sourceSha256) throw new Broken('the part as sent is not the one certified');
  let seen: Seen = { bytes: parts.part, before: null, after: null };
  let digested = false;
  for (const layer of certificate.layers) {
    if (digested) throw new Broken('nothing can be decoded out of a digest');
    inside(layer, seen.bytes);
    const next = step(layer, seen, job);
    digested = isDigest(layer.encoding.op);
    if (hash(next.bytes) !== layer.sha256) throw new Broken(`the ${layer.encoding.op} layer holds other bytes`);
    seen = next;
  }
  inside(certificate.at, seen.bytes);
  if (digested && (certificate.at.start !== 0 || certificate.at.end !== seen.bytes.length))
    throw new Broken('a digest is of a whole spelling');
  compare(certificate, seen, parts.value);
}

function inside({ start, end }: { readonly start: number; readonly end: number }, bytes: Uint8Array): void {
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end <= start || end > bytes.length)
    throw new Broken('a range lies outside its layer');
}

function step(layer: CertLayer, seen: Seen, { certificate, parts, once }: Job): Seen {
  const { encoding, start, end } = layer;
  const piece = seen.bytes.subarray(start, end);
  switch (encoding.op) {
    case 'percent':
    case 'json':
    case 'html': {
      const { op } = encoding;
      const side = (from: number, to: number): Uint8Array => light(op, seen.bytes.subarray(Math.max(0, from), to));
      const before = start === 0 ? seen.before : (side(start - 12, start).at(-1) ?? null);
      const after = end === seen.bytes.length ? seen.after : (side(end, end + 12)[0] ?? null);
      return { bytes: light(op, piece), before, after };
    }
    case 'hex':
      if (!/^(?:[0-9a-fA-F]{2})+$/.test(latin1(piece))) throw new Broken('not hex');
      return { bytes: Buffer.from(latin1(piece), 'hex'), before: hexByte(seen.bytes, start - 2), after: hexByte(seen.bytes, end) };
    case 'base64':
      return base64(seen.bytes, start, end);
    case 'derived': {
      const call = parts.derivation(encoding.derivation);
      if (call === null) throw new Broken('no such hooked call');
      if (call.output.length < 16 || Buffer.compare(call.output, piece) !== 0) throw new Broken('the hooked call gave other bytes');
      return { bytes: call.input, before: null, after: null };
    }
    case 'gzip':
    case 'deflate':
    case 'brotli':
    case 'zstd':
      return { bytes: once(seen.bytes, layer), before: null, after: null };
    case 'multipart':
      throw new Broken('a multipart body is read as it stands');
    default: {
      const spelled = spell(parts.value, certificate.form);
      if (spelled === null || Buffer.compare(digest(encoding.op, spelled), piece) !== 0)
        throw new Broken(`not the ${encoding.op} of the value`);
      return { bytes: spelled, before: null, after: null };
    }
  }
}

const isDigest = (op: string): boolean => ['md5', 'md5-16', 'sha1', 'sha256', 'sm3'].includes(op);

function digest(op: 'md5' | 'md5-16' | 'sha1' | 'sha256' | 'sm3', bytes: Uint8Array): Uint8Array {
  return op === 'md5-16' ? createHash('md5').update(bytes).digest().subarray(4, 12) : createHash(op).update(bytes).digest();
}

function unpack(op: string, bytes: Uint8Array): Uint8Array {
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

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** Undoes one level of escapes; a lone surrogate becomes its three bytes. */
function light(op: 'percent' | 'json' | 'html', bytes: Uint8Array): Uint8Array {
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

function hexByte(bytes: Uint8Array, at: number): Neighbour {
  const text = at < 0 ? '' : latin1(bytes.subarray(at, at + 2));
  return /^[0-9a-fA-F]{2}$/.test(text) ? Number.parseInt(text, 16) : null;
}

function base64(bytes: Uint8Array, start: number, end: number): Seen {
  const text = latin1(bytes.subarray(start, end)).replace(/[\r\n]/g, '');
  if (!/^[A-Za-z0-9+/_-]+$/.test(text)) throw new Broken('not base64');
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

/** The bytes of a value in one spelling; null for a spelling that its type does not have. */
function spell({ text, type }: ManifestValue, form: string): Uint8Array | null {
  const pairs = text.toLowerCase().match(/[0-9a-f]{2}/g) ?? [];
  const phone = /^(\d{3})(\d{4})(\d{4})$/.exec(text);
  const address = type === 'mac' || type === 'bssid';
  const out: Readonly<Record<string, string | false>> = {
    raw: text,
    lower: text.toLowerCase(),
    upper: text.toUpperCase(),
    'with-86': phone !== null && `86${text}`,
    'with-plus-86': phone !== null && `+86${text}`,
    'with-0086': phone !== null && `0086${text}`,
    'space-3-4-4': phone !== null && phone.slice(1).join(' '),
    'dash-3-4-4': phone !== null && phone.slice(1).join('-'),
    'full-width': phone !== null && [...text].map((d) => String.fromCodePoint(0xff10 + Number(d))).join(''),
    'colon-lower': address && pairs.join(':'),
    'dash-lower': address && pairs.join('-'),
    'no-separator-lower': address ? pairs.join('') : type === 'oaid' && text.toLowerCase().split('-').join(''),
    'colon-upper': address && pairs.join(':').toUpperCase(),
    'dash-upper': address && pairs.join('-').toUpperCase(),
    'no-separator-upper': address ? pairs.join('').toUpperCase() : type === 'oaid' && text.toUpperCase().split('-').join(''),
    'no-check-digit': type === 'imei' && /^\d{15}$/.test(text) && text.slice(0, -1),
    'space-4': type === 'bank_card' && (text.match(/.{1,4}/g) ?? []).join(' '),
    'plus-for-space': text.split(' ').join('+'),
  };
  if (form === 'utf-16le') return Buffer.from(text, 'utf16le');
  const found = out[form];
  return typeof found === 'string' ? Buffer.from(found, 'utf8') : null;
}

function compare({ form, at, layers }: Certificate, seen: Seen, value: ManifestValue): void {
  const bytes = seen.bytes.subarray(at.start, at.end);
  const pair = /^pair-(\d+)$/.exec(form);
  if (pair !== null) return comparePair(bytes, value, Number(pair[1]));
  const same =
    form === 'gbk'
      ? new TextDecoder('gbk').decode(bytes) === value.text
      : Buffer.compare(spell(value, form) ?? Buffer.alloc(0), bytes) === 0;
  if (!same) throw new Broken('the bytes are not the value');
  if (isDigest(layers.at(-1)?.encoding.op ?? '')) return;
  const width = form === 'utf-16le' ? 2 : 1;
  const beside = (i: number): string =>
    String.fromCharCode(
      i < 0
        ? i === -1
          ? (seen.before ?? 0)
          : 0
        : i >= seen.bytes.length
          ? i === seen.bytes.length
            ? (seen.after ?? 0)
            : 0
          : (seen.bytes[i] ?? 0),
    );
  const closed = address(value, form) ? /[0-9a-fA-F]/ : /^\d{6,}[Xx]?$/.test(value.text) ? /\d/ : null;
  if (closed === null) return;
  const [before, after] = [beside(at.start - width), beside(at.end)];
  const wide = (i: number): boolean => (width === 2 ? beside(i + 1) === '\0' : true);
  if ((closed.test(before) && wide(at.start - 2)) || (closed.test(after) && wide(at.end)))
    throw new Broken('the value is part of a longer number');
}

const address = (value: ManifestValue, form: string): boolean =>
  (value.type === 'mac' || value.type === 'bssid') && form.startsWith('no-separator');

function comparePair(bytes: Uint8Array, value: ManifestValue, decimals: number): void {
  const numbers = latin1(bytes).match(/-?\d{1,3}\.\d{3,}/g) ?? [];
  // Cut or rounded to so many decimals; a manifest tells seven.
  const near = (axis: string, found: string): boolean =>
    found.length - found.indexOf('.') > decimals && Math.abs(Number(axis) - Number(found)) < 10 ** -decimals - 5e-8;
  const [lat, lon] = value.text.split(',');
  if (
    value.type !== 'location' ||
    decimals < 3 ||
    decimals > 7 ||
    bytes.length > 192 ||
    !numbers.some((n) => near(lat ?? '', n)) ||
    !numbers.some((n) => near(lon ?? '', n))
  )
    throw new Broken('not the two coordinates');
}
