import datumList from '../model/datum.json' with { type: 'json' };
import { DATUM_ROWS } from '../model/datum.js';
import type { Words } from '../model/finding.js';
import type { CanaryType, ManifestValue } from '../model/values.js';
import { bitsOfValue } from './bits.js';
import { atItem, fault, quoted, type Place } from './fault.js';
import { choiceOf, idOr, isObject, textOr, wordOr, type Row } from './members.js';

/** Types that only a form takes. */
const TYPED_ONLY = ['id_card', 'bank_card', 'name', 'otp', 'amount', 'address', 'job', 'password'] as const;

/** All types of canary. */
const TYPES = [...new Set([...datumList.canaryTypes, ...TYPED_ONLY])] as readonly CanaryType[]; // CanaryType is written down from this list

/** What a form asks for by these types, whoever gave the value. */
const TYPED: Readonly<Partial<Record<CanaryType, string>>> = {
  phone: 'typed-phone',
  name: 'typed-name',
  id_card: 'typed-id-number',
  bank_card: 'typed-bank-card',
  password: 'typed-password',
  otp: 'typed-otp',
  amount: 'typed-job-income',
  address: 'typed-address',
  job: 'typed-job-income',
  contact_name: 'typed-emergency-contact',
  contact_phone: 'typed-emergency-contact',
};

/** Shorter values are met in any traffic. */
const LEAST_BYTES = 4;

/** A canary that was not taken over. */
interface LeftOut {
  readonly id: string;
  readonly datum: string;
  readonly isPlacebo: boolean;
  readonly why: Words;
}

/** The values of the evidence. */
export interface Canaries {
  readonly values: readonly ManifestValue[];
  readonly placebos: readonly ManifestValue[];
  readonly leftOut: readonly LeftOut[];
}

/** Reads canaries as parsed from a file called `name`. @throws LabError IMPORT_SYNTAX */
export function canariesOf(json: unknown, name: string): Canaries {
  if (!Array.isArray(json)) throw fault({ zh: name, en: name }, { zh: '应为 JSON 数组', en: 'it must be a JSON array' });
  const values: ManifestValue[] = [];
  const placebos: ManifestValue[] = [];
  const leftOut: LeftOut[] = [];
  const known = new Map<string, Place>();
  for (const [i, item] of json.entries()) {
    const place = atItem(name, i + 1);
    if (!isObject(item)) throw fault(place, { zh: '不是一个 JSON 对象', en: 'it is not a JSON object' });
    const value = valueOf({ json: item, place });
    refuseDouble(known, value.id, place);
    if (Buffer.byteLength(value.text) < LEAST_BYTES) leftOut.push({ ...about(value), why: tooShort(value.id) });
    else (value.origin === 'placebo' ? placebos : values).push(value);
  }
  const planted = new Set(values.map(({ text }) => text));
  const [doubles, apart] = [placebos.filter(({ text }) => planted.has(text)), placebos.filter(({ text }) => !planted.has(text))];
  leftOut.push(...doubles.map((value) => ({ ...about(value), why: isPlanted(value.id) })));
  return { values, placebos: apart, leftOut };
}

function about({ id, datum, origin }: ManifestValue): Omit<LeftOut, 'why'> {
  return { id, datum, isPlacebo: origin === 'placebo' };
}

function tooShort(id: string): Words {
  return {
    zh: `${quoted(id)} 的值不足 ${LEAST_BYTES} 字节，任何流量里都可能碰巧出现，未导入`,
    en: `the value of ${quoted(id)} has fewer than ${LEAST_BYTES} bytes, which any traffic holds by chance: left out`,
  };
}

function isPlanted(id: string): Words {
  return {
    zh: `对照值 ${quoted(id)} 与一个真实的值相同，未导入`,
    en: `the placebo ${quoted(id)} is the same as a real value: left out`,
  };
}

function valueOf(row: Row): ManifestValue {
  const id = idOr(row, 'id');
  if (id === null) throw fault(row.place, { zh: '缺少 id', en: 'id is missing' });
  const type = choiceOf(row, 'type', TYPES);
  const text = textOr(row, 'value');
  if (text === null) throw fault(row.place, { zh: `${quoted(id)} 缺少 value`, en: `${quoted(id)} has no value` });
  const origin = isPlacebo(row) ? 'placebo' : originOf(row);
  const group = wordOr(row, 'group');
  const datum = datumOf(row, type, row.json['origin'] === 'typed');
  return { id, type, datum, origin, text, group: group === '' ? null : group, bits: bitsOfValue(type, text) };
}

function isPlacebo({ json, place }: Row): boolean {
  const value = json['placebo'] ?? false;
  if (typeof value === 'boolean') return value;
  throw fault(place, { zh: 'placebo 应为 true 或 false', en: 'placebo must be true or false' });
}

function originOf(row: Row): ManifestValue['origin'] {
  return textOr(row, 'origin') === null ? 'planted' : choiceOf(row, 'origin', ['planted', 'typed', 'registered']);
}

/** The datum that the canary names; else, by its type, what a handset holds of that type; else what a form asks for. */
function datumOf(row: Row, type: CanaryType, isTyped: boolean): string {
  if (textOr(row, 'datum') !== null)
    return choiceOf(
      row,
      'datum',
      DATUM_ROWS.map(({ datum }) => datum),
    );
  const held = DATUM_ROWS.find(({ datum }) => CANARIES_OF.get(datum)?.includes(type))?.datum;
  const found = isTyped ? (TYPED[type] ?? held) : (held ?? TYPED[type]);
  if (found === undefined) throw new Error(`no datum has canaries of type ${type}`);
  return found;
}

/** Types of canary by datum. */
const CANARIES_OF: ReadonlyMap<string, readonly string[]> = new Map(
  datumList.rows.map(({ datum, canary }) => [datum, canary === null ? [] : canary.split(', ')]),
);

function refuseDouble(known: Map<string, Place>, id: string, place: Place): void {
  const other = known.get(id);
  if (other !== undefined)
    throw fault(place, { zh: `编号“${quoted(id)}”与${other.zh}重复`, en: `the id "${quoted(id)}" is given already at ${other.en}` });
  known.set(id, place);
}
