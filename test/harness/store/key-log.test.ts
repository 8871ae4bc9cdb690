import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KEY_LOG, openKeyLog } from '../../../harness/store/key-log.js';
import type { KeyLog } from '../../../harness/store/key-log.js';

const line = (n: number): string => `CLIENT_RANDOM ${String(n).padStart(64, '0')} ${'cd'.repeat(48)}\n`;
const turn = (): Promise<void> => new Promise((done) => setImmediate(() => setImmediate(done)));

let dir: string;
let errors: { readonly code: unknown; readonly file: string }[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'jj-keys-'));
  errors = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const open = (at = dir): KeyLog =>
  openKeyLog(at, (error, file) => errors.push({ code: error instanceof Error && 'code' in error ? error.code : null, file }));
const kept = (): string => readFileSync(join(dir, KEY_LOG), 'utf8');

describe('the key log of a run', () => {
  test('is not there as long as there was no TLS', async () => {
    const keys = open();
    await turn();
    keys.close();
    expect(existsSync(join(dir, 'keys'))).toBe(false);
  });

  test('can be read by its owner alone, whatever the umask', async () => {
    const umask = process.umask(0);
    const keys = open();
    keys.append(Buffer.from(line(1)));
    await turn();
    process.umask(umask);
    expect(statSync(join(dir, 'keys')).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, KEY_LOG)).mode & 0o777).toBe(0o600);
    keys.close();
  });

  test('has each line once, in order, at the end of the turn in which it came', async () => {
    const keys = open();
    let expected = '';
    for (let n = 0; n < 40; n += 1) {
      keys.append(Buffer.from(line(n)));
      expected += line(n);
      if (n % 7 === 0) {
        await turn();
        expect(kept()).toBe(expected);
      }
    }
    keys.close();
    expect(kept()).toBe(expected);
    await turn();
    expect(kept()).toBe(expected);
    expect(errors).toEqual([]);
  });

  test('takes nothing more once it is closed, and closing it again does nothing', async () => {
    const keys = open();
    keys.append(Buffer.from(line(1)));
    keys.close();
    keys.append(Buffer.from(line(2)));
    await turn();
    keys.close();
    expect(kept()).toBe(line(1));
    expect(errors).toEqual([]);
  });

  test('never writes into a file that was there before', async () => {
    mkdirSync(join(dir, 'keys'));
    writeFileSync(join(dir, KEY_LOG), 'of somebody else\n');
    const keys = open();
    keys.append(Buffer.from(line(1)));
    await turn();
    keys.close();
    expect(kept()).toBe('of somebody else\n');
    expect(errors).toEqual([{ code: 'EEXIST', file: KEY_LOG }]);
  });

  test('on a disk that is full says so once and keeps what it had', async (context) => {
    const disk = join(dir, 'disk');
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]).status !== 0)
      return context.skip('a small disk cannot be mounted here');
    const lines = Array.from({ length: 200 }, (_, n) => line(n));
    let text = '';
    try {
      const keys = open(disk);
      for (const one of lines) {
        keys.append(Buffer.from(one));
        await turn();
      }
      keys.close();
      text = readFileSync(join(disk, KEY_LOG), 'utf8');
    } finally {
      spawnSync('umount', [disk]);
    }
    expect(errors).toEqual([{ code: 'ENOSPC', file: KEY_LOG }]);
    expect(text.length).toBeGreaterThan(1000);
    expect(lines.join('').startsWith(text)).toBe(true);
  });
});
