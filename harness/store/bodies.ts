import * as fs from 'node:fs';
import { LabError } from '../model/errors.js';
import type { Bodies } from '../model/finding.js';
import { fromDisk, inside } from './disk.js';

const OPEN_FILES = 32;

/** The recorded bytes of a run folder; keeps a few files open until `close`. `read` throws LabError RUN_FILE_BROKEN for what is missing, too short or outside. */
export function fileBodies(dir: string): Bodies & { close(): void } {
  const open = new Map<string, number>();
  const close = (): void => {
    for (const fd of open.values()) fs.closeSync(fd);
    open.clear();
  };
  const fdOf = (file: string): number => {
    const known = open.get(file);
    if (known !== undefined) return known;
    if (open.size >= OPEN_FILES) close();
    const full = inside(dir, file);
    if (full === null)
      throw new LabError('RUN_FILE_BROKEN', { file, what: '指向记录文件夹之外', whatEn: 'it leads out of the run folder' });
    if (!fs.existsSync(full)) throw new LabError('RUN_FILE_BROKEN', { file, what: '缺失', whatEn: 'it is missing' });
    const fd = fromDisk(full, () => fs.openSync(full, 'r'));
    open.set(file, fd);
    return fd;
  };
  const read = (file: string, offset: number, length: number): Uint8Array => {
    const bytes = Buffer.allocUnsafe(length);
    const fd = fdOf(file);
    for (let done = 0; done < length;) {
      const got = fs.readSync(fd, bytes, done, length - done, offset + done);
      if (got === 0) throw new LabError('RUN_FILE_BROKEN', { file, what: '比登记的短', whatEn: 'it is shorter than recorded' });
      done += got;
    }
    return bytes;
  };
  return { read, close };
}
