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
  return new Classes(host, crypto);
}

class Classes implements World {
  readonly threads: JavaThreads;
  private readonly definitions = new Map<string, ClassDefinition>(allClasses.map((definition) => [definition.name, definition]));
  private readonly loaded = new Map<string, LoadedClass>();
  private readonly services = new Map<string, JavaObject>();
  private hashes = 0x1000;

  constructor(
    readonly host: JavaHost,
    readonly crypto: JavaCrypto,
  ) {
    this.threads = createThreads(host.process.pid);
  }

  load(className: string): LoadedClass | null {
    const done = this.loaded.get(className);
    if (done !== undefined) return done;
    const definition = this.definitions.get(className);
    const { sdk } = this.host.phone;
    if (definition === undefined || definition.since > sdk || definition.until < sdk) return null;
    const parent = definition.parent === null ? null : this.load(definition.parent);
    const slots = new Map<string, Slot>(parent?.slots ?? []);
    const made: LoadedClass = { name: className, parent, slots, fields: { ...parent?.fields, ...definition.fields } };
    // Constructors are not inherited.
    for (const key of slots.keys()) if (key.startsWith('$init(')) slots.delete(key);
    for (const one of definition.methods) {
      if (one.since > sdk || one.until < sdk) continue;
      slots.set(keyOf(one.name, one.types), {
        definition: one,
        owner: made,
        frame: `${className}.${one.name === '$init' ? '<init>' : one.name}`,
        replacement: null,
        handle: null,
      });
    }
    this.loaded.set(className, made);
    return made;
  }
  define(definition: ClassDefinition): void {
    if (!this.definitions.has(definition.name)) this.definitions.set(definition.name, definition);
  }
  call(...[className, method, types, self, args]: Parameters<World['call']>): unknown {
    const slot = this.find(className, method, types, self);
    const receiver = self ?? (slot.definition.static ? this.make(className, {}) : this.systemService(className));
    return asItCame(() => this.dispatch(slot, receiver, coerced(types, args)));
  }
  construct(className: string, types: readonly string[], args: readonly unknown[]): JavaObject {
    const slot = this.find(className, '$init', types, null);
    const made = this.make(className, {});
    asItCame(() => this.dispatch(slot, made, coerced(types, args)));
    return made;
  }
  make(className: string, fields: Record<string, unknown>): JavaObject {
    return { className, fields, hash: this.hashes++ };
  }
  systemService(className: string): JavaObject {
    const name = IMPLEMENTED[className] ?? className;
    const found = this.services.get(name) ?? this.make(name, {});
    this.services.set(name, found);
    return found;
  }
  dispatch(slot: Slot, self: JavaObject, args: readonly unknown[]): unknown {
    return this.threads.within(slot.frame, () =>
      slot.replacement === null ? runBody(this, slot, self, args) : slot.replacement(self, args),
    );
  }
  slotOf(loaded: LoadedClass, method: string, types: readonly string[]): Slot | null {
    return loaded.slots.get(keyOf(method, types)) ?? null;
  }
  isInstance(value: unknown, className: string): boolean {
    if (className === 'java.lang.Object') return true;
    if (typeof value === 'string') return className === 'java.lang.String' || className === 'java.lang.CharSequence';
    if (!isJavaObject(value)) return false;
    for (let at = this.load(value.className); at !== null; at = at.parent) if (at.name === className) return true;
    return value.className === className;
  }
  private find(className: string, method: string, types: readonly string[], self: JavaObject | null): Slot {
    const runtime = this.load(self === null ? className : classNameOf(self)) ?? this.load(className);
    if (runtime === null) throw new JavaError('java.lang.ClassNotFoundException', `Didn't find class "${className}" on path: DexPathList`);
    const slot = this.slotOf(runtime, method, types);
    if (slot === null) throw new JavaError('java.lang.NoSuchMethodException', `${className}.${method} [${types.join(', ')}]`);
    return slot;
  }
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
    if (types[index] === '[B' && ArrayBuffer.isView(arg) && !(arg instanceof Int8Array))
      return new Int8Array(arg.buffer, arg.byteOffset, arg.byteLength);
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
