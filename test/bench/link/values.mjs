// The canaries of the bench, and every way to write one that a search without decoding has to look for.
import { createHash } from 'node:crypto';

/** Prefixes that no carrier gives out. */
const PREFIXES = ['140', '144', '146', '148', '149', '154', '194'];
/** Shares of 10,000 values. */
const SHARES = [
  ['contact', 2000],
  ['sms_body', 1000],
  ['call_number', 2000],
  ['file_name', 1000],
  ['email', 980],
  ['oaid', 250],
  ['android_id', 250],
  ['imei', 250],
  ['mac', 250],
  ['location', 20],
];
const BITS = {
  contact_name: 26,
  contact_phone: 30,
  call_number: 30,
  sms_body: 80,
  file_name: 60,
  email: 60,
  oaid: 122,
  android_id: 64,
  imei: 40,
  mac: 46,
  location: 47,
};

/** `n` values (of a manifest's shape) drawn from a generator. */
export function drawValues(random, n) {
  const values = [];
  const add = (type, text, group = null) =>
    values.push({ id: `v${values.length + 1}`, type, datum: type.replaceAll('_', '-'), origin: 'planted', text, group, bits: BITS[type] });
  for (const [type, share] of SHARES) {
    for (let i = 0; i < Math.max(1, Math.round((share * n) / 10_000)); i++) {
      if (type === 'contact') {
        add('contact_name', random.han(5), `contact:${i}`);
        add('contact_phone', phone(random), `contact:${i}`);
      } else add(type, DRAW[type](random));
    }
  }
  return values;
}

const phone = (random) => random.pick(PREFIXES) + random.digits(8);
const DRAW = {
  sms_body: (random) =>
    `【云屿银行】您的账户${random.letters(8).toUpperCase()}于今日入账，流水号${random.letters(8).toUpperCase()}，如非本人操作请联系柜台。`,
  call_number: phone,
  file_name: (random) => `IMG_${random.digits(8)}_${random.letters(8)}.jpg`,
  email: (random) => `${random.letters(9)}@${random.letters(6)}.example`,
  oaid: (random) => [8, 4, 4, 4, 12].map((n) => random.hex(n)).join('-'),
  android_id: (random) => random.hex(16),
  imei: (random) => `0049${random.digits(11)}`,
  mac: (random) => Array.from({ length: 6 }, () => random.hex(2)).join(':'),
  location: (random) =>
    `${random.between(20, 45)}.${random.digits(6)}${random.between(1, 10)},${random.between(80, 120)}.${random.digits(6)}${random.between(1, 10)}`,
};

const percent = (bytes) =>
  [...bytes]
    .map((b) =>
      /[0-9A-Za-z._-]/.test(String.fromCharCode(b)) ? String.fromCharCode(b) : `%${b.toString(16).toUpperCase().padStart(2, '0')}`,
    )
    .join('');
const escaped = (text) => [...text].map((c) => (c > '\x7f' ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c)).join('');

/** The characters of base64 that depend on nothing but the text, at one of three alignments. */
function inner(bytes, shift) {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const from = Math.ceil((shift * 8) / 6);
  return text.slice(from, Math.floor(((shift + bytes.length) * 8) / 6));
}

function digests(bytes) {
  return ['md5', 'sha1', 'sha256'].flatMap((op) => {
    const digest = createHash(op).update(bytes).digest();
    const hex = digest.toString('hex');
    return [hex, hex.toUpperCase(), digest.toString('base64').replace(/=+$/, '')];
  });
}

/** Every coded spelling of a value, as text; none holds a line feed. */
export function codedSpellings({ type, text }) {
  const raw = Buffer.from(text);
  const hex = raw.toString('hex');
  const base64 = [0, 1, 2].map((shift) => inner(raw, shift));
  const out = [text, percent(raw), escaped(text), ...base64, hex, hex.toUpperCase(), [...text].toReversed().join(''), ...digests(raw)];
  for (const one of base64) out.push(one.replaceAll('+', '-').replaceAll('/', '_'));
  if (type.endsWith('phone') || type === 'call_number') {
    const forms = [
      `86${text}`,
      `+86${text}`,
      `0086${text}`,
      text.replace(/^(...)(....)/, '$1 $2 '),
      text.replace(/^(...)(....)/, '$1-$2-'),
    ];
    out.push(...forms, ...forms.slice(0, 2).flatMap((form) => digests(Buffer.from(form)).filter((_, i) => i % 3 === 0)));
  }
  return [...new Set(out)];
}
