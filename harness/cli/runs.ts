import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import stringWidth from 'string-width';
import { listRuns } from '../store/list.js';
import htmlFormat from '../../reports/formats/html.js';
import { CAPTURE_WORDS } from '../../reports/words.js';
import { compared, judgeRun, writeJudgement } from './pipeline.js';
import type { Common } from './program.js';
import { cell, json, oneLine, remark, result, short } from './say.js';

const STATES = {
  complete: ['完整', 'complete'],
  interrupted: ['中断', 'interrupted'],
  recording: ['录制中', 'recording'],
  forgotten: ['已删除', 'forgotten'],
  unreadable: ['无法读取', 'unreadable'],
} as const;

/** Lists the runs of a folder, newest first. */
export async function runsCommand(folder: string, { language, json: asJson }: Common): Promise<number> {
  const rows = listRuns(folder);
  if (asJson) json(rows);
  else if (rows.length === 0)
    remark(
      language === 'zh'
        ? `${folder} 里还没有记录。先运行：npx jiejing audit eager`
        : `no runs in ${folder} yet; begin with: npx jiejing audit eager`,
    );
  else {
    const cells = rows.map((row) =>
      [
        short(row.dir),
        STATES[row.state][language === 'zh' ? 0 : 1],
        local(row.began),
        row.scenario === 'none' ? CAPTURE_WORDS[language] : row.scenario,
      ].map(oneLine),
    );
    const widths = [0, 1, 2].map((i) => Math.max(...cells.map((line) => stringWidth(line[i] ?? ''))));
    for (const line of cells)
      result(
        line
          .map((text, i) => cell(text, widths[i] ?? stringWidth(text)))
          .join('  ')
          .trimEnd(),
      );
  }
  return 0;
}

/** ISO 8601 as the clock on the wall here shows it, and how far that is from UTC. */
function local(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const two = (n: number): string => String(n).padStart(2, '0');
  const east = -at.getTimezoneOffset();
  const zone = `${east < 0 ? '-' : '+'}${two(Math.floor(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())} ${zone}`;
}

/** Opens the report in the system's browser, writing it first where there is none or what is there does not follow from the run; says where it is in any case. */
export async function openCommand(dir: string, common: Common): Promise<number> {
  const file = resolve(join(dir, htmlFormat.fileName));
  const parts = await judgeRun(dir, common.language);
  const state = compared(file, htmlFormat, parts);
  if (state !== 'same') writeJudgement(dir, parts);
  if (state === 'edited')
    remark(
      common.language === 'zh'
        ? `${short(file)} 不是由本记录得出的（被改动，或出自其他版本），已重新得出。`
        : `${short(file)} was not what follows from the run (edited, or of another version); it was made again.`,
    );
  const opened = await openInBrowser(file);
  if (common.json) json({ report: file, opened });
  else {
    result(short(file));
    if (!opened)
      remark(common.language === 'zh' ? '没有找到浏览器；请自行打开上面的文件。' : 'no browser was found; open the file above yourself.');
  }
  return 0;
}

function openInBrowser(file: string): Promise<boolean> {
  const [command, ...args] =
    process.platform === 'darwin' ? ['open', file] : process.platform === 'win32' ? ['cmd', '/c', 'start', '', file] : ['xdg-open', file];
  return new Promise((done) => {
    const child = spawn(command ?? '', args, { stdio: 'ignore', detached: true });
    child.once('error', () => done(false));
    child.once('spawn', () => {
      child.unref();
      done(true);
    });
  });
}
