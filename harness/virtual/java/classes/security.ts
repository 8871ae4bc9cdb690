import { STRING, fixed, init, klass, method } from '../classes.js';
import { JavaError, type JavaObject } from '../objects.js';
import type { World } from '../world.js';

const DIGEST = 'java.security.MessageDigest';
const MAC = 'javax.crypto.Mac';
const CIPHER = 'javax.crypto.Cipher';
const KEY = 'java.security.Key';
const SPEC = 'java.security.spec.AlgorithmParameterSpec';
const RANDOM = 'java.security.SecureRandom';
/** Digest classes of Bouncy Castle extend MessageDigest; the platform's stand behind a delegate. */
const SM3 = 'org.bouncycastle.jcajce.provider.digest.SM3$Digest';
const PLATFORM = 'java.security.MessageDigest$Delegate';
const WHOLE = ['[B'] as const;
const PART = ['[B', 'int', 'int'] as const;

const taken = (self: JavaObject): number[] => (self.fields.taken ??= []) as number[];
function take(self: JavaObject, from: unknown, offset: number, length: number): void {
  const source = from as Int8Array;
  for (let i = offset; i < offset + length; i++) taken(self).push(source[i] ?? 0);
}
/** All that was taken, which is then forgotten. */
function drained(self: JavaObject): Uint8Array {
  const all = Uint8Array.from(taken(self), (one) => one & 0xff);
  self.fields.taken = [];
  return all;
}
const signed = (bytes: Uint8Array): Int8Array => Int8Array.from(bytes, (one) => (one << 24) >> 24);
const unsigned = (bytes: unknown): Uint8Array => Uint8Array.from(bytes as Int8Array, (one) => one & 0xff);
function into(result: Uint8Array, target: unknown, offset: number): number {
  (target as Int8Array).set(signed(result), offset);
  return result.length;
}
/** update(byte), update(byte[]) and update(byte[], int, int), alike for digests and MACs. */
const updates = [
  method('update', ['byte'], 'void', (_, self, [one]) => void taken(self).push(Number(one))),
  method('update', WHOLE, 'void', (_, self, [from]) => take(self, from, 0, (from as Int8Array).length)),
  method('update', PART, 'void', (_, self, [from, offset, length]) => take(self, from, Number(offset), Number(length))),
  method('reset', [], 'void', (_, self) => void (self.fields.taken = [])),
  method('getAlgorithm', [], STRING, (_, self) => self.fields.algorithm),
];

function digestInstance(world: World, algorithm: string): JavaObject {
  if (world.crypto.digest(algorithm, new Uint8Array(0)) === null)
    throw new JavaError('java.security.NoSuchAlgorithmException', `${algorithm} MessageDigest not available`);
  return world.make(algorithm.toUpperCase() === 'SM3' ? SM3 : PLATFORM, { algorithm });
}
const digested = (world: World, self: JavaObject): Uint8Array =>
  world.crypto.digest(String(self.fields.algorithm), drained(self)) ?? new Uint8Array(0);
const macked = (world: World, self: JavaObject): Uint8Array => {
  if (self.fields.key === undefined) throw new JavaError('java.lang.IllegalStateException', 'MAC not initialized');
  return world.crypto.mac(String(self.fields.algorithm), self.fields.key as Uint8Array, drained(self)) ?? new Uint8Array(0);
};

function initCipher(world: World, self: JavaObject, [mode, key, spec]: readonly unknown[]): void {
  const needsIv = !String(self.fields.algorithm).includes('/ECB/');
  const iv = (spec as JavaObject | null | undefined)?.fields.iv;
  Object.assign(self.fields, {
    mode: Number(mode),
    key: (key as JavaObject).fields.encoded,
    iv: needsIv ? (iv ?? world.crypto.random(String(self.fields.algorithm).includes('/GCM/') ? 12 : 16)) : null,
    taken: [],
  });
}
function ciphered(world: World, self: JavaObject): Uint8Array {
  const { algorithm, mode, key, iv } = self.fields;
  if (key === undefined) throw new JavaError('java.lang.IllegalStateException', 'Cipher not initialized');
  try {
    return world.crypto.cipher({
      transformation: String(algorithm),
      encrypt: mode === 1,
      key: key as Uint8Array,
      iv: iv as Uint8Array | null,
      input: drained(self),
    });
  } catch (error) {
    throw new JavaError(
      mode === 1 ? 'java.security.InvalidKeyException' : 'javax.crypto.BadPaddingException',
      error instanceof Error ? error.message : String(error),
    );
  }
}
/** This provider keeps all input until doFinal, as Java allows. */
const cipherUpdates = [
  method('update', WHOLE, '[B', (_, self, [from]) => (take(self, from, 0, (from as Int8Array).length), null)),
  method('update', PART, '[B', (_, self, [from, offset, length]) => (take(self, from, Number(offset), Number(length)), null)),
  method('update', [...PART, '[B'], 'int', (_, self, [from, offset, length]) => (take(self, from, Number(offset), Number(length)), 0)),
  method(
    'update',
    [...PART, '[B', 'int'],
    'int',
    (_, self, [from, offset, length]) => (take(self, from, Number(offset), Number(length)), 0),
  ),
];

/** java.security and javax.crypto. */
export const security = [
  klass(DIGEST, 'java.lang.Object', [
    fixed('getInstance', [STRING], DIGEST, (world, _, [algorithm]) => digestInstance(world, String(algorithm))),
    fixed('getInstance', [STRING, STRING], DIGEST, (world, _, [algorithm]) => digestInstance(world, String(algorithm))),
    ...updates,
    method('digest', [], '[B', (world, self) => signed(digested(world, self))),
    method('digest', WHOLE, '[B', (world, self, args) => {
      world.call(DIGEST, 'update', WHOLE, self, args);
      return world.call(DIGEST, 'digest', [], self, []);
    }),
    method('digest', PART, 'int', (world, self, [target, offset]) => into(digested(world, self), target, Number(offset))),
    method(
      'getDigestLength',
      [],
      'int',
      (world, self) => world.crypto.digest(String(self.fields.algorithm), new Uint8Array(0))?.length ?? 0,
    ),
  ]),
  klass(PLATFORM, DIGEST, []),
  klass(SM3, DIGEST, []),
  klass(MAC, 'java.lang.Object', [
    fixed('getInstance', [STRING], MAC, (world, _, [algorithm]) => {
      if (world.crypto.mac(String(algorithm), new Uint8Array(1), new Uint8Array(0)) === null)
        throw new JavaError('java.security.NoSuchAlgorithmException', `Algorithm ${String(algorithm)} not available`);
      return world.make(MAC, { algorithm });
    }),
    ...[[KEY], [KEY, SPEC]].map((types) =>
      method(
        'init',
        types,
        'void',
        (_, self, [key]) => void Object.assign(self.fields, { key: (key as JavaObject).fields.encoded, taken: [] }),
      ),
    ),
    ...updates,
    method(
      'getMacLength',
      [],
      'int',
      (world, self) => world.crypto.mac(String(self.fields.algorithm), new Uint8Array(1), new Uint8Array(0))?.length ?? 0,
    ),
    method('doFinal', [], '[B', (world, self) => signed(macked(world, self))),
    method('doFinal', WHOLE, '[B', (world, self, args) => {
      world.call(MAC, 'update', WHOLE, self, args);
      return world.call(MAC, 'doFinal', [], self, []);
    }),
    method('doFinal', ['[B', 'int'], 'void', (world, self, [target, offset]) => void into(macked(world, self), target, Number(offset))),
  ]),
  klass(CIPHER, 'java.lang.Object', [
    fixed('getInstance', [STRING], CIPHER, (world, _, [algorithm]) => world.make(CIPHER, { algorithm })),
    ...[
      ['int', KEY],
      ['int', KEY, RANDOM],
      ['int', KEY, SPEC],
      ['int', KEY, SPEC, RANDOM],
    ].map((types) =>
      method('init', types, 'void', (world, self, args) => initCipher(world, self, types.includes(SPEC) ? args : args.slice(0, 2))),
    ),
    ...cipherUpdates,
    method('getAlgorithm', [], STRING, (_, self) => self.fields.algorithm),
    method('getIV', [], '[B', (_, self) => (self.fields.iv === null ? null : signed(self.fields.iv as Uint8Array))),
    method('doFinal', [], '[B', (world, self) => signed(ciphered(world, self))),
    method(
      'doFinal',
      WHOLE,
      '[B',
      (world, self, [from]) => (take(self, from, 0, (from as Int8Array).length), signed(ciphered(world, self))),
    ),
    method('doFinal', ['[B', 'int'], 'int', (world, self, [target, offset]) => into(ciphered(world, self), target, Number(offset))),
    method(
      'doFinal',
      PART,
      '[B',
      (world, self, [from, offset, length]) => (take(self, from, Number(offset), Number(length)), signed(ciphered(world, self))),
    ),
    method(
      'doFinal',
      [...PART, '[B'],
      'int',
      (world, self, [from, offset, length, target]) => (
        take(self, from, Number(offset), Number(length)),
        into(ciphered(world, self), target, 0)
      ),
    ),
    method(
      'doFinal',
      [...PART, '[B', 'int'],
      'int',
      (world, self, [from, offset, length, target, at]) => (
        take(self, from, Number(offset), Number(length)),
        into(ciphered(world, self), target, Number(at))
      ),
    ),
  ]),
  klass(KEY, 'java.lang.Object', []),
  klass('javax.crypto.spec.SecretKeySpec', KEY, [
    init(['[B', STRING], (_, self, [key, algorithm]) => void Object.assign(self.fields, { encoded: unsigned(key), algorithm })),
  ]),
  klass(SPEC, 'java.lang.Object', []),
  klass('javax.crypto.spec.IvParameterSpec', SPEC, [init(['[B'], (_, self, [iv]) => void (self.fields.iv = unsigned(iv)))]),
  klass('javax.crypto.spec.GCMParameterSpec', SPEC, [init(['int', '[B'], (_, self, [, iv]) => void (self.fields.iv = unsigned(iv)))]),
  klass(RANDOM, 'java.lang.Object', [
    init([], () => undefined),
    method('nextBytes', WHOLE, 'void', (world, _, [target]) => void into(world.crypto.random((target as Int8Array).length), target, 0)),
  ]),
];
