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
    for (const name of new Set(fieldsOf(flow).map(([n]) => n.toLowerCase())))
      parts.push({ part: `header:${name}`, bytes: headerBytes(flow, name), encodings: [] });
  }
  const body = isReadElsewhere(flow) ? Buffer.alloc(0) : requestBody(flow, bodies);
  if (body.length > 0) parts.push({ part: 'body', bytes: body, encodings: contentEncodings(flow) });
  return parts;
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
