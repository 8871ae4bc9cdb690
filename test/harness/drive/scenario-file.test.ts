import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mask, substitute } from '../../../harness/drive/scenario-faults.js';
import { checkScenario, loadScenario, parseScenario, template } from '../../../harness/drive/scenario-file.js';
import { LabError } from '../../../harness/model/errors.js';
import { PERSONA } from './lab.js';

const dir = mkdtempSync(join(tmpdir(), 'jiejing-scenario-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const head = 'title: 试\naims: []\nsteps:\n';
function fault(text: string): LabError {
  try {
    parseScenario(text, 'a/b.yaml');
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('no fault was found');
}

describe('a fault in a scenario file is named with its line', () => {
  it.each<readonly [string, string, number, string, string]>([
    [
      'a wrong act',
      `${head}  - launch: { clean: true }\n  - tapp: 登录\n`,
      5,
      '不认识 tapp，是不是 tap',
      'unknown key "tapp", did you mean tap',
    ],
    ['a wrong key inside an act', `${head}  - type: { into: 手机号, valeu: x }\n`, 4, '不认识 valeu，是不是 value', 'did you mean value'],
    ['a wrong key at the top', `titel: 试\naims: []\nsteps: []\n`, 1, '不认识 titel，是不是 title', 'did you mean title'],
    [
      'two acts in one step',
      `${head}  - tap: 登录\n    observe: 3\n`,
      4,
      '第 1 步写了不止一个键（tap、observe）',
      'step 1 has more than one key',
    ],
    ['a number that is a text', `${head}  - observe: 60s\n`, 4, 'observe 要写数字，现在是 "60s"', '"observe" must be number, not "60s"'],
    ['a text that is a number', `${head}  - tap: 123\n`, 4, 'tap 要写文字或键值对', '"tap" must be string or object'],
    [
      'a bare word for a step',
      `${head}  - launch: { clean: true }\n  - back\n`,
      5,
      '第 2 步要写成“动作: 参数”',
      'step 2 must be "act: argument"',
    ],
    ['a missing key', `${head}  - type: { into: 手机号 }\n`, 4, 'type 缺少 value', '"type" lacks "value"'],
    [
      'a word outside a closed list',
      `${head}  - privacy: agreee\n`,
      4,
      'privacy 只能是 expect、agree、decline、withdraw',
      'must be one of expect, agree, decline, withdraw',
    ],
    ['two locators in one target', `${head}  - tap: { id: a, text: b }\n`, 4, 'tap 写了不止一个键', '"tap" has more than one key'],
    [
      'an unknown permission group',
      `${head}  - permissions: { default: deny, locaton: allow }\n`,
      4,
      '不认识 locaton，是不是 location',
      'did you mean location',
    ],
    ['no default answer', `${head}  - permissions: { location: allow }\n`, 4, 'permissions 缺少 default', '"permissions" lacks "default"'],
    [
      'a fault deep inside blocks',
      `${head}  - repeat:\n      times: 2\n      steps:\n        - optional:\n            - tap: 甲\n            - obsrve: 3\n`,
      9,
      '不认识 obsrve',
      'did you mean observe',
    ],
    [
      'a persona that has no such field',
      `${head}  - type:\n      into: 甲\n      value: "\${persona.fone}"\n`,
      6,
      '没有名为 fone 的人物资料，可用：phone',
      'the persona has no "fone"',
    ],
    [
      'an aim that nothing reaches',
      `title: 试\naims:\n  - launched\n  - declined\nsteps:\n  - launch: { clean: true }\n`,
      4,
      'aims 写了 declined',
      'no step can reach it',
    ],
    [
      'an unknown aim',
      `title: 试\naims: [lunched]\nsteps:\n  - launch: { clean: true }\n`,
      2,
      '只能是 launched',
      'must be one of launched',
    ],
    ['an id in the file', `id: b\n${head}  - stop: true\n`, 1, '文件名', 'leave id out'],
    ['a key that stands twice', `${head}  - stop: true\ntitle: 又\n`, 5, '同一个键写了两次', 'stands twice'],
    ['broken YAML', `${head}  - tap: "登录\n`, 5, '不是合法的 YAML', 'not valid YAML'],
    ['the first of two faults', `${head}  - observe: 60s\n  - tapp: 甲\n`, 4, '60s', '60s'],
    ['no steps', 'title: 试\naims: []\nsteps: []\n', 3, 'steps', 'steps'],
    ['an empty file', '', 1, '场景', 'scenario'],
  ])('%s', (_name, ...[text, line, zh, en]) => {
    const error = fault(text);
    expect(error.code).toBe('SCENARIO_SYNTAX');
    expect(error.facts).toMatchObject({ file: 'a/b.yaml', line });
    expect(error.words('zh').what).toContain(zh);
    expect(error.words('en').what).toContain(en);
  });
});

describe('a sound scenario', () => {
  it('takes its id from the file, keeps placeholders, and knows the line of each step', () => {
    const text = `${head}  - launch: { clean: true }\n\n  - optional:\n      - tick: 甲\n      - tap: 乙\n  - when:\n      text: 丙\n      then:\n        - back: true\n      else:\n        - stop: true\n  - type: { into: 丁, value: "\${phone}" }\n`;
    const { scenario, lines, sha256 } = parseScenario(text, 'x/trial.yaml');
    expect(scenario).toMatchObject({ id: 'trial', title: { zh: '试', en: '试' } });
    expect(JSON.stringify(scenario.steps)).toContain('${phone}');
    expect(['1', '2', '2.1', '2.2', '3', '3.1', '3.e1', '4'].map((path) => lines.lineOf(path))).toEqual([4, 6, 7, 8, 9, 12, 14, 15]);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
  });
  it("the same from an object, whose id must be its file's name", () => {
    const given = { id: 'trial', title: { zh: '试', en: 'trial' }, aims: [], steps: [{ stop: true }] };
    expect(checkScenario(given, '/x/trial.ts').scenario.steps).toEqual([{ stop: true }]);
    expect(() => checkScenario(given, '/x/other.ts')).toThrow(/id must equal the file name: other/);
    expect(() => checkScenario({ ...given, steps: [{ stop: false }] }, '/x/trial.ts')).toThrow(/must be one of true/);
  });
  it('the template is one', async () => {
    const file = join(dir, 'fresh.yaml');
    writeFileSync(file, template('fresh'));
    expect((await loadScenario(file)).scenario.id).toBe('fresh');
  });
  it('a file that is not there is an unknown scenario', async () => {
    await expect(loadScenario(join(dir, 'none.yaml'))).rejects.toMatchObject({ code: 'UNKNOWN_SCENARIO' });
    await expect(loadScenario(join(dir, 'none.mjs'))).rejects.toMatchObject({ code: 'UNKNOWN_SCENARIO' });
  });
  it('a module that breaks while loading says why', async () => {
    const file = join(dir, 'broken.mjs');
    writeFileSync(file, 'throw new Error("boom")');
    await expect(loadScenario(file)).rejects.toMatchObject({ code: 'SCENARIO_SYNTAX' });
  });
});

describe('the persona', () => {
  it('is put in by its long and its short name; other braces stay', () => {
    expect(substitute({ into: ['${persona.phone}/${otp}/${x}'], seconds: 3 }, PERSONA)).toEqual({
      into: [`${PERSONA.phone}/${PERSONA.otp}/\${x}`],
      seconds: 3,
    });
    expect(mask(`${PERSONA.phone}/${PERSONA.name}`, PERSONA)).toBe('${persona.phone}/${persona.name}');
  });
});
