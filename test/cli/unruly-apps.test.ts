import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { judgeRun } from '../../harness/cli/pipeline.js';
import { plan } from '../../harness/cli/plan.js';
import type { AppProcess, SimulatedApp } from '../../harness/model/app.js';
import type { Event } from '../../harness/model/event.js';
import { record, type Recorded } from '../../harness/record.js';
import { readRun } from '../../harness/store/read.js';
import { below, folderOf } from './cli.js';

const folder = folderOf('unruly');
mkdirSync(join(folder, 'runs'));
writeFileSync(
  join(folder, 'watch.yaml'),
  'title: 试\naims: [launched]\nsteps:\n  - permissions: { default: allow }\n  - launch: { clean: true }\n  - observe: 10\n',
);

const CLASSES = 'com.example.unruly';
const HOST = 'api.unruly-loan.example';

function appOf(start: (app: AppProcess) => void): Omit<SimulatedApp, 'truth'> {
  return {
    id: 'unruly',
    package: CLASSES,
    label: { zh: '试验（虚构）', en: 'Trial (fictional)' },
    about: { zh: '试验', en: 'trial' },
    version: '1.0.0',
    permissions: ['android.permission.INTERNET'],
    firstParty: { domains: ['unruly-loan.example'], classes: [`${CLASSES}.`] },
    processes: { '': start },
    servers: { [HOST]: () => ({ status: 200, body: 'ok' }) },
  };
}

interface Seen {
  readonly recorded: Recorded;
  readonly events: readonly Event[];
  readonly crashes: readonly string[];
  readonly gaps: readonly string[];
}

async function audit(name: string, start: (app: AppProcess) => void): Promise<Seen> {
  const dir = join(folder, 'runs', name);
  const planned = await plan({
    app: 'honest',
    scenario: join(folder, 'watch.yaml'),
    handset: 'virtual',
    out: dir,
    caseNumber: null,
    operator: null,
    lab: null,
    language: 'zh',
  });
  const recorded = await record({
    ...planned,
    app: appOf(start),
    signal: new AbortController().signal,
    onEvent: () => {},
    onPhase: () => {},
  });
  const { events } = readRun(dir);
  await judgeRun(dir, 'zh');
  return {
    recorded,
    events,
    crashes: events.flatMap((e) => (e.kind === 'lifecycle' && e.what === 'crashed' ? [e.detail] : [])),
    gaps: events.flatMap((e) => (e.kind === 'gap' ? [`${e.source}: ${e.why}`] : [])),
  };
}

const androidId = (app: AppProcess): string => app.within(`${CLASSES}.Main.read`, () => app.device.androidId());

describe('an app that misbehaves ends itself, never the lab', () => {
  it.each<readonly [string, (app: AppProcess) => void, RegExp]>([
    [
      'throws while it starts',
      () => {
        throw new Error('no such table');
      },
      /no such table/,
    ],
    [
      'leaves a promise rejected',
      (app) =>
        app.thread('worker', `${CLASSES}.Main.work`, async () => {
          await Promise.resolve();
          throw new Error('lost promise');
        }),
      /lost promise/,
    ],
    [
      'loops for ever',
      () => {
        for (;;);
      },
      /ApplicationNotResponding/,
    ],
    [
      'sets timers without end',
      (app) => {
        for (;;) app.after(60_000, `${CLASSES}.Main.tick`, () => undefined);
      },
      /OutOfMemoryError/,
    ],
  ])('%s: the crash and the gap are in the run', async (name, start, what) => {
    const { recorded, crashes, gaps } = await audit(name.replaceAll(' ', '-'), (app) => {
      androidId(app);
      start(app);
    });
    expect(recorded).toMatchObject({ outcome: 'complete', error: null });
    expect(crashes).toEqual([expect.stringMatching(what)]);
    expect(gaps).toContainEqual(expect.stringMatching(/^handset: crashed: /));
  });

  it('reads, sends and never answers: every read and request is in the run, which goes on without it', async () => {
    const { recorded, events, crashes, gaps } = await audit('floods', (app) => {
      for (let i = 0; i < 2000; i += 1) androidId(app);
      for (let i = 0; i < 60; i += 1)
        app.thread(
          `net-${i}`,
          `${CLASSES}.Net.send`,
          async () =>
            void (await app.http.send({ method: 'POST', url: `https://${HOST}/${i}`, body: 'x'.repeat(2000) }).catch(() => undefined)),
        );
      app.thread('worker', `${CLASSES}.Main.wait`, () => new Promise(() => undefined));
    });
    expect(recorded).toMatchObject({ outcome: 'complete', error: null });
    expect(crashes).toEqual([]);
    expect(gaps).toEqual([]);
    expect(events.reduce((sum, e) => sum + (e.kind === 'observation' && e.datum === 'android-id' && e.parent === null ? e.n : 0), 0)).toBe(
      2000,
    );
    expect(events.filter((e) => e.kind === 'flow')).toHaveLength(60);
  });

  it('leaves no child and no folder behind', () => {
    expect(below(process.pid)).toEqual([]);
    expect(readdirSync(join(folder, 'runs'), { withFileTypes: true }).every((entry) => entry.isDirectory())).toBe(true);
  });
});
