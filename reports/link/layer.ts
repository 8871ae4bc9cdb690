import type { Derivation, EventId } from '../../harness/model/event.js';
import type { Span } from '../../harness/model/finding.js';
import { isBase64, mapLight, type LightOp } from './decode.js';
import type { PackOp } from './inflate.js';
import { isTextOp, mapText, type TextOp } from './text-layers.js';

/** How a layer came out of the one above it: what was undone, over which of its bytes. */
export interface LayerStep {
  readonly op: LightOp | TextOp | 'base64' | 'hex' | PackOp;
  readonly start: number;
  readonly end: number;
}

/** Where the bytes of a root come from. `call`: the input of a hooked call of that sort. `joined`: stretches of layers of one or several requests, in order. */
export type Source =
  | { readonly kind: 'part'; readonly flow: EventId; readonly part: Span['part'] }
  | { readonly kind: 'call'; readonly op: Derivation['op'] }
  | { readonly kind: 'joined'; readonly pieces: readonly Stretch[] };

/** A stretch of a layer. `ranged`: its request says by Content-Range which bytes of the whole it is. */
export interface Stretch {
  readonly layer: Layer;
  readonly start: number;
  readonly end: number;
  readonly ranged: boolean;
}

/** Bytes on some level of decoding. The root is a part as sent, the input of a call, or pieces put together. */
export interface Layer {
  readonly bytes: Uint8Array;
  readonly above: Layer | null;
  readonly step: LayerStep | null;
  /** Heavy steps (base64, hex, compression) from the root to here. */
  readonly depth: number;
  /** Of a root; null for all below. */
  readonly source: Source | null;
}

/** A salt and a value in one hooked digest or MAC. */
const SALTED_BYTES = 128;

/** Whether the layer is a short input of a hooked digest or MAC: there a salt may end in a digit just before the value. */
export function isSalted({ source, bytes }: Layer): boolean {
  return source?.kind === 'call' && (source.op === 'digest' || source.op === 'mac') && bytes.length <= SALTED_BYTES;
}

/** The root above a layer. */
export function rootOf(layer: Layer): Layer {
  let root = layer;
  while (root.above !== null) root = root.above;
  return root;
}

/** How many steps lead from the root to this layer. */
export function stepsOf(layer: Layer): number {
  let n = 0;
  for (let l: Layer = layer; l.above !== null; l = l.above) n += 1;
  return n;
}

/** The steps of text coding on the way from the root to this layer. */
export function textsAbove(layer: Layer): readonly TextOp[] {
  const ops: TextOp[] = [];
  for (let l: Layer | null = layer; l !== null; l = l.above) if (l.step !== null && isTextOp(l.step.op)) ops.push(l.step.op);
  return ops;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * The smallest whole units of a layer that cover `[start − margin, end + margin)`, and where they stand in the layer above.
 * Decoding just those bytes of the layer above gives just these bytes.
 */
export function unitsAround(layer: Layer, range: Range, margin: number): { readonly own: Range; readonly above: Range } {
  const { step, above, bytes } = layer;
  if (step === null || above === null) throw new Error('the root has nothing above');
  const from = Math.max(0, range.start - margin);
  const to = Math.min(bytes.length, range.end + margin);
  if (step.op === 'hex') return { own: { start: from, end: to }, above: { start: step.start + 2 * from, end: step.start + 2 * to } };
  if (step.op === 'base64') return base64Units(layer, above, step, { start: from, end: to });
  if (step.op === 'percent' || step.op === 'json' || step.op === 'html' || isTextOp(step.op))
    return mappedUnits(layer, { start: from, end: to }, () => mapOf(step, above.bytes));
  return { own: { start: 0, end: bytes.length }, above: { start: step.start, end: step.end } };
}

const maps = new WeakMap<Layer, Uint32Array>();

/** For each byte of what a step gives, where its unit began in the bytes that it was given. */
function mapOf({ op, start, end }: LayerStep, bytes: Uint8Array): Uint32Array {
  if (isTextOp(op)) return mapText(op, bytes.subarray(start, end)).map;
  if (op === 'percent' || op === 'json' || op === 'html') return mapLight(op, bytes.subarray(start, end)).map;
  throw new Error(`${op} has no units`);
}

function mappedUnits(layer: Layer, { start, end }: Range, make: () => Uint32Array): { readonly own: Range; readonly above: Range } {
  const map = maps.get(layer) ?? make();
  maps.set(layer, map);
  const base = layer.step?.start ?? 0;
  let from = start;
  let to = end;
  while (from > 0 && map[from] === map[from - 1]) from -= 1;
  while (to < layer.bytes.length && map[to] === map[to - 1]) to += 1;
  return { own: { start: from, end: to }, above: { start: base + (map[from] as number), end: base + (map[to] as number) } };
}

const places = new WeakMap<Layer, Uint32Array>();

function base64Units(layer: Layer, above: Layer, step: LayerStep, { start, end }: Range): { readonly own: Range; readonly above: Range } {
  const first = Math.floor(start / 3);
  const last = Math.ceil(end / 3);
  const chars = placesOf(layer, above, step);
  const own = { start: first * 3, end: Math.min(layer.bytes.length, last * 3) };
  const to = last * 4 < chars.length ? (chars[last * 4 - 1] as number) + 1 : step.end;
  return { own, above: { start: chars[first * 4] as number, end: to } };
}

/** Where each character of the alphabet stands; line ends lie between them. */
function placesOf(layer: Layer, above: Layer, step: LayerStep): Uint32Array {
  let chars = places.get(layer);
  if (chars === undefined) {
    const found = new Uint32Array(step.end - step.start);
    let n = 0;
    for (let i = step.start; i < step.end; i += 1) if (isBase64(above.bytes[i] as number)) found[n++] = i;
    chars = found.subarray(0, n);
    places.set(layer, chars);
  }
  return chars;
}
