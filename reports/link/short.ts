import type { CanaryType } from '../../harness/model/values.js';
import type { Find } from './search.js';
import type { Layer } from './layer.js';
import type { Needles } from './needles.js';

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

const isWord = (b: number | undefined): boolean =>
  b !== undefined && ((b >= 0x30 && b <= 0x39) || (b >= 0x41 && b <= 0x5a) || (b >= 0x61 && b <= 0x7a) || b >= 0x80);

/** Short values as whole words behind a fitting field name; a hint, never more. */
export function findShort(needles: Needles, layer: Layer, finds: Find[]): void {
  if (needles.short.size === 0) return;
  const { bytes } = layer;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i < bytes.length;) {
    if (!isWord(bytes[i])) {
      i += 1;
      continue;
    }
    const start = i;
    while (isWord(bytes[i])) i += 1;
    if (!needles.shortLengths.has(i - start)) continue;
    for (const needle of needles.short.get(buffer.toString('utf8', start, i)) ?? []) {
      const context = needle.kind === 'token' ? CONTEXT[needle.value.type] : undefined;
      if (context?.test(buffer.toString('latin1', Math.max(0, start - CONTEXT_BYTES), start)) === true)
        finds.push({ needle, layer, start, end: i });
    }
  }
}
