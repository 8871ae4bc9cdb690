import { existsSync, writeFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { loadScenario, template } from '../drive/scenario-file.js';
import { LabError, shellWord } from '../model/errors.js';
import { diskError } from '../store/disk.js';
import type { Common } from './program.js';
import { notAFolder } from './plan.js';
import { appIds, findApp, scenarioFiles } from './registry.js';
import { cell, json, result, wrap } from './say.js';

/** Lists the apps that can be audited. */
export async function appsCommand({ language, json: asJson }: Common): Promise<number> {
  const apps = await Promise.all(appIds().map(async (id) => (await findApp(id)).app));
  if (asJson) json(apps.map(({ id, label, about, version, package: name }) => ({ id, package: name, version, label, about })));
  else for (const app of apps) listed(app.id, `${app.label[language]}${language === 'zh' ? '：' : ': '}${app.about[language]}`);
  return 0;
}

/** Lists scenarios; `new FILE` writes one to start from, `validate FILE` checks one. @throws LabError SCENARIO_SYNTAX, USAGE */
export async function scenariosCommand(act: string | undefined, file: string | undefined, common: Common): Promise<number> {
  if (act === undefined) return list(common);
  if (act !== 'new' && act !== 'validate')
    throw new LabError('USAGE', {
      what: `没有子命令 ${act}，可用 new 和 validate`,
      whatEn: `no subcommand ${act}; there are new and validate`,
      command: 'scenarios',
    });
  if (file === undefined || file === '')
    throw new LabError('USAGE', {
      what: `scenarios ${act} 需要一个文件名`,
      whatEn: `scenarios ${act} needs a file name`,
      command: 'scenarios',
    });
  return act === 'new' ? write(file, common) : validate(file, common);
}

async function list({ language, json: asJson }: Common): Promise<number> {
  const all = await Promise.all([...scenarioFiles()].map(async ([id, path]) => ({ path, ...(await loadScenario(path)).scenario, id })));
  if (asJson) json(all.map(({ id, path, title, aims }) => ({ id, file: path, title, aims })));
  else for (const { id, title } of all) listed(id, title[language]);
  return 0;
}

async function write(file: string, { language, json: asJson }: Common): Promise<number> {
  if (existsSync(file))
    throw new LabError('USAGE', {
      what: `${file} 已存在，不会覆盖`,
      whatEn: `${file} exists and is not overwritten`,
      command: 'scenarios',
    });
  try {
    writeFileSync(file, template(basename(file, extname(file))), { flag: 'wx' });
  } catch (error) {
    throw diskError(error, file);
  }
  if (asJson) json({ file });
  else
    result(
      language === 'zh'
        ? `已写出 ${file}；改好后用 npx jiejing scenarios validate ${shellWord(file)} 检查`
        : `wrote ${file}; when changed, check it with: npx jiejing scenarios validate ${shellWord(file)}`,
    );
  return 0;
}

async function validate(file: string, { language, json: asJson }: Common): Promise<number> {
  if (!existsSync(file))
    throw new LabError('USAGE', { what: `没有文件 ${file}`, whatEn: `there is no file ${file}`, command: 'scenarios' });
  notAFolder(file, 'scenarios');
  const { scenario } = await loadScenario(file);
  if (asJson) json({ file, ok: true, id: scenario.id, steps: scenario.steps.length });
  else result(language === 'zh' ? `${file} 没有问题：${scenario.steps.length} 步` : `${file} is fine: ${scenario.steps.length} steps`);
  return 0;
}

function listed(id: string, about: string): void {
  for (const [i, line] of wrap(about, 60).entries()) result(`${cell(i === 0 ? id : '', 16)} ${line}`);
}
