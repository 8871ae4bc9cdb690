import { bytes } from '../../harness/virtual/java/text.js';
import { base64, fromJavaBytes, hex } from '../../hooks/agent/bytes.js';
import { type EngineCase, same } from './case.js';
import { CONTENTS, type Fixture, STRING, fixture } from './fixture.js';

const TELEPHONY = 'android.telephony.TelephonyManager';
const unbase64 = (text: string, wanted: string): boolean => text === base64(wanted);
const digest = (made: Fixture, algorithm: string): unknown => made.call('java.security.MessageDigest', 'getInstance', [STRING], algorithm);
const cut = (of: Int8Array): string => fromJavaBytes(of, 0, of.length, 1e6);

/** What crypto and coding calls make of a known value. */
export const lineageCases: readonly EngineCase[] = [
  {
    name: 'a salted digest of a value that was read is a derivation with its whole input',
    async run(crypto) {
      const made = fixture(crypto, { granted: ['READ_PHONE_STATE'] });
      await made.install();
      made.call(TELEPHONY, 'getImei', ['int'], 0);
      const md = digest(made, 'MD5');
      made.on(md, 'update', ['[B'], bytes('salt:'));
      const out = made.on(md, 'digest', ['[B'], bytes(CONTENTS.imei)) as Int8Array;
      const derived = made.of('derive');
      same(derived.length, 1, 'derivations');
      same([derived[0]?.op, derived[0]?.algorithm], ['digest', 'MD5'], 'what');
      same(
        [unbase64(derived[0]?.input ?? '', `salt:${CONTENTS.imei}`), unbase64(derived[0]?.output ?? '', cut(out))],
        [true, true],
        'bytes',
      );
    },
  },
  {
    name: 'two digests in turn do not mix, and what holds no known value is not recorded',
    async run(crypto) {
      const made = fixture(crypto, { granted: ['READ_PHONE_STATE'] });
      await made.install();
      made.call(TELEPHONY, 'getImei', ['int'], 0);
      const [a, b] = [digest(made, 'SHA-256'), digest(made, 'SHA-256')];
      made.on(a, 'update', ['[B'], bytes(CONTENTS.imei));
      made.on(b, 'update', ['[B'], bytes('nothing of the phone'));
      made.on(b, 'digest', []);
      made.on(a, 'digest', []);
      same(
        made.of('derive').map((one) => unbase64(one.input, CONTENTS.imei)),
        [true],
        'derivations',
      );
    },
  },
  {
    name: 'a value pushed in at the start is known without having been read',
    async run(crypto) {
      const made = fixture(crypto);
      await made.engine.init('early', [CONTENTS.androidId]);
      made.on(digest(made, 'SM3'), 'digest', ['[B'], bytes(`id=${CONTENTS.androidId}`));
      same(
        made.of('derive').map((one) => one.algorithm),
        ['SM3'],
        'derivations',
      );
    },
  },
  {
    name: 'a chain of digest, hex and AES is followed, in ECB, CBC and GCM',
    async run(crypto) {
      for (const transformation of ['AES/ECB/PKCS5Padding', 'AES/CBC/PKCS5Padding', 'AES/GCM/NoPadding']) {
        const made = fixture(crypto);
        await made.engine.init('early', [CONTENTS.imei]);
        const hashed = made.on(digest(made, 'MD5'), 'digest', ['[B'], bytes(CONTENTS.imei)) as Int8Array;
        const body = `{"id":"${hex(cut(hashed), '')}"}`;
        const key = made.world.construct('javax.crypto.spec.SecretKeySpec', ['[B', STRING], [bytes('0123456789abcdef'), 'AES']);
        const cipher = made.call('javax.crypto.Cipher', 'getInstance', [STRING], transformation);
        made.on(cipher, 'init', ['int', 'java.security.Key'], 1, key);
        made.on(cipher, 'update', ['[B', 'int', 'int'], bytes(body), 0, 10);
        made.on(cipher, 'doFinal', ['[B', 'int', 'int'], bytes(body), 10, body.length - 10);
        const [, ciphered] = made.of('derive');
        same([ciphered?.op, ciphered?.algorithm, unbase64(ciphered?.input ?? '', body)], ['cipher', transformation, true], transformation);
      }
    },
  },
  {
    name: 'a cipher that writes into the very buffer it reads from shows its input as it was',
    async run(crypto) {
      const made = fixture(crypto);
      await made.engine.init('early', [CONTENTS.imei]);
      const key = made.world.construct('javax.crypto.spec.SecretKeySpec', ['[B', STRING], [bytes('0123456789abcdef'), 'AES']);
      const cipher = made.call('javax.crypto.Cipher', 'getInstance', [STRING], 'AES/ECB/PKCS5Padding');
      made.on(cipher, 'init', ['int', 'java.security.Key'], 1, key);
      const buffer = new Int8Array(32);
      buffer.set(bytes(CONTENTS.imei));
      const n = made.on(cipher, 'doFinal', ['[B', 'int', 'int', '[B', 'int'], buffer, 0, CONTENTS.imei.length, buffer, 0) as number;
      const [derived] = made.of('derive');
      same(
        [unbase64(derived?.input ?? '', CONTENTS.imei), unbase64(derived?.output ?? '', fromJavaBytes(buffer, 0, n, 99))],
        [true, true],
        'bytes',
      );
    },
  },
  {
    name: 'Mac.doFinal(byte[], int) takes the buffer for its output, not for an input',
    async run(crypto) {
      const made = fixture(crypto);
      await made.engine.init('early', [CONTENTS.imei]);
      const mac = made.call('javax.crypto.Mac', 'getInstance', [STRING], 'HmacSHA256');
      made.on(
        mac,
        'init',
        ['java.security.Key'],
        made.world.construct('javax.crypto.spec.SecretKeySpec', ['[B', STRING], [bytes('k'), 'HmacSHA256']),
      );
      made.on(mac, 'update', ['[B'], bytes(CONTENTS.imei));
      const target = new Int8Array(40);
      made.on(mac, 'doFinal', ['[B', 'int'], target, 4);
      const [derived] = made.of('derive');
      same(
        [derived?.op, unbase64(derived?.input ?? '', CONTENTS.imei), unbase64(derived?.output ?? '', fromJavaBytes(target, 4, 32, 99))],
        ['mac', true, true],
        'derivation',
      );
    },
  },
  {
    name: 'gzip and Base64 carry a value on; the calls inside encodeToString are not told twice',
    async run(crypto) {
      const made = fixture(crypto);
      await made.engine.init('early', [CONTENTS.imei]);
      const target = made.world.construct('java.io.ByteArrayOutputStream', [], []);
      const stream = made.world.construct('java.util.zip.GZIPOutputStream', ['java.io.OutputStream'], [target]);
      made.on(stream, 'write', ['[B'], bytes(`{"imei":"${CONTENTS.imei}"}`));
      made.on(stream, 'close', []);
      const packed = made.on(target, 'toByteArray', []);
      const text = made.call('android.util.Base64', 'encodeToString', ['[B', 'int'], packed, 2);
      same(
        made
          .of('derive')
          .map((one) => [
            one.op,
            one.op === 'base64' ? unbase64(one.output, String(text)) : unbase64(one.output, cut(packed as Int8Array)),
          ]),
        [
          ['gzip', true],
          ['base64', true],
        ],
        'derivations',
      );
    },
  },
];
