// A million cases for each reader of what peers send: never a throw, never a hang, and what is read is what was sent.
// Alone: node test/bench/fuzz.mjs [--cases 1000000] [hello message websocket http2]
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { build } from 'esbuild';

const CASES = 1_000_000;
/** Cases tried from one seed; a failure names it. */
const AT_ONCE = 5000;
/** Real time for those; they take a few seconds. */
const HANG_MS = 180_000;
const READERS = {
  hello: { title: 'the ClientHello reader', file: 'hello-fuzz.ts', properties: 'HELLO_PROPERTIES' },
  message: { title: 'the reader of HTTP/1', file: 'message-fuzz.ts', properties: 'MESSAGE_PROPERTIES' },
  websocket: { title: 'the WebSocket reader', file: 'websocket-fuzz.ts', properties: 'WEBSOCKET_PROPERTIES' },
  http2: { title: 'the reader of HTTP/2', file: 'http2-fuzz.ts', properties: 'HTTP2_PROPERTIES' },
};
const SOURCES = fileURLToPath(new URL('../harness/capture/', import.meta.url));

/** Rows of goals and what was reached; see test/bench/run.mjs. */
export async function measure() {
  return await fuzz(Object.keys(READERS), CASES);
}

async function fuzz(names, cases) {
  const root = mkdtempSync(join(tmpdir(), 'jiejing-fuzz-'));
  try {
    const files = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await bundled(root, READERS[name].file)])));
    const left = [...names];
    const rows = [];
    const lane = async () => {
      for (let name = left.shift(); name !== undefined; name = left.shift()) rows.push(await one(name, files[name], cases));
    };
    await Promise.all(Array.from({ length: Math.min(availableParallelism(), names.length) }, lane));
    return rows;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function bundled(root, file) {
  const outfile = join(root, file.replace(/ts$/, 'mjs'));
  await build({
    entryPoints: [join(SOURCES, file)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    outfile,
    logLevel: 'error',
  });
  return pathToFileURL(outfile).href;
}

async function one(name, file, cases) {
  const { title, properties } = READERS[name];
  const began = performance.now();
  const { done, failures } = await inWorker({ file, properties, cases });
  for (const failure of failures.slice(0, 3)) console.log(`  ${title}: ${failure.slice(0, 2000)}`);
  return {
    what: `failures in ${done} fuzz cases of ${title}`,
    goal: 0,
    // Cases that were never tried count as failed.
    reached: failures.length + (done < cases && failures.length === 0 ? 1 : 0),
    unit: 'failures',
    note: `intact, damaged and garbage, a third each; ${((performance.now() - began) / 1000).toFixed(0)} s`,
  };
}

/** In a thread of its own, so that a reader that hangs can be ended. */
function inWorker(job) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), { workerData: job });
    const told = { done: 0, failures: [] };
    const hung = setTimeout(() => {
      told.failures.push(`hung after ${told.done} cases`);
      void worker.terminate();
    }, HANG_MS);
    worker.on('message', ({ cases, failure }) => {
      hung.refresh();
      told.done += cases;
      if (failure !== null) told.failures.push(failure);
    });
    worker.once('error', reject);
    worker.once('exit', () => (clearTimeout(hung), resolve(told)));
  });
}

async function work({ file, properties, cases }) {
  const { [properties]: all } = await import(file);
  const tries = Object.entries(all);
  const left = tries.map((_, i) => Math.floor(cases / tries.length) + (i < cases % tries.length ? 1 : 0));
  for (let i = 0; left.some((n) => n > 0); i = (i + 1) % tries.length) {
    const [name, property] = tries[i];
    const runs = Math.min(AT_ONCE, left[i]);
    if (runs === 0) continue;
    left[i] -= runs;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort.postMessage({ cases: runs, failure: failureOf(name, () => property(runs)) });
  }
}

/** What fast-check says of a property that does not hold, with its seed; null: it holds. */
function failureOf(name, run) {
  try {
    run();
    return null;
  } catch (error) {
    return `${name}: ${error.message}`;
  }
}

if (!isMainThread) await work(workerData);
else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({ options: { cases: { type: 'string' } }, allowPositionals: true });
  const rows = await fuzz(positionals.length > 0 ? positionals : Object.keys(READERS), Number(values.cases ?? CASES));
  for (const { what, goal, reached, unit, note } of rows)
    console.log(`${reached <= goal ? 'met   ' : 'MISSED'}  ${what}: ${reached} ${unit} (goal ≤ ${goal}) — ${note}`);
  process.exitCode = rows.every(({ reached, goal }) => reached <= goal) ? 0 : 1;
}
