import { standsAlone } from './boundary.js';
import { decodeRuns } from './coded-runs.js';
import { textLike, type LightOp } from './decode.js';
import { gbkRuns } from './gbk-text.js';
import { isPack, lengthOf, mostOut, packOf, unpackTo, unpackWhole, type PackOp } from './inflate.js';
import { aligned, type Kernel } from './kernel.js';
import type { Address } from './kernel/kernel.js';
import { isSalted, textsAbove, type Layer, type LayerStep, type Source } from './layer.js';
import { isOther, MAGIC, packed } from './magic.js';
import { declaredParts } from './multipart.js';
import { decodeText, hasQuotedPrintable, type TextRun } from './text-layers.js';
import { openUnmarked } from './unmarked.js';
import { BUDGET, MAX_DEPTH, spend, type Placed, type Walk } from './walk.js';
import { wideRuns } from './wide-text.js';

/** Bytes to be searched from the outside in; `encodings` are the words of their Content-Encoding, outermost last. */
interface Haystack {
  readonly bytes: Uint8Array;
  readonly encodings: readonly string[];
  readonly source: Source;
}

/** No request is packed more often than this for transport; each further word costs and tells nothing. */
const MAX_ENCODINGS = 8;

/** Searches one part as sent. Returns the bytes below its content encodings. */
export function searchPart(walk: Walk, { bytes, encodings, source }: Haystack): Uint8Array {
  walk.needles.kernel.release(0);
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

/** Copies a layer into the arena for as long as it is looked through. */
function visit(walk: Walk, layer: Layer): void {
  const { kernel } = walk.needles;
  const at = kernel.put(layer.bytes);
  if (isNew(walk, at, layer.bytes.length)) look(walk, { layer, at });
  kernel.release(at);
}

/** Shorter bytes are looked at again, wherever they come by. */
const LEAST_REMEMBERED = 32;

function isNew(walk: Walk, at: Address, length: number): boolean {
  if (length < LEAST_REMEMBERED) return true;
  const hash = walk.needles.kernel.hash(at, length);
  if (walk.seen.has(hash)) {
    walk.again += 1;
    return false;
  }
  walk.seen.add(hash);
  return true;
}

function look(walk: Walk, placed: Placed): void {
  const { layer } = placed;
  scan(walk, placed);
  const last = undoLight(walk, placed);
  visitTexts(walk, last.layer);
  if (layer.depth < MAX_DEPTH) {
    openPacked(walk, placed);
    if (last !== placed) openPacked(walk, last);
    openGuessed(walk, layer);
  } else if (packed(layer.bytes, layer.bytes.length)) walk.unseen.add('too deep');
  decodeRuns(walk, last, { look, scan, isNew });
}

function scan(walk: Walk, { layer, at }: Placed): void {
  const { kernel } = walk.needles;
  const { bytes } = layer;
  const salted = isSalted(layer);
  walk.bytes += bytes.length;
  kernel.scanAt(at, bytes.length, (index, start) => {
    const needle = walk.needles.at(index);
    const end = start + needle.bytes.length;
    if (needle.kind === 'literal' && !salted && !standsAlone(needle, bytes, { start, end })) return;
    walk.finds.push({ needle, layer, start, end });
  });
  if (walk.matchings.length === 0) return;
  const top = kernel.mark();
  const glance = kernel.glance(at, bytes.length);
  for (const matching of walk.matchings) matching.look(layer, glance);
  kernel.release(top);
}

const LIGHT_OPS: readonly LightOp[] = ['percent', 'json', 'html'];

const MAX_LIGHT = 4;
const ALWAYS_LIGHT = 64 * 1024;

function undoLight(walk: Walk, from: Placed): Placed {
  const { kernel } = walk.needles;
  const { length } = from.layer.bytes;
  if (length > ALWAYS_LIGHT && !kernel.textLike(from.at, length)) return from;
  let placed = from;
  for (let n = 0; n < MAX_LIGHT; n += 1) {
    const next = lighter(kernel, placed);
    if (next === null || !spend(walk, next.length)) return placed;
    const { op, at } = next;
    const step = { op, start: 0, end: placed.layer.bytes.length };
    const { layer } = placed;
    placed = { layer: { bytes: kernel.view(at, next.length).slice(), above: layer, step, depth: layer.depth, source: null }, at };
    scan(walk, placed);
  }
  if (lighter(kernel, placed) !== null) walk.unseen.add('too deep');
  return placed;
}

interface Lighter {
  readonly op: LightOp;
  readonly at: Address;
  readonly length: number;
}

function lighter(kernel: Kernel, { layer, at }: Placed): Lighter | null {
  for (const op of LIGHT_OPS) {
    const top = kernel.mark();
    const length = kernel.light(op, at, layer.bytes.length);
    if (length !== null) return { op, at: top, length };
  }
  return null;
}

/** Text in text: so many of these are undone one inside the other. */
const MAX_TEXTS = 2;

/** Quoted-printable, UTF-16 and GBK beside the layer itself, which is still read as it is: `=` is also the padding of base64. */
function visitTexts(walk: Walk, layer: Layer): void {
  const { runs, more } = wideRuns(layer.bytes);
  const above = textsAbove(layer);
  // Bytes that only look like GBK are met by chance: what is not looked at of them is no gap.
  if (above.length < MAX_TEXTS && !above.includes('gbk')) for (const run of gbkRuns(layer.bytes)) if (!visitText(walk, layer, run)) return;
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

const MAX_STREAMS = 16;

function openPacked(walk: Walk, { layer, at: place }: Placed): void {
  if (walk.needles.kernel.magic(place, layer.bytes.length) < 0) return;
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

/** Streams without a mark, where nothing says what the bytes are: a body as sent, or what base64 or a packing comes to. */
function openGuessed(walk: Walk, layer: Layer): void {
  const { step, bytes, source } = layer;
  const unknown = step === null ? source?.kind === 'part' && source.part === 'body' : step.op === 'base64' || isPack(step.op);
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
