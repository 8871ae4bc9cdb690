import type { CanaryType, ManifestValue } from '../../harness/model/values.js';

/** What may not stand beside a spelling: a digit (numbers), a hex digit (addresses without separators), or nothing is asked. */
export type Boundary = 'digit' | 'hex' | 'none';

/** One way to write a value. */
export interface Spelling {
  readonly form: string;
  readonly bytes: Uint8Array;
  readonly boundary: Boundary;
  /** Whether digests of it are looked for. */ readonly digested: boolean;
}

/** Types that are phone numbers: one class of needles, with the same spellings. */
export const PHONE_LIKE: ReadonlySet<CanaryType> = new Set(['phone', 'contact_phone', 'call_number']);
const ADDRESS: ReadonlySet<CanaryType> = new Set(['mac', 'bssid']);
const CASED: ReadonlySet<CanaryType> = new Set(['android_id', 'oaid', 'serial', 'id_card', 'email', 'imei']);

/** Values that thousands of handsets share: finding one proves nothing. */
const COMMON: ReadonlySet<string> = new Set([
  '',
  'null',
  'none',
  'unknown',
  'undefined',
  '<unknown ssid>',
  '02:00:00:00:00:00',
  '9774d56d682e549c',
  '0123456789abcdef',
  '012345678912345',
  '00000000-0000-0000-0000-000000000000',
  '358673013795895',
]);

/** Whether a value is a default that many handsets share, or has hardly any content. */
export function isCommon(text: string): boolean {
  return COMMON.has(text.trim().toLowerCase()) || new Set(text.replace(/[-:.\s]/g, '')).size < 3;
}

const utf8 = (text: string): Uint8Array => Buffer.from(text, 'utf8');

/** All spellings of a value, each byte string once. Coordinates have none: they are looked for as pairs of numbers. */
export function spellings(value: ManifestValue): readonly Spelling[] {
  if (value.type === 'location' || isCommon(value.text)) return [];
  const digits = /^\d{6,}[Xx]?$/.test(value.text);
  const boundary: Boundary = digits ? 'digit' : 'none';
  const out: Spelling[] = [];
  const add: Add = (form, text, digested = true, edge = boundary) => {
    const bytes = typeof text === 'string' ? utf8(text) : text;
    if (!out.some((s) => Buffer.compare(s.bytes, bytes) === 0)) out.push({ form, bytes, boundary: edge, digested });
  };
  add('raw', value.text);
  if (CASED.has(value.type)) {
    add('lower', value.text.toLowerCase());
    add('upper', value.text.toUpperCase());
  }
  if (PHONE_LIKE.has(value.type) && /^\d{11}$/.test(value.text)) addPhone(value.text, add);
  if (ADDRESS.has(value.type)) addAddress(value.text, add);
  if (value.type === 'imei' && /^\d{15}$/.test(value.text)) add('no-check-digit', value.text.slice(0, 14));
  if (value.type === 'bank_card') add('space-4', value.text.replace(/\d{4}(?=\d)/g, '$& '), false);
  if (value.type === 'oaid') addBare(value.text, add);
  if (value.text.includes(' ')) add('plus-for-space', value.text.replaceAll(' ', '+'), false);
  addCharsets(value.text, add);
  return out;
}

type Add = (form: string, text: string | Uint8Array, digested?: boolean, edge?: Boundary) => void;

function addPhone(text: string, add: Add): void {
  const groups = [text.slice(0, 3), text.slice(3, 7), text.slice(7)];
  add('with-86', `86${text}`);
  add('with-plus-86', `+86${text}`);
  add('with-0086', `0086${text}`);
  add('space-3-4-4', groups.join(' '));
  add('dash-3-4-4', groups.join('-'));
  add(
    'full-width',
    text.replace(/\d/g, (d) => String.fromCharCode(0xff10 + Number(d))),
    false,
  );
}

function addAddress(text: string, add: Add): void {
  const pairs = text.toLowerCase().match(/[0-9a-f]{2}/g) ?? [];
  for (const [name, separator] of [
    ['colon', ':'],
    ['dash', '-'],
    ['no-separator', ''],
  ] as const) {
    const joined = pairs.join(separator);
    const edge = separator === '' ? 'hex' : 'none';
    add(`${name}-lower`, joined, true, edge);
    add(`${name}-upper`, joined.toUpperCase(), true, edge);
  }
}

function addBare(text: string, add: Add): void {
  const bare = text.replaceAll('-', '');
  add('no-separator-lower', bare.toLowerCase());
  add('no-separator-upper', bare.toUpperCase());
}

function addCharsets(text: string, add: Add): void {
  add('utf-16le', Buffer.from(text, 'utf16le'), false);
  if (Buffer.byteLength(text) === text.length) return;
  const gbk = encodeGbk(text);
  if (gbk !== null) add('gbk', gbk, false);
}

let gbkTable: ReadonlyMap<string, number> | null = null;

/** GBK bytes of a text by turning the platform's decoder round; null where a character has none. */
function encodeGbk(text: string): Uint8Array | null {
  gbkTable ??= invertGbk();
  const out: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    const pair = code < 0x80 ? code : gbkTable.get(char);
    if (pair === undefined) return null;
    if (pair < 0x100) out.push(pair);
    else out.push(pair >> 8, pair & 0xff);
  }
  return Uint8Array.from(out);
}

function invertGbk(): ReadonlyMap<string, number> {
  const table = new Map<string, number>();
  const decoder = new TextDecoder('gbk');
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail === 0x7f) continue;
      const char = decoder.decode(Uint8Array.of(lead, trail));
      if ([...char].length === 1 && char !== '\ufffd' && !table.has(char)) table.set(char, (lead << 8) | trail);
    }
  }
  return table;
}
