import { createHash } from 'node:crypto';
import type { Derivation } from '../../harness/model/event.js';
import type { Certificate } from '../../harness/model/finding.js';
import type { ManifestValue } from '../../harness/model/values.js';
import { unitsAround, type Layer, type Range } from './layer.js';
import type { Needle } from './needles.js';
import type { Find } from './search.js';

/** What came of one find: a way from the bytes as sent to a value. */
export interface Path {
  readonly value: ManifestValue;
  readonly kind: Exclude<Needle['kind'], 'derived'>;
  readonly form: string;
  readonly layers: Certificate['layers'];
  readonly at: Range;
  /** Where the coded value lies in the part as sent. */
  readonly span: Range;
  /** Hooks that saw the bytes on the way, outermost first. */
  readonly derivations: readonly Derivation[];
  /** A digest or MAC on the way took in more than this value and a salt: it tells whoever has it nothing of the value. */
  readonly blended: boolean;
  /** The digest bytes found, for a digest. */
  readonly digest: Uint8Array | null;
}

/** What a crypto call took in: its bytes and the values in it. */
export interface DerivedInput {
  readonly sha256: string;
  readonly paths: readonly Path[];
}

/** Bytes kept on both sides of a find, so that a verifier sees what stands beside it. */
const MARGIN = 8;

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The ways to values that one find shows: one, or one for each value in a hooked call's input. */
export function pathsOf(find: Find, inputOf: (derivation: Derivation) => DerivedInput | null): readonly Path[] {
  const { needle, layer } = find;
  const { layers, at, span } = wayUp(layer, find);
  const base = { layers, at, span, derivations: [], blended: false, digest: null };
  switch (needle.kind) {
    case 'digest': {
      const last = { encoding: { op: needle.op }, ...at, sha256: sha256(needle.spelled) };
      return [
        {
          ...base,
          kind: 'digest',
          value: needle.value,
          form: needle.form,
          layers: [...layers, last],
          at: { start: 0, end: needle.spelled.length },
          digest: needle.bytes,
        },
      ];
    }
    case 'derived': {
      const { derivation } = needle;
      const input = inputOf(derivation);
      if (input === null) return [];
      const last = { encoding: { op: 'derived' as const, derivation: derivation.id }, ...at, sha256: input.sha256 };
      return input.paths.map((p) => ({ ...p, layers: [...layers, last, ...p.layers], span, derivations: [derivation, ...p.derivations] }));
    }
    default:
      return [{ ...base, kind: needle.kind, value: needle.value, form: needle.form }];
  }
}

/** Cuts each layer down to the units around the find, from the innermost out. */
function wayUp(from: Layer, find: Range): { readonly layers: Certificate['layers']; readonly at: Range; readonly span: Range } {
  const cuts: { readonly layer: Layer; readonly own: Range; readonly above: Range }[] = [];
  let need: Range = find;
  let span: Range = find;
  for (let layer = from; layer.above !== null; layer = layer.above) {
    const cut = unitsAround(layer, need, MARGIN);
    cuts.unshift({ layer, ...cut });
    span = unitsAround(layer, span, 0).above;
    need = cut.above;
  }
  let origin = 0;
  const layers: Certificate['layers'][number][] = [];
  for (const { layer, own, above } of cuts) {
    if (layer.step === null) throw new Error('a cut layer has a step');
    layers.push({ encoding: { op: layer.step.op }, start: above.start - origin, end: above.end - origin, sha256: cutSha(layer, own) });
    origin = own.start;
  }
  return { layers, at: { start: find.start - origin, end: find.end - origin }, span: { start: span.start, end: span.end } };
}

const wholeShas = new WeakMap<Layer, string>();

/** Unpacked layers cannot be cut; their hash is the same for every find in them. */
function cutSha(layer: Layer, own: Range): string {
  if (own.start > 0 || own.end < layer.bytes.length) return sha256(layer.bytes.subarray(own.start, own.end));
  const known = wholeShas.get(layer) ?? sha256(layer.bytes);
  wholeShas.set(layer, known);
  return known;
}
