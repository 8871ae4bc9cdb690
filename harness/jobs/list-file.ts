import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { LabError } from '../model/errors.js';

/** One audit of a list, with the line it stands on. */
export interface ListEntry {
  readonly app: string;
  readonly scenario: string;
  readonly line: number;
}

const DEFAULT_SCENARIO = 'sign-up-allow';
const KEYS: ReadonlySet<string> = new Set(['app', 'scenario']);

/** Reads a nightly list: a YAML sequence of `{app, scenario?}`. @throws LabError LIST_SYNTAX with the line */
export function parseList(text: string, file: string): readonly ListEntry[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const fail = (offset: number, what: string, whatEn: string): never => {
    throw new LabError('LIST_SYNTAX', { file, line: lines.linePos(offset).line, what, whatEn });
  };
  const broken = document.errors[0];
  if (broken) fail(broken.pos[0], `不是合法的 YAML（${broken.message}）`, `not valid YAML (${broken.message})`);
  const top = document.contents;
  if (!isSeq(top) || top.items.length === 0) return fail(0, '应当是一个列表，每项写 app', 'it should be a list whose items have app');
  return top.items.map((item) => {
    const at = isMap(item) || isScalar(item) ? (item.range?.[0] ?? 0) : 0;
    if (!isMap(item)) return fail(at, '这一项应当写成 app: 名称', 'this item should read app: NAME');
    for (const { key } of item.items)
      if (isScalar(key) && !KEYS.has(String(key.value)))
        fail(
          key.range?.[0] ?? at,
          `不认识的键 ${String(key.value)}，可用 app 与 scenario`,
          `unknown key ${String(key.value)}; there are app and scenario`,
        );
    const app: unknown = item.get('app');
    const scenario: unknown = item.get('scenario') ?? DEFAULT_SCENARIO;
    if (typeof app !== 'string') return fail(at, '缺少 app', 'app is missing');
    if (typeof scenario !== 'string') return fail(at, 'scenario 应当是文字', 'scenario should be text');
    return { app, scenario, line: lines.linePos(at).line };
  });
}
