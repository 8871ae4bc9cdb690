import Java from 'frida-java-bridge';
import { catalogue } from '../catalogue/index.js';
import type { WireBatch } from '../wire.js';
import { type Engine, createEngine } from './engine.js';
import { type JavaBridge, invoke, isWrapper } from './java.js';
import type { AgentPlatform } from './platform.js';
import { throwableStack } from './throwable-stack.js';

// What GumJS gives to a script; facts: frida-gum's JavaScript API.
declare const rpc: { exports: Record<string, (...args: never[]) => unknown> };
declare function send(message: unknown): void;
declare const Process: { readonly id: number; getCurrentThreadId(): number };
declare const Script: { nextTick(run: () => void): void };

/** What the host says at the start. */
export interface AgentStart {
  readonly process: string;
  readonly package: string;
  /** Values planted and typed, for the lineage of digests and ciphers. */
  readonly known: readonly string[];
}

const bridge = Java as unknown as JavaBridge;
let engine: Engine | null = null;
let placed = 0;

function java(): JavaBridge {
  return new Proxy(bridge, {
    get(target, name) {
      if (name === 'backtrace') return backtrace;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

let art = true;
function backtrace(options: { readonly limit: number }): ReturnType<JavaBridge['backtrace']> {
  if (art) {
    try {
      return bridge.backtrace(options);
    } catch {
      // Not ART, or an ART whose stack walker the bridge does not know: the other way works everywhere.
      art = false;
    }
  }
  return throwableStack(bridge, options.limit);
}

function platform(start: AgentStart): AgentPlatform {
  const clock = `agent:${Process.id}`;
  return {
    java: java(),
    pid: Process.id,
    process: start.process,
    package: start.package,
    stamp: () => ({ ms: Date.now(), slackMs: 1, clock, seq: ++placed }),
    threadId: () => Process.getCurrentThreadId(),
    threadName() {
      const thread = invoke(bridge.use('java.lang.Thread'), 'currentThread');
      return isWrapper(thread) ? String(invoke(thread, 'getName')) : '';
    },
    foreground: () => null,
    later: (run) => void setTimeout(run, 200),
    tick: () => new Promise((done) => Script.nextTick(done)),
    send: (batch: WireBatch) => send(batch),
    queueLimit: 8192,
  };
}

/** Runs `run` attached to the VM: at once for framework classes, after the app's loader is there for the rest. */
function attached<T>(stage: 'early' | 'late', run: () => Promise<T>): Promise<T> {
  return new Promise((done, failed) => {
    const go = (): void => void run().then(done, failed);
    if (stage === 'early') bridge.performNow(go);
    else bridge.perform(go);
  });
}

rpc.exports = {
  async init(stage: 'early' | 'late', start: AgentStart): Promise<void> {
    engine ??= createEngine(platform(start), catalogue);
    const running = engine;
    await attached(stage, () => running.init(stage, start.known));
  },
  flush(): void {
    engine?.flush();
  },
  stop(): void {
    bridge.performNow(() => engine?.stop());
  },
};
