import type { JavaDispatcher, JavaImplementation, JavaMethod, JavaWrapper } from '../../../hooks/agent/java.js';
import { overloadError } from './bridge-errors.js';
import type { Slot } from './world.js';

/** How a dispatcher chooses among overloads. */
export interface Picking {
  method(slot: Slot): JavaMethod;
  fits(slot: Slot, args: readonly unknown[]): boolean;
}

/** All overloads of a name as one function: it calls the first that takes the arguments. */
export function dispatcherFrom(name: string, slots: readonly Slot[], picking: Picking): JavaDispatcher {
  const overloads = slots.map((slot) => picking.method(slot));
  const call = function (this: JavaWrapper, ...args: unknown[]): unknown {
    const chosen = slots.findIndex((slot) => picking.fits(slot, args));
    const method = overloads[chosen];
    if (method === undefined) throw overloadError(name, slots, 'argument types do not match any of:');
    if (slots[chosen]?.definition.static === false && this.$h === null)
      throw new Error(`${name}: cannot call instance method without an instance`);
    return method.apply(this, args);
  };
  const only = (): JavaMethod => {
    if (overloads.length > 1 || overloads[0] === undefined)
      throw overloadError(name, slots, 'has more than one overload, use .overload(<signature>) to choose from:');
    return overloads[0];
  };
  const overload = (...types: readonly string[]): JavaMethod => {
    const found = overloads[slots.findIndex((slot) => slot.definition.types.join(':') === types.join(':'))];
    if (found === undefined) throw overloadError(name, slots, 'specified argument types do not match any of:');
    return found;
  };
  Object.defineProperties(call, {
    overloads: { value: overloads },
    overload: { value: overload },
    methodName: { value: name },
    argumentTypes: { get: () => only().argumentTypes },
    implementation: {
      get: () => only().implementation,
      set: (fn: JavaImplementation | null) => {
        only().implementation = fn;
      },
    },
  });
  return call as unknown as JavaDispatcher;
}
