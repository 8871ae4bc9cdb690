import type { LightOp } from '../decode.js';
import { KERNEL_WASM } from './kernel.generated.js';
import { MIN_NEEDLE, type Address, type Found, type Kernel, type Pairs, type Survey } from './kernel.js';

/** What `kernel.wat` and its parts export. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly alloc: (size: number) => Address;
  readonly mark: () => Address;
  readonly release: (mark: Address) => void;
  readonly reserve: (needles: number) => void;
  readonly add: (needle: Address, length: number) => number;
  readonly addWord: (word: Address, length: number) => void;
  readonly scan: (hay: Address, length: number) => number;
  readonly more: () => number;
  readonly survey: (at: Address, length: number) => void;
  readonly base64: (at: Address, length: number) => number;
  readonly hex: (at: Address, length: number) => number;
  readonly light: (mark: number, at: Address, length: number) => number;
  readonly textLike: (at: Address, length: number) => number;
  readonly hash: (at: Address, length: number) => number;
}

/** Places that the module's head names. */
const RESULT = 1536;
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
  const { bytes, words } = viewsOf(wasm.memory);
  wasm.reserve(Math.min(MAX_RESERVED, Math.max(256, expected)));
  const put = (source: Uint8Array): Address => {
    const at = wasm.alloc(source.length);
    bytes().set(source, at);
    return at;
  };
  /** Puts bytes on top for one call. */
  const lent = <T>(source: Uint8Array, use: (at: Address) => T): T => {
    const mark = wasm.mark();
    const result = use(put(source));
    wasm.release(mark);
    return result;
  };
  const scanAt = (at: Address, length: number, found: Found): void => collect(wasm, words, { at, length, found });
  return {
    add: (needle) => {
      if (needle.length < MIN_NEEDLE) throw new Error(`a needle has at least ${MIN_NEEDLE} bytes`);
      return lent(needle, (at) => wasm.add(at, needle.length));
    },
    addWord: (word) => lent(word, (at) => wasm.addWord(at, word.length)),
    scan: (hay, length, found) => {
      if (hay.buffer === wasm.memory.buffer) scanAt(hay.byteOffset, length, found);
      else lent(hay.subarray(0, length), (at) => scanAt(at, length, found));
    },
    mark: wasm.mark,
    release: wasm.release,
    put,
    view: (at, length) => bytes().subarray(at, at + length),
    byteAt: (at) => bytes()[at] as number,
    wordAt: (at) => words()[at >> 2] as number,
    scanAt,
    has: (at, length) => wasm.scan(at, length) > 0,
    survey: (at, length) => {
      wasm.survey(at, length);
      return surveyed(words());
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
    words: pairs(4),
    decimals: pairs(6),
    tokens: words[at + 8] as number,
    numbers: words[at + 9] as number,
    marks: words[at + 10] as number,
  };
}
