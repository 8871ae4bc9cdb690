import type { Derivation, Event, EventId, Flow, Gap, ValueId } from '../../harness/model/event.js';
import type { Bodies, Certificate, Level, Link, Report, Span } from '../../harness/model/finding.js';
import type { RunHead } from '../../harness/model/run.js';
import type { Manifest, ManifestValue } from '../../harness/model/values.js';
import { hostOf } from '../../harness/model/timeline.js';
import { pathsOf, type Path } from './certificate.js';
import { readDerivations, type Derived } from './derived.js';
import { classOf, companyOf, isHint, isName, levelOf, surprise, type Tries } from './level.js';
import { stepsOf } from './layer.js';
import { buildNeedles, type Needles } from './needles.js';
import { partBytes, partsOf, type Part } from './parts.js';
import { causesOf, readsOf, type Reads } from './reads.js';
import { receiversFor, type ReceiverTable } from '../receivers/receivers.js';
import { createReplay } from './replay.js';
import { isUndecodable } from './undecodable.js';
import { beginWalk, searchPart, type Find } from './search.js';

/** A recorded run, as far as the linker needs it. */
export interface LinkParts {
  readonly head: RunHead;
  readonly events: readonly Event[];
  readonly manifest: Manifest;
  readonly bodies: Bodies;
}

/** All links of a run. `gaps` are what the linker could not look at; their ids go on after the run's last event. */
export interface Linked {
  readonly links: readonly Link[];
  readonly placebo: Report['placebo'];
  readonly gaps: readonly Gap[];
}

/** A find that its certificate has shown again. */
interface Proof {
  readonly path: Path;
  readonly certificate: Certificate;
}
interface Searched {
  readonly flow: Flow;
  readonly proofs: ReadonlyMap<ValueId, readonly Proof[]>;
}

/** Finds the values of a run in its requests. Only links whose certificate replays are returned. */
export function link({ head, events, manifest, bodies }: LinkParts): Linked {
  const values = [...manifest.values, ...manifest.placebos];
  const needles = buildNeedles(values);
  const derived = readDerivations(events, needles, bodies);
  const count = { tokens: 0, numbers: 0, bytes: derived.bytesSearched };
  const flows: Searched[] = [];
  const gaps: Gap[] = [];
  const placebos = new Set<ValueId>(manifest.placebos.map((p) => p.id));
  const tools: Tools = { needles, derived, count, placebos, ...lookUps({ events, bodies, values }) };
  let nextId = lastId(events) + 1;
  for (const flow of events) {
    if (flow.kind !== 'flow') continue;
    const { proofs, unseen } = searchFlow(flow, partsOf(flow, bodies), tools);
    flows.push({ flow, proofs });
    for (const why of unseen)
      gaps.push({
        id: `e${nextId++}`,
        at: flow.at,
        kind: 'gap',
        source: 'linker',
        what: 'request',
        why,
        scope: { datum: null, host: hostOf(flow), phase: null },
      });
  }
  const tries: Tries = { ...count, needles: countClasses(manifest.values), forms: needles.forms };
  const receivers = receiversFor(head);
  const reads = readsOf(events, head, receivers);
  const rank = new Map(values.map(({ id }, i) => [id, i] as const));
  const drafts = flows.flatMap((searched) =>
    linksOf(searched, { tries, reads, derived, placebos, rank, receivers, appPackage: head.app.package }),
  );
  const hits = flows.reduce(
    (n, { proofs }) => n + [...proofs].filter(([id, list]) => placebos.has(id) && list.some((p) => !isHint(p.path))).length,
    0,
  );
  return {
    links: drafts.map((draft, i) => ({ id: `l${i + 1}`, ...draft })),
    placebo: { drawn: manifest.placebos.length, hits, bytesSearched: count.bytes },
    gaps,
  };
}

interface Recorded {
  readonly events: readonly Event[];
  readonly bodies: Bodies;
  readonly values: readonly ManifestValue[];
}

function lookUps({ events, bodies, values }: Recorded): Pick<Tools, 'partOf' | 'nameOf'> {
  const flows = new Map(events.flatMap((e) => (e.kind === 'flow' ? [[e.id, e] as const] : [])));
  const names = new Map(values.flatMap((v) => (v.group !== null && isName(v) ? [[v.group, v] as const] : [])));
  let last: { readonly flow: EventId; readonly part: Span['part']; readonly bytes: Uint8Array | null } | null = null;
  return {
    partOf: (id, part) => {
      const flow = flows.get(id);
      if (last?.flow !== id || last.part !== part)
        last = { flow: id, part, bytes: flow === undefined ? null : partBytes(flow, part, bodies) };
      return last.bytes;
    },
    nameOf: (value) => (value.group === null ? null : (names.get(value.group) ?? null)),
  };
}

function lastId(events: readonly Event[]): number {
  // Imported events have names of their own; no later number than theirs is taken either.
  return events.reduce((max, e) => Math.max(max, /^e\d{1,15}$/.test(e.id) ? Number(e.id.slice(1)) : 0), events.length);
}

function countClasses(values: readonly ManifestValue[]): ReadonlyMap<string, number> {
  const count = new Map<string, number>();
  for (const { type } of values) count.set(classOf(type), (count.get(classOf(type)) ?? 0) + 1);
  return count;
}

interface Count {
  tokens: number;
  numbers: number;
  bytes: number;
}

interface Tools {
  readonly needles: Needles;
  readonly derived: Derived;
  readonly count: Count;
  readonly placebos: ReadonlySet<ValueId>;
  /** The bytes of a part as sent; null where there is none. */
  partOf(flow: EventId, part: Span['part']): Uint8Array | null;
  /** The name in a value's group; null: none. */
  nameOf(value: ManifestValue): ManifestValue | null;
}

/** Makes certificates of finds and keeps those that replay. */
function prove(
  finds: readonly Find[],
  { derived, partOf, nameOf }: Tools,
): { readonly proofs: Map<ValueId, Proof[]>; readonly unproved: ReadonlySet<ValueId> } {
  const proofs = new Map<ValueId, Proof[]>();
  const unproved = new Set<ValueId>();
  const replay = createReplay();
  for (const find of fewest(finds)) {
    for (const path of pathsOf(find, derived.inputOf)) {
      const mine = proofs.get(path.value.id) ?? [];
      if (path.where === null || mine.some((p) => sortOf(p.path) === sortOf(path))) continue;
      const { value, form, layers, at, where } = path;
      const certificate: Certificate = { value: value.id, form, sourceSha256: where.sourceSha256, layers, at };
      const part = partOf(where.flow, where.part) ?? new Uint8Array(0);
      const shown = replay(certificate, { part, value, name: nameOf(value), derivation: derived.callOf, partOf });
      if (shown.ok) proofs.set(value.id, [...mine, { path, certificate }]);
      else unproved.add(value.id);
    }
  }
  return { proofs, unproved };
}

function typeOf(flow: Flow): string | null {
  return flow.request?.headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? null;
}

function searchFlow(
  flow: Flow,
  parts: readonly Part[],
  tools: Tools,
): { readonly proofs: Searched['proofs']; readonly unseen: ReadonlySet<string> } {
  const { needles, count } = tools;
  const walk = beginWalk(
    needles,
    parts.reduce((n, p) => n + p.bytes.length, 0),
  );
  for (const { part, bytes, encodings } of parts) {
    const before = walk.finds.length;
    const body = searchPart(walk, { bytes, encodings, source: { kind: 'part', flow: flow.id, part } });
    const joined = walk.finds.slice(before).some(({ needle }) => needle.kind === 'derived');
    if (part === 'body' && !joined && isUndecodable(body, typeOf(flow))) walk.unseen.add('undecodable');
  }
  walk.end();
  const { proofs, unproved } = prove(walk.finds, tools);
  if ([...unproved].some((id) => !tools.placebos.has(id) && !proofs.has(id))) walk.unseen.add('certificate');
  if (flow.bodies.some((body) => body.of === 'request' && body.state === 'cut')) walk.unseen.add('cut');
  count.tokens += walk.tokens;
  count.numbers += walk.numbers;
  count.bytes += walk.bytes;
  return { proofs, unseen: walk.unseen };
}

// What we can decode ourselves is shown decoded: a reader can do it again, and need not trust a hook.
const CODECS: ReadonlySet<Derivation['op']> = new Set(['base64', 'gzip']);
const BEHIND_ALL = 1000;

/** Finds of the fewest layers first: of two ways to the same value the plainer one is shown; of two pairs the one that tells more; hooked codecs last. */
function fewest(finds: readonly Find[]): readonly Find[] {
  const finer = ({ needle }: Find): number => (needle.kind === 'matched' ? needle.bits / 1000 : 0);
  const codec = ({ needle }: Find): number => (needle.kind === 'derived' && CODECS.has(needle.derivation.op) ? BEHIND_ALL : 0);
  return finds
    .map((find) => ({ find, n: stepsOf(find.layer) - finer(find) + codec(find) }))
    .toSorted((a, b) => a.n - b.n)
    .map(({ find }) => find);
}

/** One proof of each sort is kept for a value; the level decides between them. */
function sortOf(path: Path): string {
  if (path.blended) return 'blended';
  if (path.derivations.length > 0) return 'derived';
  return path.cap === null ? path.kind : `${path.kind} up to ${path.cap}`;
}

interface Context {
  readonly tries: Tries;
  readonly reads: Reads;
  readonly derived: Derived;
  readonly placebos: ReadonlySet<ValueId>;
  /** Place of each value in the manifest. */
  readonly rank: ReadonlyMap<ValueId, number>;
  readonly receivers: ReceiverTable;
  readonly appPackage: string;
}

function linksOf({ flow, proofs }: Searched, context: Context): readonly Omit<Link, 'id'>[] {
  const { tries, reads, derived, placebos, appPackage } = context;
  const receiver = context.receivers.receiverOf(hostOf(flow));
  const found = [...proofs].filter(([id]) => !placebos.has(id)).map(([, list]) => list);
  const strongest = found.map((list) => list.map((p) => ({ ...p, bits: surprise(p.path, tries) })).toSorted((a, b) => b.bits - a.bits));
  const company = companyOf(
    strongest.flatMap((list) => list.slice(0, 1)),
    tries,
  );
  const links = strongest.flatMap((list): readonly Omit<Link, 'id'>[] => {
    const ranked = list.map((p) => ({
      ...p,
      level: levelOf(p.path, p.bits, { company, flow, hook: p.path.digest === null ? null : derived.byOutput(p.path.digest) }),
    }));
    const best = shownOf(ranked);
    if (best === undefined) return [];
    const { path, certificate } = best;
    return [
      {
        value: path.value.id,
        datum: path.value.datum,
        flow: flow.id,
        ...causesOf(path.value, reads, { flow, receiver, appPackage }),
        chain: certificate.layers.map((l) => l.encoding),
        span: { part: path.where?.part ?? 'body', ...path.span },
        level: best.level,
        surpriseBits: Math.round(best.bits * 10) / 10,
        certificate,
      },
    ];
  });
  return links.toSorted((a, b) => (context.rank.get(a.value) ?? 0) - (context.rank.get(b.value) ?? 0));
}

type Ranked = Proof & { readonly bits: number; readonly level: Level };

/**
 * The proof that is shown: the value itself where it stands there for sure, since no digest beside it says more; else the surest, then
 * the shortest. Where hooks saw no more than a coding, our own decoding of it, as sure as they make it.
 */
function shownOf(ranked: readonly Ranked[]): Ranked | undefined {
  const best = ranked.toSorted((a, b) =>
    a.level === b.level ? a.certificate.layers.length - b.certificate.layers.length : a.level < b.level ? 1 : -1,
  )[0];
  const coded = best !== undefined && best.path.derivations.length > 0 && best.path.derivations.every(({ op }) => CODECS.has(op));
  const plain = ranked.find(({ path, level }) => path.derivations.length === 0 && path.kind !== 'digest' && level >= 'C4');
  if (plain !== undefined && best !== undefined && best.path.derivations.some(({ op }) => op === 'digest' || op === 'mac')) return plain;
  const decoded = coded ? ranked.find(({ path, level }) => path.derivations.length === 0 && level >= 'C4') : undefined;
  return decoded === undefined || best === undefined ? best : { ...decoded, level: best.level };
}
