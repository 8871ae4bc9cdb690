import { constants, inflateRawSync } from 'node:zlib';

/** RFC 7692, 7.2.2: what a sender takes off the end of each message. */
const TAIL = Buffer.of(0, 0, 0xff, 0xff);
/** The largest window there is. One that was negotiated smaller reads the same through it. */
const WINDOW_BYTES = 32 * 1024;
/** Deflate makes at most so many bytes of one. */
const MOST_OF_ONE = 1032;
/** A message may end its stream and begin another; more than so many are no message. */
const MOST_STREAMS = 16;
/** What one direction may unpack to: so much, and so many bytes for each that came. Else many small bombs fill the disk. */
const FREE_BYTES = 64 * 1024 * 1024;
const FREE_RATIO = 50;
const NOTHING = Buffer.alloc(0);

/** What a packed message came to. `cut`: its beginning; `lost`: it refers to an earlier one that was cut. */
export type Inflated = { readonly kind: 'whole' | 'cut'; readonly bytes: Buffer } | { readonly kind: 'failed' } | { readonly kind: 'lost' };

/**
 * Inflates the messages of one direction of a WebSocket, at once and in bounded memory. The window that goes from message to message
 * (context takeover) is given to each as a dictionary: to inflate that is the same.
 */
export class MessageInflater {
  #window: Buffer = NOTHING;
  #lost = false;
  #packedBytes = 0;
  #unpackedBytes = 0;

  constructor(readonly takeover: boolean) {}

  /** Inflates one message to at most `limitBytes`; not `complete`: only the beginning of it is there. */
  inflate(packed: Buffer, limitBytes: number, complete: boolean): Inflated {
    this.#packedBytes += packed.length;
    const free = FREE_BYTES + FREE_RATIO * this.#packedBytes - this.#unpackedBytes;
    const out = inflateAll(complete ? Buffer.concat([packed, TAIL]) : packed, this.#window, Math.min(limitBytes, free));
    if (out.kind === 'failed') return this.#lost ? { kind: 'lost' } : out;
    if (out.kind === 'lost') return out;
    this.#unpackedBytes += out.bytes.length;
    const cut = out.kind === 'cut' || !complete;
    if (this.takeover) this.#keep(cut, out.bytes);
    return { kind: cut ? 'cut' : 'whole', bytes: out.bytes };
  }

  /** Behind a cut the window is not known. What refers to it then fails, so nothing false is read; what does not is read, and is a window again. */
  #keep(cut: boolean, bytes: Buffer): void {
    this.#window = cut ? NOTHING : slide(this.#window, bytes);
    this.#lost = cut || (this.#lost && this.#window.length < WINDOW_BYTES);
  }
}

function slide(window: Buffer, bytes: Buffer): Buffer {
  // Never a view: it would keep all of a large message.
  if (bytes.length >= WINDOW_BYTES) return Buffer.from(bytes.subarray(bytes.length - WINDOW_BYTES));
  return Buffer.concat([window.subarray(Math.max(0, window.length + bytes.length - WINDOW_BYTES)), bytes]);
}

/** All streams of a message, one after another: zlib stops at the end of the first, a lenient receiver may not. */
function inflateAll(packed: Buffer, before: Buffer, limitBytes: number): Inflated {
  const parts: Buffer[] = [];
  let window = before;
  let left = limitBytes;
  let rest = packed;
  for (let streams = 1; rest.length > 0; streams += 1) {
    if (streams > MOST_STREAMS) return { kind: 'failed' };
    const one = left < 1 ? 'too-large' : inflateOne(rest, window, left);
    if (one === 'failed') return { kind: 'failed' };
    if (one === 'too-large') return { kind: 'cut', bytes: Buffer.concat([...parts, beginningOf(rest, window, left)]) };
    parts.push(one.bytes);
    left -= one.bytes.length;
    if (one.used >= rest.length || one.used === 0) break;
    rest = rest.subarray(one.used);
    window = slide(window, one.bytes);
  }
  return { kind: 'whole', bytes: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts) };
}

/** As much as fits of what is too large, at least half of the limit where the bytes are of one kind: zlib gives all or nothing. */
function beginningOf(packed: Buffer, window: Buffer, limitBytes: number): Buffer {
  let bytes: Buffer = NOTHING;
  for (let length = Math.floor(limitBytes / MOST_OF_ONE); length > 0 && length < packed.length; length *= 2) {
    const one = inflateOne(packed.subarray(0, length), window, limitBytes);
    if (typeof one === 'string') break;
    bytes = one.bytes;
  }
  return bytes;
}

function inflateOne(
  packed: Buffer,
  window: Buffer,
  limitBytes: number,
): { readonly bytes: Buffer; readonly used: number } | 'too-large' | 'failed' {
  try {
    const out: unknown = inflateRawSync(packed, {
      info: true,
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: limitBytes,
      chunkSize: Math.min(1024 * 1024, Math.max(4096, packed.length * 4)),
      ...(window.length === 0 ? {} : { dictionary: window }),
    });
    return withInfo(out);
  } catch (error) {
    return error instanceof RangeError && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'failed';
  }
}

/** Node's types do not know what `info` makes of the answer. */
function withInfo(out: unknown): { readonly bytes: Buffer; readonly used: number } {
  if (typeof out === 'object' && out !== null && 'buffer' in out && 'engine' in out) {
    const { buffer, engine } = out;
    if (Buffer.isBuffer(buffer) && typeof engine === 'object' && engine !== null && 'bytesWritten' in engine)
      return { bytes: buffer, used: Number(engine.bytesWritten) };
  }
  throw new Error('zlib told nothing of what it read');
}
