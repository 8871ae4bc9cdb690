import type { Range } from './layer.js';

/** A named field of a request, and where its value stands in the bytes (escapes still on). */
export interface Field extends Range {
  readonly name: string;
  /** `text`: a string, or what has no type; `number`: a bare number of JSON. */
  readonly kind: 'text' | 'number';
}

/** A request that says which piece of a whole it carries has few fields. */
const MAX_FIELDS = 64;
const MAX_NUMBER = 20;

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/** The fields of a JSON object, a form or a multipart body; null when it is none of them or has very many. */
export function fieldsIn(bytes: Uint8Array): readonly Field[] | null {
  const body = bufferOf(bytes);
  const head = body.toString('latin1', 0, 256);
  if (/^\s*\{/.test(head)) return jsonFields(body);
  const boundary = /^(--[^\r\n]{1,200})\r\n/.exec(head)?.[1];
  if (boundary !== undefined) return multipartFields(body, boundary);
  return /^[\w.~%[\]-]{1,64}=/.test(head) ? formFields(body, 0) : null;
}

/** The fields of a query or form from `at` on. */
export function formFields(body: Buffer, at: number): readonly Field[] | null {
  const fields: Field[] = [];
  for (let start = at; start <= body.length;) {
    const found = body.indexOf(0x26, start);
    const end = found < 0 ? body.length : found;
    const equals = body.indexOf(0x3d, start);
    if (equals >= start && equals < end) {
      if (fields.length === MAX_FIELDS) return null;
      fields.push({ name: body.toString('latin1', start, equals), kind: 'text', start: equals + 1, end });
    }
    start = end + 1;
  }
  return fields;
}

/** Names and values of an object at any depth. What is no JSON gives some fields or none: a name alone proves nothing. */
function jsonFields(body: Buffer): readonly Field[] | null {
  const fields: Field[] = [];
  for (let at = body.indexOf(0x22); at >= 0;) {
    const end = closingQuote(body, at + 1);
    if (end < 0) break;
    const colon = afterSpace(body, end + 1);
    const value = afterSpace(body, colon + 1);
    let next = end + 1;
    if (body[colon] === 0x3a) {
      const name = body.toString('latin1', at + 1, Math.min(end, at + 65));
      const field = valueAt(body, value);
      if (field !== null) fields.push({ name, ...field });
      if (fields.length > MAX_FIELDS) return null;
      if (field?.kind === 'text') next = field.end + 1;
    }
    at = body.indexOf(0x22, next);
  }
  return fields;
}

function valueAt(body: Buffer, at: number): Omit<Field, 'name'> | null {
  if (body[at] === 0x22) {
    const end = closingQuote(body, at + 1);
    return end < 0 ? null : { kind: 'text', start: at + 1, end };
  }
  const digits = /^\d+(?=[\s,}])/.exec(body.toString('latin1', at, at + MAX_NUMBER))?.[0];
  return digits === undefined ? null : { kind: 'number', start: at, end: at + digits.length };
}

function closingQuote(body: Buffer, from: number): number {
  for (let at = body.indexOf(0x22, from); at >= 0; at = body.indexOf(0x22, at + 1)) {
    let slashes = 0;
    while (body[at - 1 - slashes] === 0x5c && at - 1 - slashes >= from) slashes += 1;
    if (slashes % 2 === 0) return at;
  }
  return -1;
}

function afterSpace(body: Buffer, from: number): number {
  let at = from;
  while (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09) at += 1;
  return at;
}

function multipartFields(body: Buffer, boundary: string): readonly Field[] | null {
  const fields: Field[] = [];
  for (let at = 0; at >= 0;) {
    const start = body.indexOf('\r\n\r\n', at);
    const end = start < 0 ? -1 : body.indexOf(`\r\n${boundary}`, start + 2);
    if (end < 0) break;
    const name = /name="([^"]{0,64})"/i.exec(body.toString('latin1', at, Math.min(start, at + 2048)))?.[1] ?? '';
    if (fields.length === MAX_FIELDS) return null;
    fields.push({ name, kind: 'text', start: Math.min(start + 4, end), end });
    at = end + 2;
  }
  return fields;
}
