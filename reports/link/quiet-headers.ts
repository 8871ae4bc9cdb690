import type { Part } from './parts.js';
import { searchPart } from './search.js';
import type { Walk } from './walk.js';

/** Headers of earlier requests that were looked through and held nothing: an app sends the same ones again and again. */
export interface QuietHeaders {
  /** Looks through a header, or counts it as looked through where one with the same bytes was. */
  search(walk: Walk, header: Part, flow: string): void;
}

/** What looking through a header took. `key`: by what the walk remembers its bytes; null: it does not. */
interface Quiet {
  readonly key: string | number | null;
  readonly bytes: number;
  readonly tokens: number;
  readonly numbers: number;
}

/** Longer headers (cookies) seldom come twice alike. */
const MOST_BYTES = 512;
const MOST_KNOWN = 4096;

/** Begins with none. Only for walks with the same needles. */
export function createQuietHeaders(): QuietHeaders {
  const known = new Map<string, Quiet>();
  return {
    search: (walk, { part, bytes, encodings }, flow) => {
      const text = bytes.length > MOST_BYTES ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
      const quiet = text === null ? undefined : known.get(text);
      if (quiet !== undefined) {
        count(walk, quiet);
        return;
      }
      const { bytes: bytesBefore, tokens, numbers, again } = walk;
      const before = { finds: walk.finds.length, seen: walk.seen.size };
      searchPart(walk, { bytes, encodings, source: { kind: 'part', flow, part } });
      const layers = walk.seen.size - before.seen;
      // What was not looked at, be it since its like stood elsewhere in the request, may hold something.
      const all = walk.unseen.size === 0 && walk.again === again && layers < 2;
      if (text === null || !all || walk.finds.length > before.finds) return;
      if (known.size >= MOST_KNOWN) known.clear();
      known.set(text, {
        key: layers === 0 ? null : ([...walk.seen].at(-1) ?? null),
        bytes: walk.bytes - bytesBefore,
        tokens: walk.tokens - tokens,
        numbers: walk.numbers - numbers,
      });
    },
  };
}

function count(walk: Walk, { key, bytes, tokens, numbers }: Quiet): void {
  if (key !== null && walk.seen.has(key)) return;
  if (key !== null) walk.seen.add(key);
  walk.bytes += bytes;
  walk.tokens += tokens;
  walk.numbers += numbers;
}
