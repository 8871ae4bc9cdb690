import { isZlib, type PackOp } from './inflate.js';

/** How streams begin that can be told by it. */
export const MAGIC: readonly (readonly [PackOp, Buffer])[] = [
  ['gzip', Buffer.of(0x1f, 0x8b, 8)],
  ['zstd', Buffer.of(0x28, 0xb5, 0x2f, 0xfd)],
  ['deflate', Buffer.of(0x78, 0x9c)],
  ['deflate', Buffer.of(0x78, 0xda)],
  ['deflate', Buffer.of(0x78, 0x01)],
];

/** Whether the first `n` bytes begin like a packed stream. */
export function packed(bytes: Uint8Array, n: number): boolean {
  return n > 4 && (isZlib(bytes, 0) || MAGIC.some(([, magic]) => magic.every((byte, i) => bytes[i] === byte)));
}

/** Whether the bytes begin with the magic of another packing than `op`, which a word of a header cannot make it. */
export function isOther(op: PackOp, bytes: Uint8Array): boolean {
  return MAGIC.some(([known, magic]) => known !== op && known !== 'deflate' && magic.every((byte, i) => bytes[i] === byte));
}
