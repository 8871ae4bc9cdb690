import type { WireBatch, WireCut, WireFrame, WireRecord, WireRow, WireStamp, WireValue } from '../../hooks/wire.js';
import type { EventId, Frame, ProcessRef, ValueRef } from '../model/event.js';
import type { Coded, GapWhat, GapWhy } from '../model/gap-codes.js';
import type { Recorder } from '../model/recorder.js';
import type { Stamp } from '../model/stamp.js';
import { permissionGroups } from './permission-groups.js';

/** A click that an agent saw in the app, stamped by that agent. */
export interface AgentClick {
  readonly process: ProcessRef;
  readonly at: Stamp;
  readonly text: string;
  readonly view: string;
}

export interface AgentSink {
  /** Writes a batch as events of the run. */
  take(batch: WireBatch): void;
  /** Calls back for each click, after its batch is written; returns the way to stop. */
  onClick(listener: (click: AgentClick) => void): () => void;
}

type Of<T extends WireRecord['type']> = Extract<WireRecord, { type: T }>;
interface Stack {
  readonly frames: readonly Frame[];
  readonly caller: string;
}
/** What was learnt of one process. */
interface Known {
  readonly rows: Map<string, WireRow>;
  readonly stacks: Map<number, Stack>;
  readonly events: Map<number, EventId>;
  seq: number;
  readonly told: Set<string>;
}

interface Unseen {
  readonly what: Coded<GapWhat>;
  readonly why: Coded<GapWhy>;
  readonly datum: string | null;
}

/** Where no frame of the app or an SDK is on the stack. */
const NO_CALLER = 'unknown';
const CUT: Readonly<Record<WireCut, GapWhy>> = {
  values: 'too-many-values',
  value: 'value-too-long',
  input: 'input-too-long',
  objects: 'too-many-objects',
  known: 'too-many-known-values',
};
/** Records whose event id is kept, for the parts that follow a read. */
const KEPT = 4096;

/** Turns what agents send into events: values by reference, stacks in full, and everything that was lost as a gap. */
export function createAgentSink(recorder: Recorder, packageName: string): AgentSink {
  const processes = new Map<number, Known>();
  const listeners = new Set<(click: AgentClick) => void>();

  function knownOf(pid: number): Known {
    const found = processes.get(pid) ?? { rows: new Map(), stacks: new Map(), events: new Map(), seq: 0, told: new Set() };
    processes.set(pid, found);
    return found;
  }
  return {
    take(batch) {
      const known = knownOf(batch.pid);
      const process: ProcessRef = { pid: batch.pid, name: batch.process, package: batch.package };
      if (batch.package !== packageName)
        tellOnce(recorder, known, { what: 'other-package', why: `package: ${batch.package}`, datum: null });
      noteLoss(recorder, known, batch);
      for (const record of batch.records) writeRecord(recorder, known, process, record);
      for (const record of batch.records) {
        if (record.type !== 'click') continue;
        for (const listener of listeners) listener({ process, at: stamp(record.at), text: record.text, view: record.view });
      }
    },
    onClick(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** Numbers that are missing, counted or not: reads that happened and are not in the run. */
function noteLoss(recorder: Recorder, known: Known, batch: WireBatch): void {
  const last = batch.records.at(-1)?.seq ?? known.seq + batch.dropped;
  const missing = last - known.seq - batch.records.length;
  known.seq = Math.max(known.seq, last);
  if (batch.dropped > 0) recorder.gap('hooks', `records-dropped: ${batch.dropped}`, 'too-many-calls');
  if (missing > batch.dropped) recorder.gap('hooks', `records-lost: ${missing - batch.dropped}`, 'lost-on-the-way');
}

function writeRecord(recorder: Recorder, known: Known, process: ProcessRef, record: WireRecord): void {
  switch (record.type) {
    case 'rows':
      for (const row of record.rows) known.rows.set(row.id, row);
      return;
    case 'stack':
      known.stacks.set(record.id, stackOf(record));
      return;
    case 'api':
      writeRead(recorder, known, process, record);
      return;
    case 'prompt':
      writePrompt(recorder, known, process, record);
      return;
    case 'click':
      return;
    case 'activity':
      recorder.write({ kind: 'lifecycle', at: stamp(record.at), what: record.state, process, detail: record.name, head: null });
      return;
    case 'derive':
      writeDerivation(recorder, known, process, record);
      return;
    case 'coverage':
      writeCoverage(recorder, known, process, record);
      return;
    case 'cut':
      tellOnce(recorder, known, {
        what: record.hook === '' ? 'hook-cut' : `hook-cut: ${record.hook}`,
        why: CUT[record.what],
        datum: record.datum,
      });
      return;
    case 'fault':
      tellOnce(recorder, known, {
        what: `hook-fault: ${record.hook}`,
        why: `agent-error: ${record.where}: ${record.message}`,
        datum: datumOf(known, record.hook),
      });
  }
}

function writeRead(recorder: Recorder, known: Known, process: ProcessRef, record: Of<'api'>): void {
  const row = known.rows.get(record.hook);
  const stack = known.stacks.get(record.stack);
  const id = recorder.write({
    kind: 'observation',
    at: stamp(record.at),
    hook: record.hook,
    api: row === undefined ? record.hook : `${row.class}.${row.method}`,
    family: row?.family ?? record.hook,
    datum: record.datum,
    caller: stack?.caller ?? NO_CALLER,
    stack: stack?.frames ?? [],
    values: refs(recorder, record.values),
    rows: record.rows,
    n: record.n,
    firstAt: stamp(record.firstAt),
    lastAt: stamp(record.lastAt),
    parent: record.parent === null ? null : (known.events.get(record.parent) ?? null),
    threw: record.threw,
    process,
    thread: record.thread,
    foreground: record.foreground,
  });
  known.events.set(record.seq, id);
  if (known.events.size > KEPT) known.events.delete(known.events.keys().next().value ?? 0);
}

function writePrompt(recorder: Recorder, known: Known, process: ProcessRef, record: Of<'prompt'>): void {
  const stack = known.stacks.get(record.stack);
  recorder.write({
    kind: 'prompt',
    at: stamp(record.at),
    act: 'requested',
    permissions: record.permissions,
    groups: permissionGroups(record.permissions),
    answer: null,
    caller: stack?.caller ?? null,
    stack: stack?.frames ?? [],
    process,
  });
}

function writeDerivation(recorder: Recorder, known: Known, process: ProcessRef, record: Of<'derive'>): void {
  const stack = known.stacks.get(record.stack);
  recorder.write({
    kind: 'derivation',
    at: stamp(record.at),
    op: record.op,
    algorithm: record.algorithm,
    input: recorder.file('values', Buffer.from(record.input, 'base64'), 'bin'),
    output: recorder.file('values', Buffer.from(record.output, 'base64'), 'bin'),
    caller: stack?.caller ?? NO_CALLER,
    stack: stack?.frames ?? [],
    process,
    thread: record.thread,
  });
}

/** A row that this Android does not have is coverage; a row that could not be put in is a gap for its datum. */
function writeCoverage(recorder: Recorder, known: Known, process: ProcessRef, record: Of<'coverage'>): void {
  recorder.write({
    kind: 'coverage',
    at: stamp(record.at),
    when: record.when,
    process,
    installed: record.installed,
    missing: record.missing,
    failed: record.failed,
    fired: record.fired,
  });
  for (const { hook, why } of record.failed)
    tellOnce(recorder, known, { what: `hook-failed: ${hook}`, why: `install-error: ${why}`, datum: datumOf(known, hook) });
}

/** What a row reads; null where it reads none, or one that only the call tells. */
function datumOf(known: Known, hook: string): string | null {
  const datum = known.rows.get(hook)?.datum ?? null;
  return datum === 'by-uri' ? null : datum;
}

function tellOnce(recorder: Recorder, known: Known, { what, why, datum }: Unseen): void {
  const key = `${what} ${why}`;
  if (known.told.has(key)) return;
  known.told.add(key);
  recorder.gap('hooks', what, why, datum === null ? undefined : { datum });
}

/** Each value once. Bytes go in as they are, text as UTF-8. */
function refs(recorder: Recorder, values: readonly WireValue[]): readonly ValueRef[] {
  const seen = new Map<string, ValueRef>();
  for (const value of values) {
    const key = 'text' in value ? `t${value.text}` : `b${value.base64}`;
    if (!seen.has(key)) seen.set(key, recorder.valueRef('text' in value ? Buffer.from(value.text) : Buffer.from(value.base64, 'base64')));
  }
  return [...seen.values()];
}

function stackOf(record: Of<'stack'>): Stack {
  const frames = record.frames.map(({ c, m, f, l }: WireFrame): Frame => ({ class: c, method: m, file: f, line: l }));
  const at = record.caller === null ? undefined : frames[record.caller];
  return { frames, caller: at === undefined ? NO_CALLER : `${at.class}.${at.method}` };
}

function stamp({ ms, slackMs, clock, seq }: WireStamp): Stamp {
  return { ms, slackMs, clock, seq };
}
