// Shows a link again from its certificate alone. On purpose nothing is shared with the linker: a fault in one must not hide in the other.
import { createHash, createHmac } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Certificate, Encoding, JoinedPiece } from '../../harness/model/finding.js';
import type { Replayed, ReplayParts } from '../../harness/model/replay.js';
import { isPart, shows, spell } from './replay-forms.js';
import { alone, cut, DECODERS, must, type Seen } from './replay-layers.js';

type Hashed = Seen & { readonly sha256: string };
/** `spelled`: the value in the form, null where no digest may lead to it; `once`: what was made of bytes before, or is now. */
interface Job extends ReplayParts {
  readonly spelled: Uint8Array | null;
  once(bytes: Uint8Array, key: string, make: () => Seen): Hashed;
}

const MOST_BYTES = 512 * 1024 * 1024;
const HASH = /^(?:md5|sha(?:1|224|256|384|512)|sm3)$/;
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const utf8 = (text: string): Uint8Array => Buffer.from(String(text));
const hashed = (seen: Seen): Hashed => ({ ...seen, sha256: digest('sha256', seen.bytes).toString('hex') });
const whole = (bytes: Uint8Array, job: Job): Hashed => job.once(bytes, 'whole', () => alone(bytes));

/** A replay of certificates over the same bytes, each layer undone once. It never throws: a certificate is data from a file. */
export function createReplay(): (certificate: Certificate, parts: ReplayParts) => Replayed {
  const known = new WeakMap<Uint8Array, Map<string, Hashed>>();
  return (certificate, parts) => {
    let left = MOST_BYTES;
    const once: Job['once'] = (bytes, key, make) => {
      must((left -= bytes.length) >= 0, 'it would take too much work');
      const mine = known.get(bytes) ?? new Map<string, Hashed>();
      known.set(bytes, mine);
      if (!mine.has(key)) mine.set(key, hashed(make()));
      return mine.get(key) as Hashed;
    };
    try {
      const { form, sourceSha256 } = certificate;
      must(certificate.value === parts.value.id, 'another value');
      const job = { ...parts, once, spelled: spell(parts.value, parts.name, form) };
      const seen = follow(certificate, whole(parts.part, job), sourceSha256, job);
      must(job.spelled === null ? shows(parts.value, form, seen) : same(job.spelled, seen.bytes), 'the bytes are not the value');
      must(isSalted(certificate, job) || !isPart(parts.value, form, seen), 'the value is part of a longer number');
      return { ok: true };
    } catch (error) {
      return { ok: false, why: error instanceof Error ? error.message : String(error) };
    }
  };
}

/** Whether the value lies in a short input of a hooked digest or MAC: there a salt may end in a digit just before it. */
function isSalted({ layers }: Certificate, job: Job): boolean {
  const last = layers.at(-1)?.encoding;
  const call = last?.op === 'derived' ? job.derivation(last.derivation) : null;
  return call !== null && (call.op === 'digest' || call.op === 'mac') && call.input.length <= 128;
}

/** From a part as sent down to the stretch that is meant. */
function follow({ layers, at }: Pick<Certificate, 'layers' | 'at'>, part: Hashed, sourceSha256: string, job: Job): Seen {
  must(part.sha256 === sourceSha256, 'the part as sent is not the one certified');
  const last = layers.reduce((seen, { encoding, start, end, sha256 }, i) => {
    const [piece, undo] = [cut(seen, { start, end }), DECODERS.get(encoding.op)];
    const open = (): Hashed => {
      if (undo !== undefined) return job.once(seen.bytes, `${encoding.op} ${start} ${end}`, () => undo(piece));
      if (encoding.op === 'derived') return intoCall(encoding, piece.bytes, layers[i + 1] ?? at, job);
      if (encoding.op === 'joined') {
        must(seen === part && piece.bytes.length === part.bytes.length, 'pieces are put together first, and end in the whole part');
        return join(encoding.pieces, sourceSha256, job);
      }
      must(job.spelled !== null && same(digestOf(encoding, job.spelled), piece.bytes), `not the ${encoding.op} of the value`);
      return whole(job.spelled, job);
    };
    const out = open();
    must(out.sha256 === sha256, `the ${encoding.op} layer holds other bytes`);
    return out;
  }, part);
  return cut(last, at);
}

/** Pieces of requests put together: one of each, or two of one. In what order they belong only the requests themselves tell. */
function join(pieces: readonly JoinedPiece[], sourceSha256: string, job: Job): Hashed {
  must(pieces.at(-1)?.sourceSha256 === sourceSha256, 'the pieces do not end in this part');
  must(pieces.length === 2 || new Set(pieces.map(({ flow }) => flow)).size === pieces.length, 'too many pieces of one request');
  const seen = pieces.map((piece) => {
    const part = job.partOf(piece.flow, piece.part);
    must(part !== null, 'there is no such part of a piece');
    const stretch = follow(piece, whole(part, job), piece.sourceSha256, { ...job, spelled: null, partOf: () => null });
    must(stretch.bytes.length >= 3, 'a piece is too short to tell');
    return stretch;
  });
  const bytes = Buffer.concat(seen.map((piece) => piece.bytes));
  return job.once(bytes, 'joined', () => ({ bytes, before: seen[0]?.before ?? bytes, after: seen.at(-1)?.after ?? bytes }));
}

/** What went into a call that a hook saw, by what came out of it. */
function intoCall({ derivation, from }: Encoding & { op: 'derived' }, piece: Uint8Array, next: Certificate['at'], job: Job): Hashed {
  const [call, end] = [job.derivation(derivation), from + piece.length];
  const isOutput = Number.isInteger(from) && from >= 0 && piece.length >= 16;
  must(call !== null && isOutput && same(call.output.subarray(from, end), piece), 'no such hooked call gave these bytes');
  // A cipher works in blocks of 16: what a stretch of its output tells of lies about there in its input.
  const isThere = call.op === 'cipher' && next.start >= from - 16 && next.end <= end + 16;
  must(piece.length === call.output.length || isThere, 'these bytes of the output do not tell of that input');
  // A MAC or cipher cannot be done again, and what a hook saw of it is believed; a digest can.
  const name = call.op === 'digest' ? call.algorithm.toLowerCase().replace('-', '') : '';
  must(!HASH.test(name) || same(digest(name, call.input), call.output), 'the digest of what went in is not what came out');
  return whole(call.input, job);
}

/** The digest of a spelling, in one of the ways that there are. */
function digestOf(encoding: Encoding, bytes: Uint8Array): Uint8Array {
  if (encoding.op === 'hmac') return digest(encoding.digest, bytes, encoding.key);
  if (encoding.op === 'salted') return digest(encoding.digest, Buffer.concat([utf8(encoding.before), bytes, utf8(encoding.after)]));
  if (encoding.op !== 'digest-of-digest') return digest(encoding.op, bytes);
  const inner = digest(encoding.inner, bytes);
  const hex = inner.toString('hex');
  const written = { 'hex-lower': hex, 'hex-upper': hex.toUpperCase(), base64: inner.toString('base64'), raw: inner };
  return digest(encoding.outer, Buffer.from(written[encoding.as]));
}

/** A digest, or under a key its HMAC. */
function digest(name: string, bytes: Uint8Array, key?: string): Buffer {
  if (name === 'md5-16') return digest('md5', bytes, key).subarray(4, 12);
  if (name === 'crc32' && key === undefined) return Buffer.from(crc32(bytes).toString(16).padStart(8, '0'), 'hex');
  must(HASH.test(name), `${name} is not known`);
  return (key === undefined ? createHash(name) : createHmac(name, key)).update(bytes).digest();
}
