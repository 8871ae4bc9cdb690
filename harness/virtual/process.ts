import type { WireBatch } from '../../hooks/wire.js';
import type { SimulatedApp } from '../model/app.js';
import type { RunClock } from '../model/clock.js';
import type { ProcessRef } from '../model/event.js';
import { appApi } from './app-api.js';
import type { Files } from './files.js';
import { attachAgent } from './java/agent.js';
import { callActivity, performClick } from './java/screen.js';
import { createJavaVm } from './java/vm.js';
import type { JavaHost, JavaVm } from './java/vm.js';
import type { Network } from './network.js';
import type { Permissions } from './permissions.js';
import type { Phone } from './phone.js';
import { createSandbox } from './sandbox.js';
import type { Sandbox } from './sandbox.js';
import { createTimers } from './timers.js';
import type { WindowHost, Windows } from './ui/windows.js';

export type EndedHow = 'exit' | 'killed' | 'crashed';

/** Everything on the handset that a process of an app touches. */
export interface ProcessParts {
  readonly app: Omit<SimulatedApp, 'truth'>;
  /** Key of `app.processes`: `''`, or `:push`. */
  readonly suffix: string;
  readonly pid: number;
  readonly uid: number;
  readonly phone: Phone;
  readonly clock: RunClock;
  readonly windows: Windows;
  readonly network: Network;
  readonly permissions: Permissions;
  readonly files: Files;
  /** Whether the app is in front, or about to be. */
  foreground(): boolean;
  send(batch: WireBatch): void;
  readonly known: readonly string[];
  /** Starts a process that the app declares; nothing when it runs. */
  startProcess(suffix: string): void;
  resumed(): void;
  paused(): void;
  /** Name and number of the contact that the user picked. */
  picked(process: ProcessRef, values: readonly string[]): void;
  ended(process: ProcessRef, how: EndedHow, error: unknown): void;
}

/** One running process. */
export interface VirtualProcess {
  readonly ref: ProcessRef;
  /** Installs the hooks, then runs Application.onCreate. */
  start(): Promise<void>;
  flush(): void;
  /** The system's kill; nothing of the app runs after it. */
  kill(): void;
  toForeground(): void;
  toBackground(): void;
}

/** Runs app code on the main thread, with these frames on its stack, innermost first. */
export type RunMain = (frames: readonly string[], body: () => unknown) => void;

type Asked = Map<number, (answers: Readonly<Record<string, boolean>>) => void>;

/** A new process; nothing of the app runs before `start`. */
export function createProcess(parts: ProcessParts): VirtualProcess {
  const { app, clock } = parts;
  const ref: ProcessRef = { pid: parts.pid, name: app.package + parts.suffix, package: app.package };
  const sandbox = createSandbox((error) => end('crashed', error));
  const asked: Asked = new Map();
  const host = javaHost(parts, ref, asked);
  const vm = createJavaVm(host);
  const agent = attachAgent(vm, host, parts);
  const main: RunMain = (frames, body) => sandbox.run(() => vm.thread('main', frames, body));
  const timers = createTimers(clock, (frame, body) => main([frame, 'android.os.Handler.handleCallback'], body));
  const end = (how: EndedHow, error: unknown): void => {
    if (!sandbox.alive) return;
    sandbox.end();
    timers.close();
    parts.network.cut(parts.pid);
    // The hooks around the call that ended it still have to write what they saw.
    queueMicrotask(() => {
      agent.stop();
      parts.windows.close(app.package, parts.pid);
      parts.ended(ref, how, error);
    });
  };
  const ui = parts.windows.attach({ package: app.package, label: app.label.zh, pid: parts.pid }, windowHost(parts, vm, sandbox));
  const { api, toForeground, toBackground } = appApi({ parts, ref, vm, ui, sandbox, timers, main, asked, leave: () => end('exit', null) });
  const guarded = untilDeath(api, sandbox);
  return {
    ref,
    toForeground,
    toBackground,
    async start() {
      await agent.install('early');
      // The app's class loader is there before Application.onCreate runs: nothing of the app precedes the late rows.
      await agent.install('late');
      main(['android.app.ActivityThread.handleBindApplication'], () => app.processes[parts.suffix]?.(guarded));
    },
    flush: () => {
      if (sandbox.alive) agent.flush();
    },
    kill: () => end('killed', null),
  };
}

/** What the Java classes of a process need from the handset. */
function javaHost(parts: ProcessParts, ref: ProcessRef, asked: Asked): JavaHost {
  return {
    phone: parts.phone,
    clock: parts.clock,
    process: { ...ref, uid: parts.uid },
    requestPermissions: (permissions, code) => void parts.permissions.request(permissions).then((answers) => asked.get(code)?.(answers)),
    foreground: parts.foreground,
  };
}

/** How touches and changes of the resumed activity reach the process. */
function windowHost(parts: ProcessParts, vm: JavaVm, sandbox: Sandbox): WindowHost {
  const tell = (activity: string, state: 'resumed' | 'paused'): void =>
    sandbox.run(() => callActivity(vm, qualified(parts.app.package, activity), state, () => undefined));
  return {
    click: (view, listener) => sandbox.run(() => performClick(vm, view, listener)),
    resumed: (activity) => {
      tell(activity, 'resumed');
      parts.resumed();
    },
    paused: (activity) => {
      tell(activity, 'paused');
      parts.paused();
    },
    crashed: (error) => sandbox.crash(error),
  };
}

/** Code that goes on in a process that has ended stops at the next thing it touches. */
function untilDeath<T extends object>(api: T, sandbox: Sandbox): T {
  return new Proxy(api, {
    get(target, key, receiver): unknown {
      sandbox.check();
      return Reflect.get(target, key, receiver);
    },
  });
}

/** The whole class name of an activity. */
function qualified(packageName: string, activity: string): string {
  return activity.startsWith(`${packageName}.`) ? activity : `${packageName}.${activity}`;
}
