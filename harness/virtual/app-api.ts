import type { AppProcess, Http, Ui } from '../model/app.js';
import type { ProcessRef } from '../model/event.js';
import { javaApi } from './java/api.js';
import type { JavaVm } from './java/vm.js';
import type { ProcessParts, RunMain } from './process.js';
import type { Sandbox } from './sandbox.js';
import { throwable } from './throwable.js';
import type { Timers } from './timers.js';

/** Threads that a process may have at once; beyond, Android's own answer is an OutOfMemoryError. */
const THREADS = 2000;

/** One process as its API needs it. */
export interface ApiParts {
  readonly parts: ProcessParts;
  readonly ref: ProcessRef;
  readonly vm: JavaVm;
  readonly ui: Ui;
  readonly sandbox: Sandbox;
  readonly timers: Timers;
  readonly main: RunMain;
  /** Request code → who waits for the answers. */
  readonly asked: Map<number, (answers: Readonly<Record<string, boolean>>) => void>;
  /** System.exit. */
  leave(): void;
}

/** What app code may touch, and the way to tell it that it comes to the front or leaves it. */
export function appApi(own: ApiParts): { readonly api: AppProcess; toForeground(): void; toBackground(): void } {
  const { parts, ref, vm, sandbox, timers, main } = own;
  const java = javaApi(vm);
  const foreground: (() => void)[] = [];
  const background: (() => void)[] = [];
  const api: AppProcess = {
    ...java,
    pid: ref.pid,
    name: ref.name,
    package: ref.package,
    thread: threadsOf(own),
    after: (ms, frame, body) => timers.set(ms, false, frame, body),
    every: (ms, frame, body) => timers.set(ms, true, frame, body),
    contacts: { ...java.contacts, pick: () => pick(own) },
    permissions: { granted: (permission) => parts.phone.granted(ref.package, permission), request: requests(own) },
    http: client(own, null),
    pinned: (host) => client(own, host),
    files: parts.files,
    ui: own.ui,
    onForeground: (frame, body) => void foreground.push(() => main([frame, 'android.app.Activity.performStart'], body)),
    onBackground: (frame, body) => void background.push(() => main([frame, 'android.app.Activity.performStop'], body)),
    startProcess: (suffix) => {
      if (parts.app.processes[suffix] === undefined)
        throw throwable('java.lang.IllegalArgumentException', `no process ${suffix} is declared`);
      parts.startProcess(suffix);
    },
    exit: () => {
      own.leave();
      sandbox.check();
    },
  };
  return { api, toForeground: () => foreground.forEach((run) => run()), toBackground: () => background.forEach((run) => run()) };
}

function threadsOf({ vm, sandbox }: ApiParts): AppProcess['thread'] {
  let running = 0;
  return (name, frame, body) => {
    if (running >= THREADS) throw throwable('java.lang.OutOfMemoryError', 'pthread_create (1040KB stack) failed: Try again');
    sandbox.run(() => {
      const result: unknown = vm.thread(name, [frame], body);
      if (!(result instanceof Promise)) return undefined;
      running += 1;
      return result.finally(() => {
        running -= 1;
      });
    });
  };
}

function requests({ vm, sandbox, asked }: ApiParts): AppProcess['permissions']['request'] {
  let last = 0;
  return (permissions, frame) => {
    last += 1;
    const code = last;
    return sandbox.whileAlive(() => {
      const answered = new Promise<Readonly<Record<string, boolean>>>((done) => asked.set(code, done)).finally(() => asked.delete(code));
      vm.within(
        frame,
        () => void vm.call('android.app.Activity', 'requestPermissions', ['[Ljava.lang.String;', 'int'], null, [permissions, code]),
      );
      return answered;
    });
  };
}

/** The system's picker: what it gives back was chosen by the user, and is not a read of the address book. */
async function pick({ parts, ref, sandbox }: ApiParts): ReturnType<AppProcess['contacts']['pick']> {
  const row = await sandbox.whileAlive(() => parts.windows.pickContact(parts.phone.contacts()));
  if (row !== null) parts.picked(ref, [row.name, row.phone]);
  return row;
}

function client({ parts, ref, sandbox }: ApiParts, pin: string | null): Http {
  const http = parts.network.client({ uid: parts.uid, package: ref.package, pid: ref.pid }, pin);
  return { send: (request) => sandbox.whileAlive(() => http.send(request)) };
}
