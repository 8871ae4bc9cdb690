/**
 * The part of frida-java-bridge that the engine uses. The engine is given a value of this type: the real bridge inside
 * Frida, the virtual handset's elsewhere. Facts: frida-java-bridge 7.0.13, index.d.ts and lib/class-factory.js.
 */
export interface JavaBridge {
  readonly available: boolean;
  /** @throws Error whose text starts with `java.lang.ClassNotFoundException` when the class is not there. */
  use(className: string): JavaWrapper;
  cast(object: JavaWrapper, klass: JavaWrapper): JavaWrapper;
  /** Runs `run` attached to the VM, without waiting for the app's class loader. */
  performNow(run: () => void): void;
  /** Runs `run` once the app's class loader is there. */
  perform(run: () => void): void;
  backtrace(options: { readonly limit: number }): JavaBacktrace;
}

export interface JavaBacktrace {
  /** The same for the same frames. */
  readonly id: string;
  readonly frames: readonly JavaFrame[];
}

export interface JavaFrame {
  readonly className: string;
  readonly methodName: string;
  readonly fileName: string | null;
  readonly lineNumber: number;
}

/** A class or an instance; every other member is a method dispatcher or a field, known only at run time. */
export interface JavaWrapper {
  readonly $className: string;
  readonly $h: unknown;
  readonly [member: string]: unknown;
}

/** One overload. Calling it with a receiver runs the original when called from its own implementation. */
export interface JavaMethod {
  (...args: readonly unknown[]): unknown;
  readonly methodName: string;
  readonly argumentTypes: readonly { readonly className?: string }[];
  implementation: JavaImplementation | null;
}

export type JavaImplementation = (this: JavaWrapper, ...args: unknown[]) => unknown;

/** A method name with all its overloads. */
export interface JavaDispatcher {
  (...args: readonly unknown[]): unknown;
  readonly overloads: readonly JavaMethod[];
  /** The overload whose argument types have exactly these class names. @throws Error that lists those there are. */
  overload(...types: readonly string[]): JavaMethod;
}

/** Whether `value` is an instance or class wrapper of a bridge. */
export function isWrapper(value: unknown): value is JavaWrapper {
  return typeof value === 'object' && value !== null && '$h' in value && '$className' in value;
}

/** The method `name` of a wrapper, or null when its class has none. */
export function dispatcher(wrapper: JavaWrapper, name: string): JavaDispatcher | null {
  const member = wrapper[name];
  return typeof member === 'function' && 'overload' in member ? (member as unknown as JavaDispatcher) : null;
}

/** Calls a method by name; the bridge picks the overload that takes the arguments. @throws Error when there is none, and what the method throws. */
export function invoke(wrapper: JavaWrapper, name: string, ...args: readonly unknown[]): unknown {
  const method = dispatcher(wrapper, name);
  if (method === null) throw new Error(`no method ${name} in ${wrapper.$className}`);
  return method.apply(wrapper, args as unknown[]);
}

/** Value of a Java field, or undefined when `name` is no field. */
export function field(wrapper: JavaWrapper, name: string): unknown {
  const member = wrapper[name];
  return typeof member === 'object' && member !== null && 'value' in member ? member.value : undefined;
}

/** The object seen as its own class, not as the type it was declared with. */
export function asRuntimeClass(java: JavaBridge, object: JavaWrapper): JavaWrapper {
  return java.cast(object, java.use(object.$className));
}
