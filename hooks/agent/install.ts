import type { HookRow } from '../wire.js';
import { type JavaBridge, type JavaMethod, dispatcher } from './java.js';

export interface Installed {
  readonly installed: readonly string[];
  readonly missing: readonly string[];
  readonly failed: readonly { readonly hook: string; readonly why: string }[];
}

/** Replaces the methods of all rows. A class, method or overload that this Android has not makes a row `missing`; any other error `failed`. */
export function install(
  java: JavaBridge,
  rows: readonly HookRow[],
  replace: (row: HookRow, types: readonly string[], method: JavaMethod) => void,
): Installed {
  const installed: string[] = [];
  const missing: string[] = [];
  const failed: { hook: string; why: string }[] = [];
  for (const row of rows) {
    try {
      if (installRow(java, row, replace) > 0) installed.push(row.id);
      else missing.push(row.id);
    } catch (error) {
      failed.push({ hook: row.id, why: messageOf(error) });
    }
  }
  return { installed, missing, failed };
}

function installRow(java: JavaBridge, row: HookRow, replace: (row: HookRow, types: readonly string[], method: JavaMethod) => void): number {
  const klass = absent(() => java.use(row.class), 'ClassNotFoundException');
  const methods = klass === null ? null : dispatcher(klass, row.method);
  if (methods === null) return 0;
  let found = 0;
  for (const types of row.overloads) {
    const method = absent(() => methods.overload(...types), 'do not match any of');
    if (method === null) continue;
    replace(row, types, method);
    found++;
  }
  return found;
}

/** What `find` gives, or null when it throws an error that says so. */
function absent<T>(find: () => T, says: string): T | null {
  try {
    return find();
  } catch (error) {
    if (messageOf(error).includes(says)) return null;
    throw error;
  }
}

/** Text of an error, short: never a value that was read. */
export function messageOf(error: unknown): string {
  const text = typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : typeof error;
  return text.slice(0, 200);
}
