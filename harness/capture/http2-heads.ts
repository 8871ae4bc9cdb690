import type { Fields } from '../model/flow-parts.js';

/** A block of header fields: names and values in turn, in the order in which they came. */
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
