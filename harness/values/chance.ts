import { createHmac } from 'node:crypto';

/** Draws from a seed: the same seed gives the same draws on every machine. */
export interface Chance {
  /** A whole number from 0 to `below` - 1, each as likely. `below` is at most 2^32. */
  int(below: number): number;
  pick<T>(list: readonly T[]): T;
  /** `length` characters of `alphabet`, each drawn alone. */
  text(alphabet: string, length: number): string;
}

export const DIGITS = '0123456789';
export const HEX = '0123456789abcdef';
export const LOWER = 'abcdefghijklmnopqrstuvwxyz';
/** 32 capitals and digits that nobody takes for each other. */
export const CODE = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

const LABEL = 'jiejing values 1';
const WORDS_A_BLOCK = 8;
const WORD = 2 ** 32;

/**
 * HMAC-SHA256 in counter mode. Block i is HMAC(seed bytes, "jiejing values 1" ‖ i as four bytes, big end first), i from 0; each block is
 * eight big-endian words. `int(n)` takes the next word, leaves out words from floor(2^32 / n) · n on, and returns the rest of a division by n.
 */
export function chanceFrom(seed: Uint8Array): Chance {
  let block = Buffer.alloc(0);
  let blocks = 0;
  let word = WORDS_A_BLOCK;
  const next = (): number => {
    if (word === WORDS_A_BLOCK) {
      const counter = Buffer.alloc(4);
      counter.writeUInt32BE(blocks);
      block = createHmac('sha256', seed).update(LABEL).update(counter).digest();
      blocks += 1;
      word = 0;
    }
    word += 1;
    return block.readUInt32BE((word - 1) * 4);
  };
  const int = (below: number): number => {
    const fair = Math.floor(WORD / below) * below;
    let drawn = next();
    while (drawn >= fair) drawn = next();
    return drawn % below;
  };
  const at = <T>(list: ArrayLike<T>): T => {
    const found = list[int(list.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  };
  return { int, pick: (list) => at(list), text: (alphabet, length) => Array.from({ length }, () => at(alphabet)).join('') };
}
