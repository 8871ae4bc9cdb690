import * as fs from 'node:fs';
import { fromDisk } from '../store/disk.js';
import { harEntryOf, type HarEntry, type NoExchange } from './har-entry.js';
import { LONGEST_ENTRY_BYTES, readEntry, scanHar, type EntrySpan, type HarScanning } from './har-scan.js';
import { atItem, type Place } from './fault.js';
import type { Dated } from './observations.js';

/** What is kept in memory of an entry. */
export interface EntryMark extends Dated {
  readonly app: string | null;
  /** When each message of its WebSocket was sent or came, ms since 1970; null: it is no WebSocket. */
  readonly messages: readonly number[] | null;
  readonly span: EntrySpan;
}

/** An entry that is not in the run. */
interface LeftOutEntry {
  readonly place: Place;
  readonly why: 'too-long' | NoExchange;
}

/** A HAR of which all entries have been looked at. */
export interface HarFile {
  readonly marks: readonly EntryMark[];
  readonly leftOut: readonly LeftOutEntry[];
  readonly creator: string | null;
  /** The entry itself, read again. */
  entry(mark: EntryMark): HarEntry;
  close(): void;
}

/** Up to this size a HAR's entries are kept as read. */
const KEPT_BYTES = 32 * 1024 * 1024;

/** How a HAR is read. */
interface HarReading extends HarScanning {
  /** Minutes east of Greenwich, for times without a zone; null: such times are refused. */
  readonly zoneMinutes: number | null;
}

/** Opens a HAR and reads each entry once, so that all that is wrong with it is found now. @throws LabError IMPORT_SYNTAX, NO_READ, BAD_PATH */
export async function openHar({ file, name, zoneMinutes, digest, turn }: HarReading): Promise<HarFile> {
  const { entries, creator } = await scanHar({ file, name, digest, turn });
  const fd = fromDisk(file, () => fs.openSync(file, 'r'));
  const isKept = fromDisk(file, () => fs.fstatSync(fd)).size <= KEPT_BYTES;
  const kept = new Map<EntrySpan, HarEntry>();
  // One that has messages is asked for again and again.
  let last: { readonly span: EntrySpan; readonly entry: HarEntry } | null = null;
  const read = (span: EntrySpan): HarEntry | NoExchange => harEntryOf(readEntry(fd, file, name, span), span.number, zoneMinutes);
  const marks: EntryMark[] = [];
  const leftOut: LeftOutEntry[] = [];
  try {
    for (const span of entries) {
      if (span.number % 64 === 0) await turn();
      const entry = span.end - span.start > LONGEST_ENTRY_BYTES ? 'too-long' : read(span);
      if (typeof entry === 'string') leftOut.push({ place: atItem(name, span.number), why: entry });
      else {
        marks.push(markOf(entry, span));
        if (isKept) kept.set(span, entry);
      }
    }
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
  return {
    marks,
    leftOut,
    creator,
    entry({ span }) {
      if (last?.span === span) return last.entry;
      const entry = kept.get(span) ?? read(span);
      if (typeof entry === 'string') throw new Error(`entry ${span.number} of ${name} was there a moment ago`);
      if (entry.messages !== null) last = { span, entry };
      return entry;
    },
    close: () => fs.closeSync(fd),
  };
}

function markOf({ given, counted, place, line, t, slackMs, app, messages }: HarEntry, span: EntrySpan): EntryMark {
  return { given, counted, place, line, t, slackMs, app, messages: messages?.map((message) => message.t) ?? null, span };
}
