import type { BodyRef, BodyState, Flow } from '../model/event.js';
import type { Fields, FlowWebSocket } from '../model/flow-parts.js';
import type { BodyWriter } from '../model/recorder.js';
import { nameOf } from './authority-form.js';
import type { Exchange, ExchangeEnding } from './exchange.js';
import type { Beginning, Journal, Line } from './journal.js';
import { agreedExtensions } from './websocket-extensions.js';
import { MessageInflater } from './websocket-inflate.js';
import type { FrameEvents, FrameFault } from './websocket-reader.js';
import { WebSocketReader } from './websocket-reader.js';

/** Bytes kept of one message, decoded. What is over it is still among the bytes of the channel. */
const MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024;
/** Without a byte for so long (real ms), a message on its way to the disk no longer holds the run clock. */
const QUIET_MS = 10_000;

type Of = BodyRef['of'];
type Close = Extract<FlowWebSocket, { kind: 'channel' }>['closes'][number];

/** What a channel belongs to. */
export interface ChannelParts {
  readonly journal: Journal;
  readonly line: Line;
  /** The exchange that opened it, its answer known. */
  readonly exchange: Exchange;
  /** Headers of the answer: what was agreed on. */
  readonly headers: Fields;
}

/** How a channel ended. `clean`: both connections were closed in order. */
export interface ChannelEnd {
  readonly ending: Exclude<ExchangeEnding, 'whole'>;
  readonly reason: string;
  readonly clean: boolean;
}

/** Reads the messages of a WebSocket from a copy of its bytes and writes each as a flow of its own; its exchange keeps the bytes themselves. */
export class WebSocketChannel {
  readonly exchange: Exchange;
  readonly #sides: Readonly<Record<Of, Side>> | null;
  readonly #closes: Close[] = [];

  constructor(readonly parts: ChannelParts) {
    this.exchange = parts.exchange;
    const agreed = agreedExtensions(parts.headers);
    if (agreed.kind === 'unread') {
      this.exchange.becomeOpaque('websocket', `websocket-extension: ${agreed.name}`);
      this.#sides = null;
      return;
    }
    this.exchange.rest();
    const side = (of: Of, by: Close['by']): Side =>
      new Side(parts, {
        of,
        masked: by === 'client',
        inflater: agreed.kind === 'deflate' ? new MessageInflater(agreed.takeover[by]) : null,
        closed: (code, reason) => void this.#closes.push({ by, code, reason }),
        broken: (why) => this.#broken(of, why),
      });
    this.#sides = { request: side('request', 'client'), response: side('response', 'origin') };
  }

  /** Reads bytes that pass; a promise when the store asks to wait. */
  take(of: Of, bytes: Buffer): Promise<void> | null {
    return this.#sides?.[of].take(bytes) ?? null;
  }

  /** Writes what is half-read, and then the flow of the channel. */
  end({ ending, reason, clean }: ChannelEnd): void {
    const half = { request: this.#sides?.request.half ?? false, response: this.#sides?.response.half ?? false };
    const closed = (['client', 'origin'] as const).every((by) => this.#closes.some((close) => close.by === by));
    const whole = !half.request && !half.response && (clean || closed);
    for (const side of Object.values(this.#sides ?? {})) side.stop(ending, reason);
    const { exchange } = this;
    exchange.requestWhole = whole || (ending === 'truncated' && !half.request);
    exchange.responseWhole = whole || (ending === 'aborted' && !half.response);
    const messages = { request: this.#sides?.request.messages ?? 0, response: this.#sides?.response.messages ?? 0 };
    exchange.websocket = { kind: 'channel', messages, closes: this.#closes };
    exchange.finish(whole ? 'whole' : ending, whole ? null : reason);
  }

  /** The other direction is read on: a server must not be able to hide what the app sends. */
  #broken(of: Of, why: FrameFault): void {
    const { journal, line } = this.parts;
    if (this.exchange.opaque) journal.gap('websocket', `${why}: ${of}`, nameOf(line));
    else this.exchange.becomeOpaque('websocket', `${why}: ${of}`);
  }
}

interface SideParts {
  readonly of: Of;
  readonly masked: boolean;
  readonly inflater: MessageInflater | null;
  readonly closed: (code: number | null, reason: string) => void;
  readonly broken: (why: FrameFault) => void;
}

/** A message on its way into the run. */
interface Message {
  readonly n: number;
  readonly began: Beginning;
  readonly number: number;
  readonly opcode: 'text' | 'binary';
  readonly compressed: boolean;
  writer: BodyWriter | null;
}

/** What happened to a message, and to the one body it has. */
interface Fate {
  readonly state: Flow['state'];
  readonly reason: string | null;
  readonly body: BodyState;
}

const WHOLE: Fate = { state: 'whole', reason: null, body: 'whole' };
const CUT: Fate = { state: 'cut', reason: 'body over the limit', body: 'cut' };

/** The messages of one direction. */
class Side implements FrameEvents {
  /** Messages that came to their end. */
  messages = 0;
  #message: Message | null = null;
  #wait: Promise<void> | null = null;
  readonly #reader: WebSocketReader;

  constructor(
    readonly channel: ChannelParts,
    readonly side: SideParts,
  ) {
    const { masked, inflater } = side;
    this.#reader = new WebSocketReader({ masked, inflater, limitBytes: MESSAGE_LIMIT_BYTES }, this);
  }

  get half(): boolean {
    return this.#reader.half;
  }

  take(bytes: Buffer): Promise<void> | null {
    this.#wait = null;
    this.#reader.push(bytes);
    return this.#wait;
  }

  stop(state: ChannelEnd['ending'], reason: string): void {
    this.#reader.stop();
    this.#write({ state, reason, body: state });
  }

  begin(opcode: 'text' | 'binary', compressed: boolean): void {
    const { journal } = this.channel;
    this.#message = { n: journal.number(), began: journal.now(), number: this.messages + 1, opcode, compressed, writer: null };
  }

  payload(bytes: Buffer): void {
    const { journal } = this.channel;
    if (this.#message === null) return;
    const writer = (this.#message.writer ??= journal.body(this.side.of));
    if (!journal.write(writer, bytes)) this.#wait = journal.drained(writer);
  }

  end(cut: boolean): void {
    this.messages += 1;
    this.#write(cut ? CUT : WHOLE);
  }

  close(code: number | null, reason: string): void {
    this.side.closed(code, reason);
  }

  broken(why: FrameFault): void {
    this.#write({ state: 'opaque', reason: why, body: 'cut' });
    this.side.broken(why);
  }

  #write(fate: Fate): void {
    const message = this.#message;
    this.#message = null;
    if (message === null) return;
    const { journal } = this.channel;
    const ended = { message, fate, last: journal.moment() };
    const body = journal.end(message.writer, fate.body);
    if (!(body instanceof Promise)) return this.#tell(ended, body);
    const stay = journal.presence.enter(QUIET_MS);
    void body.then((ref) => this.#tell(ended, ref)).finally(() => stay.leave());
  }

  #tell({ message, fate, last }: { message: Message; fate: Fate; last: Beginning['moment'] }, body: BodyRef | null): void {
    const { journal, line, exchange } = this.channel;
    const { state, reason } = fate === WHOLE && body?.state === 'cut' ? CUT : fate;
    const { n, began, number, opcode, compressed } = message;
    const first = began.moment;
    const none = { requestFirst: null, requestLast: null, responseFirst: null, responseLast: null };
    const mine = this.side.of === 'request' ? { requestFirst: first, requestLast: last } : { responseFirst: first, responseLast: last };
    journal.flow(n, line, {
      at: began.at,
      state,
      reason,
      request: null,
      response: null,
      bodies: body === null ? [] : [body],
      websocket: { kind: 'message', channel: exchange.n, number, opcode, compressed },
      synthetic: [],
      times: { ...line.times, ...none, ...mine },
    });
    if (state !== 'cut') return;
    journal.gap('body-cut', `over-limit: ${this.side.of}, ${body?.length ?? 0} bytes of a WebSocket message kept`, nameOf(line));
  }
}
