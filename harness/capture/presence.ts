import type { RunClock } from '../model/clock.js';

/** One thing in flight. It ends at `leave`, and pauses by itself after its quiet time without a `touch`. */
export interface Stay {
  /** A byte moved: in flight again. */
  touch(): void;
  leave(): void;
}

/** Real time in which the first request of a connection usually comes; until then it counts as in flight. */
const FIRST_REQUEST_MS = 50;

/** Ends a stay when the first request has had time to begin its own. */
export function leaveSoon(stay: Stay): void {
  setTimeout(() => stay.leave(), FIRST_REQUEST_MS).unref();
}

/** Knows what is in flight and holds the run clock for it. */
export interface Presence {
  /** `quietMs` (real time): how long without a touch until it no longer counts; without that one hung server would bind the run clock to real time. */
  enter(quietMs: number): Stay;
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>;
}

/** Tracks exchanges on `clock`. */
export function createPresence(clock: RunClock): Presence {
  let here = 0;
  let waiting: (() => void)[] = [];
  const gone = (): void => {
    here -= 1;
    if (here > 0) return;
    const wake = waiting;
    waiting = [];
    for (const resolve of wake) resolve();
  };
  return {
    enter(quietMs) {
      let release: (() => void) | null = null;
      let left = false;
      const pause = (): void => {
        if (release === null) return;
        release();
        release = null;
        gone();
      };
      const timer = setTimeout(pause, quietMs).unref();
      const touch = (): void => {
        if (left) return;
        timer.refresh();
        if (release !== null) return;
        here += 1;
        release = clock.hold('exchange');
      };
      touch();
      return {
        touch,
        leave: () => {
          left = true;
          clearTimeout(timer);
          pause();
        },
      };
    },
    idle: () => (here === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
