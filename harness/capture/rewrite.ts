import { STATUS_CODES } from 'node:http';
import type { Fields } from '../model/flow-parts.js';
import type { Head } from './http1.js';
import { parseHead } from './http1.js';
import type { Outgoing } from './relay-parts.js';
import type { Changed } from './rules.js';

type Change = { readonly kind: 'pass' } | ({ readonly kind: 'change' } & Changed);
const NOTHING = Buffer.alloc(0);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const START = 'HTTP/';

/** The head of a response of our own. It says how long its body is, and that the connection ends where it does. */
export function answerHead(status: number, headers: Fields, { bytes, closes }: { readonly bytes: number; readonly closes: boolean }): Head {
  if (!Number.isInteger(status) || status < 200 || status > 599) throw new Error(`${status} is no status of a last response`);
  const theirs = headers.filter(([name]) => !isFraming(name) && name.toLowerCase() !== 'connection');
  const all: Fields = [
    ...theirs,
    ...(hasNoBody(status) ? [] : ([['Content-Length', String(bytes)]] as const)),
    ...(closes ? ([['Connection', 'close']] as const) : []),
  ];
  return parseHead(written(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}`, all));
}

/** Statuses whose responses end with their head (RFC 9112, 6.3). */
export function hasNoBody(status: number): boolean {
  return status < 200 || status === 204 || status === 304;
}

/** A message as it goes on: as it came where nothing changes it. With `bodiless` its body is none, whatever its head says of a length. */
export function anew(head: Head, change: Change, bodiless: boolean): Outgoing {
  if (change.kind === 'pass') return { head: head.raw, body: null };
  const { headers, body } = change;
  if (body === null || bodiless) return { head: written(head.start, framedAs(head.headers, headers)), body: null };
  const framed: Fields = [...headers.filter(([name]) => !isFraming(name)), ['Content-Length', String(body.length)]];
  return { head: written(head.start, framed), body: Buffer.from(body) };
}

/** The new headers with the framing of the body that passes: any other would turn the same bytes into another message. */
function framedAs(came: Fields, headers: Fields): Fields {
  const framing = came.filter(([name]) => isFraming(name));
  const theirs = headers.filter(([name]) => isFraming(name));
  const same = framing.length === theirs.length && framing.every(([name, value], at) => isSame(theirs[at], name, value));
  return same ? headers : [...headers.filter(([name]) => !isFraming(name)), ...framing];
}

const isSame = (field: Fields[number] | undefined, name: string, value: string): boolean =>
  field !== undefined && field[0].toLowerCase() === name.toLowerCase() && field[1] === value;

const isFraming = (name: string): boolean => /^(?:content-length|transfer-encoding)$/i.test(name);

function written(start: string, headers: Fields): Buffer {
  const bad = headers.find(([name]) => !TOKEN.test(name));
  if (bad !== undefined) throw new Error('a rule gave a header name that is none');
  return Buffer.concat([...[start, ...headers.map(([name, value]) => `${name}: ${value}`)].map(lineOf), Buffer.from('\r\n')]);
}

/** What came is one byte a character; what a rule wrote beyond that is UTF-8. */
function lineOf(text: string): Buffer {
  const line = text.replace(/[\r\n\0]/g, ' ');
  return Buffer.from(`${line}\r\n`, [...line].some((char) => char > '\xff') ? 'utf8' : 'latin1');
}

/** Tells what goes on of the chunks of one direction, whose heads may be written anew: nothing of one before it is whole. */
export class Outbound {
  #begun: { readonly is: Outgoing; readonly from: number } | null = null;
  readonly #withheld: Buffer[] = [];
  #replaced = false;
  #ends = false;

  /** In the chunk at hand the head of a message ends, before `from`. */
  begin(is: Outgoing, from: number): void {
    this.#begun = { is, from };
  }

  /** The message at hand ends in the chunk at hand. */
  end(): void {
    this.#ends = true;
  }

  /** What goes on of `chunk` up to `at`; with `inHead` a head is not whole there. */
  sent(chunk: Buffer, at: number, inHead: boolean): Buffer {
    const begun = this.#begun;
    this.#begun = null;
    if (begun === null && inHead) {
      // A copy: the socket may use its buffer again.
      this.#withheld.push(Buffer.from(chunk.subarray(0, at)));
      return NOTHING;
    }
    const withheld = this.#withheld.splice(0);
    if (begun !== null) this.#replaced = begun.is.body !== null;
    const body = this.#replaced ? (begun?.is.body ?? NOTHING) : chunk.subarray(begun?.from ?? 0, at);
    if (this.#ends) this.#replaced = false;
    this.#ends = false;
    if (begun !== null) return Buffer.concat([begun.is.head, body]);
    return withheld.length === 0 ? body : Buffer.concat([...withheld, body]);
  }

  /** False when what is withheld, with `chunk` behind it, is no beginning of a response. */
  mayBeResponse(chunk: Buffer): boolean {
    const begins = Buffer.concat([...this.#withheld, chunk])
      .toString('latin1', 0, 64)
      .replace(/^[\r\n]+/, '');
    return begins.startsWith(START) || START.startsWith(begins);
  }

  /** What was withheld of a head that will not become whole. */
  rest(): Buffer {
    return Buffer.concat(this.#withheld.splice(0));
  }
}
