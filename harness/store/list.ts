import * as fs from 'node:fs';
import * as path from 'node:path';
import { codeOf, diskError, fromDisk, readIfThere } from './disk.js';
import { parseTombstone, TOMBSTONE } from './forget.js';
import { locked } from './lock.js';

/** Enough to hold any End. */
const TAIL_BYTES = 16 * 1024;

/** One run folder, as far as a list needs it; nothing is verified. */
export interface RunRow {
  readonly dir: string;
  readonly id: string;
  /** ISO 8601; of a forgotten run, when it was forgotten. */
  readonly began: string;
  readonly app: string;
  readonly scenario: string;
  readonly state: 'complete' | 'interrupted' | 'recording' | 'forgotten' | 'unreadable';
}

/** The runs in a folder, newest first; none when the folder is not there. @throws LabError NO_READ, BAD_PATH */
export function listRuns(dir: string): readonly RunRow[] {
  let names: readonly string[];
  try {
    names = fs.readdirSync(dir);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw diskError(error, dir, 'read');
  }
  const rows = names.map((name) => rowOf(path.join(dir, name))).filter((row) => row !== null);
  return rows.toSorted((a, b) => (a.began < b.began ? 1 : a.began > b.began ? -1 : a.id < b.id ? -1 : 1));
}

function rowOf(dir: string): RunRow | null {
  const tombstone = readIfThere(path.join(dir, TOMBSTONE));
  if (tombstone !== null) {
    const { run, when } = parseTombstone(tombstone);
    return { dir, id: run, began: when, app: '-', scenario: '-', state: 'forgotten' };
  }
  const run = readIfThere(path.join(dir, 'run.json'));
  if (run === null) return null;
  try {
    const head: unknown = JSON.parse(run.toString('utf8'));
    const app = member(head, 'app');
    return {
      dir,
      id: word(head, 'id'),
      began: word(head, 'began'),
      app: word(app, 'id'),
      scenario: word(member(head, 'scenario'), 'id'),
      state: stateOf(dir),
    };
  } catch {
    return { dir, id: path.basename(dir), began: '', app: '-', scenario: '-', state: 'unreadable' };
  }
}

function stateOf(dir: string): RunRow['state'] {
  const tail = tailOf(path.join(dir, 'events.jsonl'));
  const line = tail.endsWith('\n') ? tail.slice(tail.lastIndexOf('\n', tail.length - 2) + 1) : '';
  if (line.includes('"kind":"end"')) return line.includes('"outcome":"complete"') ? 'complete' : 'interrupted';
  return locked(dir) ? 'recording' : 'interrupted';
}

function tailOf(file: string): string {
  if (!fs.existsSync(file)) return '';
  const fd = fromDisk(file, () => fs.openSync(file, 'r'));
  try {
    const { size } = fs.fstatSync(fd);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    fs.readSync(fd, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8');
  } finally {
    fs.closeSync(fd);
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function word(value: unknown, name: string): string {
  const found = member(value, name);
  if (typeof found !== 'string') throw new Error(`run.json has no ${name}`);
  return found;
}
