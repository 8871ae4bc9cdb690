/** A source of chance that gives the same on every machine (xorshift128). */
export function chanceOf(seed) {
  let [a, b, c, d] = [seed ^ 0x9e3779b9, seed * 3 + 1, 0x2545f491, 0x6c078965].map((n) => n >>> 0);
  const word = () => {
    const t = d;
    let s = a;
    [d, c, b] = [c, b, a];
    s = (t ^ (t << 11)) >>> 0;
    s = (s ^ (s >>> 8)) >>> 0;
    a = (s ^ b ^ (b >>> 19)) >>> 0;
    return a;
  };
  for (let i = 0; i < 32; i += 1) word();
  const int = (below) => word() % below;
  const text = (alphabet, length) => {
    let out = '';
    for (let i = 0; i < length; i += 1) out += alphabet[word() % alphabet.length];
    return out;
  };
  const bytes = (length) => {
    const out = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i += 1) out[i] = word();
    return out;
  };
  return { int, text, bytes, pick: (list) => list[int(list.length)], real: () => word() / 2 ** 32 };
}

const DIGITS = '0123456789';
const HEX = '0123456789abcdef';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const CODE = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const MIXED = `${LOWER}${LOWER.toUpperCase()}${DIGITS}`;
const RARE = '彧翀昶珺玮珉琬琰琮瑗瑾璇璐璜璋琏琚珩珏珥珂玷玢瑕晔晗晟昕昱旖昙曦暾暌煜炜烨焱熠煊炀炫炻琛';

const uuid = (chance) => [8, 4, 4, 4, 12].map((length) => chance.text(HEX, length)).join('-');
const phone = (chance) => chance.pick(['140', '149', '194']) + chance.text(DIGITS, 8);

function luhn(body) {
  const sum = [...body].toReversed().reduce((all, char, at) => {
    const n = Number(char) * (at % 2 === 0 ? 2 : 1);
    return all + (n > 9 ? n - 9 : n);
  }, 0);
  return body + String((10 - (sum % 10)) % 10);
}

function idCard(chance) {
  const two = (n) => String(n).padStart(2, '0');
  const body = `990129${1950 + chance.int(55)}${two(1 + chance.int(12))}${two(1 + chance.int(28))}${chance.text(DIGITS, 3)}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  return body + '10X98765432'[[...body].reduce((sum, c, i) => sum + Number(c) * weights[i], 0) % 11];
}

/** By type, how a value of nobody is drawn: the rules of values.py. */
export const RULES = {
  phone,
  contact_phone: phone,
  contact_name: (chance) => chance.text(RARE, 4),
  imei: (chance) => luhn(`00${chance.text(DIGITS, 12)}`),
  imsi: (chance) => `46099${chance.text(DIGITS, 10)}`,
  android_id: (chance) => chance.text(HEX, 16),
  oaid: uuid,
  mac: (chance) => [chance.text(HEX, 1) + chance.text('26ae', 1), ...Array.from({ length: 5 }, () => chance.text(HEX, 2))].join(':'),
  serial: (chance) => chance.text(CODE, 16),
  id_card: idCard,
  bank_card: (chance) => luhn(`7${chance.text(DIGITS, 17)}`),
  location: (chance) =>
    `38.${3 + chance.int(6)}${chance.text(DIGITS, 5)}${1 + chance.int(9)},81.${chance.int(10)}${chance.text(DIGITS, 5)}${1 + chance.int(9)}`,
  email: (chance) => `${chance.text(LOWER, 6)}.${chance.text(LOWER, 8)}@mail.example`,
  ssid: (chance) => `WLAN-${chance.text(CODE, 10)}`,
  sms_body: (chance) => `【云屿银行】您的账户${chance.text(CODE, 8)}于今日入账，流水号${chance.text(CODE, 8)}，如非本人操作请联系柜台。`,
  app_package: (chance) => `com.${chance.text(LOWER, 8)}.${chance.text(LOWER, 8)}`,
  otp: (chance) => chance.text(DIGITS, 6),
};

const WORDS = [
  '首页曝光',
  '借款详情',
  '额度试算',
  '实名认证',
  '启动',
  'view_show',
  'page_leave',
  'click_apply',
  'android',
  'wifi',
  '4G',
  'huawei',
  'true',
];

const TOKENS = [
  (c) => String(1772416800000 + c.int(2 ** 31)),
  (c) => c.text(DIGITS, 4 + c.int(22)),
  (c) => c.text(HEX, c.pick([8, 16, 24, 32, 40, 64])),
  (c) => c.text('0123456789ABCDEF', c.pick([12, 16, 32])),
  uuid,
  (c) => c.pick(WORDS),
  (c) => c.pick(WORDS),
  (c) => c.text(MIXED, 5 + c.int(60)),
  (c) => c.bytes(8 + c.int(120)).toString('base64'),
  (c) => `com.${c.text(LOWER, 5)}.${c.text(LOWER, 7)}`,
  (c) => `https://cdn.example/${c.text(HEX, 16)}.png?w=${c.int(900)}`,
  phone,
  RULES.imei,
  RULES.id_card,
  RULES.bank_card,
  RULES.mac,
  RULES.location,
  RULES.contact_name,
  RULES.email,
];
/** A token that is no value of the run: `c.known` holds those. */
function token(c) {
  for (;;) {
    const drawn = c.pick(TOKENS)(c);
    if (!c.known.has(drawn)) return drawn;
  }
}
const number = (c) =>
  c.pick([
    () => c.int(1000),
    () => c.real() * 180,
    () => (38 + c.real()).toFixed(c.int(8)),
    () => (81 + c.real()).toFixed(c.int(8)),
    () => 1772416800 + c.int(10 ** 7),
  ])();

function json(c, size) {
  let text = '{"v":2,"list":[';
  while (text.length < size)
    text += `{"${c.text(LOWER, 4)}":"${token(c)}","n":${number(c)},"lat":${(38 + c.real()).toFixed(6)},"lng":${(81 + c.real()).toFixed(6)}},`;
  return Buffer.from(`${text.slice(0, -1)}]}`);
}

function form(c, size) {
  let text = 'os=android';
  while (text.length < size) text += `&${c.text(LOWER, 3)}=${encodeURIComponent(token(c))}&n=${number(c)}`;
  return Buffer.from(text);
}

function varint(n) {
  return n < 128 ? Buffer.from([n]) : Buffer.concat([Buffer.from([(n & 127) | 128]), varint(Math.floor(n / 128))]);
}

function protobuf(c, size) {
  const parts = [];
  for (let have = 0; have < size;) {
    const field = 1 + c.int(15);
    const float = Buffer.alloc(8);
    float.writeDoubleLE(38 + c.real());
    const part = c.pick([
      () => Buffer.concat([Buffer.from([(field << 3) | 2]), varint(20), c.bytes(20)]),
      () => Buffer.concat([Buffer.from([field << 3]), varint(c.int(2 ** 31))]),
      () => Buffer.concat([Buffer.from([(field << 3) | 1]), float]),
      () => {
        const text = Buffer.from(token(c));
        return Buffer.concat([Buffer.from([(field << 3) | 2]), varint(text.length), text]);
      },
    ])();
    parts.push(part);
    have += part.length;
  }
  return Buffer.concat(parts);
}

const envelope = (c, size) => Buffer.from(JSON.stringify({ v: 1, data: json(c, size * 0.7).toString('base64') }));
const hexed = (c, size) => Buffer.from(`d=${json(c, size / 2).toString('hex')}`);
const digits = (c, size) =>
  Buffer.from(Array.from({ length: size / 20 }, () => c.text(DIGITS, 1 + c.int(38))).join(c.pick([',', ' ', '\n', '|'])));

/** Bodies that hold nothing of the run, by kind. */
export const BODIES = { json, form, protobuf, envelope, hexed, digits, random: (c, size) => c.bytes(Math.ceil(size)) };
