import type { ProcessRef } from '../model/event.js';
import { createProcess } from './process.js';
import type { EndedHow, ProcessParts, VirtualProcess } from './process.js';

/** Android gives pids in turn; the first ones belong to the system. */
const FIRST_PID = 4_210;
/** ProcessLifecycleOwner waits this long before it says that an app is in background, in ms of the run clock. */
const BACKGROUND_MS = 700;

/** What all processes of one app share, and who hears of them. */
export interface ProcessesParts extends Pick<
  ProcessParts,
  'app' | 'uid' | 'phone' | 'clock' | 'windows' | 'network' | 'permissions' | 'files' | 'send' | 'known'
> {
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

/** Whether the app is in front, as Android tells it to its processes. */
interface Visibility {
  /** The launcher has started the app and no activity is there yet: Android counts it as in front. */
  starting: boolean;
  inFront(): boolean;
  resumed(): void;
  paused(): void;
  /** The main process is gone and its windows with it: nobody is told. */
  gone(): void;
}

function visibility({ app, windows, clock }: ProcessesParts, running: ReadonlyMap<string, VirtualProcess>): Visibility {
  let visible = false;
  const inFront = (): boolean => windows.foreground() === app.package;
  const own: Visibility = {
    starting: false,
    inFront,
    gone: () => {
      visible = false;
    },
    resumed: () => {
      own.starting = false;
      if (visible) return;
      visible = true;
      for (const process of running.values()) process.toForeground();
    },
    // Between two activities nothing is resumed for a moment.
    paused: () =>
      void clock.setTimer(() => {
        if (!visible || inFront()) return;
        visible = false;
        for (const process of running.values()) process.toBackground();
      }, BACKGROUND_MS),
  };
  return own;
}

/** No process runs at first. */
export function createProcesses(parts: ProcessesParts): Processes {
  const running = new Map<string, VirtualProcess>();
  const view = visibility(parts, running);
  let nextPid = FIRST_PID;

  const ended = (process: ProcessRef, how: EndedHow, error: unknown): void => {
    for (const [suffix, one] of running) if (one.ref.pid === process.pid) running.delete(suffix);
    if (process.name === parts.app.package) view.gone();
    if (running.size === 0) parts.permissions.processesEnded();
    parts.ended(process, how, error);
  };
  const start = async (suffix: string): Promise<void> => {
    if (running.has(suffix)) return;
    const release = parts.clock.hold('process start');
    try {
      const process = createProcess({
        ...parts,
        suffix,
        pid: nextPid++,
        foreground: () => view.starting || view.inFront(),
        startProcess: (other) => void start(other),
        resumed: view.resumed,
        paused: view.paused,
        ended,
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
      view.starting = true;
      await start('');
    },
    async stop() {
      for (const process of running.values()) process.kill();
      view.starting = false;
      await new Promise<void>((done) => setImmediate(done));
      parts.windows.close(parts.app.package, null);
    },
    flush: () => {
      for (const process of running.values()) process.flush();
    },
  };
}
