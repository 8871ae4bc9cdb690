import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, it } from 'vitest';
import { RUN_SCHEMA } from '../../../harness/model/run.js';
import { readRun } from '../../../harness/store/read.js';
import { verifyRun } from '../../../reports/verify.js';

const OLD_RUNS = 'test/old-runs';
const NAMES = fs.readdirSync(OLD_RUNS).filter((name) => name.startsWith('v'));

describe('runs of older schemas', () => {
  it('are kept for every schema before this one', () => {
    const wanted = Array.from({ length: RUN_SCHEMA - 1 }, (_, i) => `v${i + 1}`);
    expect(NAMES.toSorted()).toEqual(wanted);
  });

  for (const name of NAMES) {
    it(`${name} is read in today's schema, its files untouched, and its chain still holds`, () => {
      const dir = path.join(OLD_RUNS, name);
      const before = fs.readFileSync(path.join(dir, 'events.jsonl'));
      const run = readRun(dir);
      expect(run).toMatchObject({ interrupted: false, schema: Number(name.slice(1)), head: { schema: RUN_SCHEMA } });
      expect(fs.readFileSync(path.join(dir, 'events.jsonl')).equals(before)).toBe(true);
      expect(verifyRun(dir)).toMatchObject({ ok: true, events: run.events.length, logHead: run.lastSha256 });
    });
  }

  it('v1 says of what it did not record that it is not known', () => {
    const { events } = readRun(path.join(OLD_RUNS, 'v1'));
    expect(events.flatMap((event) => (event.kind === 'observation' ? [event.foreground] : []))).toEqual([null, null]);
    expect(events.flatMap((event) => (event.kind === 'flow' ? [event.sni] : []))).toEqual([null]);
    expect(events.flatMap((event) => (event.kind === 'gap' ? [event.scope] : []))).toEqual([{ datum: null, host: null, phase: null }]);
  });
});
