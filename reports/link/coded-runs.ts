import { goesDeeper, likelyShifts } from './base64-look.js';
import { base64IsWide, hexIsForeign, isForeign, packedBehindSlash, type CodedRun } from './coded-look.js';
import type { Address, Pairs, Survey } from './kernel/kernel.js';
import type { Layer, LayerStep } from './layer.js';
import { MAX_DEPTH, spend, type Placed, type Walk } from './walk.js';

/** What is done with a layer below a run: it is looked through to the bottom, or searched by itself. */
export interface Below {
  look(walk: Walk, placed: Placed): void;
  scan(walk: Walk, placed: Placed): void;
  /** Whether these bytes come by for the first time. */
  isNew(walk: Walk, at: Address, length: number): boolean;
}

/** Looks below all runs of hex and base64 of a layer. Most are tokens of chance, which the kernel passes over. */
export function decodeRuns(walk: Walk, placed: Placed, below: Below): void {
  const { kernel } = walk.needles;
  const { layer, at } = placed;
  const survey = kernel.survey(at, layer.bytes.length);
  walk.tokens += survey.tokens;
  walk.numbers += survey.numbers;
  const job: Job = { walk, placed, below };
  // The kernel passes over what comes to no text in UTF-8.
  const deeper = layer.depth < MAX_DEPTH;
  const foreignHex = deeper ? runsWhere(walk, survey.hex, (run) => hexIsForeign(layer.bytes, run)) : [];
  const wideBase64 = deeper ? runsWhere(walk, survey.base64, (run) => base64IsWide(layer.bytes, run)) : [];
  const behind = deeper ? runsWhere(walk, survey.base64, () => true).flatMap((run) => packedBehindSlash(layer.bytes, run)) : [];
  for (const [start, end] of foreignHex) if (!decodeHexRun(job, start, end)) return;
  for (const [start, end] of wideBase64) if (!decodeBase64Run(job, start, end)) return;
  for (const [start, end] of behind) if (!decodeBase64At(job, { start, end, shift: 0 }, true)) return;
  for (let k = 0; ; k += 1) {
    k = kernel.nextHex(at, survey, k);
    if (!passOver(walk)) return;
    if (k >= survey.hex.length) break;
    if (!decodeHexRun(job, ...runAt(walk, survey.hex, k))) return;
  }
  if (layer.depth >= MAX_DEPTH) {
    if (goesDeeper(layer.bytes, runsOf(walk, survey))) walk.unseen.add('too deep');
    return;
  }
  for (let k = 0; ; k += 1) {
    k = kernel.nextBase64(at, survey, k);
    if (!passOver(walk) || k >= survey.base64.length) return;
    if (!decodeBase64Run(job, ...runAt(walk, survey.base64, k))) return;
  }
}

interface Job {
  readonly walk: Walk;
  readonly placed: Placed;
  readonly below: Below;
}

function passOver(walk: Walk): boolean {
  const { bytes, decoded } = walk.needles.kernel.passed();
  walk.bytes += bytes;
  return spend(walk, decoded);
}

function runAt({ needles }: Walk, { at }: Pairs, k: number): readonly [start: number, end: number] {
  return [needles.kernel.wordAt(at + 8 * k), needles.kernel.wordAt(at + 8 * k + 4)];
}

const runsOf = (walk: Walk, { base64 }: Survey): readonly number[] =>
  Array.from({ length: base64.length }, (_, k) => runAt(walk, base64, k)).flat();

function runsWhere(walk: Walk, list: Pairs, fits: (run: CodedRun) => boolean): readonly CodedRun[] {
  const out: CodedRun[] = [];
  for (let k = 0; k < list.length; k += 1) {
    const run = runAt(walk, list, k);
    if (fits(run)) out.push(run);
  }
  return out;
}

function decodeHexRun(job: Job, start: number, end: number): boolean {
  const { walk, placed } = job;
  const { kernel, middles } = walk.needles;
  for (const phase of [0, 1]) {
    const from = start + phase;
    const to = from + ((end - from) & ~1);
    if (!spend(walk, (to - from) >> 1)) return false;
    const at = kernel.mark();
    const n = kernel.hex(placed.at + from, to - from);
    const step: LayerStep = { op: 'hex', start: from, end: to };
    if (phase === 0 && end - start === 16) {
      const bytes = kernel.view(at, n).slice();
      const middle = middles.get(Buffer.from(bytes.buffer).toString('latin1'));
      const layer = { bytes, above: placed.layer, step, depth: placed.layer.depth + 1, source: null };
      if (middle !== undefined) walk.finds.push({ needle: middle, layer, start: 0, end: n });
    }
    keep(job, { step, at, n, sure: false });
    kernel.release(at);
  }
  return true;
}

const LONG_RUN = 4096;
/** Fewer bytes of UTF-16 or GBK hold no name and no number. */
const LEAST_FOREIGN = 8;

function decodeBase64Run(job: Job, start: number, end: number): boolean {
  const { placed } = job;
  for (const shift of end - start > LONG_RUN ? likelyShifts(placed.layer.bytes, start, end) : [0, 1, 2, 3])
    if (!decodeBase64At(job, { start, end, shift }, shift === 0 && end - start >= 24)) return false;
  return true;
}

interface Shifted {
  readonly start: number;
  readonly end: number;
  readonly shift: number;
}

function decodeBase64At(job: Job, { start, end, shift }: Shifted, sure: boolean): boolean {
  const { walk, placed } = job;
  const { kernel } = walk.needles;
  if (!spend(walk, Math.ceil(((end - start) * 3) / 4) + 3)) return false;
  const at = kernel.mark();
  const n = kernel.base64(placed.at + start + shift, end - start - shift);
  keep(job, { step: { op: 'base64', start: start + shift, end }, at, n, sure });
  kernel.release(at);
  return true;
}

/** `n` bytes in the arena. `sure`: look below them whatever they look like. */
interface Decoded {
  readonly step: LayerStep;
  readonly at: Address;
  readonly n: number;
  readonly sure: boolean;
}

/** Looks at decoded bytes; makes a layer of them only where something is in them or may be below. */
function keep({ walk, placed, below }: Job, { step, at, n, sure }: Decoded): void {
  const { kernel } = walk.needles;
  const depth = placed.layer.depth + 1;
  const plain = kernel.textLike(at, n) || kernel.packed(at, n) || (n >= LEAST_FOREIGN && isForeign(kernel.view(at, n)));
  const deeper = depth <= MAX_DEPTH && (sure || plain);
  if (deeper && !below.isNew(walk, at, n)) return;
  if (deeper ? !plain && !kernel.holds(at, n) : !kernel.has(at, n)) {
    walk.bytes += n;
    return;
  }
  const layer: Layer = { bytes: kernel.view(at, n).slice(), above: placed.layer, step, depth, source: null };
  if (deeper) below.look(walk, { layer, at });
  else below.scan(walk, { layer, at });
}
