import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Situation } from './catalogue.js';
import { makeCertificates } from './certificates.js';
import type { Bench, Outcome } from './perform.js';
import { perform } from './perform.js';
import type { Launcher } from './record.js';

/** One situation to be tried on one contender. */
export interface Task {
  readonly name: string;
  readonly launch: Launcher;
  readonly situation: Situation;
}

/** A bench with certificates of its own; `close` removes its files. */
export function openBench(originProgram: string, folder: string): { readonly bench: Bench; close(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'situations-ca-'));
  const certificates = makeCertificates(Date.now());
  const caFile = join(dir, 'origin-ca.pem');
  writeFileSync(caFile, certificates.caPem);
  return {
    bench: { originProgram, certificates, caFile, folder },
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Performs all tasks, `jobs` at once; those that measure the machine run one by one at the end. */
export async function performAll(
  tasks: readonly Task[],
  bench: Bench,
  jobs: number,
  told: (task: Task, outcome: Outcome) => void,
): Promise<void> {
  const one = async (task: Task): Promise<void> => told(task, await perform(task.situation, task.launch, bench));
  const of = (pace: Situation['pace']): readonly Task[] => tasks.filter(({ situation }) => situation.pace === pace);
  // Those with many tries take longest: begun first, they do not stand alone at the end.
  const queue = of('together')
    .toSorted((a, b) => b.situation.tries - a.situation.tries)
    .values();
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      for (const task of queue) await one(task);
    }),
  );
  await Promise.all(of('idle').map(one));
  for (const task of of('alone')) await one(task);
}
