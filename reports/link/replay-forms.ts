// The forms that a certificate may name: each spelled out of the value, or read back where it tells less than the value.
import type { ManifestValue } from '../../harness/model/values.js';
import { latin1, type Seen } from './replay-layers.js';

/** The bytes of a value in one form; null: it has no such form, or no single spelling of it. */
export function spell(value: ManifestValue, name: ManifestValue | null, form: string): Uint8Array | null {
  const { text } = value;
  if (form === 'utf-16le') return Buffer.from(text, 'utf16le');
  if (form === 'utf-16be') return Buffer.from(text, 'utf16le').swap16();
  const geohashed = /^geohash-([5-9]|1[0-2])$/.exec(form);
  if (geohashed !== null && value.type === 'location') return Buffer.from(geohash(text, Number(geohashed[1])));
  const [, first, join, last] = /^(name|value)-(plain|colon|comma|bar|space)-(name|value)$/.exec(form) ?? [];
  if (join !== undefined && name !== null && first !== last) {
    const by = { plain: '', colon: ':', comma: ',', bar: '|', space: ' ' }[join] ?? '';
    return Buffer.from(first === 'name' ? name.text + by + text : text + by + name.text);
  }
  const spelled = spellings(value).get(form);
  return spelled === undefined ? null : Buffer.from(spelled);
}

function spellings({ text, type }: ManifestValue): ReadonlyMap<string, string> {
  const forms = new Map([
    ['raw', text],
    ['reversed', [...text].toReversed().join('')],
    ['plus-for-space', text.replaceAll(' ', '+')],
  ]);
  forms.set(
    'full-width',
    text.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
  );
  const cased = (form: string, spelled: string): unknown =>
    forms.set(`${form}lower`, spelled.toLowerCase()).set(`${form}upper`, spelled.toUpperCase());
  cased('', text);
  const phone = /^(\d{3})(\d{4})(\d{4})$/.exec(text)?.slice(1);
  for (const [word, by] of [
    ['space', ' '],
    ['dash', '-'],
  ] as const) {
    if (type === 'bank_card') forms.set(`${word}-4`, text.match(/.{1,4}/g)?.join(by) ?? text);
    if (phone === undefined) continue;
    forms.set(`${word}-3-4-4`, phone.join(by)).set(`plus-86-${word}-3-4-4`, ['+86', ...phone].join(by));
    for (const prefix of ['86', '+86', '0086', '086'])
      forms
        .set(`with-${prefix.replace('+', 'plus-')}`, prefix + text)
        .set(`with-${prefix.replace('+', 'plus-')}-${word}`, prefix + by + text);
  }
  const digits = text.replace(/[:-]/g, '');
  if (type === 'mac' || type === 'bssid') {
    for (const [word, by] of [
      ['colon', ':'],
      ['dash', '-'],
    ])
      cased(`${word}-`, digits.match(/../g)?.join(by) ?? text);
    cased('dot-', digits.match(/.{4}/g)?.join('.') ?? text);
  }
  if (type === 'mac' || type === 'bssid' || type === 'oaid') cased('no-separator-', digits);
  if (type === 'imei') forms.set('no-check-digit', text.slice(0, 14));
  return forms;
}

/** Whether bytes are a value in a form that has no single spelling: masked, in GBK, or a pair of coordinates. */
export function shows(value: ManifestValue, form: string, { bytes, before, after }: Seen): boolean {
  if (form === 'gbk') return new TextDecoder('gbk').decode(bytes) === value.text;
  const [, first, last] = /^masked-(\d{1,3})-(\d{1,3})$/.exec(form) ?? [];
  if (first !== undefined) {
    const [all, found] = [[...value.text], Buffer.from(bytes).toString()];
    const [head, tail] = [all.slice(0, Number(first)).join(''), all.slice(Math.max(0, all.length - Number(last))).join('')];
    const hidden = found.slice(head.length, found.length - tail.length);
    const some = Number(first) + Number(last);
    return some > 0 && some <= all.length - 2 && found === head + hidden + tail && /^[ -]?(?:[*•＊#xX][ -]?){2,}$/.test(hidden);
  }
  const [, datum = '', kind = '', decimals] = PAIR.exec(form) ?? [];
  if (decimals === undefined || value.type !== 'location' || bytes.length > 192) return false;
  // Cut or rounded to so many decimals, of which a manifest tells seven; a float is less fine, and shifts are not computed alike everywhere.
  const within = 10 ** -Number(decimals) - 5e-8 + (kind.startsWith('f32') ? 8e-6 : 0) + (datum === '' ? 0 : 2e-5);
  const found = /^(?:f|i)/.test(kind) ? fixedNumbers(kind, bytes) : writtenNumbers(kind, { bytes, before, after });
  const fine = found.filter((number) => number.decimals >= Number(decimals));
  const near = (axis: number): readonly Found[] => fine.filter(({ number }) => Math.abs(number - axis) < within);
  const [lat, lon] = inDatum(value.text, datum);
  return near(lat).some((a) => near(lon).some((b) => a.end <= b.start || b.end <= a.start));
}

const PAIR = /^pair(-gcj02|-bd09)?(?:-(e[5-7]|f(?:64|32)[lb]e|(?:i32[lb]e|varint|zigzag)-e[67]))?-([3-7])$/;
interface Found {
  readonly number: number;
  readonly decimals: number;
  readonly start: number;
  readonly end: number;
}

/** Whole numbers in decimal text or protobuf; one that goes on outside is none. */
function writtenNumbers(kind: string, { bytes, before, after }: Seen): readonly Found[] {
  const packed = /^(?:varint|zigzag)/.exec(kind)?.[0];
  const scale = Number(/e([5-7])$/.exec(kind)?.[1] ?? 0);
  const plain = kind === '' ? /(?:-|(?<![\d.-]))\d{1,3}\.\d{3,}(?!\.?\d)/g : /(?:-|(?<![\d.-]))\d{5,10}(?!\.?\d)/g;
  const written = packed === undefined ? plain : /(?<![\x80-\xff])[\x80-\xff]{0,9}[\0-\x7f]/g;
  return [...(latin1(before) + latin1(bytes) + latin1(after)).matchAll(written)]
    .map(({ 0: text, index }) => ({
      number: (packed === undefined ? Number(text) : unpacked(packed, text)) / 10 ** scale,
      decimals: kind === '' ? text.length - text.indexOf('.') - 1 : scale,
      start: index - before.length,
      end: index - before.length + text.length,
    }))
    .filter(({ start, end }) => start >= 0 && end <= bytes.length);
}

function unpacked(kind: string, text: string): number {
  const bits = [...text].reduce((sum, char, i) => sum | (BigInt(char.charCodeAt(0) & 127) << BigInt(7 * i)), 0n);
  return Number(kind === 'zigzag' ? (bits >> 1n) ^ -(bits & 1n) : BigInt.asIntN(64, bits));
}

/** What stands at every place of bytes, read as numbers of one width. */
function fixedNumbers(kind: string, bytes: Uint8Array): readonly Found[] {
  const [view, little] = [new DataView(bytes.buffer, bytes.byteOffset, bytes.length), kind.slice(3, 5) === 'le'];
  const [width, scale] = [kind.startsWith('f64') ? 8 : 4, Number(kind.at(-1))];
  return Array.from({ length: Math.max(0, bytes.length - width + 1) }, (_, at) => {
    const float = width === 8 ? view.getFloat64(at, little) : view.getFloat32(at, little);
    const number = kind.startsWith('i') ? view.getInt32(at, little) / 10 ** scale : float;
    return { number, decimals: kind.startsWith('i') ? scale : 7, start: at, end: at + width };
  });
}

/** Latitude and longitude of a WGS-84 text, by the published formulas of GCJ-02 and, on top of it, BD-09. */
function inDatum(text: string, datum: string): readonly [number, number] {
  const [lat = Number.NaN, lon = Number.NaN] = text.split(',').map(Number);
  if (datum === '') return [lat, lon];
  const [x, y, pi] = [lon - 105, lat - 35, Math.PI];
  const wave = (at: number, ...terms: readonly (readonly [number, number])[]): number =>
    terms.reduce((sum, [height, over]) => sum + (height * Math.sin(at * pi * over) * 2) / 3, 0);
  const common = wave(x, [20, 6], [20, 2]) + 0.1 * x * y;
  const north =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.2 * Math.sqrt(Math.abs(x)) +
    common +
    wave(y, [20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]);
  const east =
    300 + x + 2 * y + 0.1 * x * x + 0.1 * Math.sqrt(Math.abs(x)) + common + wave(x, [20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]);
  const [axis, ee] = [6378245, 0.00669342162296594323];
  const radians = (lat * pi) / 180;
  const magic = 1 - ee * Math.sin(radians) ** 2;
  const gcjLat = lat + (north * 180) / (((axis * (1 - ee)) / magic ** 1.5) * pi);
  const gcjLon = lon + (east * 180) / ((axis / Math.sqrt(magic)) * Math.cos(radians) * pi);
  if (datum === '-gcj02') return [gcjLat, gcjLon];
  const z = Math.hypot(gcjLon, gcjLat) + 0.00002 * Math.sin((gcjLat * pi * 3000) / 180);
  const theta = Math.atan2(gcjLat, gcjLon) + 0.000003 * Math.cos((gcjLon * pi * 3000) / 180);
  return [z * Math.sin(theta) + 0.006, z * Math.cos(theta) + 0.0065];
}

function geohash(text: string, length: number): string {
  const [lat = 0, lon = 0] = text.split(',').map(Number);
  const bit = (at: number): number =>
    Math.floor(((at % 2 === 0 ? (lon + 180) / 360 : (lat + 90) / 180) * 2 ** (Math.floor(at / 2) + 1)) % 2);
  const letter = (at: number): number => [0, 1, 2, 3, 4].reduce((sum, i) => sum * 2 + bit(5 * at + i), 0);
  return Array.from({ length }, (_, at) => '0123456789bcdefghjkmnpqrstuvwxyz'[letter(at)]).join('');
}
