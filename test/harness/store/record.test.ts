import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LabError, type ErrorCode } from '../../../harness/model/errors.js';
import { fileBodies } from '../../../harness/store/bodies.js';
import { forgetRun } from '../../../harness/store/forget.js';
import { listRuns } from '../../../harness/store/list.js';
import { lockFolder } from '../../../harness/store/lock.js';
import { readRun } from '../../../harness/store/read.js';
import { flow, headOf, MANIFEST, openRun, tempFolder, writeSample } from './sample.js';

let dir = '';
let root = '';
beforeEach(() => {
  root = tempFolder();
  dir = path.join(root, 'run');
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

function code(call: () => unknown): ErrorCode | 'none' {
  try {
    call();
  } catch (error) {
    if (error instanceof LabError) return error.code;
    throw error;
  }
  return 'none';
}

function readLock(): string {
  const free = lockFolder(dir);
  const text = fs.readFileSync(path.join(dir, '.lock'), 'utf8');
  free();
  return text;
}

describe('a run folder', () => {
  it('belongs to one audit at a time, and is never written over', () => {
    const first = openRun(dir);
    expect(code(() => openRun(dir))).toBe('RUN_IN_USE');
    expect(readRun(dir)).toMatchObject({ recording: true, interrupted: true });
    expect(code(() => forgetRun(dir, '2026-11-22T12:00:00Z', 'tester'))).toBe('RUN_IN_USE');
    first.close('interrupted', 'Ctrl-C');
    expect(readRun(dir)).toMatchObject({ recording: false, interrupted: true, end: { outcome: 'interrupted', why: 'Ctrl-C' } });
    expect(code(() => openRun(dir))).toBe('RUN_EXISTS');
    expect(fs.readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('is taken over from a process that is gone, also when its number was given again', () => {
    fs.mkdirSync(dir);
    const host = JSON.parse(readLock()) as { host: string; pid: number; started: string };
    for (const dead of [{ ...host, pid: 2 ** 22 - 3 }, { ...host, started: 'another-boot:1' }, 'not a lock']) {
      fs.writeFileSync(path.join(dir, '.lock'), typeof dead === 'string' ? dead : JSON.stringify(dead));
      lockFolder(dir)();
    }
    fs.writeFileSync(path.join(dir, '.lock'), JSON.stringify({ ...host, host: 'another-machine' }));
    expect(code(() => lockFolder(dir))).toBe('RUN_IN_USE');
    expect(fs.readdirSync(dir)).toEqual(['.lock']);
  });

  it('is refused where there is something already, or no right to write', () => {
    fs.mkdirSync(dir);
    fs.writeFileSync(path.join(dir, 'letter.txt'), 'mine');
    expect(code(() => openRun(dir))).toBe('RUN_EXISTS');
    expect(fs.readdirSync(dir)).toEqual(['letter.txt']);
    // The one place on Linux where not even root may make a folder.
    expect(code(() => openRun('/sys/jiejing'))).toBe('NO_PERMISSION');
  });

  it('takes no event after its end, and no head that does not fit its values', () => {
    const run = openRun(dir);
    run.close('complete', null);
    run.close('failed', 'a second time');
    expect(() => run.gap('run', 'not-settled', 'after-error')).toThrow(/after the end/);
    expect(readRun(dir).end?.outcome).toBe('complete');
    expect(headOf(MANIFEST).manifest.sha256).not.toBe(headOf({ ...MANIFEST, values: [] }).manifest.sha256);
  });

  it('of a newer schema asks for a newer program, unless it was altered', async () => {
    await writeSample(dir);
    const file = path.join(dir, 'run.json');
    const text = fs.readFileSync(file, 'utf8').replace(/"schema": \d+/, '"schema": 99');
    fs.writeFileSync(file, text);
    expect(code(() => readRun(dir))).toBe('RUN_FILE_BROKEN');
    const sha256 = createHash('sha256').update(text).digest('hex');
    const log = path.join(dir, 'events.jsonl');
    const [first = ''] = fs.readFileSync(log, 'utf8').split('\n');
    const old = /"prev":"([0-9a-f]+)"/.exec(first)?.[1] ?? '';
    fs.writeFileSync(log, `${first.replaceAll(old, sha256)}\n`);
    expect(code(() => readRun(dir))).toBe('RUN_TOO_NEW');
    fs.writeFileSync(log, 'a form of the future\n');
    expect(code(() => readRun(dir))).toBe('RUN_TOO_NEW');
  });

  it('leaves a tombstone when it is forgotten', async () => {
    await writeSample(dir);
    const { headSha256, lastSha256 } = readRun(dir);
    forgetRun(dir, '2026-11-22T12:00:00Z', 'tester', 'retention');
    expect(fs.readdirSync(dir)).toEqual(['tombstone.json']);
    expect(JSON.parse(fs.readFileSync(path.join(dir, 'tombstone.json'), 'utf8'))).toEqual({
      run: 'r-20261122-0001',
      when: '2026-11-22T12:00:00Z',
      by: 'tester',
      why: 'retention',
      headSha256,
      lastSha256,
    });
    expect(code(() => readRun(dir))).toBe('RUN_FORGOTTEN');
    expect(code(() => forgetRun(dir, '2026-11-23T12:00:00Z', 'tester'))).toBe('RUN_FORGOTTEN');
    expect(code(() => forgetRun(root, '2026-11-23T12:00:00Z', 'tester'))).toBe('UNKNOWN_RUN');
    expect(code(() => readRun(root))).toBe('UNKNOWN_RUN');
  });

  it('stands in the list with its state', async () => {
    await writeSample(path.join(root, 'whole'));
    const going = openRun(path.join(root, 'going'));
    openRun(path.join(root, 'stopped')).close('interrupted', 'Ctrl-C');
    await writeSample(path.join(root, 'gone'));
    forgetRun(path.join(root, 'gone'), '2026-11-22T12:00:00Z', 'tester');
    fs.mkdirSync(path.join(root, 'bad'));
    fs.writeFileSync(path.join(root, 'bad', 'run.json'), '{');
    fs.mkdirSync(path.join(root, 'other'));
    const rows = Object.fromEntries(listRuns(root).map((row) => [path.basename(row.dir), row.state]));
    expect(rows).toEqual({ whole: 'complete', going: 'recording', stopped: 'interrupted', gone: 'forgotten', bad: 'unreadable' });
    expect(listRuns(path.join(root, 'nowhere'))).toEqual([]);
    going.close('complete', null);
  });
});

describe('values and pictures', () => {
  it('stores the same bytes once, and a manifest value not at all', () => {
    const run = openRun(dir);
    expect(run.file('ui', Buffer.from('<a/>'), 'xml')).toEqual(run.file('ui', Buffer.from('<a/>'), 'xml'));
    expect(run.valueRef(Buffer.from('14012345678'))).toEqual({ value: 'v3' });
    const other = run.valueRef(Buffer.from('14012345679'));
    expect(run.valueRef(new Uint8Array(Buffer.from('14012345679')))).toEqual(other);
    run.close('complete', null);
    expect(fs.readdirSync(path.join(dir, 'ui'))).toHaveLength(1);
    expect(fs.readdirSync(path.join(dir, 'values'))).toHaveLength(2);
    const plain = createHash('sha256').update('14012345679').digest('hex');
    expect(other).toMatchObject({ bytes: 11 });
    expect(JSON.stringify([other, fs.readdirSync(path.join(dir, 'values'))])).not.toContain(plain);
    expect(() => run.file('ui', Buffer.from('x'), '../x')).toThrow(/extension/);
  });
});

describe('bodies', () => {
  it('come back byte for byte, small and large, written at the same time', async () => {
    const run = openRun(dir);
    const sizes = [1, 0, 5000, 262_144, 262_145, 3_000_000];
    const refs = await Promise.all(
      sizes.map(async (size, n) => {
        const body = run.body('request');
        for (let done = 0; done < size; done += 60_000) {
          if (!body.write(Buffer.alloc(Math.min(60_000, size - done), n))) await body.drained();
          await new Promise(setImmediate);
        }
        return body.end('whole');
      }),
    );
    expect(refs[1]).toBeNull();
    const kept = refs.filter((ref) => ref !== null);
    run.write(flow(run, kept));
    run.close('complete', null);
    const flowRead = readRun(dir).events.find((event) => event.kind === 'flow');
    expect(flowRead?.bodies).toEqual(kept);
    const bodies = fileBodies(dir);
    for (const [n, ref] of refs.entries()) {
      if (ref === null) continue;
      expect([ref.length, ref.bytes, ref.state]).toEqual([sizes[n], sizes[n], 'whole']);
      expect(Buffer.compare(bodies.read(ref.file, ref.offset, ref.length), Buffer.alloc(sizes[n] ?? 0, n))).toBe(0);
    }
    bodies.close();
  });

  it('are cut at the limit, and say so and how much came', async () => {
    const run = openRun(dir, 1000);
    const body = run.body('response');
    for (let i = 0; i < 4; i += 1) body.write(Buffer.alloc(300, 65 + i));
    const ref = await body.end('whole');
    run.close('complete', null);
    const kept = Buffer.concat([0, 1, 2, 3].map((i) => Buffer.alloc(i === 3 ? 100 : 300, 65 + i)));
    expect(ref).toMatchObject({ state: 'cut', bytes: 1200, length: 1000, sha256: createHash('sha256').update(kept).digest('hex') });
    expect(() => body.write(Buffer.from('late'))).toThrow(/after the end/);
  });

  it('ask a fast sender to wait', async () => {
    const run = openRun(dir);
    const body = run.body('response');
    let waits = 0;
    for (let i = 0; i < 100; i += 1) {
      if (body.write(Buffer.alloc(200_000, i))) continue;
      waits += 1;
      await body.drained();
    }
    const ref = await body.end('aborted');
    run.close('complete', null);
    expect(waits).toBeGreaterThan(5);
    expect(ref).toMatchObject({ state: 'aborted', bytes: 20_000_000, length: 20_000_000 });
  });

  it('are read from inside the run folder only', async () => {
    await writeSample(dir);
    fs.writeFileSync(path.join(root, 'secret'), 'secret');
    fs.symlinkSync(path.join(root, 'secret'), path.join(dir, 'bodies', 'link'));
    const bodies = fileBodies(dir);
    for (const file of [
      '../secret',
      'bodies/../../secret',
      path.join(root, 'secret'),
      'bodies/link',
      'bodies/none',
      'bodies//s0001.seg',
      '',
    ]) {
      expect([file, code(() => bodies.read(file, 0, 1))]).toEqual([file, 'RUN_FILE_BROKEN']);
    }
    expect(code(() => bodies.read('bodies/s0001.seg', 0, 100_000))).toBe('RUN_FILE_BROKEN');
    bodies.close();
  });
});
