import type { RunClock, TimerId } from './model/clock.js';
import type { Stamp } from './model/stamp.js';

/** Turns of the event loop without a new hold before the clock may jump: what a timer or a released hold woke must get the time to take its own. */
const SETTLE_TURNS = 10;
/** Node fires a longer timeout at once; the pump looks again after this long. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/** A timer that sets itself again for "now" would otherwise keep the clock from ever jumping. */
const SHORTEST_TIMER_MS = 1;
const MICROSECOND = 1000;

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}
interface Wait {
  readonly endMs: number;
  readonly why: string;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}
type JumpListener = Parameters<RunClock['onJump']>[0];

/** Where a run clock takes real time from. Absent: the machine's own clocks. */
export interface ClockParts {
  /** Real wall time, ms since 1970. */
  readonly realNowMs?: () => number;
  /** Real monotonic time, ms from any origin. */
  readonly realMonoMs?: () => number;
}

/** The clock of one run, at 0 ms now; it is called `run` and its own stamps have no slack. */
export function createRunClock(parts: ClockParts): RunClock {
  return new Ticker(parts.realNowMs ?? Date.now, parts.realMonoMs ?? (() => performance.now()));
}

class Ticker implements RunClock {
  readonly name = 'run';
  readonly #timers = new Map<TimerId, Timer>();
  readonly #waits = new Set<Wait>();
  readonly #listeners: JumpListener[] = [];
  readonly #beganMonoMs: number;
  #holds = 0;
  #jumpedMs = 0;
  #seq = 0;
  #lastTimer = 0;
  #alarm: NodeJS.Timeout | null = null;
  #alarmDueMs = Infinity;
  #turn: NodeJS.Immediate | null = null;
  #quietTurns = 0;
  #closed = false;

  constructor(
    readonly wallMs: () => number,
    readonly monoMs: () => number,
  ) {
    this.#beganMonoMs = monoMs();
  }

  now(): Stamp {
    this.#seq += 1;
    return { ms: Math.round(this.#ms() * MICROSECOND) / MICROSECOND, slackMs: 0, clock: this.name, seq: this.#seq };
  }

  handsetWallMs(): number {
    return this.wallMs() + this.#jumpedMs;
  }

  setTimer(run: () => void, afterMs: number): TimerId {
    this.#lastTimer += 1;
    if (this.#closed) return this.#lastTimer;
    const dueMs = this.#ms() + Math.max(SHORTEST_TIMER_MS, afterMs);
    this.#timers.set(this.#lastTimer, { dueMs, run });
    this.#wakeBy(dueMs);
    return this.#lastTimer;
  }

  clearTimer(id: TimerId): void {
    if (this.#timers.delete(id) && this.#timers.size + this.#waits.size === 0) this.#rewake();
  }

  async wait(ms: number, why: string, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closed) throw new Error(`the run clock is closed (waiting for: ${why})`);
    const { promise, resolve, reject } = deferred();
    const wait: Wait = { endMs: this.#ms() + Math.max(0, ms), why, resolve, reject };
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#waits.add(wait);
    this.#wakeBy(wait.endMs);
    this.#stir();
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#waits.delete(wait);
      this.#rewake();
    }
  }

  hold(_why: string): () => void {
    this.#holds += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#holds -= 1;
      this.#stir();
    };
  }

  onJump(listener: JumpListener): void {
    this.#listeners.push(listener);
  }

  close(): void {
    this.#closed = true;
    this.#timers.clear();
    for (const wait of this.#waits) wait.reject(new Error(`the run clock was closed (waiting for: ${wait.why})`));
    this.#waits.clear();
    this.#rewake();
    if (this.#turn !== null) clearImmediate(this.#turn);
    this.#turn = null;
  }

  #ms(): number {
    return this.monoMs() - this.#beganMonoMs + this.#jumpedMs;
  }

  /** Something happened: whoever it woke gets its turns before the next jump. */
  #stir(): void {
    this.#quietTurns = 0;
    if (this.#turn === null && this.#waits.size > 0 && !this.#closed) this.#turn = setImmediate(() => this.#takeTurn());
  }

  #takeTurn(): void {
    this.#turn = null;
    if (this.#runDue(this.#ms())) return this.#stir();
    if (this.#waits.size === 0 || this.#holds > 0) return;
    this.#quietTurns += 1;
    if (this.#quietTurns < SETTLE_TURNS) {
      this.#turn = setImmediate(() => this.#takeTurn());
      return;
    }
    this.#jump(this.#ms(), this.#nextMs());
    this.#stir();
  }

  #jump(fromMs: number, toMs: number): void {
    if (toMs <= fromMs) return;
    this.#jumpedMs += toMs - fromMs;
    const why = [...this.#waits].reduce((a, b) => (b.endMs < a.endMs ? b : a)).why;
    for (const listener of this.#listeners) listener({ fromMs, toMs, why });
    this.#runDue(Math.max(toMs, this.#ms()));
    this.#rewake();
  }

  /** When the next timer or wait ends; Infinity: nothing is pending. */
  #nextMs(): number {
    let next = Infinity;
    for (const timer of this.#timers.values()) next = Math.min(next, timer.dueMs);
    for (const wait of this.#waits) next = Math.min(next, wait.endMs);
    return next;
  }

  /** Runs what is due at `nowMs`, in order of time, then of asking; true when anything was. What a timer sets for now waits for the next turn. */
  #runDue(nowMs: number): boolean {
    const due = [...this.#timers].filter(([, timer]) => timer.dueMs <= nowMs).toSorted(([a, x], [b, y]) => x.dueMs - y.dueMs || a - b);
    for (const [id, timer] of due) if (this.#timers.delete(id)) this.#fire(timer);
    const ended = [...this.#waits].filter((wait) => wait.endMs <= nowMs);
    for (const wait of ended) {
      this.#waits.delete(wait);
      wait.resolve();
    }
    return due.length + ended.length > 0;
  }

  /** A timer that throws is a bug of its owner: it ends the waits under way, or, without any, the process. */
  #fire(timer: Timer): void {
    try {
      timer.run();
    } catch (error) {
      if (this.#waits.size === 0)
        queueMicrotask(() => {
          throw error;
        });
      for (const wait of this.#waits) wait.reject(error);
      this.#waits.clear();
    }
  }

  /** Real time always passes too: this wakes the clock when the next thing is due without a jump. */
  #wakeBy(dueMs: number): void {
    if (dueMs >= this.#alarmDueMs || this.#closed) return;
    if (this.#alarm !== null) clearTimeout(this.#alarm);
    this.#alarmDueMs = dueMs;
    const inMs = Math.min(LONGEST_TIMEOUT_MS, Math.max(0, Math.ceil(dueMs - this.#ms())));
    this.#alarm = setTimeout(() => this.#onAlarm(), inMs);
  }

  /** Forgets the alarm, which a jump or an ended wait made wrong, and sets the right one. */
  #rewake(): void {
    if (this.#alarm !== null) clearTimeout(this.#alarm);
    this.#alarm = null;
    this.#alarmDueMs = Infinity;
    this.#wakeBy(this.#nextMs());
  }

  #onAlarm(): void {
    this.#runDue(this.#ms());
    this.#stir();
    this.#rewake();
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void; readonly reject: (reason: unknown) => void } {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
