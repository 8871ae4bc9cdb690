import type { CanaryType, ManifestValue } from '../../harness/model/values.js';
import type { Layer } from './layer.js';
import type { Found, Match, Matcher } from './matcher.js';
import { MIN_NEEDLE } from './kernel.js';
import { isCommon } from './spelling.js';

/** Field names under which a short value of a type is believed to be that value. */
const CONTEXT: Readonly<Partial<Record<CanaryType, RegExp>>> = {
  otp: /code|otp|verif|captcha|sms|yzm/i,
  amount: /amount|money|loan|limit|price/i,
  job: /job|occupation|career|work|profession/i,
  serial: /serial|\bsn\b|device/i,
  password: /pass|pwd/i,
  name: /name|user/i,
  contact_name: /name|contact/i,
  ssid: /ssid|wifi/i,
};
const CONTEXT_BYTES = 32;
const MIN_SHORT = 6;

const isWord = (b: number | undefined): boolean =>
  b !== undefined && ((b >= 0x30 && b <= 0x39) || (b >= 0x41 && b <= 0x5a) || (b >= 0x61 && b <= 0x7a) || b >= 0x80);

/** Values too short for the kernel, as whole words behind a fitting field name; a hint, never more. Null: the run has none. */
export function shortValues(values: readonly ManifestValue[]): Matcher | null {
  const short = new Map<string, ManifestValue[]>();
  for (const value of values) {
    const bytes = Buffer.byteLength(value.text);
    if (bytes >= MIN_SHORT && bytes < MIN_NEEDLE && value.type !== 'location' && !isCommon(value.text))
      short.set(value.text, [...(short.get(value.text) ?? []), value]);
  }
  if (short.size === 0) return null;
  const lengths = new Set([...short.keys()].map((text) => Buffer.byteLength(text)));
  return { begin: (found) => ({ look: (layer) => look({ short, lengths }, layer, found), end: () => undefined }) };
}

interface Tables {
  readonly short: ReadonlyMap<string, readonly ManifestValue[]>;
  readonly lengths: ReadonlySet<number>;
}

function look({ short, lengths }: Tables, layer: Layer, found: Found): void {
  const { bytes } = layer;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < bytes.length;) {
    if (!isWord(bytes[i])) {
      i += 1;
      continue;
    }
    const start = i;
    while (isWord(bytes[i])) i += 1;
    if (!lengths.has(i - start)) continue;
    for (const value of short.get(buffer.toString('utf8', start, i)) ?? []) {
      if (CONTEXT[value.type]?.test(buffer.toString('latin1', Math.max(0, start - CONTEXT_BYTES), start)) !== true) continue;
      const match: Match = { kind: 'matched', value, form: 'raw', bits: value.bits, cap: 'C2' };
      found(match, layer, { start, end: i });
    }
  }
}
