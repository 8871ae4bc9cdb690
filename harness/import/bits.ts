import type { CanaryType } from '../model/values.js';
import bankCard from '../values/types/bank-card.js';
import idCard from '../values/types/id-card.js';
import location from '../values/types/location.js';
import personName from '../values/types/person-name.js';
import phone from '../values/types/phone.js';
import address from '../values/types/address.js';
import amount from '../values/types/amount.js';
import clipboard from '../values/types/clipboard.js';
import iccid from '../values/types/iccid.js';
import imei from '../values/types/imei.js';
import imsi from '../values/types/imsi.js';
import job from '../values/types/job.js';
import mac from '../values/types/mac.js';
import password from '../values/types/password.js';
import serial from '../values/types/serial.js';
import smsBody from '../values/types/sms-body.js';
import smsSender from '../values/types/sms-sender.js';
import ssid from '../values/types/ssid.js';

const DIGIT_BITS = Math.log2(10);
const HEX_BITS = 4;
/** Letters and digits drawn by chance, as the codes of our own values. */
const CODE_BITS = 5;
/** A letter of a word, and one of a name that somebody chose so that it is nobody else's. */
const WORD_BITS = 1.5;
const CHOSEN_BITS = 3;
/** A Chinese character in running text. */
const HAN_BITS = 2;
const NAME_BITS = personName.bits / 4;
const MOST_TEXT_BITS = 80;
const KNOWN_PACKAGE_BITS = 10;
const RANDOM_PACKAGE_BITS = 40;

/** What Android and its vendors show to everyone in the place of an identifier. */
const SHOWN_TO_ALL: ReadonlySet<string> = new Set(['02:00:00:00:00:00', '9774d56d682e549c', 'unknown', '<unknown ssid>', 'android']);

const digitsOf = (text: string): string => text.replaceAll(/\D/g, '');
const hexOf = (text: string): string => text.replaceAll(/[^\da-f]/gi, '');
const digits = (count: number, most: number): number => Math.min(most, Math.max(0, count) * DIGIT_BITS);

const BY_TYPE: Readonly<Record<CanaryType, (text: string) => number>> = {
  phone: phoneBits,
  contact_phone: phoneBits,
  call_number: phoneBits,
  // The first digits are the country's and the network's, the maker's or the bank's; the last is often a check digit.
  imei: (text) => digits(digitsOf(text).length - 3, imei.bits),
  imsi: (text) => digits(digitsOf(text).length - 5, imsi.bits),
  iccid: (text) => digits(digitsOf(text).length - 7, iccid.bits),
  bank_card: (text) => digits(digitsOf(text).length - 2, bankCard.bits),
  id_card: (text) => (digitsOf(text).length >= 15 ? idCard.bits : digits(digitsOf(text).length, idCard.bits)),
  sms_sender: (text) => digits(digitsOf(text).length - 4, smsSender.bits),
  android_id: (text) => Math.min(64, hexOf(text).length * HEX_BITS),
  oaid: (text) => Math.min(128, hexOf(text).length * HEX_BITS),
  mac: macBits,
  bssid: macBits,
  serial: (text) => Math.min(serial.bits, text.length * CODE_BITS),
  name: nameBits,
  contact_name: nameBits,
  location: locationBits,
  app_package: packageBits,
  otp: (text) => textBits(text, WORD_BITS),
  amount: (text) => digits(digitsOf(text).replace(/0+$/, '').length, amount.bits),
  email: (text) => textBits(text.split('@')[0] ?? '', CHOSEN_BITS),
  password: (text) => Math.min(password.bits, textBits(text, CHOSEN_BITS)),
  ssid: (text) => Math.min(ssid.bits, textBits(text, WORD_BITS)),
  address: (text) => Math.min(address.bits, textBits(text, WORD_BITS)),
  job: (text) => Math.min(job.bits, textBits(text, WORD_BITS)),
  sms_body: (text) => Math.min(smsBody.bits, textBits(text, WORD_BITS)),
  clipboard: (text) => Math.min(clipboard.bits, textBits(text, WORD_BITS)),
  calendar: (text) => textBits(text, WORD_BITS),
  photo_exif: (text) => textBits(text, WORD_BITS),
  file_name: (text) => textBits(text, WORD_BITS),
};

/** Entropy in bits of a value that somebody else drew, estimated by the rules of our own values; rounded down to tenths. Rather too low than too high. */
export function bitsOfValue(type: CanaryType, text: string): number {
  if (SHOWN_TO_ALL.has(text.toLowerCase()) || isRepeated(text)) return 0;
  return Math.floor(BY_TYPE[type](text) * 10) / 10;
}

/** `000000000000000` and the like, which stand where there is nothing. */
function isRepeated(text: string): boolean {
  return new Set(text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '')).size <= 1;
}

function phoneBits(text: string): number {
  const number = digitsOf(text).replace(/^0{0,2}86(?=1\d{10}$)/, '');
  return number.length === 11 ? phone.bits : digits(number.length - 3, phone.bits);
}

function macBits(text: string): number {
  return Math.min(mac.bits, hexOf(text).length * HEX_BITS);
}

function nameBits(text: string): number {
  const han = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  return Math.min(personName.bits, han * NAME_BITS + (letters - han) * WORD_BITS);
}

/** `lat,lon`: each decimal less than seven takes a digit from both. */
function locationBits(text: string): number {
  const decimals = text.split(',').map((part) => /\.(\d+)/.exec(part)?.[1]?.length ?? 0);
  const shown = Math.min(7, ...decimals);
  return Math.max(0, location.bits - 2 * (7 - shown) * DIGIT_BITS);
}

/** The name of an app that is in the stores is known to everyone who looks for it. */
function packageBits(text: string): number {
  const segments = text.split(/[.:]/);
  return segments.some(isRandomSegment) || segments.filter(isUnspeakable).length >= 2 ? RANDOM_PACKAGE_BITS : KNOWN_PACKAGE_BITS;
}

function isRandomSegment(segment: string): boolean {
  return segment.length >= 8 && ((/\d/.test(segment) && /[a-z]/i.test(segment)) || !/[aeiou]/i.test(segment));
}

/** Letters that no language would put in a row; one such segment may be an abbreviation, two are drawn. */
function isUnspeakable(segment: string): boolean {
  return segment.length >= 8 && /[^aeiou\d_]{4}/i.test(segment);
}

function textBits(text: string, letterBits: number): number {
  const words = text.match(/[a-z\d]+|\p{Script=Han}|[^\sa-z\d]/giu) ?? [];
  return Math.min(
    MOST_TEXT_BITS,
    words.reduce((sum, word) => sum + wordBits(word, letterBits), 0),
  );
}

function wordBits(word: string, letterBits: number): number {
  if (/^\d+$/.test(word)) return word.length * DIGIT_BITS;
  if (/^\p{Script=Han}$/u.test(word)) return HAN_BITS;
  if (!/^[a-z\d]+$/i.test(word)) return 0;
  const isDrawn = word.length >= 6 && ((/\d/.test(word) && /[a-z]/i.test(word)) || !/[aeiou]/i.test(word));
  return word.length * (isDrawn ? CODE_BITS : letterBits);
}
