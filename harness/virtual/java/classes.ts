import type { JavaObject } from './objects.js';
import type { World } from './world.js';

/** What a method does. `self` of a static method is never looked at. */
export type Body = (world: World, self: JavaObject, args: readonly unknown[]) => unknown;

export interface MethodDefinition {
  readonly name: string;
  /** Exact Java class names: `int`, `[B`, `java.lang.String`. */
  readonly types: readonly string[];
  readonly returns: string;
  readonly static: boolean;
  /** API levels that have it. */
  readonly since: number;
  readonly until: number;
  /** Null: abstract. */
  readonly body: Body | null;
}

export interface ClassDefinition {
  readonly name: string;
  /** Super class, or the interface that the class stands for. */
  readonly parent: string | null;
  readonly since: number;
  readonly until: number;
  readonly methods: readonly MethodDefinition[];
  /** Instance fields that the bridge shows: name to type. */
  readonly fields: Readonly<Record<string, string>>;
}

export const STRING = 'java.lang.String';
export const STRINGS = '[Ljava.lang.String;';
const ALWAYS = { since: 23, until: 99 } as const;

/** An instance method. */
export function method(name: string, types: readonly string[], returns: string, body: Body): MethodDefinition {
  return { name, types, returns, static: false, ...ALWAYS, body };
}
/** A static method. */
export function fixed(name: string, types: readonly string[], returns: string, body: Body): MethodDefinition {
  return { name, types, returns, static: true, ...ALWAYS, body };
}
/** A method without a body. */
export function open(name: string, types: readonly string[], returns: string): MethodDefinition {
  return { name, types, returns, static: false, ...ALWAYS, body: null };
}
/** A constructor. */
export function init(types: readonly string[], body: Body): MethodDefinition {
  return { name: '$init', types, returns: 'void', static: false, ...ALWAYS, body };
}
/** The same methods, on some API levels only. */
export function levels(since: number, until: number, ...methods: readonly MethodDefinition[]): readonly MethodDefinition[] {
  return methods.map((one) => ({ ...one, since, until }));
}
/** A class. */
export function klass(
  name: string,
  parent: string | null,
  methods: readonly MethodDefinition[],
  fields: Readonly<Record<string, string>> = {},
): ClassDefinition {
  return { name, parent, ...ALWAYS, methods, fields };
}
/** A class that some API levels have. */
export function klassOf(since: number, until: number, definition: ClassDefinition): ClassDefinition {
  return { ...definition, since, until };
}
