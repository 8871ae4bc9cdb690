// The forms that a certificate may name: each spelled out of the value, or read back where it tells less than the value.
import type { ManifestValue } from '../../harness/model/values.js';
import { latin1, type Seen } from './replay-layers.js';

const BETWEEN: Readonly<Record<string, string>> = { colon: ':', comma: ',', bar: '|', space: ' ', dash: '-', dot: '.' };
const between = (word: string | undefined): string => BETWEEN[word ?? ''] ?? '';
const cased = (text: string, how?: string): string => (how === 'upper' ? text.toUpperCase() : text.toLowerCase());
const groups = (text: string, each: RegExp): readonly string[] => text.replaceAll(/[:-]/g, '').match(each) ?? [];
const PHONE = /^\w+ \d{11}$/;
const MAC = /^(?:mac|bssid) (?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/;
/** Type and text that have a form, the form, and how it is spelled with the words of the form. */
const FORMS: readonly (readonly [of: RegExp, form: RegExp, spelled: (text: string, one?: string, two?: string) => string])[] = [
  [/^/, /^raw$/, (text) => text],
  [/^/, /^reversed$/, (text) => [...text].toReversed().join('')],
  [/^/, /^full-width$/, (text) => text.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))],
  [/^/, /^plus-for-space$/, (text) => text.replaceAll(' ', '+')],
  [/^/, /^(lower|upper)$/, cased],
  [PHONE, /^with-(plus-86|86|0086|086)(?:-(space|dash))?$/, (text, code = '', by) => code.replace('plus-', '+') + between(by) + text],
  [PHONE, /^(space|dash)-3-4-4$/, (text, by) => groups(text, /^...|..../g).join(between(by))],
  [PHONE, /^plus-86-(space|dash)-3-4-4$/, (text, by) => ['+86', ...groups(text, /^...|..../g)].join(between(by))],
  [MAC, /^(colon|dash|no-separator)-(lower|upper)$/, (text, by, how) => cased(groups(text, /../g).join(between(by)), how)],
  [MAC, /^dot-(lower|upper)$/, (text, how) => cased(groups(text, /..../g).join('.'), how)],
  [/^oaid /, /^no-separator-(lower|upper)$/, (text, how) => cased(text.replaceAll('-', ''), how)],
  [/^imei /, /^no-check-digit$/, (text) => text.slice(0, 14)],
  [/^bank_card /, /^(space|dash)-4$/, (text, by) => groups(text, /.{1,4}/g).join(between(by))],
  [/^location /, /^geohash-([5-9]|1[0-2])$/, (text, letters) => geohash(text).slice(0, Number(letters))],
];

/** The bytes of a value in one form; null: it has no such form, or no single spelling of it. */
export function spell({ type, text }: ManifestValue, name: ManifestValue | null, form: string): Uint8Array | null {
  if (form === 'utf-16le') return Buffer.from(text, 'utf16le');
  if (form === 'utf-16be') return Buffer.from(text, 'utf16le').swap16();
  const [, first, by, last] = /^(name|value)-(plain|colon|comma|bar|space)-(name|value)$/.exec(form) ?? [];
  if (first !== last && name !== null) return Buffer.from((first === 'name' ? [name.text, text] : [text, name.text]).join(between(by)));
  const [, shape, spelled] = FORMS.find(([of, word]) => of.test(`${type} ${text}`) && word.test(form)) ?? [];
  return spelled === undefined ? null : Buffer.from(spelled(text, ...(shape?.exec(form)?.slice(1) ?? [])));
}

function geohash(text: string): string {
  const [lat = 0, lon = 0] = text.split(',').map(Number);
  const bit = (at: number): number => Math.floor((at % 2 ? (lat + 90) / 180 : (lon + 180) / 360) * 2 ** ((at >> 1) + 1)) % 2;
  const letter = (at: number): number => [0, 1, 2, 3, 4].reduce((sum, i) => sum * 2 + bit(5 * at + i), 0);
  return Array.from({ length: 12 }, (_, at) => '0123456789bcdefghjkmnpqrstuvwxyz'[letter(at)]).join('');
}

/** Whether bytes are a value in a form that has no single spelling: in GBK, masked, or a pair of coordinates. */
export function shows({ type, text }: ManifestValue, form: string, seen: Seen): boolean {
  if (form === 'gbk') return new TextDecoder('gbk').decode(seen.bytes) === text;
  const [, first = 0, last = 0] = /^masked-(\d{1,3})-(\d{1,3})$/.exec(form)?.map(Number) ?? [];
  if (first + last > 0) {
    const [all, found] = [[...text], Buffer.from(seen.bytes).toString()];
    const [head, tail] = [all.slice(0, first).join(''), all.slice(Math.max(0, all.length - last)).join('')];
    const hidden = found.slice(head.length, found.length - tail.length);
    return first + last <= all.length - 2 && found === head + hidden + tail && /^[ -]?(?:[*•＊#xX][ -]?){2,}$/.test(hidden);
  }
  const [, datum = '', kind = '', scale, decimals] = /^pair(?:-(gcj02|bd09))?(?:-([fivz]\w+))?(?:-e([5-7]))?-([3-7])$/.exec(form) ?? [];
  if (decimals === undefined || type !== 'location' || seen.bytes.length > 192) return false;
  // Cut or rounded to so many decimals, of which a manifest tells seven; a float is less fine, and shifts are not computed alike everywhere.
  const within = 10 ** -Number(decimals) - 5e-8 + (kind.startsWith('f32') ? 8e-6 : 0) + (datum === '' ? 0 : 2e-5);
  const found = numbers(kind || (scale === undefined ? 'text' : 'integer'), Number(scale ?? 0), seen);
  const fine = found.filter((number) => number.decimals >= Number(decimals));
  const [lats = [], lons = []] = inDatum(text, datum).map((axis) => fine.filter(({ number }) => Math.abs(number - axis) < within));
  return lats.some((lat) => lons.some((lon) => lat.end <= lon.start || lon.end <= lat.start));
}

type Found = Readonly<Record<'number' | 'decimals' | 'start' | 'end', number>>;
const view = (text: string): DataView<ArrayBuffer> => new DataView(Uint8Array.from(text, (char) => char.charCodeAt(0)).buffer);
const bits = (text: string): bigint => [...text].reduceRight((sum, char) => (sum << 7n) | BigInt(char.charCodeAt(0) & 127), 0n);
const VARINT = /(?<![\x80-\xff])([\x80-\xff]{0,9}[\0-\x7f])/g;
/** Where a number may stand, whole, and how it is read: text, integers of protobuf, and those of 8 or 4 bytes. */
const WRITTEN: Readonly<Record<string, readonly [where: RegExp, read: (text: string, isLittle: boolean) => number]>> = {
  text: [/((?:-|(?<![\d.-]))\d{1,3}\.\d{3,})(?!\.?\d)/g, Number],
  integer: [/((?:-|(?<![\d.-]))\d{5,10})(?!\.?\d)/g, Number],
  varint: [VARINT, (text) => Number(BigInt.asIntN(64, bits(text)))],
  zigzag: [VARINT, (text) => Number((bits(text) >> 1n) ^ -(bits(text) & 1n))],
  f64: [/(?=([^]{8}))/g, (text, isLittle) => view(text).getFloat64(0, isLittle)],
  f32: [/(?=([^]{4}))/g, (text, isLittle) => view(text).getFloat32(0, isLittle)],
  i32: [/(?=([^]{4}))/g, (text, isLittle) => view(text).getInt32(0, isLittle)],
};

function numbers(kind: string, scale: number, { bytes, before, after }: Seen): readonly Found[] {
  const [where, read] = WRITTEN[kind.replace(/[lb]e$/, '')] ?? [/(?!)/g, Number];
  const found = [...(latin1(before) + latin1(bytes) + latin1(after)).matchAll(where)].map(({ 1: text = '', index }) => {
    const decimals = kind === 'text' ? text.length - text.indexOf('.') - 1 : kind.startsWith('f') ? 7 : scale;
    const start = index - before.length;
    return { number: read(text, kind.endsWith('le')) / 10 ** scale, decimals, start, end: start + text.length };
  });
  return found.filter(({ start, end }) => start >= 0 && end <= bytes.length);
}

/** Latitude and longitude of a WGS-84 text, by the published formulas of GCJ-02 and, on top of it, BD-09. */
function inDatum(text: string, datum: string): readonly number[] {
  const [lat = Number.NaN, lon = Number.NaN] = text.split(',').map(Number);
  if (datum === '') return [lat, lon];
  const [x, y, root, pi] = [lon - 105, lat - 35, Math.sqrt(Math.abs(lon - 105)), Math.PI];
  const wave = (height: number, at: number): number => (height * Math.sin(at * pi) * 2) / 3;
  const slow = (height: number, at: number): number => wave(20, at) + wave(40, at / 3) + wave(height, at / 12) + wave(2 * height, at / 30);
  const both = 0.1 * x * y + wave(20, 6 * x) + wave(20, 2 * x);
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.2 * root + both + slow(160, y);
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * root + both + slow(150, x);
  const [axis, ee, radians] = [6378245, 0.006693421622965943, (lat * pi) / 180];
  const magic = 1 - ee * Math.sin(radians) ** 2;
  const gcjLat = lat + (north * 180) / (((axis * (1 - ee)) / magic ** 1.5) * pi);
  const gcjLon = lon + (east * 180) / ((axis / Math.sqrt(magic)) * Math.cos(radians) * pi);
  if (datum === 'gcj02') return [gcjLat, gcjLon];
  const z = Math.hypot(gcjLon, gcjLat) + 0.00002 * Math.sin((gcjLat * pi * 3000) / 180);
  const theta = Math.atan2(gcjLat, gcjLon) + 0.000003 * Math.cos((gcjLon * pi * 3000) / 180);
  return [z * Math.sin(theta) + 0.006, z * Math.cos(theta) + 0.0065];
}
