/** What a ClientHello is written from. */
export interface Written {
  readonly legacyVersion: number;
  readonly cipherSuites: readonly number[];
  /** Null: the message ends before the extensions, as old ones do. */
  readonly extensions: readonly { readonly type: number; readonly body: Buffer }[] | null;
}

/** A number in two bytes. */
export const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
/** Bytes after their own length, which takes one or two bytes. */
export function vector(size: 1 | 2, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([size === 1 ? Buffer.from([body.length]) : u16(body.length), body]);
}

/** Bodies of the extensions that the harness reads. */
export const bodyOf = {
  sni: (host: string): Buffer => vector(2, Buffer.from([0]), vector(2, Buffer.from(host, 'latin1'))),
  alpn: (protocols: readonly string[]): Buffer => vector(2, ...protocols.map((name) => vector(1, Buffer.from(name, 'latin1')))),
  numbers: (values: readonly number[]): Buffer => vector(2, ...values.map(u16)),
  pointFormats: (values: readonly number[]): Buffer => vector(1, Buffer.from(values)),
  versions: (values: readonly number[]): Buffer => vector(1, ...values.map(u16)),
} as const;

/** The handshake message (RFC 8446, 4.1.2), with its header. */
export function helloMessage({ legacyVersion, cipherSuites, extensions }: Written): Buffer {
  const body = Buffer.concat([
    u16(legacyVersion),
    Buffer.alloc(32, 7),
    vector(1, Buffer.alloc(32, 9)),
    vector(2, ...cipherSuites.map(u16)),
    vector(1, Buffer.from([0])),
    ...(extensions === null ? [] : [vector(2, ...extensions.flatMap(({ type, body: inner }) => [u16(type), vector(2, inner)]))]),
  ]);
  return Buffer.concat([Buffer.from([1, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff]), body]);
}

/** A message in TLS records of these lengths, the last of which is used until all is written. */
export function inRecords(message: Buffer, lengths: readonly number[]): Buffer {
  const out: Buffer[] = [];
  for (let [at, i] = [0, 0]; at < message.length; i += 1) {
    const part = message.subarray(at, at + (lengths[Math.min(i, lengths.length - 1)] ?? message.length));
    out.push(Buffer.from([22, 3, 1]), vector(2, part));
    at += part.length;
  }
  return Buffer.concat(out);
}

/** Bytes cut at these places, taken modulo their length. */
export function piecesOf(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [0, ...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].toSorted((a, b) => a - b);
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}
