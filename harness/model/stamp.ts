/** A moment of a run and how sure it is. */
export interface Stamp {
  /** Milliseconds since the run began, on the run clock. */
  readonly ms: number;
  /** How far off `ms` may be, in milliseconds: the worst case, not a deviation. */
  readonly slackMs: number;
  /** The clock that counted `seq`; `run` for everything that the virtual handset stamps. */
  readonly clock: string;
  /** Place among the stamps of the same clock. */
  readonly seq: number;
}

export type Order = 'before' | 'after' | 'undecided';

/** Where `a` lies to `b`: by sequence on the same clock, else only when the gap is larger than both slacks. */
export function order(a: Stamp, b: Stamp): Order {
  if (a.clock === b.clock) {
    if (a.seq === b.seq) return 'undecided';
    return a.seq < b.seq ? 'before' : 'after';
  }
  if (Math.abs(a.ms - b.ms) <= a.slackMs + b.slackMs) return 'undecided';
  return a.ms < b.ms ? 'before' : 'after';
}
