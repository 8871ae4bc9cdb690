import { order } from '../../harness/model/stamp.js';
import type { Derivation, Flow, ValueId } from '../../harness/model/event.js';
import type { Level } from '../../harness/model/finding.js';
import type { CanaryType, ManifestValue } from '../../harness/model/values.js';
import { spanOf } from '../../harness/model/timeline.js';
import type { Path } from './certificate.js';
import { PHONE_LIKE } from './spelling.js';

/** Bits from which a match cannot be chance. */
const SURE_BITS = 20;
const LIKELY_BITS = 8;
/** A digest or a hooked output is not met by chance; more bits than this are not counted. */
const CODED_BITS = 64;
/** A value with fewer bits than this never becomes sure by what stands beside it. */
const MIN_OWN_BITS = 15;
/** Even a run of three requests is judged as if so many tokens had been tried: nobody knows what a longer run would hold. */
const LEAST_TOKENS = 1024;

const NAMES: ReadonlySet<CanaryType> = new Set(['name', 'contact_name']);

/** Whether a value is a person's name. */
export function isName({ type }: ManifestValue): boolean {
  return NAMES.has(type);
}

/** How often chance had a go in this run. */
export interface Tries {
  /** Words and numbers examined. */
  readonly tokens: number;
  readonly numbers: number;
  /** Needles of each class. */
  readonly needles: ReadonlyMap<string, number>;
  readonly forms: ReadonlyMap<ValueId, number>;
}

/** Values of one class are mistaken for each other: phone numbers of all kinds are one. */
export function classOf(type: CanaryType): string {
  if (PHONE_LIKE.has(type)) return 'phone';
  return NAMES.has(type) ? 'name' : type;
}

const DIGITS = /^\d+[Xx]?$/;

/** Bits by which a find surprises: those of the value in the form found, less what all tries of the run could meet by chance. */
export function surprise(path: Path, tries: Tries): number {
  const tokens = Math.max(LEAST_TOKENS, DIGITS.test(path.value.text) ? tries.numbers : tries.tokens);
  const coded = isCoded(path);
  const needles = tries.needles.get(classOf(path.value.type)) ?? 1;
  const forms = tries.forms.get(path.value.id) ?? 1;
  return bitsOf(path, coded) - Math.log2(tokens) - Math.log2(Math.max(1, needles)) - Math.log2(forms);
}

/** Words that stand in many texts: behind a hooked cipher they are met by chance as often as in plain text. */
const WORDS: ReadonlySet<CanaryType> = new Set([
  'address',
  'ssid',
  'clipboard',
  'job',
  'calendar',
  'file_name',
  'photo_exif',
  'sms_body',
  'email',
]);

/** Whether what was found is not the value as it is written, but bytes that only it gives. */
function isCoded({ kind, derivations, value }: Path): boolean {
  if (kind === 'digest' || derivations.some(({ op }) => op === 'digest' || op === 'mac')) return true;
  return derivations.length > 0 && !NAMES.has(value.type) && !WORDS.has(value.type);
}

function bitsOf(path: Path, coded: boolean): number {
  const { value } = path;
  if (coded) return value.bits < MIN_OWN_BITS ? value.bits : Math.max(CODED_BITS, value.bits);
  return path.bits;
}

/** What one flow holds: the value looked at is among it. */
interface Company {
  readonly paths: readonly Path[];
  readonly totalBits: number;
}

/** The bits of all values in one flow together. `best`: the strongest find of each. */
export function companyOf(best: readonly { readonly path: Path; readonly bits: number }[], tries: Tries): Company {
  const records = new Set<string>();
  let totalBits = 0;
  for (const { path, bits } of best.toSorted((a, b) => b.bits - a.bits)) {
    if (isHint(path)) continue;
    const record = recordOf(path.value);
    // Once one value of a contact is there, its other value could not have been anyone's: the choice among needles was paid for.
    const known = record !== null && records.has(record) ? Math.log2(Math.max(1, tries.needles.get(classOf(path.value.type)) ?? 1)) : 0;
    if (record !== null) records.add(record);
    totalBits += Math.max(0, bits + known);
  }
  return { paths: best.map(({ path }) => path), totalBits };
}

/** Values that belong together: one contact, one SMS, or all that was typed. */
function recordOf(value: ManifestValue): string | null {
  return value.group ?? (value.origin === 'typed' ? 'typed' : null);
}

/** Where a find stands. `hook`: the call that gave the very digest found, if one did. */
interface Setting {
  readonly company: Company;
  readonly flow: Flow;
  readonly hook: Derivation | null;
}

/** How sure it is that the value is in this request. `bits` is the find's own surprise. */
export function levelOf(path: Path, bits: number, { company, flow, hook }: Setting): Level {
  // Whoever matched it has weighed it already: what stands there is less than the value.
  if (path.cap !== null && isHint(path)) return path.cap;
  const level = ownLevel(path, bits, { company, flow, hook });
  return path.cap !== null && path.cap < level ? path.cap : level;
}

/** Whether a find is too weak to speak for others beside it. */
export function isHint({ cap }: Path): boolean {
  return cap !== null && cap <= 'C2';
}

function ownLevel(path: Path, bits: number, { company, flow, hook }: Setting): Level {
  const alone = company.paths.length === 1;
  const coded = isCoded(path);
  const { value } = path;
  if (NAMES.has(value.type) && !coded && !paired(value, company.paths)) return 'C3';
  if (PHONE_LIKE.has(value.type) && alone && !coded) return 'C3';
  const sure = value.bits >= MIN_OWN_BITS && Math.max(bits, company.totalBits) >= SURE_BITS;
  if (!sure) return Math.max(bits, 0) >= LIKELY_BITS || company.totalBits >= SURE_BITS ? 'C3' : 'C1';
  if (path.blended) return 'C3';
  const hooks = hook === null ? path.derivations : [hook];
  return hooks.length > 0 && hooks.every((d) => isBefore(d, flow)) ? 'C5' : 'C4';
}

// A call while the request still went out may have made its last bytes: as sure as one before it.
function isBefore(d: Derivation, flow: Flow): boolean {
  const { from, to } = spanOf(flow);
  return order(d.at, from) === 'before' || order(d.at, to) === 'before';
}

/** Whether the phone number of the same contact (or, for what is typed, another typed value) is in the request too. */
function paired(value: ManifestValue, paths: readonly Path[]): boolean {
  if (value.group !== null) return groupsIn(paths).has(value.group);
  return paths.some(
    ({ value: other }) =>
      other !== value &&
      !NAMES.has(other.type) &&
      other.group === null &&
      other.origin === value.origin &&
      (PHONE_LIKE.has(other.type) || other.type === 'id_card' || other.type === 'bank_card'),
  );
}

const groups = new WeakMap<readonly Path[], ReadonlySet<string>>();

/** Groups of which something other than the name is there. Made once for a request: an address book has thousands of names. */
function groupsIn(paths: readonly Path[]): ReadonlySet<string> {
  const known =
    groups.get(paths) ?? new Set(paths.flatMap(({ value }) => (value.group === null || NAMES.has(value.type) ? [] : [value.group])));
  groups.set(paths, known);
  return known;
}
