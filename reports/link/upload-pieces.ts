import type { Flow } from '../../harness/model/event.js';
import { decodeLight, mapLight, textLike, type LightOp } from './decode.js';
import { packOf, unpack } from './inflate.js';
import { aligned } from './kernel.js';
import type { Layer, Range } from './layer.js';
import type { Part } from './parts.js';
import { fieldsIn, formFields, type Field } from './upload-fields.js';

/** A stretch of a request that says of itself which piece of a whole it is. */
export interface Piece extends Range {
  readonly flow: Flow;
  readonly layer: Layer;
  /** Pieces of one key may be one upload. */
  readonly key: string;
  /** `offset`: in bytes of the whole; `index`: counted one by one; `message`: of a WebSocket; `none`: it says nothing. */
  readonly by: 'offset' | 'index' | 'message' | 'none';
  readonly number: number;
  /** Whether the number can be that of nothing but a piece: by its name, or because an identity or a total stands beside it. */
  readonly sure: boolean;
  /** Whether a Content-Range says so. */
  readonly ranged: boolean;
}

// Names are compared without what is no letter, in small letters: `X-Chunk-Index`, `chunkIndex` and `chunk_index` are one.
const INDEX =
  /^x?(resumable|flow|qq|dz|upload|file|data|current|cur)?(part|chunk|seq|sequence|index|idx|slice|block|piece|segment|fragment|shard)(no|num|number|index|idx|id|seq)?$/;
const OFFSET = /^x?(resumable|qq|dz|upload|file|data)?(chunk|part|byte|block)?(byte)?(offset|position|startbyte)$/;
const IDENTITY =
  /^x?(resumable|flow|qq|dz)?(upload|file|session|task|transfer|stream|document|doc|object)?(id|uuid|identifier|name|filename|filemd5|filehash)$/;
const SURE = /part|chunk|slice|block|piece|segment|fragment|shard/;
const TOTAL =
  /^x?(resumable|flow|qq|dz|upload|file|data)?(total|chunks|parts|islast|last|final|eof)(chunks?|parts?|count|num|number|size|bytes|length)?$/;
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, '');

const MIN_DATA = 4;
/** Fewer bytes can look like text by chance. */
const MIN_TEXT = 32;
/** A value of a field that numbers or names something is short. */
const MAX_TOKEN = 256;

/** What a request says of the piece that it carries; null: it carries none that could be one. */
export function pieceOf(flow: Flow, body: Part, number: number): Piece | null {
  const top = unpacked(
    { bytes: aligned(body.bytes), above: null, step: null, depth: 0, source: { kind: 'part', flow: flow.id, part: 'body' } },
    body,
  );
  if (top === null) return null;
  const { websocket } = flow;
  const fields = fieldsIn(top.bytes) ?? [];
  const inside = fields.map((field) => ({ name: plain(field.name), text: tokenOf(top.bytes, field) }));
  const outside = headFields(flow);
  const said = [...outside, ...inside];
  const place = numberOf(outside) ?? numberOf(inside);
  const known = said.some(({ name }) => IDENTITY.test(name) || TOTAL.test(name));
  const names = said.flatMap(({ name, text }) => (IDENTITY.test(name) && text !== '' ? [`${name}=${text}`] : []));
  const channel = websocket?.kind === 'message' ? `${websocket.channel}` : '';
  const path = flow.request?.target.replace(/[?#].*$/s, '') ?? '';
  const key = JSON.stringify([flow.owner.package, flow.scheme, flow.host, flow.port, path, channel, names.toSorted()]);
  if (place !== null) {
    const data = numberOf(inside) !== null || isEnvelope(flow, top.bytes) ? dataIn(top, fields) : wholeOf(top);
    return data === null ? null : { flow, key, ...place, sure: place.sure || known, ...data };
  }
  const whole = wholeOf(top);
  if (whole === null) return null;
  if (websocket?.kind === 'message')
    return { flow, key: `messages of ${key}`, by: 'message', number: websocket.number, sure: false, ranged: false, ...whole };
  // Text that does not say so is not a piece of anything.
  return top.bytes.length >= MIN_TEXT && textLike(top.bytes, top.bytes.length)
    ? null
    : { flow, key: `stream of ${key}`, by: 'none', number, sure: false, ranged: false, ...whole };
}

/** A body of which each piece was packed by itself is taken unpacked. A piece of something packed cannot be. */
function unpacked(root: Layer, { encodings }: Part): Layer | null {
  let layer = root;
  for (const word of encodings.filter((w) => w !== 'identity').toReversed()) {
    const op = packOf(word);
    const out = op === null ? null : unpack(op, layer.bytes);
    if (op === null || out === 'limit') return null;
    if (out === null) return layer;
    layer = { bytes: aligned(out), above: layer, step: { op, start: 0, end: layer.bytes.length }, depth: layer.depth, source: null };
  }
  return layer;
}

interface Said {
  readonly name: string;
  readonly text: string;
}

/** Fields of the query and of the head. */
function headFields({ request }: Flow): readonly Said[] {
  if (request === null) return [];
  const query = Buffer.from(request.target.replace(/^[^?]*\??/s, ''), 'latin1');
  const asked = (formFields(query, 0) ?? []).map((field) => ({ name: plain(field.name), text: tokenOf(query, field) }));
  return [...asked, ...request.headers.map(([name, text]) => ({ name: plain(name), text }))];
}

function tokenOf(bytes: Uint8Array, { start, end }: Range): string {
  return end - start > MAX_TOKEN ? '' : Buffer.from(bytes.subarray(start, end)).toString('latin1');
}

function numberOf(said: readonly Said[]): Pick<Piece, 'by' | 'number' | 'sure' | 'ranged'> | null {
  const range = /^bytes (\d{1,15})-\d{1,15}\/(?:\d+|\*)$/.exec(said.find(({ name }) => name === 'contentrange')?.text ?? '');
  if (range !== null) return { by: 'offset', number: Number(range[1]), sure: true, ranged: true };
  for (const [by, names] of [
    ['index', INDEX],
    ['offset', OFFSET],
  ] as const) {
    const found = said.find(({ name, text }) => names.test(name) && /^\d{1,15}$/.test(text));
    if (found !== undefined) return { by, number: Number(found.text), sure: by === 'offset' || SURE.test(found.name), ranged: false };
  }
  return null;
}

/** Longer bodies are no JSON around a piece. */
const MAX_ENVELOPE = 16 * 1024 * 1024;

/** Whether a piece that is numbered outside of the body lies in a field of it: a cut document has fields too, but is none itself. */
function isEnvelope({ request }: Flow, bytes: Uint8Array): boolean {
  const isForm = request?.headers.some(([name, type]) => /^content-type$/i.test(name) && /x-www-form-urlencoded/i.test(type)) ?? false;
  if (isForm || (bytes[0] === 0x2d && bytes[1] === 0x2d)) return true;
  if (bytes[0] !== 0x7b || bytes.length > MAX_ENVELOPE) return false;
  try {
    JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

const wholeOf = (top: Layer): Pick<Piece, 'layer' | 'start' | 'end'> | null =>
  top.bytes.length === 0 ? null : { layer: top, start: 0, end: top.bytes.length };

/** The longest field that is no number, else the whole; its escapes undone where it has any. */
function dataIn(top: Layer, fields: readonly Field[]): Pick<Piece, 'layer' | 'start' | 'end'> | null {
  const texts = fields.filter(({ kind, end, start }) => kind === 'text' && end - start >= MIN_DATA);
  const [longest] = texts.toSorted((a, b) => b.end - b.start - (a.end - a.start));
  if (longest === undefined) return fields.length > 0 ? null : wholeOf(top);
  const op: LightOp = /^\s*\{/.test(Buffer.from(top.bytes.subarray(0, 64)).toString('latin1')) ? 'json' : 'percent';
  const mark = op === 'json' ? 0x5c : 0x25;
  const { start, end } = longest;
  const multipart = top.bytes[0] === 0x2d && top.bytes[1] === 0x2d;
  if (multipart || !top.bytes.subarray(start, end).includes(mark) || decodeLight(op, top.bytes, null) === null)
    return { layer: top, start, end };
  const { bytes, map } = mapLight(op, top.bytes);
  const layer: Layer = { bytes, above: top, step: { op, start: 0, end: top.bytes.length }, depth: top.depth, source: null };
  return { layer, start: placeIn(map, bytes.length, start), end: placeIn(map, bytes.length, end) };
}

/** Where a place of the source stands in what came out: the first byte whose unit begins there or later. */
function placeIn(map: Uint32Array, length: number, wanted: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((map[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
