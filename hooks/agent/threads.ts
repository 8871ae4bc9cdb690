import type { HookRow, WireStamp } from '../wire.js';
import type { RecordDraft, ThreadRef } from './batch.js';
import type { JavaWrapper } from './java.js';
import type { AgentPlatform } from './platform.js';
import type { KnownStack } from './stacks.js';

/** A call of a hooked method. */
export interface Entered {
  readonly row: HookRow;
  /** Class names of the overload's arguments. */
  readonly types: readonly string[];
  readonly self: JavaWrapper;
  readonly args: readonly unknown[];
}

/** One hooked call while it runs. */
export interface Call extends Entered {
  readonly on: ThreadRef;
  readonly outer: Call | null;
  /** When the call began, where that is needed before the original ran. */
  at: WireStamp | null;
  datum: string | null;
  stack: KnownStack | null;
  /** The outermost read of the same datum that this call is a part of. */
  part: Call | null;
  /** Reads that this one led to, kept until this one has its place. */
  parts: Extract<RecordDraft, { type: 'api' }>[];
  /** Input bytes of a crypto call. */
  input: string | null;
}

/** Open calls of each thread. */
export interface Threads {
  here(): ThreadRef;
  /** Opens a call unless it is one of our own or `open` refuses it. */
  enter(what: Entered, open: (call: Call) => boolean): Call | null;
  /** Ends a call; `close` may call Java without being seen. */
  leave(call: Call, close: () => void): void;
  /** Whether an open call around this one satisfies `is`. */
  inside(call: Call, is: (outer: Call) => boolean): boolean;
}

/** Keeps the open calls of all threads, and which threads are in our own code. */
export function createThreads(platform: AgentPlatform): Threads {
  const own = new Set<number>();
  const innermost = new Map<number, Call>();
  const names = new Map<number, ThreadRef>();

  function ref(tid: number): ThreadRef {
    const found = names.get(tid);
    if (found !== undefined) return found;
    const busy = own.has(tid);
    own.add(tid);
    try {
      const made = { tid, thread: platform.threadName() };
      names.set(tid, made);
      return made;
    } finally {
      if (!busy) own.delete(tid);
    }
  }
  function quietly<T>(tid: number, body: () => T): T {
    own.add(tid);
    try {
      return body();
    } finally {
      own.delete(tid);
    }
  }
  return {
    here: () => ref(platform.threadId()),
    enter(what, open) {
      const tid = platform.threadId();
      if (own.has(tid)) return null;
      const outer = innermost.get(tid) ?? null;
      const call: Call = { ...what, on: ref(tid), outer, at: null, datum: what.row.datum, stack: null, part: null, parts: [], input: null };
      if (!quietly(tid, () => open(call))) return null;
      innermost.set(tid, call);
      return call;
    },
    leave(call, close) {
      const { tid } = call.on;
      if (call.outer === null) innermost.delete(tid);
      else innermost.set(tid, call.outer);
      quietly(tid, close);
    },
    inside(call, is) {
      for (let outer = call.outer; outer !== null; outer = outer.outer) if (is(outer)) return true;
      return false;
    },
  };
}
