import type { Event, Flow } from '../../harness/model/event.js';
import type { Bodies } from '../../harness/model/finding.js';
import type { RunHead } from '../../harness/model/run.js';
import { entryOf, type EntryFlow } from './har/entry.js';
import { json, jsonPieces } from './har/json.js';
import { isMessage, type MessageFlow } from './har/web-socket.js';

/** Characters that are handed out at a time, about. */
const PIECE = 64 * 1024;

/** A recorded run and what wrote the HAR. */
export interface HarParts {
  readonly head: RunHead;
  readonly events: readonly Event[];
  readonly bodies: Bodies;
  readonly state: 'complete' | 'interrupted' | 'recording';
  readonly headSha256: string;
  /** SHA-256 of the last whole line of the log. */
  readonly lastSha256: string;
  readonly tool: { readonly name: string; readonly version: string };
}

/** What a HAR of these events holds, and what it leaves out. */
export interface HarCounts {
  readonly flows: number;
  readonly entries: number;
  /** In the entries of their channels. */
  readonly webSocketMessages: number;
  /** DNS is no HTTP and has no entry. */
  readonly dns: number;
  readonly gaps: number;
}

/**
 * HAR 1.2 (http://www.softwareishard.com/blog/har-12-spec/) of a run, in pieces: one entry for each exchange, and one with status 0 for what was
 * refused or could not be read. At no time is more than one body in memory, and of a long one that needs no unpacking only a part.
 */
export function* har(parts: HarParts): Generator<string> {
  let held = '';
  for (const piece of logPieces(parts)) {
    held += piece;
    if (held.length < PIECE) continue;
    yield held;
    held = '';
  }
  yield held;
}

/** Counts without reading a body. */
export function harCounts(events: readonly Event[]): HarCounts {
  const { flows, entries, messages, dns } = sorted(events);
  const gaps = events.filter(({ kind }) => kind === 'gap').length;
  return {
    flows,
    entries: entries.length,
    webSocketMessages: [...messages.values()].reduce((sum, { length }) => sum + length, 0),
    dns,
    gaps,
  };
}

function* logPieces(parts: HarParts): Generator<string> {
  const { entries, messages } = sorted(parts.events);
  const entryParts = { bodies: parts.bodies, beganMs: Date.parse(parts.head.began) };
  const log = json(logOf(parts));
  yield `{"log":${log.slice(0, -1)},"entries":[`;
  let before = '\n';
  for (const flow of entries) {
    const said = flow.n === null ? undefined : messages.get(flow.n);
    yield before;
    yield* jsonPieces(entryOf(flow, said ?? (flow.websocket === null ? null : []), entryParts));
    before = ',\n';
  }
  yield '\n]}}\n';
}

interface Sorted {
  readonly flows: number;
  /** In the order in which they began. */
  readonly entries: readonly EntryFlow[];
  /** By the number of their channel. */
  readonly messages: ReadonlyMap<number, readonly MessageFlow[]>;
  readonly dns: number;
}

function sorted(events: readonly Event[]): Sorted {
  const flows = inOrder(events.filter((event) => event.kind === 'flow'));
  const read = flows.filter(({ door }) => door !== 'dns');
  const others = read.filter((flow) => !isMessage(flow));
  const messages = byChannel(read.filter(isMessage));
  const channels = new Set(others.map(({ n }) => n));
  const endless = [...messages].flatMap(([n, [first]]) => (channels.has(n) || first === undefined ? [] : [endlessChannel(n, first)]));
  return { flows: flows.length, entries: inOrder([...others, ...endless]), messages, dns: flows.length - read.length };
}

function inOrder<T extends Pick<Flow, 'at'>>(flows: readonly T[]): readonly T[] {
  return flows.toSorted((a, b) => a.at.ms - b.at.ms || a.at.seq - b.at.seq);
}

function byChannel(flows: readonly MessageFlow[]): ReadonlyMap<number, readonly MessageFlow[]> {
  const messages = new Map<number, MessageFlow[]>();
  for (const flow of flows) {
    const known = messages.get(flow.websocket.channel);
    if (known === undefined) messages.set(flow.websocket.channel, [flow]);
    else known.push(flow);
  }
  return messages;
}

/** The flow of a channel is written when it ends: a run that was killed before has only its messages. */
function endlessChannel(n: number, first: MessageFlow): EntryFlow {
  return {
    ...first,
    id: null,
    n,
    state: 'truncated',
    reason: 'the end of this WebSocket was not recorded',
    request: null,
    response: null,
    bodies: [],
    websocket: null,
    synthetic: [],
  };
}

/** All of `log` but its entries. */
function logOf({ head, events, state, headSha256, lastSha256, tool }: HarParts): object {
  const { app, handset } = head;
  const unfit = unfitness(handset);
  const cut = state === 'complete' ? null : '记录未完整结束，只有到此为止的内容 / the run did not end: this is what was recorded so far';
  const notes = [unfit, cut].filter((note) => note !== null);
  const comment = unfit === null ? {} : { comment: unfit };
  return {
    version: '1.2',
    creator: { ...tool, ...comment },
    // What sent the requests; a capture that stands alone does not know.
    ...(handset.kind === 'none' ? {} : { browser: { name: app.package, version: app.version, ...comment } }),
    // Firefox does not open a HAR without it.
    pages: [],
    ...(notes.length === 0 ? {} : { comment: notes.join('; ') }),
    _jiejing: {
      run: head.id,
      schema: head.schema,
      began: head.began,
      state,
      caseNumber: head.caseNumber,
      operator: head.operator,
      lab: head.lab,
      app: { id: app.id, package: app.package, label: app.label, version: app.version, sha256: app.sha256 },
      handset: { kind: handset.kind, simulated: handset.simulated, profile: handset.profile },
      scenario: head.scenario.id,
      recordedBy: head.tool,
      runSha256: headSha256,
      logHeadSha256: lastSha256,
      counts: harCounts(events),
    },
  };
}

function unfitness({ simulated, kind }: RunHead['handset']): string | null {
  if (simulated) return '模拟运行 · 虚拟手机 · 不可作为证据 / simulated run · virtual handset · not fit as evidence';
  return kind === 'imported' ? '由其他工具导入 · 不可作为证据 / imported from another tool · not fit as evidence' : null;
}
