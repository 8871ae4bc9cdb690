import { createHash } from 'node:crypto';
import type { Derivation } from '../../harness/model/event.js';
import type { DigestName, Encoding } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import { createKernel, MIN_NEEDLE, type Kernel } from './kernel.js';
import type { Match, Matcher } from './matcher.js';
import { matchersFor } from './matchers.js';
import { spellings, type Boundary } from './spelling.js';

/** A step that only a known value can undo: its digest, in one of several ways. */
export type DigestEncoding = Extract<Encoding, { readonly op: DigestName | 'digest-of-digest' | 'salted' | 'hmac' }>;

/** What a find proves. */
export type Needle =
  | {
      readonly kind: 'literal';
      readonly value: ManifestValue;
      readonly form: string;
      readonly boundary: Boundary;
      readonly bytes: Uint8Array;
    }
  | {
      readonly kind: 'digest';
      readonly value: ManifestValue;
      readonly form: string;
      readonly encoding: DigestEncoding;
      readonly bytes: Uint8Array;
      /** What was digested. */ readonly spelled: Uint8Array;
    }
  | { readonly kind: 'derived'; readonly derivation: Derivation; readonly bytes: Uint8Array }
  | Match;

/** All that is looked for. */
export interface Needles {
  readonly kernel: Kernel;
  /** By kernel index. */
  readonly list: Needle[];
  /** MD5 middles, by their 8 bytes as latin1. */
  readonly middles: ReadonlyMap<string, Needle>;
  readonly matchers: readonly Matcher[];
  /** Spellings of a value: how often chance could have hit it. */
  readonly forms: ReadonlyMap<ManifestValue['id'], number>;
}

const DIGESTS = ['md5', 'sha1', 'sha256', 'sm3'] as const;
/** Below so many bits anyone's table turns a digest back, and chance makes the same input: no digest is looked for. */
const MIN_DIGEST_BITS = 15;

/** Builds the tables for all values and placebos of a run. */
export function buildNeedles(values: readonly ManifestValue[]): Needles {
  const kernel = createKernel(values.length * 30);
  const list: Needle[] = [];
  const middles = new Map<string, Needle>();
  const forms = new Map<ManifestValue['id'], number>();
  const push = (needle: Needle & { readonly bytes: Uint8Array }): void => {
    kernel.add(needle.bytes);
    list.push(needle);
  };
  for (const value of values) {
    const spelled = spellings(value);
    forms.set(value.id, Math.max(1, spelled.length));
    for (const { form, bytes, boundary, digested } of spelled) {
      if (bytes.length >= MIN_NEEDLE) push({ kind: 'literal', value, form, boundary, bytes });
      if (!digested || value.bits < MIN_DIGEST_BITS) continue;
      for (const op of DIGESTS) {
        const digest = createHash(op).update(bytes).digest();
        push({ kind: 'digest', value, form, encoding: { op }, bytes: digest, spelled: bytes });
        if (op === 'md5')
          middles.set(digest.toString('latin1', 4, 12), {
            kind: 'digest',
            value,
            form,
            encoding: { op: 'md5-16' },
            bytes: digest.subarray(4, 12),
            spelled: bytes,
          });
      }
    }
  }
  return { kernel, list, middles, matchers: matchersFor(values), forms };
}

/** Adds what a hook saw come out of a crypto call as a needle. */
export function addDerived(needles: Needles, derivation: Derivation, bytes: Uint8Array): void {
  needles.kernel.add(bytes);
  needles.list.push({ kind: 'derived', derivation, bytes });
}
