import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { codeOf, onDisk } from './store/disk.js';

const PREFIX = 'jiejing-appium-';
/** Containers may share a /tmp, and each counts its processes for itself. */
const HERE = createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

/**
 * A new folder for this process, named by it: one that was killed cannot remove its own, so each start removes those of processes that
 * are gone. @throws LabError BAD_PATH, NO_PERMISSION, STORE_FULL
 */
export function tempFolder(): string {
  const all = tmpdir();
  return onDisk(all, () => {
    sweep(all);
    return mkdtempSync(join(all, `${PREFIX}${HERE}-${process.pid}-`));
  });
}

function sweep(all: string): void {
  for (const name of readdirSync(all)) {
    const [, host, pid] = /^jiejing-appium-([0-9a-f]{8})-([0-9]+)-/.exec(name) ?? [];
    if (host !== HERE || pid === undefined || runs(Number(pid))) continue;
    try {
      rmSync(join(all, name), { recursive: true, force: true });
    } catch (error) {
      // Another user's; it is theirs to remove.
      if (!['EACCES', 'EPERM', 'ENOTEMPTY'].includes(codeOf(error) ?? '')) throw error;
    }
  }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== 'ESRCH';
  }
}
