import { type JavaObject, isJavaObject } from '../../harness/virtual/java/objects.js';
import { compatible } from '../../harness/virtual/java/bridge-types.js';
import { bytes } from '../../harness/virtual/java/text.js';
import type { World } from '../../harness/virtual/java/world.js';

/** What an exercise may call besides Java: things that only an app has. */
export type Helpers = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

/** Helpers for the catalogue's exercises. `delivery` lets the handset's timers run. */
export function helpers(world: World, delivery: () => void): Helpers {
  return {
    bytes: (text) => bytes(String(text)),
    strings: (...all) => all,
    pdu: (sender, body) => bytes(`${String(sender)}\0${String(body)}`),
    listener: () => world.make('android.location.LocationListener', {}),
    executor: () => world.make('java.util.concurrent.Executor', {}),
    consumer: () => world.make('java.util.function.Consumer', {}),
    delivery,
  };
}

/** Runs the Java expressions of a row's `exercise` on a Java world: calls, `new`, literals, names given with `=`, helpers. */
export function exercise(world: World, given: Helpers, source: string): void {
  const names = new Map<string, unknown>();
  for (const statement of source
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')) {
    const assigned = /^(\w+) = (.*)$/s.exec(statement);
    const value = new Reader(world, given, names, assigned?.[2] ?? statement).whole();
    if (assigned?.[1] !== undefined) names.set(assigned[1], value);
  }
}

class Reader {
  at = 0;
  constructor(
    readonly world: World,
    readonly given: Helpers,
    readonly names: ReadonlyMap<string, unknown>,
    readonly source: string,
  ) {}

  whole(): unknown {
    const value = this.expression();
    if (this.at !== this.source.length) throw new Error(`cannot read on from: ${this.source.slice(this.at)}`);
    return value;
  }
  private take(pattern: RegExp): string | null {
    const found = new RegExp(pattern.source, 'y');
    found.lastIndex = this.at;
    const match = found.exec(this.source);
    if (match === null) return null;
    this.at += match[0].length;
    return match[1] ?? match[0];
  }
  private expression(): unknown {
    let value = this.primary();
    for (let name = this.take(/\.([\w$]+)/); name !== null; name = this.take(/\.([\w$]+)/))
      value = this.invoke(String(isJavaObject(value) ? value.className : ''), name, isJavaObject(value) ? value : null, this.args());
    return value;
  }
  private args(): readonly unknown[] {
    const all: unknown[] = [];
    if (this.take(/\(/) === null) throw new Error(`no arguments at: ${this.source.slice(this.at)}`);
    while (this.take(/\)/) === null) {
      all.push(this.expression());
      this.take(/, /);
    }
    return all;
  }
  private primary(): unknown {
    const text = this.take(/"([^"]*)"/);
    if (text !== null) return text;
    const number = this.take(/-?\d+/);
    if (number !== null) return Number(number);
    if (this.take(/null\b/) !== null) return null;
    if (this.take(/new /) !== null) return this.construct(this.take(/[\w.$]+/) ?? '', this.args());
    const word = this.take(/[A-Za-z_][\w.$]*/) ?? '';
    const [first = ''] = word.split('.');
    const helper = this.given[word];
    if (helper !== undefined) return helper(...this.args());
    if (this.names.has(first)) {
      this.at -= word.length - first.length;
      return this.names.get(first);
    }
    if (this.world.load(word) !== null) return this.world.systemService(word);
    const dot = word.lastIndexOf('.');
    return this.invoke(word.slice(0, dot), word.slice(dot + 1), null, this.args());
  }
  private construct(className: string, args: readonly unknown[]): JavaObject {
    return this.world.construct(className, this.types(className, '$init', args), args);
  }
  private invoke(className: string, method: string, self: JavaObject | null, args: readonly unknown[]): unknown {
    return this.world.call(className, method, this.types(className, method, args), self, args);
  }
  private types(className: string, method: string, args: readonly unknown[]): readonly string[] {
    const boxed = args.map((arg) => (isJavaObject(arg) ? { $h: arg } : arg));
    const slot = [...(this.world.load(className)?.slots.values() ?? [])].find(
      ({ definition }) =>
        definition.name === method &&
        definition.types.length === args.length &&
        definition.types.every((type, index) => compatible(this.world, boxed[index], type)),
    );
    if (slot === undefined) throw new Error(`no ${className}.${method} that takes these arguments`);
    return slot.definition.types;
  }
}
