import { readFileSync } from 'node:fs';
import type { Words } from '../model/finding.js';
import { fromDisk, sha256 } from '../store/disk.js';
import { rowsOfXls } from './biff.js';
import { camilleDatum } from './camille-data.js';
import type { ConsentAct } from './consents.js';
import { fault, faultWith, quoted, type Place } from './fault.js';
import { checkedMoment } from './members.js';
import type { Read } from './observations.js';
import { callerIn, familyOf, frameOf } from './stack.js';

/** What a workbook of camille's tells. */
export interface CamilleFile {
  readonly file: string;
  readonly sha256: string;
  readonly calls: readonly Read[];
  /** Where the rows turn from before consent to after it; empty: they never do. */
  readonly consents: readonly ConsentAct[];
  readonly remarks: readonly Words[];
}

/** How it is to be read. `app`: package of the app, which the workbook does not tell; null: not known. */
interface CamilleReading {
  readonly file: string;
  readonly zoneMinutes: number | null;
  readonly app: string | null;
}

const TITLES = {
  time: '时间点',
  action: '操作行为',
  description: '行为描述',
  args: '传入参数',
  stack: '调用堆栈',
  policy: '隐私政策状态',
} as const;
type Cells = Readonly<Record<keyof typeof TITLES, string>>;

/** The row's time is cut to the second. */
const SECOND_MS = 1000;

/** Reads an .xls that camille wrote. @throws LabError IMPORT_SYNTAX, NO_READ, BAD_PATH */
export function readCamille({ file, zoneMinutes, app }: CamilleReading): CamilleFile {
  const name = file.replace(/^.*[\\/]/, '');
  const bytes = fromDisk(file, () => readFileSync(file));
  const whole: Place = { zh: name, en: name };
  const table = rowsOfXls(bytes);
  if (table === null)
    throw fault(whole, {
      zh: '不是 Excel 97–2003 工作簿（.xls），或已损坏',
      en: 'it is no workbook of Excel 97–2003 (.xls), or is broken',
    });
  const columns = columnsOf(table.get(0) ?? new Map(), whole);
  if (zoneMinutes === null)
    throw faultWith(
      whole,
      { zh: 'camille 不记时区', en: 'camille tells no time zone' },
      { zh: '用 --zone 说明手机的时区，例如 --zone +08:00', en: "tell the handset's zone with --zone, such as --zone +08:00" },
    );
  const rows = [...table].filter(([row]) => row > 0).toSorted(([a], [b]) => a - b);
  const cells = rows.map(([row, texts]) => ({ line: row + 1, cells: cellsOf(texts, columns) }));
  const isFromZero = countsFromZero(cells.map((row) => row.cells.time));
  const all = cells.map((row): Row => {
    const place = { zh: `${name} 第 ${row.line} 行`, en: `${name}, row ${row.line}` };
    return { ...row, place, t: momentOfRow(row.cells.time, { zoneMinutes, isFromZero }, place) };
  });
  const reads = all.flatMap((row) => readOf(row, app) ?? []);
  return {
    file: name,
    sha256: sha256(bytes),
    calls: reads,
    consents: turnOf(all),
    remarks: remarksOn(name, all.length - reads.length, isFromZero),
  };
}

interface Row {
  readonly line: number;
  readonly place: Place;
  readonly cells: Cells;
  readonly t: number;
}

function columnsOf(titles: ReadonlyMap<number, string>, place: Place): Readonly<Record<keyof typeof TITLES, number | null>> {
  const at = (title: string): number | null => [...titles].find(([, text]) => text.trim() === title)?.[0] ?? null;
  const { time, action, description, args, stack, policy } = TITLES;
  if (at(time) === null || at(stack) === null)
    throw fault(place, { zh: `第一行没有“${time}”与“${stack}”两列`, en: `its first row has no columns "${time}" and "${stack}"` });
  return { time: at(time), action: at(action), description: at(description), args: at(args), stack: at(stack), policy: at(policy) };
}

function cellsOf(cells: ReadonlyMap<number, string>, columns: ReturnType<typeof columnsOf>): Cells {
  const text = (column: number | null): string => (column === null ? '' : (cells.get(column) ?? ''));
  const { time, action, description, args, stack, policy } = columns;
  return {
    time: text(time),
    action: text(action),
    description: text(description),
    args: text(args),
    stack: text(stack),
    policy: text(policy),
  };
}

const TIME = /^(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{1,2}):(\d{1,2})$/;

/** camille writes numbers without zeros before them, and counts months from 0; a table in which no number is so short was written by something else. */
function countsFromZero(times: readonly string[]): boolean {
  const parts = times.map((text) => TIME.exec(text.trim())?.slice(2) ?? []);
  return parts.every(([month]) => month !== '12') && parts.some((numbers) => numbers.some((number) => number.length === 1));
}

function momentOfRow(text: string, how: { readonly zoneMinutes: number; readonly isFromZero: boolean }, place: Place): number {
  const parts = TIME.exec(text.trim());
  if (parts === null) throw fault(place, { zh: `“${quoted(text)}”不是时间`, en: `"${quoted(text)}" is no time` });
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  const t = Date.UTC(year, how.isFromZero ? month : month - 1, day, hour, minute - how.zoneMinutes, second);
  return checkedMoment(t, TITLES.time, place);
}

function readOf({ line, place, cells, t }: Row, app: string | null): Read | null {
  const stack = cells.stack
    .split(/\r?\n/)
    .filter((text) => text.trim() !== '')
    .map(frameOf);
  const [called] = stack;
  const api = called === undefined ? '' : `${called.class}.${called.method}`;
  const datum = camilleDatum(api, cells.description, cells.args);
  if (datum === null) return null;
  const process = { pid: 0, name: app ?? '', package: app ?? '' };
  const dated = { given: null, counted: `o${line}`, place, line, t, slackMs: SECOND_MS };
  return {
    ...dated,
    kind: 'read',
    api,
    family: familyOf(api),
    datum,
    values: [],
    threw: null,
    process,
    thread: '',
    caller: callerIn(stack),
    stack,
  };
}

/** The first row after consent: it was given between the row before it and this one. */
function turnOf(rows: readonly Row[]): readonly ConsentAct[] {
  const at = rows.findIndex(({ cells }) => cells.policy.trim().endsWith('后'));
  const [before, after] = [rows[at - 1], rows[at]];
  if (before === undefined || after === undefined || !before.cells.policy.trim().endsWith('前')) return [];
  const halfMs = Math.max(0, after.t - before.t) / 2;
  const { line, place } = after;
  return [{ given: null, counted: `c${line}`, place, line, t: before.t + halfMs, slackMs: halfMs + SECOND_MS, act: 'agreed' }];
}

function remarksOn(name: string, others: number, isFromZero: boolean): readonly Words[] {
  return [
    ...(others === 0
      ? []
      : [
          {
            zh: `${name}：${others} 行不是对个人信息的读取，或不认识，未导入`,
            en: `${name}: ${others} rows are no reads of personal data, or not known: left out`,
          },
        ]),
    ...(isFromZero
      ? [
          {
            zh: `${name}：月份按 camille 的写法从 0 数起（0 为一月）`,
            en: `${name}: months are counted from 0, as camille writes them (0 is January)`,
          },
        ]
      : []),
  ];
}
