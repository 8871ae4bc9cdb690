import type { WireRecord, WireStamp } from '../wire.js';
import type { AgentPlatform } from './platform.js';

const BATCH = 256;

type WithoutBase<R> = R extends WireRecord ? Omit<R, 'seq' | 'tid' | 'thread'> : never;
/** A record before it has its place and thread. */
export type RecordDraft = WithoutBase<WireRecord>;
export interface ThreadRef {
  readonly tid: number;
  readonly thread: string;
}

export interface Outbox {
  /** Gives the record its `seq` and queues it. Returns `seq`, also for a record that had to be dropped. */
  push(draft: RecordDraft, on: ThreadRef): number;
  /** Sends all that is queued. */
  flush(): void;
}

/** Only what comes in floods may be dropped; the rest is small and must arrive. */
const DROPPABLE: ReadonlySet<string> = new Set(['api', 'derive']);

/** Queues records and sends them by 256, or soon. `beforeTimedSend` runs first when the time has come. */
export function createOutbox(platform: AgentPlatform, beforeTimedSend: () => void): Outbox {
  let seq = 0;
  let n = 0;
  let dropped = 0;
  let records: WireRecord[] = [];
  let sinceTurn = 0;
  let waiting = false;

  function send(): void {
    if (records.length === 0 && dropped === 0) return;
    const batch = {
      type: 'batch',
      v: 1,
      pid: platform.pid,
      process: platform.process,
      package: platform.package,
      n: ++n,
      dropped,
      records,
    } as const;
    records = [];
    dropped = 0;
    platform.send(batch);
  }
  function turn(): void {
    waiting = false;
    sinceTurn = 0;
    beforeTimedSend();
    send();
  }
  return {
    push(draft, on) {
      const at: WireStamp = draft.at;
      const record = { ...draft, seq: ++seq, at, tid: on.tid, thread: on.thread } as WireRecord;
      if (++sinceTurn > platform.queueLimit && DROPPABLE.has(record.type)) dropped++;
      else records.push(record);
      if (records.length >= BATCH) send();
      if (!waiting) {
        waiting = true;
        platform.later(turn);
      }
      return seq;
    },
    flush: send,
  };
}
