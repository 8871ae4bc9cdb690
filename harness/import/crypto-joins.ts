import { sha256 } from '../store/disk.js';
import type { CryptoCall } from './observations.js';

/** What calls on one object took in and gave out together. */
export interface Joined {
  /** In their order; the last one is when it was done. */
  readonly first: CryptoCall;
  readonly last: CryptoCall;
  readonly input: Buffer;
  readonly output: Buffer;
}

/** All derivations of the evidence, each at the place of its last call. */
export interface Joins {
  of(last: CryptoCall): readonly Joined[];
  /** True where only neighbouring calls could be joined, for want of room. */
  readonly isCut: boolean;
}

/** Calls back that a cipher's run may reach. */
const MOST_CALLS = 16;
/** Shorter outputs of several calls are met by chance. */
const LEAST_OUTPUT_BYTES = 16;
/** A run of more than two calls gives out no more than this: the pieces of a long stream stand for it. */
const LONGEST_RUN_BYTES = 64 * 1024;
/** Runs of more than two calls and the bytes that they hold, in the whole evidence. */
const MOST_RUNS = 20_000;
const MOST_RUN_BYTES = 256 * 1024 * 1024;

/** Joins calls by their objects. `calls` are in the order of their time. */
export function joinCalls(calls: readonly CryptoCall[]): Joins {
  const byLast = new Map<CryptoCall, readonly Joined[]>();
  const budget: Budget = { runs: MOST_RUNS, bytes: MOST_RUN_BYTES, isCut: false };
  const objects = new Map<string, CryptoCall[]>();
  for (const call of calls) {
    const before = objects.get(call.object);
    if (before === undefined) objects.set(call.object, [call]);
    else before.push(call);
  }
  const seen = new Set<string>();
  for (const list of objects.values()) {
    const joined = list[0]?.op === 'cipher' ? cipherRuns(list, budget) : wholeDigests(list);
    for (const one of joined) {
      const key = `${sha256(one.input)} ${sha256(one.output)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      byLast.set(one.last, [...(byLast.get(one.last) ?? []), one]);
    }
  }
  return { of: (last) => byLast.get(last) ?? [], isCut: budget.isCut };
}

/** A digest takes in until it gives out, and then begins anew. */
function wholeDigests(calls: readonly CryptoCall[]): readonly Joined[] {
  const whole: Joined[] = [];
  let taken: CryptoCall[] = [];
  for (const last of calls) {
    taken.push(last);
    const [first] = taken;
    if (last.output.length === 0 || first === undefined) continue;
    const input = Buffer.concat(taken.map((call) => call.input));
    if (input.length > 0) whole.push({ first, last, input, output: last.output });
    taken = [];
  }
  return whole;
}

interface Budget {
  runs: number;
  bytes: number;
  isCut: boolean;
}

/** Each call alone, and behind it the runs that end with it, the shortest first. */
function cipherRuns(calls: readonly CryptoCall[], budget: Budget): readonly Joined[] {
  return calls.flatMap((last, i) => {
    // A block that came out late is of more than the last input: that input alone did not make it.
    const alone =
      isJoin(last.input, last.output, 1) && last.output.length >= last.input.length
        ? [{ first: last, last, input: last.input, output: last.output }]
        : [];
    return [...alone, ...runsUntil(calls.slice(Math.max(0, i + 1 - MOST_CALLS), i + 1), budget)];
  });
}

function runsUntil(calls: readonly CryptoCall[], budget: Budget): readonly Joined[] {
  const last = calls.at(-1);
  const runs: Joined[] = [];
  if (last === undefined) return runs;
  for (let length = 2; length <= calls.length; length += 1) {
    const run = calls.slice(-length);
    const outputBytes = run.reduce((sum, { output }) => sum + output.length, 0);
    const bytes = outputBytes + run.reduce((sum, { input }) => sum + input.length, 0);
    if (length > 2 && outputBytes > LONGEST_RUN_BYTES) break;
    if (length > 2 && (budget.runs === 0 || budget.bytes < bytes)) {
      budget.isCut = true;
      break;
    }
    const [first] = run;
    const [input, output] = [Buffer.concat(run.map((call) => call.input)), Buffer.concat(run.map((call) => call.output))];
    if (first === undefined || !isJoin(input, output, LEAST_OUTPUT_BYTES)) continue;
    if (length > 2) [budget.runs, budget.bytes] = [budget.runs - 1, budget.bytes - bytes];
    runs.push({ first, last, input, output });
  }
  return runs;
}

function isJoin(input: Uint8Array, output: Uint8Array, least: number): boolean {
  return input.length > 0 && output.length >= least;
}
