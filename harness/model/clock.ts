import type { Stamp } from './stamp.js';

export type TimerId = number;

/**
 * The one clock of a run. `ms` is monotonic time since the run began plus all jumps.
 * It runs at real speed, except inside `wait`: there it may jump to the next timer, at most to the wait's end, when nothing holds it.
 */
export interface RunClock {
  readonly name: string;
  /** A new stamp; every call takes the next `seq`. */
  now(): Stamp;
  /** Real wall time, ms since 1970; jumps do not move it. */
  wallMs(): number;
  /** Real monotonic time in ms. */
  monoMs(): number;
  /** Wall time as the handset shows it: `wallMs` plus jumps. */
  handsetWallMs(): number;
  setTimer(run: () => void, afterMs: number): TimerId;
  clearTimer(id: TimerId): void;
  /** Lets `ms` of run time pass. Rejects with the signal's reason when aborted. */
  wait(ms: number, why: string, signal?: AbortSignal): Promise<void>;
  /** Keeps the clock from jumping until the returned function is called (a driver request, an exchange, a batch in flight). */
  hold(why: string): () => void;
  /** Called with each jump. */
  onJump(listener: (jump: { readonly fromMs: number; readonly toMs: number; readonly why: string }) => void): void;
  /** Stops all timers. */
  close(): void;
}
