import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildReport } from '../../reports/report.js';
import type { FormatParts } from '../../reports/format.js';
import htmlFormat from '../../reports/formats/html.js';
import jsonFormat from '../../reports/formats/json.js';
import { judge } from '../../reports/judge.js';
import { LAW } from '../../reports/law/law.js';
import { link } from '../../reports/link/link.js';
import { receiversFor } from '../../reports/receivers/receivers.js';
import { timeline } from '../../reports/timeline.js';
import type { Language } from '../../reports/words.js';
import { LabError } from '../model/errors.js';
import { fileBodies } from '../store/bodies.js';
import { diskError } from '../store/disk.js';
import { readRun } from '../store/read.js';
import { allRules } from './registry.js';

const FORMATS = [jsonFormat, htmlFormat];

/** Judges a recorded run: read, link, order, judge. Nothing is written. @throws LabError RUN_BROKEN, RUN_TOO_NEW, UNKNOWN_RUN, RUN_IN_USE … */
export async function judgeRun(dir: string, language: Language): Promise<FormatParts> {
  const run = readRun(dir);
  if (run.recording) throw new LabError('RUN_IN_USE', { dir });
  const bodies = fileBodies(dir);
  try {
    const { head, events, manifest, interrupted } = run;
    const linked = link({ head, events, manifest, bodies });
    const line = timeline({ head, events, manifest, links: linked.links, gaps: linked.gaps, interrupted, receivers: receiversFor(head) });
    const rules = await allRules();
    const findings = judge(line, rules, LAW);
    const report = buildReport({ timeline: line, findings, placebo: linked.placebo, headSha256: run.headSha256 });
    return { report, timeline: line, rules, law: LAW.rows, picture: (file) => pictureIn(dir, file), language };
  } finally {
    bodies.close();
  }
}

/** Writes the next judgement of a run, and puts its files at the top of the run as the newest. Returns the judgement's folder. */
export function writeJudgement(dir: string, parts: FormatParts): string {
  const all = join(dir, 'judgements');
  try {
    mkdirSync(all, { recursive: true });
    const n = Math.max(0, ...readdirSync(all).map(Number).filter(Number.isInteger)) + 1;
    const folder = join(all, String(n));
    mkdirSync(folder);
    for (const format of FORMATS) {
      writeFileSync(join(folder, format.fileName), format.render(parts));
      copyFileSync(join(folder, format.fileName), join(dir, format.fileName));
    }
    return folder;
  } catch (error) {
    throw diskError(error, all);
  }
}

function pictureIn(dir: string, file: string): Uint8Array | null {
  const path = join(dir, file);
  return existsSync(path) ? readFileSync(path) : null;
}
