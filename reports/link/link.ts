import type { Event, Flow, Gap, ValueId } from '../../harness/model/event.js';
import type { Bodies, Level, Link, Report } from '../../harness/model/finding.js';
import type { RunHead } from '../../harness/model/run.js';
import type { Manifest, ManifestValue } from '../../harness/model/values.js';
import { hostOf } from '../../harness/model/timeline.js';
import { readDerivations, type Derived } from './derived.js';
import { classOf, companyOf, isHint, levelOf, surprise, type Tries } from './level.js';
import { buildNeedles, type Needles } from './needles.js';
import { partsOf, type Part } from './parts.js';
import { causesOf, readsOf, type Reads } from './reads.js';
import { CODECS, prove, evidenceOf, type Proof, type Proved, type Evidence } from './prove.js';
import { aliasesOf } from '../receivers/aliases.js';
import { receiversFor, type ReceiverTable } from '../receivers/receivers.js';
import { searchStreams, together, type Streams } from './streams.js';
import { isUndecodable } from './undecodable.js';
import { searchPart } from './search.js';
import { beginWalk } from './walk.js';
import { createQuietHeaders, type QuietHeaders } from './quiet-headers.js';

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

interface Searched {
  readonly flow: Flow;
  readonly proofs: Proved['proofs'];
}

/** Finds the values of a run in its requests. Only links whose certificate replays are returned. */
export function link({ head, events, manifest, bodies }: LinkParts): Linked {
  const values = [...manifest.values, ...manifest.placebos];
  const needles = buildNeedles(values);
  const derived = readDerivations(events, needles, bodies);
  const streams = searchStreams(events, { needles, derived, bodies });
  const count = { tokens: streams.tokens, numbers: streams.numbers, bytes: derived.bytesSearched + streams.bytes };
  const flows: Searched[] = [];
  const gaps: Gap[] = [];
  const placebos = new Set<ValueId>(manifest.placebos.map((p) => p.id));
  const evidence = evidenceOf({ events, bodies, values });
  const tools: Tools = { needles, derived, streams, count, placebos, evidence, headers: createQuietHeaders() };
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
  const receivers = receiversFor(head, aliasesOf(events, bodies));
  const reads = readsOf(events, head, receivers);
  const rank = new Map(values.map(({ id }, i) => [id, i] as const));
  const drafts = flows.flatMap((searched) =>
    linksOf(searched, {
      tries,
      reads,
      derived,
      placebos,
      rank,
      receivers,
      appPackage: head.app.package,
    }),
  );
  return {
    links: drafts.map((draft, i) => ({ id: `l${i + 1}`, ...draft })),
    placebo: { ...placeboHits(manifest.placebos, flows), bytesSearched: count.bytes },
    gaps,
  };
}

/** How often a value that was never planted was found, by type: each hit is a false positive. */
function placeboHits(placebos: readonly ManifestValue[], flows: readonly Searched[]): Omit<Report['placebo'], 'bytesSearched'> {
  const types = new Map<string, { drawn: number; hits: number }>();
  const typeOfId = new Map<ValueId, { drawn: number; hits: number }>();
  for (const { id, type } of placebos) {
    const count = types.get(type) ?? { drawn: 0, hits: 0 };
    types.set(type, count);
    count.drawn += 1;
    typeOfId.set(id, count);
  }
  for (const { proofs } of flows)
    for (const [id, list] of proofs) {
      const count = typeOfId.get(id);
      if (count !== undefined && list.some((p) => !isHint(p.path))) count.hits += 1;
    }
  const byType = [...types].map(([type, count]) => ({ type, ...count }));
  return { drawn: placebos.length, hits: byType.reduce((n, { hits }) => n + hits, 0), byType };
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
  readonly streams: Streams;
  readonly count: Count;
  readonly placebos: ReadonlySet<ValueId>;
  readonly evidence: Evidence;
  readonly headers: QuietHeaders;
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
  for (const one of parts) {
    const { part, bytes, encodings } = one;
    if (part.startsWith('header:')) {
      tools.headers.search(walk, one, flow.id);
      continue;
    }
    const before = walk.finds.length;
    const body = searchPart(walk, {
      bytes,
      encodings,
      source: { kind: 'part', flow: flow.id, part },
    });
    const joined = walk.finds.slice(before).some(({ needle }) => needle.kind === 'derived');
    const explained = joined || part !== 'body' || tools.streams.explains(flow.id);
    if (!explained && isUndecodable(body, typeOf(flow)) && !tools.derived.explains(body)) walk.unseen.add('undecodable');
  }
  walk.end();
  tools.evidence.hold(flow.id, parts);
  const own = prove(walk.finds, tools.derived, tools.evidence);
  const { proofs, unproved } = together(own, prove(tools.streams.findsOf(flow.id, own), tools.derived, tools.evidence));
  for (const why of tools.streams.unseenOf(flow.id)) walk.unseen.add(why);
  if ([...unproved].some((id) => !tools.placebos.has(id) && !proofs.has(id))) walk.unseen.add('certificate');
  if (flow.bodies.some((body) => body.of === 'request' && body.state === 'cut')) walk.unseen.add('cut');
  count.tokens += walk.tokens;
  count.numbers += walk.numbers;
  count.bytes += walk.bytes;
  return { proofs, unseen: walk.unseen };
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
  if (proofs.size === 0) return [];
  const found = [...proofs].filter(([id]) => !placebos.has(id)).map(([, list]) => list);
  const strongest = found.map((list) => byBits(list.map(({ path, certificate }) => ({ path, certificate, bits: surprise(path, tries) }))));
  const company = companyOf(
    strongest.flatMap((list) => list.slice(0, 1)),
    tries,
  );
  const links = strongest.flatMap((list): readonly Omit<Link, 'id'>[] => {
    const ranked = list.map(({ path, certificate, bits }) => ({
      path,
      certificate,
      bits,
      level: levelOf(path, bits, {
        company,
        flow,
        hook: path.digest === null ? null : derived.byOutput(path.digest),
      }),
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
        chain: certificate.layers.map(({ encoding }) => (encoding.op === 'joined' ? { op: 'joined', pieces: [] } : encoding)),
        span: { part: path.where?.part ?? 'body', ...path.span },
        level: best.level,
        surpriseBits: Math.round(best.bits * 10) / 10,
        certificate,
      },
    ];
  });
  return links.toSorted((a, b) => (context.rank.get(a.value) ?? 0) - (context.rank.get(b.value) ?? 0));
}

// Most values have one proof.
const byBits = <T extends { readonly bits: number }>(list: readonly T[]): readonly T[] =>
  list.length < 2 ? list : list.toSorted((a, b) => b.bits - a.bits);

type Ranked = Proof & { readonly bits: number; readonly level: Level };

/**
 * The proof that is shown: the value itself where it stands there for sure, since no digest beside it says more; else the surest, then
 * the shortest. Where hooks saw no more than a coding, our own decoding of it, as sure as they make it.
 */
function shownOf(ranked: readonly Ranked[]): Ranked | undefined {
  if (ranked.length < 2) return ranked[0];
  const best = ranked.toSorted((a, b) =>
    a.level === b.level ? a.certificate.layers.length - b.certificate.layers.length : a.level < b.level ? 1 : -1,
  )[0];
  const coded = best !== undefined && best.path.derivations.length > 0 && best.path.derivations.every(({ op }) => CODECS.has(op));
  const plain = ranked.find(({ path, level }) => path.derivations.length === 0 && path.kind !== 'digest' && level >= 'C4');
  if (plain !== undefined && best !== undefined && best.path.derivations.some(({ op }) => op === 'digest' || op === 'mac')) return plain;
  const decoded = coded ? ranked.find(({ path, level }) => path.derivations.length === 0 && level >= 'C4') : undefined;
  return decoded === undefined || best === undefined ? best : { ...decoded, level: best.level };
}
