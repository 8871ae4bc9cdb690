import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Link } from '../model/finding.js';
import { replayRun } from '../../reports/link/replay-run.js';
import { LabError } from '../model/errors.js';
import { fileBodies } from '../store/bodies.js';
import { readIfThere } from '../store/disk.js';
import { readRun, type RecordedRun } from '../store/read.js';
import { checkJudgement } from './pipeline.js';
import type { Common } from './program.js';
import { cell, json, result, shortWord } from './say.js';

const REPORT = 'report.json';

/** Whether a folder is a run, and no packet. */
export function isRun(dir: string): boolean {
  return existsSync(join(dir, 'run.json')) && !existsSync(join(dir, 'bagit.txt'));
}

/** `verify` of a run: its chain, every file that it names, and every certificate of its report. @throws LabError RUN_BROKEN, RUN_FILE_BROKEN, RUN_IN_USE … */
export async function verifyRunCommand(dir: string, { language, json: asJson }: Common): Promise<number> {
  const run = readRun(dir);
  if (run.recording) throw new LabError('RUN_IN_USE', { dir });
  const again = `npx jiejing judge ${shortWord(dir)}`;
  const replayed = replayReport(dir, run, ({ what, whatEn }) => {
    const words = { what: `${what}；用 ${again} 可重新得出报告`, whatEn: `${whatEn}; make the report again with: ${again}` };
    return new LabError('RUN_FILE_BROKEN', { file: REPORT, ...words });
  });
  await checkJudgement(dir, language);
  const zh = language === 'zh';
  if (asJson) json({ ok: true, run: run.head.id, events: run.events.length, ended: run.end !== null, logHead: run.lastSha256, replayed });
  else
    result(
      [
        zh
          ? '记录未被改动：事件链和它所指文件的哈希相符'
          : 'the run is unaltered: its chain and the hashes of the files that it names hold',
        row([
          zh ? '事件' : 'events',
          `${run.events.length}${run.end !== null ? '' : zh ? '（记录被中断）' : ' (the recording was cut short)'}`,
        ]),
        row([zh ? '事件链头' : 'log head', run.lastSha256]),
        row([zh ? '关联' : 'links', replayedText(replayed, zh, zh ? `尚未判定；先运行 ${again}` : `not judged yet; first: ${again}`)]),
      ].join('\n'),
    );
  return 0;
}

/** How many links a report has, in words; `missing` where there is no report. */
export function replayedText(replayed: number | null, zh: boolean, missing: string): string {
  if (replayed === null) return missing;
  return zh ? `${replayed} 条，每份证书都可由记录重放验证` : `${replayed}, the certificate of each replayed from the record`;
}

const row = ([name, fact]: readonly [string, string]): string => `  ${cell(name, 12)} ${fact}`;

/** What is wrong with a report. */
interface BrokenReport {
  readonly what: string;
  readonly whatEn: string;
}

/** How many links of a run's newest report were shown again from the record, all of them; null: it has no report. Throws what `errorOf` makes of the first that was not. */
export function replayReport(
  dir: string,
  { events, manifest }: Pick<RecordedRun, 'events' | 'manifest'>,
  errorOf: (broken: BrokenReport) => LabError,
): number | null {
  const text = readIfThere(join(dir, REPORT))?.toString('utf8');
  if (text === undefined) return null;
  const links = linksIn(text);
  if (links === null) throw errorOf({ what: '它不是判定报告', whatEn: 'it is not the report of a judgement' });
  const bodies = fileBodies(dir);
  try {
    const { replayed, broken } = replayRun({ links, events, manifest, bodies });
    if (broken === null) return replayed;
    const { link, why } = broken;
    throw errorOf({ what: `关联 ${link} 的证书不能由记录重放`, whatEn: `the certificate of link ${link} does not replay: ${why}` });
  } finally {
    bodies.close();
  }
}

function linksIn(text: string): readonly Link[] | null {
  try {
    const { links } = JSON.parse(text) as { readonly links?: unknown };
    return Array.isArray(links) ? (links as readonly Link[]) : null; // replaying takes nothing in them for granted
  } catch {
    return null;
  }
}
