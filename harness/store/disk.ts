import { hash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { LabError } from '../model/errors.js';

/** SHA-256 of bytes, as lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return hash('sha256', bytes);
}

/** The system's code of a failed call (`ENOENT`), or null when `error` is none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** What a path was asked for. */
type Act = 'read' | 'write';

/** Why a path cannot be used, by the system's code. */
const UNUSABLE: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  ENOENT: ['不存在，也无法在此建立', 'it is not there, and cannot be made there'],
  ENOTDIR: ['路径中有一段不是文件夹', 'a part of it is no folder'],
  EISDIR: ['是文件夹，不是文件', 'it is a folder, not a file'],
  EEXIST: ['已被同名文件占用', 'something else has that name'],
  ENAMETOOLONG: ['名称过长', 'its name is too long'],
  ELOOP: ['符号链接绕成了圈', 'its symbolic links lead in a circle'],
};

/** What went wrong with `file`, in words an operator can act on; other errors come back as they are. Codes: STORE_FULL, NO_PERMISSION, NO_READ, BAD_PATH. */
export function diskError(error: unknown, file: string, act: Act = 'write'): unknown {
  const code = codeOf(error);
  switch (code) {
    case null:
      return error;
    case 'ENOSPC':
    case 'EDQUOT':
      return new LabError('STORE_FULL', { path: file }, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new LabError(act === 'read' ? 'NO_READ' : 'NO_PERMISSION', { path: file }, { cause: error });
    default: {
      const [what, whatEn] = UNUSABLE[code] ?? [];
      // Any other word of the system's: the disk itself, or what it hangs on.
      if (what === undefined && act === 'write' && /^E(?!RR_)[A-Z0-9]+$/.test(code))
        return new LabError('DISK_FAILED', { path: file, code }, { cause: error });
      return what === undefined || whatEn === undefined ? error : new LabError('BAD_PATH', { path: file, what, whatEn }, { cause: error });
    }
  }
}

/** Runs a disk call that writes and words its failure. @throws LabError STORE_FULL, NO_PERMISSION, BAD_PATH */
export function onDisk<T>(file: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw diskError(error, file);
  }
}

/** Runs a disk call that reads and words its failure. @throws LabError NO_READ, BAD_PATH */
export function fromDisk<T>(file: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw diskError(error, file, 'read');
  }
}

/**
 * Makes a folder and those above it; returns the ones it made, the deepest first. Not by `recursive`: below /proc Node never comes back from it.
 * @throws LabError STORE_FULL, NO_PERMISSION, BAD_PATH
 */
export function makeFolders(dir: string): readonly string[] {
  const missing: string[] = [];
  for (let at = path.resolve(dir); !fs.existsSync(at) && at !== path.dirname(at); at = path.dirname(at)) missing.unshift(at);
  const made: string[] = [];
  try {
    for (const folder of missing) if (makeFolder(folder)) made.unshift(folder);
    if (!fs.statSync(dir).isDirectory()) throw Object.assign(new Error(`${dir} is no folder`), { code: 'ENOTDIR' });
  } catch (error) {
    for (const folder of made) removeIfEmpty(folder);
    throw diskError(error, dir);
  }
  return made;
}

/** Whether it was made; another may have been quicker. */
function makeFolder(folder: string): boolean {
  try {
    fs.mkdirSync(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && fs.existsSync(folder)) return false;
    throw error;
  }
}

/** Removes a folder unless there is something in it. */
export function removeIfEmpty(folder: string): void {
  try {
    fs.rmdirSync(folder);
  } catch (error) {
    const code = codeOf(error) ?? '';
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EACCES', 'EPERM', 'EROFS'].includes(code)) throw error;
  }
}

/** Writes all of `bytes`; a plain writeSync may take only a part. Returns how many it took when the disk took no more, with the error. */
export function writeWhole(fd: number, bytes: Uint8Array): { readonly written: number; readonly error: unknown } {
  let written = 0;
  try {
    while (written < bytes.length) written += fs.writeSync(fd, bytes, written, bytes.length - written);
    return { written, error: null };
  } catch (error) {
    return { written, error };
  }
}

/** Writes a file that is there whole or not at all, and on the disk when this returns. @throws LabError STORE_FULL, NO_PERMISSION, BAD_PATH */
export function writeAtomic(file: string, bytes: Uint8Array, mode: number): void {
  const staged = `${file}.new`;
  try {
    const fd = fs.openSync(staged, 'w', mode);
    try {
      const { error } = writeWhole(fd, bytes);
      if (error !== null) throw error;
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(staged, file);
  } catch (error) {
    fs.rmSync(staged, { force: true });
    throw diskError(error, file);
  }
}

/** The bytes of a file, or null when it is not there. @throws LabError NO_READ, BAD_PATH */
export function readIfThere(file: string): Buffer | null {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    throw diskError(error, file, 'read');
  }
}

/** `relative` inside `root`, or null when it would lead out of it, by its name or over a symbolic link. */
export function inside(root: string, relative: string): string | null {
  if (path.isAbsolute(relative) || relative.split(/[\\/]/).some((part) => part === '..' || part === '' || part === '.')) return null;
  const full = path.join(root, relative);
  try {
    return fs.realpathSync(full) === path.join(fs.realpathSync(root), relative) ? full : null;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return full;
    throw diskError(error, full, 'read');
  }
}
