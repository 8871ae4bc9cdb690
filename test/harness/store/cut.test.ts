import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabError } from '../../../harness/model/errors.js';
import { readRun } from '../../../harness/store/read.js';
import { flow, openRun, tempFolder } from './sample.js';

let root = '';
beforeAll(() => {
  root = tempFolder();
});
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

/** Records without end: events with a body each, and a line on stdout for every hundred. */
const CHILD = `
import { flow, openRun } from './test/harness/store/sample.js';
const run = openRun(process.argv[2]);
for (let n = 1; ; n += 1) {
  const body = run.body('request');
  body.write(Buffer.alloc(3000, n));
  run.write(flow(run, [await body.end('whole')]));
  run.valueRef(Buffer.from('value ' + n));
  if (n % 100 === 0) { console.log(n); await new Promise(setImmediate); }
}
`;

describe('a recorder that is stopped in the middle', () => {
  it('by kill -9 leaves a run that reads up to its last whole line', async () => {
    const child = path.join(root, 'child.mjs');
    buildSync({
      stdin: { contents: CHILD, resolveDir: process.cwd(), loader: 'ts' },
      outfile: child,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'error',
    });
    for (const [turn, wanted] of [100, 300, 700].entries()) {
      const dir = path.join(root, `killed-${turn}`);
      const recorder = spawn(process.execPath, [child, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
      const gone = new Promise((resolve) => recorder.once('exit', resolve));
      await new Promise<void>((resolve) =>
        recorder.stdout.on('data', (text: Buffer) => (Number(text.toString().trim().split('\n').at(-1)) >= wanted ? resolve() : undefined)),
      );
      expect(readRun(dir).recording).toBe(true);
      recorder.kill('SIGKILL');
      await gone;
      const run = readRun(dir);
      expect(run).toMatchObject({ interrupted: true, recording: false, end: null });
      expect(run.events.length).toBeGreaterThan(wanted);
      expect(run.events.map((event) => event.id)).toEqual(run.events.map((_, i) => `e${i + 1}`));
      expect(() => openRun(dir)).toThrow(expect.objectContaining({ code: 'RUN_EXISTS' }));
    }
  });

  it('by a full disk keeps what it wrote, says so in a gap and still ends', async (context) => {
    const disk = path.join(root, 'disk');
    fs.mkdirSync(disk);
    const mounted =
      process.platform === 'linux' ? spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk], { encoding: 'utf8' }) : null;
    if (mounted?.status !== 0) {
      console.log(`skipped: a small disk could not be mounted (${mounted?.stderr.trim() ?? 'not Linux'})`);
      context.skip();
    }
    try {
      for (const way of ['events', 'small body', 'large body', 'value'] as const) {
        const dir = path.join(disk, 'run');
        const run = openRun(dir);
        expect(fs.readdirSync(dir)).toContain('.reserve');
        const heard: LabError[] = [];
        run.onFailure((error) => heard.push(error));
        const failed = await fillDisk(run, way);
        expect([way, failed?.code, heard.map((error) => error.code)]).toEqual([way, 'STORE_FULL', ['STORE_FULL']]);
        expect(run.failure()).toBe(heard[0]);
        // What was kept back for the end is free when it is needed.
        expect(fs.readdirSync(dir)).not.toContain('.reserve');
        expect(() => run.gap('run', 'not-settled', 'after-error')).toThrow(expect.objectContaining({ code: 'STORE_FULL' }));
        run.close('failed', 'disk full');
        const read = readRun(dir);
        expect([way, read.interrupted, read.end?.outcome]).toEqual([way, true, 'failed']);
        expect(read.events.at(-2)).toMatchObject({ kind: 'gap', source: 'store', why: 'disk: ENOSPC' });
        expect(read.events.length).toBeGreaterThan(3);
        fs.rmSync(dir, { recursive: true });
      }
      // What waits in memory when the run ends may find no room either.
      const run = openRun(path.join(disk, 'run'));
      const body = run.body('request');
      body.write(Buffer.alloc(200_000, 1));
      const ref = await body.end('whole');
      fs.appendFileSync(path.join(disk, 'filler'), Buffer.alloc(1024 * 1024 - used(disk) - 20_000));
      run.write(flow(run, ref === null ? [] : [ref]));
      run.close('complete', null);
      const read = readRun(path.join(disk, 'run'));
      expect([read.end?.outcome, read.events.filter(({ kind }) => kind === 'flow').length]).toEqual(['failed', 0]);
      expect(read.events.at(-2)).toMatchObject({ kind: 'gap', source: 'store', why: 'disk: ENOSPC' });
    } finally {
      spawnSync('umount', ['-l', disk]);
    }
  });
});

/** Bytes in use on a disk, whole blocks. */
function used(disk: string): number {
  const { blocks, bfree, bsize } = fs.statfsSync(disk);
  return (blocks - bfree) * bsize;
}

async function fillDisk(run: ReturnType<typeof openRun>, way: 'events' | 'small body' | 'large body' | 'value'): Promise<LabError | null> {
  try {
    run.write(flow(run, []));
    for (let n = 0; n < 100_000; n += 1) {
      if (way === 'events') run.write(flow(run, []));
      if (way === 'value') run.valueRef(Buffer.from(`${'x'.repeat(4000)}${n}`));
      if (way === 'small body' || way === 'large body') {
        const body = run.body('response');
        for (let i = 0; i < (way === 'small body' ? 1 : 10); i += 1) if (!body.write(Buffer.alloc(40_000, n))) await body.drained();
        const ref = await body.end('whole');
        if (run.failure() !== null) expect(ref?.state).toBe('cut');
        run.write(flow(run, ref === null ? [] : [ref]));
      }
    }
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  return null;
}
