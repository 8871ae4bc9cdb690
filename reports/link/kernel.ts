import type { Kernel } from './kernel/kernel.js';
import { createWasmKernel } from './kernel/wasm.js';

export { MIN_NEEDLE, type Glance, type Kernel } from './kernel/kernel.js';

/** The bytes on a 4-byte boundary, copied only where they are not. */
export function aligned(bytes: Uint8Array): Uint8Array {
  // A Buffer's own `slice` copies nothing.
  return bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
}

/** A kernel with room for as many needles as are expected; more may come. */
export function createKernel(expected: number): Kernel {
  return createWasmKernel(expected);
}
