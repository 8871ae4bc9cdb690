import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../../../harness/capture/journal.js';
import { createPresence } from '../../../harness/capture/presence.js';
import { createRunClock } from '../../../harness/clock.js';
import type { BodyRef, Flow, Gap } from '../../../harness/model/event.js';
import { fileBodies } from '../../../harness/store/bodies.js';
import { createRun } from '../../../harness/store/create.js';
import { readRun } from '../../../harness/store/read.js';
import { MANIFEST, runHead } from './run-head.js';

/** A run that something records into through a journal of its own, without a proxy. */
export interface JournalRig {
  readonly journal: Journal;
  /** Closes the run and reads it back with every hash checked. */
  caught(): {
    readonly flows: readonly Flow[];
    readonly gaps: readonly Gap[];
    bytes(flow: Flow | undefined, of: BodyRef['of']): Buffer | null;
  };
  /** What a run that was killed now would hold. */
  soFar(): { readonly flows: readonly Flow[]; readonly gaps: readonly Gap[] };
  dispose(): void;
}

export function openJournal(options: { readonly bodyLimitBytes?: number } = {}): JournalRig {
  const dir = mkdtempSync(join(tmpdir(), 'jj-journal-'));
  const run = join(dir, 'run');
  const clock = createRunClock({});
  const recorder = createRun({ dir: run, head: runHead('journal-test'), manifest: MANIFEST, clock, ...options });
  const journal = new Journal(recorder, createPresence(clock));
  const read = () => {
    const { events } = readRun(run);
    return { flows: events.filter((event) => event.kind === 'flow'), gaps: events.filter((event) => event.kind === 'gap') };
  };
  return {
    journal,
    soFar: read,
    caught() {
      if (journal.failure !== null) throw journal.failure.cause;
      recorder.close('complete', null);
      clock.close();
      const bodies = fileBodies(run);
      return {
        ...read(),
        bytes: (flow, of) => {
          const ref = flow?.bodies.find((body) => body.of === of);
          return ref === undefined ? null : Buffer.from(bodies.read(ref.file, ref.offset, ref.length));
        },
      };
    },
    dispose: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** All that comes on a socket until it ends. */
export async function restOf(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve) => void socket.once('end', resolve).once('close', resolve));
  return Buffer.concat(chunks);
}

/** The first `bytes` that come on a socket; what comes behind them stays. */
export async function firstOf(socket: Socket, bytes: number): Promise<Buffer> {
  for (;;) {
    const read: unknown = socket.read(bytes);
    if (Buffer.isBuffer(read)) return read;
    await new Promise<void>((resolve, reject) => {
      const go = (): void => {
        socket.off('readable', go).off('close', gone);
        // What is there is told at once, again and again: more could never come in between.
        setImmediate(resolve);
      };
      const gone = (): void => reject(new Error(`closed before ${bytes} bytes came`));
      socket.once('readable', go).once('close', gone);
    });
  }
}
