import type { Derivation, Event, EventId, Flow } from '../../harness/model/event.js';
import type { Bodies } from '../../harness/model/finding.js';
import { pathsOf, pieceAt, placeOf, rootSpan, type Held, type Pieces } from './certificate.js';
import { decodeBase64, isBase64, textLike } from './decode.js';
import type { Derived } from './derived.js';
import { aligned } from './kernel.js';
import type { Layer, Range } from './layer.js';
import { isHint } from './level.js';
import type { DerivedNeedle, Needles } from './needles.js';
import { bodyPart } from './parts.js';
import type { Proved } from './prove.js';
import { searchPart } from './search.js';
import { beginWalk, type Find } from './walk.js';
import { createSteps, crosses, isPackedFirst } from './stream-steps.js';
import { isMedium, isUndecodable } from './undecodable.js';
import { pieceOf, type Piece } from './upload-pieces.js';
import { beginsPacked, dataOf, goesOn, runsOf, type Run } from './upload-runs.js';

/** What is found only when requests are put together. */
export interface Streams {
  /** Finds that end in this flow, of values that its own bytes do not show. */
  findsOf(flow: EventId, own: Proved): readonly Find[];
  /** Whether what looks random in this flow is a piece of something that was read. */
  explains(flow: EventId): boolean;
  /** Why something of a stream that ends in this flow was not looked at. */
  unseenOf(flow: EventId): ReadonlySet<string>;
  readonly tokens: number;
  readonly numbers: number;
  readonly bytes: number;
}

/** What streams are searched with. */
interface StreamTools {
  readonly needles: Needles;
  readonly derived: Derived;
  readonly bodies: Bodies;
}

interface Found {
  readonly finds: Map<EventId, Find[]>;
  readonly explained: Set<EventId>;
  readonly unseen: Map<EventId, Set<string>>;
  tokens: number;
  numbers: number;
  bytes: number;
}

/**
 * Puts uploads in pieces together, and messages of one WebSocket, and searches over their seams. Only what says that it is a piece is put
 * together (a range, an offset, a number beside a name or equal lengths, a packed stream that goes on), never what merely has the same path.
 */
export function searchStreams(events: readonly Event[], tools: StreamTools): Streams {
  const found: Found = { finds: new Map(), explained: new Set(), unseen: new Map(), tokens: 0, numbers: 0, bytes: 0 };
  for (const flows of groups(events)) {
    for (const pieces of byKey(flows, tools.bodies)) for (const run of runsOf(pieces)) searchRun(run, tools, found);
  }
  return {
    findsOf: (flow, own) =>
      (found.finds.get(flow) ?? []).filter(({ needle }) => needle.kind === 'derived' || !isShown(own, needle.value.id)),
    explains: (flow) => found.explained.has(flow),
    unseenOf: (flow) => found.unseen.get(flow) ?? new Set(),
    tokens: found.tokens,
    numbers: found.numbers,
    bytes: found.bytes,
  };
}

/** What a flow's own bytes show, and what only the pieces show. */
export function together(own: Proved, joined: Proved): Proved {
  const proofs = new Map(own.proofs);
  for (const [id, list] of joined.proofs) if (!isShown(own, id)) proofs.set(id, [...(own.proofs.get(id) ?? []), ...list]);
  return { proofs, unproved: new Set([...own.unproved, ...joined.unproved]) };
}

const isShown = ({ proofs }: Proved, id: string): boolean => proofs.get(id)?.some(({ path }) => !isHint(path)) ?? false;

/** Flows with a request body that may be pieces of one whole, by where they go. */
function groups(events: readonly Event[]): Iterable<readonly Flow[]> {
  const byPlace = new Map<string, Flow[]>();
  for (const flow of events) {
    if (flow.kind !== 'flow' || !flow.bodies.some(({ of, length }) => of === 'request' && length > 0)) continue;
    const channel = flow.websocket?.kind === 'message' ? flow.websocket.channel : '';
    const key = `${flow.scheme}://${flow.host}:${flow.port}${flow.request?.target.replace(/[?#].*$/s, '') ?? ''} ${channel}`;
    const group = byPlace.get(key);
    if (group === undefined) byPlace.set(key, [flow]);
    else group.push(flow);
  }
  return [...byPlace.values()].filter((flows) => flows.length > 1);
}

function byKey(flows: readonly Flow[], bodies: Bodies): Iterable<readonly Piece[]> {
  const keys = new Map<string, Piece[]>();
  flows.forEach((flow, i) => {
    const body = bodyPart(flow, bodies);
    const piece = body === null ? null : pieceOf(flow, body, i);
    if (piece === null) return;
    const known = keys.get(`${piece.by} ${piece.key}`);
    if (known !== undefined) known.push(piece);
    // Bytes that say nothing are kept only behind the beginning of something.
    else if (piece.by !== 'none' || beginsPacked(dataOf(piece))) keys.set(`${piece.by} ${piece.key}`, [piece]);
  });
  return keys.values();
}

function searchRun({ pieces, cut }: Run, tools: StreamTools, found: Found): void {
  const last = pieces.at(-1)?.flow.id;
  if (last === undefined) return;
  if (cut) note(found, last, ['decoding budget']);
  for (const one of readings(pieces)) {
    const whole = isSearchedWhole(one, tools.derived);
    for (const joined of whole ? [one] : windows(one))
      searchJoined(joined, { ...tools, found, last, least: pieces[0]?.by === 'message' ? 2 : 1 });
  }
}

function note(found: Found, flow: EventId, why: Iterable<string>): void {
  found.unseen.set(flow, new Set([...(found.unseen.get(flow) ?? []), ...why]));
}

type JoinedPieces = readonly Pieces[number][];

/** The pieces as they are; where they are base64, as what each of them stands for when it was coded by itself. */
function readings(pieces: readonly Piece[]): readonly JoinedPieces[] {
  const plain = pieces.map(({ layer, start, end, ranged }) => ({ layer, start, end, ranged }));
  const coded = pieces.map(codedRange);
  if (coded.some((range) => range === null)) return [plain];
  const inner = pieces.slice(0, -1);
  const padded = inner.some((piece) => dataOf(piece).at(-1) === 0x3d);
  const even = inner.every(({ start, end }) => (end - start) % 4 === 0);
  if (even && !padded) return [plain];
  const decoded = pieces.map((piece, i) => decodedPiece(piece, coded[i] ?? piece));
  return padded ? [decoded] : [plain, decoded];
}

/** The base64 of a piece without its padding; null: it is not all base64. */
function codedRange(piece: Piece): Range | null {
  const bytes = dataOf(piece);
  let n = bytes.length;
  while (n > 0 && n > bytes.length - 2 && bytes[n - 1] === 0x3d) n -= 1;
  return n > 0 && bytes.subarray(0, n).every(isBase64) ? { start: piece.start, end: piece.start + n } : null;
}

function decodedPiece({ layer, ranged }: Piece, { start, end }: Range): Pieces[number] {
  const out = new Uint8Array(end - start);
  const bytes = out.subarray(0, decodeBase64(layer.bytes, start, end, out));
  const below: Layer = { bytes, above: layer, step: { op: 'base64', start, end }, depth: layer.depth + 1, source: null };
  return { layer: below, start: 0, end: bytes.length, ranged };
}

/** Longer streams that are neither text nor packed (pictures, films) are looked at around their seams. */
const MAX_FORMLESS = 2 * 1024 * 1024;
const WINDOW = 4096;

function isSearchedWhole(pieces: JoinedPieces, derived: Derived): boolean {
  const [first] = pieces;
  if (first === undefined) return false;
  const bytes = first.layer.bytes.subarray(first.start, first.end);
  return derived.any || lengthOf(pieces) <= MAX_FORMLESS || beginsPacked(bytes) || textLike(bytes, bytes.length);
}

const lengthOf = (pieces: JoinedPieces): number => pieces.reduce((n, { start, end }) => n + end - start, 0);

/** The bytes on both sides of each seam. */
function windows(pieces: JoinedPieces): readonly JoinedPieces[] {
  return pieces.slice(1).map((next, i) => {
    const before = pieces[i] as Pieces[number];
    return [
      { ...before, start: Math.max(before.start, before.end - WINDOW) },
      { ...next, end: Math.min(next.end, next.start + WINDOW) },
    ];
  });
}

interface Job extends StreamTools {
  readonly found: Found;
  readonly last: EventId;
  /** Bytes of a find that have to lie on each side. */
  readonly least: number;
}

function searchJoined(pieces: JoinedPieces, { needles, derived, found, last, least }: Job): void {
  const bytes = aligned(Buffer.concat(pieces.map(({ layer, start, end }) => layer.bytes.subarray(start, end))));
  const walk = beginWalk(needles, bytes.length);
  const body = searchPart(walk, { bytes, encodings: [], source: { kind: 'joined', pieces } });
  walk.end();
  found.tokens += walk.tokens;
  found.numbers += walk.numbers;
  found.bytes += walk.bytes;
  note(found, last, walk.unseen);
  const first = pieces[0] === undefined ? bytes : bytes.subarray(0, pieces[0].end - pieces[0].start);
  const known = goesOn(first, bytes) || (least === 1 && isMedium(bytes)) || (isUndecodable(body, null) && derived.explains(body));
  if (known) for (const flow of flowsOf(pieces)) found.explained.add(flow);
  const complete = createSteps(pieces, bytes);
  // Escapes undone in what is packed spoil it, and what comes out then stands at no place of the stream.
  const packed = beginsPacked(bytes);
  for (const find of walk.finds) {
    if (find.needle.kind !== 'derived') continue;
    const { start, end } = rootSpan(find);
    for (const flow of flowsOf(pieces.slice(pieceAt(pieces, start + 1), pieceAt(pieces, end) + 1))) found.explained.add(flow);
  }
  for (const find of walk.finds.flatMap((one) => narrowed(one, derived))) {
    if (!crosses(pieces, rootSpan(find), least) || (packed && !isPackedFirst(find.layer))) continue;
    const completed = complete(find);
    const flow = pathsOf(completed, derived.inputOf)[0]?.where?.flow;
    if (flow === undefined) continue;
    const list = found.finds.get(flow);
    if (list === undefined) found.finds.set(flow, [completed]);
    else list.push(completed);
  }
}

function flowsOf(pieces: JoinedPieces): readonly EventId[] {
  return pieces.flatMap(({ layer }) => {
    let root = layer;
    while (root.above !== null) root = root.above;
    return root.source?.kind === 'part' ? [root.source.flow] : [];
  });
}

const MIN_STRETCH = 16;

/** A ciphertext over several requests hands over each value when the bytes of that one are complete, not with its last byte. */
function narrowed(find: Find, derived: Derived): readonly Find[] {
  const { needle } = find;
  if (needle.kind !== 'derived') return [find];
  const held = derived.heldIn(needle.derivation);
  if (held.length === 0) return [find];
  const output = needle.stretch?.output ?? needle.bytes;
  const place = needle.stretch === null ? { start: find.start, end: find.end, from: 0 } : placeOf(find, needle.stretch);
  const stretchOf = (from: number, to: number, holds: readonly Held[]): Find => ({
    layer: find.layer,
    start: place.start + from - place.from,
    end: place.start + to - place.from,
    needle: needleOf(needle.derivation, output.subarray(from, to), { from, output, holds, grows: false }),
  });
  const to = place.from + place.end - place.start;
  const mine = (needle.stretch?.holds ?? held).filter(({ range }) => range.start >= place.from && range.end <= to);
  const each = mine.flatMap((one) => {
    const end = Math.min(to, Math.max(one.range.end, one.range.start + MIN_STRETCH));
    const start = Math.max(place.from, Math.min(one.range.start, end - MIN_STRETCH));
    return end - start < MIN_STRETCH ? [] : [stretchOf(start, end, [one])];
  });
  if (needle.stretch !== null) return each;
  const others = (derived.inputOf(needle.derivation)?.paths ?? []).filter((path) => !held.some((one) => one.path === path));
  return others.length === 0
    ? each
    : [
        ...each,
        stretchOf(
          0,
          output.length,
          others.map((path) => ({ path, range: { start: 0, end: 0 } })),
        ),
      ];
}

const needleOf = (derivation: Derivation, bytes: Uint8Array, stretch: DerivedNeedle['stretch']): DerivedNeedle => ({
  kind: 'derived',
  derivation,
  bytes,
  stretch,
});
