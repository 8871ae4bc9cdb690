import type { BodyRef, BodyState, Flow, Moment } from '../model/event.js';
import type { RawBytes } from '../model/flow-parts.js';
import type { Coded, GapWhat, GapWhy } from '../model/gap-codes.js';
import type { SocketOwner } from '../model/handset.js';
import type { BodyWriter, Recorder } from '../model/recorder.js';
import type { Stamp } from '../model/stamp.js';
import { nameOf } from './authority-form.js';
import type { Presence } from './presence.js';

/** What of the traffic was not seen; `Gap.what` of source `proxy`. */
export type ProxyGap = Extract<
  GapWhat,
  'not-settled' | 'tls-refused' | 'upstream-failed' | 'h2-only' | 'bad-request' | 'opaque' | 'websocket' | 'body-cut' | 'udp' | 'not-taken'
>;
/** Why, with a detail. */
export type ProxyWhy = Coded<GapWhy>;

/** What is known of a connection, for all flows on it. */
export interface Line {
  readonly engine: Flow['engine'];
  readonly door: Flow['door'];
  readonly scheme: Flow['scheme'];
  readonly host: string;
  readonly port: number;
  readonly sni: string | null;
  readonly peer: Flow['peer'];
  readonly tls: Flow['tls'];
  readonly owner: () => Flow['owner'];
  readonly times: Pick<Flow['times'], 'connect' | 'clientHello' | 'handshake'>;
}

/** A connection of which nothing is known but who opened it, by which door. */
export function blankLine(door: Flow['door'], owner: Line['owner']): Line {
  return {
    engine: 'none',
    door,
    scheme: 'tcp',
    host: 'unknown',
    port: 0,
    sni: null,
    peer: null,
    tls: null,
    owner,
    times: { connect: null, clientHello: null, handshake: null },
  };
}

/** What a flow says beside what its connection and the journal know. */
export type FlowParts = Omit<Flow, 'id' | 'kind' | 'witness' | 'n' | 'owner' | keyof Omit<Line, 'times'>>;

/** When something began. */
export interface Beginning {
  readonly at: Stamp;
  readonly moment: Moment;
}

/**
 * The recorder as the proxy uses it. When the store takes nothing more, the app's traffic goes on unrecorded
 * and the first failure is kept for whoever asks `idle()` or `close()`.
 */
export class Journal {
  failure: { readonly cause: unknown } | null = null;
  /** True from `close()` on: connections that end now were ended by us. */
  closing = false;
  #numbers = 0;
  #moment: Moment | null = null;

  constructor(
    readonly recorder: Recorder,
    readonly presence: Presence,
  ) {}

  now(): Beginning {
    const { clock } = this.recorder;
    const at = clock.now();
    const moment = { wallMs: clock.wallMs(), monoMs: Math.round(clock.monoMs() * 1000) / 1000, ms: at.ms };
    // Runs when the callback that brought it is over.
    if (this.#moment === null)
      queueMicrotask(() => {
        this.#moment = null;
      });
    this.#moment = moment;
    return { at, moment };
  }

  /** The moment of what came; the same for all that is done with it before the next thing comes. */
  moment(): Moment {
    return this.#moment ?? this.now().moment;
  }

  /** The next number of a flow. Whoever takes one writes its flow. */
  number(): number {
    this.#numbers += 1;
    return this.#numbers;
  }

  flow(n: number, line: Line, parts: FlowParts): void {
    const { engine, door, scheme, host, port, sni, peer, tls } = line;
    const { at, state, reason, request, response, bodies, websocket, synthetic, times } = parts;
    const owner = line.owner();
    this.#guarded(() =>
      this.recorder.write({
        kind: 'flow',
        at,
        witness: 'proxy',
        n,
        engine,
        door,
        scheme,
        host,
        port,
        sni,
        peer,
        owner,
        state,
        reason,
        request,
        response,
        bodies,
        tls,
        websocket,
        synthetic,
        times,
      }),
    );
  }

  /** Something was still under way when we had to stop waiting for it. */
  notSettled(): void {
    this.#guarded(() => this.recorder.gap('proxy', 'not-settled', 'run-ended'));
  }

  gap(what: ProxyGap, why: ProxyWhy, host: string): void {
    this.#guarded(() => this.recorder.gap('proxy', what, why, { host }));
  }

  /** A flow on which nothing was seen, and the gap that says so. */
  refused(line: Line, began: Beginning, what: ProxyGap, reason: ProxyWhy): void {
    this.#unseen(line, began, { what, reason, synthetic: [] });
  }

  /** The same where we told the app so ourselves. */
  turnedAway(line: Line, began: Beginning, what: ProxyGap, reason: ProxyWhy): void {
    this.#unseen(line, began, { what, reason, synthetic: ['answer'] });
  }

  #unseen(
    line: Line,
    began: Beginning,
    { what, reason, synthetic }: { what: ProxyGap; reason: ProxyWhy; synthetic: Flow['synthetic'] },
  ): void {
    // What we broke off ourselves is nobody's refusal.
    const [unseen, why]: readonly [ProxyGap, ProxyWhy] = this.closing ? ['not-settled', 'run-ended'] : [what, reason];
    const times = { ...line.times, requestFirst: null, requestLast: null, responseFirst: null, responseLast: null };
    const nothing = { request: null, response: null, bodies: [], websocket: null };
    this.flow(this.number(), line, { at: began.at, state: 'refused', reason: why, ...nothing, synthetic, times });
    this.gap(unseen, why, nameOf(line));
  }

  /** Keeps the bytes of a head; null when the store takes nothing more. */
  raw(bytes: Buffer): RawBytes | null {
    return this.#guarded(() => this.recorder.raw(bytes));
  }

  /** Keeps a line of the TLS key log. */
  readonly keys = (line: Buffer): void => void this.#guarded(() => this.recorder.key(line));

  body(of: BodyRef['of']): BodyWriter {
    return this.#guarded(() => this.recorder.body(of)) ?? NOWHERE;
  }

  write(writer: BodyWriter, bytes: Uint8Array): boolean {
    return this.#guarded(() => writer.write(bytes)) ?? true;
  }

  async drained(writer: BodyWriter): Promise<void> {
    await writer.drained().catch((cause: unknown) => this.#failed(cause));
  }

  end(writer: BodyWriter | null, state: BodyState): BodyRef | null | Promise<BodyRef | null> {
    const ended = writer === null ? null : this.#guarded(() => writer.end(state));
    return ended instanceof Promise ? ended.catch((cause: unknown) => this.#failed(cause)) : ended;
  }

  #guarded<T>(act: () => T): T | null {
    try {
      return act();
    } catch (cause) {
      return this.#failed(cause);
    }
  }

  #failed(cause: unknown): null {
    this.failure ??= { cause };
    return null;
  }
}

const NOWHERE: BodyWriter = { write: () => true, drained: () => Promise.resolve(), end: () => null };

const UNKNOWN: Flow['owner'] = Object.freeze({ uid: null, package: null, pid: null, how: 'unknown' });

/** Looks up the owner of a client port until it is known; a handset may learn of its socket later than we do. */
export function ownerOf(sockets: SocketOwner, clientPort: number): () => Flow['owner'] {
  const sinceMs = performance.now();
  // Whoever must look it up begins now.
  sockets.owner(clientPort, sinceMs);
  let known: Flow['owner'] | null = null;
  return () => {
    known ??= sockets.owner(clientPort, sinceMs);
    return known ?? UNKNOWN;
  };
}
