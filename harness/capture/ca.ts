import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext } from 'node:tls';
import { domainToASCII } from 'node:url';
import * as der from './der.js';
import { ipBytes } from './ip.js';
import { Lru } from './lru.js';

const DAY_MS = 86_400_000;
const CA_DAYS = 730;
/** Apple and browsers refuse long lives, and no run lasts this long. */
const LEAF_DAYS = 90;
/** A context takes about 21 KiB. */
const KEPT = 1024;

/** A server certificate of one host. */
export interface Leaf {
  readonly certPem: string;
  readonly keyPem: string;
  /** SHA-256 of the SubjectPublicKeyInfo, as pins write it (RFC 7469). */
  readonly spkiSha256Base64: string;
  /** SHA-256 of the certificate, hex. */
  readonly sha256: string;
}

/** A certificate authority of our own. Nothing of it touches the disk. */
export interface Authority {
  readonly name: string;
  readonly certPem: string;
  readonly keyPem: string;
  /** The public half of `keyPem`. */
  readonly publicKeyPem: string;
  /** SHA-256 of the certificate, hex. */
  readonly sha256: string;
  /** The certificate of a host name or IP literal, each with a key of its own; the same one while it is among the 1,024 used last. */
  leaf(host: string): Leaf;
  /** `leaf(host)` ready for a TLS server; cached likewise, for making one costs about a millisecond. */
  context(host: string): SecureContext;
}

interface Issuer {
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly algorithm: Buffer;
  readonly keyId: Buffer;
  readonly wallMs: number;
}
interface Subject {
  readonly name: Buffer;
  readonly key: KeyObject;
  readonly days: number;
}

/**
 * A new authority with P-256 leaves that live for 90 days from a day before `wallMs` (real time, ms since 1970).
 * `rsa` (2048 bits) is what old clients and the proxy library take; `ec` (P-256) is made at once and suits far servers on loopback.
 * Profile: RFC 5280; passes `openssl verify -x509_strict`.
 */
export function createAuthority(name: string, wallMs: number, key: 'rsa' | 'ec'): Authority {
  const pair = key === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = { name: commonName(name), key: pair.privateKey, algorithm: SIGNATURE[key], keyId: keyIdOf(pair.publicKey), wallMs };
  const cert = certificate(issuer, { name: issuer.name, key: pair.publicKey, days: CA_DAYS }, [
    extension('2.5.29.19', true, der.sequence(der.yes)),
    extension('2.5.29.15', true, der.bits(Buffer.from([0x06]), 1)), // keyCertSign, cRLSign
    extension('2.5.29.14', false, der.octets(issuer.keyId)),
  ]);
  const leaves = new Lru<Leaf>(KEPT);
  const contexts = new Lru<SecureContext>(KEPT);
  const leaf = (host: string): Leaf => leaves.get(canonical(host), () => mint(issuer, canonical(host)));
  return {
    name,
    certPem: pem('CERTIFICATE', cert),
    keyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: createPublicKey(pair.privateKey).export({ type: 'spki', format: 'pem' }).toString(),
    sha256: sha256(cert).toString('hex'),
    leaf,
    context: (host) =>
      contexts.get(canonical(host), () => createSecureContext({ cert: leaf(host).certPem, key: leaf(host).keyPem, minVersion: 'TLSv1.2' })),
  };
}

const SIGNATURE = {
  rsa: der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nothing),
  ec: der.sequence(der.oid('1.2.840.10045.4.3.2')),
} as const;

function canonical(host: string): string {
  const plain = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  return ipBytes(plain) === null ? domainToASCII(plain) || plain : plain;
}

function mint(issuer: Issuer, host: string): Leaf {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // X.520 ends a common name at 64 characters; without a subject the alternative name must be critical.
  const named = host.length <= 64;
  const ip = ipBytes(host);
  const alternative = ip === null ? der.implicit(2, Buffer.from(host, 'latin1')) : der.implicit(7, ip);
  const cert = certificate(issuer, { name: named ? commonName(host) : der.sequence(), key: pair.publicKey, days: LEAF_DAYS }, [
    extension('2.5.29.19', true, der.sequence()),
    extension('2.5.29.15', true, der.bits(Buffer.from([0x80]), 7)), // digitalSignature
    extension('2.5.29.37', false, der.sequence(der.oid('1.3.6.1.5.5.7.3.1'))), // serverAuth
    extension('2.5.29.17', !named, der.sequence(alternative)),
    extension('2.5.29.14', false, der.octets(keyIdOf(pair.publicKey))),
    extension('2.5.29.35', false, der.sequence(der.implicit(0, issuer.keyId))),
  ]);
  return {
    certPem: pem('CERTIFICATE', cert),
    keyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    spkiSha256Base64: sha256(pair.publicKey.export({ type: 'spki', format: 'der' })).toString('base64'),
    sha256: sha256(cert).toString('hex'),
  };
}

function certificate(issuer: Issuer, subject: Subject, extensions: readonly Buffer[]): Buffer {
  const tbs = der.sequence(
    der.tagged(0, der.integer(Buffer.from([2]))),
    serial(),
    issuer.algorithm,
    issuer.name,
    // A day back: a handset whose clock is behind must still find it valid.
    der.sequence(der.time(issuer.wallMs - DAY_MS), der.time(issuer.wallMs + subject.days * DAY_MS)),
    subject.name,
    subject.key.export({ type: 'spki', format: 'der' }),
    der.tagged(3, der.sequence(...extensions)),
  );
  return der.sequence(tbs, issuer.algorithm, der.bits(sign('sha256', tbs, issuer.key), 0));
}

/** 128 bits, positive and minimal by construction: Go and x509_strict refuse negative serials. */
function serial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return der.integer(bytes);
}

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  der.sequence(der.oid(id), ...(critical ? [der.yes] : []), der.octets(value));
const commonName = (name: string): Buffer => der.sequence(der.setOf(der.sequence(der.oid('2.5.4.3'), der.utf8(name))));
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

/** SHA-1 of the key's bits, method 1 of RFC 5280, 4.2.1.2; the bit string is the last member of the SPKI, after its unused-bits byte. */
function keyIdOf(key: KeyObject): Buffer {
  const spki = key.export({ type: 'spki', format: 'der' });
  const jwk = key.export({ format: 'jwk' });
  const length = key.asymmetricKeyType === 'ec' ? 65 : rsaKeyLength(jwk.n ?? '', jwk.e ?? '');
  return createHash('sha1')
    .update(spki.subarray(spki.length - length))
    .digest();
}

/** Length of `SEQUENCE { n, e }` in DER. */
function rsaKeyLength(n: string, e: string): number {
  // The modulus begins with a set bit, so that DER puts a zero before it.
  const modulus = Buffer.concat([Buffer.from([0]), Buffer.from(n, 'base64url')]);
  return der.sequence(der.integer(modulus), der.integer(Buffer.from(e, 'base64url'))).length;
}
