// Shows a link again from its certificate alone. On purpose nothing is shared with the linker: a fault in one must not hide in the other.
import { createHash, createHmac } from 'node:crypto';
import type { Derivation, EventId } from '../../harness/model/event.js';
import type { Certificate, DigestName, Encoding, JoinedPiece, Span } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import { shows, spell } from './replay-forms.js';
import { alone, Broken, cut, decode, latin1, unpack, type Seen } from './replay-layers.js';

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

type Range = Certificate['at'];
type Layer = Certificate['layers'][number];
interface Job {
  readonly certificate: Certificate;
  readonly parts: ReplayParts;
  hash(bytes: Uint8Array): string;
  /** Undoes a layer that tells by itself how. */
  undo(seen: Seen, layer: Layer): Seen | null;
}

const MOST_LAYERS = 64;
const MOST_PIECES = 4096;
/** Bytes that one certificate may have hashed and decoded. */
const MOST_BYTES = 512 * 1024 * 1024;
const BLOCK = 16;
const DIGESTS: readonly string[] = ['md5', 'md5-16', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sm3', 'crc32'] satisfies DigestName[];

/** Re-runs one certificate's chain. Never throws: a certificate is data from a file. */
export function replay(certificate: Certificate, parts: ReplayParts): Replayed {
  return createReplay()(certificate, parts);
}

/** A replay that hashes each part and undoes each layer once; for many certificates over the same unchanged bytes. */
export function createReplay(): (certificate: Certificate, parts: ReplayParts) => Replayed {
  const hashes = new WeakMap<Uint8Array, string>();
  const undone = new WeakMap<Uint8Array, Map<string, Seen | null>>();
  return (certificate, parts) => {
    let left = MOST_BYTES;
    const spend = (bytes: Uint8Array): void => {
      if ((left -= bytes.length) < 0) throw new Broken('it would take too much work');
    };
    const hash = (bytes: Uint8Array): string => {
      const known = hashes.get(bytes);
      if (known !== undefined) return known;
      spend(bytes);
      const made = createHash('sha256').update(bytes).digest('hex');
      hashes.set(bytes, made);
      return made;
    };
    const undo = (seen: Seen, layer: Layer): Seen | null => {
      const key = `${layer.encoding.op} ${layer.start} ${layer.end}`;
      const known = undone.get(seen.bytes) ?? new Map<string, Seen | null>();
      undone.set(seen.bytes, known);
      const piece = cut(seen, layer);
      if (!known.has(key)) spend(piece.bytes);
      const out = known.has(key) ? (known.get(key) ?? null) : decode(layer.encoding.op, piece);
      known.set(key, out);
      return out;
    };
    try {
      run({ certificate, parts, hash, undo });
      return { ok: true };
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
  };
}

function run(job: Job): void {
  const { certificate, parts, hash } = job;
  const { layers, at, form } = certificate;
  if (certificate.value !== parts.value.id) throw new Broken('another value');
  if (hash(parts.part) !== certificate.sourceSha256) throw new Broken('the part as sent is not the one certified');
  const [first] = layers;
  const joined = first?.encoding.op === 'joined' ? join(first.encoding.pieces, first, job) : null;
  const spelled = spell(parts.value, parts.name, form);
  const reached = follow(joined === null ? layers : layers.slice(1), joined ?? alone(parts.part), { ...job, at, spelled });
  const seen = cut(reached, at);
  if (spelled === null ? !shows(parts.value, form, seen) : Buffer.compare(spelled, seen.bytes) !== 0)
    throw new Broken('the bytes are not the value');
  if (isLonger(seen, parts.value, form)) throw new Broken('the value is part of a longer number');
}

/** Pieces of requests put together. */
function join(pieces: readonly JoinedPiece[], layer: Layer, job: Job): Seen {
  const { parts, certificate, hash } = job;
  if (
    pieces.length > MOST_PIECES ||
    pieces.at(-1)?.sourceSha256 !== certificate.sourceSha256 ||
    layer.start !== 0 ||
    layer.end !== parts.part.length
  )
    throw new Broken('the pieces do not end in this part');
  const seen = pieces.map(({ flow, part, sourceSha256, layers, at }) => {
    const bytes = parts.partOf(flow, part);
    if (bytes === null || hash(bytes) !== sourceSha256) throw new Broken(`the ${part} of ${flow} is not the one certified`);
    return cut(follow(layers, alone(bytes), { ...job, at, spelled: null }), at);
  });
  const bytes = Buffer.concat(seen.map((piece) => piece.bytes));
  if (hash(bytes) !== layer.sha256) throw new Broken('the joined layer holds other bytes');
  return { bytes, before: (seen[0] ?? alone(bytes)).before, after: (seen.at(-1) ?? alone(bytes)).after };
}

interface Way extends Job {
  readonly at: Range;
  /** The value in the certificate's form; null where no digest may lead to it. */
  readonly spelled: Uint8Array | null;
}

function follow(layers: readonly Layer[], from: Seen, way: Way): Seen {
  if (layers.length > MOST_LAYERS) throw new Broken('too many layers');
  let seen = from;
  for (const [i, layer] of layers.entries()) {
    const { op } = layer.encoding;
    const next = layers[i + 1] ?? way.at;
    const out = op === 'derived' ? intoCall(layer.encoding, cut(seen, layer).bytes, { next, way }) : way.undo(seen, layer);
    seen = out ?? digested(layer.encoding, cut(seen, layer).bytes, way.spelled);
    if (out === null && (i < layers.length - 1 || way.at.start !== 0 || way.at.end !== seen.bytes.length))
      throw new Broken('a digest is of a whole spelling, and nothing lies behind it');
    if (way.hash(seen.bytes) !== layer.sha256) throw new Broken(`the ${op} layer holds other bytes`);
  }
  return seen;
}

/** What went into a call that a hook saw, by what came out of it. */
function intoCall(
  { derivation, from }: Extract<Encoding, { op: 'derived' }>,
  piece: Uint8Array,
  { next, way }: { readonly next: Range; readonly way: Way },
): Seen {
  const call = way.parts.derivation(derivation);
  if (call === null) throw new Broken('no such hooked call');
  const { op, algorithm, input, output } = call;
  const end = from + piece.length;
  if (!Number.isInteger(from) || from < 0 || piece.length < 16 || Buffer.compare(output.subarray(from, end), piece) !== 0)
    throw new Broken('the hooked call gave other bytes');
  const whole = from === 0 && end === output.length;
  if (!whole && (op !== 'cipher' || next.start < from - BLOCK || next.end > end + BLOCK))
    throw new Broken('these bytes of the output do not tell of that input');
  if (!gives(call)) throw new Broken(`the ${algorithm} of what went in is not what came out`);
  return alone(input);
}

/** Whether a call without a key gives this output for this input; a MAC or cipher cannot be done again. */
function gives({ op, algorithm, input, output }: HookedCall): boolean {
  if (op === 'base64') return Buffer.compare(Buffer.from(latin1(output).replace(/\s/g, ''), 'base64'), input) === 0;
  if (op === 'gzip') return Buffer.compare(unpack('gzip', output), input) === 0;
  const [, md5, sha, sm3] = (op === 'digest' && /^(?:(md5)|sha-?(1|224|256|384|512)|(sm3))$/i.exec(algorithm)) || [];
  const name = md5 ?? sm3 ?? (sha === undefined ? undefined : `sha${sha}`);
  return name === undefined || createHash(name).update(input).digest().equals(output);
}

/** The spelling whose digest the bytes are. */
function digested(encoding: Encoding, bytes: Uint8Array, spelled: Uint8Array | null): Seen {
  const made = spelled === null ? null : digestOf(encoding, spelled);
  if (spelled === null || made === null || Buffer.compare(made, bytes) !== 0) throw new Broken(`not the ${encoding.op} of the value`);
  return alone(spelled);
}

function digestOf(encoding: Encoding, bytes: Uint8Array): Uint8Array | null {
  if (encoding.op === 'salted')
    return digest(encoding.digest, Buffer.concat([Buffer.from(String(encoding.before)), bytes, Buffer.from(String(encoding.after))]));
  if (encoding.op === 'hmac') return digest(encoding.digest, bytes, String(encoding.key));
  if (encoding.op !== 'digest-of-digest') return digest(encoding.op, bytes);
  const inner = digest(encoding.inner, bytes);
  const hex = inner?.toString('hex') ?? '';
  const written = { 'hex-lower': hex, 'hex-upper': hex.toUpperCase(), base64: inner?.toString('base64'), raw: inner }[encoding.as];
  return written && inner ? digest(encoding.outer, Buffer.from(written)) : null;
}

/** A digest, or with a key its HMAC; null: no such digest. */
function digest(name: string, bytes: Uint8Array, key: string | null = null): Buffer | null {
  if (!DIGESTS.includes(name) || (name === 'crc32' && key !== null)) return null;
  if (name === 'crc32') return crc32(bytes);
  const algorithm = name === 'md5-16' ? 'md5' : name;
  const made = (key === null ? createHash(algorithm) : createHmac(algorithm, key)).update(bytes).digest();
  return name === 'md5-16' ? made.subarray(4, 12) : made;
}

function crc32(bytes: Uint8Array): Buffer {
  let rest = -1;
  for (const byte of bytes) {
    rest ^= byte;
    for (let bit = 0; bit < 8; bit += 1) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  }
  const out = Buffer.alloc(4);
  out.writeInt32BE(~rest);
  return out;
}

/** Whether digits stand right beside a number: then it is a stretch of another one. */
function isLonger(seen: Seen, { type, text }: ManifestValue, form: string): boolean {
  if (/^geohash/.test(form)) return /[0-9a-z]$/i.test(latin1(seen.before)) || /^[0-9a-z]/i.test(latin1(seen.after));
  const isHex = (type === 'mac' || type === 'bssid') && form.startsWith('no-separator');
  if (!isHex && !/^\d{6,}[Xx]?$/.test(text)) return false;
  const { before, after } = (form.startsWith('utf-16') ? decode(form, seen) : null) ?? seen;
  const digit = isHex ? '[0-9a-fA-F]' : '(?:[0-9]|\xef\xbc[\x90-\x99])';
  return new RegExp(`${digit}$`).test(latin1(before)) || new RegExp(`^${digit}`).test(latin1(after));
}
