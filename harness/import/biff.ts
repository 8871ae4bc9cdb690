import { streamOf } from './compound-file.js';

/** Rows of the first sheet of a workbook: texts by column. */
export type Rows = ReadonlyMap<number, ReadonlyMap<number, string>>;

const BOF = 0x08_09;
const EOF = 0x0a;
const CONTINUE = 0x3c;
const SST = 0xfc;
const LABEL_SST = 0xfd;
const LABEL = 0x02_04;
const NUMBER = 0x02_03;
const BIFF8 = 0x06_00;
const SHEET = 0x10;

interface Record {
  readonly type: number;
  /** Its own bytes, and behind them those of the records that continue it. */
  readonly parts: readonly Buffer[];
}

/** Reads the cells with text or a number of an .xls (BIFF8); null: it is none, or is broken. Source: MS-XLS, 2.4 and 2.5.293. */
export function rowsOfXls(file: Buffer): Rows | null {
  const stream = streamOf(file, ['Workbook', 'Book']);
  if (stream === null) return null;
  try {
    return sheetIn(recordsOf(stream));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function recordsOf(stream: Buffer): readonly Record[] {
  const records: { type: number; parts: Buffer[] }[] = [];
  for (let at = 0; at + 4 <= stream.length;) {
    const [type, bytes] = [stream.readUInt16LE(at), stream.readUInt16LE(at + 2)];
    if (at + 4 + bytes > stream.length) break;
    const part = stream.subarray(at + 4, at + 4 + bytes);
    const last = records.at(-1);
    if (type === CONTINUE && last !== undefined) last.parts.push(part);
    else records.push({ type, parts: [part] });
    at += 4 + bytes;
  }
  return records;
}

function sheetIn(records: readonly Record[]): Rows | null {
  let texts: readonly string[] = [];
  let inSheet = false;
  const rows = new Map<number, Map<number, string>>();
  for (const { type, parts } of records) {
    const [part = Buffer.alloc(0)] = parts;
    if (type === BOF) {
      if (part.readUInt16LE(0) !== BIFF8) return null;
      inSheet = part.readUInt16LE(2) === SHEET;
    } else if (type === EOF && inSheet) return rows;
    else if (type === SST) texts = sharedTexts(parts);
    else if (inSheet) {
      const text = textIn(type, part, texts);
      if (text === null) continue;
      const row = part.readUInt16LE(0);
      rows.set(row, (rows.get(row) ?? new Map<number, string>()).set(part.readUInt16LE(2), text));
    }
  }
  return null;
}

function textIn(type: number, part: Buffer, texts: readonly string[]): string | null {
  if (type === LABEL_SST) return texts[part.readUInt32LE(6)] ?? null;
  if (type === NUMBER) return String(part.readDoubleLE(6));
  if (type !== LABEL) return null;
  const count = part.readUInt16LE(6);
  return ((part[8] ?? 0) & 1) === 1 ? part.toString('utf16le', 9, 9 + count * 2) : part.toString('latin1', 9, 9 + count);
}

/** The texts that cells name by number. One may be split over records; behind a split it begins with its width anew. */
function sharedTexts(parts: readonly Buffer[]): readonly string[] {
  const [first = Buffer.alloc(0)] = parts;
  const texts: string[] = [];
  const count = first.readUInt32LE(4);
  let place = { part: 0, at: 8 };
  for (let i = 0; i < count; i += 1) {
    const read = sharedText(parts, place);
    texts.push(read.text);
    place = read.next;
  }
  return texts;
}

interface Place {
  readonly part: number;
  readonly at: number;
}

function sharedText(parts: readonly Buffer[], from: Place): { readonly text: string; readonly next: Place } {
  const start: Place = from.at >= partOf(parts, from.part).length ? { part: from.part + 1, at: 0 } : from;
  let part = partOf(parts, start.part);
  let flags = part.readUInt8(start.at + 2);
  const hasRuns = (flags & 8) !== 0;
  const hasExtra = (flags & 4) !== 0;
  const runs = hasRuns ? part.readUInt16LE(start.at + 3) * 4 : 0;
  const extra = hasExtra ? part.readUInt32LE(start.at + 3 + (hasRuns ? 2 : 0)) : 0;
  let place = { part: start.part, at: start.at + 3 + (hasRuns ? 2 : 0) + (hasExtra ? 4 : 0) };
  let text = '';
  for (let left = part.readUInt16LE(start.at); left > 0;) {
    if (place.at >= part.length) {
      part = partOf(parts, place.part + 1);
      flags = part.readUInt8(0);
      place = { part: place.part + 1, at: 1 };
    }
    const width = (flags & 1) === 1 ? 2 : 1;
    const here = Math.min(left, Math.floor((part.length - place.at) / width));
    if (here === 0) throw new RangeError('a character is split');
    text += part.toString(width === 2 ? 'utf16le' : 'latin1', place.at, place.at + here * width);
    left -= here;
    place = { part: place.part, at: place.at + here * width };
  }
  return { text, next: behind(parts, place, runs + extra) };
}

/** So many bytes on; these may be split anywhere. */
function behind(parts: readonly Buffer[], from: Place, bytes: number): Place {
  let { part, at } = from;
  for (let left = bytes; left > 0;) {
    const here = Math.min(left, partOf(parts, part).length - at);
    [left, at] = [left - here, at + here];
    if (left > 0) [part, at] = [part + 1, 0];
  }
  return { part, at };
}

function partOf(parts: readonly Buffer[], n: number): Buffer {
  const part = parts[n];
  if (part === undefined) throw new RangeError('the texts end too soon');
  return part;
}
