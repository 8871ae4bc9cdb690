import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { packageRoot } from '../package-root.js';
import { nearest } from '../drive/nearest.js';
import { LabError } from '../model/errors.js';
import type { Rule } from '../model/finding.js';
import type { SimulatedApp } from '../model/app.js';

// Run from source (tests) a leaf is .ts, run from dist it is .js.
const here = fileURLToPath(import.meta.url);
const LEAF = here.endsWith('.ts') ? '.ts' : '.js';
const BUILT = join(dirname(here), '../..');

function leafFiles(folder: string, ending: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending) && !name.endsWith('.d.ts'))
    .toSorted();
}

async function leaf<T>(folder: string, name: string): Promise<T> {
  const module: { readonly default: T } = await import(pathToFileURL(join(folder, name)).href);
  return module.default;
}

/** Ids of the simulated apps, in name order. */
export function appIds(): readonly string[] {
  return leafFiles(join(BUILT, 'scenarios/apps'), LEAF).map((name) => name.slice(0, -LEAF.length));
}

/** The app of that id with its built file, for hashing. @throws LabError UNKNOWN_APP */
export async function findApp(id: string): Promise<{ readonly app: SimulatedApp; readonly file: string }> {
  const ids = appIds();
  if (!ids.includes(id)) throw new LabError('UNKNOWN_APP', { name: id, near: nearest(id, ids, 3).join(', ') || '—' });
  const folder = join(BUILT, 'scenarios/apps');
  const app = await leaf<SimulatedApp>(folder, id + LEAF);
  if (app.id !== id) throw new Error(`scenarios/apps/${id}: its id is ${app.id}`);
  return { app, file: join(folder, id + LEAF) };
}

/** Shipped scenarios: id → file. YAML lies in the source folder, TypeScript in the built one. */
export function scenarioFiles(): ReadonlyMap<string, string> {
  const yaml = join(packageRoot(), 'scenarios');
  const built = join(BUILT, 'scenarios');
  const files = new Map<string, string>();
  for (const name of leafFiles(yaml, '.yaml')) files.set(name.slice(0, -'.yaml'.length), join(yaml, name));
  for (const name of leafFiles(built, LEAF)) files.set(name.slice(0, -LEAF.length), join(built, name));
  return files;
}

/** All rules, in id order. */
export async function allRules(): Promise<readonly Rule[]> {
  const folder = join(BUILT, 'reports/rules');
  const rules = await Promise.all(leafFiles(folder, LEAF).map((name) => leaf<Rule>(folder, name)));
  return rules.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
