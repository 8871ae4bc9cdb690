import type { BodyState, Draft, Flow, Moment, ValueRef } from '../model/event.js';
import type { Stamp } from '../model/stamp.js';
import type { ManifestValue } from '../model/values.js';
import type { RunRecorder } from '../store/create.js';
import type { ConsentAct } from './consents.js';
import type { Joined } from './crypto-joins.js';
import type { HarEntry } from './har-entry.js';
import type { HarMessage } from './har-messages.js';
import { packageOf, type Read } from './observations.js';

/** An event and the name it gets. */
export interface Named {
  readonly name: string;
  readonly at: Stamp;
}

const NO_TIMES = {
  connect: null,
  clientHello: null,
  handshake: null,
  requestFirst: null,
  requestLast: null,
  responseFirst: null,
  responseLast: null,
} as const;

/** Writes one act of consent. */
export function writeConsent(run: RunRecorder, act: ConsentAct['act'], { name, at }: Named): void {
  const seen = { how: null, window: null, click: null, notice: null, before: null, after: null };
  run.writeNamed({ kind: 'consent', at, act, ...seen }, name);
}

/** Writes a read. `places`: values of type location. */
export function writeRead(run: RunRecorder, read: Read, { name, at }: Named, places: readonly ManifestValue[]): void {
  const { api, family, datum, caller, stack, threw, process, thread } = read;
  const call = { hook: 'imported', api, family, datum, caller, stack, process, thread };
  const values = refsOf(run, read, places);
  const counts = { rows: null, n: 1, firstAt: at, lastAt: at, parent: null, foreground: null };
  run.writeNamed({ kind: 'observation', at, ...call, values, ...counts, threw }, name);
}

/** Two halves of a planted place, or both in another spelling of the pair, are that place. */
function refsOf(run: RunRecorder, { values, datum }: Read, places: readonly ManifestValue[]): readonly ValueRef[] {
  const isPlace = datum === 'location' || datum === 'location-coarse' || datum === 'track';
  const tight = (text: string): string => text.replaceAll(/\s+/g, '');
  const whole = isPlace ? places.find(({ text }) => tight(text) === tight(values.join(','))) : undefined;
  if (whole !== undefined) return [{ value: whole.id }];
  const unique = [...new Set(values)].map((text) =>
    isPlace ? (places.find((place) => tight(place.text) === tight(text))?.text ?? text) : text,
  );
  return unique.filter((text) => text !== '').map((text) => run.valueRef(Buffer.from(text)));
}

/** Writes crypto calls that were joined. */
export function writeJoined(run: RunRecorder, { last, input, output }: Joined, { name, at }: Named): void {
  const { op, algorithm, caller, stack, process, thread } = last;
  const files = { input: run.file('values', input, 'bin'), output: run.file('values', output, 'bin') };
  run.writeNamed({ kind: 'derivation', at, op, algorithm, ...files, caller, stack, process, thread }, name);
}

/** When and as which of the flows something was seen. */
export interface Placed extends Named {
  readonly n: number;
  /** Wall time of `at.ms` 0, ms since 1970. */
  readonly beganMs: number;
}

/** Writes an exchange, and a gap where a whole body is missing; returns how many gaps. */
export async function writeEntry(run: RunRecorder, entry: HarEntry, placed: Placed): Promise<number> {
  const sent = await bodyOf(run, 'request', entry.requestBody, entry.isBodyLost ? 'cut' : 'whole');
  const bodies = [...sent, ...(await bodyOf(run, 'response', entry.responseBody, 'whole'))];
  const { request, response, state, reason, messages, after } = entry;
  const count = (of: HarMessage['of']): number => messages?.filter((one) => one.of === of).length ?? 0;
  const websocket: Flow['websocket'] =
    messages === null ? null : { kind: 'channel', messages: { request: count('request'), response: count('response') }, closes: [] };
  const moment = (ms: number): Moment => momentAt(placed, ms);
  const asked = { requestFirst: moment(0), requestLast: moment(after.asked) };
  const answered = response === null ? {} : { responseFirst: moment(after.answered), responseLast: moment(after.done) };
  const times = { ...NO_TIMES, ...asked, ...answered };
  run.writeNamed(flowOf(entry, placed, { state, reason, request, response, bodies, websocket, times }), placed.name);
  if (!entry.isBodyLost || sent.length > 0) return 0;
  run.gap('proxy', 'body-cut', `not-in-evidence: ${placed.name}`, { host: entry.target.host });
  return 1;
}

/** Writes a message of a WebSocket whose channel is flow `channel`. */
export async function writeMessage(
  run: RunRecorder,
  entry: HarEntry,
  message: HarMessage,
  placed: Placed & { readonly channel: number },
): Promise<void> {
  const bodies = await bodyOf(run, message.of, message.bytes, 'whole');
  const { number, opcode } = message;
  const websocket = { kind: 'message', channel: placed.channel, number, opcode, compressed: false } as const;
  const now = momentAt(placed, 0);
  const times = {
    ...NO_TIMES,
    ...(message.of === 'request' ? { requestFirst: now, requestLast: now } : { responseFirst: now, responseLast: now }),
  };
  const head = { state: 'whole', reason: null, request: null, response: null } as const;
  run.writeNamed(flowOf(entry, placed, { ...head, bodies, websocket, times }), placed.name);
}

function momentAt({ at, beganMs }: Placed, afterMs: number): Moment {
  const ms = at.ms + afterMs;
  return { wallMs: beganMs + ms, monoMs: ms, ms };
}

async function bodyOf(run: RunRecorder, of: 'request' | 'response', bytes: Buffer, state: BodyState): Promise<Flow['bodies']> {
  if (bytes.length === 0) return [];
  const writer = run.body(of);
  writer.write(bytes);
  const ref = await writer.end(state);
  return ref === null ? [] : [ref];
}

type FlowRest = Pick<Flow, 'state' | 'reason' | 'request' | 'response' | 'bodies' | 'websocket' | 'times'>;

function flowOf({ target, app, pid, peer }: HarEntry, { at, n }: Placed, rest: FlowRest): Draft {
  const { scheme, host, port } = target;
  const way = { witness: 'proxy', n, engine: 'none', door: 'none', scheme, host, port, sni: null, peer } as const;
  const owner = { uid: null, package: app === null ? null : packageOf(app), pid, how: 'unknown' } as const;
  return { kind: 'flow', at, ...way, owner, tls: null, synthetic: [], ...rest };
}
