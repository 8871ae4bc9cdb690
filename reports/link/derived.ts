import type { Derivation, Event, EventId } from '../../harness/model/event.js';
import type { Bodies } from '../../harness/model/finding.js';
import { pathsOf, sha256, type DerivedInput, type Path } from './certificate.js';
import { addDerived, type Needles } from './needles.js';
import { beginWalk, searchPart } from './search.js';

/** Shorter outputs are met by chance. */
const MIN_OUTPUT = 16;

/** What the crypto calls of a run took in and gave out. */
export interface Derived {
  inputOf(derivation: Derivation): DerivedInput | null;
  /** The earliest call that gave exactly these bytes. */
  byOutput(bytes: Uint8Array): Derivation | null;
  bytesOf(id: EventId): { readonly input: Uint8Array; readonly output: Uint8Array } | null;
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
    searchPart(walk, input, []);
    bytesSearched += walk.bytes;
    const paths = firstPerValue(walk.finds.flatMap((find) => pathsOf(find, inputOf)));
    if (paths.length === 0) continue;
    outputs.set(key, derivation);
    inputs.set(derivation.id, { sha256: sha256(input), paths });
    addDerived(needles, derivation, output);
  }
  return {
    inputOf,
    byOutput: (bytes) => outputs.get(Buffer.from(bytes).toString('latin1')) ?? null,
    bytesOf: (id) => {
      const found = byId.get(id);
      return found === undefined ? null : { input: read(found.input, bodies), output: read(found.output, bodies) };
    },
    bytesSearched,
  };
}

function firstPerValue(paths: readonly Path[]): readonly Path[] {
  const best = new Map<string, Path>();
  for (const path of paths) {
    const known = best.get(path.value.id);
    if (path.kind !== 'token' && (known === undefined || path.layers.length < known.layers.length)) best.set(path.value.id, path);
  }
  return [...best.values()];
}

function read(file: Derivation['input'], bodies: Bodies): Uint8Array {
  return bodies.read(file.file, 0, file.bytes);
}
