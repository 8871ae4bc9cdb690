#!/usr/bin/env node
// node noise.mjs [--mb 500] [--seed 1] [--dist DIR]
// Bodies that hold no value of the run: whatever is linked is a false positive. Exit 1 on a link at C3 or above, or a placebo hit.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { BODIES, chanceOf, RULES } from './chance.mjs';
import { BUILT, linked, program } from './linked.mjs';

const { values: asked } = parseArgs({ options: { mb: { type: 'string' }, seed: { type: 'string' }, dist: { type: 'string' } } });
/** Six digits are met in any traffic by chance: such hits are told, and prove nothing against the linker while they stay below C3. */
const TOO_SHORT = ['otp'];
const MB = 1024 * 1024;
const CAPTURE_BYTES = 24 * MB;
const wanted = Number(asked.mb ?? 500) * MB;
const chance = chanceOf(Number(asked.seed ?? 1));
const built = await program(asked.dist ?? BUILT);
const hits = new Map();
const placeboHits = new Map();
let [sent, placebos, tokens, linkMs] = [0, 0, 0, 0];

while (sent < wanted) {
  const dir = mkdtempSync(join(tmpdir(), 'link-noise-'));
  try {
    const types = writeCapture(dir, Math.min(CAPTURE_BYTES, wanted - sent));
    const got = await linked(built, dir);
    for (const { level, value } of got.links) {
      const key = `${level} ${types.get(value)}`;
      hits.set(key, (hits.get(key) ?? 0) + 1);
    }
    for (const { type, hits: found } of got.placebo.byType) placeboHits.set(type, (placeboHits.get(type) ?? 0) + found);
    placebos += got.placebo.drawn;
    linkMs += got.linkMs;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
tell();

/** A handset's values, 200 contacts, ten placebos for each; then bodies until `size` is reached. Types by value id. */
function writeCapture(dir, size) {
  const planted = [...Object.keys(RULES), ...Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? 'contact_name' : 'contact_phone'))];
  const canaries = planted.flatMap((type, i) =>
    Array.from({ length: 11 }, (_, copy) => ({
      id: `${copy === 0 ? 'v' : 'p'}${i * 11 + copy + 1}`,
      type,
      value: RULES[type](chance),
      placebo: copy > 0,
    })),
  );
  writeFileSync(join(dir, 'canaries.json'), JSON.stringify(canaries));
  writeFileSync(join(dir, 'observations.jsonl'), '');
  writeFileSync(join(dir, 'consent.jsonl'), '');
  // Another person may have a number of the run by chance, and would rightly be found.
  const known = new Set(canaries.map(({ value }) => value));
  const entries = [];
  const kinds = Object.values(BODIES);
  for (let had = 0; had < size;) {
    const raw = chance.pick(kinds)({ ...chance, known }, chance.pick([300, 1500, 6000, 40_000]) * (0.5 + chance.real()));
    const packed = chance.int(8) === 0;
    had += raw.length;
    sent += raw.length;
    entries.push(entryOf(packed ? gzipSync(raw) : raw, packed, entries.length));
  }
  writeFileSync(join(dir, 'flows.har'), JSON.stringify({ log: { version: '1.2', creator: { name: 'noise', version: '1' }, entries } }));
  tokens += canaries.length;
  return new Map(canaries.map(({ id, type }) => [id, type]));
}

function entryOf(body, packed, number) {
  const headers = [{ name: 'Host', value: 'api.yundai.example' }, ...(packed ? [{ name: 'Content-Encoding', value: 'gzip' }] : [])];
  return {
    startedDateTime: new Date(1772416800000 + number * 500).toISOString(),
    time: 1,
    request: {
      method: 'POST',
      url: `https://api.yundai.example/v1/${chance.int(10 ** 9)}?t=${1772416800000 + chance.int(10 ** 8)}`,
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers,
      queryString: [],
      postData: { mimeType: 'application/octet-stream', text: body.toString('base64'), encoding: 'base64' },
      headersSize: -1,
      bodySize: body.length,
    },
    response: {
      status: 200,
      statusText: 'OK',
      httpVersion: 'HTTP/1.1',
      cookies: [],
      headers: [],
      content: { size: 0, mimeType: '' },
      redirectURL: '',
      headersSize: -1,
      bodySize: 0,
    },
    cache: {},
    timings: { send: 0, wait: 1, receive: 0 },
  };
}

function tell() {
  const gb = sent / 1024 / MB;
  console.log(
    `${(sent / MB).toFixed(0)} MB, ${tokens} values and placebos (${placebos} placebos drawn), linked at ${(sent / MB / (linkMs / 1000)).toFixed(0)} MB/s`,
  );
  for (const [key, count] of [...hits].toSorted()) console.log(`  ${key}: ${count}, ${(count / gb).toFixed(2)} per GB`);
  if (hits.size === 0) console.log(`  no link: below ${(3 / gb).toFixed(2)} per GB (95%, 3/n)`);
  const proving = [...placeboHits].filter(([type]) => !TOO_SHORT.includes(type)).reduce((sum, [, found]) => sum + found, 0);
  console.log(`  placebo hits: ${proving}${proving === 0 ? `: below ${(3 / gb).toFixed(2)} per GB for ten times the values (3/n)` : ''}`);
  for (const [type, found] of placeboHits) if (found > 0) console.log(`    ${type}: ${found}, ${(found / gb).toFixed(2)} per GB`);
  const bad = [...hits.keys()].some((key) => /^C[345]/.test(key));
  process.exitCode = bad || proving > 0 ? 1 : 0;
}
