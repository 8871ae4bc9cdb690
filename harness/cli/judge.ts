import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exitOf } from '../../reports/judge.js';
import { judgeRun, writeJudgement } from './pipeline.js';
import type { Common } from './program.js';
import { json, result } from './say.js';
import { verdictText } from './verdict-text.js';

/** Judges a run with the rules and law of this program, as a new judgement beside the older ones. */
export async function judgeCommand(dir: string, common: Common): Promise<number> {
  const parts = await judgeRun(dir, common.language);
  const folder = writeJudgement(dir, parts);
  if (common.json) json(parts.report);
  else result(`${verdictText(parts, dir, common.language, process.stdout.columns)}\n${join(folder, 'report.json')}`);
  return exitOf(parts.report.findings);
}

/** Says where the report is and what it says; judges first, so that a run that was cut off has one as well. */
export async function reportCommand(dir: string, common: Common): Promise<number> {
  const parts = await judgeRun(dir, common.language);
  writeJudgement(dir, parts);
  const file = join(dir, 'report.html');
  if (!existsSync(file)) throw new Error(`${file} was not written`);
  const exit = exitOf(parts.report.findings);
  if (common.json) json({ run: dir, report: file, exit, interrupted: parts.report.run.interrupted });
  else result(`${verdictText(parts, dir, common.language, process.stdout.columns)}\n${file}`);
  return exit;
}
