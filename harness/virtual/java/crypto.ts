/** The primitives behind MessageDigest, Mac, Cipher and GZIPOutputStream; given to the Java world, which itself needs no Node. */
export interface JavaCrypto {
  /** Null when the algorithm is unknown. Names as Java spells them: `MD5`, `SHA-256`, `SM3`. */
  digest(algorithm: string, input: Uint8Array): Uint8Array | null;
  /** `HmacSHA256` and the like; null when unknown. */
  mac(algorithm: string, key: Uint8Array, input: Uint8Array): Uint8Array | null;
  /** `AES/CBC/PKCS5Padding`, `AES/GCM/NoPadding` (tag appended), `AES/ECB/PKCS5Padding`. @throws Error when key, iv or input do not fit. */
  cipher(transformation: string, encrypt: boolean, key: Uint8Array, iv: Uint8Array | null, input: Uint8Array): Uint8Array;
  gzip(input: Uint8Array): Uint8Array;
  random(bytes: number): Uint8Array;
}
