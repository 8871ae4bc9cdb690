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

/** Records of one burst; a process that reads more without ever coming back to its loop loses the rest, counted. */
const QUEUE = 200_000;

/** Puts the engine with all catalogue rows on the Java world of a process. The run clock does not jump while records wait. */
export function attachAgent(vm: JavaVm, host: JavaHost, send: (batch: WireBatch) => void): AttachedAgent {
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
  return { install: (stage) => engine.init(stage, planted(host)), flush: () => engine.flush(), stop: () => engine.stop() };
}

/** Values of the handset that a crypto call may carry before any hook has seen them read. */
function planted(host: JavaHost): readonly string[] {
  const contents = host.phone.contents();
  return [
    contents.imei,
    contents.imei2,
    contents.imsi,
    contents.iccid,
    contents.serial,
    contents.androidId,
    contents.oaid,
    contents.mac,
    contents.ssid,
    contents.bssid,
    contents.line1Number,
    contents.clipboard,
    `${contents.location.lat},${contents.location.lon}`,
    ...contents.contacts.flatMap((row) => [row.name, row.phone]),
    ...contents.sms.flatMap((row) => [row.sender, row.body]),
    ...contents.calls.map((row) => row.number),
    ...contents.packages,
  ];
}
