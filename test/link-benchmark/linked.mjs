import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The program as built by `npm run prepare`. */
export const BUILT = resolve(fileURLToPath(new URL('../../dist', import.meta.url)));

/** Importer and linker of a built program. @throws Error with one sentence when it is not built */
export async function program(dist) {
  const at = (path) => import(pathToFileURL(join(dist, path)).href);
  if (!existsSync(join(dist, 'harness/import/import-run.js'))) throw new Error(`${dist} holds no built program: npm run prepare`);
  const [{ importRun }, { readRun }, { fileBodies }, { link }, { receiversFor }, { aliasesOf }] = await Promise.all([
    at('harness/import/import-run.js'),
    at('harness/store/read.js'),
    at('harness/store/bodies.js'),
    at('reports/link/link.js'),
    at('reports/receivers/receivers.js'),
    at('reports/receivers/aliases.js'),
  ]);
  return { importRun, readRun, fileBodies, link, receiversFor, aliasesOf };
}

/** Capture folders below `folder`, with what `truth` says of each. */
export function captures(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.truth.json'))
    .toSorted()
    .map((file) => {
      const name = file.replace('.truth.json', '');
      const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
      const dir = join(folder, name);
      const texts = new Map(read(join(dir, 'canaries.json')).map(({ id, type, value }) => [id, { type, value }]));
      return { name, dir, truth: read(join(folder, file)), texts };
    });
}

/** Links of one capture, and the milliseconds that importing and linking took. */
export async function linked(built, dir) {
  const room = mkdtempSync(join(tmpdir(), 'link-benchmark-'));
  try {
    const run = join(room, 'run');
    const began = performance.now();
    await built.importRun(importPlan(dir, run));
    const imported = performance.now();
    const { head, events, manifest } = built.readRun(run);
    const bodies = built.fileBodies(run);
    const { links, placebo, gaps } = built.link({ head, events, manifest, bodies });
    const table = built.receiversFor(head, built.aliasesOf(events, bodies));
    bodies.close();
    const receivers = new Map(events.filter(({ kind }) => kind === 'flow').map(({ id, host }) => [id, table.receiverOf(host)]));
    return { links, receivers, placebo, gaps, importMs: imported - began, linkMs: performance.now() - imported };
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
}

function importPlan(dir, run) {
  const file = (name) => (existsSync(join(dir, name)) ? join(dir, name) : null);
  const names = { canaries: 'canaries.json', observations: 'observations.jsonl', consent: 'consent.jsonl', har: 'flows.har' };
  return {
    dir: run,
    files: Object.fromEntries(Object.entries(names).map(([key, name]) => [key, file(name)])),
    camille: null,
    zoneMinutes: null,
    head: {
      id: 'benchmark',
      tool: { name: 'jiejing', version: '0', commit: null, lockSha256: null, node: '' },
      caseNumber: null,
      operator: null,
      lab: null,
    },
    title: 'benchmark',
    seed: '00'.repeat(16),
    app: null,
    firstParty: ['yundai.example'],
    turn: async () => {},
  };
}
