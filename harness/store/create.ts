import { createHmac } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { RunClock } from '../model/clock.js';
import { LabError } from '../model/errors.js';
import type { Draft, End, EventId, FileRef, GapSource, ValueId, ValueRef } from '../model/event.js';
import type { RawBytes } from '../model/flow-parts.js';
import type { Coded, GapWhat, GapWhy } from '../model/gap-codes.js';
import type { BodyWriter, Recorder } from '../model/recorder.js';
import type { RunHead } from '../model/run.js';
import type { Manifest } from '../model/values.js';
import { manifestBytes, valueKey } from '../values/manifest.js';
import { openBodies, type BodyStore } from './bodies-write.js';
import { chainLine, lastLine } from './chain.js';
import { codeOf, diskError, makeFolders, onDisk, removeIfEmpty, sha256, writeAtomic, writeWhole } from './disk.js';
import { eventMembers, nameMember } from './event-json.js';
import { openKeyLog, type KeyLog } from './key-log.js';
import { LOCK, lockFolder } from './lock.js';

/** Bytes kept of one body when `createRun` is told nothing else. */
export const BODY_LIMIT_BYTES = 64 * 1024 * 1024;
/** Freed when the disk is full, so that the gap and the end can still be written. */
const RESERVE = '.reserve';
const RESERVE_BYTES = 64 * 1024;
/** Flows that wait for the end of the turn, at most. */
const UNWRITTEN_LINES = 200;
const LF = 10;
const OWNER_ONLY = 0o600;
const READABLE = 0o644;

/** What a run is created from. The hash in `head.manifest` must be that of `manifest`. */
export interface RunParts {
  readonly dir: string;
  readonly head: RunHead;
  readonly manifest: Manifest;
  readonly clock: RunClock;
  /** Bytes kept of one body. Absent: BODY_LIMIT_BYTES. */
  readonly bodyLimitBytes?: number;
}

/** The recorder of a run, with the ways to end it. */
export interface RunRecorder extends Recorder {
  readonly dir: string;
  /** Appends an event of imported evidence under the name it has there, unique in the run and no `e<number>`. Returns the name. @throws LabError STORE_FULL */
  writeNamed(event: Draft, name: string): EventId;
  /** Writes the End, and gives the folder back. Only the first call counts. */
  close(outcome: End['outcome'], why: string | null): void;
  /** Why nothing can be written any more; null: all is well. */
  failure(): LabError | null;
  /** Called once, when the disk takes no more. */
  onFailure(listener: (error: LabError) => void): void;
}

/**
 * Creates a run folder with run.json, values/manifest.json and the first line of events.jsonl, and holds its lock until `close`.
 * When that fails nothing of it stays. @throws LabError RUN_IN_USE, RUN_EXISTS, NO_PERMISSION, BAD_PATH, NO_ROOM
 */
export function createRun(parts: RunParts): RunRecorder {
  const { dir } = parts;
  try {
    const made = makeFolders(dir);
    try {
      return lockAndBegin(parts);
    } catch (error) {
      for (const folder of made) removeIfEmpty(folder);
      throw error;
    }
  } catch (error) {
    // Whoever reads STORE_FULL is told to judge what was recorded: here there is nothing.
    throw error instanceof LabError && error.code === 'STORE_FULL' ? new LabError('NO_ROOM', { path: dir }, { cause: error }) : error;
  }
}

function lockAndBegin(parts: RunParts): RunRecorder {
  const { dir } = parts;
  const unlock = lockFolder(dir);
  const others = (): readonly string[] => onDisk(dir, () => fs.readdirSync(dir)).filter((name) => !name.startsWith(LOCK));
  try {
    if (others().length > 0) throw new LabError('RUN_EXISTS', { dir });
    try {
      return new Store(parts, prepare(parts), unlock);
    } catch (error) {
      for (const name of others()) fs.rmSync(path.join(dir, name), { recursive: true, force: true });
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Writes what stands before the first event; returns the SHA-256 of run.json. */
function prepare({ dir, head, manifest }: RunParts): string {
  const values = manifestBytes(manifest);
  if (sha256(values) !== head.manifest.sha256) throw new Error('head.manifest.sha256 is not the hash of the manifest');
  for (const name of ['bodies', 'screens', 'ui']) onDisk(dir, () => fs.mkdirSync(path.join(dir, name)));
  onDisk(dir, () => fs.mkdirSync(path.join(dir, 'values'), { mode: 0o700 }));
  writeAtomic(path.join(dir, 'values', 'manifest.json'), values, OWNER_ONLY);
  writeAtomic(path.join(dir, RESERVE), Buffer.alloc(RESERVE_BYTES, 0x20), OWNER_ONLY);
  const run = Buffer.from(`${JSON.stringify(head, null, 2)}\n`);
  writeAtomic(path.join(dir, 'run.json'), run, READABLE);
  return sha256(run);
}

/** A line with its newline, and the hash of the line before it. */
interface Line {
  readonly prev: string;
  readonly bytes: Buffer;
}

class Store implements RunRecorder {
  readonly dir: string;
  readonly clock: RunClock;
  readonly #unlock: () => void;
  readonly #fd: number;
  readonly #bodies: BodyStore;
  readonly #keys: KeyLog;
  readonly #valueKey: Buffer;
  readonly #known: ReadonlyMap<string, ValueId>;
  readonly #stored = new Map<string, FileRef>();
  readonly #listeners: ((error: LabError) => void)[] = [];
  #prev: string;
  #bytes = 0;
  #events = 0;
  #unwritten: Line[] = [];
  #willFlush = false;
  #failure: LabError | null = null;
  #closed = false;

  constructor(parts: RunParts, head: string, unlock: () => void) {
    this.dir = parts.dir;
    this.clock = parts.clock;
    this.#unlock = unlock;
    this.#prev = head;
    this.#valueKey = valueKey(parts.manifest);
    this.#known = new Map(parts.manifest.values.map((value) => [value.text, value.id]));
    this.#fd = onDisk(this.dir, () => fs.openSync(path.join(this.dir, 'events.jsonl'), 'ax', READABLE));
    this.#bodies = openBodies({
      dir: this.dir,
      limitBytes: parts.bodyLimitBytes ?? BODY_LIMIT_BYTES,
      onError: (error, file) => this.#onDiskError(error, file),
      flush: () => this.#flush(),
    });
    this.#keys = openKeyLog(this.dir, (error, file) => this.#onDiskError(error, file));
    try {
      this.write({ kind: 'lifecycle', at: this.clock.now(), what: 'opened', process: null, detail: parts.head.id, head });
    } catch (error) {
      fs.closeSync(this.#fd);
      throw error;
    }
  }

  write(event: Draft): EventId {
    return this.#write(event, null);
  }

  writeNamed(event: Draft, name: string): EventId {
    this.#write(event, name);
    return name;
  }

  #write(event: Draft, name: string | null): EventId {
    if (this.#closed) throw new Error(`an event came after the end of the run: ${event.kind}`);
    if (this.#failure !== null) throw this.#failure;
    const id = this.#append(event, chainLine, name);
    // Flows come by the thousand: those of one turn share a write.
    if (event.kind !== 'flow' || this.#unwritten.length >= UNWRITTEN_LINES) this.#flush();
    else this.#flushSoon();
    if (this.#failure !== null) throw this.#failure;
    return id;
  }

  gap(source: GapSource, what: Coded<GapWhat>, why: Coded<GapWhy>, scope?: { datum?: string; host?: string }): EventId {
    return this.write({
      kind: 'gap',
      at: this.clock.now(),
      source,
      what,
      why,
      scope: { datum: scope?.datum ?? null, host: scope?.host ?? null, phase: null },
    });
  }

  file(folder: 'screens' | 'ui' | 'values', bytes: Uint8Array, extension: string): FileRef {
    if (!/^[a-z0-9]{1,8}$/.test(extension)) throw new Error(`not a file extension: ${extension}`);
    const hash = sha256(bytes);
    // A plain hash in the name would let anyone who sees a listing try out phone numbers.
    const name = folder === 'values' ? this.#keyedHash(bytes) : hash;
    const file = `${folder}/${name}.${extension}`;
    const stored = this.#stored.get(file);
    if (stored !== undefined) return stored;
    this.#put(file, bytes, folder === 'values' ? OWNER_ONLY : READABLE);
    const ref = { file, sha256: hash, bytes: bytes.length };
    this.#stored.set(file, ref);
    return ref;
  }

  valueRef(bytes: Uint8Array): ValueRef {
    const value = this.#known.get(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
    if (value !== undefined) return { value };
    this.file('values', bytes, 'bin');
    return { keyedHash: this.#keyedHash(bytes), bytes: bytes.length };
  }

  body(of: 'request' | 'response'): BodyWriter {
    return this.#bodies.writer(of);
  }

  raw(bytes: Uint8Array): RawBytes | null {
    return this.#bodies.raw(bytes);
  }

  key(line: Uint8Array): void {
    this.#keys.append(line);
  }

  failure(): LabError | null {
    return this.#failure;
  }

  onFailure(listener: (error: LabError) => void): void {
    this.#listeners.push(listener);
  }

  close(outcome: End['outcome'], why: string | null): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#bodies.close();
    this.#keys.close();
    fs.rmSync(path.join(this.dir, RESERVE), { force: true });
    try {
      const failed = this.#failure;
      const ending = failed === null ? { outcome, why } : { outcome: 'failed' as const, why: why ?? failed.code };
      this.#append({ kind: 'end', at: this.clock.now(), ...ending }, lastLine, null);
      const error = this.#writeLines();
      if (error !== null) throw error;
      fs.fsyncSync(this.#fd);
    } catch (error) {
      // Without its End the run reads as interrupted, which is what it is; the cause is already known.
      if (this.#failure === null) throw error;
    } finally {
      fs.closeSync(this.#fd);
      this.#unlock();
    }
  }

  #append(event: Draft, form: (prev: string, members: string) => string, name: string | null): EventId {
    const id: EventId = `e${this.#events + 1}`;
    const line = form(this.#prev, name === null ? eventMembers(id, event) : eventMembers(id, event) + nameMember(name));
    const bytes = Buffer.from(`${line}\n`);
    this.#unwritten.push({ prev: this.#prev, bytes });
    this.#events += 1;
    this.#prev = sha256(bytes.subarray(0, -1));
    return id;
  }

  #flushSoon(): void {
    if (this.#willFlush) return;
    this.#willFlush = true;
    setImmediate(() => {
      this.#willFlush = false;
      if (!this.#closed) this.#flush();
    });
  }

  /** Bodies first: a killed process leaves no line whose bytes are not there. */
  #flush(): void {
    if (!this.#bodies.flush()) return;
    const error = this.#writeLines();
    if (error !== null) this.#onDiskError(error, 'events.jsonl');
  }

  /** One write call for all lines at hand: a killed process leaves whole lines and at most one torn one. Lines that the disk did not take are dropped. */
  #writeLines(): unknown {
    const lines = this.#unwritten;
    if (lines.length === 0) return null;
    this.#unwritten = [];
    const [only] = lines;
    const bytes = lines.length === 1 && only !== undefined ? only.bytes : Buffer.concat(lines.map((line) => line.bytes));
    const { written, error } = writeWhole(this.#fd, bytes);
    if (error === null) {
      this.#bytes += bytes.length;
      return null;
    }
    const whole = bytes.lastIndexOf(LF, Math.max(0, written) - 1) + 1;
    const kept = written === 0 || whole === 0 ? 0 : whole;
    if (written > kept) fs.ftruncateSync(this.#fd, this.#bytes + kept);
    this.#bytes += kept;
    this.#dropAfter(lines, bytes.subarray(0, kept).filter((byte) => byte === LF).length);
    return error;
  }

  /** Lines from `kept` on are not in the run: the chain goes on behind the one before. */
  #dropAfter(lines: readonly Line[], kept: number): void {
    const [first] = lines.slice(kept);
    if (first === undefined) return;
    this.#prev = first.prev;
    this.#events -= lines.length - kept;
  }

  #put(file: string, bytes: Uint8Array, mode: number): void {
    if (this.#failure !== null) throw this.#failure;
    const full = path.join(this.dir, file);
    try {
      fs.writeFileSync(full, bytes, { flag: 'wx', mode });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') fs.rmSync(full, { force: true });
      throw this.#fail(error, file);
    }
  }

  #keyedHash(bytes: Uint8Array): string {
    return createHmac('sha256', this.#valueKey).update(bytes).digest('hex');
  }

  #onDiskError(error: unknown, file: string): void {
    const failure = this.#fail(error, file);
    if (!(failure instanceof LabError)) throw failure;
  }

  /** From the first failed write on nothing is recorded but a gap that says so, and the End. */
  #fail(error: unknown, file: string): unknown {
    const failure = diskError(error, path.join(this.dir, file));
    if (!(failure instanceof LabError) || this.#failure !== null) return failure;
    this.#failure = failure;
    fs.rmSync(path.join(this.dir, RESERVE), { force: true });
    if (this.#bodies.flush()) this.#writeLines();
    // What lines left now tell of lies in bytes that the disk did not take.
    this.#dropAfter(this.#unwritten, 0);
    this.#unwritten = [];
    this.#append(
      {
        kind: 'gap',
        at: this.clock.now(),
        source: 'store',
        what: `not-written: ${file}`,
        why: `disk: ${codeOf(error) ?? 'unknown'}`,
        scope: { datum: null, host: null, phase: null },
      },
      chainLine,
      null,
    );
    // Where even that does not fit, the End will not either, and the reader sees an interrupted run.
    this.#writeLines();
    for (const listener of this.#listeners) listener(failure);
    return failure;
  }
}
