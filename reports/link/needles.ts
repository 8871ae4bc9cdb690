import type { Derivation } from '../../harness/model/event.js';
import type { Level } from '../../harness/model/finding.js';
import type { CanaryType, ManifestValue } from '../../harness/model/values.js';
import { appSetOf, isPublicPackage, type AppSet } from './app-set.js';
import type { Stretch } from './certificate.js';
import {
  DEEP,
  deepValues,
  digestOf,
  digestText,
  planDigests,
  USUAL,
  type DigestEncoding,
  type DigestPlan,
  type TypeCount,
  RARE,
  DEEP_OFTEN,
} from './digests.js';
import { createKernel, MIN_NEEDLE, type Kernel } from './kernel.js';
import type { Match, Matcher } from './matcher.js';
import { matchersFor } from './matchers.js';
import { bytesOf, spellings, type Boundary, type Spelling } from './spelling.js';

/** What a find proves. */
export type Needle =
  | {
      readonly kind: 'literal';
      readonly value: ManifestValue;
      readonly form: string;
      readonly boundary: Boundary;
      readonly bytes: Uint8Array;
      /** The highest level that such a find may have; null: its form decides. */
      readonly cap: Level | null;
    }
  | DigestNeedle
  | DerivedNeedle
  | Match;

/** The digest of a value in one form. */
export interface DigestNeedle {
  readonly kind: 'digest';
  readonly value: ManifestValue;
  readonly form: string;
  readonly encoding: DigestEncoding;
  readonly bytes: Uint8Array;
  /** What was digested. */
  readonly spelled: Uint8Array;
  /** The highest level that such a find may have; null: its bits decide. */
  readonly cap: Level | null;
}

/** What a hooked call gave, or a stretch of what a cipher gave. */
export interface DerivedNeedle {
  readonly kind: 'derived';
  readonly derivation: Derivation;
  readonly bytes: Uint8Array;
  /** Null: the whole output. */
  readonly stretch: Stretch | null;
}

/** What the kernel may find. */
type KernelNeedle = Exclude<Needle, Match>;

/** All that is looked for. */
export interface Needles {
  readonly kernel: Kernel;
  /** The needle of a kernel index. A digest is made when it is found: a run has far more of them than it finds. */
  at(index: number): KernelNeedle;
  /** Takes another needle into the kernel. */
  add(needle: DerivedNeedle): void;
  /** MD5 middles, by their 8 bytes as latin1. */
  readonly middles: { get(bytes: string): DigestNeedle | undefined };
  readonly matchers: readonly Matcher[];
  /** Spellings of a value: how often chance could have hit it. */
  readonly forms: ReadonlyMap<ManifestValue['id'], number>;
  readonly apps: AppSet;
}

/** Below so many bits anyone's table turns a digest back, and chance makes the same input: no digest is looked for. */
const MIN_DIGEST_BITS = 15;

/** A digest of which the bytes stand in the kernel alone. */
interface Coded {
  readonly kind: 'coded';
  readonly value: ManifestValue;
  readonly form: string;
  readonly encoding: DigestEncoding;
}

interface Tables {
  readonly kernel: Kernel;
  /** By kernel index. */
  readonly list: (Exclude<KernelNeedle, DigestNeedle> | Coded)[];
  readonly middles: Map<string, Coded>;
  readonly deep: ReadonlySet<ManifestValue>;
  readonly plan: DigestPlan;
  /** Room for a digest of each length, on its way into the kernel. */
  readonly rooms: Map<number, Buffer>;
}

/** Builds the tables for all values and placebos of a run. */
export function buildNeedles(values: readonly ManifestValue[]): Needles {
  const names = new Map(
    values.flatMap((v) => (v.group !== null && (v.type === 'name' || v.type === 'contact_name') ? [[v.group, v]] : [])),
  );
  const spell = (value: ManifestValue): readonly Spelling[] =>
    spellings(value, value.group === null ? null : (names.get(value.group) ?? null));
  const kernel = createKernel(values.length * 20);
  const tables: Tables = {
    kernel,
    list: [],
    middles: new Map(),
    rooms: new Map(),
    deep: new Set(deepValues(values)),
    plan: planDigests(
      countTypes(
        values.filter(({ origin }) => origin !== 'placebo'),
        spell,
      ),
    ),
  };
  const forms = new Map<ManifestValue['id'], number>();
  for (const value of values) {
    const list = spell(value);
    forms.set(value.id, Math.max(1, list.filter(({ literal, form }) => literal && !UNLIKELY.has(form)).length));
    addValue(tables, value, list);
  }
  const { list, middles } = tables;
  const whole = onceEach((coded) => digestNeedle(coded, spell(coded.value)));
  return {
    kernel,
    at: (index) => {
      const entry = list[index] as (typeof list)[number];
      return entry.kind === 'coded' ? whole(entry) : entry;
    },
    add: (needle) => {
      kernel.add(needle.bytes);
      list.push(needle);
    },
    middles: {
      get: (bytes) => {
        const coded = middles.get(bytes);
        return coded === undefined ? undefined : digestNeedle({ ...coded, encoding: { op: 'md5-16' } }, spell(coded.value));
      },
    },
    matchers: matchersFor(values, kernel),
    forms,
    apps: appSetOf(values),
  };
}

function onceEach(make: (coded: Coded) => DigestNeedle): (coded: Coded) => DigestNeedle {
  const made = new WeakMap<Coded, DigestNeedle>();
  return (coded) => {
    const needle = made.get(coded) ?? make(coded);
    made.set(coded, needle);
    return needle;
  };
}

const SAMPLES = 8;

function countTypes(
  values: readonly ManifestValue[],
  spell: (value: ManifestValue) => readonly Spelling[],
): ReadonlyMap<CanaryType, TypeCount> {
  const types = new Map<CanaryType, TypeCount>();
  for (const value of values) {
    const count = types.get(value.type) ?? { values: 0, samples: [] };
    types.set(value.type, count);
    count.values += 1;
    if (count.samples.length < SAMPLES) count.samples.push(spell(value));
  }
  return types;
}

/** Forms in which hardly anything is written: chance has no more goes by them. */
const UNLIKELY: ReadonlySet<string> = new Set(['reversed', 'utf-16le', 'utf-16be']);

function addValue(tables: Tables, value: ManifestValue, list: readonly Spelling[]): void {
  const isPublic = isPublicPackage(value);
  for (const spelling of list) {
    const bytes = bytesOf(spelling);
    if (bytes === null) continue;
    const { form, boundary, literal, digested } = spelling;
    if (literal && bytes.length >= MIN_NEEDLE) {
      tables.kernel.add(bytes);
      tables.list.push({ kind: 'literal', value, form, boundary, bytes, cap: isPublic ? 'C2' : null });
    }
    if (digested === 'never' || (value.bits < MIN_DIGEST_BITS && !isPublic)) continue;
    // No chance makes a digest: a few of placebos do for the false-positive rate.
    const planned = value.origin !== 'placebo' ? tables.plan(value.type, digested) : form === 'raw' ? USUAL : [];
    // The value as it is in every digest, however many values there are.
    const all = form === 'raw' && value.origin !== 'placebo' ? new Set([...planned, ...RARE]) : planned;
    for (const encoding of isPublic ? USUAL : all) addDigest(tables, { kind: 'coded', value, form, encoding }, bytes);
    if (tables.deep.has(value))
      for (const encoding of digested === 'usual' ? DEEP : DEEP_OFTEN) addDigest(tables, { kind: 'coded', value, form, encoding }, bytes);
  }
}

function addDigest({ kernel, list, middles, rooms }: Tables, coded: Coded, bytes: Uint8Array): void {
  const text = digestText(coded.encoding, bytes);
  const digest = rooms.get(text.length) ?? Buffer.alloc(text.length);
  rooms.set(text.length, digest);
  digest.write(text, 'latin1');
  kernel.add(digest);
  list.push(coded);
  if (coded.encoding.op !== 'md5') return;
  kernel.addMiddle(digest.subarray(4, 12));
  middles.set(text.slice(4, 12), coded);
}

function digestNeedle({ value, form, encoding }: Coded, list: readonly Spelling[]): DigestNeedle {
  const spelling = list.find((s) => s.form === form);
  const spelled = spelling === undefined ? null : bytesOf(spelling);
  if (spelled === null) throw new Error('a digest is of a spelling');
  const cap = isPublicPackage(value) ? 'C2' : null;
  return { kind: 'digest', value, form, encoding, bytes: digestOf(encoding, spelled), spelled, cap };
}
