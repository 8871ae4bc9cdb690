import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exitOf } from '../../reports/judge.js';
import type { FormatParts } from '../../reports/format.js';
import { LabError } from '../model/errors.js';
import type { Language } from '../../reports/words.js';
import type { Recorded } from '../record.js';
import { judgeRun, writeJudgement } from './pipeline.js';
import { confirmRuns, confirmationText, confirmedExit, type JudgedRun } from './confirm.js';
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
  readonly confirm?: boolean;
}

interface Auditing {
  readonly kind: 'audit' | 'record';
  readonly app: string;
  readonly options: Options;
  readonly common: Common;
}

/** `audit` and `record`. Returns the exit code. */
export async function audit({ kind, app, options, common }: Auditing): Promise<number> {
  const { language } = common;
  const asked = {
    app,
    scenario: options.scenario,
    handset: options.handset,
    out: options.out ?? null,
    caseNumber: options.case ?? null,
    operator: options.operator ?? null,
    lab: options.lab ?? null,
    language,
  };
  const planned = await plan(asked);
  // Known before the first audit, not after it.
  if (options.confirm === true && existsSync(`${planned.dir}-confirm`)) throw new LabError('RUN_EXISTS', { dir: `${planned.dir}-confirm` });
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
      const again = async (): Promise<JudgedRun> => {
        if (!common.json) remark(language === 'zh' ? '[换一组值再录一次]' : '[record again with other values]');
        return recordedAgain(await plan({ ...asked, out: `${recorded.dir}-confirm` }), language, signal);
      };
      if (kind === 'audit' && recorded.outcome !== 'interrupted')
        return await judged(recorded, { progress, common, signal, again: options.confirm === true ? again : null });
      await progress.end(recorded.error !== null);
      return recordedOnly(recorded, common);
    } catch (error) {
      await progress.end(true);
      throw error;
    }
  });
}

interface Judging {
  readonly progress: Progress;
  readonly common: Common;
  readonly signal: AbortSignal;
  /** Records the same again with other values; null where that was not asked for. */
  readonly again: (() => Promise<JudgedRun>) | null;
}

/** The same audit with another set of values, recorded and judged in silence. @throws LabError the second run's, or INTERRUPTED */
async function recordedAgain(planned: Awaited<ReturnType<typeof plan>>, language: Language, signal: AbortSignal): Promise<JudgedRun> {
  const { record } = await import('../record.js');
  const { dir, outcome, error } = await record({ ...planned, signal, onEvent: () => {}, onPhase: () => {} });
  if (error !== null) throw error;
  if (outcome === 'interrupted') throw new LabError('INTERRUPTED', { run: short(dir) });
  const parts = await judgeRun(dir, language);
  writeJudgement(dir, parts);
  return { dir, parts };
}

async function judged(recorded: Recorded, { progress, common, signal, again }: Judging): Promise<number> {
  const { dir, outcome, error } = recorded;
  progress.begin('link');
  await turn();
  const parts = await judgeRun(dir, common.language);
  await turn();
  if (signal.aborted) throw new LabError('INTERRUPTED', { run: short(dir) });
  progress.begin('report');
  const unwritten = written(dir, parts);
  await progress.end(error !== null || unwritten !== null);
  const second = error === null && unwritten === null && again !== null ? await again() : null;
  const confirmation = second === null ? null : confirmRuns({ dir, parts }, second);
  const faults = [error, unwritten].filter((fault) => fault !== null);
  const alone = exitOf(parts.report.findings);
  const found = confirmation === null ? alone : confirmedExit(alone, confirmation);
  // What was seen stands; what was not seen is never "no violations".
  const exit = found === 1 ? 1 : (faults[0]?.exit ?? found);
  if (common.json) {
    const report = unwritten === null ? join(resolve(dir), 'report.json') : null;
    json({ run: resolve(dir), outcome, exit, report, findings: parts.report.findings, confirmation, error: said(faults[0], common) });
  } else {
    result(verdictText(parts, dir, common.language));
    if (confirmation !== null && second !== null) result(confirmationText(confirmation, second.dir, common.language));
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
