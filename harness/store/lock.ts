import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { LabError } from '../model/errors.js';
import { codeOf, onDisk, readIfThere } from './disk.js';

/** Name of the lock file in a run folder. */
export const LOCK = '.lock';

/** Who holds a folder. A pid alone is not enough: it is given again after a reboot or a wrap. */
interface Owner {
  readonly pid: number;
  readonly started: string | null;
  readonly host: string;
}

/**
 * Takes a folder for this process; the returned function gives it back. The lock of a process that is gone is taken over.
 * @throws LabError RUN_IN_USE, NO_PERMISSION, STORE_FULL, BAD_PATH
 */
export function lockFolder(dir: string): () => void {
  const lock = path.join(dir, LOCK);
  const mine = `${lock}.${process.pid}.${randomBytes(6).toString('hex')}`;
  const me: Owner = { pid: process.pid, started: startOf(process.pid), host: os.hostname() };
  // A link appears with its content in one step, so nobody can read a lock that is still empty.
  try {
    onDisk(lock, () => fs.writeFileSync(mine, JSON.stringify(me), { flag: 'wx' }));
    if (!onDisk(lock, () => link(mine, lock))) takeOver(dir, lock, mine);
  } finally {
    fs.rmSync(mine, { force: true });
  }
  return () => fs.rmSync(lock, { force: true });
}

/** Whether a living process holds the folder. */
export function locked(dir: string): boolean {
  const held = readIfThere(path.join(dir, LOCK));
  return held !== null && alive(parse(held));
}

function takeOver(dir: string, lock: string, mine: string): void {
  const held = readIfThere(lock);
  if (held !== null && alive(parse(held))) throw new LabError('RUN_IN_USE', { dir });
  // Of two who find the same dead lock only one can move it away; what was moved is looked at again before it is believed dead.
  const dead = `${mine}.dead`;
  try {
    fs.renameSync(lock, dead);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  const moved = readIfThere(dead);
  if (moved !== null && alive(parse(moved))) {
    link(dead, lock);
    fs.rmSync(dead, { force: true });
    throw new LabError('RUN_IN_USE', { dir });
  }
  fs.rmSync(dead, { force: true });
  if (!link(mine, lock)) throw new LabError('RUN_IN_USE', { dir });
}

function link(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    return copy(from, to); // exFAT and some network disks have no links
  }
}

function copy(from: string, to: string): boolean {
  try {
    fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

function parse(bytes: Buffer): Owner | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value !== 'object' || value === null || !('pid' in value) || typeof value.pid !== 'number') return null;
    const started = 'started' in value && typeof value.started === 'string' ? value.started : null;
    return { pid: value.pid, started, host: 'host' in value && typeof value.host === 'string' ? value.host : '' };
  } catch {
    return null; // not written by us: nobody's lock
  }
}

function alive(owner: Owner | null): boolean {
  if (owner === null) return false;
  // A process of another machine on a shared disk cannot be looked at: it counts as alive.
  if (owner.host !== os.hostname()) return true;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  const started = startOf(owner.pid);
  if (started === 'ended') return false;
  return owner.started === null || started === null || started === owner.started;
}

/** Boot and tick at which a process started, `ended` for a zombie; null where the system does not tell. Source: proc(5), field 22 of /proc/PID/stat. */
function startOf(pid: number): string | null {
  const stat = readIfThere(`/proc/${pid}/stat`)?.toString('latin1');
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')?.toString('latin1').trim();
  // The name in field 2 may hold spaces and brackets: count from the last bracket.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields?.[0] === 'Z' || fields?.[0] === 'X') return 'ended';
  return boot === undefined || fields?.[19] === undefined ? null : `${boot}:${fields[19]}`;
}
