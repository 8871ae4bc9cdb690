import type { ClientHello } from './client-hello.js';
import { highestVersion } from './client-hello.js';

/**
 * What a TLS server must show to a client: an EC leaf, an RSA leaf (both from TLS 1.2 on), or, for `old` clients, either and at
 * OpenSSL's security level 0, which still has TLS 1.0 and SHA-1 signatures.
 */
export type Serving = 'ec' | 'rsa' | 'old';

const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;
const P256 = 23;
/** Our leaf's own scheme; TLS 1.3 binds it to the curve (RFC 8446, 4.2.3). */
const ECDSA_P256_SHA256 = 0x0403;
/** Schemes that ECDSA keys of any curve can sign with in TLS 1.2 (RFC 5246, 7.4.1.4.1), but for SHA-1. */
const ECDSA = new Set([ECDSA_P256_SHA256, 0x0503, 0x0603, 0x0303]);
/** Of TLS 1.2 with SHA-1, and, of what never was one, with MD5: OpenSSL refuses them at its usual level. */
const WEAK_HASHES = [1, 2];
/** Ephemeral suites that ECDSA certificates serve in TLS 1.2 (RFC 8422, 5289, 6209, 7251, 7905), of those that Node offers. */
const ECDSA_SUITES = new Set([0xc009, 0xc00a, 0xc023, 0xc024, 0xc02b, 0xc02c, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af, 0xc05c, 0xc05d, 0xcca9]);

/** What to show to the client that said this. */
export function servingFor(hello: ClientHello): Serving {
  if (isOld(hello)) return 'old';
  return needsRsa(hello) ? 'rsa' : 'ec';
}

/** Whether the client cannot take our EC leaf: no ECDSA scheme, suite or curve that fits it, or a TLS before 1.2. */
export function needsRsa(hello: ClientHello): boolean {
  const version = highestVersion(hello);
  if (version < TLS_1_2) return true;
  if (version >= TLS_1_3) return !hello.signatureSchemes.includes(ECDSA_P256_SHA256);
  // In TLS 1.2 the certificate's curve must be among the groups (RFC 8422, 5.1); without the extension any curve will do.
  const curve = hello.groups.length === 0 || hello.groups.includes(P256);
  const scheme = hello.signatureSchemes.some((id) => ECDSA.has(id));
  return !(curve && scheme && hello.cipherSuites.some((suite) => ECDSA_SUITES.has(suite)));
}

/** Below TLS 1.2, or in 1.2 with signatures by SHA-1 only, which is also what silence about them means (RFC 5246, 7.4.1.4.1). */
function isOld(hello: ClientHello): boolean {
  const version = highestVersion(hello);
  return version < TLS_1_2 || (version === TLS_1_2 && hello.signatureSchemes.every((id) => WEAK_HASHES.includes(id >> 8)));
}
