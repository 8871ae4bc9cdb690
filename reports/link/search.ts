import { dropLonePackages } from './app-set.js';
import { goesDeeper, likelyShifts } from './base64-look.js';
import { standsAlone } from './boundary.js';
import { decodeBase64, decodeHex, decodeLight, textLike, type LightOp } from './decode.js';
import { lengthOf, mostOut, packOf, unpackTo, unpackWhole, type PackOp } from './inflate.js';
import { aligned } from './kernel.js';
import { textsAbove, type Layer, type LayerStep, type Source } from './layer.js';
import type { Needle, Needles } from './needles.js';
import type { Matching } from './matcher.js';
import { isOther, MAGIC, packed } from './magic.js';
import { declaredParts } from './multipart.js';
import { findRuns } from './runs.js';
import { repeated } from './segments.js';
import { decodeText, hasQuotedPrintable, type TextRun } from './text-layers.js';
import { openUnmarked } from './unmarked.js';
import { wideRuns } from './wide-text.js';

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
      dropLonePackages(finds, needles.apps);
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

/** No request is packed more often than this for transport; each further word costs and tells nothing. */
const MAX_ENCODINGS = 8;

/** Searches one part as sent. Returns the bytes below its content encodings. */
export function searchPart(walk: Walk, { bytes, encodings, source }: Haystack): Uint8Array {
  const root: Layer = { bytes: aligned(bytes), above: null, step: null, depth: 0, source };
  const ops = encodings.filter((word) => word !== 'identity').toReversed();
  let layer = root;
  for (const [n, word] of ops.entries()) {
    const op = packOf(word);
    if (op !== null && n >= MAX_ENCODINGS) walk.unseen.add('too deep');
    const inner = op === null || n >= MAX_ENCODINGS ? null : openDeclared(walk, layer, op);
    if (inner === null) {
      // A wrong word does no harm where the bytes can be read all the same.
      const readable = textLike(layer.bytes, layer.bytes.length) || packed(layer.bytes, layer.bytes.length);
      if (!walk.unseen.has('unpacked size') && !readable) walk.unseen.add(`content-encoding ${word}`);
      break;
    }
    walk.left += inner.bytes.length * BUDGET;
    layer = inner;
  }
  // Bytes that were packed for transport hold nothing that can be read as they are.
  visit(walk, layer);
  if (layer.depth < MAX_DEPTH) openParts(walk, layer);
  return layer.bytes;
}

/** What a Content-Encoding word says, if it is true: text that is not packed, or bytes with the magic of another packing, would come out as garbage. */
function openDeclared(walk: Walk, layer: Layer, op: PackOp): Layer | null {
  const { bytes } = layer;
  if (isOther(op, bytes)) return null;
  if ((op === 'brotli' || op === 'deflate') && textLike(bytes, bytes.length) && unpackWhole(op, bytes) === null) return null;
  return open(walk, layer, { op, start: 0, end: bytes.length }, 0);
}

/** Parts of a multipart body whose heads name a packing that has no mark. */
function openParts(walk: Walk, layer: Layer): void {
  const { parts, more } = declaredParts(layer.bytes);
  if (more) walk.unseen.add('too many streams');
  for (const { op, start, end } of parts) {
    if (packed(layer.bytes.subarray(start, end), end - start)) continue;
    const inner = open(walk, layer, { op, start, end }, 1);
    if (inner !== null) visit(walk, inner);
  }
}

function visit(walk: Walk, layer: Layer): void {
  if (layer.bytes.length >= 32 && repeated(walk.seen, layer.bytes)) return;
  scan(walk, layer);
  const last = undoLight(walk, layer);
  visitTexts(walk, last);
  if (layer.depth < MAX_DEPTH) {
    openPacked(walk, layer);
    if (last !== layer) openPacked(walk, last);
    openGuessed(walk, layer);
  } else if (packed(layer.bytes, layer.bytes.length)) walk.unseen.add('too deep');
  decodeRuns(walk, last);
}

function scan(walk: Walk, layer: Layer): void {
  const { kernel } = walk.needles;
  const { bytes } = layer;
  walk.bytes += bytes.length;
  kernel.scan(bytes, bytes.length, (index, start) => {
    const needle = walk.needles.at(index);
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
    if (next === null || !spend(walk, next.bytes.length)) return layer;
    layer = next;
    scan(walk, layer);
  }
  if (lighter(layer) !== null) walk.unseen.add('too deep');
  return layer;
}

/** Text in text: so many of these are undone one inside the other. */
const MAX_TEXTS = 2;

/** Quoted-printable and UTF-16 beside the layer itself, which is still read as it is: `=` is also the padding of base64. */
function visitTexts(walk: Walk, layer: Layer): void {
  const { runs, more } = wideRuns(layer.bytes);
  const above = textsAbove(layer);
  // The name of the coding stands there still when it has been undone.
  const quoted = !above.includes('quoted-printable') && hasQuotedPrintable(layer.bytes);
  if (runs.length === 0 && !quoted) return;
  if (above.length >= MAX_TEXTS) {
    walk.unseen.add('too deep');
    return;
  }
  if (more) walk.unseen.add('too many streams');
  for (const run of runs) if (!visitText(walk, layer, run)) return;
  if (quoted) visitText(walk, layer, { op: 'quoted-printable', start: 0, end: layer.bytes.length });
}

function visitText(walk: Walk, layer: Layer, step: TextRun): boolean {
  const source = layer.bytes.subarray(step.start, step.end);
  if (!spend(walk, source.length)) return false;
  const bytes = aligned(decodeText(step.op, source, null));
  if (bytes.length < source.length || step.op !== 'quoted-printable')
    visit(walk, { bytes, above: layer, step, depth: layer.depth, source: null });
  return true;
}

function lighter(layer: Layer): Layer | null {
  for (const op of LIGHT_OPS) {
    const bytes = decodeLight(op, layer.bytes, null);
    if (bytes !== null) return { bytes, above: layer, step: { op, start: 0, end: layer.bytes.length }, depth: layer.depth, source: null };
  }
  return null;
}

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

/** Streams without a mark, where nothing says what the bytes are: a body as sent, or what base64 comes to. */
function openGuessed(walk: Walk, layer: Layer): void {
  const { step, bytes, source } = layer;
  const unknown = step === null ? source?.kind === 'part' && source.part === 'body' : step.op === 'base64';
  if (!unknown || packed(bytes, bytes.length) || textLike(bytes, bytes.length)) return;
  const found = openUnmarked(bytes);
  if (found === null || !spend(walk, found.bytes.length)) return;
  const inner = { op: found.op, start: 0, end: bytes.length };
  visit(walk, { bytes: aligned(found.bytes), above: layer, step: inner, depth: layer.depth + 1, source: null });
}

/** Part of what a bomb would have cost that is taken off the budget: it has cost the time. */
const BOMB_SHARE = 4;

function open(walk: Walk, layer: Layer, step: LayerStep & { readonly op: PackOp }, deeper: number): Layer | null {
  const most = mostOut(step.end - step.start);
  const allowed = deeper > 0 ? Math.min(most, walk.left) : most;
  if (allowed <= 0) {
    walk.unseen.add('decoding budget');
    return null;
  }
  const place = `limit ${step.op} ${step.start} ${step.end}`;
  if (walk.seen.has(place)) return null;
  const out = unpackTo(step.op, layer.bytes.subarray(step.start, step.end), allowed);
  if (out === null) return null;
  if (out === 'limit') {
    // A body that is said to be packed is tried by its magic as well.
    walk.seen.add(place);
    walk.left -= allowed / BOMB_SHARE;
    walk.unseen.add(allowed < most ? 'decoding budget' : 'unpacked size');
    return null;
  }
  if (deeper > 0 && !spend(walk, out.length)) return null;
  const end = Math.min(step.end, step.start + lengthOf(out, step.end - step.start));
  return { bytes: aligned(out), above: layer, step: { ...step, end }, depth: layer.depth + deeper, source: null };
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
