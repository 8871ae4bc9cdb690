import { createHash, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { elements } from './der-read.js';
import * as der from './der.js';

export const DAY_MS = 86_400_000;
/** `[0] EXPLICIT INTEGER 2`: version 3, which may have extensions. */
const VERSION_3 = der.tagged(0, der.integer(Buffer.from([2])));
const EXTENSIONS = 0xa3;
const OCTET_STRING = 0x04;
const SUBJECT_KEY_ID = der.oid('2.5.29.14');

/** Who signs certificates. */
export interface Issuer {
  /** Its name in DER, to the byte as its certificate has it. */
  readonly name: Buffer;
  readonly key: KeyObject;
  /** Its subject key id, which its certificates repeat. */
  readonly keyId: Buffer;
}

/** What a certificate says, in DER. */
export interface Subject {
  readonly name: Buffer;
  readonly spki: Buffer;
  /** `validity(…)`. */
  readonly validity: Buffer;
  readonly extensions: Buffer;
}

const SIGNATURE: Readonly<Record<string, Buffer>> = {
  rsa: der.sequence(der.oid('1.2.840.113549.1.1.11'), der.nothing),
  ec: der.sequence(der.oid('1.2.840.10045.4.3.2')),
};

/** The AlgorithmIdentifier of SHA-256 signatures by this key; undefined when we cannot sign certificates with a key of its kind. */
export function signatureAlgorithm(key: KeyObject): Buffer | undefined {
  return SIGNATURE[key.asymmetricKeyType ?? ''];
}

/** A signed certificate in DER (RFC 5280, 4.1). The key must have a `signatureAlgorithm`. */
export function certificate(issuer: Issuer, subject: Subject): Buffer {
  const algorithm = signatureAlgorithm(issuer.key);
  if (algorithm === undefined) throw new Error(`no certificates by ${issuer.key.asymmetricKeyType} keys`);
  const tbs = der.sequence(VERSION_3, serial(), algorithm, issuer.name, subject.validity, subject.name, subject.spki, subject.extensions);
  return der.sequence(tbs, algorithm, der.bits(sign('sha256', tbs, issuer.key), 0));
}

/** 128 bits, positive and minimal by construction: Go and x509_strict refuse negative serials. */
function serial(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return der.integer(bytes);
}

/** The time in which a certificate is good, real ms since 1970. */
export const validity = (fromMs: number, untilMs: number): Buffer => der.sequence(der.time(fromMs), der.time(untilMs));
/** All extensions of a certificate. */
export const extensions = (...all: readonly Buffer[]): Buffer => der.tagged(3, der.sequence(...all));
/** One extension, by its dotted id. */
export const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  der.sequence(der.oid(id), ...(critical ? [der.yes] : []), der.octets(value));
/** A distinguished name of nothing but a common name; X.520 ends it at 64 characters. */
export const commonName = (name: string): Buffer => der.sequence(der.setOf(der.sequence(der.oid('2.5.4.3'), der.utf8(name))));
/** PEM (RFC 7468). */
export const pem = (label: string, bytes: Buffer): string =>
  `-----BEGIN ${label}-----\n${bytes.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;

/** SHA-1 of the key's bits, method 1 of RFC 5280, 4.2.1.2. */
export function keyIdOf(spki: Buffer): Buffer {
  const bits = elements(elements(spki)[0]?.body ?? Buffer.alloc(0))[1]?.body ?? Buffer.alloc(0);
  return createHash('sha1').update(bits.subarray(1)).digest(); // the first byte counts the unused bits
}

/** What certificates signed by a certificate must repeat of it. */
export interface IssuerFields {
  /** Its subject in DER. */
  readonly subject: Buffer;
  readonly keyId: Buffer;
}

/** Reads them from a certificate in DER; null when it is too odd to be read. One without a subject key id gets the usual one. */
export function issuerFields(cert: Buffer): IssuerFields | null {
  const tbs = elements(elements(elements(cert)[0]?.body ?? Buffer.alloc(0))[0]?.body ?? Buffer.alloc(0));
  // The version is left out in version 1: count from the serial number.
  const first = tbs[0]?.tag === 0xa0 ? 1 : 0;
  const [subject, spki] = [tbs[first + 4]?.whole, tbs[first + 5]?.whole];
  if (subject === undefined || spki === undefined) return null;
  const list = elements(tbs.find(({ tag }) => tag === EXTENSIONS)?.body ?? Buffer.alloc(0))[0]?.body ?? Buffer.alloc(0);
  const parts = elements(list).map(({ body }) => elements(body));
  const value = parts.find(([id]) => id !== undefined && id.whole.equals(SUBJECT_KEY_ID))?.find(({ tag }) => tag === OCTET_STRING)?.body;
  return { subject, keyId: elements(value ?? Buffer.alloc(0))[0]?.body ?? keyIdOf(spki) };
}

/** File name of a certificate in Android's system store: the old subject hash of OpenSSL 0.9.8, MD5 of the subject in DER, first four bytes read little-endian. */
export function subjectHashOld(subject: Buffer): string {
  return createHash('md5').update(subject).digest().readUInt32LE(0).toString(16).padStart(8, '0');
}
