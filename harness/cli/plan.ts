import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { URI_DATA } from '../../hooks/agent/uris.js';
import { catalogue } from '../../hooks/catalogue/index.js';
import { loadScenario, type LoadedScenario } from '../drive/scenario-file.js';
import { nearest } from '../drive/nearest.js';
import { LabError } from '../model/errors.js';
import type { RunHead } from '../model/run.js';
import { packageRoot } from '../package-root.js';
import type { RecordPlan } from '../record.js';
import { fromDisk } from '../store/disk.js';
import { findApp, scenarioFiles } from './registry.js';

/** What `audit` and `record` were asked. */
export interface Asked {
  readonly app: string;
  readonly scenario: string;
  readonly handset: string;
  readonly out: string | null;
  readonly caseNumber: string | null;
  readonly operator: string | null;
  readonly lab: string | null;
  readonly language: 'zh' | 'en';
}

/** argv → Plan: everything looked up and checked before anything starts. @throws LabError UNKNOWN_APP, UNKNOWN_SCENARIO, UNKNOWN_HANDSET, SCENARIO_SYNTAX */
export async function plan(asked: Asked): Promise<Omit<RecordPlan, 'signal' | 'onEvent' | 'onPhase'>> {
  if (asked.handset !== 'virtual') throw new LabError('UNKNOWN_HANDSET', { name: asked.handset });
  const { app, file } = await findApp(asked.app);
  const scenario = await findScenario(asked.scenario);
  const now = new Date();
  const id = runId(now, app.id);
  const { truth: _, ...rest } = app;
  return {
    app: rest,
    scenario,
    title: scenario.scenario.title[asked.language],
    dir: asked.out ?? join('runs', id),
    seed: randomBytes(16).toString('hex'),
    head: {
      id,
      app: {
        id: app.id,
        package: app.package,
        label: app.label[asked.language],
        version: app.version,
        signer: null,
        sha256: modulesSha256(file),
        source: { where: `simulated: scenarios/apps/${app.id}`, when: now.toISOString() },
        permissions: app.permissions,
        firstParty: app.firstParty,
      },
      tool: toolOf(),
      catalogue: { sha256: sha256(JSON.stringify(catalogue)), rows: catalogue.length, data: watchedData() },
      caseNumber: asked.caseNumber,
      operator: asked.operator,
      lab: asked.lab,
    },
  };
}

/** A scenario by its shipped id or by a file's path. @throws LabError UNKNOWN_SCENARIO, SCENARIO_SYNTAX, USAGE for a folder */
export async function findScenario(name: string): Promise<LoadedScenario> {
  const shipped = scenarioFiles();
  const file = shipped.get(name);
  if (file !== undefined) return loadScenario(file);
  if (/[\\/.]/.test(name) && existsSync(name)) {
    notAFolder(name, 'audit');
    return loadScenario(name);
  }
  throw new LabError('UNKNOWN_SCENARIO', { name, near: nearest(name, [...shipped.keys()], 3).join(', ') || '—' });
}

/** Refuses a folder where a scenario file should be. @throws LabError USAGE */
export function notAFolder(file: string, command: string): void {
  if (fromDisk(file, () => statSync(file)).isDirectory())
    throw new LabError('USAGE', {
      what: `${file} 是文件夹，这里要写场景文件`,
      whatEn: `${file} is a folder; a scenario file is wanted here`,
      command,
    });
}

/** A content query can lead to several data; a location read is a coarse one where only that is granted. */
function dataOf(datum: string): readonly string[] {
  if (datum === 'by-uri') return URI_DATA;
  return datum === 'location' ? ['location', 'location-coarse'] : [datum];
}

function watchedData(): readonly string[] {
  const data = catalogue.flatMap((row) => (row.kind !== 'read' || row.datum === null ? [] : dataOf(row.datum)));
  return [...new Set(data)].toSorted();
}

/** Id of a run that begins now: when, on what, and some chance. */
export function runId(now: Date, app: string): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `${day}-${time}-${app}-${randomBytes(2).toString('hex')}`;
}

/** Over the app's module and the pages that it shares with the others: both are the app that ran. */
function modulesSha256(file: string): string {
  const shared = join(dirname(file), '../loan');
  const names = readdirSync(shared).filter((name) => name.endsWith(extname(file)) && !name.endsWith('.d.ts'));
  return sha256(Buffer.concat([file, ...names.toSorted().map((name) => join(shared, name))].map((one) => readFileSync(one))));
}

/** This program, as run.json and packets name it. */
export function toolOf(): RunHead['tool'] {
  const root = packageRoot();
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const lock = join(root, 'package-lock.json');
  return {
    name,
    version,
    commit: commitOf(root),
    lockSha256: existsSync(lock) ? sha256(readFileSync(lock)) : null,
    node: process.versions.node,
  };
}

function commitOf(root: string): string | null {
  const git = join(root, '.git');
  const head = textOf(join(git, 'HEAD'));
  if (head === null) return null;
  const ref = /^ref: (.+)$/.exec(head)?.[1];
  if (ref === undefined) return head;
  const packed = textOf(join(git, 'packed-refs'))
    ?.split('\n')
    .find((line) => line.endsWith(` ${ref}`));
  return textOf(join(git, ref)) ?? packed?.slice(0, 40) ?? null;
}

function textOf(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : null;
}

function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
