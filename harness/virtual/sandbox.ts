import { AsyncLocalStorage } from 'node:async_hooks';
import { Script, createContext } from 'node:vm';
import { throwable } from './throwable.js';

/** Real ms that app code may keep the handset's thread: Android's limit for input dispatch (ANR). */
const ANR_MS = 5000;
/** Exchanges, prompts and pickers that a process may wait for at once. */
const OPEN = 2000;

/** Runs app code so that whatever it does ends its own process only. */
export interface Sandbox {
  /** Runs `body` now. What it throws, or its promise rejects with, or a turn longer than the ANR limit, goes to `crashed`. */
  run(body: () => unknown): void;
  /** False once the process has ended. */
  readonly alive: boolean;
  /** What app code did outside `run`, told by someone who caught it. */
  crash(error: unknown): void;
  /** Nothing of the app runs any more. */
  end(): void;
  /** A promise for app code that never settles once the process has ended. Throws when too many are open at once. */
  whileAlive<T>(begin: () => Promise<T>): Promise<T>;
  /** Throws inside a dead process, so that code which goes on there stops at its next call. */
  check(): void;
}

/** Thrown into code of a process that has ended; never a crash. */
class ProcessEnded extends Error {}

const owner = new AsyncLocalStorage<(error: unknown) => void>();
const script = new Script('body()');

/** A sandbox of one process. `crashed` is called at most once. */
export function createSandbox(crashed: (error: unknown) => void): Sandbox {
  let alive = true;
  let reported = false;
  let open = 0;
  const report = (error: unknown): void => {
    if (!alive || reported || error instanceof ProcessEnded) return;
    reported = true;
    crashed(error);
  };
  return {
    get alive() {
      return alive;
    },
    crash: report,
    run(body) {
      if (!alive) return;
      try {
        const result = owner.run(report, () => bounded(body));
        if (isThenable(result)) Promise.resolve(result).catch(report);
      } catch (error) {
        report(error);
      }
    },
    end: () => {
      alive = false;
    },
    whileAlive(begin) {
      if (open >= OPEN) throw throwable('java.lang.OutOfMemoryError', `more than ${OPEN} calls wait for their answer`);
      open += 1;
      const promise = begin().finally(() => {
        open -= 1;
      });
      return new Promise((done, failed) => {
        promise.then(
          (value) => {
            if (alive) done(value);
          },
          (error: unknown) => {
            if (alive) failed(error);
          },
        );
      });
    },
    check: () => {
      if (!alive) throw new ProcessEnded('the process has ended');
    },
  };
}

/** Takes rejections that app code left unhandled; the way back to the listeners of before. */
export function catchStrayRejections(): () => void {
  process.on('unhandledRejection', onStray);
  return () => void process.off('unhandledRejection', onStray);
}

function onStray(error: unknown): void {
  const report = owner.getStore();
  // Not an app's: a fault of ours, which must end the harness as it would without this listener.
  if (report === undefined) throw error;
  report(error);
}

const slot: { body: () => unknown } = { body: () => undefined };
const context = createContext(slot);
let watched = false;

/** Runs `body` under V8's own watchdog: nothing else can stop a loop in this very thread. */
function bounded(body: () => unknown): unknown {
  if (watched) return body();
  watched = true;
  slot.body = body;
  try {
    return script.runInContext(context, { timeout: ANR_MS });
  } catch (error) {
    // The watchdog's error belongs to the other realm: it is no instance of this one's Error.
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT')
      throw throwable('android.app.ApplicationNotResponding', `no answer for ${ANR_MS} ms`);
    throw error;
  } finally {
    watched = false;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
