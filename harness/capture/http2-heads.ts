import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { sensitiveHeaders } from 'node:http2';
import type { Fields } from '../model/flow-parts.js';

/** A block of header fields as Node hands it out: names and values in turn, in the order in which they came. */
export type RawHead = readonly string[];

/** A request as HTTP/2 frames it. */
export interface Asked {
  readonly method: string;
  /** `:path`; of a plain CONNECT its `:authority`. */
  readonly target: string;
  /** `:protocol` of an extended CONNECT (RFC 8441). */
  readonly protocol: string | null;
  /** Where the app says it goes: `:authority`, else `host`. */
  readonly authority: string | null;
  /**
   * All fields but those told above as method and target. `:authority` and `:protocol` stand among them under their own names:
   * they are what the app sent, and values are looked for there too.
   */
  readonly fields: Fields;
}

const COLON = 58;

/** Reads the head of a request. */
export function askedIn(raw: RawHead): Asked {
  const fields: [string, string][] = [];
  let method = '';
  let path: string | null = null;
  let protocol: string | null = null;
  let authority: string | null = null;
  let host: string | null = null;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    if (name === ':method') method = value;
    else if (name === ':path') path = value;
    else if (name !== ':scheme') {
      if (name === ':authority') authority = value;
      else if (name === ':protocol') protocol = value;
      else if (name === 'host') host = value;
      fields.push([name, value]);
    }
  }
  return { method, target: path ?? authority ?? '', protocol, authority: authority ?? host, fields };
}

/** The fields of a response or of trailers; `:status` is told elsewhere. */
export function fieldsIn(raw: RawHead): Fields {
  const fields: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (name.charCodeAt(0) !== COLON) fields.push([name, raw[at + 1] ?? '']);
  }
  return fields;
}

/**
 * Gives Node a block to send: order and repeats kept, and the fields that must not enter a compression table.
 * False when Node takes a field only once and its values were joined (RFC 9110, 5.3). Throws what Node throws otherwise.
 */
export function send(raw: RawHead, parsed: IncomingHttpHeaders, give: (fields: OutgoingHttpHeaders) => void): boolean {
  try {
    give(asSent(raw, parsed));
    return true;
  } catch (error) {
    if (errorCode(error) !== 'ERR_HTTP2_HEADER_SINGLE_VALUE') throw error;
    give(joined(raw, parsed));
    return false;
  }
}

function asSent(raw: RawHead, parsed: IncomingHttpHeaders): OutgoingHttpHeaders {
  const out = blank(parsed);
  let last = '';
  let key = '';
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? '';
    if (name !== last) key = out[name] === undefined ? name : spelling(out, name);
    add(out, key, raw[at + 1] ?? '');
    last = name;
  }
  return out;
}

function joined(raw: RawHead, parsed: IncomingHttpHeaders): OutgoingHttpHeaders {
  const out = blank(parsed);
  for (let at = 0; at + 1 < raw.length; at += 2) add(out, raw[at] ?? '', raw[at + 1] ?? '');
  for (const [name, value] of Object.entries(out))
    if (Array.isArray(value) && name !== 'set-cookie') out[name] = value.join(name === 'cookie' ? '; ' : ', ');
  return out;
}

function add(out: OutgoingHttpHeaders, name: string, value: string): void {
  const before = out[name];
  out[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [String(before), value];
}

/** Node sends names in lower case, but takes each spelling of one as a field of its own: so a repeat keeps its place among others. */
function spelling(taken: OutgoingHttpHeaders, name: string): string {
  for (let bits = 1; bits < 2 ** Math.min(name.length, 12); bits += 1) {
    const spelled = [...name].map((letter, at) => ((bits >> at) & 1 ? letter.toUpperCase() : letter)).join('');
    if (taken[spelled] === undefined) return spelled;
  }
  return name;
}

function blank(parsed: IncomingHttpHeaders): OutgoingHttpHeaders {
  const out: OutgoingHttpHeaders = Object.create(null);
  const sensitive: unknown = Reflect.get(parsed, sensitiveHeaders);
  if (Array.isArray(sensitive) && sensitive.length > 0) Reflect.set(out, sensitiveHeaders, sensitive);
  return out;
}

const RESETS = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
];

/** The name of an error code of RFC 9113, 7. */
export function resetName(code: number): string {
  return RESETS[code] ?? `0x${code.toString(16)}`;
}

/** The code of an error of Node's, else its words. */
export function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? String(error.code) : error.message;
}
