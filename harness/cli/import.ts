import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { EvidenceFiles } from '../import/evidence.js';
import { zoneMinutesOf } from '../import/har-time.js';
import type { Imported, ImportPlan } from '../import/import-run.js';
import { LabError } from '../model/errors.js';
import { fromDisk } from '../store/disk.js';
import { runId, toolOf } from './plan.js';
import type { Common } from './program.js';
import { json, remark, result, short, shortWord } from './say.js';
import { turn, untilStopped } from './signals.js';

/** What `import` was asked. */
export interface ImportOptions {
  readonly out?: string;
  readonly har?: string;
  readonly values?: string;
  readonly camille?: string;
  readonly app?: string;
  readonly firstParty: readonly string[];
  readonly zone?: string;
  readonly case?: string;
  readonly operator?: string;
  readonly lab?: string;
}

/** `import`: evidence recorded by others becomes a run. Returns the exit code. @throws LabError USAGE, IMPORT_SYNTAX, RUN_EXISTS, OUT_FULL … */
export async function importCommand(folder: string | null, options: ImportOptions, common: Common): Promise<number> {
  const planned = await importPlan(folder, options, common);
  const { importRun } = await import('../import/import-run.js');
  return untilStopped(async (signal) => {
    const look = async (): Promise<void> => {
      await turn();
      signal.throwIfAborted();
    };
    try {
      tell(await importRun({ ...planned, turn: look }), common);
      return 0;
    } catch (error) {
      if (!signal.aborted) throw error;
      remark(common.language === 'zh' ? '已中断；没有留下记录' : 'interrupted; no run is left');
      return 130;
    }
  });
}

function usage(what: string, whatEn: string): LabError {
  return new LabError('USAGE', { what, whatEn, command: 'import' });
}

async function importPlan(folder: string | null, options: ImportOptions, { language }: Common): Promise<Omit<ImportPlan, 'turn'>> {
  const files = filesOf(folder, options);
  const zoneMinutes = options.zone === undefined ? null : zoneMinutesOf(options.zone);
  if (options.zone !== undefined && zoneMinutes === null)
    throw usage(`--zone 应写作 +08:00，而不是“${options.zone}”`, `--zone takes +08:00 and the like, not "${options.zone}"`);
  const workbook = named('--camille', options.camille);
  const id = runId(new Date(), 'import');
  return {
    dir: options.out ?? join('runs', id),
    files,
    camille:
      workbook === null
        ? null
        : (await import('../import/camille.js')).readCamille({ file: workbook, zoneMinutes, app: options.app ?? null }),
    zoneMinutes,
    head: { id, tool: toolOf(), caseNumber: options.case ?? null, operator: options.operator ?? null, lab: options.lab ?? null },
    title: language === 'zh' ? '导入的证据' : 'imported evidence',
    seed: randomBytes(16).toString('hex'),
    app: options.app ?? null,
    firstParty: options.firstParty.map((domain) => domain.toLowerCase()),
  };
}

const NAMES = { canaries: 'canaries.json', observations: 'observations.jsonl', consent: 'consent.jsonl', har: 'flows.har' } as const;

/** The files of the folder, those named by options in the place of theirs. */
function filesOf(folder: string | null, { har, values, camille }: ImportOptions): EvidenceFiles {
  if (folder === null && har === undefined && camille === undefined)
    throw usage('要写证据文件夹，或用 --har 写 HAR 文件', 'name a folder of evidence, or a HAR with --har');
  if (folder !== null && !isThere(folder, 'isDirectory')) throw usage(`没有文件夹 ${folder}`, `there is no folder ${folder}`);
  const inside = (name: string): string | null => (folder !== null && existsSync(join(folder, name)) ? join(folder, name) : null);
  const files: EvidenceFiles = {
    canaries: named('--values', values) ?? inside(NAMES.canaries),
    observations: inside(NAMES.observations),
    consent: inside(NAMES.consent),
    har: named('--har', har) ?? inside(NAMES.har),
  };
  if (folder !== null && Object.values(NAMES).every((name) => inside(name) === null)) {
    const list = Object.values(NAMES).join(', ');
    throw usage(`${folder} 里没有证据文件（${list}）`, `${folder} holds no evidence (${list})`);
  }
  return files;
}

function named(option: string, file: string | undefined): string | null {
  if (file === undefined) return null;
  if (!isThere(file, 'isFile')) throw usage(`${option}：没有文件 ${file}`, `${option}: there is no file ${file}`);
  return file;
}

function isThere(path: string, what: 'isFile' | 'isDirectory'): boolean {
  return fromDisk(path, () => statSync(path, { throwIfNoEntry: false }))?.[what]() ?? false;
}

function tell({ dir, app, counts, remarks }: Imported, common: Common): void {
  const zh = common.language === 'zh';
  for (const words of remarks) remark(words[common.language]);
  if (common.json)
    return json({ run: resolve(dir), app: app === '' ? null : app, ...counts, remarks: remarks.map((words) => words[common.language]) });
  const { values, placebos, reads, derivations, consents, flows } = counts;
  result(
    zh
      ? `导入了 ${reads} 次读取、${derivations} 次加密运算、${consents} 次同意行为、${flows} 条流量；要查找的值 ${values} 个，对照值 ${placebos} 个`
      : `imported ${reads} reads, ${derivations} crypto calls, ${consents} acts of consent, ${flows} flows; ${values} values to look for, ${placebos} placebos`,
  );
  result(short(dir));
  remark(zh ? `接下来：npx jiejing report ${shortWord(dir)}` : `next: npx jiejing report ${shortWord(dir)}`);
}
