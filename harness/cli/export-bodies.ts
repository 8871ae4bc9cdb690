import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../model/errors.js';
import type { Event, Flow } from '../model/event.js';
import type { Fields, RawBytes } from '../model/flow-parts.js';
import type { Bodies } from '../model/finding.js';
import { diskError, fromDisk, makeFolders, removeIfEmpty, writeWhole } from '../store/disk.js';

/** Bytes in memory at a time. */
const CHUNK_BYTES = 1024 * 1024;
const INDEX = 'index.tsv';
const COLUMNS = ['sha256', 'file', 'bytes', 'came', 'state', 'n', 'event', 'of', 'part', 'method', 'url', 'type', 'coding'] as const;

type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;

/** What was written. */
export interface ExportedBodies {
  readonly bodies: number;
  readonly heads: number;
  readonly bytes: number;
}

interface Piece {
  readonly name: string;
  readonly kept: readonly RawBytes[];
  readonly row: Omit<Row, 'file' | 'sha256' | 'bytes'>;
}

/**
 * Writes each body and each raw head as a file of `dir`, as they crossed the wire, and an index with their hashes; all or nothing.
 * @throws LabError RUN_EXISTS for a folder with something in it, OUT_FULL, NO_PERMISSION, BAD_PATH, RUN_FILE_BROKEN
 */
export function exportBodies(events: readonly Event[], bodies: Bodies, dir: string): ExportedBodies {
  const made = makeFolders(dir);
  if (fromDisk(dir, () => fs.readdirSync(dir)).length > 0) throw new LabError('RUN_EXISTS', { dir });
  const written: string[] = [];
  try {
    const rows: Row[] = [];
    for (const { name, kept, row } of piecesOf(events)) {
      const fd = opened(join(dir, name), written);
      rows.push({ ...row, file: name, ...copied(kept, bodies, fd) });
    }
    const index = [COLUMNS, ...rows.map((row) => COLUMNS.map((column) => cell(row[column])))].map(line).join('');
    const { error } = closing(opened(join(dir, INDEX), written), (fd) => writeWhole(fd, Buffer.from(index)));
    if (error !== null) throw error;
    const heads = rows.filter(({ part }) => part === 'head').length;
    return { bodies: rows.length - heads, heads, bytes: rows.reduce((sum, { bytes }) => sum + Number(bytes), 0) };
  } catch (error) {
    for (const file of written) fs.rmSync(file, { force: true });
    for (const folder of made) removeIfEmpty(folder);
    throw outError(error, dir);
  }
}

/** A full disk in the words of an export; nothing of the run is lost by it. */
export function outError(error: unknown, file: string): unknown {
  const told = diskError(error, file);
  return told instanceof LabError && told.code === 'STORE_FULL' ? new LabError('OUT_FULL', { path: file }, { cause: error }) : told;
}

function* piecesOf(events: readonly Event[]): Generator<Piece> {
  const taken = new Set<string>();
  for (const flow of events) {
    if (flow.kind !== 'flow') continue;
    const number = flow.n === null ? flow.id : String(flow.n).padStart(5, '0');
    // Numbers are counted without gaps and repeats; a run of another hand may not keep to that.
    const name = taken.has(number) ? `${number}-${flow.id}` : number;
    taken.add(name);
    yield* flowPieces(flow, name);
  }
}

function* flowPieces(flow: Flow, name: string): Generator<Piece> {
  for (const of of ['request', 'response'] as const) {
    const head = flow[of];
    const headers = head?.headers ?? [];
    const about = { n: String(flow.n ?? ''), event: flow.id, of, method: flow.request?.method ?? '', url: flow.request?.url ?? '' };
    const more = { type: first(headers, 'content-type'), coding: first(headers, 'content-encoding') };
    if (head?.raw) {
      const row = { ...about, part: 'head', came: String(head.raw.length), state: 'whole', type: '', coding: '' };
      yield { name: `${name}-${of}-head.txt`, kept: [head.raw], row };
    }
    const refs = flow.bodies.filter((body) => body.of === of);
    if (refs.length === 0) continue;
    const came = String(refs.reduce((sum, { bytes }) => sum + bytes, 0));
    const state = [...new Set(refs.map((ref) => ref.state))].join(',');
    yield { name: `${name}-${of}.bin`, kept: refs, row: { ...about, part: 'body', came, state, ...more } };
  }
}

function first(headers: Fields, name: string): string {
  return headers.find(([other]) => other.toLowerCase() === name)?.[1] ?? '';
}

/** A new file, named in `made` once it is ours. */
function opened(file: string, made: string[]): number {
  const fd = fs.openSync(file, 'wx');
  made.push(file);
  return fd;
}

function closing<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Copies bytes of the run into a file, closes it, and says what it wrote. */
function copied(kept: readonly RawBytes[], bodies: Bodies, fd: number): Pick<Row, 'sha256' | 'bytes'> {
  const digest = createHash('sha256');
  let bytes = 0;
  closing(fd, () => {
    for (const { file, offset, length } of kept)
      for (let at = 0; at < length; at += CHUNK_BYTES) {
        const chunk = bodies.read(file, offset + at, Math.min(CHUNK_BYTES, length - at));
        const { error } = writeWhole(fd, chunk);
        if (error !== null) throw error;
        digest.update(chunk);
        bytes += chunk.length;
      }
  });
  const sha256 = digest.digest('hex');
  const [only] = kept;
  // The run was checked a moment ago: it is being changed under our hands.
  if (kept.length === 1 && only !== undefined && sha256 !== only.sha256)
    throw new LabError('RUN_FILE_BROKEN', { file: only.file, what: '哈希不同', whatEn: 'its hash differs' });
  return { sha256, bytes: String(bytes) };
}

/** What an app or a server sent must stay one cell, and no spreadsheet may take it for a formula. */
function cell(text: string): string {
  // eslint-disable-next-line no-control-regex
  const flat = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
  return /^[=+@-]/.test(flat) ? `'${flat}` : flat;
}

function line(cells: readonly string[]): string {
  return `${cells.join('\t')}\n`;
}
