import type { BodyRef, BodyState, Flow, FlowTimes, HttpRequestHead, HttpResponseHead } from '../model/event.js';
import type { BodyWriter } from '../model/recorder.js';
import { nameOf, printAuthority } from './authority-form.js';
import type { Head, RequestLine, StatusLine } from './http1.js';
import type { Beginning, Journal, Line, ProxyGap, ProxyWhy } from './journal.js';

/** Without a byte for so long (real ms), an exchange no longer holds the run clock. */
const QUIET_MS = 10_000;
/** A channel without messages rests most of the time. */
const OPAQUE_QUIET_MS = 100;

/** One request and its answer, on their way into the run. */
export class Exchange {
  request: HttpRequestHead | null = null;
  response: HttpResponseHead | null = null;
  requestWhole = false;
  responseWhole = false;
  #opaque: string | null = null;
  readonly #writers: { request: BodyWriter | null; response: BodyWriter | null } = { request: null, response: null };
  readonly #times: { -readonly [K in keyof FlowTimes]: FlowTimes[K] };
  #stay;
  #finished = false;

  constructor(
    readonly journal: Journal,
    readonly line: Line,
    readonly began: Beginning,
  ) {
    this.#stay = journal.presence.enter(QUIET_MS);
    this.#times = { ...line.times, requestFirst: began.moment, requestLast: began.moment, responseFirst: null, responseLast: null };
    line.owner();
  }

  get opaque(): boolean {
    return this.#opaque !== null;
  }

  /** Bytes of one side came. */
  touch(of: BodyRef['of']): void {
    this.#stay.touch();
    const { moment } = this.journal.now();
    if (of === 'request') {
      this.#times.requestLast = moment;
    } else {
      this.#times.responseFirst ??= moment;
      this.#times.responseLast = moment;
    }
  }

  asked(line: RequestLine, head: Head): void {
    const { scheme, port } = this.line;
    const path = line.target.replace(/^http:\/\/[^/?#]*/i, '');
    this.request = {
      ...line,
      url: `${scheme}://${printAuthority(scheme, nameOf(this.line), port)}${path.startsWith('/') ? '' : '/'}${path}`,
      headers: head.headers,
    };
  }

  answered(line: StatusLine, head: Head): void {
    this.response = { ...line, headers: head.headers };
  }

  /** Trailers stand behind the headers. */
  trailers(of: BodyRef['of'], fields: Head['headers']): void {
    if (of === 'request' && this.request !== null) this.request = { ...this.request, headers: [...this.request.headers, ...fields] };
    if (of === 'response' && this.response !== null) this.response = { ...this.response, headers: [...this.response.headers, ...fields] };
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
    const active = this.#stay;
    this.#stay = this.journal.presence.enter(OPAQUE_QUIET_MS);
    active.leave();
  }

  /** Writes the flow, once. `ending` is what happened to the parts that are not whole. */
  finish(ending: 'whole' | 'truncated' | 'aborted', reason: string | null): void {
    if (this.#finished) return;
    this.#finished = true;
    const stay = this.journal.presence.enter(QUIET_MS);
    this.#stay.leave();
    void this.#write(ending, reason).finally(() => stay.leave());
  }

  async #write(ending: 'whole' | 'truncated' | 'aborted', reason: string | null): Promise<void> {
    const state = (whole: boolean): BodyState => (whole ? 'whole' : ending);
    const ends = [
      this.journal.end(this.#writers.request, state(this.requestWhole)),
      this.journal.end(this.#writers.response, state(this.responseWhole)),
    ];
    const bodies = (await Promise.all(ends)).filter((body) => body !== null);
    const { owner, times: _, ...known } = this.line;
    this.journal.flow({
      at: this.began.at,
      ...known,
      owner: owner(),
      ...this.#verdict(ending, reason, bodies),
      request: this.request,
      response: this.response,
      bodies,
      times: this.#times,
    });
    for (const body of bodies)
      if (body.state === 'cut')
        this.journal.gap('body-cut', `over-limit: ${body.of}, ${body.length} of ${body.bytes} bytes kept`, nameOf(this.line));
  }

  #verdict(ending: 'whole' | 'truncated' | 'aborted', reason: string | null, bodies: readonly BodyRef[]): Pick<Flow, 'state' | 'reason'> {
    if (this.#opaque !== null) return { state: 'opaque', reason: reason === null ? this.#opaque : `${this.#opaque}; ${reason}` };
    if (ending === 'whole' && bodies.some((body) => body.state === 'cut')) return { state: 'cut', reason: 'body over the limit' };
    return { state: ending, reason };
  }
}
