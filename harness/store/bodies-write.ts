import { createHash, type Hash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { promisify } from 'node:util';
import type { BodyRef, BodyState } from '../model/event.js';
import type { BodyWriter } from '../model/recorder.js';
import { sha256, writeWhole } from './disk.js';

const writeAt = promisify(fs.write);
/** Up to here a body is kept in memory and appended to a shared segment in one piece; a larger one goes to a file of its own as it comes. */
const SPOOL_BYTES = 256 * 1024;
const SEGMENT_BYTES = 64 * 1024 * 1024;
/** Bytes on their way to disk at which a sender is asked to wait, and at which it may go on. */
const HIGH_BYTES = 1024 * 1024;
const LOW_BYTES = 256 * 1024;

/** Where bodies go; `onError` hears of a disk that takes no more. */
export interface BodyParts {
  readonly dir: string;
  /** Bytes kept of one body; what comes beyond is counted and hashed by nobody. */
  readonly limitBytes: number;
  readonly onError: (error: unknown, file: string) => void;
}

/** The folder `bodies/` of a run being recorded. */
export interface BodyStore {
  writer(of: BodyRef['of']): BodyWriter;
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
  #ended: Promise<BodyRef | null> | null = null;

  constructor(
    readonly of: BodyRef['of'],
    readonly limitBytes: number,
    readonly segments: Segments,
    readonly openSpool: () => Spool,
  ) {}

  write(chunk: Uint8Array): boolean {
    if (this.#ended !== null) throw new Error('a chunk came after the end of its body');
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

  end(state: BodyState): Promise<BodyRef | null> {
    this.#ended ??= this.#finish(state);
    return this.#ended;
  }

  async #finish(state: BodyState): Promise<BodyRef | null> {
    if (this.#seenBytes === 0) return null;
    const kept = this.#spool === null ? this.segments.append(Buffer.concat(this.#small)) : await this.#spool.finish();
    this.#small = [];
    const cut = kept.failed || this.#seenBytes > this.#keptBytes;
    return {
      of: this.of,
      sha256: kept.sha256,
      bytes: this.#seenBytes,
      file: kept.file,
      offset: kept.offset,
      length: kept.length,
      state: cut ? 'cut' : state,
    };
  }
}

/** Append-only files that hold many small bodies each. */
class Segments {
  #fd: number | null = null;
  #number = 0;
  #bytes = 0;

  constructor(readonly parts: BodyParts) {}

  append(bytes: Uint8Array): Kept {
    if (this.#fd === null || this.#bytes + bytes.length > SEGMENT_BYTES) this.#next();
    const file = this.#name();
    const offset = this.#bytes;
    const { written, error } = this.#fd === null ? { written: 0, error: null } : writeWhole(this.#fd, bytes);
    this.#bytes += written;
    if (error !== null) this.parts.onError(error, file);
    return { file, offset, length: written, sha256: sha256(bytes.subarray(0, written)), failed: written < bytes.length };
  }

  close(): void {
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
    this.#tail = this.#tail.then(() => this.#put(chunk));
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
