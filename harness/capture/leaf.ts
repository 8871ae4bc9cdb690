import { createHash } from 'node:crypto';
import * as der from './der.js';
import { ipBytes } from './ip.js';
import { newEcPair, newRsaPair } from './keys.js';
import type { KeyPair } from './keys.js';
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
  let rsa: KeyPair | null = null;
  return (host, kind) => {
    const { keyPem, spki } = kind === 'ec' ? newEcPair() : (rsa ??= newRsaPair());
    // Without a subject the alternative name must be critical.
    const named = host.length <= LONGEST_COMMON_NAME;
    const cert = certificate(issuer, {
      name: named ? commonName(host) : NO_NAME,
      spki,
      validity,
      extensions: extensions(
        NOT_A_CA,
        KEY_USAGE[kind],
        SERVER_AUTH,
        extension('2.5.29.17', !named, der.sequence(alternative(host))),
        extension('2.5.29.14', false, der.octets(keyIdOf(spki))),
        authorityKeyId,
      ),
    });
    return {
      certPem: pem('CERTIFICATE', cert),
      keyPem,
      spkiSha256Base64: createHash('sha256').update(spki).digest('base64'),
      sha256: createHash('sha256').update(cert).digest('hex'),
    };
  };
}

function alternative(host: string): Buffer {
  const ip = ipBytes(host);
  return ip === null ? der.implicit(2, Buffer.from(host, 'latin1')) : der.implicit(7, ip);
}
