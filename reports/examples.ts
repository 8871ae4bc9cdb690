import type {
  BodyRef,
  Consent,
  Event,
  EventId,
  Flow,
  Frame,
  GapSource,
  Lifecycle,
  NoticeView,
  Observation,
  Phase,
  ProcessRef,
  Prompt,
  ValueId,
} from '../harness/model/event.js';
import type { Level, Link, Receiver, Timeline } from '../harness/model/finding.js';
import type { RunHead } from '../harness/model/run.js';
import type { Need } from '../harness/model/scenario.js';
import type { Stamp } from '../harness/model/stamp.js';
import { eventsOf, possiblePhases } from '../harness/model/timeline.js';
import type { ManifestValue } from '../harness/model/values.js';

/** What a story is being written into. */
interface Stage {
  readonly events: Event[];
  readonly links: Link[];
  readonly values: Map<ValueId, ManifestValue>;
  readonly receivers: Map<EventId, Receiver>;
  readonly reached: Set<Need>;
  interrupted: boolean;
}

/** One thing that happens in a story. */
export type Scene = (stage: Stage) => void;

const APP: ProcessRef = { pid: 4711, name: 'com.example.loan', package: 'com.example.loan' };
const SDK_CLASSES = 'com.example.risksdk';

/** A whole, tiny timeline, for the examples of rules: scenes in the order in which they happen. */
export function story(...scenes: readonly Scene[]): Timeline {
  const stage: Stage = { events: [], links: [], values: new Map(), receivers: new Map(), reached: new Set(), interrupted: false };
  for (const scene of scenes) scene(stage);
  const bare = { head: headOf([...stage.reached]), phases: new Map<EventId, Phase | 'undecided'>(), sdkOf };
  const timeline: Timeline = { ...stage, ...bare };
  const consents = eventsOf(timeline, 'consent');
  const phases = new Map(stage.events.map((e) => [e.id, onePhase(possiblePhases(consents, e.at))] as const));
  return { ...timeline, phases };
}

const onePhase = (open: readonly Phase[]): Phase | 'undecided' => (open.length === 1 && open[0] !== undefined ? open[0] : 'undecided');
const sdkOf = (caller: string): string | null => (caller.startsWith(SDK_CLASSES) ? 'example-risk' : null);

function headOf(aims: readonly Need[]): RunHead {
  return {
    schema: 2,
    id: 'example',
    began: '2026-03-02T10:00:00.000+08:00',
    app: {
      id: 'example',
      package: APP.package,
      label: '示例贷',
      version: '1.0',
      signer: null,
      sha256: '',
      permissions: [],
      source: { where: 'example', when: '2026-03-02T10:00:00.000+08:00' },
      firstParty: { domains: ['loan.example'], classes: ['com.example.loan.'] },
    },
    handset: { kind: 'virtual', simulated: true, profile: 'example', probe: null, facts: {} },
    scenario: { id: 'example', title: 'example', sha256: '', aims, steps: [] },
    tool: { name: 'jiejing', version: '0', commit: null, lockSha256: null, node: '' },
    catalogue: { sha256: '', rows: 0, data: [] },
    seedCommitment: '',
    manifest: { sha256: '', values: 0, placebos: 0 },
    caseNumber: null,
    operator: null,
    lab: null,
    clock: { name: 'run', ntpOffsetMs: null },
  };
}

/** An event without what the stage gives it. */
type Bare = Event extends infer E ? (E extends Event ? Omit<E, 'id' | 'at'> : never) : never;
interface Timing {
  readonly slackMs: number;
  readonly clock: string;
}
const RUN: Timing = { slackMs: 0, clock: 'run' };

function put(stage: Stage, ms: number, event: Bare, timing: Timing = RUN): EventId {
  const id: EventId = `e${stage.events.length + 1}`;
  stage.events.push({ ...event, id, at: stampOf(stage, ms, timing) } as Event);
  return id;
}

function stampOf(stage: Stage, ms: number, { slackMs, clock }: Timing): Stamp {
  return { ms, slackMs, clock, seq: 10 * (stage.events.length + 1) };
}

/** The app is started. */
export const launched =
  (ms: number): Scene =>
  (stage) => {
    stage.reached.add('launched');
    put(stage, ms, { kind: 'lifecycle', what: 'launched', process: APP, detail: '', head: null });
  };

/** An activity of the app is resumed or paused, or anything else of its life. */
export const activity =
  (ms: number, what: Lifecycle['what']): Scene =>
  (stage) => {
    put(stage, ms, { kind: 'lifecycle', what, process: APP, detail: '', head: null });
  };

/** The user picks the first so many contacts in the system's picker. */
export const picks =
  (ms: number, contacts: number): Scene =>
  (stage) => {
    const ids = Array.from({ length: contacts }, (_, i) => valueOf(stage, 'contacts', i));
    put(stage, ms, { kind: 'lifecycle', what: 'picked', process: APP, detail: ids.join(' '), head: null });
  };

/** The scenario aims at this and gets there. */
export const reached =
  (...needs: readonly Need[]): Scene =>
  (stage) => {
    for (const need of needs) stage.reached.add(need);
  };

const REACHES: Readonly<Record<Consent['act'], Need>> = {
  shown: 'notice-shown',
  agreed: 'agreed',
  declined: 'declined',
  withdrawn: 'withdrawn',
};

/** A consent act. With `windowMs` the click was not seen, only that the tap took so long. */
export const consent =
  (
    ms: number,
    act: Consent['act'],
    more: { readonly windowMs?: number; readonly box?: NonNullable<NoticeView['box']>['state'] } = {},
  ): Scene =>
  (stage) => {
    stage.reached.add(REACHES[act]);
    const from = stampOf(stage, ms, RUN);
    const window = more.windowMs === undefined ? null : { from, to: { ...from, ms: ms + more.windowMs, seq: from.seq + 100 } };
    const box = more.box === undefined ? null : { state: more.box, label: '我已阅读并同意《隐私政策》', bounds: '[0,0][40,40]' };
    const notice: NoticeView | null =
      act === 'shown' ? { title: '隐私政策提示', text: '', agree: '同意', decline: '不同意', box, links: [], score: 9 } : null;
    put(stage, ms, {
      kind: 'consent',
      act,
      window,
      click: act === 'shown' || window !== null ? null : from,
      notice,
      before: null,
      after: null,
    });
  };

interface ReadOptions extends Partial<Timing> {
  readonly caller?: string;
  readonly rows?: number | null;
  /** So many distinct planted contacts (SMS, calls) are among the values. */
  readonly groups?: number;
  readonly threw?: string;
  readonly foreground?: boolean | null;
  readonly stack?: readonly string[];
}

/** A hooked call reads a datum. */
export const reads =
  (ms: number, datum: string, options: ReadOptions = {}): Scene =>
  (stage) => {
    const caller = options.caller ?? 'com.example.loan.Start.run';
    const timing = { slackMs: options.slackMs ?? 0, clock: options.clock ?? 'run' };
    const values = Array.from({ length: options.groups ?? 1 }, (_, i) => ({ value: valueOf(stage, datum, i) }));
    const at = stampOf(stage, ms, timing);
    const call: Omit<Observation, 'id' | 'at'> = {
      kind: 'observation',
      hook: `${datum}.example`,
      api: `android.example.Api.${datum}`,
      family: datum,
      datum,
      caller,
      stack: (options.stack ?? [`android.example.Api.${datum}`, caller, 'android.os.Handler.dispatchMessage']).map(frameOf),
      values: options.threw === undefined ? values : [],
      rows: options.rows ?? null,
      n: 1,
      firstAt: at,
      lastAt: at,
      parent: null,
      threw: options.threw ?? null,
      process: APP,
      thread: 'main',
      foreground: options.foreground === undefined ? true : options.foreground,
    };
    put(stage, ms, call, timing);
  };

function frameOf(name: string): Frame {
  const dot = name.lastIndexOf('.');
  return { class: name.slice(0, dot), method: name.slice(dot + 1), file: null, line: null };
}

// One value for each datum and group, the same in reads and sendings of one story.
function valueOf(stage: Stage, datum: string, index: number): ValueId {
  const text = `${datum}:${index}`;
  for (const [id, value] of stage.values) if (value.text === text) return id;
  const id: ValueId = `v${stage.values.size + 1}`;
  const type = datum === 'contacts' || datum === 'picked-contact' ? 'contact_phone' : datum === 'sms' ? 'sms_body' : 'imei';
  stage.values.set(id, { id, type, datum, origin: datum.startsWith('typed-') ? 'typed' : 'planted', text, group: text, bits: 30 });
  return id;
}

/** A permission group is asked for, shown or answered. */
export const prompts =
  (ms: number, group: string, act: Prompt['act'] = 'requested', caller: string | null = 'com.example.loan.Start.run'): Scene =>
  (stage) => {
    const stack = caller === null ? [] : [frameOf('android.app.Activity.requestPermissions'), frameOf(caller)];
    put(stage, ms, {
      kind: 'prompt',
      act,
      permissions: [`android.permission.${group}`],
      groups: [group],
      answer: act === 'answered' ? 'allow' : null,
      caller,
      stack,
      process: APP,
    });
  };

interface SendOptions extends Partial<Timing> {
  readonly party?: Receiver['party'];
  readonly level?: Level;
  readonly origin?: Link['origin'];
  readonly scheme?: Flow['scheme'];
  /** So many distinct groups (contacts, SMS …) are in the body. */
  readonly groups?: number;
  readonly owner?: Flow['owner'];
}

const OURS: Flow['owner'] = { uid: 10001, package: APP.package, pid: APP.pid, how: 'virtual' };

/** A request goes out whose body holds a datum. */
export const sends =
  (ms: number, datum: string, host: string, options: SendOptions = {}): Scene =>
  (stage) => {
    const flow = putFlow(stage, ms, host, { ...options, state: 'whole' });
    const read = stage.events.findLast((e) => e.kind === 'observation' && e.datum === datum);
    const origin = options.origin ?? (read === undefined ? 'unseen' : 'read');
    for (let i = 0; i < (options.groups ?? 1); i += 1) {
      const value = valueOf(stage, datum, i);
      stage.links.push({
        id: `l${stage.links.length + 1}`,
        value,
        datum,
        flow,
        reads: read === undefined ? [] : [read.id],
        observation: read?.id ?? null,
        origin,
        order: read === undefined ? 'none' : 'before',
        owner: 'same',
        chain: [{ op: 'base64' }],
        span: { part: 'body', start: 0, end: 20 },
        level: options.level ?? 'C4',
        surpriseBits: 30,
        certificate: { value, form: 'raw', sourceSha256: '', layers: [], at: { start: 0, end: 20 } },
      });
    }
  };

/** A connection whose content the lab cannot see. */
export const unseen =
  (ms: number, host: string, party: Receiver['party'] = 'third', state: Flow['state'] = 'refused'): Scene =>
  (stage) => {
    putFlow(stage, ms, host, { party, state });
  };

function putFlow(stage: Stage, ms: number, host: string, options: SendOptions & { readonly state: Flow['state'] }): EventId {
  const bodies: readonly BodyRef[] = [];
  const times = {
    connect: null,
    clientHello: null,
    handshake: null,
    requestFirst: null,
    requestLast: null,
    responseFirst: null,
    responseLast: null,
  };
  const timing = { slackMs: options.slackMs ?? 0, clock: options.clock ?? 'run' };
  const scheme = options.scheme ?? 'https';
  const flow: Omit<Flow, 'id' | 'at'> = {
    kind: 'flow',
    witness: 'proxy',
    door: 'http-proxy',
    scheme,
    host,
    port: scheme === 'http' ? 80 : 443,
    sni: host,
    peer: null,
    owner: options.owner ?? OURS,
    state: options.state,
    reason: null,
    request: null,
    response: null,
    bodies,
    times,
  };
  const id = put(stage, ms, flow, timing);
  const party = options.party ?? 'third';
  stage.receivers.set(id, { host, registrable: host, party, sdk: party === 'third' ? 'example-risk' : null, company: null });
  return id;
}

/** An act of the scenario begins or ends. */
export const step =
  (ms: number, act: string, state: 'begun' | 'done' | 'failed' = 'begun', detail = ''): Scene =>
  (stage) => {
    put(stage, ms, { kind: 'step', path: '1', act, state, detail, picture: null });
  };

/** The lab did not see something; nulls mean all. */
export const gap =
  (ms: number, source: GapSource, scope: { readonly datum?: string; readonly host?: string; readonly phase?: Phase } = {}): Scene =>
  (stage) => {
    put(stage, ms, {
      kind: 'gap',
      source,
      what: 'example',
      why: 'example',
      scope: { datum: scope.datum ?? null, host: scope.host ?? null, phase: scope.phase ?? null },
    });
  };

/** The run stops before its end. */
export const interrupted = (): Scene => (stage) => {
  stage.interrupted = true;
};
