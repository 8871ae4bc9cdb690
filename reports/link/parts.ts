import type { BodyRef, Flow } from '../../harness/model/event.js';
import type { Fields } from '../../harness/model/flow-parts.js';
import type { Bodies, Span } from '../../harness/model/finding.js';

/** One part of a request, as sent. `encodings`: words of Content-Encoding, in the order they were applied. */
export interface Part {
  readonly part: Span['part'];
  readonly bytes: Uint8Array;
  readonly encodings: readonly string[];
}

/** The parts of a request in which values are looked for: target, each header (values of one name joined by a line feed), body. */
export function partsOf(flow: Flow, bodies: Bodies): readonly Part[] {
  const parts: Part[] = [];
  if (flow.request !== null) {
    parts.push({ part: 'url', bytes: wireBytes(flow.request.target), encodings: [] });
    for (const [name, values] of byName(fieldsOf(flow)))
      parts.push({ part: `header:${name}`, bytes: wireBytes(values.join('\n')), encodings: [] });
  }
  const body = bodyPart(flow, bodies);
  if (body !== null) parts.push(body);
  return parts;
}

/** The body among these parts; null: there is none, or it is read elsewhere. */
export function bodyPart(flow: Flow, bodies: Bodies): Part | null {
  const bytes = isReadElsewhere(flow) ? Buffer.alloc(0) : requestBody(flow, bodies);
  return bytes.length === 0 ? null : { part: 'body', bytes, encodings: contentEncodings(flow) };
}

function byName(fields: Fields): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const [field, value] of fields) {
    const name = field.toLowerCase();
    const values = names.get(name);
    if (values === undefined) names.set(name, [value]);
    else values.push(value);
  }
  return names;
}

/** The bytes of one part, as a certificate's `sourceSha256` names them; null when the flow has no such part. */
export function partBytes(flow: Flow, part: Span['part'], bodies: Bodies): Uint8Array | null {
  if (part === 'body') return requestBody(flow, bodies);
  if (flow.request === null) return null;
  if (part === 'url') return wireBytes(flow.request.target);
  return part.startsWith('header:') ? headerBytes(flow, part.slice('header:'.length)) : null;
}

/** Whether the body is nothing but the frames of a WebSocket: under their masks they look like a cipher, and each message is a flow of its own. */
function isReadElsewhere({ websocket, state, request }: Flow): boolean {
  const hasBody = (request?.headers ?? []).some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  return websocket?.kind === 'channel' && state !== 'opaque' && !hasBody;
}

/** Headers, and behind them the trailers. */
const fieldsOf = ({ request }: Flow): Fields => (request === null ? [] : [...request.headers, ...request.trailers]);

function headerBytes(flow: Flow, name: string): Uint8Array {
  const values = fieldsOf(flow)
    .filter(([n]) => n.toLowerCase() === name)
    .map(([, value]) => value);
  return wireBytes(values.join('\n'));
}

/** Node gives header and target bytes as latin1 characters; text beyond that was written by an importer. */
function wireBytes(text: string): Uint8Array {
  return Buffer.from(text, /[\u0100-\uffff]/.test(text) ? 'utf8' : 'latin1');
}

function requestBody(flow: Flow, bodies: Bodies): Uint8Array {
  const refs = flow.bodies.filter((b: BodyRef) => b.of === 'request');
  const chunks = refs.map((b) => bodies.read(b.file, b.offset, b.length));
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}

function contentEncodings(flow: Flow): readonly string[] {
  const value = (flow.request?.headers ?? [])
    .filter(([name]) => name.toLowerCase() === 'content-encoding')
    .map(([, v]) => v)
    .join(',');
  return value
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '');
}
