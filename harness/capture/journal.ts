import type { BodyRef, BodyState, Flow, Moment } from '../model/event.js';
import type { Coded, GapWhat, GapWhy } from '../model/gap-codes.js';
import type { SocketOwner } from '../model/handset.js';
import type { BodyWriter, Recorder } from '../model/recorder.js';
import type { Stamp } from '../model/stamp.js';
import { nameOf } from './authority-form.js';
import type { Presence } from './presence.js';

/** What of the traffic was not seen; `Gap.what` of source `proxy`. */
export type ProxyGap = Extract<
  GapWhat,
  'tls-refused' | 'upstream-failed' | 'h2-only' | 'bad-request' | 'opaque' | 'websocket' | 'body-cut'
>;
/** Why, with a detail. */
export type ProxyWhy = Coded<GapWhy>;

/** What is known of a connection, for all flows on it. */
export interface Line {
  readonly door: Flow['door'];
  readonly scheme: Flow['scheme'];
  readonly host: string;
  readonly port: number;
  readonly sni: string | null;
  readonly peer: Flow['peer'];
  readonly owner: () => Flow['owner'];
  readonly times: Pick<Flow['times'], 'connect' | 'clientHello' | 'handshake'>;
}

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

  constructor(
    readonly recorder: Recorder,
    readonly presence: Presence,
  ) {}

  now(): Beginning {
    const { clock } = this.recorder;
    const at = clock.now();
    return { at, moment: { wallMs: clock.wallMs(), monoMs: clock.monoMs(), ms: at.ms } };
  }

  flow(draft: Omit<Flow, 'id' | 'kind' | 'witness'>): void {
    this.#guarded(() => this.recorder.write({ kind: 'flow', witness: 'proxy', ...draft }));
  }

  gap(what: ProxyGap, why: ProxyWhy, host: string): void {
    this.#guarded(() => this.recorder.gap('proxy', what, why, { host }));
  }

  /** A flow on which nothing was seen, and the gap that says so. */
  refused(line: Line, began: Beginning, what: ProxyGap, reason: ProxyWhy): void {
    const times = { ...line.times, requestFirst: null, requestLast: null, responseFirst: null, responseLast: null };
    const { owner, ...known } = line;
    this.flow({ at: began.at, ...known, owner: owner(), state: 'refused', reason, request: null, response: null, bodies: [], times });
    this.gap(what, reason, nameOf(line));
  }

  body(of: BodyRef['of']): BodyWriter {
    return this.#guarded(() => this.recorder.body(of)) ?? NOWHERE;
  }

  write(writer: BodyWriter, bytes: Uint8Array): boolean {
    return this.#guarded(() => writer.write(bytes)) ?? true;
  }

  async drained(writer: BodyWriter): Promise<void> {
    await writer.drained().catch((cause: unknown) => this.#failed(cause));
  }

  async end(writer: BodyWriter | null, state: BodyState): Promise<BodyRef | null> {
    if (writer === null) return null;
    return writer.end(state).catch((cause: unknown) => this.#failed(cause));
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

const NOWHERE: BodyWriter = { write: () => true, drained: () => Promise.resolve(), end: () => Promise.resolve(null) };

/** Looks up the owner of a client port until it is known; a handset may learn of its socket later than we do. */
export function ownerOf(sockets: SocketOwner, clientPort: number): () => Flow['owner'] {
  let known: Flow['owner'] | null = null;
  return () => {
    known ??= sockets.owner(clientPort);
    return known ?? { uid: null, package: null, pid: null, how: 'unknown' };
  };
}
