import type { JavaBacktrace, JavaBridge, JavaDispatcher, JavaImplementation, JavaMethod, JavaWrapper } from '../../../hooks/agent/java.js';
import { bridgeError, cannotCast, overloadError } from './bridge-errors.js';
import { compatible, defaultOf } from './bridge-types.js';
import { dispatcherFrom, type Picking } from './bridge-dispatch.js';
import { JavaError, type JavaObject, isJavaObject, isJavaThrowable } from './objects.js';
import { type LoadedClass, type Slot, type World, classNameOf, runBody } from './world.js';

/** What the bridge can be asked beside what the engine uses. */
export interface VirtualBridge extends JavaBridge {
  retain(object: JavaWrapper): JavaWrapper;
  /** Called with every error that an implementation threw and for every result that did not fit: the app has got the type's default. */
  onError(listener: (error: unknown) => void): void;
}

/** `hotspot`: `.implementation` takes effect a tick later, as the real bridge does on a HotSpot VM. */
export interface BridgeOptions {
  readonly hotspot: boolean;
}

/** A bridge over the virtual Java world that behaves as frida-java-bridge 7.0.13 does (lib/class-factory.js, lib/types.js). */
export function createBridge(world: World, options: BridgeOptions): VirtualBridge {
  return new Bridge(world, options);
}

interface Held {
  $h: unknown;
}
const DISPOSED = 'Wrapper is disposed; perhaps it was borrowed from a hook instead of calling Java.retain() to make a long-lived wrapper?';

class Bridge implements VirtualBridge {
  readonly available = true;
  private readonly prototypes = new Map<string, object>();
  private readonly classWrappers = new Map<string, JavaWrapper>();
  private readonly listeners: ((error: unknown) => void)[] = [];
  /** Threads that are inside a method's implementation. */
  private readonly pending = new Map<Slot, Set<number>>();

  constructor(
    private readonly world: World,
    private readonly options: BridgeOptions,
  ) {}

  use(className: string): JavaWrapper {
    const done = this.classWrappers.get(className);
    if (done !== undefined) return done;
    const loaded = this.world.load(className);
    if (loaded === null)
      throw bridgeError(
        new JavaError(
          'java.lang.ClassNotFoundException',
          `Didn't find class "${className}" on path: DexPathList[[directory "."],nativeLibraryDirectories=[/system/lib64]]`,
        ),
      );
    const made = this.wrapper(loaded, null);
    this.classWrappers.set(className, made);
    return made;
  }
  cast(object: JavaWrapper, target: JavaWrapper): JavaWrapper {
    const handle = handleOf(object);
    const name = String(target.$n);
    if (!this.world.isInstance(handle, name)) throw cannotCast(classNameOf(handle), name);
    return this.wrapper(this.required(name), handle);
  }
  retain(object: JavaWrapper): JavaWrapper {
    return this.wrapper(this.required(String(object.$n)), handleOf(object));
  }
  perform(run: () => void): void {
    run();
  }
  performNow(run: () => void): void {
    run();
  }
  backtrace({ limit }: { readonly limit: number }): JavaBacktrace {
    const top = this.world.threads.top();
    // Most callers know the stack by its id already.
    const walk = (): JavaBacktrace['frames'] => {
      const frames = [];
      for (let at: typeof top | null = top; at !== null && at.below !== null && frames.length < limit; at = at.below) {
        const dot = at.name.lastIndexOf('.');
        frames.push({ className: at.name.slice(0, dot), methodName: at.name.slice(dot + 1), fileName: null, lineNumber: -1 });
      }
      return frames;
    };
    return {
      id: String(top.id),
      get frames() {
        return walk();
      },
    };
  }
  onError(listener: (error: unknown) => void): void {
    this.listeners.push(listener);
  }

  private wrapper(loaded: LoadedClass, handle: unknown): JavaWrapper {
    const made = Object.create(this.prototypeOf(loaded)) as Held;
    made.$h = handle;
    return made as unknown as JavaWrapper;
  }
  private required(className: string): LoadedClass {
    const loaded = this.world.load(className);
    if (loaded === null) throw new Error(`no ${className}`);
    return loaded;
  }
  private prototypeOf(loaded: LoadedClass): object {
    const done = this.prototypes.get(loaded.name);
    if (done !== undefined) return done;
    const made = Object.create(null) as object;
    this.prototypes.set(loaded.name, made);
    const slots = [...loaded.slots.values()];
    for (const name of new Set(slots.map((slot) => slot.definition.name))) {
      const named = slots.filter((slot) => slot.definition.name === name);
      defineLazily(made, name, () => dispatcherFrom(name, named, this.picking));
      if (name === '$init') defineLazily(made, '$new', () => this.constructorOf(loaded, named));
    }
    const read = (holder: JavaWrapper, name: string): unknown =>
      this.toScript((handleOf(holder) as JavaObject).fields[name], loaded.fields[name] ?? '');
    const fieldOf = (holder: JavaWrapper, name: string): object => ({
      get value() {
        return read(holder, name);
      },
    });
    for (const name of Object.keys(loaded.fields))
      Object.defineProperty(made, name, {
        get(this: JavaWrapper) {
          return fieldOf(this, name);
        },
      });
    Object.defineProperties(made, {
      $n: { value: loaded.name },
      $className: {
        get(this: JavaWrapper) {
          return this.$h === null ? loaded.name : classNameOf(handleOf(this));
        },
      },
      $dispose: {
        value(this: Held) {
          if (this.$h !== null) this.$h = undefined;
        },
      },
    });
    return made;
  }
  private readonly picking: Picking = {
    method: (slot) => this.methodOf(slot),
    fits: (slot, args) =>
      slot.definition.types.length === args.length &&
      slot.definition.types.every((type, index) => compatible(this.world, args[index], type)),
  };
  private constructorOf(loaded: LoadedClass, slots: readonly Slot[]): JavaDispatcher {
    const call = (...args: unknown[]): unknown => {
      const slot = slots.find((one) => this.picking.fits(one, args));
      if (slot === undefined) throw overloadError('$new', slots, 'argument types do not match any of:');
      const made = this.world.make(loaded.name, {});
      scripted(() => this.world.dispatch(slot, made, args.map(toJava)));
      return this.wrapper(loaded, made);
    };
    Object.defineProperties(call, {
      overloads: { value: slots.map((slot) => this.methodOf(slot)) },
      overload: { value: () => call },
      implementation: {
        get: () => null,
        set: () => {
          throw new Error('Reimplementing $new is not possible; replace implementation of $init instead');
        },
      },
    });
    return call as unknown as JavaDispatcher;
  }
  private methodOf(slot: Slot): JavaMethod {
    if (slot.handle !== null) return slot.handle as JavaMethod;
    const { definition } = slot;
    const invoke = (receiver: JavaWrapper, args: unknown[]): unknown => {
      const self = definition.static ? null : handleOf(receiver);
      const given = args.map(toJava);
      return this.toScript(
        scripted(() => this.invoke(slot, self, given)),
        definition.returns,
      );
    };
    const call = function (this: JavaWrapper, ...args: unknown[]): unknown {
      return invoke(this, args);
    };
    let implementation: JavaImplementation | null = null;
    const set = (fn: JavaImplementation | null): void => {
      implementation = fn;
      slot.replacement = fn === null ? null : this.intercept(slot, fn);
    };
    Object.defineProperties(call, {
      methodName: { value: definition.name },
      argumentTypes: { value: definition.types.map((className) => ({ className })) },
      returnType: { value: { className: definition.returns } },
      implementation: {
        get: () => implementation,
        set: this.options.hotspot
          ? (fn: JavaImplementation | null) => {
              void Promise.resolve().then(() => set(fn));
            }
          : set,
      },
    });
    slot.handle = call;
    return call as unknown as JavaMethod;
  }
  /** Straight to the body when the call comes from this method's own implementation on this thread; else through any hook. */
  private invoke(slot: Slot, self: unknown, args: readonly unknown[]): unknown {
    const receiver = (self ?? this.world.make(slot.owner.name, {})) as JavaObject;
    if (slot.replacement !== null && this.pending.get(slot)?.has(this.world.threads.current.tid) === true)
      return runBody(this.world, slot, receiver, args);
    const runtime = slot.definition.static ? slot.owner : (this.world.load(classNameOf(receiver)) ?? slot.owner);
    return this.world.dispatch(this.world.slotOf(runtime, slot.definition.name, slot.definition.types) ?? slot, receiver, args);
  }
  private intercept(slot: Slot, handler: JavaImplementation): (self: JavaObject, args: readonly unknown[]) => unknown {
    const { definition, owner } = slot;
    const calls = this.pending.get(slot) ?? new Set<number>();
    this.pending.set(slot, calls);
    return (self, args) => {
      const { tid } = this.world.threads.current;
      calls.add(tid);
      const receiver = definition.static ? this.use(owner.name) : this.wrapper(owner, self);
      const given = args.map((arg, index) => this.toScript(arg, definition.types[index] ?? ''));
      const borrowed: unknown[] = [receiver, ...given];
      try {
        const result = handler.apply(receiver, given);
        borrowed.push(result);
        if (!compatible(this.world, result, definition.returns))
          throw new Error(`Implementation for ${definition.name} expected return value compatible with ${definition.returns}`);
        return definition.returns === 'void' ? undefined : toJava(result);
      } catch (error) {
        const thrown = typeof error === 'object' && error !== null && '$h' in error ? error.$h : undefined;
        if (thrown !== undefined) throw thrown;
        for (const listener of this.listeners) listener(error);
        return defaultOf(definition.returns);
      } finally {
        calls.delete(tid);
        for (const one of borrowed) dispose(one);
      }
    };
  }
  /** A value of the Java world as JavaScript sees it: typed as declared, not as it is. */
  private toScript(value: unknown, type: string): unknown {
    if (type === 'void') return undefined;
    if (value === null || value === undefined) return null;
    if (typeof value === 'string' && type === 'java.lang.String') return value;
    if (Array.isArray(value)) {
      const element = type.startsWith('[L') ? type.slice(2, -1) : 'java.lang.Object';
      const made = value.map((item) => this.toScript(item, element));
      Object.defineProperty(made, '$w', { value: { $h: value } });
      return made;
    }
    if (typeof value !== 'string' && !isJavaObject(value)) return value;
    return type === 'char'
      ? value
      : this.wrapper(this.world.load(type) ?? this.world.load(classNameOf(value)) ?? this.required('java.lang.Object'), value);
  }
}

function defineLazily(target: object, name: string, make: () => unknown): void {
  let made: unknown;
  Object.defineProperty(target, name, { get: () => (made ??= make()) });
}

/** What the wrapper stands for. @throws Error for a wrapper that outlived its call. */
function handleOf(wrapper: JavaWrapper): unknown {
  if (wrapper.$h === undefined) throw new Error(DISPOSED);
  return wrapper.$h;
}

/** A value from JavaScript as the Java world holds it. */
function toJava(value: unknown): unknown {
  if (Array.isArray(value)) return '$w' in value ? (value.$w as Held).$h : value.map(toJava);
  if (typeof value === 'object' && value !== null && '$n' in value) return handleOf(value as unknown as JavaWrapper);
  return value;
}

/** Runs Java code for JavaScript: a Java exception comes out as the bridge's Error, whose `$h` is the exception. */
function scripted<T>(body: () => T): T {
  try {
    return body();
  } catch (thrown) {
    throw bridgeError(
      isJavaThrowable(thrown)
        ? thrown
        : new JavaError('java.lang.RuntimeException', thrown instanceof Error ? thrown.message : String(thrown), thrown),
    );
  }
}

function dispose(value: unknown): void {
  if (Array.isArray(value)) value.forEach(dispose);
  else if (typeof value === 'object' && value !== null && '$n' in value && (value as unknown as Held).$h !== null)
    (value as unknown as Held).$h = undefined;
}
