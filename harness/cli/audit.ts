import { join } from 'node:path';
import { exitOf } from '../../reports/judge.js';
import { record, type Recorded } from '../record.js';
import type { LabError } from '../model/errors.js';
import { judgeRun, writeJudgement } from './pipeline.js';
import { plan } from './plan.js';
import type { Common } from './program.js';
import { createProgress, SILENT, type Progress } from './progress.js';
import { json, remark, result } from './say.js';
import { verdictText } from './verdict-text.js';

interface Options { readonly scenario: string; readonly handset: string; readonly out?: string; readonly case?: string; readonly operator?: string; readonly lab?: string }

/** `audit` and `record`. Returns the exit code. */
export async function audit({ kind, app, options, common }: { kind: 'audit' | 'record'; app: string; options: Options; common: Common }): Promise<number> {
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
  const progress = common.json ? SILENT : createProgress(language, process.stderr.isTTY === true && !process.env['CI']);
  const recorded = await recordUntilSignal(planned, progress).catch(async (error: unknown) => {
    await progress.end(true);
    throw error;
  });
  if (recorded.outcome === 'interrupted' || kind === 'record') {
    await progress.end(recorded.error !== null);
    return recordedOnly(recorded, common);
  }
  return judged(recorded, progress, common);
}

async function recordUntilSignal(planned: Awaited<ReturnType<typeof plan>>, progress: Progress): Promise<Recorded> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new Error('stopped by the operator'));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await record({ ...planned, signal: stop.signal, onEvent: (event) => progress.event(event), onPhase: (phase) => progress.begin(phase) });
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

async function judged(recorded: Recorded, progress: Progress, common: Common): Promise<number> {
  progress.begin('link');
  const parts = await judgeRun(recorded.dir, common.language);
  progress.begin('report');
  writeJudgement(recorded.dir, parts);
  await progress.end(false);
  const exit = recorded.error === null ? exitOf(parts.report.findings) : Math.min(exitOf(parts.report.findings), 1) || recorded.error.exit;
  if (common.json) json({ run: recorded.dir, outcome: recorded.outcome, exit, report: join(recorded.dir, 'report.json'), findings: parts.report.findings, error: said(recorded.error, common) });
  else {
    result(verdictText(parts, recorded.dir, common.language, process.stdout.columns));
    if (recorded.error !== null) tell(recorded.error, common);
  }
  return exit;
}

function recordedOnly(recorded: Recorded, common: Common): number {
  if (common.json) json({ run: recorded.dir, outcome: recorded.outcome, exit: recorded.error?.exit ?? 0, error: said(recorded.error, common) });
  else {
    result(recorded.dir);
    if (recorded.error !== null) tell(recorded.error, common);
  }
  return recorded.error?.exit ?? 0;
}

function tell(error: LabError, { language }: Common): void {
  const { what, remedy } = error.words(language);
  remark(language === 'zh' ? `错误：${what}。\n办法：${remedy}` : `error: ${what}\nway out: ${remedy}`);
}

function said(error: LabError | null, { language }: Common): object | null {
  return error === null ? null : { code: error.code, ...error.words(language) };
}
