import { Decompress } from 'fzstd';

/** What the frames of zstd gave, and how many bytes they take of what they were read from. */
interface Unframed {
  readonly bytes: Uint8Array;
  readonly length: number;
}

const FRAME = 0xfd2fb528;
/** The first of sixteen magic numbers of frames that hold nothing for a reader (RFC 8878, 3.1.2). */
const SKIPPABLE = 0x184d2a50;
/** RFC 9659 lets a body ask for 8 MiB; a certificate is replayed as far as 16. */
const MAX_WINDOW = 16 * 1024 * 1024;
/** More pieces than a body of honest pieces has. */
const MAX_FRAMES = 4096;
const MAX_BLOCKS = 2048;
const BLOCK = 128 * 1024;
/** The library moves a whole window for each block: so many bytes may be moved anyhow, and so many for each byte that comes out. */
const MOVED_ANYHOW = 2 ** 27;
const MOVED_EACH = 64;

/** What one stream may still cost. */
interface Cost {
  readonly max: number;
  readonly out: Uint8Array[];
  total: number;
  blocks: number;
  moved: number;
}

/**
 * Undoes the frames that follow each other at the beginning of the bytes. A frame that was cut gives its blocks before the cut, unless it must be
 * `whole`. @throws RangeError when more would come out than `max`, Error when no block is there.
 */
export function unzstd(bytes: Uint8Array, { max, whole }: { readonly max: number; readonly whole: boolean }): Unframed {
  const cost: Cost = { max, out: [], total: 0, blocks: 0, moved: 0 };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  let frames = 0;
  while (at + 8 < bytes.length) {
    const magic = view.getUint32(at, true);
    if ((magic & ~15) >>> 0 === SKIPPABLE) {
      at = Math.min(bytes.length, at + 8 + view.getUint32(at + 4, true));
      continue;
    }
    const frame = magic === FRAME ? frameAt(bytes, at) : null;
    if (frame === null) break;
    if (frames === MAX_FRAMES) throw new RangeError('too many frames');
    frames += 1;
    at = frame.end;
    const good = open(bytes, frame, cost);
    if (good && !frame.cut) continue;
    if (whole || cost.total === 0) throw new Error('a cut frame');
    break;
  }
  if (frames === 0 || (whole && at < bytes.length)) throw new Error('no frame');
  return { bytes: Buffer.concat(cost.out), length: at };
}

interface Frame {
  readonly window: number;
  /** Where the first block begins, where the last one that is there whole does, and where that one ends. */
  readonly start: number;
  readonly last: number;
  readonly stop: number;
  /** Behind the checksum, or behind all that there is. */
  readonly end: number;
  readonly cut: boolean;
  readonly blocks: number;
  /** What can come out at the most. */
  readonly most: number;
}

/** The frame at `from` (RFC 8878, 3.1.1); null when its head is none. */
function frameAt(bytes: Uint8Array, from: number): Frame | null {
  const descriptor = bytes[from + 4] ?? 0;
  if ((descriptor & 8) !== 0) return null;
  const single = (descriptor & 0x20) !== 0;
  const sizeAt = from + (single ? 5 : 6) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  const sizeBytes = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const start = sizeAt + sizeBytes;
  const walked = { at: start, last: start, blocks: 0, most: 0, over: false };
  while (!walked.over && walked.blocks <= MAX_BLOCKS && walked.at + 3 <= bytes.length) {
    const head = (bytes[walked.at] ?? 0) | ((bytes[walked.at + 1] ?? 0) << 8) | ((bytes[walked.at + 2] ?? 0) << 16);
    const [kind, size] = [(head >> 1) & 3, head >> 3];
    const next = walked.at + 3 + (kind === 1 ? 1 : size);
    if (kind === 3 || size > BLOCK || next > bytes.length) break;
    walked.last = walked.at;
    walked.at = next;
    walked.blocks += 1;
    walked.most += kind === 2 ? BLOCK : size;
    walked.over = (head & 1) === 1;
  }
  const { at: stop, last, blocks, most, over } = walked;
  const end = over ? Math.min(bytes.length, stop + (descriptor & 4)) : bytes.length;
  const window = single ? littleEndian(bytes, sizeAt, sizeBytes) : windowOf(bytes[from + 5] ?? 0);
  return { window, start, last, stop, end, cut: !over, blocks, most };
}

function littleEndian(bytes: Uint8Array, at: number, size: number): number {
  let total = size === 2 ? 256 : 0;
  for (let k = 0; k < size; k += 1) total += (bytes[at + k] ?? 0) * 256 ** k;
  return total;
}

function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

/**
 * Opens the whole blocks of a frame; false: one of them is broken. A compressor asks for megabytes before it knows how little comes: the head is
 * written anew with a window that holds what can come out, without a size and a checksum, and the last block as the last one.
 */
function open(bytes: Uint8Array, frame: Frame, cost: Cost): boolean {
  if (frame.window > MAX_WINDOW) throw new RangeError('too large a window');
  cost.blocks += frame.blocks;
  if (cost.blocks > MAX_BLOCKS) throw new RangeError('too many blocks');
  if (frame.blocks === 0) return false;
  const power = Math.max(17, Math.ceil(Math.log2(Math.min(frame.window, frame.most, cost.max + BLOCK))));
  const body = bytes.slice(frame.start, frame.stop);
  body[frame.last - frame.start] = (body[frame.last - frame.start] ?? 0) | 1;
  const stream = new Decompress((chunk) => {
    cost.total += chunk.length;
    cost.moved += 2 ** power;
    if (cost.total > cost.max || cost.moved > MOVED_ANYHOW + MOVED_EACH * cost.total) throw new RangeError('too large');
    cost.out.push(chunk.slice());
  });
  try {
    stream.push(Buffer.concat([Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, (power - 10) << 3), body]), true);
    return true;
  } catch (error) {
    if (error instanceof RangeError && error.message.startsWith('too ')) throw error;
    return false;
  }
}
