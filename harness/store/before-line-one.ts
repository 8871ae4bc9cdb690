import * as fs from 'node:fs';
import * as path from 'node:path';
import { fromDisk, readIfThere } from './disk.js';

/** What is there before the first line of events.jsonl is written, and files of a recorder at work. */
const BEFORE = /^(run\.json|events\.jsonl|values\/manifest\.json|\.lock.*|\.reserve|.*\.new)$/;
/** What judging such a run adds. */
const JUDGEMENT = /^(report\.|judgements\/)/;

/**
 * A file in a run without line 1 that can only have come after line 1, so that the line was taken away; null when there is none and the
 * recorder may have been killed before it. reports/verify.ts looks for the same.
 */
export function afterLineOne(dir: string): string | null {
  const names = fromDisk(dir, () => fs.readdirSync(dir, { recursive: true, withFileTypes: true }))
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
  return names.find((name) => !BEFORE.test(name) && !(JUDGEMENT.test(name) && judgedEmpty(dir))) ?? null;
}

/** Whether the report beside it tells of a run without events. */
function judgedEmpty(dir: string): boolean {
  try {
    const report: unknown = JSON.parse(readIfThere(path.join(dir, 'report.json'))?.toString('utf8') ?? 'null');
    const run = typeof report === 'object' && report !== null && 'run' in report ? report.run : null;
    return typeof run === 'object' && run !== null && 'events' in run && run.events === 0;
  } catch {
    return false; // no report of ours
  }
}
