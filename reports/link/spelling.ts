import type { CanaryType, ManifestValue } from '../../harness/model/values.js';
import { isCommon } from './common-values.js';
import { encodeGbk } from './gbk.js';

/**
 * What may not stand beside a spelling: a digit (numbers), a hex digit (addresses without separators), what goes on with an e-mail address
 * or with a package's name, or nothing is asked.
 */
export type Boundary = 'digit' | 'hex' | 'mail' | 'package' | 'none';

/** One way to write a value. */
export interface Spelling {
  readonly form: string;
  readonly text: string;
  readonly charset: 'utf-8' | 'gbk' | 'utf-16le' | 'utf-16be';
  readonly boundary: Boundary;
  /** Whether it is looked for as it is. It need not be where a shorter spelling stands alone inside it. */
  readonly literal: boolean;
  /** How likely apps are to digest it. */
  readonly digested: 'usual' | 'rare' | 'never';
}

/** Types that are phone numbers: one class of needles, with the same spellings. */
export const PHONE_LIKE: ReadonlySet<CanaryType> = new Set(['phone', 'contact_phone', 'call_number']);
const ADDRESS: ReadonlySet<CanaryType> = new Set(['mac', 'bssid']);
const CASED: ReadonlySet<CanaryType> = new Set(['android_id', 'oaid', 'serial', 'id_card', 'email']);
/** Free text is not turned round, nor is what is public. */
const REVERSED: ReadonlySet<CanaryType> = new Set([
  ...PHONE_LIKE,
  ...ADDRESS,
  ...CASED,
  ...(['imei', 'imsi', 'iccid', 'bank_card'] satisfies CanaryType[]),
]);

/** The bytes of a spelling; null: its charset lacks a character. */
export function bytesOf({ text, charset }: Spelling): Uint8Array | null {
  if (charset === 'utf-8') return Buffer.from(text, 'utf8');
  if (charset === 'gbk') return encodeGbk(text);
  const little = Buffer.from(text, 'utf16le');
  return charset === 'utf-16le' ? little : little.swap16();
}

/** Bits from which chance makes a whole name of nobody's: then it is still the value inside a longer one. */
const SURE_NAME_BITS = 40;

function boundaryOf({ text, type, bits }: ManifestValue): Boundary {
  if (/^\d{6,}[Xx]?$/.test(text)) return 'digit';
  if (type === 'email') return 'mail';
  return type === 'app_package' && bits < SURE_NAME_BITS ? 'package' : 'none';
}

type Add = (form: string, text: string, more?: Partial<Spelling>) => void;

/** All spellings of a value, each text once. `name`: the one of its group, null for none. Coordinates have none: they are looked for as pairs of numbers. */
export function spellings(value: ManifestValue, name: ManifestValue | null): readonly Spelling[] {
  const { text, type } = value;
  if (type === 'location' || isCommon(text)) return [];
  const boundary = boundaryOf(value);
  const out: Spelling[] = [];
  const known = new Set<string>();
  const add: Add = (form, spelled, more) => {
    if (known.has(spelled)) return;
    known.add(spelled);
    out.push({ form, text: spelled, charset: 'utf-8', boundary, literal: true, digested: 'usual', ...more });
  };
  add('raw', text);
  if (CASED.has(type)) addCases('', text, add);
  if (PHONE_LIKE.has(type) && /^\d{11}$/.test(text)) addPhone(text, name, add);
  if (ADDRESS.has(type)) addAddress(text, add);
  if (type === 'oaid') addCases('no-separator-', text.replaceAll('-', ''), add);
  if (type === 'imei' && /^\d{15}$/.test(text)) add('no-check-digit', text.slice(0, 14));
  if (type === 'bank_card') {
    add('space-4', text.replace(/\d{4}(?=\d)/g, '$& '), { digested: 'rare' });
    add('dash-4', text.replace(/\d{4}(?=\d)/g, '$&-'), { digested: 'rare' });
  }
  if (boundary === 'digit') add('full-width', text.replace(/\d/g, wide), { digested: 'rare' });
  if (text.includes(' ')) add('plus-for-space', text.replaceAll(' ', '+'), { digested: 'never' });
  if (REVERSED.has(type)) add('reversed', [...text].toReversed().join(''), { digested: 'never' });
  return [...out, ...charsets(text, boundary)];
}

const wide = (digit: string): string => String.fromCharCode(0xff10 + Number(digit));

function addCases(prefix: string, text: string, add: Add, more: Partial<Spelling> = {}): void {
  add(`${prefix}lower`, text.toLowerCase(), more);
  add(`${prefix}upper`, text.toUpperCase(), more);
}

const SEPARATORS = [
  ['space', ' '],
  ['dash', '-'],
] as const;
const JOINS = [
  ['plain', ''],
  ['colon', ':'],
  ['comma', ','],
  ['bar', '|'],
  ['space', ' '],
] as const;

function addPhone(text: string, name: ManifestValue | null, add: Add): void {
  const groups = [text.slice(0, 3), text.slice(3, 7), text.slice(7)];
  const inside = { literal: false, digested: 'rare' } as const;
  for (const [prefix, written] of [
    ['with-86', '86'],
    ['with-plus-86', '+86'],
    ['with-0086', '0086'],
    ['with-086', '086'],
  ] as const) {
    add(prefix, written + text, { digested: written.endsWith('086') ? 'rare' : 'usual' });
    for (const [word, separator] of SEPARATORS) add(`${prefix}-${word}`, written + separator + text, inside);
  }
  for (const [word, separator] of SEPARATORS) {
    add(`${word}-3-4-4`, groups.join(separator), { digested: 'rare' });
    add(`plus-86-${word}-3-4-4`, ['+86', ...groups].join(separator), inside);
  }
  if (name === null) return;
  for (const [word, separator] of JOINS) {
    add(`name-${word}-value`, name.text + separator + text, inside);
    add(`value-${word}-name`, text + separator + name.text, inside);
  }
}

function addAddress(text: string, add: Add): void {
  const bare = text.replace(/[:-]/g, '');
  for (const [name, size, separator] of [
    ['colon', 2, ':'],
    ['dash', 2, '-'],
    ['dot', 4, '.'],
    ['no-separator', 12, ''],
  ] as const) {
    const parts = Array.from({ length: Math.ceil(bare.length / size) }, (_, i) => bare.slice(i * size, (i + 1) * size));
    addCases(`${name}-`, parts.join(separator), add, { boundary: size === 12 ? 'hex' : 'none', digested: size === 4 ? 'rare' : 'usual' });
  }
}

function charsets(text: string, boundary: Boundary): readonly Spelling[] {
  const of = (charset: Exclude<Spelling['charset'], 'utf-8'>): Spelling => ({
    form: charset,
    text,
    charset,
    boundary,
    literal: true,
    digested: 'never',
  });
  const ascii = Buffer.byteLength(text) === text.length;
  return ascii ? [of('utf-16le'), of('utf-16be')] : [of('utf-16le'), of('utf-16be'), of('gbk')];
}
