import type { HookRow } from '../wire.js';

const STUBS = 'Android SDK stubs, API 23, 26, 34';
const row = { datum: null, since: 23, until: null, value: { from: 'none' }, only: null, hot: false, source: STUBS } as const;
const digest = { ...row, kind: 'digest', family: 'digest', class: 'java.security.MessageDigest' } as const;
const mac = { ...row, kind: 'mac', family: 'mac', class: 'javax.crypto.Mac' } as const;
const cipher = { ...row, kind: 'cipher', family: 'cipher', class: 'javax.crypto.Cipher' } as const;
const base64 = { ...row, kind: 'base64', family: 'base64' } as const;
const gzip = { ...row, kind: 'gzip', family: 'gzip', class: 'java.util.zip.GZIPOutputStream' } as const;

const WHOLE = ['[B'] as const;
const PART = ['[B', 'int', 'int'] as const;
const KEY = 'java.security.Key';
const SPEC = 'java.security.spec.AlgorithmParameterSpec';
const RANDOM = 'java.security.SecureRandom';
const SHA = 'java.security.MessageDigest.getInstance("SHA-256")';
const HMAC = 'javax.crypto.Mac.getInstance("HmacSHA256")';
const AES = 'javax.crypto.Cipher.getInstance("AES/ECB/PKCS5Padding")';
const key = (name: string): string => `new javax.crypto.spec.SecretKeySpec(bytes("0123456789abcdef"), "${name}")`;

/** Calls whose output carries their input on: the linker looks for both. */
export const rows = [
  { ...digest, id: 'crypto.digest-update', method: 'update', overloads: [['byte'], WHOLE, PART], exercise: `${SHA}.update(bytes("a"))` },
  { ...digest, id: 'crypto.digest', method: 'digest', overloads: [[], WHOLE, PART], exercise: `${SHA}.digest(bytes("a"))` },
  { ...digest, id: 'crypto.digest-reset', method: 'reset', overloads: [[]], exercise: `${SHA}.reset()` },
  { ...mac, id: 'crypto.mac-init', method: 'init', overloads: [[KEY], [KEY, SPEC]], exercise: `${HMAC}.init(${key('HmacSHA256')})` },
  {
    ...mac,
    id: 'crypto.mac-update',
    method: 'update',
    overloads: [['byte'], WHOLE, PART],
    exercise: `m = ${HMAC}; m.init(${key('HmacSHA256')}); m.update(bytes("a"))`,
  },
  {
    ...mac,
    id: 'crypto.mac',
    method: 'doFinal',
    overloads: [[], WHOLE, ['[B', 'int']],
    exercise: `m = ${HMAC}; m.init(${key('HmacSHA256')}); m.doFinal(bytes("a"))`,
  },
  { ...mac, id: 'crypto.mac-reset', method: 'reset', overloads: [[]], exercise: `${HMAC}.reset()` },
  {
    ...cipher,
    id: 'crypto.cipher-init',
    method: 'init',
    overloads: [
      ['int', KEY],
      ['int', KEY, RANDOM],
      ['int', KEY, SPEC],
      ['int', KEY, SPEC, RANDOM],
    ],
    exercise: `${AES}.init(1, ${key('AES')})`,
  },
  {
    ...cipher,
    id: 'crypto.cipher-update',
    method: 'update',
    overloads: [WHOLE, PART, [...PART, '[B'], [...PART, '[B', 'int']],
    exercise: `c = ${AES}; c.init(1, ${key('AES')}); c.update(bytes("a"))`,
  },
  {
    ...cipher,
    id: 'crypto.cipher',
    method: 'doFinal',
    overloads: [[], WHOLE, ['[B', 'int'], PART, [...PART, '[B'], [...PART, '[B', 'int']],
    exercise: `c = ${AES}; c.init(1, ${key('AES')}); c.doFinal(bytes("a"))`,
  },
  {
    ...base64,
    id: 'base64.android',
    class: 'android.util.Base64',
    method: 'encode',
    overloads: [
      ['[B', 'int'],
      [...PART, 'int'],
    ],
    source: 'Android framework bytecode, API 23–37',
    exercise: 'android.util.Base64.encode(bytes("a"), 2)',
  },
  {
    ...base64,
    id: 'base64.android-text',
    class: 'android.util.Base64',
    method: 'encodeToString',
    overloads: [
      ['[B', 'int'],
      [...PART, 'int'],
    ],
    source: 'Android framework bytecode, API 23–37',
    exercise: 'android.util.Base64.encodeToString(bytes("a"), 2)',
  },
  {
    ...base64,
    id: 'base64.java',
    class: 'java.util.Base64$Encoder',
    method: 'encode',
    overloads: [WHOLE],
    since: 26,
    exercise: 'java.util.Base64.getEncoder().encode(bytes("a"))',
  },
  {
    ...base64,
    id: 'base64.java-text',
    class: 'java.util.Base64$Encoder',
    method: 'encodeToString',
    overloads: [WHOLE],
    since: 26,
    exercise: 'java.util.Base64.getEncoder().encodeToString(bytes("a"))',
  },
  {
    ...gzip,
    id: 'gzip.new',
    method: '$init',
    overloads: [['java.io.OutputStream'], ['java.io.OutputStream', 'int']],
    exercise: 'new java.util.zip.GZIPOutputStream(new java.io.ByteArrayOutputStream())',
  },
  {
    ...gzip,
    id: 'gzip.write',
    method: 'write',
    overloads: [PART],
    exercise: 'new java.util.zip.GZIPOutputStream(new java.io.ByteArrayOutputStream()).write(bytes("a"), 0, 1)',
  },
  {
    ...gzip,
    id: 'gzip.finish',
    method: 'finish',
    overloads: [[]],
    exercise: 'new java.util.zip.GZIPOutputStream(new java.io.ByteArrayOutputStream()).finish()',
  },
] satisfies readonly HookRow[];
