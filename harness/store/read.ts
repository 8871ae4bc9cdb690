import * as path from 'node:path';
import { LabError } from '../model/errors.js';
import type { End, Event } from '../model/event.js';
import { RUN_SCHEMA, type RunHead } from '../model/run.js';
import type { Manifest } from '../model/values.js';
import { valueKey } from '../values/manifest.js';
import { afterLineOne } from './before-line-one.js';
import { prevOf } from './chain.js';
import { readIfThere, sha256 } from './disk.js';
import { byName } from './event-json.js';
import { checkFiles } from './files-check.js';
import { TOMBSTONE, parseTombstone } from './forget.js';
import { locked } from './lock.js';
import { readChain } from './read-chain.js';
import { upgrade, type RawHead } from './upgrade.js';

/** A run as it lies in its folder, every hash checked, in today's schema. */
export interface RecordedRun {
  readonly dir: string;
  readonly head: RunHead;
  readonly events: readonly Event[];
  readonly manifest: Manifest;
  /** No End, a torn last line, or an End that says so: what was recorded holds, but it is not all. */
  readonly interrupted: boolean;
  /** A living process is still writing it. */
  readonly recording: boolean;
  /** Bytes of a torn last line, which is left out. */
  readonly tornTail: number;
  readonly end: End | null;
  /** Schema on disk. */
  readonly schema: number;
  /** SHA-256 of run.json. */
  readonly headSha256: string;
  /** SHA-256 of the last whole line: the log head. */
  readonly lastSha256: string;
}

/**
 * Reads a run and checks the whole chain and every file it refers to.
 * @throws LabError UNKNOWN_RUN, RUN_FORGOTTEN, RUN_BROKEN, RUN_FILE_BROKEN, RUN_TOO_NEW, NO_READ
 */
export function readRun(dir: string): RecordedRun {
  const tombstone = readIfThere(path.join(dir, TOMBSTONE));
  if (tombstone !== null) {
    const { run, when } = parseTombstone(tombstone);
    throw new LabError('RUN_FORGOTTEN', { run, when });
  }
  const headBytes = readIfThere(path.join(dir, 'run.json'));
  if (headBytes === null) throw new LabError('UNKNOWN_RUN', { name: dir });
  const log = readIfThere(path.join(dir, 'events.jsonl')) ?? Buffer.alloc(0);
  const headSha256 = sha256(headBytes);
  const rawHead = parseHead(headBytes);
  const schema = schemaOf(rawHead, log, headSha256);
  const chain = readChain(log, headSha256);
  const later = chain.events.length === 0 ? afterLineOne(dir) : null;
  if (later !== null)
    throw new LabError('RUN_BROKEN', {
      file: 'events.jsonl',
      line: 1,
      what: `缺失，而记录中有在它之后写入的 ${later}`,
      whatEn: `it is missing, though ${later} was written after it`,
    });
  if (rawHead === null || schema === null)
    throw new LabError('RUN_FILE_BROKEN', { file: 'run.json', what: '不是运行记录的开头', whatEn: 'it is not the head of a run' });
  const run = upgrade(rawHead, chain.events, schema);
  const head = run.head as unknown as RunHead; // its hash is the one that was recorded
  const events = run.events.map(byName) as unknown as readonly Event[]; // every line is the one that was recorded
  const manifest = readManifest(dir, head);
  checkFiles(dir, events, valueKey(manifest));
  const last = events.at(-1);
  const end = last?.kind === 'end' ? last : null;
  const interrupted = end?.outcome !== 'complete';
  return {
    dir,
    head,
    events,
    manifest,
    interrupted,
    recording: end === null && locked(dir),
    tornTail: chain.tornBytes,
    end,
    schema,
    headSha256,
    lastSha256: chain.lastSha256,
  };
}

function parseHead(bytes: Buffer): RawHead | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as RawHead) : null;
  } catch {
    return null;
  }
}

/** The schema of a head; null: it has none. A newer one counts only when run.json is not altered, as far as the first line can tell. */
function schemaOf(head: RawHead | null, log: Buffer, headSha256: string): number | null {
  const schema = head?.['schema'];
  if (typeof schema !== 'number' || !Number.isInteger(schema) || schema < 1) return null;
  const first = log.toString('utf8', 0, 200);
  const prev = prevOf(first);
  if (schema > RUN_SCHEMA && (prev === null || prev === headSha256))
    throw new LabError('RUN_TOO_NEW', { found: schema, known: RUN_SCHEMA });
  return schema;
}

function readManifest(dir: string, head: RunHead): Manifest {
  const file = 'values/manifest.json';
  const bytes = readIfThere(path.join(dir, file));
  if (bytes === null) throw new LabError('RUN_FILE_BROKEN', { file, what: '缺失', whatEn: 'it is missing' });
  if (sha256(bytes) !== head.manifest.sha256)
    throw new LabError('RUN_FILE_BROKEN', { file, what: '哈希与 run.json 中登记的不同', whatEn: 'its hash is not the one in run.json' });
  return JSON.parse(bytes.toString('utf8')) as Manifest; // the bytes are those that we wrote
}
