import * as crypto from 'node:crypto';
import { LabError } from '../model/errors.js';
import { LINE_BODY_AT, LINE_HEAD, ownHolds, prevOf } from './chain.js';

const NEWLINE = 10;
/** All kinds of event; a file of another kind is not ours. */
const KINDS: ReadonlySet<unknown> = new Set([
  'step',
  'consent',
  'prompt',
  'observation',
  'derivation',
  'flow',
  'document',
  'lifecycle',
  'clock',
  'coverage',
  'gap',
  'end',
]);

/** An event as parsed, its frame (id, kind, stamp) checked. */
export type RawEvent = Readonly<Record<string, unknown>>;

/** What stands in events.jsonl. */
export interface ReadChain {
  readonly events: readonly RawEvent[];
  /** Bytes of a last line that was cut off; 0: the file ends with a newline. */
  readonly tornBytes: number;
  readonly ended: boolean;
  /** SHA-256 of the last whole line; of run.json when there is none. */
  readonly lastSha256: string;
}

/**
 * Reads and checks a chain of lines. `headSha256` is the hash of run.json as it is now.
 * @throws LabError RUN_BROKEN with the line that was altered, or RUN_FILE_BROKEN when it is run.json
 */
export function readChain(bytes: Buffer, headSha256: string): ReadChain {
  const lines = new Lines(bytes);
  const events: RawEvent[] = [];
  let prev = headSha256;
  let ended = false;
  for (let line = lines.at(0); line !== null; line = lines.at(line.next)) {
    const number = events.length + 1;
    if (ended) throw broken(number, '在结束行之后', 'it stands behind the last line');
    if (!line.text.startsWith(`${LINE_HEAD}${prev}",`)) throw misfit(lines, line, number, events);
    const event = parse(line.text, number);
    if (number === 1) checkFirst(event, headSha256);
    ended = event['kind'] === 'end';
    if (ended && ownHolds(line.text) !== true) throw broken(number, '内容与其自身的哈希不符', 'its content does not match its own hash');
    events.push(event);
    prev = line.sha256();
  }
  const torn = bytes.subarray(lines.wholeBytes);
  if (torn.length > 0) checkTorn(torn.toString('utf8'), prev, events.length + 1, ended);
  return { events, tornBytes: torn.length, ended, lastSha256: prev };
}

interface Line {
  readonly text: string;
  readonly next: number;
  sha256(): string;
}

class Lines {
  /** Up to and with the last newline. */
  readonly wholeBytes: number;

  constructor(readonly bytes: Buffer) {
    this.wholeBytes = bytes.lastIndexOf(NEWLINE) + 1;
  }

  at(start: number): Line | null {
    if (start >= this.wholeBytes) return null;
    const end = this.bytes.indexOf(NEWLINE, start);
    return {
      text: this.bytes.toString('utf8', start, end),
      next: end + 1,
      sha256: () => crypto.hash('sha256', this.bytes.subarray(start, end), 'hex'),
    };
  }
}

function broken(line: number, what: string, whatEn: string): LabError {
  return new LabError('RUN_BROKEN', { file: 'events.jsonl', line, what, whatEn });
}

/** Two neighbours do not fit: tells which of them was altered, or whether lines are missing, doubled or swapped. */
function misfit(lines: Lines, line: Line, number: number, events: readonly RawEvent[]): LabError {
  const prev = prevOf(line.text);
  if (prev === null) return broken(number, '不是记录链的一行', 'it is not a line of the chain');
  const id = idOf(line.text);
  if (id !== null && id !== `e${number}`)
    return broken(
      number,
      `此处应为 e${number}，实为 ${id}：有行缺失、重复或调换`,
      `e${number} should stand here, not ${id}: a line is missing, doubled or swapped`,
    );
  const following = lines.at(line.next);
  const untouched = following === null ? ownHolds(line.text) : prevOf(following.text) === line.sha256();
  if (number === 1) {
    if (untouched !== false)
      return new LabError('RUN_FILE_BROKEN', {
        file: 'run.json',
        what: '内容与记录首行中的哈希不符',
        whatEn: 'its content does not match the hash in the first line',
      });
    return broken(1, '内容被改动', 'its content was altered');
  }
  if (untouched === false) return broken(number, '内容被改动', 'its content was altered');
  return broken(events.length, '内容与下一行中的哈希不符', 'its content does not match the hash in the next line');
}

function idOf(text: string): string | null {
  return /^\{"id":"(e[0-9]+)"/.exec(`{${text.slice(LINE_BODY_AT, LINE_BODY_AT + 40)}`)?.[1] ?? null;
}

function parse(text: string, number: number): RawEvent {
  let value: unknown;
  try {
    value = JSON.parse(`{${text.slice(LINE_BODY_AT)}`);
  } catch {
    throw broken(number, '不是 JSON', 'it is not JSON');
  }
  if (!isEvent(value)) throw broken(number, '不是一个事件', 'it is not an event');
  if (value['id'] !== `e${number}`) throw broken(number, `此处应为 e${number}`, `e${number} should stand here`);
  return value;
}

function isEvent(value: unknown): value is RawEvent {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !KINDS.has(value.kind) || !('at' in value)) return false;
  const at: unknown = value.at;
  return typeof at === 'object' && at !== null && 'ms' in at && typeof at.ms === 'number' && 'seq' in at && typeof at.seq === 'number';
}

function checkFirst(event: RawEvent, headSha256: string): void {
  if (event['kind'] === 'lifecycle' && event['what'] === 'opened' && event['head'] === headSha256) return;
  throw broken(1, '首行应写明 run.json 的哈希', 'the first line must hold the hash of run.json');
}

/** A torn line is the beginning of a line that would fit; anything else was altered. */
function checkTorn(text: string, prev: string, number: number, ended: boolean): void {
  if (ended) throw broken(number, '在结束行之后', 'it stands behind the last line');
  const head = `${LINE_HEAD}${prev}",`;
  if (!head.startsWith(text.slice(0, head.length)) && !text.startsWith(head))
    throw broken(number, '残行与上一行不符', 'this torn line does not fit the one before');
  if (isJson(text.slice(0, -1))) throw broken(number, '行尾被改动', 'its end was altered');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
