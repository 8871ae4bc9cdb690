import { Malformed } from './http1.js';
import { huffmanText } from './http2-huffman.js';

/** What a peer may make the other keep (SETTINGS_HEADER_TABLE_SIZE), at most; 4 KiB is usual. */
const LARGEST_TABLE_BYTES = 1024 * 1024;
/** Of one decoded block: a few bytes on the wire may stand for a long field many times over. */
const LONGEST_BLOCK_BYTES = 4 * 1024 * 1024;
const FIRST_TABLE_BYTES = 4096;
/** What an entry counts beside its name and value (RFC 7541, 4.1). */
const ENTRY_BYTES = 32;

/** RFC 7541, A: names, each with its values. */
const STATIC: readonly (readonly [string, ...string[]])[] = [
  [':authority', ''],
  [':method', 'GET', 'POST'],
  [':path', '/', '/index.html'],
  [':scheme', 'http', 'https'],
  [':status', '200', '204', '206', '304', '400', '404', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...(
    'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control content-disposition ' +
    'content-encoding content-language content-length content-location content-range content-type cookie date etag expect expires ' +
    'from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified link location max-forwards ' +
    'proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie strict-transport-security ' +
    'transfer-encoding user-agent vary via www-authenticate'
  )
    .split(' ')
    .map((name): [string, string] => [name, '']),
];
interface Entry {
  readonly name: string;
  readonly value: string;
}
const FIXED: readonly Entry[] = STATIC.flatMap(([name, ...values]) => values.map((value) => ({ name, value })));

/** Reads the header blocks of one direction of a connection, all of them and in their order. */
export class HeaderDecoder {
  /** Newest last; those before `#from` are forgotten. */
  #table: (Entry | undefined)[] = [];
  #from = 0;
  #bytes = 0;
  #limit = FIRST_TABLE_BYTES;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  /** Names and values in turn, in the order in which they were sent. @throws Malformed, and after that no block can be read any more */
  decode(block: Buffer): string[] {
    const out: string[] = [];
    this.#block = block;
    this.#at = 0;
    let bytes = 0;
    while (this.#at < block.length) {
      const entry = this.#field(out.length === 0);
      if (entry === null) continue;
      bytes += entry.name.length + entry.value.length + ENTRY_BYTES;
      if (bytes > LONGEST_BLOCK_BYTES) throw new Malformed(`a header block of more than ${LONGEST_BLOCK_BYTES} bytes`);
      out.push(entry.name, entry.value);
    }
    return out;
  }

  /** RFC 7541, 6; null: no field, but a new size of the table. */
  #field(first: boolean): Entry | null {
    const octet = this.#block[this.#at] ?? 0;
    if (octet >= 0x80) return this.#entry(this.#integer(7));
    if (octet >= 0x40) {
      const entry = this.#literal(this.#integer(6));
      this.#add(entry);
      return entry;
    }
    if (octet < 0x20) return this.#literal(this.#integer(4));
    const limit = this.#integer(5);
    if (!first || limit > LARGEST_TABLE_BYTES) throw new Malformed('a size of the header table that is none');
    this.#limit = limit;
    this.#forget();
    return null;
  }

  #literal(index: number): Entry {
    const name = index === 0 ? this.#string() : this.#entry(index).name;
    return { name, value: this.#string() };
  }

  #entry(index: number): Entry {
    const entry = index <= FIXED.length ? FIXED[index - 1] : this.#table[this.#table.length - (index - FIXED.length)];
    if (entry === undefined) throw new Malformed('a header index that is none');
    return entry;
  }

  #add(entry: Entry): void {
    this.#table.push(entry);
    this.#bytes += entry.name.length + entry.value.length + ENTRY_BYTES;
    this.#forget();
  }

  #forget(): void {
    while (this.#bytes > this.#limit) {
      const oldest = this.#table[this.#from];
      if (oldest === undefined) break;
      this.#table[this.#from] = undefined;
      this.#from += 1;
      this.#bytes -= oldest.name.length + oldest.value.length + ENTRY_BYTES;
    }
    if (this.#from < 64 || this.#from * 2 < this.#table.length) return;
    this.#table = this.#table.slice(this.#from);
    this.#from = 0;
  }

  #string(): string {
    const coded = (this.#octet() & 0x80) !== 0;
    const length = this.#integer(7);
    const end = this.#at + length;
    if (end > this.#block.length) throw new Malformed('a header that breaks off');
    const text = coded ? huffmanText(this.#block.subarray(this.#at, end)) : this.#block.toString('latin1', this.#at, end);
    this.#at = end;
    return text;
  }

  /** RFC 7541, 5.1, behind a prefix that leaves `bits` bits. */
  #integer(bits: number): number {
    const most = 2 ** bits - 1;
    let value = this.#octet() & most;
    this.#at += 1;
    if (value < most) return value;
    for (let scale = 1; ; scale *= 128) {
      const octet = this.#octet();
      this.#at += 1;
      value += (octet & 0x7f) * scale;
      if (value > 2 ** 31) throw new Malformed('a header number that is too great');
      if (octet < 0x80) return value;
      if (scale > 2 ** 28) throw new Malformed('a header number that does not end');
    }
  }

  #octet(): number {
    const octet = this.#block[this.#at];
    if (octet === undefined) throw new Malformed('a header block that breaks off');
    return octet;
  }
}
