import { standsAlone } from './boundary.js';
import { decodeBase64, decodeHex, decodeLight, textLike, type LightOp } from './decode.js';
import { isZlib, packOf, unpack, type PackOp } from './inflate.js';
import { aligned } from './kernel.js';
import type { Layer, LayerStep, Source } from './layer.js';
import type { Needle, Needles } from './needles.js';
import type { Matching } from './matcher.js';
import { findRuns } from './runs.js';

/** A needle at a place of a layer. */
export interface Find {
  readonly needle: Needle;
  readonly layer: Layer;
  readonly start: number;
  readonly end: number;
}

/** What one request may still cost, and what was looked at. Shared by all parts of the request. */
export interface Walk {
  readonly needles: Needles;
  readonly finds: Find[];
  /** Bytes that may still be decoded. */
  left: number;
  bytes: number;
  tokens: number;
  numbers: number;
  /** Why something was not looked at; each reason once. */
  readonly unseen: Set<string>;
  readonly seen: Set<string>;
  readonly matchings: readonly Matching[];
  /** To be called once after the last part. */
  end(): void;
}

/** Heavy layers (base64, hex, compression) that are undone one inside the other. */
export const MAX_DEPTH = 3;
const MAX_LIGHT = 4;
/** Decoded bytes for each byte of a request, and the least that any request may use. */
const BUDGET = 8;
const BUDGET_FLOOR = 8 * 1024 * 1024;
const ALWAYS_LIGHT = 64 * 1024;

/** A walk over the parts of one request of `bytes` bytes. */
export function beginWalk(needles: Needles, bytes: number): Walk {
  const finds: Find[] = [];
  const matchings = needles.matchers.map((matcher) =>
    matcher.begin((needle, layer, { start, end }) => finds.push({ needle, layer, start, end })),
  );
  return {
    needles,
    finds,
    matchings,
    end: () => {
      for (const matching of matchings) matching.end();
    },
    left: Math.max(BUDGET_FLOOR, bytes * BUDGET),
    bytes: 0,
    tokens: 0,
    numbers: 0,
    unseen: new Set(),
    seen: new Set(),
  };
}

/** Bytes to be searched from the outside in; `encodings` are the words of their Content-Encoding, outermost last. */
export interface Haystack {
  readonly bytes: Uint8Array;
  readonly encodings: readonly string[];
  readonly source: Source;
}

/** Searches one part as sent. Returns the bytes below its content encodings. */
export function searchPart(walk: Walk, { bytes, encodings, source }: Haystack): Uint8Array {
  const root: Layer = { bytes: aligned(bytes), above: null, step: null, depth: 0, source };
  const ops = encodings.filter((word) => word !== 'identity');
  let layer = root;
  for (const word of ops.toReversed()) {
    const op = packOf(word);
    const inner = op === null ? null : open(walk, layer, { op, start: 0, end: layer.bytes.length }, 0);
    if (inner === null) {
      if (!walk.unseen.has('unpacked size') && !textLike(layer.bytes, layer.bytes.length)) walk.unseen.add(`content-encoding ${word}`);
      break;
    }
    walk.left += inner.bytes.length * BUDGET;
    layer = inner;
  }
  // Bytes that were packed for transport hold nothing that can be read as they are.
  visit(walk, layer);
  return layer.bytes;
}

function visit(walk: Walk, layer: Layer): void {
  if (layer.bytes.length >= 32 && repeated(walk, layer.bytes)) return;
  scan(walk, layer);
  const last = undoLight(walk, layer);
  if (layer.depth < MAX_DEPTH) {
    openPacked(walk, layer);
    if (last !== layer) openPacked(walk, last);
  } else if (packed(layer.bytes, layer.bytes.length)) walk.unseen.add('too deep');
  decodeRuns(walk, last);
}

function scan(walk: Walk, layer: Layer): void {
  const { kernel, list } = walk.needles;
  const { bytes } = layer;
  walk.bytes += bytes.length;
  kernel.scan(bytes, bytes.length, (index, start) => {
    const needle = list[index] as Needle & { readonly bytes: Uint8Array };
    const end = start + needle.bytes.length;
    if (needle.kind === 'literal' && !standsAlone(needle, bytes, { start, end })) return;
    walk.finds.push({ needle, layer, start, end });
  });
  for (const matching of walk.matchings) matching.look(layer);
}

const LIGHT_OPS: readonly LightOp[] = ['percent', 'json', 'html'];

function undoLight(walk: Walk, from: Layer): Layer {
  let layer = from;
  if (layer.bytes.length > ALWAYS_LIGHT && !textLike(layer.bytes, layer.bytes.length)) return layer;
  for (let n = 0; n < MAX_LIGHT; n += 1) {
    const next = lighter(layer);
    if (next === null || !spend(walk, next.bytes.length)) break;
    layer = next;
    scan(walk, layer);
  }
  return layer;
}

function lighter(layer: Layer): Layer | null {
  for (const op of LIGHT_OPS) {
    const bytes = decodeLight(op, layer.bytes, null);
    if (bytes !== null) return { bytes, above: layer, step: { op, start: 0, end: layer.bytes.length }, depth: layer.depth, source: null };
  }
  return null;
}

const MAGIC: readonly (readonly [PackOp, Buffer])[] = [
  ['gzip', Buffer.of(0x1f, 0x8b, 8)],
  ['zstd', Buffer.of(0x28, 0xb5, 0x2f, 0xfd)],
  ['deflate', Buffer.of(0x78, 0x9c)],
  ['deflate', Buffer.of(0x78, 0xda)],
  ['deflate', Buffer.of(0x78, 0x01)],
];
const MAX_STREAMS = 16;

function openPacked(walk: Walk, layer: Layer): void {
  const buffer = Buffer.from(layer.bytes.buffer, layer.bytes.byteOffset, layer.bytes.length);
  for (const [op, magic] of MAGIC) {
    let tries = 0;
    let opened = 0;
    let lastTried = -1;
    for (let at = buffer.indexOf(magic); at >= 0 && tries < MAX_STREAMS; at = buffer.indexOf(magic, at + 1)) {
      tries += 1;
      lastTried = at;
      const inner = open(walk, layer, { op, start: at, end: buffer.length }, 1);
      if (inner === null) continue;
      opened += 1;
      visit(walk, inner);
    }
    // Two bytes stand in any picture by chance: only where streams were there is it known that more may follow.
    if (opened > 0 && tries === MAX_STREAMS && buffer.indexOf(magic, lastTried + 1) >= 0) walk.unseen.add('too many streams');
  }
}

function open(walk: Walk, layer: Layer, step: LayerStep & { readonly op: PackOp }, deeper: number): Layer | null {
  const out = unpack(step.op, layer.bytes.subarray(step.start, step.end));
  if (out === null) return null;
  if (out === 'limit') {
    walk.unseen.add('unpacked size');
    return null;
  }
  if (deeper > 0 && !spend(walk, out.length)) return null;
  return { bytes: aligned(out), above: layer, step, depth: layer.depth + deeper, source: null };
}

function decodeRuns(walk: Walk, layer: Layer): void {
  const { base64, hex, tokens, numbers } = findRuns(layer.bytes);
  walk.tokens += tokens;
  walk.numbers += numbers;
  const whole = new Set<number>();
  for (let k = 0; k < hex.length; k += 2) {
    const [start, end] = [hex[k] as number, hex[k + 1] as number];
    if (end - start >= 32) whole.add(start * 0x100000000 + end);
    if (layer.depth <= MAX_DEPTH && !decodeHexRun(walk, layer, start, end)) return;
  }
  if (layer.depth >= MAX_DEPTH) {
    if (goesDeeper(layer.bytes, base64)) walk.unseen.add('too deep');
    return;
  }
  for (let k = 0; k < base64.length; k += 2) {
    const [start, end] = [base64[k] as number, base64[k + 1] as number];
    if (!whole.has(start * 0x100000000 + end) && !decodeBase64Run(walk, layer, start, end)) return;
  }
}

/** Shortest run of base64 that is believed to be one by what it comes to. */
const MIN_DEEPER = 32;

/** Whether a run of base64 below the last layer comes to text or to something packed. */
function goesDeeper(bytes: Uint8Array, base64: readonly number[]): boolean {
  const out = new Uint8Array(256);
  for (let k = 0; k < base64.length; k += 2) {
    const [start, end] = [base64[k] as number, base64[k + 1] as number];
    if (end - start < MIN_DEEPER) continue;
    const n = decodeBase64(bytes, start, Math.min(end, start + 256), out);
    if (textLike(out, n) || packed(out, n)) return true;
  }
  return false;
}

const scratch = new Uint8Array(64 * 1024);

function decodeHexRun(walk: Walk, layer: Layer, start: number, end: number): boolean {
  for (const phase of [0, 1]) {
    const from = start + phase;
    const to = from + ((end - from) & ~1);
    const size = (to - from) >> 1;
    if (!spend(walk, size)) return false;
    const out = size <= scratch.length ? scratch : new Uint8Array(size);
    const n = decodeHex(layer.bytes, from, to, out);
    const step: LayerStep = { op: 'hex', start: from, end: to };
    const middle =
      phase === 0 && end - start === 16 ? walk.needles.middles.get(Buffer.from(out.subarray(0, n)).toString('latin1')) : undefined;
    if (middle !== undefined)
      walk.finds.push({
        needle: middle,
        layer: { bytes: out.slice(0, n), above: layer, step, depth: layer.depth + 1, source: null },
        start: 0,
        end: n,
      });
    keep(walk, layer, { step, out, n, sure: false });
  }
  return true;
}

const LONG_RUN = 4096;

function decodeBase64Run(walk: Walk, layer: Layer, start: number, end: number): boolean {
  const size = Math.ceil(((end - start) * 3) / 4) + 3;
  const out = size <= scratch.length ? scratch : new Uint8Array(size);
  for (const shift of end - start > LONG_RUN ? likelyShifts(layer.bytes, start, end) : [0, 1, 2, 3]) {
    if (!spend(walk, size)) return false;
    const n = decodeBase64(layer.bytes, start + shift, end, out);
    keep(walk, layer, { step: { op: 'base64', start: start + shift, end }, out, n, sure: shift === 0 && end - start >= 24 });
  }
  return true;
}

/** For a long run: the alignments at which a sample reads as text; the first and all others where none does. */
function likelyShifts(bytes: Uint8Array, start: number, end: number): readonly number[] {
  const out = new Uint8Array(256);
  const middle = start + (((end - start) >> 1) & ~3);
  const text = [0, 1, 2, 3].filter((shift) =>
    [start, middle, ((end - 260 - start) & ~3) + start].some((at) => textLike(out, decodeBase64(bytes, at + shift, at + shift + 256, out))),
  );
  if (text.length > 0) return text;
  return packed(out, decodeBase64(bytes, start, start + 16, out)) ? [0] : [0, 1, 2, 3];
}

function packed(bytes: Uint8Array, n: number): boolean {
  return n > 4 && (isZlib(bytes, 0) || MAGIC.some(([, magic]) => magic.every((byte, i) => bytes[i] === byte)));
}

/** `n` bytes in a shared buffer. `sure`: look below them whatever they look like. */
interface Decoded {
  readonly step: LayerStep;
  readonly out: Uint8Array;
  readonly n: number;
  readonly sure: boolean;
}

/** Looks at decoded bytes; makes a layer of them only where something is in them or may be below. */
function keep(walk: Walk, above: Layer, { step, out, n, sure }: Decoded): void {
  const depth = above.depth + 1;
  const deeper = depth <= MAX_DEPTH && (sure || textLike(out, n) || packed(out, n));
  let hit = deeper;
  if (!hit) walk.needles.kernel.scan(out, n, () => (hit = true));
  if (!hit) {
    walk.bytes += n;
    return;
  }
  const layer: Layer = { bytes: out.slice(0, n), above, step, depth, source: null };
  if (deeper) visit(walk, layer);
  else scan(walk, layer);
}

function spend(walk: Walk, bytes: number): boolean {
  walk.left -= bytes;
  if (walk.left >= 0) return true;
  walk.unseen.add('decoding budget');
  return false;
}

/** Whether the same bytes were visited before in this request. */
function repeated(walk: Walk, bytes: Uint8Array): boolean {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let a = bytes.length;
  let b = 0x9e3779b9;
  for (let i = 0; i < words.length; i += 1) {
    a = Math.imul(a ^ (words[i] as number), 0x85ebca6b);
    b = (Math.imul(b, 31) + (a ^ (a >>> 15))) | 0;
  }
  for (let i = words.length * 4; i < bytes.length; i += 1) a = Math.imul(a ^ (bytes[i] as number), 0xc2b2ae35);
  const key = `${bytes.length}:${a >>> 0}:${b >>> 0}`;
  if (walk.seen.has(key)) return true;
  walk.seen.add(key);
  return false;
}
