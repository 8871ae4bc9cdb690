import { createHash, generateKeyPairSync } from 'node:crypto';
import * as der from './der.js';
import { ipBytes } from './ip.js';
import type { Issuer } from './x509.js';
import { certificate, commonName, extension, extensions, keyIdOf, pem } from './x509.js';

/** Kind of a leaf's key: P-256, or RSA (2048 bits) for clients that cannot do ECDSA. */
export type LeafKind = 'ec' | 'rsa';

/** A server certificate of one host. */
export interface Leaf {
  readonly certPem: string;
  readonly keyPem: string;
  /** SHA-256 of the SubjectPublicKeyInfo, as pins write it (RFC 7469). */
  readonly spkiSha256Base64: string;
  /** SHA-256 of the certificate, hex. */
  readonly sha256: string;
}

interface LeafKey {
  readonly pem: string;
  readonly spki: Buffer;
  readonly keyId: Buffer;
}

const P256 = der.oid('1.2.840.10045.3.1.7');
const EC_KEY = der.sequence(der.oid('1.2.840.10045.2.1'), P256);
const EC_PRIVATE_1 = der.integer(Buffer.from([1]));
const NOT_A_CA = extension('2.5.29.19', true, der.sequence());
const SERVER_AUTH = extension('2.5.29.37', false, der.sequence(der.oid('1.3.6.1.5.5.7.3.1')));
const KEY_USAGE: Readonly<Record<LeafKind, Buffer>> = {
  ec: extension('2.5.29.15', true, der.bits(Buffer.from([0x80]), 7)), // digitalSignature
  // Clients without ephemeral suites send their secret encrypted: keyEncipherment too.
  rsa: extension('2.5.29.15', true, der.bits(Buffer.from([0xa0]), 5)),
};
const NO_NAME = der.sequence();
const LONGEST_COMMON_NAME = 64;

/**
 * Mints leaves of one issuer, all good for the same time (`validity`, DER): what does not change with the host is encoded once, here.
 * Each EC leaf has a key of its own; RSA leaves share one, made at the first, for a new one takes a tenth of a second.
 */
export function leafMint(issuer: Issuer, validity: Buffer): (host: string, kind: LeafKind) => Leaf {
  const authorityKeyId = extension('2.5.29.35', false, der.sequence(der.implicit(0, issuer.keyId)));
  let rsa: LeafKey | null = null;
  return (host, kind) => {
    const key = kind === 'ec' ? ecKey() : (rsa ??= rsaKey());
    // Without a subject the alternative name must be critical.
    const named = host.length <= LONGEST_COMMON_NAME;
    const cert = certificate(issuer, {
      name: named ? commonName(host) : NO_NAME,
      spki: key.spki,
      validity,
      extensions: extensions(
        NOT_A_CA,
        KEY_USAGE[kind],
        SERVER_AUTH,
        extension('2.5.29.17', !named, der.sequence(alternative(host))),
        extension('2.5.29.14', false, der.octets(key.keyId)),
        authorityKeyId,
      ),
    });
    return {
      certPem: pem('CERTIFICATE', cert),
      keyPem: key.pem,
      spkiSha256Base64: createHash('sha256').update(key.spki).digest('base64'),
      sha256: createHash('sha256').update(cert).digest('hex'),
    };
  };
}

function alternative(host: string): Buffer {
  const ip = ipBytes(host);
  return ip === null ? der.implicit(2, Buffer.from(host, 'latin1')) : der.implicit(7, ip);
}

/** Written by hand: OpenSSL takes longer to write a key than to make it. Forms: RFC 5480 and RFC 5915. */
function ecKey(): LeafKey {
  const { d = '', x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const point = der.bits(Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]), 0);
  const secret = der.octets(Buffer.from(d, 'base64url'));
  const spki = der.sequence(EC_KEY, point);
  const keyPem = pem('EC PRIVATE KEY', der.sequence(EC_PRIVATE_1, secret, der.tagged(0, P256), der.tagged(1, point)));
  return { pem: keyPem, spki, keyId: keyIdOf(spki) };
}

function rsaKey(): LeafKey {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
  return { pem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), spki, keyId: keyIdOf(spki) };
}
