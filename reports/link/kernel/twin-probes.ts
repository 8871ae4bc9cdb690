// The probes of the twin: built on the rest of a kernel, they say what `probe.wat` is to do.
import { isZlib } from '../inflate.js';
import { openUnmarked } from '../unmarked.js';
import type { Address, Kernel, Pairs, Passed, Survey } from './kernel.js';

type Probe = 'magic' | 'packed' | 'holds' | 'nextBase64' | 'nextHex' | 'passed';
/** A kernel without its probes. */
export interface Basis extends Omit<Kernel, Probe> {
  isPair(two: number): boolean;
}

const MAGIC = ['\x1f\x8b\x08', '\x28\xb5\x2f\xfd', '\x78\x9c', '\x78\xda', '\x78\x01'] as const;
const LONG_RUN = 4096;
const SURE_RUN = 24;
const WHOLE_HEX = 32;
const REMEMBERED = 32;
const NOTHING: Passed = { bytes: 0, decoded: 0 };

/** What came of one run: what it costs to pass over it; null when it holds something. */
type Outcome = Passed | null;

const plus = (a: Passed, b: Passed): Passed => ({
  bytes: a.bytes + b.bytes,
  decoded: a.decoded + b.decoded,
});

/** The probes over a kernel. */
export function probesOf(kernel: Basis): Pick<Kernel, Probe> {
  let passed = NOTHING;
  /** Goes on from the k-th run until one holds something. */
  const next = (list: Pairs, k: number, outcome: (start: number, end: number) => Outcome): number => {
    passed = NOTHING;
    for (let i = k; i < list.length; i += 1) {
      const mark = kernel.mark();
      const cost = outcome(kernel.wordAt(list.at + 8 * i), kernel.wordAt(list.at + 8 * i + 4));
      kernel.release(mark);
      if (cost === null) return i;
      passed = plus(passed, cost);
    }
    return list.length;
  };
  return {
    magic: (at, length) => magic(kernel, at, length),
    packed: (at, length) => packed(kernel, at, length),
    holds: (at, length) => holds(kernel, at, length),
    nextBase64: (from, survey, k) => next(survey.base64, k, (start, end) => base64Outcome(kernel, { from, survey }, { start, end })),
    nextHex: (from, survey, k) => next(survey.hex, k, (start, end) => hexOutcome(kernel, from, { start, end })),
    passed: () => passed,
  };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function magic(kernel: Basis, at: Address, length: number): number {
  const text = Buffer.from(kernel.view(at, length)).toString('latin1');
  const places = MAGIC.map((head) => text.indexOf(head)).filter((place) => place >= 0);
  return places.length === 0 ? -1 : Math.min(...places);
}

function packed(kernel: Basis, at: Address, length: number): boolean {
  const head = kernel.view(at, Math.min(length, 4)).slice();
  return length > 4 && (magic(kernel, at, 4) === 0 || isZlib(head, 0));
}

const TWO_MARKS = /\*\*|##|\xe2\x80|\xef\xbc|=E/;
const ZEROS = 7;

function holds(kernel: Basis, at: Address, length: number): boolean {
  const bytes = kernel.view(at, length).slice();
  const text = Buffer.from(bytes).toString('latin1');
  if (kernel.has(at, length) || magic(kernel, at, length) >= 0 || /[A-Za-z0-9+/_-]{4}/.test(text) || TWO_MARKS.test(text)) return true;
  const numbers = [...bytes].filter((byte, i) => i > 0 && kernel.isPair((bytes[i - 1] as number) * 256 + byte)).length;
  if (numbers >= 2 || text.split('\0').length > ZEROS || openUnmarked(bytes) !== null) return true;
  const mark = kernel.mark();
  const light = (['percent', 'json', 'html'] as const).some((op) => kernel.light(op, at, length) !== null);
  kernel.release(mark);
  return light;
}

function base64Outcome(
  kernel: Basis,
  { from, survey }: { readonly from: Address; readonly survey: Survey },
  { start, end }: Range,
): Outcome {
  const length = end - start;
  if (length > LONG_RUN) return null;
  if (length >= WHOLE_HEX && listed(kernel, survey.hex, { start, end })) return NOTHING;
  let bytes = 0;
  for (let shift = 0; shift < 4; shift += 1) {
    const out = kernel.mark();
    const n = kernel.base64(from + start + shift, length - shift);
    if (kernel.textLike(out, n) || packed(kernel, out, n)) return null;
    if (shift === 0 && length >= SURE_RUN) {
      if (n >= REMEMBERED || holds(kernel, out, n)) return null;
    } else if (kernel.has(out, n)) return null;
    bytes += n;
  }
  return { bytes, decoded: 3 * (length + 4) };
}

function listed(kernel: Basis, list: Pairs, { start, end }: Range): boolean {
  return Array.from({ length: list.length }, (_, i) => list.at + 8 * i).some(
    (at) => kernel.wordAt(at) === start && kernel.wordAt(at + 4) === end,
  );
}

function hexOutcome(kernel: Basis, from: Address, { start, end }: Range): Outcome {
  let bytes = 0;
  for (const phase of [0, 1]) {
    const out = kernel.mark();
    const n = kernel.hex(from + start + phase, end - start - phase);
    if (kernel.textLike(out, n) || packed(kernel, out, n) || kernel.has(out, n)) return null;
    if (phase === 0 && end - start === 16 && kernel.isMiddle(out, 8)) return null;
    bytes += n;
  }
  return { bytes, decoded: bytes };
}
