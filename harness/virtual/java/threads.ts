/** One frame with all frames below it. The same stack is always the same node, so its `id` names it. */
export interface FrameNode {
  readonly id: number;
  /** `a.b.C.method`; empty for the bottom. */
  readonly name: string;
  readonly below: FrameNode | null;
  readonly above: Map<string, FrameNode>;
}

interface Thread {
  readonly tid: number;
  readonly name: string;
  top: FrameNode;
}

export interface JavaThreads {
  readonly current: { readonly tid: number; readonly name: string };
  /** Runs `body` with one more frame on the current thread. */
  within<T>(frame: string, body: () => T): T;
  /** Runs `body` as another thread, whose stack is `frames`, innermost first, over the thread's own start. */
  as<T>(name: string, frames: readonly string[], body: () => T): T;
  /** The current stack. */
  top(): FrameNode;
}

/** Where the main thread of every app process stands while it handles a message. */
const MAIN = [
  'com.android.internal.os.ZygoteInit.main',
  'com.android.internal.os.RuntimeInit$MethodAndArgsCaller.run',
  'java.lang.reflect.Method.invoke',
  'android.app.ActivityThread.main',
  'android.os.Looper.loop',
  'android.os.Handler.dispatchMessage',
];

/** Threads of one process; one runs at a time. */
export function createThreads(pid: number): JavaThreads {
  let nextFrame = 0;
  const bottom: FrameNode = { id: nextFrame++, name: '', below: null, above: new Map() };
  const tids = new Map<string, number>([['main', pid]]);

  function push(on: FrameNode, name: string): FrameNode {
    const found = on.above.get(name);
    if (found !== undefined) return found;
    const made: FrameNode = { id: nextFrame++, name, below: on, above: new Map() };
    on.above.set(name, made);
    return made;
  }
  function tidOf(name: string): number {
    const tid = tids.get(name) ?? pid + tids.size;
    tids.set(name, tid);
    return tid;
  }
  let current: Thread = { tid: pid, name: 'main', top: MAIN.reduce(push, bottom) };
  return {
    get current() {
      return current;
    },
    within(frame, body) {
      const thread = current;
      const below = thread.top;
      thread.top = push(below, frame);
      try {
        return body();
      } finally {
        thread.top = below;
      }
    },
    as(name, frames, body) {
      const outer = current;
      const start = name === 'main' ? MAIN : ['java.lang.Thread.run'];
      current = { tid: tidOf(name), name, top: [...start, ...frames.toReversed()].reduce(push, bottom) };
      try {
        return body();
      } finally {
        current = outer;
      }
    },
    top: () => current.top,
  };
}
