import type { BodyRef, BodyState, Flow, FlowTimes } from '../model/event.js';
import type { Fields, FlowWebSocket, HttpRequestHead, HttpResponseHead, Synthetic } from '../model/flow-parts.js';
import type { BodyWriter } from '../model/recorder.js';
import { nameOf, printAuthority } from './authority-form.js';
import type { RequestLine, StatusLine } from './http1.js';
import type { Beginning, Journal, Line, ProxyGap, ProxyWhy } from './journal.js';

/** Without a byte for so long (real ms), an exchange no longer holds the run clock. */
const QUIET_MS = 10_000;
/** A channel without messages rests most of the time. */
const OPAQUE_QUIET_MS = 100;
const NO_FIELDS: Fields = [];
/** Interim responses of one exchange. */
const MOST_INTERIM = 1000;

/** Name, among the trailers, of what has none there: an extension of a chunk, a line that never ended. No field can have it. */
export const UNNAMED = ';';

/** What happened to the parts of an exchange that are not whole. */
export type ExchangeEnding = 'whole' | 'truncated' | 'aborted';

/** Header fields as sent, and the bytes of the head; null where it has no such form (HTTP/2). */
export interface HeadParts {
  readonly headers: Fields;
  readonly raw: Buffer | null;
}

/** One request and its answer, on their way into the run. Its number is taken when it begins; `finish` writes it. */
export class Exchange {
  readonly n: number;
  request: HttpRequestHead | null = null;
  response: HttpResponseHead | null = null;
  requestWhole = false;
  responseWhole = false;
  /** Set when it opened a WebSocket. */
  websocket: FlowWebSocket | null = null;
  #opaque: string | null = null;
  #changed: string | null = null;
  readonly #interim: HttpResponseHead['interim'][number][] = [];
  #synthetic: readonly Synthetic[] = [];
  readonly #writers: { request: BodyWriter | null; response: BodyWriter | null } = { request: null, response: null };
  readonly #times: { -readonly [K in keyof FlowTimes]: FlowTimes[K] };
  #stay;
  #finished = false;

  constructor(
    readonly journal: Journal,
    readonly line: Line,
    readonly began: Beginning,
  ) {
    this.n = journal.number();
    this.#stay = journal.presence.enter(QUIET_MS);
    const { connect, clientHello, handshake } = line.times;
    const { moment } = began;
    this.#times = {
      connect,
      clientHello,
      handshake,
      requestFirst: moment,
      requestLast: moment,
      responseFirst: null,
      responseLast: null,
    };
    line.owner();
  }

  get opaque(): boolean {
    return this.#opaque !== null;
  }

  /** Bytes of one side came. */
  touch(of: BodyRef['of']): void {
    this.#stay.touch();
    const moment = this.journal.moment();
    if (of === 'request') {
      this.#times.requestLast = moment;
    } else {
      this.#times.responseFirst ??= moment;
      this.#times.responseLast = moment;
    }
  }

  asked({ method, target, version }: RequestLine, { headers, raw }: HeadParts): void {
    const path = target.startsWith('/') ? target : target.replace(/^https?:\/\/[^/?#]*/i, '');
    const url = `${originOf(this.line)}${path.startsWith('/') ? '' : '/'}${path}`;
    this.request = { method, target, url, version, headers, trailers: NO_FIELDS, raw: this.#kept(raw) };
  }

  answered({ status, reason, version }: StatusLine, { headers, raw }: HeadParts): void {
    this.response = { status, reason, version, headers, trailers: NO_FIELDS, interim: this.#interim, raw: this.#kept(raw) };
  }

  /** A response of 1xx that is not the last. More than anybody has a use for are not kept, and it says so. */
  interim({ status, reason }: StatusLine, headers: Fields): void {
    if (this.#interim.length < MOST_INTERIM) this.#interim.push({ status, reason, headers });
    else if (!this.opaque) this.becomeOpaque('opaque', 'response-malformed: too many interim responses');
  }

  /** Behind those that are there. */
  trailers(of: BodyRef['of'], more: Fields): void {
    const fields = [...((of === 'request' ? this.request : this.response)?.trailers ?? []), ...more];
    if (of === 'request' && this.request !== null) this.request = { ...this.request, trailers: fields };
    if (of === 'response' && this.response !== null) this.response = { ...this.response, trailers: fields };
  }

  /** What came of a line that never ended; empty: nothing. */
  leftOver(of: BodyRef['of'], text: string): void {
    if (text !== '') this.trailers(of, [[UNNAMED, text]]);
  }

  /** Whether bytes of a body were read. */
  get hasBody(): boolean {
    return this.#writers.request !== null || this.#writers.response !== null;
  }

  /** Says what of it was made by us. */
  mark(synthetic: Synthetic): void {
    if (!this.#synthetic.includes(synthetic)) this.#synthetic = [...this.#synthetic, synthetic];
  }

  /** A rule of that name changed what passed. */
  changedBy(rule: string): void {
    this.mark('changed');
    this.#changed = this.#changed === null ? `changed-by-rule: ${rule}` : `${this.#changed}; changed-by-rule: ${rule}`;
  }

  /** Stores body bytes; a promise when the store asks to wait. */
  body(of: BodyRef['of'], bytes: Buffer): Promise<void> | null {
    this.touch(of);
    const writer = (this.#writers[of] ??= this.journal.body(of));
    return this.journal.write(writer, bytes) ? null : this.journal.drained(writer);
  }

  /** From here on the bytes are kept but not read; the gap is written at once, so that a killed run has it as well. */
  becomeOpaque(what: ProxyGap, reason: ProxyWhy): void {
    this.#opaque = reason;
    this.journal.gap(what, reason, nameOf(this.line));
    this.rest();
  }

  /** A channel from now on: between messages it does not hold the run clock. */
  rest(): void {
    const active = this.#stay;
    this.#stay = this.journal.presence.enter(OPAQUE_QUIET_MS);
    active.leave();
  }

  /** Writes the flow, once. `ending` is what happened to the parts that are not whole. */
  finish(ending: ExchangeEnding, reason: string | null): void {
    if (this.#finished) return;
    this.#finished = true;
    const state = (whole: boolean): BodyState => (whole ? 'whole' : ending);
    const request = this.journal.end(this.#writers.request, state(this.requestWhole));
    const response = this.journal.end(this.#writers.response, state(this.responseWhole));
    if (!(request instanceof Promise) && !(response instanceof Promise)) {
      this.#write(ending, reason, [request, response]);
      this.#stay.leave();
      return;
    }
    const stay = this.journal.presence.enter(QUIET_MS);
    this.#stay.leave();
    void Promise.all([request, response])
      .then((bodies) => this.#write(ending, reason, bodies))
      .finally(() => stay.leave());
  }

  #kept(raw: Buffer | null): HttpRequestHead['raw'] {
    return raw === null ? null : this.journal.raw(raw);
  }

  /** Where only responses of 1xx came, the last of them: the app has seen it. */
  #lastInterim(): HttpResponseHead | null {
    const last = this.#interim.at(-1);
    return last === undefined
      ? null
      : { ...last, version: this.request?.version ?? '', trailers: NO_FIELDS, interim: this.#interim, raw: null };
  }

  #write(ending: ExchangeEnding, reason: string | null, ends: readonly (BodyRef | null)[]): void {
    const bodies = ends.filter((body) => body !== null);
    this.journal.flow(this.n, this.line, {
      at: this.began.at,
      ...this.#verdict(ending, reason, bodies),
      request: this.request,
      response: this.response ?? this.#lastInterim(),
      bodies,
      websocket: this.websocket,
      synthetic: this.#synthetic,
      times: this.#times,
    });
    for (const body of bodies)
      if (body.state === 'cut')
        this.journal.gap('body-cut', `over-limit: ${body.of}, ${body.length} of ${body.bytes} bytes kept`, nameOf(this.line));
  }

  #verdict(ending: ExchangeEnding, reason: string | null, bodies: readonly BodyRef[]): Pick<Flow, 'state' | 'reason'> {
    const isCut = ending === 'whole' && bodies.some((body) => body.state === 'cut');
    const reasons = [this.#opaque, reason, isCut ? 'body over the limit' : null, this.#changed].filter((why) => why !== null);
    const state = this.#opaque !== null ? 'opaque' : isCut ? 'cut' : ending;
    return { state, reason: reasons.length === 0 ? null : reasons.join('; ') };
  }
}

/** The same for all exchanges of a connection, and not cheap to tell. */
const ORIGINS = new WeakMap<Line, string>();

/** Scheme, name and port as a URL begins with them. */
function originOf(line: Line): string {
  const { scheme, port } = line;
  const origin = ORIGINS.get(line) ?? `${scheme}://${printAuthority(scheme, nameOf(line), port)}`;
  ORIGINS.set(line, origin);
  return origin;
}
