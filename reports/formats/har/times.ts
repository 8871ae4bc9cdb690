import type { Flow, Moment } from '../../../harness/model/event.js';
import { isoOf } from './fields.js';

/** When an entry begins and how long each of its parts took, in milliseconds. */
export interface HarTimes {
  readonly startedDateTime: string;
  readonly time: number;
  readonly timings: Readonly<Record<'blocked' | 'dns' | 'connect' | 'ssl' | 'send' | 'wait' | 'receive', number>>;
}

/**
 * Begins with the first byte of the request, as the clock on the wall showed it; lengths are of the monotonic clock. The connection is never
 * a part of it (-1): it may be older by far, and an entry must not seem to begin before its first byte. Its times are in `_jiejing`.
 * `beganMs`: real wall time of the run's begin, for a flow of which no step was timed.
 */
export function harTimes({ times, at }: Pick<Flow, 'times' | 'at'>, beganMs: number): HarTimes {
  const first = times.requestFirst?.monoMs ?? null;
  const asked = Math.max(first ?? 0, times.requestLast?.monoMs ?? 0);
  const answered = Math.max(asked, times.responseFirst?.monoMs ?? 0);
  const done = Math.max(answered, times.responseLast?.monoMs ?? 0);
  const [send, wait, receive] = first === null ? [0, 0, 0] : [asked - first, answered - asked, done - answered].map(microseconds);
  return {
    startedDateTime: isoOf(startOf({ times, at }, beganMs)) ?? '1970-01-01T00:00:00.000Z',
    time: microseconds((send ?? 0) + (wait ?? 0) + (receive ?? 0)),
    timings: { blocked: -1, dns: -1, connect: -1, ssl: -1, send: send ?? 0, wait: wait ?? 0, receive: receive ?? 0 },
  };
}

/** Real wall time of the first step that was timed, ms since 1970; by the run clock where none was. */
export function startOf({ times, at }: Pick<Flow, 'times' | 'at'>, beganMs: number): number {
  const { requestFirst, connect, clientHello, handshake, responseFirst } = times;
  const step: Moment | null = requestFirst ?? connect ?? clientHello ?? handshake ?? responseFirst;
  return step?.wallMs ?? beganMs + at.ms;
}

/** Clocks tell no more than that. */
function microseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
