import type { JavaThrowable } from '../../model/app.js';

/** An instance in the Java world. Strings are JavaScript strings, byte[] are Int8Arrays, other arrays are JavaScript arrays. */
export interface JavaObject {
  readonly className: string;
  readonly fields: Record<string, unknown>;
  /** System.identityHashCode. */
  readonly hash: number;
}

/** A Java long, with the conversions that the bridge's Int64 has. */
export interface JavaLong {
  readonly $long: true;
  toNumber(): number;
  toString(): string;
  valueOf(): number;
}

/** Whether a value of the Java world is an object with fields. */
export function isJavaObject(value: unknown): value is JavaObject {
  return typeof value === 'object' && value !== null && 'fields' in value && 'hash' in value;
}

/** A number as a Java long. */
export function javaLong(value: number | bigint): JavaLong {
  const whole = BigInt.asIntN(64, BigInt(value));
  return { $long: true, toNumber: () => Number(whole), toString: () => whole.toString(), valueOf: () => Number(whole) };
}

export function isJavaLong(value: unknown): value is JavaLong {
  return typeof value === 'object' && value !== null && '$long' in value;
}

/** A Java exception on its way. `foreign` is what app code threw that was no Java exception, so that it leaves the Java world as it came. */
export class JavaError extends Error implements JavaThrowable {
  readonly className: string;
  readonly foreign: unknown;
  constructor(className: string, message: string, foreign: unknown = null) {
    super(message);
    this.name = className;
    this.className = className;
    this.foreign = foreign;
  }
}

/** Whether something thrown is a Java exception; by its shape, since the class exists once for each realm. */
export function isJavaThrowable(thrown: unknown): thrown is JavaThrowable {
  return typeof thrown === 'object' && thrown !== null && 'className' in thrown && 'message' in thrown && !('$h' in thrown);
}
