import type { WireFrame } from '../wire.js';
import type { AgentPlatform } from './platform.js';

/** Packages whose frames are the system's or the language's, never the app's or an SDK's. */
const FRAMEWORK = [
  'java.',
  'javax.',
  'jdk.',
  'sun.',
  'android.',
  'androidx.',
  'dalvik.',
  'libcore.',
  'kotlin.',
  'kotlinx.',
  'com.android.',
  'org.apache.harmony.',
  'org.apache.http.',
  'org.json.',
  'org.xmlpull.',
  'org.xml.sax.',
  'org.w3c.dom.',
  'de.robv.android.xposed.',
];
/** Deeper stacks are cut: what calls a framework API is near the top. */
const LIMIT = 64;
/** Distinct stacks kept; beyond that the table starts again, so a stack may be sent twice under two ids. */
const KEPT = 20_000;

/** A stack that was sent. */
export interface KnownStack {
  readonly id: number;
  /** Index of the calling frame, or null when all are the framework's. */
  readonly caller: number | null;
  /** Calling frame and its distance from the thread's first frame: the same for calls that one call of the app led to. */
  readonly site: string;
}

/** Whether a class belongs to the framework or the language. */
export function isFramework(className: string): boolean {
  return FRAMEWORK.some((prefix) => className.startsWith(prefix));
}

/** Index of the innermost frame that is neither the framework's nor the language's; null when there is none. */
export function callerIndex(frames: readonly { readonly c: string }[]): number | null {
  const index = frames.findIndex((frame) => !isFramework(frame.c));
  return index < 0 ? null : index;
}

export interface Stacks {
  /** The stack of this thread, sent as a record when it is new. */
  here(): KnownStack;
}

/** Makes the table of stacks; `sendStack` is called once for each new one, before its id is used. */
export function createStacks(
  platform: AgentPlatform,
  sendStack: (id: number, frames: readonly WireFrame[], caller: number | null) => void,
): Stacks {
  const known = new Map<string, KnownStack>();
  let next = 0;
  return {
    here() {
      const trace = platform.java.backtrace({ limit: LIMIT });
      const seen = known.get(trace.id);
      if (seen !== undefined) return seen;
      if (known.size >= KEPT) known.clear();
      const frames = trace.frames.map((f): WireFrame => ({
        c: f.className,
        m: f.methodName,
        f: f.fileName,
        l: f.lineNumber > 0 ? f.lineNumber : null,
      }));
      const caller = callerIndex(frames);
      const at = caller === null ? undefined : frames[caller];
      const stack: KnownStack = { id: ++next, caller, site: at === undefined ? '' : `${frames.length - (caller ?? 0)}:${at.c}.${at.m}` };
      known.set(trace.id, stack);
      sendStack(stack.id, frames, caller);
      return stack;
    },
  };
}
