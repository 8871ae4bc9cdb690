// The probes of the twin: built on the rest of a kernel, they say what `probe.wat` is to do.
import { isZlib } from '../inflate.js';
import { MARK, type Address, type Kernel, type Pairs, type Passed, type Survey } from './kernel.js';

type Probe = 'magic' | 'packed' | 'holds' | 'nextBase64' | 'nextHex' | 'passed';
/** A kernel without its probes. */
export type Basis = Omit<Kernel, Probe>;

const MAGIC = ['\x1f\x8b\x08', '\x28\xb5\x2f\xfd', '\x78\x9c', '\x78\xda', '\x78\x01'] as const;
const LONG_RUN = 4096;
const SURE_RUN = 24;
const WHOLE_HEX = 32;
const REMEMBERED = 32;
const NOTHING: Passed = { bytes: 0, decoded: 0, tokens: 0, numbers: 0 };

/** What came of one run: what it costs to pass over it; null when it holds something. */
type Outcome = Passed | null;

const plus = (a: Passed, b: Passed): Passed => ({
  bytes: a.bytes + b.bytes,
  decoded: a.decoded + b.decoded,
  tokens: a.tokens + b.tokens,
  numbers: a.numbers + b.numbers,
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
    holds: (at, length) => holds(kernel, at, length) !== null,
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

/** Null when there is nothing in the bytes; else what is. */
function holds(kernel: Basis, at: Address, length: number): Survey | 'found' | null {
  if (kernel.has(at, length) || magic(kernel, at, length) >= 0) return 'found';
  const mark = kernel.mark();
  const survey = kernel.survey(at, length);
  const light = (['percent', 'json', 'html'] as const).some((op) => kernel.light(op, at, length) !== null);
  kernel.release(mark);
  const lists = survey.base64.length + survey.hex.length + survey.words.length + survey.decimals.length;
  return lists > 0 || light || (survey.marks & MARK.asterisk) !== 0 ? survey : null;
}

function base64Outcome(
  kernel: Basis,
  { from, survey }: { readonly from: Address; readonly survey: Survey },
  { start, end }: Range,
): Outcome {
  const length = end - start;
  if (length > LONG_RUN) return null;
  if (length >= WHOLE_HEX && listed(kernel, survey.hex, { start, end })) return NOTHING;
  let cost: Passed = { ...NOTHING, decoded: 3 * (length + 4) };
  for (let shift = 0; shift < 4; shift += 1) {
    const out = kernel.mark();
    const n = kernel.base64(from + start + shift, length - shift);
    if (kernel.textLike(out, n) || packed(kernel, out, n)) return null;
    if (shift === 0 && length >= SURE_RUN) {
      if (n >= REMEMBERED || holds(kernel, out, n) !== null) return null;
      const { tokens, numbers } = kernel.survey(out, n);
      cost = { ...cost, tokens, numbers };
    } else if (kernel.has(out, n)) return null;
    cost = { ...cost, bytes: cost.bytes + n };
  }
  return cost;
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
    if (phase === 0 && end - start === 16 && kernel.isWord(out, 8)) return null;
    bytes += n;
  }
  return { ...NOTHING, bytes, decoded: bytes };
}
