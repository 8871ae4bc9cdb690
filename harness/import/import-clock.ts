import type { RunClock } from '../model/clock.js';

/** The clock of a run that is made from evidence: it stands still until it is set. */
export interface ImportClock extends RunClock {
  /** From here on stamps show this moment, in ms since the run began. */
  set(ms: number): void;
}

/** A clock at 0 ms of a run that began at `beganMs`, ms since 1970. Nothing waits for it. */
export function createImportClock(beganMs: number): ImportClock {
  let ms = 0;
  let seq = 0;
  const wall = (): number => beganMs + ms;
  return {
    name: 'run',
    now() {
      seq += 1;
      return { ms, slackMs: 0, clock: 'run', seq };
    },
    set(to) {
      ms = to;
    },
    wallMs: wall,
    monoMs: () => ms,
    handsetWallMs: wall,
    setTimer: () => 0,
    clearTimer: () => {},
    wait: () => Promise.reject(new Error('nothing happens while evidence is imported')),
    hold: () => () => {},
    onJump: () => {},
    close: () => {},
  };
}
