import { createHash, hash, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import type { BodyRef, BodyState } from '../model/event.js';
import type { RawBytes } from '../model/flow-parts.js';
import type { BodyWriter } from '../model/recorder.js';
import { writeWhole } from './disk.js';

const writeAt = promisify(fs.write);
/** Up to here a body is kept in memory and appended to a shared segment in one piece; a larger one goes to a file of its own as it comes. */
const SPOOL_BYTES = 256 * 1024;
const SEGMENT_BYTES = 64 * 1024 * 1024;
/** Bytes of small bodies that wait for the next `flush`, at most. */
const UNWRITTEN_BYTES = 256 * 1024;
const NO_BYTES = hash('sha256', '');
/** Bytes on their way to disk at which a sender is asked to wait, and at which it may go on. */
const HIGH_BYTES = 1024 * 1024;
const LOW_BYTES = 256 * 1024;

/** Where bodies go; `onError` hears of a disk that takes no more. */
export interface BodyParts {
  readonly dir: string;
  /** Bytes kept of one body; what comes beyond is counted and hashed by nobody. */
  readonly limitBytes: number;
  readonly onError: (error: unknown, file: string) => void;
  /** Much waits in memory: whoever owns the lines that tell of these bytes calls `flush` and writes them. */
  readonly flush: () => void;
}

/** The folder `bodies/` of a run being recorded. */
export interface BodyStore {
  writer(of: BodyRef['of']): BodyWriter;
  /** Keeps a few bytes beside the bodies; null when the disk takes no more. */
  raw(bytes: Uint8Array): RawBytes | null;
  /** Puts on the disk what small bodies left in memory; false when the disk did not take all of it. */
  flush(): boolean;
  /** Lets go of all files; bodies not ended stay unreferenced. */
  close(): void;
}

/** Opens `bodies/`: small bodies share append-only segments `s0001.seg`, a large one has `b0001.body`. */
export function openBodies(parts: BodyParts): BodyStore {
  const segments = new Segments(parts);
  const spools = new Set<Spool>();
  let lastSpool = 0;
  const spool = (): Spool => {
    lastSpool += 1;
    const made = new Spool(parts, `bodies/b${String(lastSpool).padStart(4, '0')}.body`, () => void spools.delete(made));
    spools.add(made);
    return made;
  };
  return {
    writer: (of) => new Body(of, parts.limitBytes, segments, spool),
    raw: (bytes) => {
      const { sha256, file, offset, length, failed } = segments.append([bytes], bytes.length);
      return failed ? null : { sha256, file, offset, length };
    },
    flush: () => segments.flush(),
    close: () => {
      for (const each of spools) void each.finish();
      segments.close();
    },
  };
}

interface Kept {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
  readonly failed: boolean;
}

class Body implements BodyWriter {
  #small: Uint8Array[] = [];
  #smallBytes = 0;
  #spool: Spool | null = null;
  #seenBytes = 0;
  #keptBytes = 0;
  #ended = false;

  constructor(
    readonly of: BodyRef['of'],
    readonly limitBytes: number,
    readonly segments: Segments,
    readonly openSpool: () => Spool,
  ) {}

  write(chunk: Uint8Array): boolean {
    if (this.#ended) throw new Error('a chunk came after the end of its body');
    this.#seenBytes += chunk.length;
    const kept = chunk.subarray(0, Math.max(0, this.limitBytes - this.#keptBytes));
    if (kept.length === 0) return true;
    this.#keptBytes += kept.length;
    if (this.#spool !== null) return this.#spool.write(kept);
    this.#small.push(kept);
    this.#smallBytes += kept.length;
    if (this.#smallBytes <= SPOOL_BYTES) return true;
    this.#spool = this.openSpool();
    const ready = this.#spool.write(Buffer.concat(this.#small));
    this.#small = [];
    return ready;
  }

  async drained(): Promise<void> {
    await this.#spool?.drained();
  }

  end(state: BodyState): BodyRef | null | Promise<BodyRef> {
    if (this.#ended) throw new Error('a body was ended twice');
    this.#ended = true;
    if (this.#seenBytes === 0) return null;
    if (this.#spool !== null) return this.#spool.finish().then((kept) => this.#ref(kept, state));
    const kept = this.segments.append(this.#small, this.#smallBytes);
    this.#small = [];
    return this.#ref(kept, state);
  }

  #ref({ sha256, file, offset, length, failed }: Kept, state: BodyState): BodyRef {
    const cut = failed || this.#seenBytes > this.#keptBytes;
    return { of: this.of, sha256, bytes: this.#seenBytes, file, offset, length, state: cut ? 'cut' : state };
  }
}

/** Append-only files that hold many small bodies each; what is appended lies in memory until `flush`. */
class Segments {
  #fd: number | null = null;
  #number = 0;
  /** Bytes of this segment, with those not written yet. */
  #bytes = 0;
  #unwritten: Uint8Array[] = [];
  #unwrittenBytes = 0;
  #failed = false;

  constructor(readonly parts: BodyParts) {}

  append(chunks: readonly Uint8Array[], length: number): Kept {
    if (!this.#failed && (this.#number === 0 || this.#bytes + length > SEGMENT_BYTES)) this.#next();
    const file = this.#name();
    const offset = this.#bytes;
    const nothing: Kept = { file, offset, length: 0, sha256: NO_BYTES, failed: true };
    if (this.#failed) return nothing;
    const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    this.#unwritten.push(bytes);
    this.#unwrittenBytes += length;
    this.#bytes += length;
    if (this.#unwrittenBytes >= UNWRITTEN_BYTES) this.parts.flush();
    if (this.#failed) return nothing;
    return { file, offset, length, sha256: hash('sha256', bytes), failed: false };
  }

  flush(): boolean {
    if (this.#fd === null || this.#unwrittenBytes === 0) return !this.#failed;
    const bytes = this.#unwritten.length === 1 && this.#unwritten[0] !== undefined ? this.#unwritten[0] : Buffer.concat(this.#unwritten);
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    const { error } = writeWhole(this.#fd, bytes);
    if (error === null) return true;
    this.#failed = true;
    this.parts.onError(error, this.#name());
    return false;
  }

  close(): void {
    this.flush();
    if (this.#fd !== null) fs.closeSync(this.#fd);
    this.#fd = null;
  }

  #name(): string {
    return `bodies/s${String(this.#number).padStart(4, '0')}.seg`;
  }

  #next(): void {
    this.close();
    this.#number += 1;
    this.#bytes = 0;
    try {
      this.#fd = fs.openSync(path.join(this.parts.dir, this.#name()), 'ax');
    } catch (error) {
      this.#failed = true;
      this.parts.onError(error, this.#name());
    }
  }
}

/** One large body on its way to its own file. */
class Spool {
  readonly #hash: Hash = createHash('sha256');
  #fd: number | null = null;
  #pendingBytes = 0;
  #writtenBytes = 0;
  #failed = false;
  #queue: Uint8Array[] = [];
  #writing = false;
  #tail: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];
  #finished: Promise<Kept> | null = null;

  constructor(
    readonly parts: BodyParts,
    readonly file: string,
    readonly onFinish: () => void,
  ) {
    try {
      this.#fd = fs.openSync(path.join(parts.dir, file), 'ax');
    } catch (error) {
      this.#fail(error);
    }
  }

  write(chunk: Uint8Array): boolean {
    if (this.#failed || this.#finished !== null) return true;
    this.#pendingBytes += chunk.length;
    this.#queue.push(chunk);
    if (!this.#writing) {
      this.#writing = true;
      this.#tail = this.#tail.then(() => this.#drain());
    }
    return this.#pendingBytes <= HIGH_BYTES;
  }

  drained(): Promise<void> {
    if (this.#pendingBytes <= LOW_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  finish(): Promise<Kept> {
    this.#finished ??= this.#tail.then(() => {
      if (this.#fd !== null) fs.closeSync(this.#fd);
      this.#fd = null;
      this.onFinish();
      return { file: this.file, offset: 0, length: this.#writtenBytes, sha256: this.#hash.digest('hex'), failed: this.#failed };
    });
    return this.#finished;
  }

  /** What came while the disk was busy goes in one write: TLS gives 16 KiB at a time. */
  async #drain(): Promise<void> {
    while (this.#queue.length > 0) await this.#put(Buffer.concat(this.#queue.splice(0)));
    this.#writing = false;
  }

  async #put(chunk: Uint8Array): Promise<void> {
    try {
      let done = 0;
      while (this.#fd !== null && !this.#failed && done < chunk.length) {
        const { bytesWritten } = await writeAt(this.#fd, chunk, done, chunk.length - done, null);
        this.#hash.update(chunk.subarray(done, done + bytesWritten));
        this.#writtenBytes += bytesWritten;
        done += bytesWritten;
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#pendingBytes -= chunk.length;
      if (this.#pendingBytes <= LOW_BYTES) for (const go of this.#waiting.splice(0)) go();
    }
  }

  #fail(error: unknown): void {
    this.#failed = true;
    this.parts.onError(error, this.file);
  }
}
