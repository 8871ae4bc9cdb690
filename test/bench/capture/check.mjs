// Holds what a contender captured against what was sent through it.
import { number, sent } from './bodies.mjs';

/** `spans` are `{ kind, from, to, tail }`: request numbers from `from` to before `to`. Counts `made`, `captured`, `lost`, `twice`, `altered`, `strange`. */
export async function check(records, spans) {
  const left = new Set(spans.flatMap(pathsOf));
  const made = left.size;
  const done = new Set();
  const counts = { made, captured: 0, lost: 0, twice: 0, altered: 0, strange: 0 };
  const examples = [];
  for await (const record of records) {
    const fault = judge(record, left, done);
    if (fault === null) counts.captured += 1;
    else {
      counts[fault] += 1;
      if (examples.length < 3) examples.push(`${fault}: ${record.error ?? record.path}`);
    }
  }
  counts.lost = left.size;
  return { ...counts, examples };
}

/** The same for connections on which nothing was asked: each must have left one record without a request; the gap beside it says that the lab saw no request. */
export async function checkUnused(records, made) {
  let captured = 0;
  let strange = 0;
  for await (const record of records) {
    if (record.gap === 'tls-refused') continue;
    if (record.path === null && record.gap === undefined && captured < made) captured += 1;
    else strange += 1;
  }
  return { made, captured, lost: made - captured, twice: 0, altered: 0, strange, examples: [] };
}

function pathsOf({ kind, from, to, tail = '' }) {
  return Array.from({ length: to - from }, (_, i) => `/${kind}/${number(from + i)}${tail}`);
}

function judge(record, left, done) {
  if (record.path === null || !(left.has(record.path) || done.has(record.path))) return 'strange';
  if (done.has(record.path)) return 'twice';
  left.delete(record.path);
  done.add(record.path);
  if (record.error !== undefined) return 'altered';
  const { up, down } = sent(record.path);
  return same(up, record.up) && same(down, record.down) ? null : 'altered';
}

const same = (a, b) => a.bytes === b.bytes && a.sha256 === b.sha256;
