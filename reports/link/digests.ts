import { createHmac, hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { DigestName, Encoding } from '../../harness/model/finding.js';
import type { CanaryType, ManifestValue } from '../../harness/model/values.js';
import { KNOWN_SALTS } from './salts.js';
import type { Spelling } from './spelling.js';

/** A step that only a known value can undo: its digest, in one of several ways. */
export type DigestEncoding = Extract<Encoding, { readonly op: DigestName | 'digest-of-digest' | 'salted' | 'hmac' }>;
type TwoDeep = Extract<Encoding, { readonly op: 'digest-of-digest' }>;

/** Digests that apps use every day, and those that some library offers. */
export const USUAL: readonly DigestEncoding[] = (['md5', 'sha1', 'sha256', 'sm3'] as const).map((op) => ({ op }));
export const RARE: readonly DigestEncoding[] = (['sha224', 'sha384', 'sha512'] as const).map((op) => ({ op }));
const WAYS = ['md5', 'sha1', 'sha256', 'sm3'] as const;
const WRITTEN = ['hex-lower', 'hex-upper', 'raw', 'base64'] as const;
/** Digests of digests, of which a run looks for few values; those with a known salt. */
export const DEEP: readonly DigestEncoding[] = [
  ...WAYS.flatMap((outer) =>
    WAYS.flatMap((inner) => WRITTEN.map((as) => ({ op: 'digest-of-digest', outer, inner, as }) satisfies DigestEncoding)),
  ),
  ...KNOWN_SALTS.map((salt) => salt.encoding),
];

/** Of these digests of digests every spelling is looked for: an SDK digests what another has digested already. */
export const DEEP_OFTEN: readonly DigestEncoding[] = (['md5', 'sha1', 'sha256'] as const).flatMap((outer) =>
  (['hex-lower', 'hex-upper'] as const).map((as) => ({ op: 'digest-of-digest', outer, inner: 'md5', as }) satisfies DigestEncoding),
);

/** A digest as characters of the same number: so many small buffers would cost more than the digests. Text to be digested is ASCII. */
function named(name: DigestName, bytes: Uint8Array | string): string {
  if (name === 'md5-16') return hash('md5', bytes, 'binary').slice(4, 12);
  if (name !== 'crc32') return hash(name, bytes, 'binary');
  const out = Buffer.alloc(4);
  out.writeUInt32BE(crc32(bytes));
  return out.toString('latin1');
}

/** The digest of bytes. */
export function digestOf(encoding: DigestEncoding, bytes: Uint8Array): Uint8Array {
  return Buffer.from(digestText(encoding, bytes), 'latin1');
}

/** The same as latin1 text. */
export function digestText(encoding: DigestEncoding, bytes: Uint8Array): string {
  switch (encoding.op) {
    case 'digest-of-digest':
      return named(encoding.outer, writtenDigest(encoding, bytes));
    case 'salted':
      return named(encoding.digest, Buffer.concat([Buffer.from(encoding.before), bytes, Buffer.from(encoding.after)]));
    case 'hmac':
      return encoding.digest === 'md5-16'
        ? createHmac('md5', encoding.key).update(bytes).digest('binary').slice(4, 12)
        : createHmac(encoding.digest, encoding.key).update(bytes).digest('binary');
    default:
      return named(encoding.op, bytes);
  }
}

function writtenDigest({ inner, as }: TwoDeep, bytes: Uint8Array): Uint8Array | string {
  if (as === 'raw' || inner === 'md5-16' || inner === 'crc32') return writtenAs(as, Buffer.from(named(inner, bytes), 'latin1'));
  if (as === 'base64') return hash(inner, bytes, 'base64');
  const hex = hash(inner, bytes, 'hex');
  return as === 'hex-upper' ? hex.toUpperCase() : hex;
}

function writtenAs(as: TwoDeep['as'], digest: Buffer): Uint8Array | string {
  if (as === 'raw') return digest;
  if (as === 'base64') return digest.toString('base64');
  const hex = digest.toString('hex');
  return as === 'hex-upper' ? hex.toUpperCase() : hex;
}

/** Handset ids and its own number: of these digests of digests are looked for. */
const DEVICE: ReadonlySet<CanaryType> = new Set(['imei', 'imsi', 'iccid', 'android_id', 'oaid', 'mac', 'serial', 'phone', 'email']);
/** So many of a run's values. */
const MOST_DEEP = 100;

/** The values of which digests of digests, salted ones and CRCs are looked for. */
export function deepValues(values: readonly ManifestValue[]): readonly ManifestValue[] {
  return values.filter(({ type, origin }) => DEVICE.has(type) && origin !== 'placebo').slice(0, MOST_DEEP);
}

/** Which digests of a value's spellings are looked for. */
export type DigestPlan = (type: CanaryType, digested: Spelling['digested']) => readonly DigestEncoding[];

const TIERS = [
  { digested: 'usual', encodings: RARE },
  { digested: 'rare', encodings: USUAL },
  { digested: 'rare', encodings: RARE },
] as const;
/** Digests of a run, but for the usual ones of usual spellings, which are always looked for: each costs about 2 µs and 100 bytes. */
const MOST = 120_000;

/** The values of one type: how many, and some of them in their spellings. */
export interface TypeCount {
  values: number;
  readonly samples: (readonly Spelling[])[];
}

/**
 * Plans the digests of a run: the usual ones of usual spellings of every value; beyond that, whole types at a time, those of few values
 * first, as long as there is room below MOST.
 */
export function planDigests(types: ReadonlyMap<CanaryType, TypeCount>): DigestPlan {
  const plan = new Map<string, readonly DigestEncoding[]>([...types.keys()].map((type) => [`${type} usual`, USUAL]));
  const byCount = [...types].toSorted(([, a], [, b]) => a.values - b.values);
  let room = MOST - byCount.reduce((n, [, count]) => n + spellingsOf(count, 'usual') * USUAL.length, 0);
  for (const { digested, encodings } of TIERS)
    for (const [type, count] of byCount) {
      const digests = spellingsOf(count, digested) * encodings.length;
      if (digests > room) continue;
      room -= digests;
      const key = `${type} ${digested}`;
      plan.set(key, [...(plan.get(key) ?? []), ...encodings]);
    }
  return (type, digested) => plan.get(`${type} ${digested}`) ?? [];
}

function spellingsOf({ values, samples }: TypeCount, digested: Spelling['digested']): number {
  return values * Math.max(0, ...samples.map((list) => list.filter((s) => s.digested === digested).length));
}
