import type { Derivation, Event, EventId } from '../../harness/model/event.js';
import type { Bodies } from '../../harness/model/finding.js';
import { pathsOf, sha256, type DerivedInput, type Path } from './certificate.js';
import { isHint } from './level.js';
import { addDerived, type Needles } from './needles.js';
import type { HookedCall } from './replay.js';
import { beginWalk, searchPart } from './search.js';

/** Shorter outputs are met by chance. */
const MIN_OUTPUT = 16;

/** Longest salt, in bytes, beside which a digested value still stands for itself. */
const MAX_SALT = 64;
const ONE_WAY: ReadonlySet<Derivation['op']> = new Set(['digest', 'mac']);

/** What the crypto calls of a run took in and gave out. */
export interface Derived {
  inputOf(derivation: Derivation): DerivedInput | null;
  /** The earliest call that gave exactly these bytes. */
  byOutput(bytes: Uint8Array): Derivation | null;
  callOf(id: EventId): HookedCall | null;
  readonly bytesSearched: number;
}

/**
 * Searches the input of each crypto call and makes its output a needle where a known value is inside.
 * In the order of events, so that a call on another call's output is understood too.
 */
export function readDerivations(events: readonly Event[], needles: Needles, bodies: Bodies): Derived {
  const inputs = new Map<EventId, DerivedInput>();
  const outputs = new Map<string, Derivation>();
  const derivations = events.filter((e): e is Derivation => e.kind === 'derivation');
  const byId = new Map(derivations.map((d) => [d.id, d]));
  const inputOf = (d: Derivation): DerivedInput | null => inputs.get(d.id) ?? null;
  let bytesSearched = 0;
  for (const derivation of derivations) {
    const output = read(derivation.output, bodies);
    const key = Buffer.from(output).toString('latin1');
    if (output.length < MIN_OUTPUT || outputs.has(key)) continue;
    const input = read(derivation.input, bodies);
    const walk = beginWalk(needles, input.length);
    searchPart(walk, { bytes: input, encodings: [], source: { kind: 'call' } });
    walk.end();
    bytesSearched += walk.bytes;
    const found = firstPerValue(walk.finds.flatMap((find) => pathsOf(find, inputOf)));
    if (found.length === 0) continue;
    const paths = ONE_WAY.has(derivation.op) ? found.map((path) => blend(path, found.length, input.length)) : found;
    outputs.set(key, derivation);
    inputs.set(derivation.id, { sha256: sha256(input), paths });
    addDerived(needles, derivation, output);
  }
  return {
    inputOf,
    byOutput: (bytes) => outputs.get(Buffer.from(bytes).toString('latin1')) ?? null,
    callOf: (id) => {
      const found = byId.get(id);
      return found === undefined
        ? null
        : { op: found.op, algorithm: found.algorithm, input: read(found.input, bodies), output: read(found.output, bodies) };
    },
    bytesSearched,
  };
}

/** What comes out of a digest of a whole request proves that request, but hands over none of the values in it. */
function blend(path: Path, values: number, inputBytes: number): Path {
  const salt = inputBytes - (path.span.end - path.span.start);
  return { ...path, blended: path.blended || values > 1 || salt > MAX_SALT };
}

function firstPerValue(paths: readonly Path[]): readonly Path[] {
  const best = new Map<string, Path>();
  for (const path of paths) {
    const known = best.get(path.value.id);
    if (!isHint(path) && (known === undefined || path.layers.length < known.layers.length)) best.set(path.value.id, path);
  }
  return [...best.values()];
}

function read(file: Derivation['input'], bodies: Bodies): Uint8Array {
  return bodies.read(file.file, 0, file.bytes);
}
