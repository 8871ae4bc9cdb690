/** One whole message for a cipher. */
export interface CipherRequest {
  readonly transformation: string;
  readonly encrypt: boolean;
  readonly key: Uint8Array;
  readonly iv: Uint8Array | null;
  readonly input: Uint8Array;
}

/** The primitives behind MessageDigest, Mac, Cipher and GZIPOutputStream; given to the Java world, which itself needs no Node. */
export interface JavaCrypto {
  /** Null when the algorithm is unknown. Names as Java spells them: `MD5`, `SHA-256`, `SM3`. */
  digest(algorithm: string, input: Uint8Array): Uint8Array | null;
  /** `HmacSHA256` and the like; null when unknown. */
  mac(algorithm: string, key: Uint8Array, input: Uint8Array): Uint8Array | null;
  /** `AES/CBC/PKCS5Padding`, `AES/GCM/NoPadding` (tag appended), `AES/ECB/PKCS5Padding`. @throws Error when key, iv or input do not fit. */
  cipher(request: CipherRequest): Uint8Array;
  gzip(input: Uint8Array): Uint8Array;
  random(bytes: number): Uint8Array;
}
