import type { Event, EventId, Flow } from '../../harness/model/event.js';
import type { Bodies, Encoding, Link, Span } from '../../harness/model/finding.js';
import type { Manifest, ManifestValue } from '../../harness/model/values.js';
import type { HookedCall, ReplayParts } from '../../harness/model/replay.js';
import { createReplay } from './replay.js';

/** The links of a report, which may come from anywhere, and the recorded run that they speak of. */
interface ReportedRun {
  readonly links: readonly Link[];
  readonly events: readonly Event[];
  readonly manifest: Manifest;
  readonly bodies: Bodies;
}
/** How many links were shown again, and the first that was not; null: there is none. */
export interface ReplayedRun {
  readonly replayed: number;
  readonly broken: { readonly link: string; readonly why: string } | null;
}

/** Replays the certificate of every link, in order, up to the first that does not hold. Like the replay, it shares nothing with the linker. */
export function replayRun({ links, events, manifest, bodies }: ReportedRun): ReplayedRun {
  const flows = new Map(events.flatMap((e) => (e.kind === 'flow' ? [[e.id, e] as const] : [])));
  const values = new Map(manifest.values.map((value) => [value.id, value] as const));
  let held = { flow: '', ...lookUps(events, bodies), replay: createReplay() };
  for (const [n, link] of links.entries()) {
    // What was read and hashed of one request serves all links of it, and no longer than that.
    if (held.flow !== link?.flow) held = { flow: link?.flow, ...lookUps(events, bodies), replay: createReplay() };
    const value = values.get(link?.value);
    const part = flows.has(link?.flow) ? held.partOf(link.flow, link.span?.part) : null;
    const why =
      value === undefined
        ? 'no such value'
        : part === null
          ? 'no such part of a request'
          : (mismatch(link) ?? replayed(link, { value, part }));
    if (why !== null) return { replayed: n, broken: { link: String(link?.id), why } };
  }
  return { replayed: links.length, broken: null };

  function replayed(link: Link, { value, part }: { readonly value: ManifestValue; readonly part: Uint8Array }): string | null {
    const { derivation, partOf, replay } = held;
    const result = replay(link.certificate, { part, value, name: nameOf(value, manifest), derivation, partOf });
    return result.ok ? null : result.why;
  }
}

// A chain leaves the pieces to the certificate.
const stepOf = (encoding: Encoding | undefined): unknown => (encoding?.op === 'joined' ? { op: 'joined', pieces: [] } : encoding);

/** What a link says beside its certificate must be what the certificate shows; null: it is. */
function mismatch({ certificate, chain, flow, span }: Link): string | null {
  const layers = certificate?.layers;
  if (!Array.isArray(layers) || JSON.stringify(layers.map((layer) => stepOf(layer?.encoding))) !== JSON.stringify(chain))
    return 'its chain is not that of its certificate';
  const encoding = certificate.layers[0]?.encoding;
  const last = encoding?.op === 'joined' ? encoding.pieces?.at(-1) : undefined;
  return last === undefined || (last.flow === flow && last.part === span.part) ? null : 'its pieces end in another request';
}

function nameOf({ id, group }: ManifestValue, manifest: Manifest): ManifestValue | null {
  const isName = (v: ManifestValue): boolean => v.group === group && v.id !== id && (v.type === 'name' || v.type === 'contact_name');
  return group === null ? null : (manifest.values.find(isName) ?? null);
}

function lookUps(events: readonly Event[], bodies: Bodies): Pick<ReplayParts, 'derivation' | 'partOf'> {
  const parts = new Map<string, Uint8Array | null>();
  const calls = new Map<EventId, HookedCall | null>();
  const find = (id: EventId): Event | null => events.find((event) => event.id === id) ?? null;
  return {
    derivation: (id) => {
      const call = calls.has(id) ? null : find(id);
      if (call?.kind === 'derivation') {
        const [input, output] = [call.input, call.output].map(({ file, bytes }) => bodies.read(file, 0, bytes)) as [Uint8Array, Uint8Array];
        calls.set(id, { op: call.op, algorithm: call.algorithm, input, output });
      }
      return calls.get(id) ?? null;
    },
    partOf: (id, part) => {
      const key = `${id} ${part}`;
      const flow = parts.has(key) ? null : find(id);
      if (flow?.kind === 'flow') parts.set(key, partBytes(flow, part, bodies));
      return parts.get(key) ?? null;
    },
  };
}

/** A part as sent: the target; the values of a header and of its trailers, a line feed between; the body. */
function partBytes(flow: Flow, part: Span['part'], bodies: Bodies): Uint8Array | null {
  if (part === 'body')
    return Buffer.concat(flow.bodies.filter((b) => b.of === 'request').map((b) => bodies.read(b.file, b.offset, b.length)));
  const name = /^header:(.+)$/.exec(part)?.[1];
  const { request } = flow;
  if (request === null || (part !== 'url' && name === undefined)) return null;
  const fields = [...request.headers, ...request.trailers].filter(([field]) => field.toLowerCase() === name);
  const text = part === 'url' ? request.target : fields.map(([, value]) => value).join('\n');
  // Characters are bytes; what an importer wrote may have more.
  return Buffer.from(text, [...text].every((char) => char <= '\xff') ? 'latin1' : 'utf8');
}
