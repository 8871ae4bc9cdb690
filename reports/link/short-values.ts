import type { CanaryType, ManifestValue } from '../../harness/model/values.js';
import { isCommon } from './common-values.js';
import { crcWords } from './crc.js';
import { MIN_NEEDLE, type Kernel } from './kernel.js';
import type { Range } from './layer.js';
import type { Match, Matcher } from './matcher.js';
import { MIN_WORD, wordMatcher, type Word } from './words.js';

/** Field names under which a short value of a type is believed to be that value. */
const CONTEXT: Readonly<Partial<Record<CanaryType, RegExp>>> = {
  otp: /code|otp|verif|captcha|sms|yzm/i,
  amount: /amount|money|loan|limit|price|income|salary|wage/i,
  job: /job|occupation|career|work|profession/i,
  serial: /serial|\bsn\b|device/i,
  password: /pass|pwd/i,
  name: /name|user/i,
  contact_name: /name|contact/i,
  ssid: /ssid|wifi/i,
};
const CONTEXT_BYTES = 32;

/** Values too short for the kernel and CRCs, as whole words. Null: the run has none. */
export function shortValues(values: readonly ManifestValue[], kernel: Kernel): Matcher | null {
  return wordMatcher([...values.flatMap((value) => shortWord(value) ?? []), ...crcWords(values)], kernel);
}

/** A short value behind a fitting field name: a hint, never more. */
function shortWord(value: ManifestValue): Word | null {
  const length = Buffer.byteLength(value.text);
  const context = CONTEXT[value.type];
  // What an operator asks after may stand under any name.
  const anywhere = value.origin === 'registered';
  if ((context === undefined && !anywhere) || length < MIN_WORD || length >= MIN_NEEDLE || isCommon(value.text)) return null;
  const match: Match = { kind: 'matched', value, form: 'raw', bits: value.bits, cap: 'C2' };
  return {
    text: value.text,
    meet: (layer, place, found) => {
      const before = Buffer.from(layer.bytes.subarray(Math.max(0, place.start - CONTEXT_BYTES), place.start)).toString('latin1');
      if ((anywhere || context?.test(before) === true) && !isPartOfDecimal(layer.bytes, place)) found(match, layer, place);
    },
  };
}

const isDigit = (b: number | undefined): boolean => b !== undefined && b >= 0x30 && b <= 0x39;

/** Whether digits are only one side of a decimal point. An amount may end in `.00`. */
function isPartOfDecimal(bytes: Uint8Array, { start, end }: Range): boolean {
  if (!isDigit(bytes[start]) || !isDigit(bytes[end - 1])) return false;
  if (bytes[start - 1] === 0x2e && isDigit(bytes[start - 2])) return true;
  return (
    bytes[end] === 0x2e && isDigit(bytes[end + 1]) && !/^\.0+(?!\d)/.test(Buffer.from(bytes.subarray(end, end + 8)).toString('latin1'))
  );
}
