import { isUtf8 } from 'node:buffer';
import type { Hash } from 'node:crypto';
import * as fs from 'node:fs';
import type { Words } from '../model/finding.js';
import { fromDisk } from '../store/disk.js';
import { atItem, fault } from './fault.js';
import { brokenAt } from './json-fault.js';
import { isObject, type Row } from './members.js';
import { chunksOf } from './lines.js';

/** Where an entry lies in its file, in bytes. */
export interface EntrySpan {
  /** From 1. */
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

/** A HAR with its entries left out. */
interface HarScan {
  readonly entries: readonly EntrySpan[];
  /** Member `creator` of the log, as `name version`; null: not told. */
  readonly creator: string | null;
}

/** How a HAR is gone through. */
export interface HarScanning {
  readonly file: string;
  /** What it is called in errors. */
  readonly name: string;
  /** Takes in all bytes. */
  readonly digest: Hash;
  /** Lets a stop come through; throws when there was one. */
  readonly turn: () => Promise<void>;
}

/** Pieces of 1 MiB between two looks at whether somebody stops us. */
const CHUNKS_A_TURN = 32;
/** A longer entry does not fit into one string together with what is made of it. */
export const LONGEST_ENTRY_BYTES = 256 * 1024 * 1024;
/** All that is not an entry. */
const LONGEST_REST_BYTES = 64 * 1024 * 1024;
/** Depth of the list `entries`: inside of the whole (1) and of `log` (2). */
const LIST_DEPTH = 3;

const [QUOTE, BACKSLASH, COLON, OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x22, 0x5c, 0x3a, 0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Finds the entries of a HAR without parsing them: what is left is checked as JSON here, each entry when it is read.
 * @throws LabError IMPORT_SYNTAX, NO_READ, BAD_PATH
 */
export async function scanHar({ file, name, digest, turn }: HarScanning): Promise<HarScan> {
  const scanner = new Scanner(name);
  let chunks = 0;
  for (const chunk of chunksOf(file)) {
    digest.update(chunk);
    scanner.take(chunk);
    chunks += 1;
    if (chunks % CHUNKS_A_TURN === 0) await turn();
  }
  return scanner.end();
}

class Scanner {
  readonly #entries: EntrySpan[] = [];
  /** The file without its entries; each is an empty object in here. */
  readonly #rest: { readonly bytes: Buffer; readonly at: number }[] = [];
  #restBytes = 0;
  /** Absolute place of the chunk at hand, and of the byte in it from which on nothing was put into the rest yet. */
  #base = 0;
  #keptTo = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Text of the string being read or read last, at the depths where keys matter. */
  #text: string | null = null;
  #textFrom = -1;
  /** Key at each depth under which the next value stands; index 0 is outside all. */
  readonly #keys: string[] = [];
  #entriesDepth = -1;
  #entryStart = -1;

  constructor(readonly name: string) {}

  take(chunk: Buffer): void {
    this.#keptTo = 0;
    this.#textFrom = this.#inString && this.#textFrom >= 0 ? 0 : -1;
    let at = 0;
    while (at < chunk.length) at = this.#inString ? this.#string(chunk, at) : this.#step(chunk, at);
    if (this.#inString && this.#textFrom >= 0) this.#text = `${this.#text ?? ''}${chunk.toString('latin1', this.#textFrom)}`.slice(0, 64);
    if (this.#entryStart < 0) this.#keep(chunk.subarray(this.#keptTo), this.#base + this.#keptTo);
    this.#base += chunk.length;
  }

  end(): HarScan {
    const rest = Buffer.concat(this.#rest.map(({ bytes }) => bytes));
    const whole = isUtf8(rest) ? parsed(rest.toString('utf8').replace(/^\ufeff/, '')) : null;
    if (whole === null) throw fault({ zh: this.name, en: this.name }, this.#entryStart >= 0 ? endsAt(this.#base) : this.#whatIsWrong(rest));
    const log = isObject(whole) && isObject(whole['log']) ? whole['log'] : null;
    const list = log?.['entries'];
    if (!Array.isArray(list)) throw fault({ zh: this.name, en: this.name }, NO_HAR);
    const odd = list.findIndex((entry) => !isObject(entry));
    if (odd >= 0) throw fault(atItem(this.name, odd + 1), { zh: '不是一个 JSON 对象', en: 'it is not a JSON object' });
    if (list.length !== this.#entries.length)
      throw fault({ zh: this.name, en: this.name }, { zh: 'log.entries 出现了两次', en: 'log.entries stands in it twice' });
    return { entries: this.#entries, creator: creatorOf(log?.['creator']) };
  }

  #whatIsWrong(rest: Buffer): Words {
    const text = rest.toString('utf8');
    const mark = text.startsWith('\ufeff') ? 1 : 0;
    const broken = brokenAt(text.slice(mark)) + mark;
    if (broken >= text.length) return endsAt(this.#base);
    let before = Buffer.byteLength(text.slice(0, broken));
    for (const { bytes, at } of this.#rest) {
      if (before < bytes.length) return { zh: `第 ${at + before} 字节处不是 JSON`, en: `it is not JSON at byte ${at + before}` };
      before -= bytes.length;
    }
    return endsAt(this.#base);
  }

  /** The next byte outside of strings. */
  #step(chunk: Buffer, at: number): number {
    const byte = chunk[at] as number;
    if (byte === QUOTE) {
      this.#inString = true;
      this.#text = null;
      this.#textFrom = this.#depth <= 2 ? at + 1 : -1;
    } else if (byte === COLON) {
      if (this.#depth <= 2 && this.#text !== null) this.#keys[this.#depth] = this.#text;
    } else if (byte === OPEN || byte === OPEN_LIST) this.#opened(chunk, at, byte);
    else if (byte === CLOSE || byte === CLOSE_LIST) this.#closed(at);
    return at + 1;
  }

  /** To the end of the string, or of the chunk. */
  #string(chunk: Buffer, from: number): number {
    if (this.#escaped) {
      this.#escaped = false;
      return from + 1;
    }
    const quote = chunk.indexOf(QUOTE, from);
    const to = quote < 0 ? chunk.length : quote;
    let slashes = 0;
    while (to - 1 - slashes >= from && chunk[to - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 1) {
      if (quote < 0) this.#escaped = true;
      return quote < 0 ? to : to + 1;
    }
    if (quote < 0) return to;
    if (this.#textFrom >= 0) this.#text = `${this.#text ?? ''}${chunk.toString('latin1', this.#textFrom, quote)}`;
    this.#inString = false;
    this.#textFrom = -1;
    return quote + 1;
  }

  #opened(chunk: Buffer, at: number, byte: number): void {
    this.#depth += 1;
    this.#text = null;
    const isEntries = byte === OPEN_LIST && this.#depth === LIST_DEPTH && this.#keys[1] === 'log' && this.#keys[2] === 'entries';
    if (isEntries && this.#entriesDepth < 0) this.#entriesDepth = this.#depth;
    if (byte !== OPEN || this.#entriesDepth < 0 || this.#depth !== this.#entriesDepth + 1) return;
    this.#entryStart = this.#base + at;
    this.#keep(chunk.subarray(this.#keptTo, at), this.#base + this.#keptTo);
  }

  #closed(at: number): void {
    if (this.#depth === this.#entriesDepth) this.#entriesDepth = -2;
    if (this.#entryStart >= 0 && this.#depth === this.#entriesDepth + 1) {
      this.#entries.push({ number: this.#entries.length + 1, start: this.#entryStart, end: this.#base + at + 1 });
      this.#keep(Buffer.from('{}'), this.#entryStart);
      this.#entryStart = -1;
      this.#keptTo = at + 1;
    }
    this.#depth -= 1;
  }

  #keep(bytes: Buffer, at: number): void {
    this.#restBytes += bytes.length;
    if (this.#restBytes > LONGEST_REST_BYTES)
      throw fault({ zh: this.name, en: this.name }, { zh: '记录之外的内容超过 64 MiB', en: 'it has more than 64 MiB beside its entries' });
    if (bytes.length > 0) this.#rest.push({ bytes: Buffer.from(bytes), at });
  }
}

const endsAt = (byte: number): Words => ({ zh: `JSON 在第 ${byte} 字节处中断`, en: `the JSON ends in its midst, at byte ${byte}` });
const NO_HAR: Words = { zh: '不是 HAR：没有 log.entries', en: 'it is no HAR: there is no log.entries' };

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function creatorOf(creator: unknown): string | null {
  if (!isObject(creator) || typeof creator['name'] !== 'string') return null;
  const version = typeof creator['version'] === 'string' ? ` ${creator['version']}` : '';
  return `${creator['name']}${version}`.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 200);
}

/** An entry, parsed. @throws LabError IMPORT_SYNTAX with the byte at which it begins */
export function readEntry(fd: number, file: string, name: string, { number, start, end }: EntrySpan): Row {
  const bytes = Buffer.allocUnsafeSlow(end - start);
  for (let done = 0; done < bytes.length;) {
    const read = fromDisk(file, () => fs.readSync(fd, bytes, done, bytes.length - done, start + done));
    if (read === 0) break;
    done += read;
  }
  const place = atItem(name, number);
  if (!isUtf8(bytes)) throw fault(place, { zh: `从第 ${start} 字节开始的内容不是 UTF-8`, en: `what begins at byte ${start} is not UTF-8` });
  const text = bytes.toString('utf8');
  const json = parsed(text);
  if (isObject(json)) return { json, place };
  const at = start + Buffer.byteLength(text.slice(0, brokenAt(text)));
  throw fault(place, { zh: `第 ${at} 字节处不是 JSON`, en: `it is not JSON at byte ${at}` });
}
