import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Certificate, Encoding } from '../../../harness/model/finding.js';
import type { HookedCall } from '../../../harness/model/replay.js';
import { bytes, gbkText, hexes, inPieces, lossyFrom, made, sha, show, wrap, zstd, type Made, type Step } from './replay-made.js';
import { IMEI, MAC, NAME_1, OAID, PHONE, PHONE_1, PLACE, SMS, value, type ManifestValue } from './story.js';

const CARD = value('bank_card', '7990120002304567');
const BSSID = value('bssid', '1c:0a:3f:9e:50:b2');
const SPACED = value('address', '7 Cloud Isle Road');
const GBK = value('address', gbkText.text);

const each = (plain: Uint8Array, write: (byte: number) => string): Buffer => bytes([...plain].map(write).join(''));
const two = (byte: number): string => byte.toString(16).padStart(2, '0');
const units = (plain: Uint8Array): string[] => [...Buffer.from(plain).toString()];
const twoBytes = (plain: Uint8Array): Buffer => Buffer.from(Buffer.from(plain).toString(), 'utf16le');

const OPS: readonly Step[] = [
  ['percent', (plain) => each(plain, (byte) => `%${two(byte)}`)],
  ['percent', (plain) => each(plain, (byte) => (byte % 2 === 0 ? `%${two(byte).toUpperCase()}` : String.fromCharCode(byte)))],
  [
    'json',
    (plain) =>
      bytes(
        units(plain)
          .map((c) => `\\u${two(0)}${two(c.charCodeAt(0))}`)
          .join(''),
      ),
  ],
  [
    'html',
    (plain) =>
      bytes(
        units(plain)
          .map((c, i) => (i % 2 ? `&#${c.charCodeAt(0)};` : `&#x${c.charCodeAt(0).toString(16)};`))
          .join(''),
      ),
  ],
  [
    'quoted-printable',
    (plain) =>
      each(plain, (byte) =>
        byte % 3 === 0
          ? `=${two(byte).toUpperCase()}`
          : byte % 3 === 1
            ? `=\r\n${String.fromCharCode(byte)}`
            : `=\n${String.fromCharCode(byte)}`,
      ),
  ],
  ['utf-16le', twoBytes],
  ['utf-16be', (plain) => twoBytes(plain).swap16()],
  ['base64', (plain) => bytes(Buffer.from(plain).toString('base64').replaceAll('=', ''))],
  [
    'base64',
    (plain) =>
      bytes(
        Buffer.from(plain)
          .toString('base64url')
          .replaceAll(/(.{8})/g, '$1\r\n'),
      ),
  ],
  ['hex', (plain) => bytes(Buffer.from(plain).toString('hex'))],
  ['hex', (plain) => bytes(Buffer.from(plain).toString('hex').toUpperCase())],
  ['gzip', (plain) => gzipSync(plain)],
  ['deflate', (plain) => deflateSync(plain)],
  ['deflate', (plain) => deflateRawSync(plain)],
  ['brotli', (plain) => brotliCompressSync(plain)],
  ['zstd', zstd],
];

const md5 = (text: string | Uint8Array): Buffer => createHash('md5').update(text).digest();
const hash = (name: string, text: string | Uint8Array): Buffer => createHash(name).update(text).digest();
const i = IMEI.text;
const DIGESTS: readonly (readonly [Encoding, Buffer])[] = [
  ...(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512', 'sm3'] as const).map((op) => [{ op }, hash(op, i)] as const),
  [{ op: 'md5-16' }, md5(i).subarray(4, 12)],
  [{ op: 'crc32' }, hexes('5d4b663e')],
  [{ op: 'digest-of-digest', outer: 'md5', inner: 'md5', as: 'hex-lower' }, md5(md5(i).toString('hex'))],
  [{ op: 'digest-of-digest', outer: 'sha256', inner: 'md5', as: 'hex-upper' }, hash('sha256', md5(i).toString('hex').toUpperCase())],
  [{ op: 'digest-of-digest', outer: 'sha1', inner: 'sm3', as: 'raw' }, hash('sha1', hash('sm3', i))],
  [{ op: 'digest-of-digest', outer: 'md5-16', inner: 'sha1', as: 'base64' }, md5(hash('sha1', i).toString('base64')).subarray(4, 12)],
  [{ op: 'salted', digest: 'md5', before: '盐-', after: '#tail' }, md5(`盐-${i}#tail`)],
  [{ op: 'salted', digest: 'sm3', before: '', after: 'k' }, hash('sm3', `${i}k`)],
  [{ op: 'hmac', digest: 'sha256', key: '钥匙' }, createHmac('sha256', '钥匙').update(i).digest()],
  [{ op: 'hmac', digest: 'md5-16', key: 'k' }, createHmac('md5', 'k').update(i).digest().subarray(4, 12)],
];

const p = PHONE.text;
const spread = 'ab'.repeat(20);
/** Form, value, and how it is written. */
const FORMS: readonly (readonly [string, ManifestValue, string | Buffer])[] = [
  ['raw', IMEI, '004999010640000'],
  ['raw', NAME_1, '彭文菡谌'],
  ['lower', value('id_card', '99012918000230123X'), '99012918000230123x'],
  ['upper', OAID, '5D8B1F2E-93A4-4C07-8E61-0B7FD2A9C345'],
  ['reversed', PHONE, '15963728041'],
  ['full-width', PHONE, '１４０８２７３６９５１'],
  ['plus-for-space', SPACED, '7+Cloud+Isle+Road'],
  ['gbk', GBK, Buffer.from(gbkText.hex, 'hex')],
  ['utf-16le', PHONE, hexes('3100 3400 3000 3800 3200 3700 3300 3600 3900 3500 3100')],
  ['utf-16be', PHONE, hexes('0031 0034 0030 0038 0032 0037 0033 0036 0039 0035 0031')],
  ...(['86', '+86', '0086', '086'] as const).flatMap((prefix) => {
    const word = `with-${prefix.replace('+', 'plus-')}`;
    return [
      [word, PHONE, prefix + p] as const,
      [`${word}-space`, PHONE, `${prefix} ${p}`] as const,
      [`${word}-dash`, PHONE, `${prefix}-${p}`] as const,
    ];
  }),
  ['space-3-4-4', PHONE, '140 8273 6951'],
  ['dash-3-4-4', PHONE, '140-8273-6951'],
  ['plus-86-space-3-4-4', PHONE, '+86 140 8273 6951'],
  ['plus-86-dash-3-4-4', PHONE, '+86-140-8273-6951'],
  ['colon-lower', MAC, '0a:3f:9c:51:e2:7d'],
  ['colon-upper', BSSID, '1C:0A:3F:9E:50:B2'],
  ['dash-lower', BSSID, '1c-0a-3f-9e-50-b2'],
  ['dash-upper', MAC, '0A-3F-9C-51-E2-7D'],
  ['dot-lower', MAC, '0a3f.9c51.e27d'],
  ['dot-upper', MAC, '0A3F.9C51.E27D'],
  ['no-separator-lower', MAC, '0a3f9c51e27d'],
  ['no-separator-upper', BSSID, '1C0A3F9E50B2'],
  ['no-separator-lower', OAID, '5d8b1f2e93a44c078e610b7fd2a9c345'],
  ['no-separator-upper', OAID, '5D8B1F2E93A44C078E610B7FD2A9C345'],
  ['no-check-digit', IMEI, '00499901064000'],
  ['space-4', CARD, '7990 1200 0230 4567'],
  ['dash-4', CARD, '7990-1200-0230-4567'],
  ...(
    [
      ['plain', ''],
      ['colon', ':'],
      ['comma', ','],
      ['bar', '|'],
      ['space', ' '],
    ] as const
  ).flatMap(([word, by]) => [
    [`name-${word}-value`, PHONE_1, `彭文菡谌${by}14930571826`] as const,
    [`value-${word}-name`, PHONE_1, `14930571826${by}彭文菡谌`] as const,
  ]),
  ['masked-3-4', PHONE, '140****6951'],
  ['masked-0-4', PHONE, '•••••••6951'],
  ['masked-1-0', NAME_1, '彭＊＊＊'],
  ['masked-6-4', CARD, '799012xxxxxx4567'],
  ['masked-6-0', CARD, '799012XX########'],
  ['pair-7', PLACE, '38.7310459,81.5928317'],
  ['pair-5', PLACE, '81.59283","lat":"38.73105'],
  ['pair-4', PLACE, '38.7310;81.5928'],
  ['pair-3', PLACE, '38.7313, 81.5925'],
  ['pair-gcj02-6', PLACE, '38.730867,81.595437'],
  ['pair-bd09-6', PLACE, '81.601806,38.737096'],
  ['pair-e5-5', PLACE, '3873104,8159283'],
  ['pair-e6-6', PLACE, '38731046|81592832'],
  ['pair-e7-7', PLACE, '387310459 815928317'],
  ['pair-f64le-7', PLACE, hexes('fc2f7ce9925d4340 11 0ee25ef4f0655440')],
  ['pair-f64be-7', PLACE, hexes('405465f0f45ee20e 40435d92e97c2ffc')],
  ['pair-f32le-5', PLACE, hexes('97ec1a42 1d 882fa342')],
  ['pair-f32be-5', PLACE, hexes('421aec97 42a32f88')],
  ['pair-i32le-e6-6', PLACE, hexes('26fd4e02 0002dd04')],
  ['pair-i32be-e6-6', PLACE, hexes('024efd26 04dd0200')],
  ['pair-i32le-e7-7', PLACE, hexes('7be31517 fd13a230')],
  ['pair-i32be-e7-7', PLACE, hexes('1715e37b 30a213fd')],
  ['pair-varint-e6-6', PLACE, hexes('a6fabb12 10 8084f426')],
  ['pair-varint-e7-7', PLACE, hexes('fbc6d7b801 10 fda7888503')],
  ['pair-zigzag-e6-6', PLACE, hexes('ccf4f724 10 8088e84d')],
  ['pair-zigzag-e7-7', PLACE, hexes('f68daff102 10 facf908a06')],
  ['pair-bd09-e6-6', PLACE, '38737096,81601805'],
  [
    'pair-gcj02-f64be-6',
    PLACE,
    Buffer.concat(
      [38.730866871, 81.595436528].map((n) => {
        const out = Buffer.alloc(8);
        out.writeDoubleBE(n);
        return out;
      }),
    ),
  ],
  ['geohash-9', PLACE, 'tyfh2dy0d'],
  ['geohash-6', PLACE, 'tyfh2d'],
];

const KEY = Buffer.alloc(16, 7);
const stream = createCipheriv('aes-128-ctr', KEY, Buffer.alloc(16, 9));
const PLAIN = Buffer.from(`${spread}"p":"${p}"${spread}`);
const CIPHER: HookedCall = { op: 'cipher', algorithm: 'AES', input: PLAIN, output: Buffer.from(stream.update(PLAIN)) };
const SALTED: HookedCall = { op: 'digest', algorithm: 'SHA-256', input: bytes(`s:${p}`), output: hash('sha256', `s:${p}`) };

function ofCall(call: HookedCall, from: number, end: number): Made {
  const sent = Buffer.concat([bytes('d='), call.output.subarray(from, end), bytes('&')]);
  const at = Buffer.from(call.input).indexOf(p);
  return {
    part: sent,
    value: PHONE,
    calls: { e7: call },
    certificate: {
      value: PHONE.id,
      form: 'raw',
      sourceSha256: sha(sent),
      layers: [{ encoding: { op: 'derived', derivation: 'e7', from }, start: 2, end: 2 + end - from, sha256: sha(call.input) }],
      at: { start: at, end: at + p.length },
    },
  };
}

const ALL: readonly (readonly [string, Made])[] = [
  ...OPS.map((step, n) => [`${step[0]} ${n}`, made(['raw', IMEI, i], [step])] as const),
  ['five layers', made(['raw', IMEI, i], [OPS[0], OPS[7], OPS[11], OPS[9], OPS[2]] as Step[])],
  [
    'lone surrogates',
    made(
      ['raw', SMS, SMS.text],
      [
        [
          'json',
          (plain) => bytes(`\\ud83d${JSON.stringify(units(plain).join('')).slice(1, -1)}\\udc00`),
          Buffer.concat([hexes('eda0bd'), bytes(SMS.text), hexes('edb080')]),
        ],
      ],
    ),
  ],
  ...DIGESTS.map(
    ([encoding, digest]) => [`${encoding.op} ${JSON.stringify(encoding)}`, wrap(['raw', IMEI, i], [encoding, digest])] as const,
  ),
  ...FORMS.map(([form, of, written]) => [`${form} of ${of.type}`, made([form, of, written], [])] as const),
  ['sm3 of +86', wrap(['with-plus-86', PHONE, `+86${p}`], [{ op: 'sm3' }, hash('sm3', `+86${p}`)])],
  ['a call', ofCall(SALTED, 0, 32)],
  ['a cipher', ofCall(CIPHER, 0, CIPHER.output.length)],
  ['a stretch of a cipher', ofCall(CIPHER, 32, 64)],
  ['pieces', inPieces()],
];

describe('certificates made by hand', () => {
  test.each(ALL)('%s replays', (_title, it) => expect(show(it)).toEqual({ ok: true }));
});

/** Same certificate with the JSON text of one leaf changed. */
function leaves(node: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  return typeof node === 'object' && node !== null ? Object.entries(node).flatMap(([key, child]) => leaves(child, [...path, key])) : [path];
}
function changed(certificate: Certificate, path: readonly (string | number)[], change: (leaf: unknown) => unknown): Certificate {
  const copy = structuredClone(certificate) as unknown;
  let node = copy as Record<string, unknown>;
  for (const key of path.slice(0, -1)) node = node[key] as Record<string, unknown>;
  const last = String(path.at(-1));
  node[last] = change(node[last]);
  return copy as Certificate;
}

const flipped = (from: Uint8Array, at: number): Buffer => {
  const out = Buffer.from(from);
  out[at] = (out[at] ?? 0) ^ (1 << (at % 8));
  return out;
};

describe('rejects one flipped byte anywhere', () => {
  test.each(ALL)('%s: of the part, of another part, of what a hook saw', (_title, it) => {
    it.part.forEach((_, at) => expect(show({ ...it, part: flipped(it.part, at) }), `part ${at}`).toMatchObject({ ok: false }));
    for (const [name, other] of Object.entries(it.others ?? {}))
      other.forEach((_, at) =>
        expect(show({ ...it, others: { ...it.others, [name]: flipped(other, at) } }), `${name} ${at}`).toMatchObject({ ok: false }),
      );
    for (const [id, call] of Object.entries(it.calls ?? {})) {
      call.input.forEach((_, at) =>
        expect(show({ ...it, calls: { [id]: { ...call, input: flipped(call.input, at) } } }), `input ${at}`).toMatchObject({ ok: false }),
      );
      // Of a cipher's output only the stretch that was sent is certified.
      const { encoding, start, end } = it.certificate.layers[0] ?? { encoding: { op: 'hex' as const }, start: 0, end: 0 };
      const from = encoding.op === 'derived' ? encoding.from : 0;
      for (let at = from; at < from + end - start; at += 1)
        expect(show({ ...it, calls: { [id]: { ...call, output: flipped(call.output, at) } } }), `output ${at}`).toMatchObject({
          ok: false,
        });
    }
  });

  test.each(ALL)('%s: of the value', (_title, it) => {
    // What the form does not tell is not certified: hidden characters, decimals beyond those that agree, a check digit.
    const [form, told] = [it.certificate.form, lossyFrom(it)];
    for (let at = 0; at < it.value.text.length; at += 1) {
      if (!told(at)) continue;
      const text = it.value.text.slice(0, at) + String.fromCharCode(it.value.text.charCodeAt(at) ^ 1) + it.value.text.slice(at + 1);
      expect(show({ ...it, value: { ...it.value, text } }), `${form} ${text}`).toMatchObject({ ok: false });
    }
  });

  test.each(ALL)('%s: of every hash, word and number', (_title, it) => {
    for (const path of leaves(it.certificate)) {
      const name = path.join('.');
      const tried: unknown[] = [];
      for (const by of [1, -1]) {
        const other = changed(it.certificate, path, (leaf) => {
          if (typeof leaf === 'number') return leaf + by;
          const [text, at] = [String(leaf), by === 1 ? 0 : String(leaf).length - 1];
          return text === '' ? 'x' : text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
        });
        tried.push(other);
        if (isBeside(it, path, by)) continue;
        expect(show({ ...it, certificate: other }), `${name} ${by}`).toMatchObject({ ok: false });
      }
      expect(tried).toHaveLength(2);
    }
  });
});

/**
 * Changes of one number or character that leave a true certificate: a compressed stream ends by itself, so that one byte more behind it or less of its checksum
 * is not looked at; of two coordinates the range says only where they lie, and one decimal less agrees too; fewer mask characters hide the same; of what
 * left a cipher a shorter stretch will do, as long as the value lies in it.
 */
function isBeside({ certificate }: Made, path: readonly (string | number)[], by: number): boolean {
  const [field, , inLayer] = path;
  const { form, layers } = certificate;
  const op = layers[Number(path[1])]?.encoding.op ?? '';
  if (field === 'layers' && inLayer === 'end') return ['gzip', 'deflate', 'brotli', 'zstd'].includes(op) || (op === 'derived' && by === -1);
  if (form.startsWith('masked') && field === 'at') return by === (path[1] === 'start' ? 1 : -1) && form.includes('-0');
  return form.startsWith('pair') && ((field === 'form' && by === -1) || (field === 'at' && by === (path[1] === 'start' ? -1 : 1)));
}

describe('rejects a changed byte although every hash was made again', () => {
  test.each(ALL)('%s', (_title, it) => {
    const [first] = it.certificate.layers;
    if (first?.encoding.op === 'joined') return;
    const range = first ?? it.certificate.at;
    const accepted: number[] = [];
    for (let at = range.start; at < range.end; at += 1)
      for (let bit = 0; bit < 8; bit += 1) {
        const part = Buffer.from(it.part);
        part[at] = (part[at] ?? 0) ^ (1 << bit);
        if (show({ ...it, part, certificate: { ...it.certificate, sourceSha256: sha(part) } }).ok) accepted.push(at);
      }
    expect(new Set(accepted.filter((at) => !tellsTheSame(it, at)))).toEqual(new Set());
  });
});

/** Bytes that may be another and tell the same: a hex digit's case, a space between base64, a stream's own head and checksum, a mask, what lies between coordinates. */
function tellsTheSame({ certificate, part }: Made, at: number): boolean {
  const [first] = certificate.layers;
  const byte = String.fromCharCode(part[at] ?? 0);
  switch (first?.encoding.op) {
    case 'hex':
    case 'percent':
    case 'quoted-printable':
    case 'json':
    case 'html':
      return /[a-fA-Fx\r]/.test(byte) || certificate.layers.length > 1;
    case 'base64':
      return /\s/.test(byte) || at === first.end - 1;
    case 'gzip':
      return at < first.start + 10 || at >= first.end - 9;
    case 'deflate':
    case 'brotli':
    case 'zstd':
      return at < first.start + 7 || at >= first.end - 5;
    default:
      return /^masked|^pair/.test(certificate.form);
  }
}

describe('a value inside a longer number is none', () => {
  const beside: readonly (readonly [string, readonly [op: Step | null, form: string, written: string, digit: string]])[] = [
    ['text', [null, 'raw', p, '7']],
    ['full-width digits', [null, 'raw', p, '７']],
    ['full-width among their like', [null, 'full-width', '１４０８２７３６９５１', '９']],
    ['UTF-16', [OPS[5] as Step, 'raw', p, '7']],
    ['UTF-16, full-width', [OPS[6] as Step, 'raw', p, '７']],
    ...[0, 3, 4, 7, 9].map((n) => [String(OPS[n]?.[0]), [OPS[n] as Step, 'raw', p, '7']] as const),
    ['with a prefix', [null, 'with-86', `86${p}`, '1']],
  ];
  test.each(beside)('%s', (_title, [op, form, written, digit]) => {
    for (const text of [`${digit}${written}`, `${written}${digit}`]) {
      const whole = made([form, PHONE, text], op === null ? [] : [op]);
      const { start } = whole.certificate.at;
      const from = text.startsWith(digit) ? start + Buffer.byteLength(digit) : start;
      const at = { start: from, end: from + Buffer.byteLength(written) };
      expect(show({ ...whole, certificate: { ...whole.certificate, at } })).toEqual({
        ok: false,
        why: 'the value is part of a longer number',
      });
    }
  });

  test.each(['utf-16le', 'utf-16be'] as const)('%s as a form', (form) => {
    const code = (text: string): Buffer => (form === 'utf-16le' ? Buffer.from(text, 'utf16le') : Buffer.from(text, 'utf16le').swap16());
    for (const digit of ['7', '７'])
      for (const [before, after] of [
        [digit, ''],
        ['', digit],
      ] as const) {
        const part = code(`:${before}${p}${after};`);
        const start = 2 + 2 * before.length;
        const certificate = { value: PHONE.id, form, sourceSha256: sha(part), layers: [], at: { start, end: start + 22 } };
        expect(show({ part, value: PHONE, certificate })).toEqual({ ok: false, why: 'the value is part of a longer number' });
      }
  });

  test('UTF-16: digits in the other order of bytes', () => {
    const le = Buffer.from(`9${p}`, 'utf16le');
    const be = Buffer.from(`${p}9`, 'utf16le').swap16();
    for (const [form, part, start] of [
      ['utf-16be', Buffer.concat([bytes('x'), le]), 2],
      ['utf-16le', Buffer.concat([be, bytes('x')]), 1],
    ] as const) {
      const certificate = { value: PHONE.id, form, sourceSha256: sha(part), layers: [], at: { start, end: start + 22 } };
      expect(show({ part, value: PHONE, certificate })).toMatchObject({ ok: false });
    }
  });

  test.each([
    ['0a0b', '3001', true],
    ['0a0b', '3205', true],
    ['0a0b', '3800', true],
    ['0a0b', '3a01', true],
    ['0a0b', '3300', false],
    ['0a0c', '3001', false],
    ['080b', '3001', false],
    ['0a31', '3001', false],
    ['', '3001', false],
  ])('protobuf: behind %s and before %s it is whole: %s', (before, after, ok) => {
    const part = Buffer.concat([hexes(before), bytes(p), hexes(after)]);
    const start = before.length / 2;
    const certificate = { value: PHONE.id, form: 'raw', sourceSha256: sha(part), layers: [], at: { start, end: start + 11 } };
    expect(show({ part, value: PHONE, certificate }).ok).toBe(ok);
  });

  test('layers cut right at the value, or through an escape', () => {
    const cases = [
      ['hex', bytes(`35${bytes(p).toString('hex')}`), 2, 24],
      ['hex', bytes(`${bytes(p).toString('hex')}35`), 0, 22],
      ['base64', bytes(bytes(`ab9${p}`).toString('base64')), 4, 19],
      ['base64', bytes(bytes(`abc${p}7`).toString('base64')), 4, 19],
      ['percent', bytes(`%39${p}`), 3, 14],
      ['percent', bytes(`${p}%39`), 0, 11],
      ['json', bytes(`\\u0039${p}`), 6, 17],
      ['json', bytes(`\\uff17${p}`), 6, 17],
      ['html', bytes(`&#57;${p}`), 5, 16],
      ['html', bytes(`&#57;${p}`), 4, 16],
      ['quoted-printable', bytes(`7=\r\n${p}`), 4, 15],
      ['quoted-printable', bytes(`7=\r\n${p}`), 3, 15],
    ] as const;
    for (const [op, part, start, end] of cases) {
      const spelled = bytes(part[start] === 59 ? `;${p}` : part[start] === 10 ? `\n${p}` : p);
      const layers = [{ encoding: { op }, start, end, sha256: sha(spelled) }];
      const at = { start: spelled.length - 11, end: spelled.length };
      const certificate = { value: PHONE.id, form: 'raw', sourceSha256: sha(part), layers, at };
      const { ok } = show({ part, value: PHONE, certificate });
      expect(ok, `${op} ${part.toString()} ${start}`).toBe(false);
    }
  });

  test('pieces, before the first and behind the last', () => {
    for (const [a, b] of [
      ['714082', '736951;'],
      ['"14082', '7369517'],
    ] as const) {
      const whole = inPieces();
      const part = bytes(`b=${b}`);
      const first = bytes(`a=${bytes(a).toString('hex')}&`);
      const pieces = [
        {
          flow: 'e1',
          part: 'body',
          sourceSha256: sha(first),
          layers: [{ encoding: { op: 'hex' }, start: 2, end: 14, sha256: sha(bytes(a)) }],
          at: { start: 1, end: 6 },
        },
        { flow: 'e2', part: 'header:x', sourceSha256: sha(part), layers: [], at: { start: 2, end: 8 } },
      ] as const;
      const layers = [{ encoding: { op: 'joined', pieces }, start: 0, end: part.length, sha256: sha(bytes(p)) }] as const;
      const certificate = { ...whole.certificate, sourceSha256: sha(part), layers };
      expect(show({ ...whole, part, others: { 'e1 body': first, 'e2 header:x': part }, certificate })).toEqual({
        ok: false,
        why: 'the value is part of a longer number',
      });
    }
  });
});

describe('what would hold byte for byte and tells nothing is refused', () => {
  test('a digest that a hook saw of another input', () => {
    const input = bytes(`t:${p}`);
    expect(show(ofCall({ ...SALTED, input }, 0, 32))).toMatchObject({ ok: false });
  });

  test('a stretch of a cipher beside the value, one too short, and a stretch of a digest', () => {
    expect(show(ofCall(CIPHER, 0, 32))).toMatchObject({ ok: false, why: 'these bytes of the output do not tell of that input' });
    expect(show(ofCall(CIPHER, 80, 96))).toMatchObject({ ok: false, why: 'these bytes of the output do not tell of that input' });
    expect(show(ofCall(CIPHER, 45, 60))).toMatchObject({ ok: false });
    expect(show(ofCall(SALTED, 0, 16))).toMatchObject({ ok: false, why: 'these bytes of the output do not tell of that input' });
  });

  test('pieces of other requests alone', () => {
    const it = inPieces();
    const part = bytes('zz');
    const layers = it.certificate.layers.map((layer) => ({ ...layer, end: 2 }));
    expect(show({ ...it, part, certificate: { ...it.certificate, sourceSha256: sha(part), layers } })).toMatchObject({ ok: false });
  });
});
