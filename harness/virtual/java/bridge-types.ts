import { isJavaLong } from './objects.js';
import type { World } from './world.js';

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  byte: [-128, 127],
  short: [-32768, 32767],
  int: [-2147483648, 2147483647],
};

/** Whether the bridge takes `value` where Java wants `type`; by lib/types.js of frida-java-bridge 7.0.13. */
export function compatible(world: World, value: unknown, type: string): boolean {
  const range = RANGES[type];
  if (range !== undefined) return typeof value === 'number' && Number.isInteger(value) && value >= range[0] && value <= range[1];
  switch (type) {
    case 'void':
      return value === undefined;
    case 'boolean':
      return typeof value === 'boolean';
    case 'char':
      return typeof value === 'string' && value.length === 1;
    case 'long':
      return typeof value === 'number' || isJavaLong(value);
    case 'float':
    case 'double':
      return typeof value === 'number';
  }
  if (value === null) return true;
  if (value === undefined) return false;
  if (type === '[B') return isBytes(value);
  if (type.startsWith('[')) return Array.isArray(value);
  if (typeof value === 'string') return type === 'java.lang.String' || type === 'java.lang.Object';
  return typeof value === 'object' && '$h' in value && value.$h !== undefined && world.isInstance(value.$h, type);
}

function isBytes(value: unknown): boolean {
  if (value instanceof Int8Array) return true;
  if (typeof value !== 'object' || value === null || !('length' in value)) return false;
  return Array.from(value as ArrayLike<unknown>).every((one) => typeof one === 'number' && one >= -128 && one <= 127);
}

/** What the app gets when an implementation failed. */
export function defaultOf(type: string): unknown {
  if (type === 'void') return undefined;
  if (type === 'boolean') return false;
  if (type === 'char') return '\0';
  return type in RANGES || type === 'long' || type === 'float' || type === 'double' ? 0 : null;
}
