import { createHash, createHmac } from 'node:crypto';
import * as fs from 'node:fs';
import { LabError } from '../model/errors.js';
import type { Event, FileRef, Picture } from '../model/event.js';
import type { RawBytes } from '../model/flow-parts.js';
import { fromDisk, inside } from './disk.js';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Checks every file that events refer to: there, of its size, with its bytes. `valueKey` is the run's key for hashes of values.
 * @throws LabError RUN_FILE_BROKEN
 */
export function checkFiles(dir: string, events: readonly Event[], valueKey: Uint8Array): void {
  const check = new Check(dir, valueKey);
  try {
    for (const event of events) check.event(event);
  } finally {
    check.close();
  }
}

class Check {
  readonly #seen = new Set<string>();
  readonly #open = new Map<string, { readonly fd: number; readonly bytes: number }>();
  readonly #buffer = Buffer.allocUnsafe(CHUNK_BYTES);

  constructor(
    readonly dir: string,
    readonly valueKey: Uint8Array,
  ) {}

  event(event: Event): void {
    switch (event.kind) {
      case 'flow':
        for (const bytes of [...event.bodies, event.request?.raw, event.response?.raw]) if (bytes) this.#bytes(bytes);
        return;
      case 'step':
        return this.#picture(event.picture);
      case 'consent':
        this.#picture(event.before);
        return this.#picture(event.after);
      case 'derivation':
        this.#file(event.input);
        return this.#file(event.output);
      case 'document':
        if (event.text !== null) this.#file(event.text);
        return;
      case 'observation':
        for (const value of event.values) if ('keyedHash' in value) this.#value(value.keyedHash, value.bytes);
        return;
      default:
        return;
    }
  }

  close(): void {
    for (const { fd } of this.#open.values()) fs.closeSync(fd);
    this.#open.clear();
  }

  #picture(picture: Picture | null): void {
    if (picture === null) return;
    this.#file(picture.screen);
    this.#file(picture.tree);
  }

  #bytes(kept: RawBytes): void {
    const { fd, bytes } = this.#opened(kept.file);
    if (kept.offset + kept.length > bytes) throw wrong(kept.file, '比登记的短', 'it is shorter than recorded');
    if (this.#digest(fd, kept.offset, kept.length, createHash('sha256')) !== kept.sha256)
      throw wrong(kept.file, '哈希不同', 'its hash differs');
  }

  #file(ref: FileRef): void {
    if (this.#seen.has(ref.file)) return;
    this.#seen.add(ref.file);
    this.#whole(ref.file, ref.bytes, createHash('sha256'), ref.sha256);
  }

  #value(keyedHash: string, bytes: number): void {
    const file = `values/${keyedHash}.bin`;
    if (this.#seen.has(keyedHash)) return;
    this.#seen.add(keyedHash);
    this.#whole(file, bytes, createHmac('sha256', this.valueKey), keyedHash);
  }

  #whole(file: string, bytes: number, digest: Digest, expected: string): void {
    const opened = this.#opened(file);
    if (opened.bytes !== bytes)
      throw wrong(file, `大小为 ${opened.bytes}，登记为 ${bytes}`, `it has ${opened.bytes} bytes, ${bytes} were recorded`);
    if (this.#digest(opened.fd, 0, bytes, digest) !== expected) throw wrong(file, '哈希不同', 'its hash differs');
    fs.closeSync(opened.fd);
    this.#open.delete(file);
  }

  #digest(fd: number, offset: number, length: number, digest: Digest): string {
    for (let done = 0; done < length;) {
      const read = fs.readSync(fd, this.#buffer, 0, Math.min(CHUNK_BYTES, length - done), offset + done);
      if (read === 0) break;
      digest.update(this.#buffer.subarray(0, read));
      done += read;
    }
    return digest.digest('hex');
  }

  #opened(file: string): { readonly fd: number; readonly bytes: number } {
    const open = this.#open.get(file);
    if (open !== undefined) return open;
    const full = inside(this.dir, file);
    if (full === null) throw wrong(file, '指向记录文件夹之外', 'it leads out of the run folder');
    if (!fs.existsSync(full)) throw wrong(file, '缺失', 'it is missing');
    const fd = fromDisk(full, () => fs.openSync(full, 'r'));
    const opened = { fd, bytes: fs.fstatSync(fd).size };
    this.#open.set(file, opened);
    return opened;
  }
}

interface Digest {
  update(bytes: Uint8Array): unknown;
  digest(encoding: 'hex'): string;
}

function wrong(file: string, what: string, whatEn: string): LabError {
  return new LabError('RUN_FILE_BROKEN', { file, what, whatEn });
}
