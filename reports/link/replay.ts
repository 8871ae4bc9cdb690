// Shows a link again from its certificate alone. On purpose nothing is shared with the linker: a fault in one must not hide in the other.
import { createHash, createHmac } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Derivation, EventId } from '../../harness/model/event.js';
import type { Certificate, Encoding, JoinedPiece, Span } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import { shows, spell } from './replay-forms.js';
import { alone, cut, DECODERS, latin1, must, type Seen } from './replay-layers.js';

/** A crypto or coding call as a hook saw it. */
export type HookedCall = Pick<Derivation, 'op' | 'algorithm'> & Readonly<Record<'input' | 'output', Uint8Array>>;
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

type Layer = Certificate['layers'][number];
type Range = Certificate['at'];
/** `once`: what was made of bytes before, or is now; `spelled`: the value in the form, null where no digest may lead to it. */
interface Job extends ReplayParts {
  readonly spelled: Uint8Array | null;
  once<T extends Seen | string>(bytes: Uint8Array, key: string, make: (bytes: Uint8Array) => T): T;
}

const MOST = { layers: 64, pieces: 4096, bytes: 512 * 1024 * 1024 };
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Re-runs one certificate's chain. Never throws: a certificate is data from a file. */
export const replay = (certificate: Certificate, parts: ReplayParts): Replayed => createReplay()(certificate, parts);

/** A replay that hashes each part and undoes each layer once; for many certificates over the same unchanged bytes. */
export function createReplay(): (certificate: Certificate, parts: ReplayParts) => Replayed {
  const known = new WeakMap<Uint8Array, Map<string, unknown>>();
  return (certificate, parts) => {
    let left = MOST.bytes;
    const once: Job['once'] = <T>(bytes: Uint8Array, key: string, make: (bytes: Uint8Array) => T): T => {
      const mine = known.get(bytes) ?? new Map<string, unknown>();
      known.set(bytes, mine);
      if (mine.has(key)) return mine.get(key) as T;
      must((left -= bytes.length) >= 0, 'it would take too much work');
      const made = make(bytes);
      mine.set(key, made);
      return made;
    };
    try {
      run(certificate, { ...parts, once, spelled: spell(parts.value, parts.name, certificate.form) });
      return { ok: true };
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
  };
}

function run(certificate: Certificate, job: Job): void {
  const { layers, at, form, sourceSha256 } = certificate;
  const { value, spelled, part, once } = job;
  must(certificate.value === value.id, 'another value');
  must(once(part, 'sha256', sha256) === sourceSha256, 'the part as sent is not the one certified');
  const [first, ...others] = layers;
  const from = first?.encoding.op === 'joined' ? join(first.encoding.pieces, first, sourceSha256, job) : null;
  const seen = cut(follow(from === null ? layers : others, from ?? alone(part), at, job), at);
  must(spelled === null ? shows(value, form, seen) : same(spelled, seen.bytes), 'the bytes are not the value');
  must(!isLonger(seen, value, form), 'the value is part of a longer number');
}

/** Pieces of requests put together. */
function join(pieces: readonly JoinedPiece[], layer: Layer, sourceSha256: string, job: Job): Seen {
  const isWhole = layer.start === 0 && layer.end === job.part.length && pieces.length <= MOST.pieces;
  must(isWhole && pieces.at(-1)?.sourceSha256 === sourceSha256, 'the pieces do not end in this part');
  const seen = pieces.map((piece) => {
    const part = job.partOf(piece.flow, piece.part);
    must(part !== null && job.once(part, 'sha256', sha256) === piece.sourceSha256, 'the part of a piece is not the one certified');
    return cut(follow(piece.layers, alone(part), piece.at, { ...job, spelled: null }), piece.at);
  });
  const bytes = Buffer.concat(seen.map((piece) => piece.bytes));
  must(sha256(bytes) === layer.sha256, 'the joined layer holds other bytes');
  return { bytes, before: seen[0]?.before ?? bytes, after: seen.at(-1)?.after ?? bytes };
}

function follow(layers: readonly Layer[], from: Seen, at: Range, job: Job): Seen {
  must(layers.length <= MOST.layers, 'too many layers');
  return layers.reduce((seen, layer, i) => {
    const { encoding, start, end } = layer;
    const [piece, next, undo] = [cut(seen, layer), layers[i + 1] ?? at, DECODERS.get(encoding.op)];
    const decode = (): Seen => (undo === undefined ? digested(encoding, piece.bytes, job.spelled) : undo(piece));
    const again = undo === undefined ? decode : (): Seen => job.once(seen.bytes, `${encoding.op} ${start} ${end}`, decode);
    const out = encoding.op === 'derived' ? intoCall(encoding, piece.bytes, next, job) : again();
    must(job.once(out.bytes, 'sha256', sha256) === layer.sha256, `the ${encoding.op} layer holds other bytes`);
    const isLast = i === layers.length - 1 && at.start === 0 && at.end === out.bytes.length;
    must(undo !== undefined || encoding.op === 'derived' || isLast, 'a digest is of a whole spelling, and nothing lies behind it');
    return out;
  }, from);
}

/** What went into a call that a hook saw, by what came out of it. */
function intoCall({ derivation, from }: Encoding & { op: 'derived' }, piece: Uint8Array, next: Range, job: Job): Seen {
  const call = job.derivation(derivation);
  const end = from + piece.length;
  const isOutput = Number.isInteger(from) && from >= 0 && piece.length >= 16;
  must(call !== null && isOutput && same(call.output.subarray(from, end), piece), 'no such hooked call gave these bytes');
  // A cipher works in blocks of 16: what a stretch of its output tells of lies about there in its input.
  const isThere = call.op === 'cipher' && next.start >= from - 16 && next.end <= end + 16;
  must(piece.length === call.output.length || isThere, 'these bytes of the output do not tell of that input');
  must(gives(call), 'the digest or coding of what went in is not what came out');
  return alone(call.input);
}

/** Whether a call without a key gives this output for this input; a MAC or cipher cannot be done again. */
function gives({ op, algorithm, input, output }: HookedCall): boolean {
  if (op === 'base64') return isBase64Of(latin1(output).replace(/\s/g, ''), input);
  if (op === 'gzip') return same(gunzipSync(output, { maxOutputLength: input.length }), input);
  const [, name] = /^(md5|sha-?(?:1|224|256|384|512)|sm3)$/i.exec(op === 'digest' ? algorithm : '') ?? [];
  return name === undefined || same(createHash(name.replace('-', '')).update(input).digest(), output);
}

/** Whether the text is the base64 of the bytes, in any alphabet: each character stands for one other, throughout. */
function isBase64Of(text: string, input: Uint8Array): boolean {
  const usual = Buffer.from(input).toString('base64').replace(/=+$/, '');
  const pairs = new Set([...usual].map((char, i) => `${char}${text[i] ?? ''}`));
  const [left, right] = [0, 1].map((side) => new Set([...pairs].map((pair) => pair[side])).size);
  return /^(.?)\1?$/.test(text.slice(usual.length)) && text.length >= usual.length && left === pairs.size && right === pairs.size;
}

/** The spelling, where its digest is what was found. */
function digested(encoding: Encoding, found: Uint8Array, spelled: Uint8Array | null): Seen {
  must(spelled !== null && same(digestOf(encoding, spelled), found), `not the ${encoding.op} of the value`);
  return alone(spelled);
}

function digestOf(encoding: Encoding, bytes: Uint8Array): Uint8Array {
  if (encoding.op === 'hmac') return digest(encoding.digest, bytes, String(encoding.key));
  if (encoding.op === 'salted') return digest(encoding.digest, Buffer.concat([utf8(encoding.before), bytes, utf8(encoding.after)]));
  if (encoding.op !== 'digest-of-digest') return digest(encoding.op, bytes);
  const inner = digest(encoding.inner, bytes);
  const hex = inner.toString('hex');
  const written = { 'hex-lower': hex, 'hex-upper': hex.toUpperCase(), base64: inner.toString('base64'), raw: inner };
  return digest(encoding.outer, Buffer.from(written[encoding.as]));
}

const utf8 = (text: string): Uint8Array => Buffer.from(String(text));

/** A digest, or under a key its HMAC. */
function digest(name: string, bytes: Uint8Array, key?: string): Buffer {
  // The trailer of gzip (RFC 1952) holds the CRC-32, little-endian.
  if (name === 'crc32' && key === undefined) return Buffer.from(gzipSync(bytes).subarray(-8, -4).toReversed());
  const [, algorithm, middle] = /^(sha1|sha224|sha256|sha384|sha512|sm3|md5)((?<=md5)-16)?$/.exec(name) ?? [];
  must(algorithm !== undefined, `${name} is not known`);
  const made = (key === undefined ? createHash(algorithm) : createHmac(algorithm, key)).update(bytes).digest();
  return middle === undefined ? made : made.subarray(4, 12);
}

/** Whether digits stand right beside a number: then it is a stretch of another one. */
function isLonger(seen: Seen, { type, text }: ManifestValue, form: string): boolean {
  const isHex = (type === 'mac' || type === 'bssid') && form.startsWith('no-separator');
  const isNumber = /^\d{6,}[Xx]?$/.test(text);
  const digit = isHex ? '[0-9a-fA-F]' : isNumber ? '(?:[0-9]|\xef\xbc[\x90-\x99])' : form.startsWith('geohash') ? '[0-9a-zA-Z]' : '(?!)';
  const { before, after } = form.startsWith('utf-16') ? (DECODERS.get(form)?.(seen) ?? seen) : seen;
  return new RegExp(`${digit}$`).test(latin1(before)) || new RegExp(`^${digit}`).test(latin1(after));
}
