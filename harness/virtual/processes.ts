import type { ProcessRef } from '../model/event.js';
import { createProcess } from './process.js';
import type { EndedHow, ProcessParts, VirtualProcess } from './process.js';
import { throwable } from './throwable.js';

/** Android gives pids in turn; the first ones belong to the system. */
const FIRST_PID = 4_210;
/** ProcessLifecycleOwner waits this long before it says that an app is in background, in ms of the run clock. */
const BACKGROUND_MS = 700;

/** What all processes of one app share, and who hears of them. */
export interface ProcessesParts extends Pick<ProcessParts, 'app' | 'uid' | 'phone' | 'clock' | 'windows' | 'network' | 'permissions' | 'files' | 'send'> {
  started(process: ProcessRef): void;
  ended(process: ProcessRef, how: EndedHow, error: unknown): void;
  /** Name and number of the contact that the user picked. */
  picked(process: ProcessRef, values: readonly string[]): void;
}

/** The processes of the app under test. */
export interface Processes {
  /** Brings a running app to the front; false when it has no window. */
  inFront(): boolean;
  /** Starts the main process. */
  launch(): Promise<void>;
  /** Kills them all, and waits until their agents have sent everything. */
  stop(): Promise<void>;
  flush(): void;
}

/** No process runs at first. */
export function createProcesses(parts: ProcessesParts): Processes {
  const running = new Map<string, VirtualProcess>();
  let nextPid = FIRST_PID;
  /** The launcher has started the app and no activity is there yet: Android counts it as in front. */
  let starting = false;
  let visible = false;

  const inFront = (): boolean => parts.windows.foreground() === parts.app.package;
  const appeared = (): void => {
    starting = false;
    if (visible) return;
    visible = true;
    for (const process of running.values()) process.toForeground();
  };
  const perhapsGone = (): void => {
    parts.clock.setTimer(() => {
      if (!visible || inFront()) return;
      visible = false;
      for (const process of running.values()) process.toBackground();
    }, BACKGROUND_MS);
  };
  const ended = (suffix: string) => (process: ProcessRef, how: EndedHow, error: unknown): void => {
    if (running.get(suffix)?.ref.pid === process.pid) running.delete(suffix);
    if (suffix === '') visible = false;
    if (running.size === 0) parts.permissions.processesEnded();
    parts.ended(process, how, error);
  };
  const start = async (suffix: string): Promise<void> => {
    if (parts.app.processes[suffix] === undefined) throw throwable('java.lang.IllegalArgumentException', `no process ${suffix} is declared`);
    if (running.has(suffix)) return;
    const release = parts.clock.hold('process start');
    try {
      const process = createProcess({
        ...parts, suffix, pid: nextPid++, foreground: () => starting || inFront(),
        startProcess: (other) => void start(other),
        resumed: appeared, paused: perhapsGone, ended: ended(suffix),
      });
      running.set(suffix, process);
      parts.started(process.ref);
      await process.start();
    } finally {
      setImmediate(release);
    }
  };
  return {
    inFront: () => running.has('') && parts.windows.front(parts.app.package),
    async launch() {
      starting = true;
      await start('');
    },
    async stop() {
      for (const process of running.values()) process.kill();
      await new Promise<void>((done) => setImmediate(done));
      starting = false;
      parts.windows.close(parts.app.package, null);
    },
    flush: () => { for (const process of running.values()) process.flush(); },
  };
}
