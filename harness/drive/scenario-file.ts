import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LineCounter, isMap, isSeq, isScalar, parseDocument } from 'yaml';
import type { Document, Node } from 'yaml';
import { LabError } from '../model/errors.js';
import type { Scenario } from '../model/scenario.js';
import { faultsOf } from './scenario-faults.js';
import type { Fault } from './scenario-faults.js';

/** Where the steps of a scenario stand in its file. */
export interface ScenarioLines {
  readonly file: string;
  /** Line (from 1) of a step by its path (`3`, `3.2`); the first line where the file's text gives none (TypeScript). */
  lineOf(stepPath: string): number;
}

export interface LoadedScenario {
  readonly scenario: Scenario;
  readonly lines: ScenarioLines;
  /** SHA-256 of the file as it stands; of its JSON for one written in TypeScript. */
  readonly sha256: string;
}

/** Reads a scenario from a `.yaml`, `.yml`, `.json` or a compiled TypeScript module. @throws LabError SCENARIO_SYNTAX, UNKNOWN_SCENARIO when there is no such file. */
export async function loadScenario(path: string): Promise<LoadedScenario> {
  if (/\.[cm]?[jt]s$/.test(path)) return checkScenario(await imported(path), path);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LabError('UNKNOWN_SCENARIO', { name: path, near: '-' }, { cause });
  });
  return parseScenario(text, path);
}

/** Checks a scenario given as an object, as `defineScenario` in TypeScript gives it; `file` is named in errors and must bear its id. @throws LabError SCENARIO_SYNTAX */
export function checkScenario(given: unknown, file: string): LoadedScenario {
  const lines: ScenarioLines = { file, lineOf: () => 1 };
  const [fault] = faultsOf(given, idOf(file));
  if (fault !== undefined) throw syntax(file, 1, fault);
  const scenario = normal(given, idOf(file));
  return { scenario, lines, sha256: sha256(JSON.stringify(scenario)) };
}

/** Parses a scenario written in YAML. @throws LabError SCENARIO_SYNTAX with the line */
export function parseScenario(text: string, file: string): LoadedScenario {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, uniqueKeys: true });
  const broken = document.errors[0];
  if (broken !== undefined) {
    const what =
      broken.code === 'DUPLICATE_KEY'
        ? { zh: '同一个键写了两次', en: 'the same key stands twice' }
        : { zh: `不是合法的 YAML（${broken.message}）`, en: `not valid YAML (${broken.message})` };
    throw syntax(file, counter.linePos(broken.pos[0]).line, { path: [], ...what });
  }
  const given: unknown = document.toJS();
  const [first] = faultsOf(given, null)
    .map((fault) => ({ fault, line: lineAt(document, counter, fault.path, fault.key ?? null) }))
    .toSorted((a, b) => a.line - b.line);
  if (first !== undefined) throw syntax(file, first.line, first.fault);
  const lines: ScenarioLines = { file, lineOf: (stepPath) => lineAt(document, counter, stepAt(given, stepPath), null) };
  return { scenario: normal(given, idOf(file)), lines, sha256: sha256(text) };
}

/** A scenario to start from, for `jiejing scenarios new`; its id will be the name of the file. */
export function template(id: string): string {
  return `# 场景 ${id}：写明要看什么。检查：npx jiejing scenarios validate ${id}.yaml
# 每一步以“- ”开头，只写一个动作；秒数是手机上的秒数。
title: { zh: 请写中文标题, en: Write an English title }
# 本场景要到达的地方：launched、notice-shown、agreed、declined、withdrawn、form-reached、background。
# 只写确实会到达的；没有写的，相应规则记为“未检测”，不影响结论。
aims: [launched, notice-shown, agreed]
steps:
  # 系统权限弹窗的固定回答：allow 允许、once 仅一次、deny 拒绝；可另写某一组，如 location: once。
  - permissions: { default: deny }
  # clean: true 先清除数据与权限，相当于刚安装。
  - launch: { clean: true }
  # 观察 15 秒，什么也不碰。
  - observe: 15
  # expect 等待提示，agree 同意，decline 不同意，withdraw 撤回同意。
  - privacy: agree
  # 点屏幕上的整行文字；也可写 { id: btn_login }、{ desc: … }、{ uia: … }、{ xpath: … }。
  # - tap: 获取验证码
  # 输入本次审计随机生成的人物资料：phone、otp、name、idNumber、bankCard、password、
  # contactName、contactPhone、amount、address、job。
  # - type: { into: { id: et_phone }, value: "\${persona.phone}" }
  # 可能没有的步骤放进 optional。
  # - optional:
  #     - tick: 我已阅读并同意
  # - expect: { text: 审核中 }
  - observe: 30
`;
}

async function imported(path: string): Promise<unknown> {
  try {
    const module: unknown = await import(pathToFileURL(resolve(path)).href);
    return typeof module === 'object' && module !== null && 'default' in module ? module.default : module;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_MODULE_NOT_FOUND')
      throw new LabError('UNKNOWN_SCENARIO', { name: path, near: '-' }, { cause });
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_UNKNOWN_FILE_EXTENSION') {
      throw syntax(
        path,
        1,
        {
          path: [],
          zh: '这个版本的 Node 不能直接读 TypeScript；请先用 tsc 编译，再给出 .js 文件',
          en: 'this Node cannot read TypeScript; compile it with tsc and name the .js file',
        },
        cause,
      );
    }
    throw syntax(path, 1, { path: [], zh: `读取时出错：${String(cause)}`, en: `it failed while loading: ${String(cause)}` }, cause);
  }
}

function syntax(file: string, line: number, fault: Fault, cause?: unknown): LabError {
  return new LabError('SCENARIO_SYNTAX', { file, line, what: fault.zh, whatEn: fault.en }, cause === undefined ? {} : { cause });
}

function idOf(file: string): string {
  return basename(file, extname(file));
}

function normal(given: unknown, id: string): Scenario {
  const checked = given as Omit<Scenario, 'title' | 'id'> & { readonly title: string | Scenario['title'] };
  const title = typeof checked.title === 'string' ? { zh: checked.title, en: checked.title } : checked.title;
  return { id, title, aims: checked.aims, steps: checked.steps };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

type Key = string | number;

/** `3.2` → the way through the data to the second act inside the third step. */
function stepAt(given: unknown, stepPath: string): readonly Key[] {
  const way: Key[] = ['steps'];
  let here = (given as { readonly steps?: unknown }).steps;
  for (const [depth, part] of stepPath.split('.').entries()) {
    if (depth > 0) {
      const inner = innerSteps(here, part);
      if (inner === null) return way;
      way.push(...inner.way);
      here = inner.steps;
    }
    const index = Number(part.replace(/^\D+/, '')) - 1;
    if (!Array.isArray(here) || here[index] === undefined) return way;
    way.push(index);
    here = here[index];
  }
  return way;
}

/** The list inside a block act: `optional`, `repeat`, and both sides of `when` (`e1` is the first act of `else`). */
function innerSteps(step: unknown, part: string): { readonly way: readonly Key[]; readonly steps: unknown } | null {
  if (typeof step !== 'object' || step === null) return null;
  const block = step as {
    readonly optional?: unknown;
    readonly repeat?: { readonly steps?: unknown };
    readonly when?: { readonly then?: unknown; readonly else?: unknown };
  };
  if (block.optional !== undefined) return { way: ['optional'], steps: block.optional };
  if (block.repeat !== undefined) return { way: ['repeat', 'steps'], steps: block.repeat.steps };
  if (block.when !== undefined)
    return part.startsWith('e') ? { way: ['when', 'else'], steps: block.when.else } : { way: ['when', 'then'], steps: block.when.then };
  return null;
}

/** Line of the deepest node on the way; of `key` inside it when given. */
function lineAt(document: Document.Parsed, counter: LineCounter, way: readonly Key[], key: string | null): number {
  let offset = 0;
  let node: Node | null = document.contents;
  for (const step of key === null ? way : [...way, key]) {
    const next = childOf(node, step);
    if (next === null) break;
    offset = next.offset;
    node = next.node;
  }
  return counter.linePos(offset).line;
}

function childOf(node: Node | null, step: Key): { readonly offset: number; readonly node: Node | null } | null {
  if (isSeq<Node>(node) && typeof step === 'number') {
    const item = node.items[step];
    return item?.range ? { offset: item.range[0], node: item } : null;
  }
  if (isMap<Node, Node | null>(node)) {
    const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(step));
    return pair?.key.range ? { offset: pair.key.range[0], node: pair.value } : null;
  }
  return null;
}
