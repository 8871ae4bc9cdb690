import { createECDH, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import * as der from './der.js';
import { pem } from './x509.js';

const P256 = der.oid('1.2.840.10045.3.1.7');
const EC_KEY = der.sequence(der.oid('1.2.840.10045.2.1'), P256);
const EC_PRIVATE_1 = der.integer(Buffer.from([1]));
const P256_BYTES = 32;

/** A key pair as TLS servers load it and certificates carry it. */
export interface KeyPair {
  readonly keyPem: string;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Buffer;
}

/** A new P-256 key pair, written by hand (RFC 5480, 5915): OpenSSL takes five times as long to write a key as to make it. */
export function newEcPair(): KeyPair {
  const pair = createECDH('prime256v1');
  const point = der.bits(pair.generateKeys(), 0);
  // One secret in 256 begins with a zero, which is not given; the form wants all bytes.
  const given = pair.getPrivateKey();
  const secret = Buffer.concat([Buffer.alloc(P256_BYTES - given.length), given]);
  const key = der.sequence(EC_PRIVATE_1, der.octets(secret), der.tagged(0, P256), der.tagged(1, point));
  return { keyPem: pem('EC PRIVATE KEY', key), spki: der.sequence(EC_KEY, point) };
}

/** A new RSA key pair of 2048 bits; takes a tenth of a second. */
export function newRsaPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { keyPem: privateKey, spki: publicKey };
}

/**
 * The private key of a pair, ready to sign. Never take one that `generateKeyPairSync` gives as an object: Node 20 locks it while it is
 * exported, and waits for that lock for ever when garbage is collected meanwhile and with it the job that made the key.
 */
export function signingKey({ keyPem }: KeyPair): KeyObject {
  return createPrivateKey(keyPem);
}

/** SubjectPublicKeyInfo in DER. */
export function spkiOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}
