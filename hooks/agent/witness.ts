import type { Line, Station } from './engine.js';
import { type JavaBridge, type JavaWrapper, asRuntimeClass, dispatcher, invoke, isWrapper } from './java.js';
import type { Stacks } from './stacks.js';

/** Clicks, activities and permission requests: they carry no datum, they tell when. */
export interface Witness extends Station {
  /** Whether an activity of this process is resumed; null while nothing is known. */
  foreground(): boolean | null;
}

/** Makes the witness of what happens around the reads. */
export function createWitness(line: Line, stacks: Stacks): Witness {
  const resumed = new Set<string>();
  let seenActivity = false;

  function click(view: JavaWrapper): { readonly view: string; readonly text: string } {
    return { view: attempt('click', () => resourceName(view)), text: attempt('click', () => textOf(line.platform.java, view)) };
  }
  function attempt(hook: string, read: () => string): string {
    try {
      return read();
    } catch (error) {
      line.fault(hook, 'view', error);
      return '';
    }
  }
  return {
    open(call) {
      // What was counted before a click, a prompt or a change of activity must not mix with what comes after.
      line.settle();
      call.at = line.platform.stamp();
      if (call.row.kind === 'permission-request') call.stack = stacks.here();
      if (call.row.kind === 'activity' && call.row.method.includes('Resume')) {
        seenActivity = true;
        resumed.add(nameOf(call.args[0]));
      }
      return true;
    },
    close(call) {
      const at = call.at ?? line.platform.stamp();
      line.settle();
      if (call.row.kind === 'click') line.emit({ type: 'click', at, ...click(call.self) }, call.on);
      else if (call.row.kind === 'permission-request') {
        if (line.threads.inside(call, (outer) => outer.row.kind === 'permission-request')) return;
        line.emit(
          { type: 'prompt', at, hook: call.row.id, permissions: strings(call.args), stack: call.stack?.id ?? stacks.here().id },
          call.on,
        );
      } else {
        const name = nameOf(call.args[0]);
        const state = call.row.method.includes('Resume') ? 'resumed' : 'paused';
        if (state === 'paused') resumed.delete(name);
        line.emit({ type: 'activity', at, name, state }, call.on);
      }
    },
    foreground: () => (seenActivity ? resumed.size > 0 : line.platform.foreground()),
  };
}

function nameOf(activity: unknown): string {
  return isWrapper(activity) ? activity.$className : '';
}

/** The array of strings among the arguments. */
function strings(args: readonly unknown[]): readonly string[] {
  const found = args.find((arg) => Array.isArray(arg));
  return Array.isArray(found) ? found.map(String) : [];
}

/** Label of a view that has one. */
function textOf(java: JavaBridge, view: JavaWrapper): string {
  const seen = asRuntimeClass(java, view);
  if (dispatcher(seen, 'getText') === null) return '';
  const text = invoke(seen, 'getText');
  return typeof text === 'string' ? text : isWrapper(text) ? String(invoke(text, 'toString')).slice(0, 200) : '';
}

/** Entry name of a view's resource id, or '' for a view without one. */
function resourceName(view: JavaWrapper): string {
  const id = Number(invoke(view, 'getId'));
  // View.NO_ID; ids without a package byte are made at run time and have no name.
  if (id === -1 || id >>> 24 === 0) return '';
  const resources = invoke(view, 'getResources');
  return isWrapper(resources) ? String(invoke(resources, 'getResourceEntryName', id)) : '';
}
