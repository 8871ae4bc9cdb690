// Runs the measures: every round starts every contender fresh, in another order.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installAll } from '../../situations/contenders/install.mjs';
import { openField } from './field.mjs';
import { big, slow } from './measures/big.mjs';
import { first } from './measures/first.mjs';
import { hosts } from './measures/hosts.mjs';
import { http2 } from './measures/http2.mjs';
import { latency } from './measures/latency.mjs';
import { leaf } from './measures/leaf.mjs';
import { steady } from './measures/steady.mjs';

export const MEASURES = { steady, latency, http2, first, leaf, big, slow, hosts };
const TRIES = 2;

/** Runs what `options` name. Resolves to `{ results, straight, failures, file }`; `file` holds all figures as JSON. */
export async function runRounds(options, say) {
  if (!installAll()) say('not every contender is there: its lines are left out');
  const { CONTENDERS } = await import('./contenders.mjs');
  const root = mkdtempSync(join(tmpdir(), 'jiejing-capture-bench-'));
  const tidy = () => options.keep || rmSync(root, { recursive: true, force: true });
  process.once('exit', tidy);
  const field = await openField(root);
  const told = { options, contenders: {}, results: {}, straight: {}, failures: [] };
  const here = options.contenders.filter((id) => CONTENDERS[id].there);
  for (const id of here) told.contenders[id] = { title: CONTENDERS[id].title, flags: CONTENDERS[id].flags };
  try {
    for (let round = 0; round < options.rounds; round++)
      for (const name of options.only) {
        if (name === 'hosts' && round >= options.hostsRounds) continue;
        await oneMeasure({ field, options, say, told, round, here: rotated(here, round) }, name);
      }
  } finally {
    await field.close();
    process.off('exit', tidy);
    tidy();
  }
  const file = join(tmpdir(), `jiejing-capture-bench-${new Date().toISOString().replaceAll(/[:.]/g, '-')}.json`);
  writeFileSync(file, `${JSON.stringify(told, null, 1)}\n`);
  return { ...told, file };
}

async function oneMeasure(bench, name) {
  const { told, round, say } = bench;
  const measure = MEASURES[name];
  const rounds = (told.results[name] ??= {});
  if (measure.straight !== undefined) {
    const figures = await measure.straight(bench);
    (told.straight[name] ??= []).push(figures);
    say(`round ${round + 1} ${name} straight: ${line(figures)}`);
  }
  for (const id of bench.here.filter((one) => measure.runs().includes(one))) {
    const one = await tried(bench, measure, { id, name });
    (rounds[id] ??= []).push(one);
    if (one !== null)
      say(
        `round ${round + 1} ${name} ${id}: ${line(one.figures)}${one.check ? `; captured ${one.check.captured} of ${one.check.made}` : ''}`,
      );
  }
}

/** A contender that breaks is tried once more; then its round counts for nothing, and the run says so. */
async function tried(bench, measure, { id, name }) {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    try {
      return await measure.one(bench, id, `${name}-${bench.round}-${id}-${attempt}`);
    } catch (error) {
      const failure = `round ${bench.round + 1} ${name} ${id}, try ${attempt}: ${error.message}`;
      bench.told.failures.push(failure);
      bench.say(`FAILED  ${failure}`);
    }
  }
  return null;
}

const rotated = (list, by) => [...list.slice(by % list.length), ...list.slice(0, by % list.length)];

function line(figures) {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${Number.isInteger(value) ? value : value.toPrecision(4)}`)
    .join(', ');
}
