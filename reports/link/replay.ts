// Shows a link again from its certificate alone. On purpose nothing is shared with the linker (only replay-layers.ts is read with it): a fault in one must not hide in the other.
import { createHash } from 'node:crypto';
import type { Derivation, EventId } from '../../harness/model/event.js';
import type { Certificate, Span } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import { base64, hexByte, latin1, light, unpack, type Seen } from './replay-layers.js';

/** A crypto or coding call as a hook saw it. */
export interface HookedCall extends Pick<Derivation, 'op' | 'algorithm'> {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

/** What a replay works on: the part as sent, the manifest's value, and the recorded bytes of hooked calls (null: no such call). */
export interface ReplayParts {
  readonly part: Uint8Array;
  readonly value: ManifestValue;
  /** The name in the same group; null: none. */
  readonly name: ManifestValue | null;
  derivation(id: EventId): HookedCall | null;
  /** Another part as sent, for pieces put together. */
  partOf(flow: EventId, part: Span['part']): Uint8Array | null;
}
export type Replayed = { readonly ok: true } | { readonly ok: false; readonly why: string };

type CertLayer = Certificate['layers'][number];
class Broken extends Error {}

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
      if (!gives(call)) throw new Broken(`the ${call.algorithm} of what went in is not what came out`);
      return { bytes: call.input, before: null, after: null };
    }
    case 'gzip':
    case 'deflate':
    case 'brotli':
    case 'zstd':
      return { bytes: once(seen.bytes, layer), before: null, after: null };
    case 'md5':
    case 'md5-16':
    case 'sha1':
    case 'sha256':
    case 'sm3': {
      const spelled = spell(parts.value, certificate.form);
      if (spelled === null || Buffer.compare(digest(encoding.op, spelled), piece) !== 0)
        throw new Broken(`not the ${encoding.op} of the value`);
      return { bytes: spelled, before: null, after: null };
    }
    default:
      throw new Broken(`${encoding.op} is not known`);
  }
}

/** Whether a call without a key gives this output for this input; a MAC or cipher cannot be done again. */
function gives({ op, algorithm, input, output }: HookedCall): boolean {
  if (op === 'base64') return Buffer.compare(Buffer.from(latin1(output).replace(/\s/g, ''), 'base64'), input) === 0;
  if (op === 'gzip') return Buffer.compare(unpack('gzip', output), input) === 0;
  const known = op === 'digest' ? /^(?:(md5)|sha-?(1|224|256|384|512)|(sm3))$/i.exec(algorithm) : null;
  if (known === null) return true;
  const [, md5, sha, sm3] = known;
  return (
    Buffer.compare(
      createHash(md5 ?? sm3 ?? `sha${sha}`)
        .update(input)
        .digest(),
      output,
    ) === 0
  );
}

const isDigest = (op: string): boolean => ['md5', 'md5-16', 'sha1', 'sha256', 'sm3'].includes(op);

function digest(op: 'md5' | 'md5-16' | 'sha1' | 'sha256' | 'sm3', bytes: Uint8Array): Uint8Array {
  return op === 'md5-16' ? createHash('md5').update(bytes).digest().subarray(4, 12) : createHash(op).update(bytes).digest();
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
  const byteAt = (i: number): number => (i === -1 ? seen.before : i === seen.bytes.length ? seen.after : seen.bytes[i]) ?? 0;
  const beside = (i: number): string => String.fromCharCode(byteAt(i));
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
