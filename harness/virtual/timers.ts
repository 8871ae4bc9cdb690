import type { RunClock, TimerId } from '../model/clock.js';
import { throwable } from './throwable.js';

/** Timers that a process may have pending; beyond, Android's own answer is an OutOfMemoryError. */
const PENDING = 2000;
/** Timer calls in one process's life; a run of an hour with ten a second stays below. */
const TURNS = 50_000;

/** Handler.postDelayed of one process's main thread. */
export interface Timers {
  set(ms: number, again: boolean, frame: string, body: () => void): { cancel(): void };
  /** Cancels all; none can be set afterwards. */
  close(): void;
}

/** Timers on the run clock. `main` runs a body on the main thread. A process that floods is made to throw. */
export function createTimers(clock: RunClock, main: (frame: string, body: () => void) => void): Timers {
  const pending = new Set<TimerId>();
  let turns = 0;
  let open = true;
  return {
    set(ms, again, frame, body) {
      if (pending.size >= PENDING) throw throwable('java.lang.OutOfMemoryError', `more than ${PENDING} pending messages`);
      let live = true;
      let id: TimerId = 0;
      const next = (): void => {
        id = clock.setTimer(() => {
          pending.delete(id);
          turns += 1;
          main(frame, turns > TURNS ? flood : body);
          if (again && live && open) next();
        }, ms);
        pending.add(id);
      };
      if (open) next();
      return {
        cancel: () => {
          live = false;
          clock.clearTimer(id);
          pending.delete(id);
        },
      };
    },
    close: () => {
      open = false;
      for (const id of pending) clock.clearTimer(id);
      pending.clear();
    },
  };
}

function flood(): never {
  throw throwable('android.app.ApplicationNotResponding', `more than ${TURNS} messages`);
}
