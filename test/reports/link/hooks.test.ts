import { createCipheriv, createHash, createHmac } from 'node:crypto';
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

  test('a cut output is not the output', () => {
    const story = new Story();
    story.derive(['cipher', 'AES'], contacts, cbc(contacts));
    story.flow({ body: cbc(contacts).subarray(0, -1) });
    expect(story.link().links).toEqual([]);
  });
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
