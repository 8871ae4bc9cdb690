import { heldData, isPersonal } from './datum.js';
import type { Consent, Event, Flow, Lifecycle, Observation, Phase, Prompt, Step, ValueId } from './event.js';
import type { Encoding, Link, Receiver, Timeline } from './finding.js';
import { order, type Order, type Stamp } from './stamp.js';

type Kind = Event['kind'];

// A run may have 100,000 events and every rule asks; a timeline never changes, so the answer is kept with it.
const SORTED = new WeakMap<Timeline, ReadonlyMap<Kind, readonly Event[]>>();

function sortedByKind(timeline: Timeline): ReadonlyMap<Kind, readonly Event[]> {
  const kept = SORTED.get(timeline);
  if (kept !== undefined) return kept;
  const lists = new Map<Kind, Event[]>();
  for (const event of timeline.events) {
    const list = lists.get(event.kind);
    if (list === undefined) lists.set(event.kind, [event]);
    else list.push(event);
  }
  SORTED.set(timeline, lists);
  return lists;
}

/** All events of one kind, in their order. */
export function eventsOf<K extends Kind>(timeline: Timeline, kind: K): readonly Extract<Event, { readonly kind: K }>[] {
  return (sortedByKind(timeline).get(kind) ?? []) as readonly Extract<Event, { readonly kind: K }>[];
}

const PHASE_AFTER = { agreed: 'after-consent', declined: 'after-refusal', withdrawn: 'after-withdrawal' } as const;

/** Where `at` lies to a consent act: by the click that the agent saw, else by the whole window of the tap. */
export function orderToConsent(at: Stamp, consent: Consent): Order {
  if (consent.click !== null) return order(at, consent.click);
  if (consent.window === null) return order(at, consent.at);
  if (order(at, consent.window.from) === 'before') return 'before';
  return order(at, consent.window.to) === 'after' ? 'after' : 'undecided';
}

/** From the first moment of something to the last; the same one twice for what takes no time. */
export interface Span {
  readonly from: Stamp;
  readonly to: Stamp;
}

/** When an event took place. Counted reads: the first of them, which surely did. A request: from its first byte to its last. */
export function spanOf(event: Event): Span {
  if (event.kind === 'observation') return { from: event.firstAt, to: event.firstAt };
  const last = event.kind === 'flow' ? event.times.requestLast : null;
  if (last === null || last.ms <= event.at.ms) return { from: event.at, to: event.at };
  // The last byte has a time but no count: a clock of its own keeps it from being ordered by one.
  return { from: event.at, to: { ...event.at, ms: last.ms, clock: `${event.at.clock}, by time` } };
}

/** Where something that takes time lies to a moment; `undecided` when the moment lies inside. */
export function orderOfSpan({ from, to }: Span, side: (at: Stamp) => Order): Order {
  const first = side(from);
  return first === 'after' || side(to) === first ? first : 'undecided';
}

/** All phases that something may lie in: one, or several where the clocks cannot tell or it went on over an act of consent. The launch is not looked at. */
export function possiblePhases(consents: readonly Consent[], span: Span): readonly Phase[] {
  let phases: Phase[] = ['before-consent'];
  for (const consent of consents) {
    if (consent.act === 'shown') continue;
    const side = orderOfSpan(span, (at) => orderToConsent(at, consent));
    if (side === 'before') continue;
    const next = PHASE_AFTER[consent.act];
    phases = side === 'after' ? [next] : [...new Set([...phases, next])];
  }
  return phases;
}

/** Whether an event lies in one of `phases`: `phase` is the first that fits, `sure` false when the clocks leave others open; null: in none. */
export function standing(
  timeline: Timeline,
  event: Event,
  phases: readonly Phase[],
): { readonly phase: Phase; readonly sure: boolean } | null {
  const known = timeline.phases.get(event.id) ?? 'undecided';
  const open = known === 'undecided' ? possiblePhases(eventsOf(timeline, 'consent'), spanOf(event)) : [known];
  const fitting = open.filter((phase) => phases.includes(phase));
  const first = fitting[0];
  if (first === undefined) return null;
  // Undecided for another reason than a consent act: then one open phase is no more than a likely one.
  return { phase: first, sure: fitting.length === open.length && (known !== 'undecided' || open.length > 1) };
}

/** The consent act that bounds a phase, to be shown beside what happened in it; null when there was none. */
export function boundary(timeline: Timeline, phase: Phase): Consent | null {
  const acts = eventsOf(timeline, 'consent');
  const act = {
    'before-launch': null,
    'before-consent': 'agreed',
    'after-consent': 'agreed',
    'after-refusal': 'declined',
    'after-withdrawal': 'withdrawn',
  }[phase];
  return acts.find((c) => c.act === act) ?? null;
}

const SYSTEM = (
  'android. androidx. com.android. java. javax. jdk. sun. dalvik. libcore. kotlin. kotlinx. ' +
  'org.apache.harmony. org.apache.http. org.json. org.xmlpull. org.xml.sax. org.w3c.dom.'
).split(' ');
const WEB_VIEW = ['org.chromium.', 'android.webkit.', 'com.android.webview.', 'com.google.android.webview.'];
const NOT_THE_APPS = [...SYSTEM, ...WEB_VIEW];

// What only hands work on: with nothing else on the stack somebody asked, and the stack does not tell who.
const HANDS_ON = (
  'java.lang.Thread java.lang.reflect.Method java.util.concurrent. java.util.Timer android.os.Handler android.os.HandlerThread android.os.Looper ' +
  'android.os.AsyncTask android.app.ActivityThread android.view.Choreographer com.android.internal.os. kotlinx.coroutines.'
).split(' ');
const isHandingOn = (name: string): boolean =>
  HANDS_ON.some((one) => (one.endsWith('.') ? name.startsWith(one) : name === one || name.startsWith(`${one}$`)));

const startsWithOne = (name: string, prefixes: readonly string[]): boolean => prefixes.some((prefix) => name.startsWith(prefix));

/** Whose call a read was, by its stack: `web-view` when the inside of a WebView made it, `framework` when the framework's own code did, `unknown` when no frame tells. */
export function callerOf({ head }: Pick<Timeline, 'head'>, o: Observation): 'app' | 'web-view' | 'framework' | 'unknown' {
  const own = head.app.firstParty.classes;
  const isApp = (name: string): boolean => startsWithOne(name, own) || !startsWithOne(name, NOT_THE_APPS);
  if (o.stack.length === 0) return o.caller.includes('.') && isApp(o.caller) ? 'app' : 'unknown';
  const first = o.stack.findIndex((frame) => isApp(frame.class));
  const above = first < 0 ? o.stack : o.stack.slice(0, first);
  if (above.some((frame) => startsWithOne(frame.class, WEB_VIEW))) return 'web-view';
  if (first >= 0) return 'app';
  const called = o.stack[0]?.class;
  return o.stack.every((frame) => frame.class === called || isHandingOn(frame.class)) ? 'unknown' : 'framework';
}

/** One read by the app. `doubt`: why it cannot accuse by itself. */
export interface Read {
  readonly observation: Observation;
  /** `refused`: the system threw and gave nothing; `empty`: it gave no row; `caller-unknown`: the stack does not tell who called. */
  readonly doubt: 'refused' | 'empty' | 'caller-unknown' | null;
}

// Every rule asks for reads; whose call each was is looked up once for a timeline.
const READS = new WeakMap<Timeline, readonly Read[]>();

/** Reads (and refused attempts) of `data` by the app's own code and its SDKs; calls made inside another watched call of the same datum are left out. */
export function reads(timeline: Timeline, data: readonly string[] | null): readonly Read[] {
  const all = READS.get(timeline) ?? allReads(timeline);
  READS.set(timeline, all);
  if (data === null) return all.filter(({ observation }) => isPersonal(observation.datum));
  const wanted = new Set(data);
  return all.filter(({ observation }) => wanted.has(observation.datum));
}

function allReads(timeline: Timeline): readonly Read[] {
  const observations = eventsOf(timeline, 'observation');
  const byId = new Map(observations.map((o) => [o.id, o]));
  return observations.flatMap((observation): Read[] => {
    const parent = observation.parent === null ? undefined : byId.get(observation.parent);
    if (parent?.datum === observation.datum || isAnothers(timeline, observation)) return [];
    const caller = callerOf(timeline, observation);
    return isTheApps(caller, observation) ? [{ observation, doubt: readDoubt(observation, caller === 'app') }] : [];
  });
}

/** Imported evidence may tell of reads by other apps on the handset. */
const isAnothers = ({ head }: Timeline, { process }: Observation): boolean =>
  process.package !== '' && head.app.package !== '' && process.package !== head.app.package;

const isTheApps = (caller: ReturnType<typeof callerOf>, { datum }: Observation): boolean =>
  caller !== 'web-view' && (caller !== 'framework' || ASKED_FOR.has(datum));

/** Whether a read may be the app's or an SDK's: not one that the inside of a WebView or the framework made for itself. */
export function isAppsRead(run: Pick<Timeline, 'head'>, observation: Observation): boolean {
  return isTheApps(callerOf(run, observation), observation);
}

// No framework reads these for itself. A loader or a callback may have lost the app's frames: neither accuse nor keep silent.
const ASKED_FOR: ReadonlySet<string> = new Set(heldData('CONTACTS', 'SMS', 'CALL_LOG', 'CALENDAR', 'MEDIA', 'FINE_LOC'));

function readDoubt(o: Observation, callerKnown: boolean): Read['doubt'] {
  if (o.threw !== null) return 'refused';
  if (o.rows === 0) return 'empty';
  return callerKnown ? null : 'caller-unknown';
}

/** One value that surely is in one request of the app. */
export interface Sent {
  readonly link: Link;
  readonly flow: Flow;
  readonly receiver: Receiver;
  /** How the value is written in the request: see `formsOf`. */
  readonly form: string;
  /** `owner-unknown`: neither the flow's owner nor bytes made in the app's own process tie it to this app. That the app read the same value does not: others may read it too. */
  readonly doubt: 'owner-unknown' | 'level' | null;
}

/** Links that a rule on sendings must speak of, in requests that are not another app's. Below C4 they keep it from saying `clear` and accuse nobody (`level`). */
export function sent(timeline: Timeline): readonly Sent[] {
  return linked(timeline).flatMap((one): readonly Sent[] => {
    const { level, datum } = one.link;
    if (level === 'C4' || level === 'C5') return [one];
    // A place rounded to 100 m is a place; other partial matches are met by chance.
    return level === 'C3' || (level === 'C2' && datum === 'location') ? [{ ...one, doubt: one.doubt ?? 'level' }] : [];
  });
}

/** The same at any level: for rules that count several values together. */
export function linked(timeline: Timeline): readonly Sent[] {
  const flows = new Map(eventsOf(timeline, 'flow').map((f) => [f.id, f]));
  const form = formsOf(timeline);
  const made = new Set(eventsOf(timeline, 'derivation').flatMap((d) => (d.process.package === timeline.head.app.package ? [d.id] : [])));
  const isMadeHere = ({ level, chain }: Link): boolean =>
    level === 'C5' && chain.some((step) => step.op === 'derived' && made.has(step.derivation));
  return timeline.links.flatMap((link): Sent[] => {
    const flow = flows.get(link.flow);
    if (flow === undefined || !timeline.values.has(link.value) || !isPersonal(link.datum) || isOthers(timeline, flow)) return [];
    const adrift = flow.owner.package === null && !isMadeHere(link);
    return [{ link, flow, receiver: receiverOf(timeline, flow), form: form(link), doubt: adrift ? 'owner-unknown' : null }];
  });
}

/**
 * How a link's value is written in the request, from the wire to the value: `base64+gzip`, `plain`, or `derived:` with the
 * algorithm for a digest, MAC or cipher that only a hook could see through.
 */
export function formsOf(timeline: Pick<Timeline, 'events'>): (link: Pick<Link, 'chain'>) => string {
  const derivations = new Map(timeline.events.flatMap((e) => (e.kind === 'derivation' ? [[e.id, e] as const] : [])));
  const nameOf = (step: Encoding): string => {
    const seen = step.op === 'derived' ? derivations.get(step.derivation) : undefined;
    if (seen === undefined) return step.op;
    return seen.op === 'base64' || seen.op === 'gzip' ? seen.op : `derived:${seen.algorithm}`;
  };
  return ({ chain }) => (chain.length === 0 ? 'plain' : chain.map(nameOf).join('+'));
}

function isOthers(timeline: Timeline, flow: Flow): boolean {
  return flow.owner.package !== null && flow.owner.package !== timeline.head.app.package;
}

/** The name that a flow went to: an app that resolves names itself connects to an address and tells the name in SNI only. */
export function hostOf({ host, sni, tls }: Pick<Flow, 'host' | 'sni' | 'tls'>): string {
  // A server that could not be trusted has not shown that the name is its own.
  const shown = (tls?.upstream?.untrusted ?? null) === null;
  return sni !== null && shown && /^[\d.]+$|:/.test(host) ? sni : host;
}

/** Who is behind a flow; `unknown` where the table does not tell. */
export function receiverOf(timeline: Timeline, flow: Flow): Receiver {
  const host = hostOf(flow);
  return (
    timeline.receivers.get(flow.id) ?? { host, registrable: host, party: 'unknown', sdk: null, landlord: null, alias: null, company: null }
  );
}

const isUnseen = (f: Flow): boolean => f.state === 'refused' || f.state === 'opaque' || (f.state !== 'whole' && f.request === null);

/** The app's connections of which no request could be seen. */
export function unseenFlows(timeline: Timeline): readonly { readonly flow: Flow; readonly receiver: Receiver }[] {
  const flows = eventsOf(timeline, 'flow').filter((f) => isUnseen(f) && !isOthers(timeline, f));
  return flows.map((flow) => ({ flow, receiver: receiverOf(timeline, flow) }));
}

/** `Lifecycle.detail` of these values being picked. */
export function pickedDetail(values: readonly ValueId[]): string {
  return values.join(',');
}

const isValueId = (text: string): boolean => /^[vp]\d+$/.test(text);

/** Values that the system's picker handed over in this event; none for an event of another kind. */
export function pickedValues({ what, detail }: Lifecycle): readonly ValueId[] {
  return what === 'picked' ? detail.split(',').filter(isValueId) : [];
}

/** Groups (contacts) whose values the user handed over through the system's picker. */
export function pickedGroups(timeline: Timeline): ReadonlySet<string> {
  const ids = new Set<string>(eventsOf(timeline, 'lifecycle').flatMap(pickedValues));
  return new Set([...timeline.values.values()].flatMap((value) => (ids.has(value.id) && value.group !== null ? [value.group] : [])));
}

/** Requests for permission groups, and prompts seen on the screen that no request explains. */
export function permissionRequests(timeline: Timeline): readonly { readonly prompt: Prompt; readonly group: string }[] {
  const prompts = eventsOf(timeline, 'prompt');
  return prompts.flatMap((prompt) => {
    if (prompt.act === 'answered') return [];
    return prompt.groups
      .filter((group) => prompt.act === 'requested' || !isExplained(prompts, prompt, group))
      .map((group) => ({ prompt, group }));
  });
}

/** Whether this prompt is what a request before it brought up: an answer in between has closed that one. */
function isExplained(prompts: readonly Prompt[], shown: Prompt, group: string): boolean {
  const past = prompts.filter((p) => p !== shown && p.groups.includes(group) && order(p.at, shown.at) !== 'after');
  const closed = past.findLast((p) => p.act === 'answered' && order(p.at, shown.at) === 'before');
  return past.some((p) => p.act === 'requested' && (closed === undefined || order(p.at, closed.at) !== 'before'));
}

// Between two activities of one app nothing is resumed for a moment, and a prompt of the system pauses the app as well.
const SETTLED_MS = 3000;
const RETURNING_MS = 1000;

/** Whether the app was in background for sure at that moment; null when too near to leaving or coming back, or the clocks cannot tell. */
export function inBackground(timeline: Timeline, at: Stamp): boolean | null {
  const turns = eventsOf(timeline, 'lifecycle').filter((e) => e.what === 'resumed' || e.what === 'paused');
  if (turns.some((turn) => order(turn.at, at) === 'undecided')) return null;
  const past = turns.filter((turn) => order(turn.at, at) === 'before');
  const left = past.at(-1);
  if (left === undefined || isShown(past)) return false;
  const away = isAway(timeline, left.at, at);
  if (away !== true) return away;
  const back = turns.find((turn) => turn.what === 'resumed' && order(turn.at, at) === 'after');
  return back !== undefined && back.at.ms - at.ms < RETURNING_MS ? null : true;
}

function isShown(turns: readonly Lifecycle[]): boolean {
  const last = new Map(turns.map((turn) => [turn.process?.pid ?? 0, turn.what]));
  return [...last.values()].includes('resumed');
}

function isAway(timeline: Timeline, left: Stamp, at: Stamp): boolean | null {
  const settled = at.ms - left.ms >= SETTLED_MS;
  const steps = eventsOf(timeline, 'step').filter((s) => s.act === 'background' && order(s.at, at) === 'before');
  // What an app does while it leaves (onPause, onStop) is no background reading.
  if (steps.at(-1)?.state === 'begun') return settled ? true : null;
  const prompted = eventsOf(timeline, 'prompt').some((p) => order(p.at, at) === 'before' && p.at.ms >= left.ms - RETURNING_MS);
  return !prompted && settled;
}

/** Acts of the scenario that touched the screen before `at`. */
export function touchesBefore(timeline: Timeline, at: Stamp): readonly Step[] {
  const touching = new Set(['tap', 'tick', 'untick', 'type']);
  return eventsOf(timeline, 'step').filter((s) => touching.has(s.act) && s.state === 'begun' && order(s.at, at) !== 'after');
}
