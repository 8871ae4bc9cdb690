// Request bodies of the kinds that apps send, with values planted in them behind up to three codings.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

const KEYS = [
  'event',
  'session',
  'device',
  'page',
  'duration',
  'network',
  'battery',
  'channel',
  'trace',
  'target',
  'extra',
  'user_agent',
  'scene',
  'ab_test',
];
const WORDS = [
  'click',
  'scroll',
  'launch',
  'view_loan',
  'repay',
  'index',
  '首页',
  '借款',
  '还款',
  '我的',
  'wifi',
  'cellular',
  'success',
  'timeout',
];
const escaped = (text) => [...text].map((c) => (c > '\x7f' ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c)).join('');
const base64 = (text) => Buffer.from(text).toString('base64');
const digest = (op, text, coding) => createHash(op).update(text).digest(coding);
const percent = (text) => encodeURIComponent(text);

/** How a value is written into a text field: fifteen chains. */
const CHAINS = {
  plain: (text) => text,
  percent: (text) => percent(`v=${text}`),
  'percent-twice': (text) => percent(percent(`v=${text}`)),
  'json-escape': escaped,
  'json-in-json': (text) => JSON.stringify(JSON.stringify({ v: text })).slice(1, -1),
  // Nothing that a number or word could go on with.
  base64: (text, random) => base64(random.pick(['', ':', '="']) + text),
  base64url: (text) => Buffer.from(`{"v":"${text}"}`).toString('base64url'),
  hex: (text) => Buffer.from(text).toString('hex'),
  'gzip-base64': (text) => gzipSync(`{"v":"${text}"}`).toString('base64'),
  'base64-gzip-base64': (text) => gzipSync(base64(`{"v":"${text}"}`)).toString('base64'),
  'hex-base64': (text) => base64(Buffer.from(`{"v":"${text}"}`).toString('hex')),
  'base64-percent': (text) => percent(`${base64(`{"v":"${text}"}`)}=`),
  md5: (text) => digest('md5', text, 'hex'),
  sha256: (text) => digest('sha256', text, 'hex').toUpperCase(),
  sha1: (text) => digest('sha1', text, 'base64'),
};
const NAMES = Object.keys(CHAINS);
/** Inside an envelope, which is a coding itself, two more at most. */
const SHALLOW = NAMES.filter((name) => name !== 'base64-gzip-base64');

/** A value behind one of the chains; a place is two numbers, which only stand plain. */
function planted(random, { type, text }, chains) {
  if (type === 'location') {
    const [lat, lon] = text.split(',');
    return `{"lat":${lat},"lon":${lon}}`;
  }
  return CHAINS[random.pick(chains)](text, random);
}

function noiseField(random) {
  switch (random.below(9)) {
    case 0:
      return `"${random.hex(32)}"`;
    case 1:
      return `17${random.digits(11)}`;
    case 2:
      return `${random.below(180)}.${random.digits(random.between(1, 8))}`;
    case 3:
      return `"https://${random.letters(6)}.example/${random.letters(8)}/${random.letters(5)}?id=${random.digits(9)}"`;
    case 4:
      return `"${random.pick(WORDS)}"`;
    case 5:
      return `"${random.bytes(random.between(9, 36)).toString('base64')}"`;
    case 6:
      return `"Mozilla/5.0 (Linux; Android 1${random.below(5)}; M20${random.digits(2)}) AppleWebKit/537.36 (KHTML, like Gecko)"`;
    case 7:
      return `{"${random.pick(KEYS)}":${random.below(1000)},"v":"${random.letters(random.between(3, 20))}"}`;
    default:
      return `"${random.prose(random.between(2, 12))}"`;
  }
}

/** Fields until there are so many characters; planted ones strewn between. */
function fields(random, size, { values, chains = NAMES }, write) {
  const out = [];
  let length = 0;
  const step = values.length === 0 ? Infinity : size / (values.length + 1);
  let k = 0;
  while (length < size || k < values.length) {
    const next =
      k < values.length && length >= step * (k + 1)
        ? write(random.pick(KEYS), planted(random, values[k++], chains))
        : write(random.pick(KEYS), null);
    out.push(next);
    length += next.length;
  }
  return out;
}

function json(random, size, values, chains = NAMES) {
  const write = (key, text) => `"${key}":${text === null ? noiseField(random) : text.startsWith('{') ? text : `"${text}"`}`;
  return `{${fields(random, size, { values, chains }, write).join(',')}}`;
}

const KINDS = {
  json: (random, size, values) => ({ type: 'application/json', bytes: Buffer.from(json(random, size, values)) }),
  form: (random, size, values) => ({
    type: 'application/x-www-form-urlencoded',
    bytes: Buffer.from(fields(random, size, { values }, (key, text) => `${key}=${percent(text ?? noiseField(random))}`).join('&')),
  }),
  multipart: (random, size, values) => {
    const boundary = `----${random.letters(24)}`;
    const parts = fields(
      random,
      size,
      { values },
      (key, text) => `--${boundary}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${text ?? noiseField(random)}\r\n`,
    );
    const picture = random.below(3) === 0 ? random.bytes(size >> 1) : Buffer.alloc(0);
    return {
      type: `multipart/form-data; boundary=${boundary}`,
      bytes: Buffer.concat([
        Buffer.from(parts.join('')),
        Buffer.from(`--${boundary}\r\n\r\n`),
        picture,
        Buffer.from(`\r\n--${boundary}--\r\n`),
      ]),
    };
  },
  envelope: (random, size, values) => ({
    type: 'application/json',
    bytes: Buffer.from(
      `{"data":"${base64(json(random, (size * 3) >> 2, values, SHALLOW))}","sign":"${random.hex(32)}","ts":17${random.digits(11)}}`,
    ),
  }),
  cipher: (random, size) =>
    random.below(2) === 0
      ? { type: 'application/octet-stream', bytes: random.bytes(size) }
      : { type: 'application/json', bytes: Buffer.from(`{"d":"${random.bytes((size * 3) >> 2).toString('base64')}"}`) },
  protobuf: (random, size, values) => {
    const parts = fields(random, size, { values }, (_, text) => Buffer.from(text ?? noiseField(random)));
    return {
      type: 'application/x-protobuf',
      bytes: Buffer.concat(
        parts.flatMap((part, i) => [
          Buffer.from(
            part.length < 128
              ? [((1 + (i % 14)) << 3) | 2, part.length]
              : [((1 + (i % 14)) << 3) | 2, (part.length & 127) | 128, part.length >> 7],
          ),
          part,
        ]),
      ),
    };
  },
};
/** Percent of the bodies. */
const MIX = [
  ...Array(45).fill('json'),
  ...Array(17).fill('form'),
  ...Array(10).fill('multipart'),
  ...Array(14).fill('envelope'),
  ...Array(7).fill('cipher'),
  ...Array(7).fill('protobuf'),
];

const BULK = [
  (text) => ({ type: 'application/json', bytes: Buffer.from(text) }),
  (text) => ({ type: 'application/x-www-form-urlencoded', bytes: Buffer.from(`list=${percent(text)}`) }),
  (text) => ({ type: 'application/json', bytes: Buffer.from(`{"list":"${base64(text)}"}`) }),
  (text) => ({ type: 'application/json', bytes: Buffer.from(`{"list":"${gzipSync(text).toString('base64')}"}`) }),
];

/** A body of about `size` bytes: its type, its bytes as they are before any Content-Encoding, and which values were planted. */
export function drawBody(random, size, values) {
  const kind = random.pick(MIX);
  const n = kind === 'cipher' ? 0 : random.below(3) === 0 ? 1 + random.below(4) : 0;
  const chosen = [...new Set(Array.from({ length: n }, () => random.pick(values)))];
  return { ...KINDS[kind](random, size, chosen), values: chosen.map((v) => v.id), bulk: false };
}

/** An upload of the whole address book, in the n-th of four codings. */
export function bulkBody(values, n) {
  const contacts = values.filter(({ type }) => type === 'contact_name').map((name) => [name, values[values.indexOf(name) + 1]]);
  const text = JSON.stringify(contacts.map(([name, phone]) => ({ name: name.text, phone: phone.text })));
  return { ...BULK[n % BULK.length](text), values: contacts.flatMap((pair) => pair.map((v) => v.id)), bulk: true };
}
