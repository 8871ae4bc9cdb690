import type {
  BodyRef,
  Consent,
  Coverage,
  EventId,
  Flow,
  GapSource,
  Lifecycle,
  Moment,
  NoticeView,
  Observation,
  Phase,
  Prompt,
} from '../harness/model/event.js';
import type { Level, Link, Receiver, Timeline } from '../harness/model/finding.js';
import type { Need } from '../harness/model/scenario.js';
import { pickedDetail } from '../harness/model/timeline.js';
import { APP, RUN, emptyStage, frameOf, headOf, partiesOf, put, stampOf, valueOf, type Stage, type Timing } from './example-stage.js';
import { timeline } from './timeline.js';

/** One thing that happens in a story. */
export type Scene = (stage: Stage) => void;

/** A whole, tiny timeline, for the examples of rules: scenes in the order in which they happen. */
export function story(...scenes: readonly Scene[]): Timeline {
  const stage = emptyStage();
  for (const scene of scenes) scene(stage);
  return timeline({
    head: headOf(stage),
    events: stage.events,
    manifest: { seed: '', values: [...stage.values.values()], placebos: [] },
    links: stage.links,
    gaps: [],
    interrupted: stage.interrupted,
    receivers: partiesOf(stage),
  });
}

/** The app is started, with or without the hooks. */
export const launched =
  (ms: number, hooked = true): Scene =>
  (stage) => {
    stage.aims.add('launched');
    put(stage, ms, { kind: 'lifecycle', what: 'launched', process: APP, detail: '', head: null });
    put(stage, ms, { kind: 'step', path: '1', act: 'launch', state: 'done', detail: '', picture: null });
    if (hooked)
      put(stage, ms, {
        kind: 'coverage',
        when: 'early',
        process: APP,
        installed: ['example'],
        missing: [],
        failed: [],
        fired: {},
      } satisfies Omit<Coverage, 'id' | 'at'>);
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
    put(stage, ms, { kind: 'lifecycle', what: 'picked', process: APP, detail: pickedDetail(ids), head: null });
  };

/** The scenario aims at this and gets there. */
export const reached =
  (...needs: readonly Need[]): Scene =>
  (stage) => {
    for (const need of needs) {
      stage.aims.add(need);
      put(stage, stage.events.at(-1)?.at.ms ?? 0, { kind: 'step', path: '1', act: 'reach', state: 'done', detail: need, picture: null });
    }
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
    more: {
      readonly windowMs?: number;
      readonly how?: NonNullable<Consent['how']>;
      readonly box?: NonNullable<NoticeView['box']>['state'];
    } = {},
  ): Scene =>
  (stage) => {
    stage.aims.add(REACHES[act]);
    const from = stampOf(stage, ms, RUN);
    const window = more.windowMs === undefined ? null : { from, to: stampOf(stage, ms + more.windowMs, RUN) };
    const box = more.box === undefined ? null : { state: more.box, label: '我已阅读并同意《隐私政策》', bounds: '[0,0][40,40]' };
    const notice: NoticeView | null =
      act === 'shown' ? { title: '隐私政策提示', text: '', agree: '同意', decline: '不同意', box, links: [], score: 9 } : null;
    put(stage, ms, {
      kind: 'consent',
      act,
      how: act === 'shown' ? null : (more.how ?? 'button'),
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
  /** From the first byte of the request to the last. */
  readonly tookMs?: number;
  readonly sni?: string;
  readonly bodyState?: BodyRef['state'];
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
  const sent = options.state !== 'refused';
  const moment = (when: number): Moment | null => (sent ? { wallMs: when, monoMs: when, ms: when } : null);
  const body: BodyRef = {
    of: 'request',
    sha256: '',
    bytes: 20,
    file: 'bodies/example',
    offset: 0,
    length: 20,
    state: options.bodyState ?? 'whole',
  };
  const timing = { slackMs: options.slackMs ?? 0, clock: options.clock ?? 'run' };
  const scheme = options.scheme ?? 'https';
  const flow: Omit<Flow, 'id' | 'at'> = {
    kind: 'flow',
    witness: 'proxy',
    n: null,
    engine: 'relay',
    door: 'http-proxy',
    scheme,
    host,
    port: scheme === 'http' ? 80 : 443,
    sni: options.sni ?? host,
    peer: null,
    owner: options.owner ?? OURS,
    state: options.state,
    reason: null,
    request: null,
    response: null,
    bodies: sent ? [body] : [],
    tls: null,
    websocket: null,
    synthetic: [],
    times: {
      connect: null,
      clientHello: null,
      handshake: null,
      requestFirst: moment(ms),
      requestLast: moment(ms + (options.tookMs ?? 0)),
      responseFirst: null,
      responseLast: null,
    },
  };
  stage.parties.set(options.sni ?? host, options.party ?? 'third');
  return put(stage, ms, flow, timing);
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
