import { type VirtualBridge, createBridge } from './bridge.js';
import { nodeCrypto } from './node-crypto.js';
import type { JavaObject } from './objects.js';
import { type JavaHost, type World, createWorld } from './world.js';

export type { JavaHost } from './world.js';
export type { JavaObject } from './objects.js';

/** The Java world of one app process. */
export interface JavaVm {
  /** Behaves as frida-java-bridge; given to the hook engine. */
  readonly bridge: VirtualBridge;
  readonly world: World;
  /** Calls a method through whatever hooks sit on it. Without `self` an instance method runs on the process's one receiver of the class. @throws a JavaThrowable, or the very error that app code threw. */
  call(className: string, method: string, types: readonly string[], self: JavaObject | null, args: readonly unknown[]): unknown;
  construct(className: string, types: readonly string[], args: readonly unknown[]): JavaObject;
  /** Puts the frame `a.b.C.method` on the current thread's stack while `body` runs. */
  within<T>(frame: string, body: () => T): T;
  /** Runs `body` as the named thread with these frames, innermost first, over the thread's own start. */
  thread<T>(name: string, frames: readonly string[], body: () => T): T;
  systemService(className: string): JavaObject;
}

/** Makes the Java world of a process. */
export function createJavaVm(host: JavaHost): JavaVm {
  const world = createWorld(host, nodeCrypto);
  return {
    world,
    bridge: createBridge(world, { hotspot: false }),
    call: (...call) => world.call(...call),
    construct: (...made) => world.construct(...made),
    within: world.threads.within,
    thread: world.threads.as,
    systemService: (className) => world.systemService(className),
  };
}
