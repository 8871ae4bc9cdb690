import type { HookRow } from '../wire.js';
import { type RecordDraft, type ThreadRef, createOutbox } from './batch.js';
import { createCounted } from './counted.js';
import { install, messageOf } from './install.js';
import type { JavaMethod, JavaWrapper } from './java.js';
import { createKnown } from './known.js';
import { createLineage } from './lineage.js';
import { type Call, type Threads, createThreads } from './threads.js';
import type { AgentPlatform } from './platform.js';
import { createReads } from './reads.js';
import { createStacks } from './stacks.js';
import { createWitness } from './witness.js';

/** Faults of ours written for one row; more of the same say nothing new. */
const FAULTS = 16;
const DERIVING: ReadonlySet<string> = new Set(['digest', 'mac', 'cipher', 'base64', 'gzip']);

export interface Engine {
  /** Installs the rows that are not in yet: `early` before the app's Application exists, `late` once its class loader does. `known`: values to look for in crypto calls. */
  init(stage: 'early' | 'late', known: readonly string[]): Promise<void>;
  /** Sends everything that is held. */
  flush(): void;
  /** Takes the hooks out, tells what fired and sends the rest. */
  stop(): void;
  /** Writes a fault that was found outside the engine: a bridge that reports an error of ours. */
  fault(hook: string, where: string, error: unknown): void;
}

/** The parts that one hooked call passes through. */
export interface Line {
  readonly platform: AgentPlatform;
  readonly threads: Threads;
  emit(draft: RecordDraft, on: ThreadRef): number;
  /** Writes all counts; before anything that divides time. */
  settle(): void;
  fault(hook: string, where: string, error: unknown): void;
}

/** Wraps catalogue rows around the methods they name. The app's call goes through unchanged whatever happens in here. */
export function createEngine(platform: AgentPlatform, rows: readonly HookRow[]): Engine {
  const faults = new Map<string, number>();
  const fired = new Map<string, number>();
  const replaced = new Map<string, JavaMethod[]>();
  const threads = createThreads(platform);
  const outbox = createOutbox(platform, () => counted.flush());
  const counted = createCounted(outbox);
  const known = createKnown();

  const line: Line = {
    platform,
    threads,
    emit: (draft, on) => outbox.push(draft, on),
    settle: () => counted.flush(),
    fault(hook, where, error) {
      const before = faults.get(hook) ?? 0;
      faults.set(hook, before + 1);
      if (before < FAULTS) outbox.push({ type: 'fault', at: platform.stamp(), hook, where, message: messageOf(error) }, threads.here());
    },
  };
  const stacks = createStacks(platform, (id, frames, caller) => outbox.push({ type: 'stack', at: platform.stamp(), id, frames, caller }, threads.here()));
  const witness = createWitness(line, stacks);
  const reads = createReads(line, stacks, counted, known, witness);
  const lineage = createLineage(platform.java, known);

  /** Opens a call: what has to be known before the original runs. Null: not for us. */
  function open(call: Call): boolean {
    switch (call.row.kind) {
      case 'read': return reads.open(call);
      case 'click': case 'activity': case 'permission-request': return witness.open(call);
      default: return openDerivation(call);
    }
  }
  function close(call: Call, returned: unknown, thrown: unknown): void {
    fired.set(call.row.id, (fired.get(call.row.id) ?? 0) + 1);
    if (call.row.kind === 'read') reads.close(call, returned, thrown);
    else if (!DERIVING.has(call.row.kind)) witness.close(call, returned);
    else if (thrown === null && call.input !== null) closeDerivation(call, call.input, returned);
  }
  function openDerivation(call: Call): boolean {
    if (threads.inside(call, (outer) => outer.row.kind === call.row.kind || (outer.row.kind === 'mac' && call.row.kind === 'digest'))) return false;
    call.input = lineage.before(call);
    return true;
  }
  function closeDerivation(call: Call, input: string, returned: unknown): void {
    const derived = lineage.after(call, input, returned);
    if (derived !== null) line.emit({ type: 'derive', at: call.at ?? platform.stamp(), ...derived, stack: stacks.here().id }, call.on);
  }

  /** One call of a hooked method: the original first, its outcome passed on untouched. */
  function run(row: HookRow, types: readonly string[], method: JavaMethod, self: JavaWrapper, args: unknown[]): unknown {
    const call = enter(row, types, self, args);
    if (call === null) return method.apply(self, args);
    let returned: unknown;
    try {
      returned = method.apply(self, args);
    } catch (thrown) {
      leave(call, undefined, thrown);
      throw thrown;
    }
    leave(call, returned, null);
    return returned;
  }
  function enter(row: HookRow, types: readonly string[], self: JavaWrapper, args: unknown[]): Call | null {
    try {
      if (row.only !== null && !row.only.among.includes(String(args[row.only.index]))) return null;
      return threads.enter(row, types, self, args, open);
    } catch (error) {
      line.fault(row.id, 'enter', error);
      return null;
    }
  }
  function leave(call: Call, returned: unknown, thrown: unknown): void {
    try {
      threads.leave(call, () => close(call, returned, thrown));
    } catch (error) {
      line.fault(call.row.id, 'leave', error);
    }
  }
  function replace(row: HookRow, types: readonly string[], method: JavaMethod): void {
    method.implementation = function (...args) {
      return run(row, types, method, this, args);
    };
    replaced.set(row.id, [...(replaced.get(row.id) ?? []), method]);
  }
  function coverage(when: 'early' | 'late' | 'end', missing: readonly string[], failed: readonly { hook: string; why: string }[]): void {
    outbox.push({ type: 'coverage', at: platform.stamp(), when, installed: [...replaced.keys()], missing, failed, fired: Object.fromEntries(fired) }, threads.here());
  }

  return {
    async init(stage, values) {
      if (stage === 'early') outbox.push({ type: 'rows', at: platform.stamp(), rows: rows.map(({ id, kind, datum, family, class: holder, method }) => ({ id, kind, datum, family, class: holder, method })) }, threads.here());
      for (const value of values) known.add(value);
      const done = install(platform.java, rows.filter((row) => !replaced.has(row.id)), replace);
      await platform.tick();
      coverage(stage, done.missing, done.failed);
    },
    flush() {
      counted.flush();
      outbox.flush();
    },
    stop() {
      const failed: { hook: string; why: string }[] = [];
      for (const [hook, methods] of replaced) {
        try {
          for (const method of methods) method.implementation = null;
        } catch (error) {
          failed.push({ hook, why: messageOf(error) });
        }
      }
      counted.flush();
      coverage('end', rows.filter((row) => !replaced.has(row.id)).map((row) => row.id), failed);
      outbox.flush();
    },
    fault: line.fault,
  };
}
