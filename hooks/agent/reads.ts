import type { RecordDraft } from './batch.js';
import type { Counted } from './counted.js';
import type { Line, Station } from './engine.js';
import { isWrapper, invoke } from './java.js';
import { locationDatum } from './location-precision.js';
import type { Known } from './known.js';
import type { KnownStack, Stacks } from './stacks.js';
import type { Call } from './threads.js';
import { datumOfUri } from './uris.js';
import { type Extracted, extract } from './values.js';
import type { Witness } from './witness.js';

/** What the reads work with. */
export interface ReadParts {
  readonly stacks: Stacks;
  readonly counted: Counted;
  readonly known: Known;
  readonly witness: Witness;
}

const NONE: Extracted = { values: [], rows: null, cut: [] };

/** Calls that read a datum: what, from where, which values, or what refused it. */
export function createReads(line: Line, { stacks, counted, known, witness }: ReadParts): Station {
  function write(call: Call, draft: Extract<RecordDraft, { type: 'api' }>): void {
    if (call.part !== null) {
      if (!call.row.hot) call.part.parts.push(draft);
      return;
    }
    if (call.parts.length === 0 && counted.count(draft, call.row.hot, call.on)) return;
    const parent = line.emit(draft, call.on);
    for (const part of call.parts) line.emit({ ...part, parent }, call.on);
  }
  return {
    open(call) {
      if (call.row.datum === 'by-uri') call.datum = datumOfArgument(call.args[0]);
      if (call.row.datum === 'location') call.datum = locationOf(line, call.row.id);
      if (call.datum === null) return false;
      call.at = line.platform.stamp();
      call.stack = stacks.here();
      call.part = partOf(call, call.datum, call.stack);
      return true;
    },
    close(call, returned, thrown) {
      if (call.at === null || call.stack === null || call.datum === null) return;
      // A part's values are those of the whole; reading them twice would cost the app twice.
      // An argument is a fact whether or not the call went well.
      const found = call.part === null && (thrown === null || call.row.value.from === 'argument') ? valuesOf(line, call, returned) : NONE;
      for (const what of found.cut) line.cut(call.row.id, call.datum, what);
      for (const value of found.values) if ('text' in value) known.add(value.text);
      const threw = thrown === null ? null : classOf(thrown);
      write(call, {
        type: 'api',
        at: call.at,
        hook: call.row.id,
        datum: call.datum,
        values: found.values,
        rows: found.rows,
        threw,
        stack: call.stack.id,
        parent: null,
        foreground: witness.foreground(),
        n: 1,
        firstAt: call.at,
        lastAt: call.at,
      });
    },
  };
}

/** A fault of ours must not make a coarse read an exact one. */
function locationOf(line: Line, hook: string): string {
  try {
    return locationDatum(line.platform.java);
  } catch (error) {
    line.fault(hook, 'permission', error);
    return 'location-coarse';
  }
}

/** What the call gave; a fault of ours costs the values, not the read. */
function valuesOf(line: Line, call: Call, returned: unknown): Extracted {
  try {
    return extract(line.platform.java, call.row.value, call.args, returned);
  } catch (error) {
    line.fault(call.row.id, 'extract', error);
    return NONE;
  }
}

/** The outermost open read of the same datum that was made by the same call of the app, so that overloads which call each other count once. */
function partOf(call: Call, datum: string, stack: KnownStack): Call | null {
  for (let outer = call.outer; outer !== null; outer = outer.outer) {
    if (outer.row.kind === 'read' && outer.datum === datum && outer.stack?.site === stack.site) return outer.part ?? outer;
  }
  return null;
}

function datumOfArgument(uri: unknown): string | null {
  if (typeof uri === 'string') return datumOfUri(uri);
  return isWrapper(uri) ? datumOfUri(String(invoke(uri, 'toString'))) : null;
}

/** Java class of a thrown exception: its text begins with it. */
function classOf(thrown: unknown): string {
  const text = typeof thrown === 'object' && thrown !== null && 'message' in thrown ? String(thrown.message) : '';
  const name = text.split(':', 1)[0] ?? '';
  return /^[\w$.]+$/.test(name) ? name : 'java.lang.Throwable';
}
