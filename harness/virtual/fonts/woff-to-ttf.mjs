// Unpacks a WOFF 1.0 font (https://www.w3.org/TR/WOFF/) into the TrueType file that it holds.
// Usage: node woff-to-ttf.mjs IN.woff OUT.ttf
import { readFileSync, writeFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

const [from, to] = process.argv.slice(2);
const woff = readFileSync(from);
if (woff.readUInt32BE(0) !== 0x774f4646) throw new Error(`${from} is not a WOFF 1.0 file`);
const count = woff.readUInt16BE(12);
const tables = [];
for (let i = 0; i < count; i++) {
  const entry = 44 + 20 * i;
  const [offset, packed, length, checksum] = [4, 8, 12, 16].map((at) => woff.readUInt32BE(entry + at));
  const bytes = woff.subarray(offset, offset + packed);
  tables.push({ tag: woff.subarray(entry, entry + 4), checksum, bytes: packed < length ? inflateSync(bytes) : bytes });
}
const power = Math.floor(Math.log2(count));
const head = Buffer.alloc(12 + 16 * count);
head.writeUInt32BE(woff.readUInt32BE(4), 0);
head.writeUInt16BE(count, 4);
head.writeUInt16BE(16 << power, 6);
head.writeUInt16BE(power, 8);
head.writeUInt16BE(16 * count - (16 << power), 10);
const parts = [head];
let at = head.length;
tables.forEach(({ tag, checksum, bytes }, i) => {
  tag.copy(head, 12 + 16 * i);
  [checksum, at, bytes.length].forEach((word, n) => head.writeUInt32BE(word, 16 + 16 * i + 4 * n));
  const padding = Buffer.alloc((4 - (bytes.length % 4)) % 4);
  parts.push(bytes, padding);
  at += bytes.length + padding.length;
});
writeFileSync(to, Buffer.concat(parts));
