import * as fs from 'node:fs';
import * as path from 'node:path';
import { LabError } from '../model/errors.js';
import { onDisk, readIfThere, sha256, writeAtomic } from './disk.js';
import { LOCK, lockFolder } from './lock.js';

/** What is left of a run that was forgotten. */
export const TOMBSTONE = 'tombstone.json';

/** Proof that a run was there and which one it was, without anything it held. */
export interface Tombstone {
  readonly run: string;
  /** When it was forgotten, ISO 8601. */
  readonly when: string;
  readonly by: string;
  readonly why: string | null;
  /** SHA-256 of run.json. */
  readonly headSha256: string;
  /** SHA-256 of the last whole line of events.jsonl; null when there was none. */
  readonly lastSha256: string | null;
}

/**
 * Removes all of a run but a tombstone; also a broken run, and one whose forgetting was cut short. `when` is ISO 8601. The disk's
 * own blocks are not overwritten: on an encrypted disk that is not needed, on others it cannot be promised.
 * @throws LabError UNKNOWN_RUN, RUN_FORGOTTEN, RUN_IN_USE, NO_PERMISSION
 */
export function forgetRun(dir: string, when: string, by: string, why?: string): void {
  const run = readIfThere(path.join(dir, 'run.json'));
  const old = readIfThere(path.join(dir, TOMBSTONE));
  if (run === null && old === null) throw new LabError('UNKNOWN_RUN', { name: dir });
  const unlock = lockFolder(dir);
  try {
    if (old === null && run !== null)
      writeAtomic(
        path.join(dir, TOMBSTONE),
        Buffer.from(`${JSON.stringify(tombstone(dir, run, { when, by, why: why ?? null }), null, 2)}\n`),
        0o644,
      );
    for (const name of onDisk(dir, () => fs.readdirSync(dir))) {
      // run.json goes last: until then a second call sees that there is something left to do.
      if (name !== TOMBSTONE && name !== 'run.json' && !name.startsWith(LOCK))
        onDisk(dir, () => fs.rmSync(path.join(dir, name), { recursive: true, force: true }));
    }
    onDisk(dir, () => fs.rmSync(path.join(dir, 'run.json'), { force: true }));
    if (run === null && old !== null) throw new LabError('RUN_FORGOTTEN', { run: parseTombstone(old).run, when: parseTombstone(old).when });
  } finally {
    unlock();
  }
}

function tombstone(dir: string, run: Buffer, told: Pick<Tombstone, 'when' | 'by' | 'why'>): Tombstone {
  const log = readIfThere(path.join(dir, 'events.jsonl')) ?? Buffer.alloc(0);
  const end = log.lastIndexOf(10);
  const start = end <= 0 ? 0 : log.lastIndexOf(10, end - 1) + 1;
  return {
    run: runId(run) ?? path.basename(dir),
    ...told,
    headSha256: sha256(run),
    lastSha256: end < 0 ? null : sha256(log.subarray(start, end)),
  };
}

function runId(run: Buffer): string | null {
  try {
    const head: unknown = JSON.parse(run.toString('utf8'));
    return typeof head === 'object' && head !== null && 'id' in head && typeof head.id === 'string' ? head.id : null;
  } catch {
    return null; // a broken run may be forgotten too
  }
}

/** Which run a tombstone stands for, and since when. */
export function parseTombstone(bytes: Buffer): { readonly run: string; readonly when: string } {
  const value: unknown = JSON.parse(bytes.toString('utf8'));
  const told = typeof value === 'object' && value !== null ? value : {};
  return { run: 'run' in told ? String(told.run) : '?', when: 'when' in told ? String(told.when) : '?' };
}
