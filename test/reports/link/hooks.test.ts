import { constants, createCipheriv, createHash, createHmac, generateKeyPairSync, publicEncrypt } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { IMEI, NAME_1, NAME_2, PACKAGE, PHONE, PHONE_1, PHONE_2, PROCESS, SMS, Story, value, type ManifestValue } from './story.js';

const KEY = Buffer.alloc(16, 7);
const IV = Buffer.alloc(16, 9);
const md5 = (text: string): Buffer => createHash('md5').update(text).digest();

function cbc(plain: Uint8Array): Buffer {
  const c = createCipheriv('aes-128-cbc', KEY, IV);
  return Buffer.concat([c.update(plain), c.final()]);
}
function gcm(plain: Uint8Array): Buffer {
  const c = createCipheriv('aes-128-gcm', KEY, IV.subarray(0, 12));
  return Buffer.concat([c.update(plain), c.final(), c.getAuthTag()]);
}
function ecb(plain: Uint8Array): Buffer {
  const c = createCipheriv('aes-128-ecb', KEY, null);
  return Buffer.concat([c.update(plain), c.final()]);
}
const contacts = Buffer.from(
  JSON.stringify([
    { n: NAME_1.text, p: PHONE_1.text },
    { n: NAME_2.text, p: PHONE_2.text },
  ]),
);
const ids = (links: readonly { value: string }[]): string[] => links.map((l) => l.value);
const level = (story: Story, wanted: ManifestValue): string | undefined => story.link().links.find((l) => l.value === wanted.id)?.level;

describe('what a hook saw go in is found as what came out', () => {
  test('48 a salted md5 is C5 with the hook', () => {
    const story = new Story();
    const call = story.derive(['digest', 'MD5'], Buffer.from(`salt:${PHONE.text}`), md5(`salt:${PHONE.text}`));
    story.flow({ body: JSON.stringify({ u: md5(`salt:${PHONE.text}`).toString('hex') }) });
    const [found] = story.link().links;
    expect(found).toMatchObject({ value: PHONE.id, level: 'C5', chain: [{ op: 'hex' }, { op: 'derived', derivation: call.id }] });
  });

  test('49 an HMAC', () => {
    const story = new Story();
    const out = createHmac('sha256', 'k').update(IMEI.text).digest();
    story.derive(['mac', 'HmacSHA256'], Buffer.from(IMEI.text), out);
    story.flow({ headers: [['X-Sign', out.toString('base64')]] });
    expect(level(story, IMEI)).toBe('C5');
  });

  test('a plain md5 that a hook saw stays an md5 in words and rises to C5', () => {
    const story = new Story();
    story.derive(['digest', 'MD5'], Buffer.from(IMEI.text), md5(IMEI.text));
    story.flow({ body: JSON.stringify({ u: md5(IMEI.text).toString('hex') }) });
    expect(story.link().links[0]).toMatchObject({ level: 'C5', chain: [{ op: 'hex' }, { op: 'md5' }] });
  });

  test.each([
    [
      '55 AES-CBC behind its IV, base64',
      () => cbc(contacts),
      (ct: Buffer) => JSON.stringify({ d: Buffer.concat([IV, ct]).toString('base64') }),
    ],
    ['56 AES-GCM with its tag, base64', () => gcm(contacts), (ct: Buffer) => JSON.stringify({ d: ct.toString('base64') })],
    ['57 AES-ECB, hex', () => ecb(contacts), (ct: Buffer) => `d=${ct.toString('hex').toUpperCase()}`],
    ['raw body', () => cbc(contacts), (ct: Buffer) => ct],
    ['gzip of it', () => cbc(contacts), (ct: Buffer) => gzipSync(ct)],
  ])('%s: all four values of two contacts', (_title, encrypt, wrap) => {
    const story = new Story();
    story.derive(['cipher', 'AES'], contacts, encrypt());
    story.flow({ body: wrap(encrypt()) });
    const { links } = story.link();
    expect(ids(links)).toEqual(ids([NAME_1, PHONE_1, NAME_2, PHONE_2].map((v) => ({ value: v.id }))));
    expect(new Set(links.map((l) => l.level))).toEqual(new Set(['C5']));
  });

  test('a call on another call’s output, packed in between', () => {
    const story = new Story();
    const inner = md5(`s${PHONE.text}`);
    story.derive(['digest', 'MD5'], Buffer.from(`s${PHONE.text}`), inner);
    const plain = gzipSync(JSON.stringify({ id: inner.toString('hex') }));
    story.derive(['cipher', 'AES'], plain, cbc(plain));
    story.flow({ body: cbc(plain).toString('base64') });
    expect(story.link().links[0]?.chain.map((e) => e.op)).toEqual(['base64', 'derived', 'gzip', 'hex', 'derived']);
  });

  test('61 the same IV and beginning, another end: the right plaintext is linked', () => {
    const story = new Story();
    const head = 'x'.repeat(64);
    for (const v of [PHONE_1, PHONE_2]) story.derive(['cipher', 'AES'], Buffer.from(head + v.text), cbc(Buffer.from(head + v.text)));
    story.flow({ body: cbc(Buffer.from(head + PHONE_2.text)) });
    expect(ids(story.link().links)).toEqual([PHONE_2.id]);
  });

  test('63 a cipher that no hook saw is nothing', () => {
    const story = new Story();
    story.flow({ body: cbc(contacts) });
    expect(story.link().links).toEqual([]);
  });

  test('62, 65 one ciphertext in two requests to two hosts', () => {
    const story = new Story();
    story.derive(['cipher', 'AES'], contacts, cbc(contacts));
    story.flow({ body: cbc(contacts) });
    story.flow({ body: cbc(contacts), host: 'other.example' });
    expect(story.link().links.length).toBe(8);
  });

  test('an output first seen after the request does not prove it', () => {
    const story = new Story();
    story.flow({ body: JSON.stringify({ u: md5(IMEI.text).toString('hex') }), ms: 100 });
    story.derive(['digest', 'MD5'], Buffer.from(IMEI.text), md5(IMEI.text), 200);
    expect(story.link().links[0]?.level).toBe('C4');
  });
});

describe('a ciphertext of which a part was sent', () => {
  const AES = ['cipher', 'AES/CBC/PKCS5Padding'] as const;
  /** The values found in a body that hooks saw come from `plain`. */
  const found = (
    call: readonly ['cipher' | 'digest' | 'mac' | 'base64', string],
    [plain, out]: readonly [Uint8Array, Uint8Array],
    body: Uint8Array | string,
  ) => {
    const story = new Story();
    story.derive(call, plain, out);
    story.flow({ body });
    return story.link().links;
  };
  const long = Buffer.from(
    JSON.stringify({ head: 'x'.repeat(100), a: PHONE_1.text, mid: 'y'.repeat(100), b: IMEI.text, tail: 'z'.repeat(100) }),
  );
  const [phoneAt, imeiAt] = [long.indexOf(PHONE_1.text), long.indexOf(IMEI.text)];

  test('the values whose blocks are there, with the place in the output', () => {
    const end = Math.ceil((phoneAt + 11) / 16) * 16;
    const links = found(AES, [long, cbc(long)], cbc(long).subarray(32, end));
    expect(links).toMatchObject([
      { value: PHONE_1.id, level: 'C5', chain: [{ op: 'derived', from: 32 }], span: { start: 0, end: end - 32 } },
    ]);
    expect(found(AES, [long, cbc(long)], cbc(long).subarray(0, end - 1))).toEqual([]);
    expect(ids(found(AES, [long, cbc(long)], cbc(long).subarray(0, -1)))).toEqual([IMEI.id, PHONE_1.id]);
    expect(
      ids(
        found(
          AES,
          [long, cbc(long)],
          cbc(long)
            .subarray(imeiAt - 20)
            .toString('base64'),
        ),
      ),
    ).toEqual([IMEI.id]);
  });

  test('in a mode that works byte by byte, to the byte; with less than 16 bytes, nothing', () => {
    const sealed = gcm(long);
    const call = ['cipher', 'AES/GCM/NoPadding'] as const;
    const part = (from: number, to: number): string[] => ids(found(call, [long, sealed], sealed.subarray(from, to)));
    expect(part(imeiAt - 5, imeiAt + 15)).toEqual([IMEI.id]);
    expect(part(imeiAt + 1, imeiAt + 40)).toEqual([]);
    expect(part(imeiAt, imeiAt + 14)).toEqual([]);
    expect(part(imeiAt, imeiAt + 15)).toEqual([]);
    expect(part(imeiAt, imeiAt + 16)).toEqual([IMEI.id]);
  });

  test.each([
    ['plain', long],
    ['packed before', gzipSync(long)],
  ])('56 the tag of GCM in a field of its own (%s)', (_title, plain) => {
    const sealed = gcm(plain);
    const body = JSON.stringify({
      iv: IV.toString('hex'),
      tag: sealed.subarray(-16).toString('base64'),
      ct: sealed.subarray(0, -16).toString('base64'),
    });
    const links = found(['cipher', 'AES/GCM/NoPadding'], [plain, sealed], body);
    expect(ids(links)).toEqual([IMEI.id, PHONE_1.id]);
    expect(new Set(links.map((l) => l.level))).toEqual(new Set(['C5']));
  });

  test('61 what two plaintexts share tells neither', () => {
    const story = new Story();
    const head = 'x'.repeat(60);
    for (const v of [PHONE_1, PHONE_2]) story.derive(AES, Buffer.from(head + v.text), cbc(Buffer.from(head + v.text)));
    story.flow({ body: cbc(Buffer.from(head + PHONE_2.text)).subarray(0, 48) });
    expect(story.link().links).toEqual([]);
  });

  test('a part of a digest, a MAC, a coding or of what a public key gave is nothing', () => {
    const mac = createHmac('sha256', 'k').update(IMEI.text).digest();
    expect(found(['mac', 'HmacSHA256'], [Buffer.from(IMEI.text), mac], mac.subarray(0, 24))).toEqual([]);
    const digest = createHash('sha256').update(`s${IMEI.text}`).digest();
    expect(found(['digest', 'SHA-256'], [Buffer.from(`s${IMEI.text}`), digest], digest.subarray(0, 16).toString('hex'))).toEqual([]);
    const plain = Buffer.from(`${'k'.repeat(230)}${IMEI.text}`);
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const wrapped = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, plain);
    expect(ids(found(['cipher', 'RSA/ECB/PKCS1Padding'], [plain, wrapped], wrapped))).toEqual([IMEI.id]);
    expect(found(['cipher', 'RSA/ECB/PKCS1Padding'], [plain, wrapped], wrapped.subarray(0, 255))).toEqual([]);
    expect(found(['cipher', 'RSA/ECB/PKCS1Padding'], [plain, wrapped], wrapped.subarray(16))).toEqual([]);
  });
});

describe('more ways through hooks', () => {
  test('37 a base64 alphabet of the app’s own', () => {
    const plain = Buffer.from(`{"imei":"${IMEI.text}"}`);
    const own = plain.toString('base64').replace(/[A-Za-z]/g, (c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase()));
    const story = new Story();
    story.flow({ body: JSON.stringify({ d: own }) });
    expect(story.link().links).toEqual([]);
    story.derive(['base64', 'com.example.loan.Base64X'], plain, Buffer.from(own), 900);
    story.flow({ body: JSON.stringify({ d: own }) });
    expect(story.link().links.at(-1)).toMatchObject({ value: IMEI.id, level: 'C5', chain: [{ op: 'derived' }] });
  });

  test('52 the digest of a whole list proves the list, and hands over no contact', () => {
    const story = new Story();
    const list = Buffer.from(
      [NAME_1, NAME_2, PHONE_1, PHONE_2]
        .map((v) => v.text)
        .toSorted()
        .join(';'),
    );
    const out = createHash('sha256').update(list).digest();
    story.derive(['digest', 'SHA-256'], list, out);
    story.flow({ body: JSON.stringify({ listHash: out.toString('hex') }) });
    const { links } = story.link();
    expect(links.length).toBe(4);
    expect(new Set(links.map((l) => l.level))).toEqual(new Set(['C3']));
  });

  test('58 a key under RSA beside the body under AES; chunks of RSA, each a call of its own', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const rsa = (plain: Uint8Array): Buffer => publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, plain);
    const story = new Story();
    const wrapped = rsa(KEY);
    story.derive(['cipher', 'AES/CBC/PKCS5Padding'], contacts, cbc(contacts));
    story.derive(['cipher', 'RSA/ECB/PKCS1Padding'], KEY, wrapped);
    story.flow({ body: JSON.stringify({ key: wrapped.toString('base64'), body: cbc(contacts).toString('base64') }) });
    expect(story.link().links.length).toBe(4);
    const chunks = [PHONE_1, IMEI].map((v) => Buffer.from(`"v":"${v.text}",`));
    const other = new Story();
    const sealed = chunks.map((chunk) => {
      const out = rsa(chunk);
      other.derive(['cipher', 'RSA/ECB/PKCS1Padding'], chunk, out);
      return out;
    });
    other.flow({ body: Buffer.concat(sealed).toString('base64') });
    expect(ids(other.link().links)).toEqual([IMEI.id, PHONE_1.id]);
  });

  test('59 two ciphers at once: each output belongs to its own input', () => {
    const story = new Story();
    const [a, b] = [PHONE_1, IMEI].map((v) => Buffer.from(JSON.stringify({ v: v.text, pad: 'p'.repeat(40) }))) as [Buffer, Buffer];
    story.derive(['cipher', 'AES/CBC/PKCS5Padding'], a, cbc(a));
    story.derive(['cipher', 'AES/ECB/PKCS5Padding'], b, ecb(b));
    const [one, two] = [story.flow({ body: ecb(b).toString('hex') }), story.flow({ body: cbc(a) })];
    expect(story.link().links.map((l) => [l.value, l.flow])).toEqual([
      [IMEI.id, one.id],
      [PHONE_1.id, two.id],
    ]);
  });

  test('64 SM4 with a length in front and a tag behind', () => {
    const cipher = createCipheriv('sm4-cbc', KEY, IV);
    const out = Buffer.concat([cipher.update(contacts), cipher.final()]);
    const story = new Story();
    story.derive(['cipher', 'SM4/CBC/PKCS5Padding'], contacts, out);
    story.flow({ body: Buffer.concat([Buffer.of(0, 0, 0, out.length), IV, out, md5('tag')]) });
    expect(story.link().links.length).toBe(4);
  });
});

describe('what a hook saw go in and held no value', () => {
  const plain = Buffer.from(JSON.stringify({ event: 'open', pages: Array.from({ length: 400 }, (_, i) => `page${i}`) }));
  test.each([
    ['as it is', (ct: Buffer) => ct],
    ['behind its IV', (ct: Buffer) => Buffer.concat([IV, ct])],
    ['in base64 in JSON', (ct: Buffer) => JSON.stringify({ d: ct.toString('base64') })],
    ['in hex', (ct: Buffer) => `d=${ct.toString('hex')}`],
    ['in a form', (ct: Buffer) => `d=${encodeURIComponent(ct.toString('base64'))}`],
  ])('is not undecodable as ciphertext, %s', (_title, wrap) => {
    const story = new Story();
    story.flow({ body: wrap(cbc(plain)) });
    expect(story.link().gaps.map(({ why }) => why)).toEqual(['undecodable']);
    story.derive(['cipher', 'AES/CBC/PKCS5Padding'], plain, cbc(plain));
    expect(story.link()).toMatchObject({ links: [], gaps: [] });
  });

  test('unless what went in could not be read itself, or more stands beside it', () => {
    const story = new Story();
    const inner = gcm(plain);
    story.derive(['cipher', 'AES/CBC/PKCS5Padding'], inner, cbc(inner));
    story.flow({ body: cbc(inner) });
    story.derive(['cipher', 'AES/CBC/PKCS5Padding'], plain, cbc(plain));
    story.flow({ body: Buffer.concat([cbc(plain), cbc(inner)]) });
    expect(story.link().gaps.map(({ why }) => why)).toEqual(['undecodable', 'undecodable']);
  });
});

test('10,000 calls of 4 kB each, 1,000 outputs of them in one body', () => {
  const story = new Story();
  const values = contactPhones(0, 'v', 1000);
  const outs = Array.from({ length: 10_000 }, (_, i) => {
    const holds = i % 10 === 0 ? values[i / 10]?.text : 'none';
    const plain = Buffer.from(`${'header of every request '.repeat(80)}${i} "${holds}" ${'trailer '.repeat(250)}`);
    const out = cbc(plain);
    story.derive(['cipher', 'AES/CBC/PKCS5Padding'], plain, out);
    return out;
  });
  story.flow({ body: JSON.stringify(outs.filter((_, i) => i % 10 === 0).map((out) => out.toString('base64'))) });
  const { links } = story.link(values);
  expect(links.length).toBe(1000);
  expect(new Set(links.map((l) => l.level))).toEqual(new Set(['C5']));
});

describe('who read it', () => {
  const body = JSON.stringify({ imei: IMEI.text });

  test('89 two reads before one send: the latest is named, both are listed', () => {
    const story = new Story();
    const first = story.read(100, [IMEI.id]);
    const second = story.read(200, [IMEI.id]);
    story.flow({ body, ms: 300 });
    const later = story.read(400, [IMEI.id]);
    expect(story.link().links).toMatchObject([
      { reads: [first.id, second.id, later.id], observation: second.id, origin: 'read', order: 'before', owner: 'same' },
    ]);
  });

  test('86 sent before it was read', () => {
    const story = new Story();
    story.flow({ body, ms: 300 });
    story.read(400, [IMEI.id]);
    expect(story.link().links).toMatchObject([{ observation: null, origin: 'unseen', order: 'after' }]);
  });

  test('never read', () => {
    const story = new Story();
    story.flow({ body });
    expect(story.link().links).toMatchObject([{ reads: [], observation: null, origin: 'unseen', order: 'none', owner: 'same' }]);
  });

  test.each([
    [2500, 'undecided'],
    [100, 'before'],
  ] as const)('87 another clock with %i ms of slack', (slackMs, expected) => {
    const story = new Story();
    const stamp = { ms: 1000, slackMs, clock: 'device', seq: 1 };
    story.read(1000, [IMEI.id], { at: stamp, firstAt: stamp, lastAt: stamp });
    story.flow({ body, ms: 3000 });
    expect(story.link().links[0]?.order).toBe(expected);
  });

  test('85 what was typed is the user’s input', () => {
    const story = new Story();
    const typed = value('id_card', '99027718000230456X', { origin: 'typed' });
    story.flow({ body: JSON.stringify({ id: typed.text }) });
    expect(story.link([typed]).links).toMatchObject([{ origin: 'typed', observation: null, order: 'none' }]);
  });

  test('a picked contact is picked, unless it was read as well', () => {
    const story = new Story();
    story.events.push({
      id: 'e1',
      at: { ms: 10, slackMs: 0, clock: 'run', seq: 1 },
      kind: 'lifecycle',
      what: 'picked',
      process: PROCESS,
      detail: `${NAME_1.id},${PHONE_1.id}`,
      head: null,
    });
    story.flow({ body: JSON.stringify([NAME_1.text, PHONE_1.text]) });
    expect(story.link().links.map((l) => l.origin)).toEqual(['picked', 'picked']);
    story.read(20, [PHONE_1.id]);
    expect(story.link().links.map((l) => l.origin)).toEqual(['picked', 'read']);
  });

  test('88 read by one app, sent by another', () => {
    const story = new Story();
    story.read(100, [IMEI.id]);
    story.flow({ body, package: 'com.other.app' });
    story.flow({ body, package: null });
    story.flow({ body, package: PACKAGE });
    expect(story.link().links.map((l) => l.owner)).toEqual(['other', 'unknown', 'same']);
  });
});

describe('placebos', () => {
  const planted = contactPhones(0, 'v');
  const placebos = contactPhones(10_000, 'p').map((v) => ({ ...v, origin: 'placebo' as const }));

  test('one that is found is counted and never linked', () => {
    const story = new Story();
    story.flow({ body: JSON.stringify([placebos[3]?.text, placebos[4]?.text, planted[1]?.text]) });
    story.flow({ body: md5(placebos[3]?.text ?? '').toString('hex') });
    const { links, placebo } = story.link(planted, placebos);
    expect(ids(links)).toEqual([planted[1]?.id]);
    expect(placebo).toMatchObject({ drawn: placebos.length, hits: 3 });
    expect(placebo.bytesSearched).toBeGreaterThan(100);
  });

  test('92, 93 a body of 2000 contacts with three missing gives 1997, no placebo, each with its certificate', () => {
    const story = new Story();
    const all = contactPhones(0, 'v', 2000);
    story.flow({ body: gzipSync(JSON.stringify(all.slice(3).map((v) => ({ phone: v.text })))).toString('base64') });
    const { links, placebo } = story.link(all, placebos);
    expect(links.length).toBe(1997);
    expect(new Set(links.map((l) => l.level))).toEqual(new Set(['C4']));
    expect(placebo.hits).toBe(0);
  });
});

function contactPhones(from: number, letter: 'v' | 'p', n = 50): ManifestValue[] {
  return Array.from({ length: n }, (_, i) => ({
    ...value('contact_phone', `141${String(((from + i) * 48271 + 12345) % 100_000_000).padStart(8, '0')}`),
    id: `${letter}${50_000 + from + i}`,
  }));
}

test('the SMS of the story is long enough to stand alone', () => {
  const story = new Story();
  story.flow({ body: SMS.text });
  expect(level(story, SMS)).toBe('C4');
});

test('a salt that ends in a digit hides no value in a short digest input; in a long one a number is asked for its borders', () => {
  const story = new Story();
  const short = Buffer.from(`Jj#2026${PHONE.text}`);
  const long = Buffer.from(`${'x'.repeat(200)}2026${PHONE.text}`);
  for (const input of [short, long]) {
    const output = createHash('md5').update(input).digest();
    story.derive(['digest', 'MD5'], input, output);
    story.flow({ body: JSON.stringify({ sign: output.toString('hex') }) });
  }
  const { links, gaps } = story.link();
  expect(links.map((link) => [link.value, link.level, link.flow])).toEqual([[PHONE.id, 'C5', 'e2']]);
  expect(gaps).toEqual([]);
});
