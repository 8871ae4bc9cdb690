import type { WireStamp, WireValue } from '../wire.js';
import type { Outbox, RecordDraft, ThreadRef } from './batch.js';

type ApiDraft = Extract<RecordDraft, { type: 'api' }>;
/** Single records of one call site and value between two flushes of a row that is not hot; what comes after is counted. */
const SINGLE = 64;

interface Count {
  first: ApiDraft;
  on: ThreadRef;
  n: number;
  lastAt: WireStamp;
}

export interface Counted {
  /** Whether the call goes into a count. False: the caller writes a record of its own. */
  count(draft: ApiDraft, hot: boolean, on: ThreadRef): boolean;
  /** Writes all counts as records and starts anew. */
  flush(): void;
}

/** Counts calls by (row, stack, value, exception): one record for many calls. */
export function createCounted(outbox: Outbox): Counted {
  const counts = new Map<string, Count>();
  const singles = new Map<string, number>();
  return {
    count(draft, hot, on) {
      const key = `${draft.hook} ${draft.datum} ${draft.stack} ${draft.threw ?? ''} ${draft.rows ?? ''} ${valueKey(draft.values)}`;
      if (!hot) {
        const seen = singles.get(key) ?? 0;
        if (seen < SINGLE) {
          singles.set(key, seen + 1);
          return false;
        }
      }
      const open = counts.get(key);
      if (open === undefined) counts.set(key, { first: draft, on, n: 1, lastAt: draft.at });
      else {
        open.n++;
        open.lastAt = draft.at;
      }
      return true;
    },
    flush() {
      for (const { first, on, n, lastAt } of counts.values()) outbox.push({ ...first, n, lastAt }, on);
      counts.clear();
      singles.clear();
    },
  };
}

function valueKey(values: readonly WireValue[]): string {
  if (values.length === 0) return '';
  const [first] = values;
  if (values.length === 1 && first !== undefined) return 'text' in first ? first.text : first.base64;
  return JSON.stringify(values);
}
