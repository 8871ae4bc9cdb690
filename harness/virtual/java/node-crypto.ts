import { createCipheriv, createDecipheriv, createHash, createHmac, getHashes, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { CipherRequest, JavaCrypto } from './crypto.js';

const GCM_TAG = 16;
const HASHES = new Set(getHashes());

/** Java's primitives by Node's. */
export const nodeCrypto: JavaCrypto = {
  digest(algorithm, input) {
    const name = algorithm.toLowerCase().replace(/^sha-(\d+)$/, 'sha$1');
    return HASHES.has(name) ? createHash(name).update(input).digest() : null;
  },
  mac(algorithm, key, input) {
    const name = /^Hmac(SHA\d+|MD5|SM3)$/i.exec(algorithm)?.[1]?.toLowerCase();
    return name === undefined ? null : createHmac(name, key).update(input).digest();
  },
  cipher(request) {
    const { transformation, encrypt, key, iv, input } = request;
    const [, mode = 'ECB', padding = 'PKCS5Padding'] = transformation.split('/');
    if (mode.toUpperCase() === 'GCM') return gcm(request);
    const [algorithm = ''] = transformation.toLowerCase().split('/');
    const name = algorithm === 'sm4' ? `sm4-${mode.toLowerCase()}` : `aes-${key.length * 8}-${mode.toLowerCase()}`;
    const made = encrypt ? createCipheriv(name, key, iv) : createDecipheriv(name, key, iv);
    made.setAutoPadding(padding !== 'NoPadding');
    return Buffer.concat([made.update(input), made.final()]);
  },
  gzip: (input) => gzipSync(input),
  random: (bytes) => randomBytes(bytes),
};

function gcm({ encrypt, key, iv: given, input }: CipherRequest): Uint8Array {
  const iv = given ?? new Uint8Array(12);
  const name = `aes-${key.length * 8}-gcm` as 'aes-256-gcm';
  if (encrypt) {
    const made = createCipheriv(name, key, iv);
    return Buffer.concat([made.update(input), made.final(), made.getAuthTag()]);
  }
  const made = createDecipheriv(name, key, iv);
  made.setAuthTag(input.subarray(input.length - GCM_TAG));
  return Buffer.concat([made.update(input.subarray(0, input.length - GCM_TAG)), made.final()]);
}
