import { RUN_SCHEMA } from '../model/run.js';
import type { RawEvent } from './read-chain.js';

/** run.json as parsed. */
export type RawHead = Readonly<Record<string, unknown>>;
interface RawRun {
  readonly head: RawHead;
  readonly events: readonly RawEvent[];
}

/** For each old schema the step to the next. What was not recorded then becomes null: not known, never "no". */
const STEPS: Readonly<Record<number, (run: RawRun) => RawRun>> = {
  2: ({ head, events }) => ({ head: { ...head, schema: 3 }, events: events.map(from2) }),
  1: ({ head, events }) => ({ head: { ...head, schema: 2, catalogue: withoutData(head['catalogue']) }, events: events.map(from1) }),
};

/** Schema 1 did not tell which data its rows watched: none is taken as watched. */
function withoutData(catalogue: unknown): object {
  return { ...(typeof catalogue === 'object' ? catalogue : {}), data: [] };
}

/** Schema 2 tells for an observation whether the app was in the foreground, for a flow the SNI, for a consent act how it was expressed, for a gap its scope. */
function from1(event: RawEvent): RawEvent {
  switch (event['kind']) {
    case 'observation':
      return { ...event, foreground: null };
    case 'flow':
      return { ...event, sni: null };
    case 'consent':
      return { ...event, how: null };
    case 'gap':
      // All nulls: a gap of unknown scope counts against every claim.
      return { ...event, scope: { datum: null, host: null, phase: null } };
    default:
      return event;
  }
}

/** Schema 3 counts flows, tells TLS, WebSocket messages and what was synthetic, and keeps raw heads and trailers apart. */
function from2(event: RawEvent): RawEvent {
  if (event['kind'] !== 'flow') return event;
  const head = (value: unknown, more: object): unknown =>
    typeof value === 'object' && value !== null ? { ...value, trailers: [], raw: null, ...more } : null;
  return {
    ...event,
    n: null,
    engine: 'relay',
    tls: null,
    websocket: null,
    synthetic: [],
    request: head(event['request'], {}),
    response: head(event['response'], { interim: [] }),
  };
}

/** The run as today's schema would have recorded it; the files on disk stay as they are. */
export function upgrade(head: RawHead, events: readonly RawEvent[], schema: number): RawRun {
  let run: RawRun = { head, events };
  for (let from = schema; from < RUN_SCHEMA; from += 1) {
    const step = STEPS[from];
    if (step === undefined) throw new Error(`no step from run schema ${from}`);
    run = step(run);
  }
  return run;
}
