// The corpus of the bench on disk: made once for each size, then read.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { bulkBody, drawBody } from './bodies.mjs';
import { createRandom } from './random.mjs';
import { codedSpellings, drawValues } from './values.mjs';

/** Changes whenever the files would. */
const EDITION = 8;
const SEED = 7;
/** Percent of the bodies that are sent with Content-Encoding: gzip. */
const GZIPPED = 11;
const BULKS_PER_200_MB = 20;

/** Folder of a corpus of so many megabytes; made when it is not there. Needle files: one coded spelling a line. */
export function corpus({ megabytes, root }) {
  const folder = join(root ?? tmpdir(), `jiejing-link-bench-${EDITION}-${megabytes}`);
  if (!existsSync(folder)) {
    const half = `${folder}.${process.pid}`;
    mkdirSync(half, { recursive: true });
    write(half, megabytes);
    renameSync(half, folder);
  }
  return folder;
}

function write(folder, megabytes) {
  const random = createRandom(SEED);
  const values = drawValues(random, 10_000);
  writeFileSync(join(folder, 'values.json'), JSON.stringify(values));
  const needles = [...new Set(values.flatMap(codedSpellings))];
  for (const [name, n] of [
    ['1000', 1000],
    ['10000', 10_000],
    ['all', needles.length],
  ]) {
    const step = needles.length / n;
    writeFileSync(
      join(folder, `needles-${name}.txt`),
      `${Array.from({ length: n }, (_, i) => needles[Math.floor(i * step)]).join('\n')}\n`,
    );
  }
  const bodies = [];
  const chunks = [];
  const plain = [];
  let total = 0;
  let plainBytes = 0;
  const add = ({ type, bytes, values: ids, bulk }) => {
    const gzip = random.below(100) < GZIPPED;
    const sent = gzip ? gzipSync(bytes, { level: 1 }) : bytes;
    bodies.push({ type, gzip, at: total, length: sent.length, plainAt: plainBytes, plainLength: bytes.length, values: ids, bulk });
    chunks.push(sent);
    plain.push(bytes, Buffer.from('\n'));
    total += sent.length;
    plainBytes += bytes.length + 1;
    return plainBytes;
  };
  const bulks = Math.max(4, Math.round((BULKS_PER_200_MB * megabytes) / 200));
  for (let k = 0; k < bulks; k++) add(bulkBody(values, k));
  const drawn = () => drawBody(random, Math.round(280 * 2 ** (random.below(7000) / 1000)), values);
  while (add(drawn()) < megabytes * 1e6);
  writeFileSync(join(folder, 'sent.bin'), Buffer.concat(chunks));
  writeFileSync(join(folder, 'plain.bin'), Buffer.concat(plain));
  writeFileSync(join(folder, 'bodies.json'), JSON.stringify(bodies));
}

/** A corpus in memory. `sent` and `plain` hold all bodies; `bodies` says where each lies. */
export function readCorpus(folder) {
  const json = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  return {
    values: json('values.json'),
    bodies: json('bodies.json'),
    sent: readFileSync(join(folder, 'sent.bin')),
    plain: readFileSync(join(folder, 'plain.bin')),
  };
}

/** The coded spellings of one of the needle files, as bytes. */
export function readNeedles(folder, name) {
  return readFileSync(join(folder, `needles-${name}.txt`), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => Buffer.from(line));
}
