import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tempFolder } from '../../harness/temp-folder.js';

const before = process.env['TMPDIR'];
const all = mkdtempSync(join(tmpdir(), 'temp-folder-'));
beforeAll(() => void (process.env['TMPDIR'] = all));
afterAll(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(all, { recursive: true, force: true });
});

it('a new temporary folder removes those of processes that are gone, and no other', () => {
  const ours = tempFolder();
  const [prefix = '', host = ''] = /^(jiejing-appium-)([0-9a-f]{8})/.exec(basename(ours))?.slice(1) ?? [];
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const kept = [`${prefix}00000000-${dead}-abcdef`, `${prefix}abcdef`, `other-${host}-${dead}-abcdef`, basename(ours)];
  for (const name of [...kept, `${prefix}${host}-${dead}-abcdef`]) mkdirSync(join(all, name, 'deep'), { recursive: true });
  const second = tempFolder();
  expect(existsSync(second)).toBe(true);
  expect(readdirSync(all).toSorted()).toEqual([...kept, basename(second)].toSorted());
});

it('a TMPDIR that is not there is named', () => {
  process.env['TMPDIR'] = '/nonexistent';
  try {
    expect(() => tempFolder()).toThrow(
      expect.objectContaining({ code: 'BAD_PATH', facts: expect.objectContaining({ path: '/nonexistent' }) }),
    );
  } finally {
    process.env['TMPDIR'] = all;
  }
});
