import { createHash } from 'node:crypto';
import type { BodyRef } from '../../../harness/model/event.js';
import type { Bodies } from '../../../harness/model/finding.js';
import { MAX_INFLATED } from '../../link/inflate.js';
import type { LongText } from './json.js';
import { unpackBody, type StaysPacked, type UnpackedBody } from './unpack.js';

/** Bytes read or written at a time; three bytes make four characters of base64. */
const CHUNK_BYTES = 3 * 64 * 1024;
/** Control characters that no text has. */
// eslint-disable-next-line no-control-regex
const NOT_TEXT = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/;

/** Bytes in pieces, as often as one asks. */
type Chunks = () => Iterable<Uint8Array>;

/** A body as a HAR holds it. */
export interface HarBody {
  readonly text: string | LongText;
  /** `base64`: bytes that are not plain text. */
  readonly encoding: 'utf8' | 'base64';
  /** How many bytes `text` stands for. */
  readonly bytes: number;
  /** Words of Content-Encoding that were undone, first the one undone first; then `sha256` is of the bytes that came out, else null. */
  readonly undone: readonly string[];
  readonly sha256: string | null;
  /** Why it is still packed although the message says that it is packed. */
  readonly packed: StaysPacked | null;
  /** False where only the beginning could be unpacked. */
  readonly isWhole: boolean;
}

/** A recorded body, unpacked where that is safe. `codings`: the words of Content-Encoding in the order in which they were applied. */
export function harBody(refs: readonly BodyRef[], codings: readonly string[], bodies: Bodies): HarBody | null {
  if (refs.length === 0) return null;
  const length = lengthOf(refs);
  const words = codings.filter((word) => word !== 'identity');
  const wire = chunksOf(refs, bodies);
  const unpacked = words.length === 0 || length === 0 ? null : undo(wire, length, words);
  if (unpacked === null || typeof unpacked === 'string')
    return { ...shown(wire, length, isPlainText(wire)), undone: [], sha256: null, packed: unpacked, isWhole: true };
  const { bytes, isWhole } = unpacked;
  const chunks: Chunks = () => slices(bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { ...shown(chunks, bytes.length, isPlainText(chunks)), undone: words.toReversed(), sha256, packed: null, isWhole };
}

/** A message of a WebSocket: what was sent as text is text, whatever characters it has. */
export function harMessage(refs: readonly BodyRef[], opcode: 'text' | 'binary', bodies: Bodies): Pick<HarBody, 'text' | 'encoding'> {
  const chunks = chunksOf(refs, bodies);
  return shown(chunks, lengthOf(refs), opcode === 'text' && isUtf8(chunks, () => true));
}

/** Bytes kept. */
export function lengthOf(refs: readonly BodyRef[]): number {
  return refs.reduce((sum, { length }) => sum + length, 0);
}

function undo(wire: Chunks, length: number, words: readonly string[]): UnpackedBody | StaysPacked {
  // Unpacking takes the whole of it in memory.
  if (length > MAX_INFLATED) return 'limit';
  let out: UnpackedBody = { bytes: Buffer.concat([...wire()]), isWhole: true };
  for (const word of words.toReversed()) {
    const next = unpackBody(word, out.bytes);
    if (typeof next === 'string') return next;
    out = { bytes: next.bytes, isWhole: out.isWhole && next.isWhole };
  }
  return out;
}

function shown(chunks: Chunks, bytes: number, asText: boolean): Pick<HarBody, 'text' | 'encoding' | 'bytes'> {
  const pieces = (): Iterable<string> => (asText ? utf8(chunks) : base64(chunks));
  const text = bytes <= CHUNK_BYTES ? [...pieces()].join('') : { longText: pieces };
  return { text, encoding: asText ? 'utf8' : 'base64', bytes };
}

function chunksOf(refs: readonly BodyRef[], bodies: Bodies): Chunks {
  const [only] = refs;
  if (refs.length === 1 && only !== undefined && only.length > 0 && only.length <= CHUNK_BYTES) {
    const bytes = bodies.read(only.file, only.offset, only.length);
    return () => [bytes];
  }
  return function* () {
    for (const { file, offset, length } of refs)
      for (let at = 0; at < length; at += CHUNK_BYTES) yield bodies.read(file, offset + at, Math.min(CHUNK_BYTES, length - at));
  };
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

function isPlainText(chunks: Chunks): boolean {
  return isUtf8(chunks, (text) => !NOT_TEXT.test(text));
}

function isUtf8(chunks: Chunks, fits: (text: string) => boolean): boolean {
  try {
    for (const text of utf8(chunks)) if (!fits(text)) return false;
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** A byte order mark stays, so that the text is the same bytes. @throws TypeError where it is no UTF-8 */
function* utf8(chunks: Chunks): Generator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (const chunk of chunks()) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

function* base64(chunks: Chunks): Generator<string> {
  let rest: Uint8Array = Buffer.alloc(0);
  for (const chunk of chunks()) {
    const bytes = rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % 3);
    yield bytes.toString('base64', 0, whole);
    rest = bytes.subarray(whole);
  }
  yield Buffer.from(rest).toString('base64');
}
