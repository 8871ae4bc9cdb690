#!/usr/bin/env node
// node strategies.mjs FOLDER... [--dist DIR]
// Recall of simple strategies on the same captures, beside the linker's: the idea of each in a few lines, not the tools themselves.
// All get bodies with gzip, deflate and brotli content-encodings off, and no hooks.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { BUILT, captures, linked, program } from './linked.mjs';
import { compare } from './scoring.mjs';

const MOST_PAIRS = 50;
const { values: asked, positionals } = parseArgs({ allowPositionals: true, options: { dist: { type: 'string' } } });

const hash = (name, text, as) => createHash(name).update(text).digest(as);
const b64 = (text) => Buffer.from(text).toString('base64').replaceAll('=', '');
/** base64 of a text that begins at any of three places of a group, without the letters that its neighbours change. */
const aligned = (text) =>
  [0, 1, 2].map((pad) =>
    b64('\0'.repeat(pad) + text).slice([0, 2, 3][pad], Buffer.byteLength(text) % 3 === (3 - pad) % 3 ? undefined : -1),
  );
const urlEncoded = (text) => encodeURIComponent(text);
const escaped = (text) =>
  JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
const hexed = (text) => Buffer.from(text).toString('hex');

function spelled({ type, value }) {
  if (/phone/.test(type))
    return [value, `+86${value}`, `86${value}`, value.replace(/^(...)(....)/, '$1-$2-'), value.replace(/^(...)(....)/, '$1 $2 ')];
  if (type === 'mac')
    return [value, value.toUpperCase(), value.replaceAll(':', ''), value.replaceAll(':', '').toUpperCase(), value.replaceAll(':', '-')];
  if (type === 'location') return value.split(',');
  return [value, value.toLowerCase(), value.toUpperCase()];
}

const digests = (text) =>
  ['md5', 'sha1', 'sha256'].flatMap((name) => [hash(name, text, 'hex'), hash(name, text, 'hex').toUpperCase(), hash(name, text, 'base64')]);
const encoded = (text) => [
  text,
  urlEncoded(text),
  escaped(text),
  ...aligned(text),
  ...aligned(text).map((one) => one.replaceAll('+', '-').replaceAll('/', '_')),
  hexed(text),
  hexed(text).toUpperCase(),
  [...text].toReversed().join(''),
];

/** By name: the needles of a value, searched for in `all` of the request or only in its `body`. */
const NEEDLES = {
  'plain only': ['all', ({ value }) => [value]],
  'TrackHAR-like: plain, URL-encoded': ['all', ({ value }) => [value, urlEncoded(value)]],
  'the same and base64': ['all', ({ value }) => [value, urlEncoded(value), b64(value)]],
  'Blacklight-like: bodies; plain, base64, md5, sha256, sha512': [
    'body',
    ({ value }) => [value, b64(value), ...['md5', 'sha256', 'sha512'].map((name) => hash(name, value, 'hex'))],
  ],
  'all needles encoded beforehand': ['all', (one) => spelled(one).flatMap((text) => [...encoded(text), ...digests(text)])],
};

function partsOf({ request, _webSocketMessages: messages = [] }) {
  const { text = '', encoding } = request.postData ?? {};
  const named = request.headers.find(({ name }) => name.toLowerCase() === 'content-encoding')?.value;
  const body = opened(Buffer.from(text, encoding === 'base64' ? 'base64' : 'utf8'), named);
  return { body: body.toString('latin1'), rest: [request.url, ...request.headers.map(({ value }) => value)].join('\n'), messages };
}

function opened(body, encoding) {
  const ways = { gzip: [gunzipSync], br: [brotliDecompressSync], deflate: [inflateSync, inflateRawSync] }[encoding] ?? [];
  for (const way of ways)
    try {
      return way(body, { maxOutputLength: 32 * 1024 * 1024 });
    } catch {
      // The next way, or the bytes as they are.
    }
  return body;
}

/** Requests and messages by the id that a link would name. */
function haystacks(dir) {
  const found = new Map();
  for (const { _id: id, ...entry } of JSON.parse(readFileSync(join(dir, 'flows.har'), 'utf8')).log.entries) {
    const { body, rest, messages } = partsOf(entry);
    found.set(id, { body, all: `${rest}\n${body}` });
    for (const [at, { opcode, data }] of messages.entries()) {
      const text = Buffer.from(data, opcode === 2 ? 'base64' : 'utf8').toString('latin1');
      found.set(`${id}.${at + 1}`, { body: text, all: text });
    }
  }
  return found;
}

const bytes = (text) => Buffer.from(text).toString('latin1');

function byNeedles([where, needlesOf], { texts }, hay) {
  const known = new Map();
  return ({ flow, value, type }) => {
    if (!known.has(value)) known.set(value, needlesOf({ type: type ?? texts.get(value).type, value: texts.get(value).value }).map(bytes));
    const stack = hay.get(flow)?.[where] ?? '';
    return known.get(value).some((needle) => needle !== '' && stack.includes(needle));
  };
}

/** LeakDetector-like: the request is split at delimiters, tokens are decoded up to three times, and looked up among values and their digests. */
function byTokens({ texts }, hay) {
  const pool = new Map();
  const put = (token, value) => pool.set(token, [...(pool.get(token) ?? []), value]);
  for (const [value, one] of texts)
    if (value.startsWith('v'))
      for (const text of new Set(spelled(one)))
        for (const token of new Set([text, ...digests(text), hash('md5', hash('md5', text, 'hex'), 'hex'), hash('sha512', text, 'hex')]))
          put(bytes(token), value);
  const seen = new Map();
  return ({ flow, value }) => {
    if (!seen.has(flow)) seen.set(flow, tokensIn(hay.get(flow)?.all ?? '', pool, 3));
    return seen.get(flow).has(value);
  };
}

function tokensIn(text, pool, depth) {
  const found = new Set();
  for (const token of new Set(
    text.split(/[\s&;,?{}[\]<>"'|\\()]+|[=:/]/).concat(text.split(/[\s&;,?{}[\]<>"'|\\()]+/), text.split(/[&?]|(?<=\w)=/)),
  )) {
    for (const value of pool.get(token) ?? []) found.add(value);
    if (depth > 0 && token.length > 5 && token.length < 200_000)
      for (const inner of decodings(token)) for (const value of tokensIn(inner, pool, depth - 1)) found.add(value);
  }
  return found;
}

function decodings(token) {
  const out = [];
  const attempt = (way) => {
    try {
      out.push(way());
    } catch {
      // Not written that way.
    }
  };
  if (token.includes('%')) attempt(() => bytes(decodeURIComponent(token)));
  if (/^[\w+/-]{8,}={0,2}$/.test(token)) attempt(() => Buffer.from(token, 'base64').toString('latin1'));
  if (/^([\da-f]{2}){6,}$/i.test(token)) attempt(() => Buffer.from(token, 'hex').toString('latin1'));
  if (token.startsWith('\x1f\x8b')) attempt(() => gunzipSync(Buffer.from(token, 'latin1')).toString('latin1'));
  return out.filter((text) => text.length > 0 && text !== token);
}

const built = await program(asked.dist ?? BUILT);
const table = new Map();
for (const folder of positionals)
  for (const capture of captures(folder)) {
    const musts = capture.truth.filter((row) => row.must && !row.holdout);
    const perFlow = new Map();
    for (const { flow } of musts) perFlow.set(flow, (perFlow.get(flow) ?? 0) + 1);
    const hay = haystacks(capture.dir);
    const ways = new Map(Object.entries(NEEDLES).map(([name, strategy]) => [name, byNeedles(strategy, capture, hay)]));
    ways.set('LeakDetector-like: token pool, three layers', byTokens(capture, hay));
    for (const [name, finds] of ways) count(name, musts, perFlow, (row) => row.anyOf.some((flow) => finds({ ...row, flow })));
    const { rows } = compare(capture, await linked(built, capture.dir));
    // Rows stand in the order of the truth.
    const hits = new Set(capture.truth.filter((_, at) => rows[at].hit));
    count('the linker', musts, perFlow, (row) => hits.has(row));
  }
console.log('recall of all pairs / with uploads capped at 50 pairs a request');
for (const [name, { hits, all, cappedHits, cappedAll }] of table)
  console.log(`${(hits / all).toFixed(3)} / ${(cappedHits / cappedAll).toFixed(3)}  ${name}`);

function count(name, musts, perFlow, finds) {
  const sums = table.get(name) ?? { hits: 0, all: 0, cappedHits: 0, cappedAll: 0 };
  for (const row of musts) {
    const weight = Math.min(1, MOST_PAIRS / perFlow.get(row.flow));
    const hit = finds(row) ? 1 : 0;
    sums.hits += hit;
    sums.all += 1;
    sums.cappedHits += hit * weight;
    sums.cappedAll += weight;
  }
  table.set(name, sums);
}
