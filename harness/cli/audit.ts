import { join, resolve } from 'node:path';
import { exitOf } from '../../reports/judge.js';
import type { FormatParts } from '../../reports/format.js';
import { LabError } from '../model/errors.js';
import type { Recorded } from '../record.js';
import { judgeRun, writeJudgement } from './pipeline.js';
import { plan } from './plan.js';
import type { Common } from './program.js';
import { createProgress, SILENT, type Progress } from './progress.js';
import { complaint, complaintDocument, json, remark, result, short, shortWord } from './say.js';
import { turn, untilStopped } from './signals.js';
import { verdictText } from './verdict-text.js';

interface Options {
  readonly scenario: string;
  readonly handset: string;
  readonly out?: string;
  readonly case?: string;
  readonly operator?: string;
  readonly lab?: string;
}

/** `audit` and `record`. Returns the exit code. */
export async function audit({
  kind,
  app,
  options,
  common,
}: {
  kind: 'audit' | 'record';
  app: string;
  options: Options;
  common: Common;
}): Promise<number> {
  const { language } = common;
  const planned = await plan({
    app,
    scenario: options.scenario,
    handset: options.handset,
    out: options.out ?? null,
    caseNumber: options.case ?? null,
    operator: options.operator ?? null,
    lab: options.lab ?? null,
    language,
  });
  const live = process.stderr.isTTY === true && !process.env['CI'];
  const progress = common.json
    ? SILENT
    : createProgress({ language, live, steps: planned.scenario.scenario.steps, judged: kind === 'audit' });
  // Loaded when all that was asked is known to be sound: it brings the whole lab along.
  const { record } = await import('../record.js');
  return untilStopped(async (signal) => {
    try {
      const recorded = await record({
        ...planned,
        signal,
        onEvent: (event) => progress.event(event),
        onPhase: (phase) => progress.begin(phase),
      });
      if (kind === 'audit' && recorded.outcome !== 'interrupted') return await judged(recorded, progress, common, signal);
      await progress.end(recorded.error !== null);
      return recordedOnly(recorded, common);
    } catch (error) {
      await progress.end(true);
      throw error;
    }
  });
}

async function judged(recorded: Recorded, progress: Progress, common: Common, signal: AbortSignal): Promise<number> {
  const { dir, outcome, error } = recorded;
  progress.begin('link');
  await turn();
  const parts = await judgeRun(dir, common.language);
  await turn();
  if (signal.aborted) throw new LabError('INTERRUPTED', { run: short(dir) });
  progress.begin('report');
  const unwritten = written(dir, parts);
  await progress.end(error !== null || unwritten !== null);
  const faults = [error, unwritten].filter((fault) => fault !== null);
  const found = exitOf(parts.report.findings);
  // What was seen stands; what was not seen is never "no violations".
  const exit = found === 1 ? 1 : (faults[0]?.exit ?? found);
  if (common.json) {
    const report = unwritten === null ? join(resolve(dir), 'report.json') : null;
    json({ run: resolve(dir), outcome, exit, report, findings: parts.report.findings, error: said(faults[0], common) });
  } else {
    result(verdictText(parts, dir, common.language));
    for (const fault of faults) remark(complaint(fault, common.language));
  }
  return exit;
}

/** Writes the judgement; a disk that is full keeps nobody from being told it. */
function written(dir: string, parts: FormatParts): LabError | null {
  try {
    writeJudgement(dir, parts);
    return null;
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
}

function recordedOnly({ dir, outcome, error }: Recorded, common: Common): number {
  const exit = error?.exit ?? 0;
  if (common.json) json({ run: resolve(dir), outcome, exit, error: said(error, common) });
  else {
    result(dir);
    if (error !== null) remark(complaint(error, common.language));
    else remark(common.language === 'zh' ? `接下来：npx jiejing judge ${shortWord(dir)}` : `next: npx jiejing judge ${shortWord(dir)}`);
  }
  return exit;
}

function said(error: LabError | null | undefined, { language }: Common): object | null {
  return error ? complaintDocument(error, language) : null;
}
