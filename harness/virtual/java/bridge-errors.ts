import type { Slot } from './world.js';

/** A Java exception as JavaScript gets it: its text, with the exception itself in `$h`. */
export function bridgeError(thrown: { readonly className: string; readonly message: string }): Error {
  return Object.assign(new Error(`${thrown.className}: ${thrown.message}`), { $h: thrown });
}

export function cannotCast(from: string, to: string): Error {
  return new Error(`Cast from '${from}' to '${to}' isn't possible`);
}

/** The bridge's list of what there is, shortest first. */
export function overloadError(name: string, slots: readonly Slot[], message: string): Error {
  const sorted = slots.toSorted((a, b) => a.definition.types.length - b.definition.types.length);
  const lines = sorted.map(({ definition }) =>
    definition.types.length > 0 ? `.overload('${definition.types.join("', '")}')` : '.overload()',
  );
  return new Error(`${name}(): ${message}\n\t${lines.join('\n\t')}`);
}
