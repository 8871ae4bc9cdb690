const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
/** RFC 8446, 5.1. */
const LONGEST_RECORD = 16_384;
const SERVER_NAME = 0;
const ALPN = 16;

/** What a TLS client asks for before it is answered (RFC 8446, 4.1.2). */
export interface ClientHello {
  /** Host of the server_name extension (RFC 6066, 3); null when it names none. */
  readonly sni: string | null;
  /** Protocols offered (RFC 7301), in the client's order; empty when it offers none. */
  readonly alpn: readonly string[];
}

/** `more`: so far it may become a ClientHello. `other`: these bytes are not one. */
export type Sniffed =
  | { readonly kind: 'hello'; readonly hello: ClientHello }
  | { readonly kind: 'more' }
  | { readonly kind: 'other'; readonly why: string };

/** Reads the ClientHello at the start of a connection, however it is cut into records and pieces. Never throws. */
export function sniffClientHello(bytes: Uint8Array): Sniffed {
  const message = handshakeBytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (!Buffer.isBuffer(message)) return message;
  try {
    return { kind: 'hello', hello: parseHello(new Reader(message)) };
  } catch (error) {
    if (error instanceof Short) return { kind: 'other', why: 'a ClientHello that contradicts its own lengths' };
    throw error;
  }
}

/** The body of the first handshake message, put together from its records. */
function handshakeBytes(bytes: Buffer): Buffer | Sniffed {
  const parts: Buffer[] = [];
  let have = 0;
  for (let at = 0; at < bytes.length;) {
    if (bytes[at] !== HANDSHAKE) return { kind: 'other', why: 'not a TLS handshake record' };
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return { kind: 'other', why: 'not a TLS version' };
    if (at + 5 > bytes.length) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > LONGEST_RECORD) return { kind: 'other', why: 'a TLS record of impossible length' };
    const part = bytes.subarray(at + 5, at + 5 + length);
    parts.push(part);
    have += part.length;
    const whole = complete(parts, have);
    if (whole !== null) return whole;
    at += 5 + length;
  }
  return { kind: 'more' };
}

function complete(parts: readonly Buffer[], have: number): Buffer | Sniffed | null {
  const message = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  if (message.length > 0 && message[0] !== CLIENT_HELLO)
    return { kind: 'other', why: 'a TLS handshake that does not begin with a ClientHello' };
  if (have < 4) return null;
  const length = message.readUIntBE(1, 3);
  return have >= 4 + length ? message.subarray(4, 4 + length) : null;
}

class Short extends Error {}

class Reader {
  #at = 0;
  constructor(readonly bytes: Buffer) {}
  get left(): number {
    return this.bytes.length - this.#at;
  }
  take(n: number): Buffer {
    if (n > this.left) throw new Short();
    this.#at += n;
    return this.bytes.subarray(this.#at - n, this.#at);
  }
  number(size: 1 | 2): number {
    return this.take(size).readUIntBE(0, size);
  }
  /** A vector with a length before it. */
  vector(size: 1 | 2): Buffer {
    return this.take(this.number(size));
  }
}

function parseHello(reader: Reader): ClientHello {
  reader.take(2 + 32); // legacy_version, random
  reader.vector(1); // legacy_session_id
  reader.vector(2); // cipher_suites
  reader.vector(1); // legacy_compression_methods
  let sni: string | null = null;
  let alpn: readonly string[] = [];
  const extensions = new Reader(reader.left === 0 ? Buffer.alloc(0) : reader.vector(2));
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const body = new Reader(extensions.vector(2));
    if (type === SERVER_NAME) sni = hostName(body);
    else if (type === ALPN) alpn = protocols(body);
  }
  return { sni, alpn };
}

function hostName(body: Reader): string | null {
  const names = new Reader(body.vector(2));
  while (names.left > 0) {
    const type = names.number(1);
    const name = names.vector(2).toString('latin1');
    if (type === 0) return name === '' ? null : name;
  }
  return null;
}

function protocols(body: Reader): string[] {
  const list = new Reader(body.vector(2));
  const out: string[] = [];
  while (list.left > 0) out.push(list.vector(1).toString('latin1'));
  return out;
}
