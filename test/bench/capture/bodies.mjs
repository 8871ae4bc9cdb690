// What is sent up and down. Each small body carries its request's number, so that a record can be held against what was really sent.
import { createHash } from 'node:crypto';

export const SMALL = 1024;
const DIGITS = 10;
const BLOCK = 65_536;

/** Text of 64 characters, the same in every process. */
function text(bytes, seed) {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const out = Buffer.alloc(bytes);
  let state = seed;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    out[i] = alphabet.charCodeAt((state >>> 16) & 63);
  }
  return out;
}
const UP = text(SMALL, 1);
const DOWN = text(SMALL, 2);
const BIG = text(BLOCK, 3);

export const number = (id) => String(id).padStart(DIGITS, '0');

export function putUp(target, at, id) {
  UP.copy(target, at);
  target.latin1Write(number(id), at);
}

export function putDown(target, at, digits) {
  DOWN.copy(target, at);
  target.latin1Write(digits, at);
}

export function digitsOf(body) {
  return body.toString('latin1', 0, DIGITS);
}

const expected = Buffer.from(DOWN);
/** Whether this is the answer to that request. */
export function isDown(body, id) {
  expected.latin1Write(number(id), 0);
  return expected.equals(body);
}

/** The whole body of `bytes`, as blocks. */
export function* bigBlocks(bytes) {
  for (let left = bytes; left > 0; left -= BLOCK) yield left >= BLOCK ? BIG : BIG.subarray(0, left);
}

const shas = new Map();
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Size and SHA-256 of both bodies of a request, by its path: `/r/ID`, `/h2/ID`, `/f/ID` or `/big/ID/BYTES`. */
export function sent(path) {
  const [, kind, id, bytes] = path.split('/');
  if (kind === 'big') return { up: { bytes: 0, sha256: null }, down: { bytes: Number(bytes), sha256: shaOfBig(Number(bytes)) } };
  const down = Buffer.alloc(SMALL);
  putDown(down, 0, id);
  if (kind === 'f') return { up: { bytes: 0, sha256: null }, down: { bytes: SMALL, sha256: sha256(down) } };
  const up = Buffer.alloc(SMALL);
  putUp(up, 0, id);
  return { up: { bytes: SMALL, sha256: sha256(up) }, down: { bytes: SMALL, sha256: sha256(down) } };
}

function shaOfBig(bytes) {
  if (!shas.has(bytes)) {
    const hash = createHash('sha256');
    for (const block of bigBlocks(bytes)) hash.update(block);
    shas.set(bytes, hash.digest('hex'));
  }
  return shas.get(bytes);
}
