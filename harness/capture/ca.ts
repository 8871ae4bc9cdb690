import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { SecureContext, SecureContextOptions } from 'node:tls';
import { domainToASCII } from 'node:url';
import * as der from './der.js';
import { ipBytes } from './ip.js';
import { newEcPair, newRsaPair, signingKey, spkiOf } from './keys.js';
import type { Leaf, LeafKind } from './leaf.js';
import { leafMint } from './leaf.js';
import { Lru } from './lru.js';
import type { Serving } from './serving.js';
import { certificate, commonName, DAY_MS, extension, extensions, issuerFields, keyIdOf, pem, validity } from './x509.js';

const CA_DAYS = 730;
/** Apple and browsers refuse long lives, and no run lasts this long. */
const LEAF_DAYS = 90;
/** A context takes about 21 KiB. */
const KEPT = 1024;
/** Contexts lie outside the heap, some 21 KiB each; an app speaks to fewer hosts than this. */
const CONTEXTS_KEPT = 256;
/** No host has a longer name (RFC 1035, 2.3.4); a server name may be of 64 KiB, and a thousand such must not be kept. */
const LONGEST_HOST = 253;

/** A certificate authority of our own. Nothing of it touches the disk. */
export interface Authority {
  readonly name: string;
  readonly certPem: string;
  readonly keyPem: string;
  /** The public half of `keyPem`. */
  readonly publicKeyPem: string;
  /** SHA-256 of the certificate, hex. */
  readonly sha256: string;
  /**
   * The certificate of a host name or IP literal, with an EC key when no kind is told; the same one while it is among the 1,024 used last.
   * Each EC leaf has a key of its own, so that no two hosts have the same pin; all RSA leaves share one.
   */
  leaf(host: string, kind?: LeafKind): Leaf;
  /** The same, ready for a TLS server; for clients of today when no serving is told. The 1,024 used last are kept: making one costs about a millisecond. */
  context(host: string, serving?: Serving): SecureContext;
}

/** A certificate that may sign others, and its key, which must belong together. */
export interface Root {
  readonly cert: X509Certificate;
  readonly key: KeyObject;
}

/**
 * A new authority with leaves that live for 90 days from a day before `wallMs` (real time, ms since 1970).
 * `rsa` (2048 bits) is what old clients and the proxy library take; `ec` (P-256) is made at once and suits far servers on loopback.
 * Profile: RFC 5280; passes `openssl verify -x509_strict`.
 */
export function createAuthority(name: string, wallMs: number, key: 'rsa' | 'ec'): Authority {
  const own = signingKey(key === 'rsa' ? newRsaPair() : newEcPair());
  return authorityOf({ cert: rootCertificate(name, own, wallMs), key: own }, wallMs);
}

/** A self-signed CA certificate of that key, good for two years from a day before `wallMs`. */
export function rootCertificate(name: string, key: KeyObject, wallMs: number): X509Certificate {
  const spki = spkiOf(key);
  const keyId = keyIdOf(spki);
  const subject = {
    name: commonName(name),
    spki,
    validity: validity(wallMs - DAY_MS, wallMs + CA_DAYS * DAY_MS),
    extensions: extensions(
      extension('2.5.29.19', true, der.sequence(der.yes)),
      extension('2.5.29.15', true, der.bits(Buffer.from([0x06]), 1)), // keyCertSign, cRLSign
      extension('2.5.29.14', false, der.octets(keyId)),
    ),
  };
  return new X509Certificate(certificate({ name: subject.name, key, keyId }, subject));
}

/** An authority from a certificate and key that are there already; leaves as from `createAuthority`, but none outlives its CA. */
export function authorityOf({ cert, key }: Root, wallMs: number): Authority {
  const fields = issuerFields(cert.raw);
  if (fields === null) throw new Error('a CA certificate whose subject cannot be read');
  // A day back: a handset whose clock is behind must still find it valid.
  const until = Math.min(wallMs + LEAF_DAYS * DAY_MS, Date.parse(cert.validTo));
  const mint = leafMint({ name: fields.subject, key, keyId: fields.keyId }, validity(wallMs - DAY_MS, until));
  const leaves = new Lru<Leaf>(KEPT);
  const contexts = new Lru<SecureContext>(CONTEXTS_KEPT);
  const leaf = (host: string, kind: LeafKind): Leaf => kept(leaves, kind, canonical(host), (name) => mint(name, kind));
  const certPem = pem('CERTIFICATE', cert.raw);
  return {
    name: /^CN=(.*)$/m.exec(cert.subject)?.[1] ?? cert.subject.replaceAll('\n', ', '),
    certPem,
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    sha256: createHash('sha256').update(cert.raw).digest('hex'),
    leaf: (host, kind) => leaf(host, kind ?? 'ec'),
    context: (host, serving) =>
      kept(contexts, serving ?? 'ec', canonical(host), (name) => contextOf((kind) => leaf(name, kind), serving ?? 'ec')),
  };
}

// Without `ca` Node would parse all roots it knows, for a server that asks nobody for a certificate.
const TODAY: SecureContextOptions = { ca: [], minVersion: 'TLSv1.2' };
const OFFER: Readonly<Record<Serving, SecureContextOptions>> = {
  ec: TODAY,
  rsa: TODAY,
  old: { ca: [], minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'DEFAULT@SECLEVEL=0' },
};

/** For old clients both kinds: OpenSSL then takes the one that the suite they agree on needs. */
function contextOf(leaf: (kind: LeafKind) => Leaf, serving: Serving): SecureContext {
  const all = (serving === 'old' ? (['rsa', 'ec'] as const) : [serving]).map(leaf);
  return createSecureContext({ ...OFFER[serving], cert: all.map(({ certPem }) => certPem), key: all.map(({ keyPem }) => keyPem) });
}

function kept<V>(all: Lru<V>, kind: string, host: string, make: (host: string) => V): V {
  return host.length > LONGEST_HOST ? make(host) : all.get(`${kind}:${host}`, () => make(host));
}

function canonical(host: string): string {
  const plain = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  return ipBytes(plain) === null ? domainToASCII(plain) || plain : plain;
}
