import type { Derivation, Event, EventId } from '../../harness/model/event.js';
import type { Bodies } from '../../harness/model/finding.js';
import { inputRange, pathsOf, sha256, type DerivedInput, type Held, type Path } from './certificate.js';
import { MIN_NEEDLE } from './kernel.js';
import type { Range } from './layer.js';
import { isHint } from './level.js';
import type { Needles } from './needles.js';
import type { HookedCall } from '../../harness/model/replay.js';
import { searchPart } from './search.js';
import { beginWalk } from './walk.js';
import { isUndecodable } from './undecodable.js';

/** Shorter outputs are met by chance. */
const MIN_OUTPUT = 16;

/** Longest salt, in bytes, beside which a digested value still stands for itself. */
const MAX_SALT = 64;
const ONE_WAY: ReadonlySet<Derivation['op']> = new Set(['digest', 'mac']);

/** What the crypto calls of a run took in and gave out. */
export interface Derived {
  inputOf(derivation: Derivation): DerivedInput | null;
  /** Values that can be had back from a part of what the call gave. */
  heldIn(derivation: Derivation): readonly Held[];
  /** The earliest call that gave exactly these bytes, of those whose input holds a value. */
  byOutput(bytes: Uint8Array): Derivation | null;
  callOf(id: EventId): HookedCall | null;
  /** Whether bytes that look random are what a call gave whose input could be read: what is in them was looked at there. */
  explains(bytes: Uint8Array): boolean;
  /** Whether any call took in a value. */
  readonly any: boolean;
  readonly bytesSearched: number;
}

/**
 * Searches the input of each crypto call and makes its output a needle where a known value is inside.
 * In the order of events, so that a call on another call's output is understood too.
 */
export function readDerivations(events: readonly Event[], needles: Needles, bodies: Bodies): Derived {
  const inputs = new Map<EventId, DerivedInput>();
  const outputs = new Map<string, Derivation>();
  const given = new Map<string, Derivation>();
  const byId = new Map<EventId, Derivation>();
  const held = new Map<EventId, readonly Held[]>();
  const inputOf = (d: Derivation): DerivedInput | null => inputs.get(d.id) ?? null;
  let bytesSearched = 0;
  let stretches = 0;
  for (const derivation of events) {
    if (derivation.kind !== 'derivation') continue;
    byId.set(derivation.id, derivation);
    const output = read(derivation.output, bodies);
    const key = sha256(output);
    if (output.length < MIN_OUTPUT || outputs.has(key)) continue;
    if (!given.has(key)) given.set(key, derivation);
    const input = read(derivation.input, bodies);
    const walk = beginWalk(needles, input.length);
    searchPart(walk, { bytes: input, encodings: [], source: { kind: 'call', op: derivation.op } });
    walk.end();
    bytesSearched += walk.bytes;
    const found = firstPerValue(walk.finds.flatMap((find) => pathsOf(find, inputOf)));
    if (found.length === 0) continue;
    const paths = ONE_WAY.has(derivation.op) ? found.map((path) => blend(path, found.length, input.length)) : found;
    outputs.set(key, derivation);
    inputs.set(derivation.id, { sha256: sha256(input), paths });
    needles.add({ kind: 'derived', derivation, bytes: output, stretch: null });
    const holds = heldBy(derivation, { input: input.length, output: output.length, paths });
    held.set(derivation.id, holds);
    stretches += addStretches(needles, { derivation, output, holds }, stretches);
  }
  return {
    inputOf,
    heldIn: ({ id }) => held.get(id) ?? [],
    byOutput: (bytes) => (outputs.size === 0 ? null : (outputs.get(sha256(bytes)) ?? null)),
    callOf: callsOf(byId, bodies),
    explains: (bytes) =>
      given.size > 0 &&
      ciphertexts(bytes).some((one) => {
        const call = given.get(sha256(one));
        return call !== undefined && !ONE_WAY.has(call.op) && !isUndecodable(read(call.input, bodies), null);
      }),
    any: inputs.size > 0,
    bytesSearched,
  };
}

/** Reads a call when it is asked for; the last one is kept, since one body has many certificates over it. */
function callsOf(byId: ReadonlyMap<EventId, Derivation>, bodies: Bodies): Derived['callOf'] {
  let last: { readonly id: EventId; readonly call: HookedCall } | null = null;
  return (id) => {
    const found = byId.get(id);
    if (found === undefined) return null;
    if (last?.id !== id) {
      const { op, algorithm } = found;
      last = { id, call: { op, algorithm, input: read(found.input, bodies), output: read(found.output, bodies) } };
    }
    return last.call;
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

const BLOCK = 16;
/** Modes in which each byte is deciphered by itself. */
const BYTEWISE = /CTR|CFB|OFB|GCM|CCM|RC4|ARCFOUR|CHACHA20/i;
const TAGGED = /GCM|CCM|POLY/i;
const PUBLIC_KEY = /^(RSA|EC|SM2|ELGAMAL)/i;

interface Sizes {
  readonly input: number;
  readonly output: number;
  readonly paths: readonly Path[];
}

/** The values that can be had back from a part of a ciphertext: where a byte is at the same place of both, and only a padding or a tag comes behind. */
function heldBy({ op, algorithm }: Derivation, { input, output, paths }: Sizes): readonly Held[] {
  const more = output - input;
  const bytewise = BYTEWISE.test(algorithm);
  const most = bytewise && !TAGGED.test(algorithm) ? 0 : BLOCK;
  if (op !== 'cipher' || PUBLIC_KEY.test(algorithm) || more < 0 || more > most) return [];
  return paths
    .map((path) => ({ path, range: bytewise ? inputRange(path) : inBlocks(inputRange(path), output) }))
    .filter(({ range }) => range.end <= output)
    .toSorted((a, b) => a.range.start - b.range.start);
}

const inBlocks = ({ start, end }: Range, length: number): Range => ({
  start: Math.floor(start / BLOCK) * BLOCK,
  end: Math.min(length, Math.ceil(end / BLOCK) * BLOCK),
});

/** Needles of stretches stand so far apart, in bytes; further when a run has many. */
const NEAR = 64;
const FAR = 1024;
const MANY = 20_000;

interface Enciphered {
  readonly derivation: Derivation;
  readonly output: Uint8Array;
  readonly holds: readonly Held[];
}

/** Makes needles of what values became in a ciphertext, so that a part of it is found too. Each answers for the values up to the next needles. Returns how many. */
function addStretches(needles: Needles, { derivation, output, holds }: Enciphered, before: number): number {
  const apart = before < MANY ? NEAR : FAR;
  const anchors: number[] = [];
  holds.forEach(({ range }, i) => {
    const last = holds[anchors.at(-1) ?? -1];
    if (last === undefined || range.start >= last.range.start + apart) anchors.push(i);
  });
  anchors.forEach((i, n) => {
    const { range } = holds[i] as Held;
    const { start, end } = range.end - range.start < MIN_NEEDLE ? inBlocks(range, output.length) : range;
    if ((start === 0 && end === output.length) || end - start < MIN_NEEDLE) return;
    const answers = holds.slice((anchors[n - 1] ?? -1) + 1, anchors[n + 1] ?? holds.length);
    const stretch = { from: start, output, holds: answers, grows: true };
    needles.add({ kind: 'derived', derivation, bytes: output.subarray(start, end), stretch });
  });
  return anchors.length;
}

/** Bytes that stand in front of a ciphertext: nothing, a nonce, an IV. */
const FRONTS = [0, 12, 16] as const;
/** Longer bodies are not taken apart for this. */
const MAX_EXPLAINED = 8 * 1024 * 1024;

/** What of a body may be the whole output of a cipher. */
function ciphertexts(body: Uint8Array): readonly Uint8Array[] {
  if (body.length > MAX_EXPLAINED) return [];
  const text = Buffer.from(body.buffer, body.byteOffset, body.length)
    .toString('latin1')
    .replace(/\\\/|%2F/gi, '/')
    .replace(/%2B/gi, '+');
  const longest = (text.match(/[A-Za-z0-9+/_-]{22,}/g) ?? []).reduce((most, run) => (run.length > most.length ? run : most), '');
  const decoded = [Buffer.from(longest, 'base64'), /^[0-9a-f]*$/i.test(longest) ? Buffer.from(longest, 'hex') : Buffer.alloc(0)];
  return [body, Buffer.from(text, 'latin1'), ...decoded]
    .flatMap((bytes) => FRONTS.map((n) => bytes.subarray(n)))
    .filter((b) => b.length > 0);
}
