import { isUtf8 } from 'node:buffer';
import type { Hash } from 'node:crypto';
import * as fs from 'node:fs';
import { fromDisk } from '../store/disk.js';
import { atLine, fault } from './fault.js';
import { isObject, type Row } from './members.js';

const CHUNK_BYTES = 1024 * 1024;
/** A longer line would not fit into one string together with what is made of it. */
const LONGEST_LINE_BYTES = 256 * 1024 * 1024;
const NEWLINE = 10;
const BYTE_ORDER_MARK = '\ufeff';

/** A line with something on it, from 1. */
export interface Line {
  readonly number: number;
  readonly row: Row;
}

/**
 * The objects of a file with one on each line, called `name` in errors; empty lines count and are passed over. `digest` takes in all bytes.
 * @throws LabError IMPORT_SYNTAX, NO_READ, BAD_PATH
 */
export function* rowsOf(file: string, name: string, digest: Hash): Generator<Line> {
  let number = 0;
  for (const bytes of linesOf(file, name, digest)) {
    number += 1;
    const place = atLine(name, number);
    if (!isUtf8(bytes)) throw fault(place, { zh: '不是 UTF-8 文本', en: 'it is not UTF-8 text' });
    const text = bytes.toString('utf8');
    const plain = number === 1 && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    if (plain.trim() === '') continue;
    const json = parsed(plain);
    if (!isObject(json)) throw fault(place, { zh: '不是一个 JSON 对象', en: 'it is not a JSON object' });
    yield { number, row: { json, place } };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function* linesOf(file: string, name: string, digest: Hash): Generator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let lines = 0;
  for (const chunk of chunksOf(file)) {
    digest.update(chunk);
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      lines += 1;
      yield Buffer.concat([...rest, chunk.subarray(from, at)]);
      [rest, restBytes, from] = [[], 0, at + 1];
    }
    rest.push(Buffer.from(chunk.subarray(from)));
    restBytes += chunk.length - from;
    if (restBytes > LONGEST_LINE_BYTES)
      throw fault(atLine(name, lines + 1), { zh: '一行超过 256 MiB', en: 'the line is longer than 256 MiB' });
  }
  if (restBytes > 0) yield Buffer.concat(rest);
}

/** A file in pieces; a piece holds until the next one is asked for. @throws LabError NO_READ, BAD_PATH */
export function* chunksOf(file: string): Generator<Buffer> {
  const fd = fromDisk(file, () => fs.openSync(file, 'r'));
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  try {
    for (;;) {
      const read = fromDisk(file, () => fs.readSync(fd, chunk));
      if (read === 0) return;
      yield chunk.subarray(0, read);
    }
  } finally {
    fs.closeSync(fd);
  }
}
