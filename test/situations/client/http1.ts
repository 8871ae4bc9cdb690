import { createHash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { since } from '../clock.js';
import type { Answer, Ended } from '../evidence.js';
import type { HeaderList } from '../record.js';

const TEXT_BYTES = 60_000;
/** With extensions, or the beginning of one. */
const CHUNK_SIZE = /^[0-9a-f]+\s*(;.*)?$/i;
const NEVER: Answer = {
  version: '',
  status: null,
  reason: '',
  headers: [],
  trailers: [],
  interim: [],
  framing: 'none',
  bytes: 0,
  sha256: '',
  text: null,
  ended: 'limit',
  ms: 0,
  late: 0,
};

type Framing = Answer['framing'];
interface Head {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: HeaderList;
  readonly end: number;
}
interface Body {
  readonly bytes: Buffer;
  readonly trailers: HeaderList;
  /** Where the message ends; null while the framing wants more. */
  readonly end: number | null;
}

/** The value of the first field of that name. */
export const field = (headers: HeaderList, name: string): string | null =>
  headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1] ?? null;

function fields(lines: readonly string[]): HeaderList {
  return lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

function headAt(have: Buffer, at: number): Head | null {
  const end = have.indexOf('\r\n\r\n', at);
  if (end < 0) return null;
  const [first = '', ...lines] = have.toString('latin1', at, end).split('\r\n');
  const [, version = '', status = '', reason = ''] = /^HTTP\/(\d\.\d) (\d{3})(?: (.*))?$/.exec(first) ?? [];
  return { version, status: Number(status), reason, headers: fields(lines), end: end + 4 };
}

function framingOf(method: string, { status, headers }: Head): Framing {
  if (method === 'HEAD' || status === 204 || status === 304 || status === 101) return 'none';
  if (/chunked/i.test(field(headers, 'transfer-encoding') ?? '')) return 'chunked';
  return field(headers, 'content-length') === null ? 'close' : 'length';
}

function bodyAt(have: Buffer, head: Head, framing: Framing): Body {
  if (framing === 'none') return { bytes: Buffer.alloc(0), trailers: [], end: head.end };
  if (framing === 'close') return { bytes: have.subarray(head.end), trailers: [], end: null };
  if (framing === 'chunked') return chunksAt(have, head.end);
  const end = head.end + Number(field(head.headers, 'content-length'));
  return { bytes: have.subarray(head.end, end), trailers: [], end: have.length >= end ? end : null };
}

function chunksAt(have: Buffer, from: number): Body {
  const parts: Buffer[] = [];
  const cut = (): Body => ({ bytes: Buffer.concat(parts), trailers: [], end: null });
  for (let at = from; ;) {
    const line = have.indexOf('\r\n', at);
    const told = have.toString('latin1', at, line < 0 ? have.length : line);
    if (told !== '' && !CHUNK_SIZE.test(told)) {
      // What is no chunk was put in by somebody: it counts as body, where it will be seen.
      parts.push(have.subarray(at));
      return cut();
    }
    if (line < 0) return cut();
    const size = Number.parseInt(told, 16);
    at = line + 2;
    if (size === 0) {
      // The section of trailers ends with an empty line, which stands alone when there are none.
      if (have.toString('latin1', at, at + 2) === '\r\n') return { bytes: Buffer.concat(parts), trailers: [], end: at + 2 };
      const end = have.indexOf('\r\n\r\n', at);
      if (end < 0) return cut();
      return { bytes: Buffer.concat(parts), trailers: fields(have.toString('latin1', at, end).split('\r\n')), end: end + 4 };
    }
    if (Number.isNaN(size)) return cut();
    parts.push(have.subarray(at, Math.min(at + size, have.length)));
    at += size + 2;
    if (have.length < at) return cut();
  }
}

/** How an answer is read. */
export interface Reading {
  readonly method: string;
  readonly limitMs: number;
  /** Listens on for so long after the whole answer, to see what should not come. */
  readonly lateMs?: number;
  readonly from?: number;
  readonly onInterim?: (status: number) => void;
}

/** Reads one final answer from a socket, with the 1xx before it: to the end of the framing, a close or the limit. */
export function readAnswer(socket: Duplex, reading: Reading): Promise<Answer> {
  const from = reading.from ?? performance.now();
  let have: Buffer = Buffer.alloc(0);
  let at = 0;
  const interim: { status: number; headers: HeaderList; ms: number }[] = [];
  return new Promise((resolve) => {
    const look = (): Head | null => {
      for (let head = headAt(have, at); head !== null; head = headAt(have, at)) {
        if (head.status < 100 || head.status > 199 || head.status === 101) return head;
        interim.push({ status: head.status, headers: head.headers, ms: since(from) });
        reading.onInterim?.(head.status);
        at = head.end;
      }
      return null;
    };
    const answered = (ended: Ended, late: number): void => {
      stop();
      const head = look();
      if (head === null) return resolve({ ...NEVER, interim, ended, ms: since(from) });
      const framing = framingOf(reading.method, head);
      const { bytes, trailers, end } = bodyAt(have, head, framing);
      const { version, status, reason, headers } = head;
      const whole = end !== null || (framing === 'close' && ended === 'closed');
      resolve({
        version,
        status,
        reason,
        headers,
        trailers,
        interim,
        framing,
        late,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        text: bytes.length > TEXT_BYTES ? null : bytes.toString('latin1'),
        ended: whole ? 'whole' : ended,
        ms: since(from),
      });
    };
    const whole = (): number | null => {
      const head = look();
      return head === null ? null : bodyAt(have, head, framingOf(reading.method, head)).end;
    };
    const data = (chunk: Buffer): void => {
      have = Buffer.concat([have, chunk]);
      const end = whole();
      if (end === null) return;
      if (reading.lateMs === undefined) return answered('whole', 0);
      stop();
      let late = have.length - end;
      socket.on('data', (more: Buffer) => (late += more.length));
      setTimeout(() => answered('whole', late), reading.lateMs);
    };
    const closed = (): void => answered('closed', 0);
    const failed = (): void => answered('reset', 0);
    const timer = setTimeout(() => answered('limit', 0), reading.limitMs);
    const stop = (): void => {
      clearTimeout(timer);
      socket.off('data', data).off('end', closed).off('close', closed).off('error', failed);
    };
    socket.on('data', data).on('end', closed).on('close', closed).on('error', failed);
    // A tunnel's socket rests until somebody reads it.
    socket.resume();
    if (socket.destroyed) closed();
  });
}
