import { constants, createCipheriv, createDecipheriv, generateKeyPairSync, publicEncrypt, type CipherGCM } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { IMEI, NAME_1, NAME_2, PHONE, PHONE_1, PHONE_2, PROCESS, Story, type ManifestValue } from '../story.js';
import { base64, field, hex, json, noise } from './encoders.js';
import { expectLinked, expectNone, found, linked, type Found } from './expect.js';

const KEY = noise(16, 'key');
const IV = noise(16, 'iv');

/** What a cipher of Node gives: with the tag behind it where there is one. */
function sealed(algorithm: string, plain: Uint8Array | string): Buffer {
  const iv = algorithm.endsWith('ecb') ? null : algorithm.endsWith('gcm') ? IV.subarray(0, 12) : IV;
  const cipher = createCipheriv(algorithm, KEY, iv);
  const out = [cipher.update(Buffer.from(plain)), cipher.final()];
  return Buffer.concat(algorithm.endsWith('gcm') ? [...out, (cipher as CipherGCM).getAuthTag()] : out);
}
const CBC = 'AES/CBC/PKCS5Padding';
const cbc = (plain: Uint8Array | string): Buffer => sealed('aes-128-cbc', plain);

const CONTACTS = [NAME_1, PHONE_1, NAME_2, PHONE_2];
const list = Buffer.from(
  JSON.stringify([
    { n: NAME_1.text, p: PHONE_1.text },
    { n: NAME_2.text, p: PHONE_2.text },
  ]),
);
const all = (chain: string, flow: Found['flow'] = null): readonly Found[] => CONTACTS.map((v) => ({ ...found(v, 'C5', chain), flow }));

describe('encryption', () => {
  test.each<readonly [string, string, readonly [algorithm: string, chain: string], (ct: Buffer) => string | Uint8Array]>([
    ['55 AES-CBC behind its IV, base64', CBC, ['aes-128-cbc', 'base64 derived'], (ct) => json({ d: base64(Buffer.concat([IV, ct])) })],
    [
      '55 AES-CBC behind its IV, base64 in a form',
      CBC,
      ['aes-128-cbc', 'percent base64 derived'],
      (ct) => `d=${encodeURIComponent(base64(Buffer.concat([IV, ct])))}`,
    ],
    ['55 AES-CBC, the IV in a field of its own', CBC, ['aes-128-cbc', 'base64 derived'], (ct) => json({ iv: hex(IV), d: base64(ct) })],
    ['56 AES-GCM with its tag behind it', 'AES/GCM/NoPadding', ['aes-128-gcm', 'base64 derived'], (ct) => json({ d: base64(ct) })],
    [
      '56 AES-GCM behind its nonce, the tag in a field of its own',
      'AES/GCM/NoPadding',
      ['aes-128-gcm', 'base64 derived'],
      (ct) => json({ d: base64(Buffer.concat([IV.subarray(0, 12), ct.subarray(0, -16)])), tag: hex(ct.subarray(-16)) }),
    ],
    ['57 AES-ECB in hex', 'AES/ECB/PKCS5Padding', ['aes-128-ecb', 'hex derived'], (ct) => `d=${hex(ct)}`],
    ['57 AES-ECB in upper-case hex', 'AES/ECB/PKCS5Padding', ['aes-128-ecb', 'hex derived'], (ct) => json({ d: hex(ct).toUpperCase() })],
    ['64 SM4-CBC, raw, behind its IV', 'SM4/CBC/PKCS5Padding', ['sm4-cbc', 'derived'], (ct) => Buffer.concat([IV, ct])],
    ['64 SM4-ECB in base64', 'SM4/ECB/PKCS5Padding', ['sm4-ecb', 'base64 derived'], (ct) => json({ d: base64(ct) })],
    ['64 SM4-CTR in protobuf', 'SM4/CTR/NoPadding', ['sm4-ctr', 'derived'], (ct) => field(2, ct)],
  ])('%s', (_title, call, [algorithm, chain], wrap) => {
    const story = new Story();
    story.derive(['cipher', call], list, sealed(algorithm, list));
    story.flow({ body: wrap(sealed(algorithm, list)) });
    expectLinked(story, all(chain));
  });

  test('58 a key wrapped by RSA beside the body under AES', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const wrapped = publicEncrypt({ key: publicKey, padding: constants.RSA_PKCS1_PADDING }, KEY);
    const story = new Story();
    story.derive(['cipher', 'RSA/ECB/PKCS1Padding'], KEY, wrapped);
    story.derive(['cipher', CBC], list, cbc(list));
    story.flow({ body: json({ key: base64(wrapped), body: base64(cbc(list)) }) });
    expectLinked(story, all('base64 derived'));
  });

  test('59 two Cipher objects interleaved on two threads: each output belongs to its own input', () => {
    const [one, two] = ([PHONE_1, IMEI] as const).map((v) => Buffer.from(json({ v: v.text, pad: 'p'.repeat(40) }))) as [Buffer, Buffer];
    const story = new Story();
    for (const [plain, thread] of [
      [one, 'OkHttp-1'],
      [two, 'OkHttp-2'],
    ] as const) {
      const call = story.derive(['cipher', CBC], plain, cbc(plain), 500);
      story.events[story.events.length - 1] = { ...call, thread, process: PROCESS };
    }
    const [first, second] = [story.flow({ body: cbc(two) }), story.flow({ body: base64(cbc(one)), host: 'two.example' })];
    expectLinked(story, [
      { ...found(IMEI, 'C5', 'derived'), flow: first },
      { ...found(PHONE_1, 'C5', 'base64 derived'), flow: second },
    ]);
  });

  // What update and doFinal gave one after the other is one output of one call in the record.
  test('60 the stream of update, update and doFinal', () => {
    const cipher = createCipheriv('aes-128-cbc', KEY, IV);
    const outs = [cipher.update(list.subarray(0, 21)), cipher.update(list.subarray(21)), cipher.final()];
    const whole = Buffer.concat(outs);
    const opened = createDecipheriv('aes-128-cbc', KEY, IV);
    expect(Buffer.concat([opened.update(whole), opened.final()])).toEqual(list);
    const story = new Story();
    story.derive(['cipher', CBC], list, whole);
    story.flow({ body: json({ d: base64(whole) }) });
    expectLinked(story, all('base64 derived'));
  });
  test('60 a stream of which what update gave and what doFinal gave go out in two fields', () => {
    const plain = Buffer.from(json({ a: IMEI.text, pad: 'x'.repeat(64), b: NAME_1.text, c: PHONE_1.text, more: 'y'.repeat(64) }));
    const whole = cbc(plain);
    const cut = Math.floor((plain.indexOf(IMEI.text) + 80) / 16) * 16;
    const story = new Story();
    story.derive(['cipher', CBC], plain, whole);
    story.flow({ body: json({ first: base64(whole.subarray(0, cut)), last: base64(whole.subarray(cut)) }) });
    expectLinked(
      story,
      [IMEI, NAME_1, PHONE_1].map((v) => found(v, 'C5', 'base64 derived')),
    );
  });

  test('61 one IV and one beginning, another end: the right plaintext is linked', () => {
    const head = 'x'.repeat(64);
    const plain = (v: ManifestValue): Buffer => Buffer.from(`${head}"${v.text}"`);
    const story = new Story();
    for (const v of [PHONE_1, IMEI, PHONE_2]) story.derive(['cipher', CBC], plain(v), cbc(plain(v)));
    const flows = [IMEI, PHONE_2].map((v, i) => story.flow({ body: cbc(plain(v)), host: `h${i}.example` }));
    expectLinked(story, [
      { ...found(IMEI, 'C5', 'derived'), flow: flows[0] ?? null },
      { ...found(PHONE_2, 'C5', 'derived'), flow: flows[1] ?? null },
    ]);
  });
  test('61 what three plaintexts share tells none of them', () => {
    const head = 'x'.repeat(64);
    const story = new Story();
    for (const v of [PHONE_1, IMEI]) story.derive(['cipher', CBC], Buffer.from(head + v.text), cbc(head + v.text));
    story.flow({ body: cbc(head + IMEI.text).subarray(0, 64) });
    expect(linked(story).links).toEqual([]);
  });

  test('62 a ciphertext that goes to another host later', () => {
    const story = new Story();
    story.derive(['cipher', CBC], list, cbc(list), 100);
    story.flow({ body: json({ hello: 1 }), host: 'first.example', ms: 200 });
    const later = story.flow({ body: json({ d: base64(cbc(list)) }), host: 'other.example', ms: 900_000 });
    expectLinked(story, all('base64 derived', later));
  });

  test('63 a ciphertext that no hook saw is told as unseen, and links nothing', () => {
    const plain = Buffer.concat([list, Buffer.from('more '.repeat(60))]);
    for (const body of [cbc(plain), json({ d: base64(cbc(plain)) }), `d=${hex(cbc(plain))}`]) {
      expectNone({ body }, 'C1');
      const story = new Story();
      story.flow({ body, host: 'h.example' });
      expect(linked(story).gaps).toMatchObject([{ why: 'undecodable', scope: { host: 'h.example' } }]);
    }
  });

  test('65 one ciphertext in two requests is in both', () => {
    const plain = json({ phone: PHONE.text, imei: IMEI.text });
    const story = new Story();
    story.derive(['cipher', CBC], Buffer.from(plain), cbc(plain));
    const flows = [story.flow({ body: base64(cbc(plain)) }), story.flow({ body: base64(cbc(plain)) })];
    expectLinked(
      story,
      flows.flatMap((flow) => [PHONE, IMEI].map((v) => ({ ...found(v, 'C5', 'base64 derived'), flow }))),
    );
  });
});
