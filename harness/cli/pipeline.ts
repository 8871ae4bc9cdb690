import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { buildReport } from '../../reports/report.js';
import type { FormatParts, ReportFormat } from '../../reports/format.js';
import htmlFormat from '../../reports/formats/html.js';
import jsonFormat from '../../reports/formats/json.js';
import { judge } from '../../reports/judge.js';
import { LAW } from '../../reports/law/law.js';
import { link } from '../../reports/link/link.js';
import { aliasesOf } from '../../reports/receivers/aliases.js';
import { receiversFor } from '../../reports/receivers/receivers.js';
import { timeline } from '../../reports/timeline.js';
import type { Language } from '../../reports/words.js';
import { LabError } from '../model/errors.js';
import { fileBodies } from '../store/bodies.js';
import { codeOf, diskError, fromDisk, makeFolders, onDisk, readIfThere, removeIfEmpty } from '../store/disk.js';
import { readRun } from '../store/read.js';
import { toolOf } from './plan.js';
import { allRules } from './registry.js';
import { shortWord } from './say.js';

const FORMATS: readonly ReportFormat[] = [jsonFormat, htmlFormat];
const JUDGEMENTS = 'judgements';
/** Which program made a judgement, beside its reports. */
const JUDGED = 'judged.json';

/** Judges a recorded run: read, link, order, judge. Nothing is written. @throws LabError RUN_BROKEN, RUN_TOO_NEW, UNKNOWN_RUN, RUN_IN_USE … */
export async function judgeRun(dir: string, language: Language): Promise<FormatParts> {
  const run = readRun(dir);
  if (run.recording) throw new LabError('RUN_IN_USE', { dir });
  const bodies = fileBodies(dir);
  try {
    const { head, events, manifest, interrupted } = run;
    const linked = link({ head, events, manifest, bodies });
    const receivers = receiversFor(head, aliasesOf(events, bodies));
    const line = timeline({ head, events, manifest, links: linked.links, gaps: linked.gaps, interrupted, receivers });
    const rules = await allRules();
    const findings = judge(line, rules, LAW);
    const report = buildReport({ timeline: line, findings, placebo: linked.placebo, headSha256: run.headSha256 });
    return { report, timeline: line, rules, law: LAW.rows, picture: (file) => pictureIn(dir, file), language };
  } finally {
    bodies.close();
  }
}

/**
 * Writes the next judgement of a run, and puts its reports at the top of the run as the newest. All of it is there or none.
 * Returns its number. @throws LabError STORE_FULL, NO_PERMISSION
 */
export function writeJudgement(dir: string, parts: FormatParts): number {
  const all = join(dir, JUDGEMENTS);
  const made = makeFolders(all);
  const number = onDisk(all, () => nextNumber(all));
  const folder = join(all, String(number));
  const tops = FORMATS.map(({ fileName }) => ({ fileName, staged: join(dir, `.${fileName}.${process.pid}.new`) }));
  try {
    for (const format of FORMATS) writeFileSync(join(folder, format.fileName), format.render(parts));
    writeFileSync(join(folder, JUDGED), `${JSON.stringify({ tool: judgingTool() }, null, 2)}\n`);
    for (const { fileName, staged } of tops) copyFileSync(join(folder, fileName), staged);
    for (const { fileName, staged } of tops) renameSync(staged, join(dir, fileName));
    return number;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    for (const { staged } of tops) rmSync(staged, { force: true });
    for (const empty of made) removeIfEmpty(empty);
    throw diskError(error, folder);
  }
}

/** Folder of a judgement. */
export function judgementFolder(dir: string, number: number): string {
  return join(dir, JUDGEMENTS, String(number));
}

/** A folder that nobody else has: two may judge one run at the same time. */
function nextNumber(all: string): number {
  for (let n = Math.max(0, ...numbersIn(all)) + 1; ; n += 1) {
    try {
      mkdirSync(join(all, String(n)));
      return n;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

function numbersIn(all: string): readonly number[] {
  return readdirSync(all)
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map(Number);
}

/**
 * Number of a judgement that follows from the run, its reports those at the top: the newest, made again in memory and compared byte for
 * byte; a fresh one where there is none, or another version of this program made it. @throws LabError RUN_FILE_BROKEN naming the report
 */
export async function soundJudgement(dir: string, language: Language): Promise<number> {
  const parts = await judgeRun(dir, language);
  const newest = newestByThisTool(dir);
  if (newest === null) return writeJudgement(dir, parts);
  return isWhole(dir, newest, parts) ? newest : writeJudgement(dir, parts);
}

/**
 * Checks that the newest judgement by this very program, and the reports at the top of the run, follow from the record; nothing to check where
 * another version made them. @throws LabError RUN_FILE_BROKEN naming the report
 */
export async function checkJudgement(dir: string, language: Language): Promise<void> {
  const newest = newestByThisTool(dir);
  if (newest === null) return;
  isWhole(dir, newest, await judgeRun(dir, language));
}

/** Whether all reports of a judgement are there, in its folder and at the top of the run. @throws LabError RUN_FILE_BROKEN for one that was edited */
function isWhole(dir: string, number: number, parts: FormatParts): boolean {
  return [dir, judgementFolder(dir, number)].every((folder) =>
    FORMATS.every((format) => {
      const file = join(folder, format.fileName);
      const state = compared(file, format, parts);
      if (state === 'edited') throw edited(dir, file);
      return state === 'same';
    }),
  );
}

/** Whether a report at the top of the run is there and follows from it. */
export function compared(file: string, format: ReportFormat, parts: FormatParts): 'same' | 'edited' | 'missing' {
  const there = readIfThere(file);
  if (there === null) return 'missing';
  // Whoever judged it may have had the other language.
  return (['zh', 'en'] as const).some((language) => there.equals(Buffer.from(format.render({ ...parts, language })))) ? 'same' : 'edited';
}

function edited(dir: string, file: string): LabError {
  const again = `npx jiejing judge ${shortWord(dir)}`;
  return new LabError('RUN_FILE_BROKEN', {
    file: relative(dir, file).replaceAll('\\', '/'),
    what: `它不是由本记录得出的报告（被改动，或写出它的程序被改动）；用 ${again} 可重新得出`,
    whatEn: `it is not the report that follows from this run (it was edited, or the program that wrote it was); make it again with: ${again}`,
  });
}

/** The newest whole judgement, when this very program made it; else null. */
function newestByThisTool(dir: string): number | null {
  const all = join(dir, JUDGEMENTS);
  const whole = (n: number): boolean =>
    [...FORMATS.map(({ fileName }) => fileName), JUDGED].every((name) => existsSync(join(all, String(n), name)));
  const numbers = existsSync(all) ? fromDisk(all, () => numbersIn(all)).filter(whole) : [];
  if (numbers.length === 0) return null;
  const newest = Math.max(...numbers);
  const judged = readIfThere(join(all, String(newest), JUDGED))?.toString('utf8') ?? '';
  return judged === `${JSON.stringify({ tool: judgingTool() }, null, 2)}\n` ? newest : null;
}

/** What of this program decides what a report says. */
function judgingTool(): { readonly name: string; readonly version: string; readonly commit: string | null } {
  const { name, version, commit } = toolOf();
  return { name, version, commit };
}

function pictureIn(dir: string, file: string): Uint8Array | null {
  return readIfThere(join(dir, file));
}
