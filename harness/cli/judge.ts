import { join, resolve } from 'node:path';
import { exitOf } from '../../reports/judge.js';
import { judgementFolder, judgeRun, writeJudgement } from './pipeline.js';
import type { Common } from './program.js';
import { json, result, short } from './say.js';
import { verdictText } from './verdict-text.js';

/** Judges a run with the rules and law of this program, as a new judgement beside the older ones. */
export async function judgeCommand(dir: string, common: Common): Promise<number> {
  const parts = await judgeRun(dir, common.language);
  const folder = judgementFolder(dir, writeJudgement(dir, parts));
  if (common.json) json(parts.report);
  else {
    result(verdictText(parts, dir, common.language));
    result(common.language === 'zh' ? `本次判定在 ${short(folder)}` : `This judgement is in ${short(folder)}`);
  }
  return exitOf(parts.report.findings);
}

/** Says where the report is and what it says; judges first, so that a run that was cut off has one as well. */
export async function reportCommand(dir: string, common: Common): Promise<number> {
  const parts = await judgeRun(dir, common.language);
  writeJudgement(dir, parts);
  const exit = exitOf(parts.report.findings);
  const file = join(dir, 'report.html');
  if (common.json) json({ run: resolve(dir), report: resolve(file), exit, interrupted: parts.report.run.interrupted });
  else {
    result(verdictText(parts, dir, common.language));
    result(common.language === 'zh' ? `报告在 ${short(file)}` : `The report is in ${short(file)}`);
  }
  return exit;
}
