import { createHash } from 'node:crypto';

// Written for these cases alone, from the formats' own texts: nothing of the linker.

/** A JSON body with two fields of no interest before `more`. */
export const json = (more: object): string => JSON.stringify({ ts: 1772416800123, model: 'JJ-1', ...more });
export const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
export const hex = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('hex');
export const digest = (algorithm: string, bytes: Uint8Array | string): Buffer => createHash(algorithm).update(bytes).digest();
export const md5 = (text: string): string => digest('md5', text).toString('hex');

/** Every byte as %xx. */
export const percent = (text: string): string => [...Buffer.from(text)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join('');
/** Every UTF-16 unit as a \u escape. */
export const escaped = (text: string): string =>
  Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
export const entities = (text: string): string => [...text].map((c) => `&#${c.codePointAt(0)};`).join('');
export const hexEntities = (text: string): string => [...text].map((c) => `&#x${c.codePointAt(0)?.toString(16)};`).join('');
/** Every byte as =XX (RFC 2045, 6.7), a soft break behind every `every` of them. */
export function quoted(text: string, every: number): string {
  const units = [...Buffer.from(text)].map((b) => `=${b.toString(16).toUpperCase().padStart(2, '0')}`);
  return units.map((unit, i) => (i > 0 && i % every === 0 ? `=\r\n${unit}` : unit)).join('');
}
export const utf16le = (text: string): Buffer => {
  const out = Buffer.alloc(text.length * 2);
  for (let i = 0; i < text.length; i += 1) out.writeUInt16LE(text.charCodeAt(i), i * 2);
  return out;
};
export const utf16be = (text: string): Buffer => {
  const out = Buffer.alloc(text.length * 2);
  for (let i = 0; i < text.length; i += 1) out.writeUInt16BE(text.charCodeAt(i), i * 2);
  return out;
};
export const fullWidth = (text: string): string => text.replace(/\d/g, (d) => String.fromCodePoint(0xff10 + Number(d)));
export const turned = (text: string): string => [...text].toReversed().join('');

/** Text in GBK: the platform's decoder turned round by trying every pair. */
export function gbk(text: string): Buffer {
  const decoder = new TextDecoder('gbk');
  const pairs = new Map<string, Buffer>();
  for (let high = 0x81; high <= 0xfe; high += 1)
    for (let low = 0x40; low <= 0xfe; low += 1) {
      const two = Buffer.of(high, low);
      const char = decoder.decode(two);
      if ([...char].length === 1 && char !== '\ufffd' && !pairs.has(char)) pairs.set(char, two);
    }
  return Buffer.concat([...text].map((char) => (char < '\x80' ? Buffer.from(char) : (pairs.get(char) ?? Buffer.from('?')))));
}

/** A zstd frame of raw blocks of at most `blockBytes` (RFC 8878, 3.1.1); the platform's zlib has none in Node 20. */
export function zstd(text: string, blockBytes: number): Buffer {
  const bytes = Buffer.from(text);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  const out = [Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0), size];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = bytes.subarray(at, at + blockBytes);
    const header = (block.length << 3) | (at + blockBytes >= bytes.length ? 1 : 0);
    out.push(Buffer.of(header & 255, (header >> 8) & 255, header >> 16), block);
  }
  return Buffer.concat(out);
}

/** A base-128 varint of a whole number below 2^53. */
export function varint(whole: number): Buffer {
  const bytes: number[] = [];
  for (let rest = whole; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest < 128 ? rest : (rest % 128) + 128);
    if (rest < 128) return Buffer.from(bytes);
  }
}
/** A length-delimited field of protobuf. */
export const field = (number: number, bytes: Uint8Array | string): Buffer =>
  Buffer.concat([varint(number * 8 + 2), varint(Buffer.byteLength(bytes)), Buffer.from(bytes)]);
export const varintField = (number: number, whole: number): Buffer => Buffer.concat([varint(number * 8), varint(whole)]);
export function floatField(number: number, real: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeFloatLE(real);
  return Buffer.concat([varint(number * 8 + 5), out]);
}
/** A map of short strings in msgpack. */
export const msgpack = (map: Readonly<Record<string, string>>): Buffer => {
  const text = (s: string): Buffer =>
    Buffer.concat([
      Buffer.byteLength(s) < 32 ? Buffer.of(0xa0 | Buffer.byteLength(s)) : Buffer.of(0xd9, Buffer.byteLength(s)),
      Buffer.from(s),
    ]);
  const pairs = Object.entries(map);
  return Buffer.concat([Buffer.of(0x80 | pairs.length), ...pairs.flatMap(([key, v]) => [text(key), text(v)])]);
};
/** A struct of one string in Thrift's binary protocol. */
export const thriftBinary = (id: number, text: string): Buffer => {
  const head = Buffer.alloc(7);
  head.writeInt8(11);
  head.writeInt16BE(id, 1);
  head.writeInt32BE(Buffer.byteLength(text), 3);
  return Buffer.concat([head, Buffer.from(text), Buffer.of(0)]);
};
/** The same in Thrift's compact protocol. */
export const thriftCompact = (id: number, text: string): Buffer =>
  Buffer.concat([Buffer.of((id << 4) | 8), varint(Buffer.byteLength(text)), Buffer.from(text), Buffer.of(0)]);

/** Parts of a multipart form: head lines and body of each. */
export function multipart(boundary: string, ...parts: readonly (readonly [head: string, body: Uint8Array | string])[]): Buffer {
  const each = parts.flatMap(([head, body]) => [Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), Buffer.from(body), Buffer.from('\r\n')]);
  return Buffer.concat([...each, Buffer.from(`--${boundary}--\r\n`)]);
}

/** Bytes under a key that is used again and again. */
export const xored = (bytes: Uint8Array | string, key: Uint8Array): Buffer =>
  Buffer.from(Buffer.from(bytes).map((b, i) => b ^ (key[i % key.length] ?? 0)));

/** Bytes that look random and are the same every time. */
export function noise(length: number, seed: string): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) => digest('sha256', `${seed} ${i}`));
  return Buffer.concat(blocks).subarray(0, length);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** What the lz-string library calls compressToBase64: LZ78 with codes that grow, each written least bit first, in digits of six bits. */
export function lzString(text: string): string {
  const bits: number[] = [];
  const codes = new Map<string, number>();
  const fresh = new Set<string>();
  let [width, left] = [2, 2];
  const put = (whole: number, count: number): void => {
    for (let i = 0; i < count; i += 1) bits.push((whole >> i) & 1);
  };
  const spend = (): void => {
    left -= 1;
    if (left > 0) return;
    left = 2 ** width;
    width += 1;
  };
  const write = (word: string): void => {
    const unit = word.charCodeAt(0);
    if (fresh.delete(word)) {
      put(unit < 256 ? 0 : 1, width);
      put(unit, unit < 256 ? 8 : 16);
      spend();
    } else put(codes.get(word) ?? 0, width);
    spend();
  };
  let word = '';
  for (const char of text) {
    if (!codes.has(char)) {
      codes.set(char, codes.size + 3);
      fresh.add(char);
    }
    if (codes.has(word + char)) {
      word += char;
      continue;
    }
    write(word);
    codes.set(word + char, codes.size + 3);
    word = char;
  }
  if (word !== '') write(word);
  put(2, width);
  // One zero bit at least stands behind the end.
  do bits.push(0);
  while (bits.length % 6 !== 0);
  const digits = Array.from({ length: bits.length / 6 }, (_, i) => BASE64[Number.parseInt(bits.slice(i * 6, i * 6 + 6).join(''), 2)] ?? '');
  return digits.join('').padEnd(Math.ceil(digits.length / 4) * 4, '=');
}
