import { Malformed } from './http1.js';

/**
 * Bits of the code of each byte value, and of the end-of-string symbol (RFC 7541, B). The code is canonical: of two codes of one length
 * the one of the greater symbol is the greater, so lengths are all there is to know.
 */
const LENGTHS = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10,
  12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7,
  7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22,
  23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22,
  23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20,
  24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];
const END_OF_STRING = 256;
const NONE = -1;
/** A step over four bits: the node to go on from, and the byte that was found on the way. */
const STEPS_NEXT = new Int16Array(256 * 16);
const STEPS_BYTE = new Int16Array(256 * 16);
/** Nodes that lie on the way of less than eight one-bits: a string may stop there (RFC 7541, 5.2). */
const MAY_STOP = new Uint8Array(256);

build();

function build(): void {
  const children = new Int16Array(256 * 2);
  let nodes = 1;
  let code = 0;
  const symbols = LENGTHS.map((bits, symbol) => ({ bits, symbol })).toSorted((a, b) => a.bits - b.bits || a.symbol - b.symbol);
  let before = symbols[0]?.bits ?? 0;
  for (const { bits, symbol } of symbols) {
    code *= 2 ** (bits - before);
    before = bits;
    let node = 0;
    for (let bit = bits - 1; bit > 0; bit -= 1) {
      const at = node * 2 + (Math.floor(code / 2 ** bit) & 1);
      if (children[at] === 0) children[at] = nodes++;
      node = children[at] ?? 0;
    }
    // Leaves are below zero: a child of 0 is none, as nothing leads back to the root.
    children[node * 2 + (code & 1)] = -1 - symbol;
    code += 1;
  }
  for (let node = 0; node < nodes; node += 1) for (let four = 0; four < 16; four += 1) step(children, node, four);
  let ones = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    MAY_STOP[ones] = 1;
    ones = children[ones * 2 + 1] ?? 0;
  }
}

function step(children: Int16Array, from: number, four: number): void {
  let node = from;
  let byte = NONE;
  let next = from;
  for (let bit = 3; bit >= 0; bit -= 1) {
    const child = children[node * 2 + ((four >> bit) & 1)] ?? 0;
    node = child < 0 ? 0 : child;
    next = node;
    if (child >= 0) continue;
    byte = -1 - child;
    if (byte === END_OF_STRING) break;
  }
  STEPS_NEXT[from * 16 + four] = byte === END_OF_STRING ? NONE : next;
  STEPS_BYTE[from * 16 + four] = byte === END_OF_STRING ? NONE : byte;
}

/** The text of a Huffman-coded string, Latin-1. @throws Malformed */
export function huffmanText(coded: Buffer): string {
  // The shortest code has five bits.
  const out = Buffer.allocUnsafe(Math.ceil((coded.length * 8) / 5));
  let length = 0;
  let node = 0;
  for (let at = 0; at < coded.length; at += 1) {
    const octet = coded[at] ?? 0;
    for (const four of [octet >> 4, octet & 15]) {
      const to = node * 16 + four;
      const byte = STEPS_BYTE[to] ?? NONE;
      node = STEPS_NEXT[to] ?? NONE;
      if (node === NONE) throw new Malformed('a Huffman code that is none');
      if (byte !== NONE) out[length++] = byte;
    }
  }
  if (MAY_STOP[node] !== 1) throw new Malformed('a Huffman code that breaks off');
  return out.toString('latin1', 0, length);
}
