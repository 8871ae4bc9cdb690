import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { confirm, type Confirmation, type Side } from '../../reports/confirm.js';
import type { FormatParts } from '../../reports/format.js';
import { link } from '../../reports/link/link.js';
import type { Language } from '../../reports/words.js';
import type { Link } from '../model/finding.js';
import type { Manifest } from '../model/values.js';
import { fileBodies } from '../store/bodies.js';
import { diskError } from '../store/disk.js';
import { readRun, type RecordedRun } from '../store/read.js';
import { columns, shortWord, wrap } from './say.js';

/** A run folder with its judgement. */
export interface JudgedRun {
  readonly dir: string;
  readonly parts: FormatParts;
}

/** Compares two judged runs of one app and writes the result beside the first one's report. @throws LabError STORE_FULL, NO_PERMISSION */
export function confirmRuns(first: JudgedRun, second: JudgedRun): Confirmation {
  const run = readRun(second.dir);
  const found = confirm(sideOf(first), sideOf(second), linksOf(run, readRun(first.dir).manifest));
  const file = join(first.dir, 'confirmation.json');
  try {
    writeFileSync(file, `${JSON.stringify({ with: run.head.id, ...found }, null, 2)}\n`);
  } catch (error) {
    throw diskError(error, file);
  }
  return found;
}

const sideOf = ({ parts }: JudgedRun): Side => ({ timeline: parts.timeline, findings: parts.report.findings });

/** The links of a run when other values are looked for. */
function linksOf({ dir, head, events }: RecordedRun, manifest: Manifest): readonly Link[] {
  const bodies = fileBodies(dir);
  try {
    return link({ head, events, manifest, bodies }).links;
  } finally {
    bodies.close();
  }
}

/** 1: a violation that the second run confirms; 4: violations, but none of them confirmed; else the exit code of the first run alone. */
export function confirmedExit(alone: number, { violations }: Confirmation): number {
  if (alone !== 1) return alone;
  return violations.some(({ confirmed }) => confirmed) ? 1 : 4;
}

/** What came of it, for a terminal. */
export function confirmationText({ links, moved, unmoved, violations }: Confirmation, dir: string, language: Language): string {
  const t = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const sure = violations.filter(({ confirmed }) => confirmed).length;
  const lines = [
    t(
      `换一组值重做：${links} 个关联中 ${moved} 个随值改变；${violations.length} 项违规中 ${sure} 项得到证实`,
      `run again with other values: ${moved} of ${links} links moved with them; ${sure} of ${violations.length} violations confirmed`,
    ),
    ...unmoved.map(({ link: id, why }) =>
      why === 'stays'
        ? t(`${id}：换值后仍发送旧值`, `${id}: the old value was sent again`)
        : t(`${id}：第二次没有出现同样的关联`, `${id}: no such link the second time`),
    ),
    ...violations.filter(({ confirmed }) => !confirmed).map(({ rule }) => t(`未证实：${rule}`, `not confirmed: ${rule}`)),
    t(`第二次记录在 ${shortWord(dir)}`, `the second run is in ${shortWord(dir)}`),
  ];
  return lines.flatMap((line) => wrap(line, columns())).join('\n');
}
