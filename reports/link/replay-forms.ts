// The forms that a certificate may name: each spelled out of the value, or read back where it tells less than the value.
import type { ManifestValue } from '../../harness/model/values.js';
import { DECODERS, latin1, type Seen } from './replay-layers.js';

const BETWEEN: Readonly<Record<string, string>> = { colon: ':', comma: ',', bar: '|', space: ' ', dash: '-', dot: '.' };
const between = (word: string | undefined): string => BETWEEN[word ?? ''] ?? '';
const cased = (text: string, how: string | undefined): string => (how === 'upper' ? text.toUpperCase() : text.toLowerCase());
const groups = (text: string, each: RegExp): readonly string[] => text.replaceAll(/[:-]/g, '').match(each) ?? [];
const PHONE = /^\w+ \d{11}$/;
const MAC = /^(?:mac|bssid) (?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/;
type Spell = (text: string, words: readonly string[], name: string) => string;
/** Type and text that have a form, the form, and how it is spelled with the words of the form. */
const FORMS: readonly (readonly [of: RegExp, form: RegExp, spelled: Spell])[] = [
  [/^/, /^raw$/, (text) => text],
  [/^/, /^reversed$/, (text) => [...text].toReversed().join('')],
  [/^/, /^full-width$/, (text) => text.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))],
  [/^/, /^plus-for-space$/, (text) => text.replaceAll(' ', '+')],
  [/^/, /^(lower|upper)$/, (text, [how]) => cased(text, how)],
  [/^/, /^name-(plain|colon|comma|bar|space)-value$/, (text, [by], name) => name + between(by) + text],
  [/^/, /^value-(plain|colon|comma|bar|space)-name$/, (text, [by], name) => text + between(by) + name],
  [PHONE, /^with-(plus-)?(86|0086|086)(?:-(space|dash))?$/, (text, [plus, code, by]) => (plus ? '+' : '') + code + between(by) + text],
  [PHONE, /^(space|dash)-3-4-4$/, (text, [by]) => groups(text, /^...|..../g).join(between(by))],
  [PHONE, /^plus-86-(space|dash)-3-4-4$/, (text, [by]) => ['+86', ...groups(text, /^...|..../g)].join(between(by))],
  [MAC, /^(colon|dash|no-separator)-(lower|upper)$/, (text, [by, how]) => cased(groups(text, /../g).join(between(by)), how)],
  [MAC, /^dot-(lower|upper)$/, (text, [how]) => cased(groups(text, /..../g).join('.'), how)],
  [/^oaid /, /^no-separator-(lower|upper)$/, (text, [how]) => cased(text.replaceAll('-', ''), how)],
  [/^imei /, /^no-check-digit$/, (text) => text.slice(0, 14)],
  [/^bank_card /, /^(space|dash)-4$/, (text, [by]) => groups(text, /.{1,4}/g).join(between(by))],
  [/^location /, /^geohash-([5-9]|1[0-2])$/, (text, [letters]) => geohash(text).slice(0, Number(letters))],
];

/** The bytes of a value in one form; null: it has no such form, or no single spelling of it. */
export function spell({ type, text }: ManifestValue, name: ManifestValue | null, form: string): Uint8Array | null {
  if (form === 'utf-16le') return Buffer.from(text, 'utf16le');
  if (form === 'utf-16be') return Buffer.from(text, 'utf16le').swap16();
  const [, shape, spelled] = FORMS.find(([of, word]) => of.test(`${type} ${text}`) && word.test(form)) ?? [];
  if (spelled === undefined || (form.search('name') >= 0 && name === null)) return null;
  return Buffer.from(spelled(text, shape?.exec(form)?.slice(1) ?? [], name?.text ?? ''));
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
  const [, datum = '', kind = '', decimals] = /^pair(?:-(gcj02|bd09))?(?:-([a-z]\w+(?:-e\d)?))?-([3-7])$/.exec(form) ?? [];
  if (decimals === undefined || type !== 'location' || seen.bytes.length > 192) return false;
  // Cut or rounded to so many decimals, of which a manifest tells seven; shifts are not computed alike everywhere.
  const within = 10 ** -Number(decimals) - 5e-8 + (datum === '' ? 0 : 2e-6);
  const found = numbers(kind, Number(decimals), seen);
  const [lats = [], lons = []] = inDatum(text, datum).map((axis) => found.filter(({ number }) => Math.abs(number - axis) < within));
  return lats.some((lat) => lons.some((lon) => lat.end <= lon.start || lon.end <= lat.start));
}

const view = (text: string): DataView<ArrayBuffer> => new DataView(Uint8Array.from(text, (char) => char.charCodeAt(0)).buffer);
const bits = (text: string): bigint => [...text].reduceRight((sum, char) => (sum << 7n) | BigInt(char.charCodeAt(0) & 127), 0n);
const VARINT = /(?<![\x80-\xff])([\x80-\xff]{0,9}[\0-\x7f])/g;
/** Numbers by their word in a form: decimals, integers, those of protobuf and of 8 or 4 bytes. Where they may stand, whole, and how they are read. */
const WRITTEN: readonly (readonly [word: RegExp, where: RegExp, read: (text: string, isLittle: boolean) => number])[] = [
  [/^$/, /((?:-|(?<![\d.-]))\d{1,3}\.\d{3,})(?!\.?\d|[eE][-+\d])/g, Number],
  [/^e[5-7]$/, /((?:-|(?<![\d.-]))\d{5,10})(?!\.?\d|[eE][-+\d])/g, Number],
  [/^varint-e[67]$/, VARINT, (text) => Number(BigInt.asIntN(64, bits(text)))],
  [/^zigzag-e[67]$/, VARINT, (text) => Number((bits(text) >> 1n) ^ -(bits(text) & 1n))],
  [/^f64[lb]e$/, /(?=([^]{8}))/g, (text, isLittle) => view(text).getFloat64(0, isLittle)],
  [/^f32[lb]e$/, /(?=([^]{4}))/g, (text, isLittle) => view(text).getFloat32(0, isLittle)],
  [/^i32[lb]e-e[67]$/, /(?=([^]{4}))/g, (text, isLittle) => view(text).getInt32(0, isLittle)],
];
type Found = Readonly<Record<'number' | 'start' | 'end', number>>;

/** The numbers of a stretch that are written so and tell so many decimals. */
function numbers(kind: string, decimals: number, { bytes, before, after }: Seen): readonly Found[] {
  const [, where, read] = WRITTEN.find(([word]) => word.test(kind)) ?? [/^/, /(?!)/g, Number];
  const scale = Number(/e(\d)$/.exec(kind)?.[1] ?? 0);
  return [...[before, bytes, after].map(latin1).join('').matchAll(where)].flatMap(({ 1: text = '', index }) => {
    const [start, end] = [index - before.length, index - before.length + text.length];
    const told = kind === '' ? text.length - text.indexOf('.') - 1 : scale || 7;
    return start < 0 || end > bytes.length || told < decimals ? [] : [{ number: read(text, /le/.test(kind)) / 10 ** scale, start, end }];
  });
}

const sine = (tall: number, at: number): number => (tall * Math.sin(at * Math.PI) * 2) / 3;
/** Latitude and longitude of a WGS-84 text, by the published formulas of GCJ-02 and, on top of it, BD-09. */
function inDatum(text: string, datum: string): readonly number[] {
  const [lat = Number.NaN, lon = Number.NaN] = text.split(',').map(Number);
  if (datum === '') return [lat, lon];
  const [x, y, root, radians] = [lon - 105, lat - 35, Math.sqrt(Math.abs(lon - 105)), (lat * Math.PI) / 180];
  const both = 0.1 * x * y + sine(20, 6 * x) + sine(20, 2 * x);
  const slow = (tall: number, at: number): number => sine(20, at) + sine(40, at / 3) + sine(tall, at / 12) + sine(2 * tall, at / 30);
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.2 * root + both + slow(160, y);
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * root + both + slow(150, x);
  const [axis, ee, flat] = [6378245, 0.006693421622965943, 1 - 0.006693421622965943 * Math.sin(radians) ** 2];
  const gcjLat = lat + (north * 180 * flat ** 1.5) / (axis * (1 - ee) * Math.PI);
  const gcjLon = lon + (east * 180 * flat ** 0.5) / (axis * Math.cos(radians) * Math.PI);
  if (datum === 'gcj02') return [gcjLat, gcjLon];
  const z = Math.hypot(gcjLon, gcjLat) + 0.00002 * Math.sin((gcjLat * Math.PI * 3000) / 180);
  const theta = Math.atan2(gcjLat, gcjLon) + 0.000003 * Math.cos((gcjLon * Math.PI * 3000) / 180);
  return [z * Math.sin(theta) + 0.006, z * Math.cos(theta) + 0.0065];
}

/** Type, form and text, and what beside such a value makes it part of another: before it, and behind it. */
const BESIDE: readonly (readonly [of: RegExp, before: RegExp, after: RegExp])[] = [
  [/^(?:mac|bssid) no-separator/, /[0-9a-fA-F]$/, /^[0-9a-fA-F]/],
  [/^location geohash/, /[0-9a-zA-Z]$/, /^[0-9a-zA-Z]/],
  [/^\S+ masked\S* \d{6,}[Xx]?$/, /(?:[0-9]|\xef\xbc[\x90-\x99])$/, /^(?:[0-9]|\xef\xbc[\x90-\x99])/],
  [
    /^\S+ \S+ \d{6,}[Xx]?$/,
    /(?:[0-9]\.?|\xef\xbc[\x90-\x99])$/,
    /^(?:\.?[0-9]|\xef\xbc[\x90-\x99]|%3[0-9]|\\u003[0-9]|&#(?:[xX]3[0-9]|4[89]|5[0-7]))/,
  ],
];

/** Whether what stands beside a value makes it part of another, a longer number in most cases. */
export function isPart({ type, text }: ManifestValue, form: string, seen: Seen): boolean {
  const [, left = /(?!)/, right = /(?!)/] = BESIDE.find(([of]) => of.test(`${type} ${form} ${text}`)) ?? [];
  const units = DECODERS.get(form)?.(seen) ?? seen;
  const [before = '', after = ''] = [units.before, units.after].map(latin1);
  // UTF-16 read in the other order of bytes has its digits one byte off.
  const isOff = form === 'utf-16le' ? right.test(latin1(seen.after)) : form === 'utf-16be' && left.test(latin1(seen.before));
  // In protobuf a field that the value fills has a tag of wire type 2 and its length before it; the next tag may look like a digit.
  const isField = units === seen && (before.charCodeAt(before.length - 2) & 7) === 2 && seen.before.at(-1) === seen.bytes.length;
  return isOff || left.test(before) || (right.test(after) && !(isField && /^[012589]/.test(after)));
}
