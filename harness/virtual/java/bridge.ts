import type { JavaBridge, JavaDispatcher, JavaImplementation, JavaMethod, JavaWrapper } from '../../../hooks/agent/java.js';
import { JavaError, type JavaObject, isJavaObject, isJavaThrowable } from './objects.js';
import { compatible, defaultOf } from './bridge-types.js';
import { type LoadedClass, type Slot, type World, classNameOf, runBody } from './world.js';

/** What the bridge can be asked beside what the engine uses. */
export interface VirtualBridge extends JavaBridge {
  retain(object: JavaWrapper): JavaWrapper;
  /** Called with every error that an implementation threw or every result that did not fit: the app has got the type's default. */
  onError(listener: (error: unknown) => void): void;
}

/** Options that make it behave as the real bridge does on a HotSpot VM: `.implementation` takes effect a tick later. */
export interface BridgeOptions { readonly hotspot: boolean }

type Handler = JavaImplementation;
interface MutableWrapper { $h: unknown }
const DISPOSED = 'Wrapper is disposed; perhaps it was borrowed from a hook instead of calling Java.retain() to make a long-lived wrapper?';

/** A bridge over the virtual Java world that behaves as frida-java-bridge 7.0.13 does (lib/class-factory.js, lib/types.js). */
export function createBridge(world: World, options: BridgeOptions): VirtualBridge {
  const prototypes = new Map<string, object>();
  const classWrappers = new Map<string, JavaWrapper>();
  const listeners: ((error: unknown) => void)[] = [];
  const pending = new Map<Slot, Set<number>>();

  function prototypeOf(loaded: LoadedClass): object {
    const done = prototypes.get(loaded.name);
    if (done !== undefined) return done;
    const made: object = Object.create(null) as object;
    prototypes.set(loaded.name, made);
    const names = new Set([...loaded.slots.values()].map((slot) => slot.definition.name));
    for (const name of names) define(made, name, () => dispatcherOf(name, [...loaded.slots.values()].filter((slot) => slot.definition.name === name)));
    if (names.has('$init')) define(made, '$new', () => constructorOf(loaded));
    for (const name of Object.keys(loaded.fields)) Object.defineProperty(made, name, { get(this: JavaWrapper) { return fieldOf(this, name, loaded.fields[name] ?? ''); } });
    Object.defineProperty(made, '$className', { get(this: JavaWrapper) { return this.$h === null ? loaded.name : classNameOf(handleOf(this)); } });
    Object.defineProperty(made, '$n', { value: loaded.name });
    Object.defineProperty(made, '$dispose', { value(this: MutableWrapper) { if (this.$h !== null) this.$h = undefined; } });
    return made;
  }
  function wrapper(loaded: LoadedClass, handle: unknown): JavaWrapper {
    const made = Object.create(prototypeOf(loaded)) as MutableWrapper;
    made.$h = handle;
    return made as unknown as JavaWrapper;
  }
  function use(className: string): JavaWrapper {
    const done = classWrappers.get(className);
    if (done !== undefined) return done;
    const loaded = world.load(className);
    if (loaded === null) throw bridgeError(new JavaError('java.lang.ClassNotFoundException', `Didn't find class "${className}" on path: DexPathList[[directory "."],nativeLibraryDirectories=[/system/lib64]]`));
    const made = wrapper(loaded, null);
    classWrappers.set(className, made);
    return made;
  }
  /** A value of the Java world as an implementation or a caller in JavaScript sees it. */
  function toScript(value: unknown, type: string): unknown {
    if (type === 'void') return undefined;
    if (value === null || value === undefined) return null;
    if (typeof value === 'string' && type === 'java.lang.String') return value;
    if (Array.isArray(value)) {
      const element = type.startsWith('[L') ? type.slice(2, -1) : 'java.lang.Object';
      const made = value.map((item) => toScript(item, element));
      Object.defineProperty(made, '$w', { value: { $h: value } });
      return made;
    }
    if (typeof value === 'string' || isJavaObject(value)) return wrapper(world.load(type) ?? world.load(classNameOf(value)) ?? required('java.lang.Object'), value);
    return value;
  }
  function required(className: string): LoadedClass {
    const loaded = world.load(className);
    if (loaded === null) throw new Error(`no ${className}`);
    return loaded;
  }

  function dispatcherOf(name: string, slots: readonly Slot[]): JavaDispatcher {
    const overloads = slots.map(methodOf);
    const call = function (this: JavaWrapper, ...args: unknown[]): unknown {
      const chosen = slots.findIndex((slot) => fits(slot, args));
      const method = overloads[chosen];
      if (method === undefined) throw overloadError(name, slots, 'argument types do not match any of:');
      if (slots[chosen]?.definition.static === false && this.$h === null) throw new Error(`${name}: cannot call instance method without an instance`);
      return method.apply(this, args);
    };
    const only = (): JavaMethod => {
      if (overloads.length > 1 || overloads[0] === undefined) throw overloadError(name, slots, 'has more than one overload, use .overload(<signature>) to choose from:');
      return overloads[0];
    };
    Object.defineProperties(call, {
      overloads: { value: overloads },
      methodName: { value: name },
      argumentTypes: { get: () => only().argumentTypes },
      overload: {
        value(...types: readonly string[]) {
          const index = slots.findIndex((slot) => slot.definition.types.join(':') === types.join(':'));
          const found = overloads[index];
          if (found === undefined) throw overloadError(name, slots, 'specified argument types do not match any of:');
          return found;
        },
      },
      implementation: { get: () => only().implementation, set: (fn: Handler | null) => { only().implementation = fn; } },
    });
    return call as unknown as JavaDispatcher;
  }
  function constructorOf(loaded: LoadedClass): JavaDispatcher {
    const slots = [...loaded.slots.values()].filter((slot) => slot.definition.name === '$init');
    const call = function (...args: unknown[]): unknown {
      const slot = slots.find((one) => fits(one, args));
      if (slot === undefined) throw overloadError('$new', slots, 'argument types do not match any of:');
      const made = world.make(loaded.name, {});
      scripted(() => world.dispatch(slot, made, args.map(toJava)));
      return wrapper(loaded, made);
    };
    Object.defineProperties(call, {
      overloads: { value: slots.map(methodOf) },
      overload: { value: () => call },
      implementation: { get: () => null, set: () => { throw new Error('Reimplementing $new is not possible; replace implementation of $init instead'); } },
    });
    return call as unknown as JavaDispatcher;
  }
  function fits(slot: Slot, args: readonly unknown[]): boolean {
    return slot.definition.types.length === args.length && slot.definition.types.every((type, index) => compatible(world, args[index], type));
  }

  function methodOf(slot: Slot): JavaMethod {
    if (slot.handle !== null) return slot.handle as JavaMethod;
    const { definition } = slot;
    let implementation: Handler | null = null;
    const call = function (this: JavaWrapper, ...args: unknown[]): unknown {
      const self = definition.static ? null : handleOf(this);
      const given = args.map(toJava);
      return toScript(scripted(() => invokeSlot(slot, self, given)), definition.returns);
    };
    const set = (fn: Handler | null): void => {
      implementation = fn;
      slot.replacement = fn === null ? null : intercept(slot, fn);
    };
    Object.defineProperties(call, {
      methodName: { value: definition.name },
      argumentTypes: { value: definition.types.map((className) => ({ className })) },
      returnType: { value: { className: definition.returns } },
      implementation: {
        get: () => implementation,
        set: (fn: Handler | null) => {
          if (options.hotspot) void Promise.resolve().then(() => set(fn));
          else set(fn);
        },
      },
    });
    slot.handle = call;
    return call as unknown as JavaMethod;
  }
  /** Straight to the body when the call comes from this method's own implementation on this thread; else through any hook. */
  function invokeSlot(slot: Slot, self: unknown, args: readonly unknown[]): unknown {
    const receiver = (self ?? world.make(slot.owner.name, {})) as JavaObject;
    if (slot.replacement !== null && pending.get(slot)?.has(world.threads.current.tid) === true) return runBody(world, slot, receiver, args);
    const runtime = slot.definition.static ? slot.owner : (world.load(classNameOf(receiver)) ?? slot.owner);
    return world.dispatch(world.slotOf(runtime, slot.definition.name, slot.definition.types) ?? slot, receiver, args);
  }
  function intercept(slot: Slot, handler: Handler): (self: JavaObject, args: readonly unknown[]) => unknown {
    const { definition, owner } = slot;
    const calls = pending.get(slot) ?? new Set<number>();
    pending.set(slot, calls);
    return (self, args) => {
      const { tid } = world.threads.current;
      calls.add(tid);
      const borrowed: unknown[] = [];
      try {
        const receiver = definition.static ? use(owner.name) : wrapper(owner, self);
        if (!definition.static) borrowed.push(receiver);
        const given = args.map((arg, index) => toScript(arg, definition.types[index] ?? ''));
        borrowed.push(...given);
        const result = handler.apply(receiver, given);
        borrowed.push(result);
        if (!compatible(world, result, definition.returns)) throw new Error(`Implementation for ${definition.name} expected return value compatible with ${definition.returns}`);
        return definition.returns === 'void' ? undefined : toJava(result);
      } catch (error) {
        const thrown = typeof error === 'object' && error !== null && '$h' in error ? error.$h : undefined;
        if (thrown !== undefined) throw thrown;
        for (const listener of listeners) listener(error);
        return defaultOf(definition.returns);
      } finally {
        calls.delete(tid);
        for (const one of borrowed) dispose(one);
      }
    };
  }

  return {
    available: true,
    use,
    cast(object, target) {
      const handle = handleOf(object);
      const name = String(target.$n);
      if (!world.isInstance(handle, name)) throw new Error(`Cast from '${classNameOf(handle)}' to '${name}' isn't possible`);
      return wrapper(required(name), handle);
    },
    retain: (object) => wrapper(required(String(object.$n)), handleOf(object)),
    perform: (run) => run(),
    performNow: (run) => run(),
    backtrace({ limit }) {
      const frames = [];
      const top = world.threads.top();
      for (let at: typeof top | null = top; at !== null && at.below !== null && frames.length < limit; at = at.below) {
        const dot = at.name.lastIndexOf('.');
        frames.push({ className: at.name.slice(0, dot), methodName: at.name.slice(dot + 1), fileName: null, lineNumber: -1 });
      }
      return { id: String(top.id), frames };
    },
    onError: (listener) => void listeners.push(listener),
  };

  function fieldOf(holder: JavaWrapper, name: string, type: string): unknown {
    const object = handleOf(holder) as JavaObject;
    return { get value() { return toScript(object.fields[name], type); } };
  }
}

function define(target: object, name: string, make: () => unknown): void {
  let made: unknown;
  Object.defineProperty(target, name, { configurable: true, get() { return (made ??= make()); } });
}

/** What the wrapper stands for. @throws Error for a wrapper that outlived its call. */
function handleOf(wrapper: JavaWrapper): unknown {
  if (wrapper.$h === undefined) throw new Error(DISPOSED);
  return wrapper.$h;
}

/** A value from JavaScript as the Java world holds it. */
function toJava(value: unknown): unknown {
  if (Array.isArray(value)) return '$w' in value ? (value.$w as { readonly $h: unknown }).$h : value.map(toJava);
  if (typeof value === 'object' && value !== null && '$n' in value) return handleOf(value as unknown as JavaWrapper);
  return value;
}

/** Runs Java code for JavaScript: a Java exception comes out as the bridge's Error, whose `$h` is the exception. */
function scripted<T>(body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw bridgeError(isJavaThrowable(thrown) ? thrown : new JavaError('java.lang.RuntimeException', messageOf(thrown), thrown));
  }
}

function bridgeError(thrown: { readonly className: string; readonly message: string }): Error {
  return Object.assign(new Error(`${thrown.className}: ${thrown.message}`), { $h: thrown });
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function dispose(value: unknown): void {
  if (Array.isArray(value)) value.forEach(dispose);
  else if (typeof value === 'object' && value !== null && '$n' in value && (value as unknown as MutableWrapper).$h !== null) (value as unknown as MutableWrapper).$h = undefined;
}

function overloadError(name: string, slots: readonly Slot[], message: string): Error {
  const sorted = slots.toSorted((a, b) => a.definition.types.length - b.definition.types.length);
  const lines = sorted.map(({ definition }) => (definition.types.length > 0 ? `.overload('${definition.types.join("', '")}')` : '.overload()'));
  return new Error(`${name}(): ${message}\n\t${lines.join('\n\t')}`);
}
