import type { RunClock } from '../../model/clock.js';
import type { Phone } from '../phone.js';
import type { ClassDefinition, MethodDefinition } from './classes.js';
import { allClasses } from './classes/index.js';
import type { JavaCrypto } from './crypto.js';
import { JavaError, type JavaObject, isJavaObject, javaLong } from './objects.js';
import { type JavaThreads, createThreads } from './threads.js';

/** What the Java classes need from the device. */
export interface JavaHost {
  readonly phone: Phone;
  readonly clock: RunClock;
  /** `name`: the package, or `package:push`. */
  readonly process: { readonly pid: number; readonly uid: number; readonly package: string; readonly name: string };
  /** Body of Activity.requestPermissions. */
  requestPermissions(permissions: readonly string[], requestCode: number): void;
  /** Whether an activity of the app is resumed. */
  foreground(): boolean;
}

/** A method in its class; the place where a hook goes in. */
export interface Slot {
  readonly definition: MethodDefinition;
  readonly owner: LoadedClass;
  readonly frame: string;
  /** What runs instead of the body. */
  replacement: ((self: JavaObject, args: readonly unknown[]) => unknown) | null;
  /** The bridge's handle of this method, made once. */
  handle: unknown;
}

export interface LoadedClass {
  readonly name: string;
  readonly parent: LoadedClass | null;
  /** Own and inherited, by `name(types)`. */
  readonly slots: ReadonlyMap<string, Slot>;
  readonly fields: Readonly<Record<string, string>>;
}

/** The Java classes of one process, and dispatch through hooks. */
export interface World {
  readonly host: JavaHost;
  readonly crypto: JavaCrypto;
  readonly threads: JavaThreads;
  /** Null when the handset has no such class. */
  load(className: string): LoadedClass | null;
  /** Adds a class of the app: an activity, a listener. */
  define(definition: ClassDefinition): void;
  call(className: string, method: string, types: readonly string[], self: JavaObject | null, args: readonly unknown[]): unknown;
  construct(className: string, types: readonly string[], args: readonly unknown[]): JavaObject;
  /** An object without its constructor. */
  make(className: string, fields: Record<string, unknown>): JavaObject;
  /** The process's one receiver of a class. */
  systemService(className: string): JavaObject;
  dispatch(slot: Slot, self: JavaObject, args: readonly unknown[]): unknown;
  slotOf(loaded: LoadedClass, method: string, types: readonly string[]): Slot | null;
  isInstance(value: unknown, className: string): boolean;
}

/** Receivers that Android gives out under another class than the one asked for. */
const IMPLEMENTED: Readonly<Record<string, string>> = {
  'android.content.ContentResolver': 'android.app.ContextImpl$ApplicationContentResolver',
  'android.content.pm.PackageManager': 'android.app.ApplicationPackageManager',
  'android.content.Context': 'android.app.ContextImpl',
};

/** Makes the Java world of one process. */
export function createWorld(host: JavaHost, crypto: JavaCrypto): World {
  const definitions = new Map<string, ClassDefinition>();
  const loaded = new Map<string, LoadedClass>();
  const services = new Map<string, JavaObject>();
  let hashes = 0x1000;
  const threads = createThreads(host.process.pid);

  function load(name: string): LoadedClass | null {
    const done = loaded.get(name);
    if (done !== undefined) return done;
    const definition = definitions.get(name);
    if (definition === undefined || definition.since > host.phone.sdk || definition.until < host.phone.sdk) return null;
    const parent = definition.parent === null ? null : load(definition.parent);
    const slots = new Map<string, Slot>(parent?.slots ?? []);
    const made: LoadedClass = { name, parent, slots, fields: { ...parent?.fields, ...definition.fields } };
    // Constructors are not inherited.
    for (const key of slots.keys()) if (key.startsWith('$init(')) slots.delete(key);
    for (const one of definition.methods) {
      if (one.since > host.phone.sdk || one.until < host.phone.sdk) continue;
      slots.set(keyOf(one.name, one.types), { definition: one, owner: made, frame: `${name}.${one.name === '$init' ? '<init>' : one.name}`, replacement: null, handle: null });
    }
    loaded.set(name, made);
    return made;
  }
  function slotFor(className: string, method: string, types: readonly string[], self: JavaObject | null): Slot {
    const runtime = load(self === null ? className : classNameOf(self)) ?? load(className);
    if (runtime === null) throw new JavaError('java.lang.ClassNotFoundException', `Didn't find class "${className}" on path: DexPathList`);
    const slot = runtime.slots.get(keyOf(method, types));
    if (slot === undefined) throw new JavaError('java.lang.NoSuchMethodException', `${className}.${method} [${types.join(', ')}]`);
    return slot;
  }
  function dispatch(slot: Slot, self: JavaObject, args: readonly unknown[]): unknown {
    return threads.within(slot.frame, () => (slot.replacement === null ? runBody(world, slot, self, args) : slot.replacement(self, args)));
  }
  const make = (className: string, fields: Record<string, unknown>): JavaObject => ({ className, fields, hash: hashes++ });

  const world: World = {
    host, crypto, threads, load, dispatch, make,
    define(definition) {
      if (!definitions.has(definition.name)) definitions.set(definition.name, definition);
    },
    call(className, method, types, self, args) {
      const slot = slotFor(className, method, types, self);
      const receiver = self ?? (slot.definition.static ? world.make(className, {}) : world.systemService(className));
      return asItCame(() => dispatch(slot, receiver, coerced(types, args)));
    },
    construct(className, types, args) {
      const slot = slotFor(className, '$init', types, null);
      const made = make(className, {});
      asItCame(() => dispatch(slot, made, coerced(types, args)));
      return made;
    },
    systemService(className) {
      const name = IMPLEMENTED[className] ?? className;
      const found = services.get(name) ?? make(name, {});
      services.set(name, found);
      return found;
    },
    slotOf: (from, method, types) => from.slots.get(keyOf(method, types)) ?? null,
    isInstance(value, className) {
      if (className === 'java.lang.Object') return true;
      if (typeof value === 'string') return className === 'java.lang.String' || className === 'java.lang.CharSequence';
      if (!isJavaObject(value)) return false;
      for (let at = load(value.className); at !== null; at = at.parent) if (at.name === className) return true;
      return value.className === className;
    },
  };
  for (const definition of allClasses) definitions.set(definition.name, definition);
  return world;
}

/** The body itself, past any hook. */
export function runBody(world: World, slot: Slot, self: JavaObject, args: readonly unknown[]): unknown {
  if (slot.definition.body === null) throw new JavaError('java.lang.AbstractMethodError', `abstract method "${slot.frame}"`);
  return slot.definition.body(world, self, args);
}

/** Class of a value of the Java world. */
export function classNameOf(value: unknown): string {
  if (typeof value === 'string') return 'java.lang.String';
  return isJavaObject(value) ? value.className : 'java.lang.Object';
}

function keyOf(method: string, types: readonly string[]): string {
  return `${method}(${types.join(',')})`;
}

/** Numbers as longs and Uint8Arrays as byte[] where the signature says so. */
function coerced(types: readonly string[], args: readonly unknown[]): readonly unknown[] {
  if (!types.includes('long') && !types.includes('[B')) return args;
  return args.map((arg, index) => {
    if (types[index] === 'long' && (typeof arg === 'number' || typeof arg === 'bigint')) return javaLong(arg);
    if (types[index] === '[B' && ArrayBuffer.isView(arg) && !(arg instanceof Int8Array)) return new Int8Array(arg.buffer, arg.byteOffset, arg.byteLength);
    return arg;
  });
}

/** Lets a JavaScript error of app code leave the Java world as the very one that was thrown. */
function asItCame<T>(body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    if (thrown instanceof JavaError && thrown.foreign !== null) throw thrown.foreign;
    throw thrown;
  }
}
