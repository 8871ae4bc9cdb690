const HEADER_BYTES = 12;
/** RFC 1035, 2.3.4: with the length bytes and the root's. */
const LONGEST_NAME = 255;
const LONGEST_LABEL = 63;
/** A query has one question and a handful of records; more would only cost time. */
const MOST_RECORDS = 256;
const POINTER = 0xc0;
/** A name has no more labels than this, and each piece should hold one. */
const MOST_POINTERS = 127;
const OPT = 41;

/** Classes and types that we answer. */
export const DNS_IN = 1;
export const DNS_A = 1;
export const DNS_AAAA = 28;

/** RFC 1035, 4.1.1; BADVERS: RFC 6891, 9. */
export const RCODE = { ok: 0, malformed: 1, failed: 2, noName: 3, notImplemented: 4, refused: 5, badVersion: 16 } as const;
export type Rcode = (typeof RCODE)[keyof typeof RCODE];

export interface DnsHeader {
  readonly id: number;
  /** It is an answer. */
  readonly response: boolean;
  readonly opcode: number;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  /** The four bits of the header; EDNS has the upper eight. */
  readonly rcode: number;
}
export interface DnsQuestion {
  /** As sent, without the last dot; bytes that are no plain character as `\DDD`; the root is `.`. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  /** As it stands in the message. */
  readonly raw: Buffer;
}
export interface DnsRecord {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly data: Buffer;
}
export interface DnsMessage {
  readonly header: DnsHeader;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
}

/** A message, or why it is none; `header` as far as there was one. */
export type DnsRead =
  | { readonly kind: 'message'; readonly message: DnsMessage }
  | { readonly kind: 'bad'; readonly why: string; readonly header: DnsHeader | null };

/** One question to a resolver. */
export interface DnsQuery {
  readonly header: DnsHeader;
  readonly question: DnsQuestion;
  /** What its OPT record says (RFC 6891); null: it has none. */
  readonly edns: { readonly version: number; readonly dnssecOk: boolean } | null;
}

/** `header`: whom to tell that it was no query; null: nobody. */
export type QueryRead =
  | { readonly kind: 'query'; readonly query: DnsQuery }
  | { readonly kind: 'bad'; readonly why: string; readonly header: DnsHeader | null };

/** Reads a DNS message (RFC 1035, 4). Never throws; a name is followed backwards only, so that it ends. Bytes behind the last record are left alone. */
export function readDnsMessage(bytes: Uint8Array): DnsRead {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  let header: DnsHeader | null = null;
  try {
    const [read, counts] = readHeader(reader);
    header = read;
    const [questions = 0, answers = 0, authorities = 0, additionals = 0] = counts;
    if (questions + answers + authorities + additionals > MOST_RECORDS) throw new Bad('too many records');
    const message: DnsMessage = {
      header,
      questions: times(questions, () => readQuestion(reader)),
      answers: times(answers, () => readRecord(reader)),
      authorities: times(authorities, () => readRecord(reader)),
      additionals: times(additionals, () => readRecord(reader)),
    };
    return { kind: 'message', message };
  } catch (error) {
    if (error instanceof Bad) return { kind: 'bad', why: error.message, header };
    throw error;
  }
}

/** Reads a query. Never throws. */
export function readDnsQuery(bytes: Uint8Array): QueryRead {
  const read = readDnsMessage(bytes);
  if (read.kind === 'bad') return { ...read, header: read.header?.response === true ? null : read.header };
  const { header, questions, additionals } = read.message;
  // An answer to an answer could go to and fro for ever.
  if (header.response) return { kind: 'bad', why: 'an answer, not a question', header: null };
  const [question] = questions;
  if (question === undefined || questions.length > 1) return { kind: 'bad', why: `${questions.length} questions`, header };
  const options = additionals.filter((record) => record.type === OPT);
  const [option] = options;
  if (options.length > 1 || (option !== undefined && option.name !== '.')) return { kind: 'bad', why: 'a bad OPT record', header };
  const edns = option === undefined ? null : { version: (option.ttl >>> 16) & 0xff, dnssecOk: (option.ttl & 0x8000) !== 0 };
  return { kind: 'query', query: { header, question, edns } };
}

/** Real seconds for which an app may remember an answer: the next connection shall ask again. */
const TTL = 1;
/** What we would take; larger datagrams risk being cut into pieces on the way (DNS flag day 2020). */
const UDP_BYTES = 1232;

/** The answer to `query`; `address`: 4 or 16 bytes of the name's address, null: no data. */
export function dnsAnswer({ header, question, edns }: DnsQuery, rcode: Rcode, address: Buffer | null): Buffer {
  const record = Buffer.alloc(address === null ? 0 : 12);
  if (address !== null) {
    record.writeUInt16BE((POINTER << 8) | HEADER_BYTES, 0);
    record.writeUInt16BE(address.length === 4 ? DNS_A : DNS_AAAA, 2);
    record.writeUInt16BE(DNS_IN, 4);
    record.writeUInt32BE(TTL, 6);
    record.writeUInt16BE(address.length, 10);
  }
  const option = Buffer.alloc(edns === null ? 0 : 11);
  if (edns !== null) {
    option.writeUInt16BE(OPT, 1);
    option.writeUInt16BE(UDP_BYTES, 3);
    option.writeUInt8(rcode >> 4, 5);
    option.writeUInt16BE(edns.dnssecOk ? 0x8000 : 0, 7);
  }
  const head = answerHeader(header, rcode, { questions: 1, answers: address === null ? 0 : 1, additionals: edns === null ? 0 : 1 });
  return Buffer.concat([head, question.raw, record, address ?? Buffer.alloc(0), option]);
}

/** The answer to something that has a header and is no query. */
export function dnsFormatError(header: DnsHeader): Buffer {
  return answerHeader(header, RCODE.malformed, { questions: 0, answers: 0, additionals: 0 });
}

/** `AAAA`, or `TYPE123` for one that apps do not ask for. */
export function dnsTypeName(type: number): string {
  return TYPES[type] ?? `TYPE${type}`;
}

const TYPES: Readonly<Record<number, string>> = {
  [DNS_A]: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  [DNS_AAAA]: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  43: 'DS',
  48: 'DNSKEY',
  64: 'SVCB',
  65: 'HTTPS',
  255: 'ANY',
};

interface Counts {
  readonly questions: number;
  readonly answers: number;
  readonly additionals: number;
}

function answerHeader(asked: DnsHeader, rcode: Rcode, counts: Counts): Buffer {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeUInt16BE(asked.id, 0);
  head.writeUInt8(0x80 | (asked.opcode << 3) | (asked.recursionDesired ? 1 : 0), 2);
  head.writeUInt8(0x80 | (rcode & 0x0f), 3);
  head.writeUInt16BE(counts.questions, 4);
  head.writeUInt16BE(counts.answers, 6);
  head.writeUInt16BE(counts.additionals, 10);
  return head;
}

class Bad extends Error {}

class Reader {
  at = 0;
  constructor(readonly bytes: Buffer) {}
  take(n: number): Buffer {
    if (this.at + n > this.bytes.length) throw new Bad('cut short');
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }
  number(size: 1 | 2 | 4): number {
    return this.take(size).readUIntBE(0, size);
  }
}

function readHeader(reader: Reader): readonly [DnsHeader, readonly number[]] {
  const head = reader.take(HEADER_BYTES);
  const high = head.readUInt8(2);
  const low = head.readUInt8(3);
  const header = {
    id: head.readUInt16BE(0),
    response: (high & 0x80) !== 0,
    opcode: (high >> 3) & 0x0f,
    truncated: (high & 0x02) !== 0,
    recursionDesired: (high & 0x01) !== 0,
    rcode: low & 0x0f,
  };
  return [header, [4, 6, 8, 10].map((at) => head.readUInt16BE(at))];
}

function readQuestion(reader: Reader): DnsQuestion {
  const from = reader.at;
  const name = readName(reader);
  const type = reader.number(2);
  return { name, type, class: reader.number(2), raw: reader.bytes.subarray(from, reader.at) };
}

function readRecord(reader: Reader): DnsRecord {
  const name = readName(reader);
  const type = reader.number(2);
  const cls = reader.number(2);
  const ttl = reader.number(4);
  return { name, type, class: cls, ttl, data: reader.take(reader.number(2)) };
}

/** Reads a name, compressed or not (RFC 1035, 4.1.4). */
function readName(reader: Reader): string {
  const labels: string[] = [];
  let bytes = 1;
  let hops = 0;
  let from = reader.at;
  let end: number | null = null;
  for (;;) {
    const length = reader.number(1);
    if (length === 0) break;
    if ((length & POINTER) === POINTER) {
      const to = ((length & ~POINTER) << 8) | reader.number(1);
      end ??= reader.at;
      // Each piece must lie before the last, else names could go in circles.
      if (to < HEADER_BYTES || to >= from) throw new Bad('a name that points forward');
      hops += 1;
      if (hops > MOST_POINTERS) throw new Bad('a name of too many pieces');
      from = to;
      reader.at = to;
      continue;
    }
    if (length > LONGEST_LABEL) throw new Bad('a label of an unknown kind');
    bytes += length + 1;
    if (bytes > LONGEST_NAME) throw new Bad('a name that is too long');
    labels.push(printable(reader.take(length)));
  }
  if (end !== null) reader.at = end;
  return labels.length === 0 ? '.' : labels.join('.');
}

/** A label as master files print it (RFC 1035, 5.1). */
function printable(label: Buffer): string {
  const plain = label.toString('latin1');
  return plain.replace(/[^\x21-\x7e]|[.\\]/g, (char) =>
    char === '.' || char === '\\' ? `\\${char}` : `\\${String(char.charCodeAt(0)).padStart(3, '0')}`,
  );
}

function times<T>(count: number, read: () => T): T[] {
  return Array.from({ length: count }, read);
}
