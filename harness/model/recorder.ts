import type { BodyRef, BodyState, Draft, EventId, FileRef, GapSource, ValueRef } from './event.js';
import type { RawBytes } from './flow-parts.js';
import type { Coded, GapWhat, GapWhy } from './gap-codes.js';
import type { RunClock } from './clock.js';

/** One body on its way to disk. */
export interface BodyWriter {
  /** Takes bytes as they came; false asks the sender to wait for `drained()`. */
  write(chunk: Uint8Array): boolean;
  drained(): Promise<void>;
  /** Closes the body, once; null when it had no byte, later when it is still on its way to the disk. `state` is `cut` when the limit was reached, whatever is passed. */
  end(state: BodyState): BodyRef | null | Promise<BodyRef>;
}

/** Where all recorders of a run write. Opened by `harness/store`, given to everyone else. */
export interface Recorder {
  readonly clock: RunClock;
  /** Appends one event and returns its id. A flow may lie in memory until the end of this turn of the event loop. @throws LabError STORE_FULL when the disk took nothing. */
  write(event: Draft): EventId;
  /** A gap, stamped now. Nulls in `scope` mean all. */
  gap(source: GapSource, what: Coded<GapWhat>, why: Coded<GapWhy>, scope?: { datum?: string; host?: string }): EventId;
  /** Stores a picture, a tree or a value's bytes; the same bytes are stored once. */
  file(folder: 'screens' | 'ui' | 'values', bytes: Uint8Array, extension: string): FileRef;
  /** The manifest value with exactly this text, else bytes kept in `values/` under a keyed hash. */
  valueRef(bytes: Uint8Array): ValueRef;
  body(of: 'request' | 'response'): BodyWriter;
  /** Keeps a few bytes (a message head) beside the bodies; null when the disk takes no more. */
  raw(bytes: Uint8Array): RawBytes | null;
  /** Appends a line, with its newline, to the TLS key log. */
  key(line: Uint8Array): void;
}
