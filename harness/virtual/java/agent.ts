import { createEngine } from '../../../hooks/agent/engine.js';
import { catalogue } from '../../../hooks/catalogue/index.js';
import type { WireBatch } from '../../../hooks/wire.js';
import type { JavaHost, JavaVm } from './vm.js';

/** The hook agent inside one process of the virtual handset. */
export interface AttachedAgent {
  /** Puts the hooks in: `early` before the app's first own code, `late` once it runs. */
  install(stage: 'early' | 'late'): Promise<void>;
  flush(): void;
  stop(): void;
}

/** Where records go, and the values that a crypto call may carry before any hook has seen them read. */
export interface AgentParts {
  send(batch: WireBatch): void;
  readonly known: readonly string[];
}

/** Records of one burst; a process that reads more without ever coming back to its loop loses the rest, counted. */
const QUEUE = 200_000;

/** Puts the engine with all catalogue rows on the Java world of a process. The run clock does not jump while records wait. */
export function attachAgent(vm: JavaVm, host: JavaHost, { send, known }: AgentParts): AttachedAgent {
  const engine = createEngine(
    {
      java: vm.bridge,
      pid: host.process.pid,
      process: host.process.name,
      package: host.process.package,
      stamp: () => host.clock.now(),
      threadId: () => vm.world.threads.current.tid,
      threadName: () => vm.world.threads.current.name,
      // The main process is on its way to the front while it starts; what another process sees is the app's state.
      foreground: () => (host.process.name === host.process.package ? null : host.foreground()),
      later(run) {
        const release = host.clock.hold('hook records');
        setImmediate(() => {
          try {
            run();
          } finally {
            release();
          }
        });
      },
      tick: () => new Promise((done) => setImmediate(done)),
      send,
      queueLimit: QUEUE,
    },
    catalogue,
  );
  // What an implementation throws past the engine has already changed what the app got: that must be seen.
  vm.bridge.onError((error) => engine.fault('bridge', 'implementation', error));
  return { install: (stage) => engine.init(stage, known), flush: () => engine.flush(), stop: () => engine.stop() };
}
