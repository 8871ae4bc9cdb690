import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { LabError } from '../model/errors.js';

/** SHA-256 of bytes, as lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The system's code of a failed call (`ENOENT`), or null when `error` is none. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

/** What went wrong with `file`, in words an operator can act on; other errors come back as they are. Codes: STORE_FULL, NO_PERMISSION. */
export function diskError(error: unknown, file: string): unknown {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new LabError('STORE_FULL', { path: file }, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new LabError('NO_PERMISSION', { path: file }, { cause: error });
    default:
      return error;
  }
}

/** Runs a disk call and words its failure. @throws LabError STORE_FULL, NO_PERMISSION */
export function onDisk<T>(file: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw diskError(error, file);
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

/** Writes a file that is there whole or not at all, and on the disk when this returns. @throws LabError STORE_FULL, NO_PERMISSION */
export function writeAtomic(file: string, bytes: Uint8Array, mode: number): void {
  const staged = `${file}.new`;
  onDisk(file, () => {
    const fd = fs.openSync(staged, 'w', mode);
    try {
      const { error } = writeWhole(fd, bytes);
      if (error !== null) throw error;
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
    fs.renameSync(staged, file);
  });
}

/** The bytes of a file, or null when it is not there. @throws LabError NO_PERMISSION */
export function readIfThere(file: string): Buffer | null {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    throw diskError(error, file);
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
    throw error;
  }
}
