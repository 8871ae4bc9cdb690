const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
/** RFC 8446, 5.1. */
const LONGEST_RECORD = 16_384;
/** What OpenSSL takes at most, with two spare bytes; no server that the client means to reach would take more. */
const LONGEST_HELLO = 131_400;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;

/** Extensions that are read (IANA's registry of TLS ExtensionType values). */
const SERVER_NAME = 0;
const SUPPORTED_GROUPS = 10;
const EC_POINT_FORMATS = 11;
const SIGNATURE_ALGORITHMS = 13;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;

/** What a TLS client asks for before it is answered (RFC 8446, 4.1.2). Lists are in the client's order, with what it put in as GREASE (RFC 8701). */
export interface ClientHello {
  /** Host of the server_name extension (RFC 6066, 3); null when it names none. */
  readonly sni: string | null;
  /** Protocols offered (RFC 7301), a character for each byte; empty when it offers none. */
  readonly alpn: readonly string[];
  /** `legacy_version`: 0x0303 for TLS 1.2 and later. */
  readonly legacyVersion: number;
  /** Of supported_versions; empty without that extension, as before TLS 1.3. */
  readonly versions: readonly number[];
  readonly cipherSuites: readonly number[];
  /** Types of all extensions. */
  readonly extensions: readonly number[];
  /** Of supported_groups, once the elliptic curves. */
  readonly groups: readonly number[];
  readonly pointFormats: readonly number[];
  /** Of signature_algorithms. */
  readonly signatureSchemes: readonly number[];
}

/** `more`: so far it may become a ClientHello. `other`: these bytes are not one. */
export type Sniffed =
  | { readonly kind: 'hello'; readonly hello: ClientHello }
  | { readonly kind: 'more' }
  | { readonly kind: 'other'; readonly why: string };

/** The highest TLS version that the client takes part in, as on the wire (0x0304 is TLS 1.3). */
export function highestVersion({ versions, legacyVersion }: ClientHello): number {
  const known = versions.filter((version) => version >> 8 === 3 && version <= TLS_1_3);
  // Without the extension TLS 1.2 is the highest that can be agreed on, whatever the client says (RFC 8446, 4.2.1).
  return known.length === 0 ? Math.min(legacyVersion, TLS_1_2) : Math.max(...known);
}

/** Whether a value stands for nothing and is there to keep servers from choking on what is new (RFC 8701). */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}

/** Reads the ClientHello at the start of a connection, however it is cut into records. Never throws. */
export function sniffClientHello(bytes: Uint8Array): Sniffed {
  return helloSniffer()(bytes);
}

/**
 * The same for bytes that come in pieces: each call takes the next one and tells what all of them are so far. Its work grows with the
 * bytes alone, not with the pieces nor with the records. After `hello` or `other` it reads no more. Never throws.
 */
export function helloSniffer(): (piece: Uint8Array) => Sniffed {
  const header = Buffer.alloc(RECORD_HEADER);
  const start = Buffer.alloc(MESSAGE_HEADER);
  let body: Buffer | null = null;
  let [inHeader, inStart, inBody, left] = [0, 0, 0, 0];
  let sniffed: Sniffed = { kind: 'more' };
  /** Takes a part of the handshake message, all of it in one record. */
  const take = (part: Buffer): Sniffed => {
    const head = part.copy(start, inStart);
    inStart += head;
    if (inStart > 0 && start[0] !== CLIENT_HELLO) return other('a TLS handshake that does not begin with a ClientHello');
    if (inStart < MESSAGE_HEADER) return sniffed;
    const length = start.readUIntBE(1, 3);
    if (length > LONGEST_HELLO) return other('a ClientHello longer than any server takes');
    body ??= Buffer.alloc(length);
    inBody += part.copy(body, inBody, head);
    return inBody === length ? parsed(body) : sniffed;
  };
  return (piece) => {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    for (let at = 0; at < bytes.length && sniffed.kind === 'more';) {
      if (left === 0) {
        header[inHeader] = bytes[at] ?? 0;
        at += 1;
        inHeader += 1;
        sniffed = recordFault(header, inHeader) ?? sniffed;
        if (inHeader === RECORD_HEADER) [left, inHeader] = [header.readUInt16BE(3), 0];
      } else {
        const part = bytes.subarray(at, at + left);
        at += part.length;
        left -= part.length;
        sniffed = take(part);
      }
    }
    return sniffed;
  };
}

const other = (why: string): Sniffed => ({ kind: 'other', why });

/** Why these first `have` bytes of a record cannot be those of a handshake; null when they can. */
function recordFault(header: Buffer, have: number): Sniffed | null {
  if (have === 1) return header[0] === HANDSHAKE ? null : other('not a TLS handshake record');
  if (have === 2) return header[1] === 3 ? null : other('not a TLS version');
  if (have < RECORD_HEADER) return null;
  const length = header.readUInt16BE(3);
  return length === 0 || length > LONGEST_RECORD ? other('a TLS record of impossible length') : null;
}

function parsed(message: Buffer): Sniffed {
  try {
    return { kind: 'hello', hello: parseHello(new Reader(message)) };
  } catch (error) {
    if (error instanceof Short) return other('a ClientHello that contradicts its own lengths');
    throw error;
  }
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
  /** A vector of numbers, `size` bytes each; its length takes `prefix` bytes. */
  numbers(prefix: 1 | 2, size: 1 | 2): number[] {
    const list = new Reader(this.vector(prefix));
    const out: number[] = [];
    while (list.left > 0) out.push(list.number(size));
    return out;
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function parseHello(reader: Reader): ClientHello {
  const legacyVersion = reader.number(2);
  reader.take(32); // random
  reader.vector(1); // legacy_session_id
  const cipherSuites = reader.numbers(2, 2);
  reader.vector(1); // legacy_compression_methods
  const seen: number[] = [];
  const hello: Writable<ClientHello> = {
    sni: null,
    alpn: [],
    legacyVersion,
    versions: [],
    cipherSuites,
    extensions: seen,
    groups: [],
    pointFormats: [],
    signatureSchemes: [],
  };
  const extensions = new Reader(reader.left === 0 ? Buffer.alloc(0) : reader.vector(2));
  while (extensions.left > 0) {
    const type = extensions.number(2);
    seen.push(type);
    readExtension(hello, type, new Reader(extensions.vector(2)));
  }
  return hello;
}

function readExtension(hello: Writable<ClientHello>, type: number, body: Reader): void {
  if (type === SERVER_NAME) hello.sni = hostName(body);
  else if (type === SUPPORTED_GROUPS) hello.groups = body.numbers(2, 2);
  else if (type === EC_POINT_FORMATS) hello.pointFormats = body.numbers(1, 1);
  else if (type === SIGNATURE_ALGORITHMS) hello.signatureSchemes = body.numbers(2, 2);
  else if (type === ALPN) hello.alpn = protocols(body);
  else if (type === SUPPORTED_VERSIONS) hello.versions = body.numbers(1, 2);
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
