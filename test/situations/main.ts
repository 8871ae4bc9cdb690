import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blindTunnel } from './blind/launch.js';
import { SITUATIONS } from './catalogue.js';
import { jiejing } from './ours.js';
import type { Bench, Outcome } from './perform.js';
import type { Launcher } from './record.js';
import { openBench, performAll } from './suite.js';
import type { Score } from './table.js';
import { clauseText, table } from './table.js';

/** What run.mjs found in the arguments and made. */
export interface Order {
  /** test/situations. */
  readonly folder: string;
  readonly names: readonly string[];
  /** Null: all. */
  readonly only: readonly number[] | null;
  readonly jobs: number;
  /** Where the evidence of each situation goes as JSON; null: nowhere. */
  readonly dump: string | null;
  readonly originProgram: string;
  readonly blindProgram: string;
  /** Launchers of contenders/, by name. */
  readonly contenders: Readonly<Record<string, Launcher>>;
  say(line: string): void;
}

/** Runs the situations on each contender in turn; the exit code: 1 when one of ours breaks a clause, 2 for a name that nobody has. */
export async function main(order: Order): Promise<number> {
  const launchers: Readonly<Record<string, Launcher>> = {
    ...order.contenders,
    jiejing: jiejing('relay', null),
    'jiejing-pipeline': jiejing('pipeline', null),
    blind: blindTunnel(order.blindProgram),
  };
  const unknown = order.names.filter((name) => launchers[name] === undefined);
  if (unknown.length > 0 || order.names.length === 0) {
    order.say(`no such contender: ${unknown.join(' ')} (there are: ${Object.keys(launchers).join(' ')})`);
    return 2;
  }
  const { bench, close } = openBench(order.originProgram, order.folder);
  try {
    const scores: Score[] = [];
    for (const name of order.names) {
      const launch = launchers[name];
      if (launch !== undefined) scores.push(await score(name, launch, bench, order));
    }
    for (const line of table(scores)) order.say(line);
    const ours = scores.filter(({ name }) => name.startsWith('jiejing'));
    return ours.some(({ outcomes }) => outcomes.some(({ mark }) => mark !== 'P')) ? 1 : 0;
  } finally {
    close();
  }
}

async function score(name: string, launch: Launcher, bench: Bench, order: Order): Promise<Score> {
  const outcomes: Outcome[] = [];
  const situations = SITUATIONS.filter(({ n }) => order.only === null || order.only.includes(n));
  const tasks = situations.map((situation) => ({ name, launch, situation }));
  await performAll(tasks, bench, order.jobs, (_, outcome) => {
    outcomes.push(outcome);
    if (order.dump === null) return;
    mkdirSync(order.dump, { recursive: true });
    const broken = outcome.broken.map(clauseText);
    writeFileSync(join(order.dump, `${name}-${outcome.n}.json`), JSON.stringify({ ...outcome, broken }, null, 1));
  });
  return { name, outcomes, options: outcomes.find(({ options }) => options !== '')?.options ?? 'it did not start' };
}
