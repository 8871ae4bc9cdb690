import type { LightOp } from '../decode.js';
import { KERNEL_WASM } from './kernel.generated.js';
import {
  MIN_NEEDLE,
  PLACE_BYTES,
  type Address,
  type Found,
  type Glance,
  type Kernel,
  type Pairs,
  type Passed,
  type Survey,
} from './kernel.js';

/** What `kernel.wat` and its parts export. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly alloc: (size: number) => Address;
  readonly mark: () => Address;
  readonly release: (mark: Address) => void;
  readonly reserve: (needles: number) => void;
  readonly add: (needle: Address, length: number) => number;
  readonly addWord: (word: Address, length: number) => void;
  readonly addDigits: (digits: Address, length: number) => void;
  readonly wantPlaces: () => void;
  readonly addMiddle: (bytes: Address, length: number) => void;
  readonly known: (start: Address, end: Address) => number;
  readonly scan: (hay: Address, length: number) => number;
  readonly more: () => number;
  readonly survey: (at: Address, length: number) => void;
  readonly glance: (at: Address, length: number) => void;
  readonly base64: (at: Address, length: number) => number;
  readonly hex: (at: Address, length: number) => number;
  readonly light: (mark: number, at: Address, length: number) => number;
  readonly textLike: (at: Address, length: number) => number;
  readonly hash: (at: Address, length: number) => number;
  readonly magic: (at: Address, length: number) => number;
  readonly packed: (at: Address, length: number) => number;
  readonly holds: (at: Address, length: number) => number;
  readonly nextBase64: (
    from: Address,
    ...lists: readonly [base64: Address, length: number, hex: Address, length: number, k: number]
  ) => number;
  readonly nextHex: (from: Address, hex: Address, length: number, k: number) => number;
}

/** Places that the module's head names. */
const RESULT = 1536;
const PASSED = 1600;
const GLANCE = 1664;
const PLACES = 87040;
const PAIRS = 131072;
const FINDS = 53760;
const MAX_FINDS = 4096;
const LIGHT_MARK: Readonly<Record<LightOp, number>> = { percent: 0x25, json: 0x5c, html: 0x26 };
/** Room for so many needles is made at once. */
const MAX_RESERVED = 1 << 20;

let compiled: WebAssembly.Module | null = null;

function instantiate(): Exports {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNEL_WASM, 'base64'));
  return new WebAssembly.Instance(compiled).exports as unknown as Exports;
}

/** A memory as bytes and as words; growing takes the old views away. */
function viewsOf(memory: WebAssembly.Memory): { readonly bytes: () => Uint8Array; readonly words: () => Int32Array } {
  let bytes = new Uint8Array(memory.buffer);
  let words = new Int32Array(memory.buffer);
  const fresh = (): void => {
    if (bytes.length !== 0) return;
    bytes = new Uint8Array(memory.buffer);
    words = new Int32Array(memory.buffer);
  };
  return {
    bytes: () => {
      fresh();
      return bytes;
    },
    words: () => {
      fresh();
      return words;
    },
  };
}

/** A kernel in WebAssembly, with a memory of its own that is as large as its tables and the largest request needed. */
export function createWasmKernel(expected: number): Kernel {
  const wasm = instantiate();
  const views = viewsOf(wasm.memory);
  wasm.reserve(Math.min(MAX_RESERVED, Math.max(256, expected)));
  return { ...search(wasm, views), ...arena(wasm, views), ...probes(wasm, views) };
}

type Views = ReturnType<typeof viewsOf>;
type Search = 'setPairs' | 'setPlaces' | 'addMiddle' | 'add' | 'scan' | 'addWord' | 'addDigits' | 'isMiddle' | 'scanAt' | 'has';
type Probe = 'magic' | 'packed' | 'holds' | 'nextBase64' | 'nextHex' | 'passed';

function putOf(wasm: Exports, { bytes }: Views): Kernel['put'] {
  return (source) => {
    const at = wasm.alloc(source.length);
    bytes().set(source, at);
    return at;
  };
}

function search(wasm: Exports, views: Views): Pick<Kernel, Search> {
  const put = putOf(wasm, views);
  /** Puts bytes on top for one call. */
  const lent = <T>(source: Uint8Array, use: (at: Address) => T): T => {
    const mark = wasm.mark();
    const result = use(put(source));
    wasm.release(mark);
    return result;
  };
  const scanAt: Kernel['scanAt'] = (at, length, found) => collect(wasm, views.words, { at, length, found });
  return {
    add: (needle) => {
      if (needle.length < MIN_NEEDLE) throw new Error(`a needle has at least ${MIN_NEEDLE} bytes`);
      return lent(needle, (at) => wasm.add(at, needle.length));
    },
    scan: (hay, length, found) => {
      if (hay.buffer === wasm.memory.buffer) scanAt(hay.byteOffset, length, found);
      else lent(hay.subarray(0, length), (at) => scanAt(at, length, found));
    },
    addWord: (word) => lent(word, (at) => wasm.addWord(at, word.length)),
    addDigits: (digits) => lent(digits, (at) => wasm.addDigits(at, digits.length)),
    setPairs: (pairs) => views.bytes().set(pairs, PAIRS),
    setPlaces: (bits) => {
      views.bytes().set(bits.subarray(0, PLACE_BYTES), PLACES);
      wasm.wantPlaces();
    },
    addMiddle: (bytes) => lent(bytes, (at) => wasm.addMiddle(at, bytes.length)),
    isMiddle: (at, length) => wasm.known(at, at + length) !== 0,
    scanAt,
    has: (at, length) => wasm.scan(at, length) > 0,
  };
}

function arena(wasm: Exports, views: Views): Omit<Kernel, Search | Probe> {
  const { bytes, words } = views;
  return {
    mark: wasm.mark,
    release: wasm.release,
    put: putOf(wasm, views),
    view: (at, length) => bytes().subarray(at, at + length),
    byteAt: (at) => bytes()[at] as number,
    wordAt: (at) => words()[at >> 2] as number,
    survey: (at, length) => {
      wasm.survey(at, length);
      return surveyed(words());
    },
    glance: (at, length) => {
      wasm.glance(at, length);
      return glanced(words());
    },
    textLike: (at, length) => wasm.textLike(at, length) !== 0,
    hash: wasm.hash,
    base64: wasm.base64,
    hex: wasm.hex,
    light: (op, at, length) => {
      const n = wasm.light(LIGHT_MARK[op], at, length);
      return n < 0 ? null : n;
    },
  };
}

function probes(wasm: Exports, { words }: Views): Pick<Kernel, Probe> {
  return {
    magic: wasm.magic,
    packed: (at, length) => wasm.packed(at, length) !== 0,
    holds: (at, length) => wasm.holds(at, length) !== 0,
    nextBase64: (from, { base64, hex }, k) => wasm.nextBase64(from, base64.at, base64.length, hex.at, hex.length, k),
    nextHex: (from, { hex }, k) => wasm.nextHex(from, hex.at, hex.length, k),
    passed: () => passedOver(words()),
  };
}

/** Calls back only when the scan is over: a callback may use the kernel. */
function collect(
  wasm: Exports,
  words: () => Int32Array,
  { at, length, found }: { readonly at: Address; readonly length: number; readonly found: Found },
): void {
  let n = wasm.scan(at, length);
  if (n === 0) return;
  const hits: number[] = [];
  for (;;) {
    const list = words();
    for (let k = 0; k < 2 * n; k += 1) hits.push(list[(FINDS >> 2) + k] as number);
    if (n < MAX_FINDS) break;
    n = wasm.more();
  }
  for (let k = 0; k < hits.length; k += 2) found(hits[k] as number, hits[k + 1] as number);
}

function surveyed(words: Int32Array): Survey {
  const at = RESULT >> 2;
  const pairs = (i: number): Pairs => ({ at: words[at + i] as number, length: words[at + i + 1] as number });
  return {
    base64: pairs(0),
    hex: pairs(2),
    tokens: words[at + 8] as number,
    numbers: words[at + 9] as number,
    marks: words[at + 10] as number,
  };
}

const NONE = new Int32Array(0);

function glanced(words: Int32Array): Glance {
  const at = GLANCE >> 2;
  const list = (i: number, size: number): Int32Array => {
    const first = (words[at + i] as number) >> 2;
    const length = words[at + i + 1] as number;
    return length === 0 ? NONE : words.subarray(first, first + length * size);
  };
  return { words: list(0, 2), digits: list(2, 2), degrees: list(4, 2), packed: list(6, 1), twos: words[at + 8] as number };
}

function passedOver(words: Int32Array): Passed {
  const at = PASSED >> 2;
  return {
    bytes: words[at] as number,
    decoded: words[at + 1] as number,
  };
}
