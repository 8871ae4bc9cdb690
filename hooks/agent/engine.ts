import type { HookRow, WireCut } from '../wire.js';
import { type Outbox, type RecordDraft, type ThreadRef, createOutbox } from './batch.js';
import { type Counted, createCounted } from './counted.js';
import { createDerivations } from './derivations.js';
import { install, messageOf } from './install.js';
import type { JavaMethod, JavaWrapper } from './java.js';
import { type Known, createKnown } from './known.js';
import type { AgentPlatform } from './platform.js';
import { createReads } from './reads.js';
import { createStacks } from './stacks.js';
import { type Call, type Threads, createThreads } from './threads.js';
import { createWitness } from './witness.js';

/** Faults of ours written for one row; more of the same say nothing new. */
const FAULTS = 16;

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

/** What the parts that a hooked call passes through may use. */
export interface Line {
  readonly platform: AgentPlatform;
  readonly threads: Threads;
  emit(draft: RecordDraft, on: ThreadRef): number;
  /** Writes all counts; before anything that divides time. */
  settle(): void;
  fault(hook: string, where: string, error: unknown): void;
  /** Says once for each hook and datum that part of what passed was left out. */
  cut(hook: string, datum: string | null, what: WireCut): void;
}

/** What is done with the calls of one kind of row. */
export interface Station {
  /** Before the original runs: notes what is gone afterwards. False: the call is not for us. */
  open(call: Call): boolean;
  /** After it: `thrown` is null when it returned. */
  close(call: Call, returned: unknown, thrown: unknown): void;
}

/** Wraps catalogue rows around the methods they name. The app's call goes through unchanged whatever happens in here. */
export function createEngine(platform: AgentPlatform, rows: readonly HookRow[]): Engine {
  return new Hooks(platform, rows);
}

/** A method that was replaced, and the rows that want to know. */
interface Hook {
  readonly rows: readonly HookRow[];
  readonly types: readonly string[];
  readonly method: JavaMethod;
}

class Hooks implements Engine, Line {
  readonly threads: Threads;
  private readonly outbox: Outbox;
  private readonly counted: Counted;
  private readonly known: Known = createKnown(() => this.cut('', null, 'known'));
  private readonly stations: Readonly<Record<'read' | 'witness' | 'derivation', Station>>;
  private readonly faults = new Map<string, number>();
  private readonly unsaid: { hook: string; where: string; message: string }[] = [];
  private readonly left = new Set<string>();
  private readonly fired = new Map<string, number>();
  private readonly installed = new Set<string>();
  /** Rows by the method they share: one method takes one implementation. */
  private readonly byMethod = new Map<JavaMethod, HookRow[]>();

  constructor(
    readonly platform: AgentPlatform,
    private readonly rows: readonly HookRow[],
  ) {
    this.threads = createThreads(platform);
    this.outbox = createOutbox(platform, () => this.ripen());
    this.counted = createCounted(this.outbox);
    const stacks = createStacks(platform, (id, frames, caller) =>
      this.outbox.push({ type: 'stack', at: platform.stamp(), id, frames, caller }, this.threads.here()),
    );
    const witness = createWitness(this, stacks);
    this.stations = {
      witness,
      read: createReads(this, { stacks, counted: this.counted, known: this.known, witness }),
      derivation: createDerivations(this, stacks, this.known),
    };
  }

  emit(draft: RecordDraft, on: ThreadRef): number {
    return this.outbox.push(draft, on);
  }
  settle(): void {
    this.counted.flush();
  }
  fault(hook: string, where: string, error: unknown): void {
    const before = this.faults.get(hook) ?? 0;
    this.faults.set(hook, before + 1);
    if (before < FAULTS) this.unsaid.push({ hook, where, message: messageOf(error) });
    this.say();
  }
  cut(hook: string, datum: string | null, what: WireCut): void {
    const key = `${hook} ${datum ?? ''} ${what}`;
    if (this.left.has(key)) return;
    this.left.add(key);
    this.outbox.push({ type: 'cut', at: this.platform.stamp(), hook, datum, what }, this.threads.here());
  }

  async init(stage: 'early' | 'late', known: readonly string[]): Promise<void> {
    if (stage === 'early') this.announce();
    for (const value of known) this.known.pin(value);
    const done = install(
      this.platform.java,
      this.rows.filter((row) => !this.installed.has(row.id)),
      (row, types, method) => this.replace(row, types, method),
    );
    for (const id of done.installed) this.installed.add(id);
    await this.platform.tick();
    this.coverage(stage, done.missing, done.failed);
  }
  flush(): void {
    this.ripen();
    this.outbox.flush();
  }
  stop(): void {
    const failed: { hook: string; why: string }[] = [];
    for (const [method, rows] of this.byMethod) {
      try {
        method.implementation = null;
      } catch (error) {
        failed.push(...rows.map((row) => ({ hook: row.id, why: messageOf(error) })));
      }
    }
    this.ripen();
    this.coverage(
      'end',
      this.rows.filter((row) => !this.installed.has(row.id)).map((row) => row.id),
      failed,
    );
    this.outbox.flush();
  }

  private replace(row: HookRow, types: readonly string[], method: JavaMethod): void {
    const sharing = this.byMethod.get(method);
    if (sharing !== undefined) {
      // A row of which one overload failed comes again.
      if (!sharing.includes(row)) sharing.push(row);
      return;
    }
    const rows = [row];
    const hook: Hook = { rows, types, method };
    const run = (self: JavaWrapper, args: unknown[]): unknown => this.run(hook, self, args);
    method.implementation = function (...args) {
      return run(this, args);
    };
    // Only now: where the assignment throws, the next row of this method must try for itself.
    this.byMethod.set(method, rows);
  }
  /** One call of a hooked method: the original first, its outcome passed on untouched. */
  private run(hook: Hook, self: JavaWrapper, args: unknown[]): unknown {
    const { method } = hook;
    const call = this.enter(hook, self, args);
    if (call === null) return method.apply(self, args);
    let returned: unknown;
    try {
      returned = method.apply(self, args);
    } catch (thrown) {
      this.leave(call, undefined, thrown);
      throw thrown;
    }
    this.leave(call, returned, null);
    return returned;
  }
  private enter({ rows, types }: Hook, self: JavaWrapper, args: readonly unknown[]): Call | null {
    try {
      const row = rows.find(({ only }) => only === null || only.among.some((name) => name === args[only.index]));
      return row === undefined ? null : this.threads.enter({ row, types, self, args }, (call) => this.station(row).open(call));
    } catch (error) {
      this.fault(rows[0]?.id ?? '', 'enter', error);
      return null;
    }
  }
  private leave(call: Call, returned: unknown, thrown: unknown): void {
    try {
      this.fired.set(call.row.id, (this.fired.get(call.row.id) ?? 0) + 1);
      this.threads.leave(call, () => this.station(call.row).close(call, returned, thrown));
    } catch (error) {
      this.fault(call.row.id, 'leave', error);
    }
  }
  private station(row: HookRow): Station {
    switch (row.kind) {
      case 'read':
        return this.stations.read;
      case 'click':
      case 'activity':
      case 'permission-request':
        return this.stations.witness;
      default:
        return this.stations.derivation;
    }
  }

  private announce(): void {
    const rows = this.rows.map(({ id, kind, datum, family, class: holder, method }) => ({
      id,
      kind,
      datum,
      family,
      class: holder,
      method,
    }));
    this.outbox.push({ type: 'rows', at: this.platform.stamp(), rows }, this.threads.here());
  }
  private coverage(when: 'early' | 'late' | 'end', missing: readonly string[], failed: readonly { hook: string; why: string }[]): void {
    const installed = [...this.installed];
    this.outbox.push(
      { type: 'coverage', at: this.platform.stamp(), when, installed, missing, failed, fired: Object.fromEntries(this.fired) },
      this.threads.here(),
    );
  }
  /** Makes records of what waits: faults and counts. */
  private ripen(): void {
    this.say();
    this.settle();
  }
  /** Writes the faults that are not written yet. What broke may be the platform itself: then they wait for the next flush. */
  private say(): void {
    try {
      for (let next = this.unsaid[0]; next !== undefined; next = this.unsaid[0]) {
        this.outbox.push({ type: 'fault', at: this.platform.stamp(), ...next }, this.threads.here());
        this.unsaid.shift();
      }
    } catch {
      /* they stay in the list */
    }
  }
}
