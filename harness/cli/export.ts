import { createHash } from 'node:crypto';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { har, harCounts, type HarCounts } from '../../reports/formats/har.js';
import type { Language } from '../../reports/words.js';
import { LabError } from '../model/errors.js';
import { fileBodies } from '../store/bodies.js';
import { codeOf, fromDisk, inside, writeWhole } from '../store/disk.js';
import { KEY_LOG } from '../store/key-log.js';
import { readRun, type RecordedRun } from '../store/read.js';
import { exportBodies, outError } from './export-bodies.js';
import { toolOf } from './plan.js';
import type { Common } from './program.js';
import { json, remark, result, short } from './say.js';

/** What `export` was asked. */
export interface ExportOptions {
  readonly har?: boolean;
  readonly keylog?: boolean;
  readonly bodies?: boolean;
  readonly out?: string;
}

const KINDS = ['har', 'keylog', 'bodies'] as const;
const OWNER_ONLY = 0o600;
const READABLE = 0o644;
/** Bytes of a key log in memory at a time. */
const CHUNK_BYTES = 1024 * 1024;
/** A line of the NSS key log format: label, client random, secret. */
const KEY_LINE = /^[A-Z][A-Z0-9_]* [0-9a-fA-F]{64} [0-9a-fA-F]+$/;

/**
 * `export`: what a run caught, for other tools. The whole run is checked first.
 * @throws LabError USAGE, OUT_EXISTS, OUT_FULL, NO_KEY_LOG, RUN_EXISTS, RUN_BROKEN, RUN_FILE_BROKEN …
 */
export async function exportCommand(dir: string, options: ExportOptions, common: Common): Promise<number> {
  const [kind, another] = KINDS.filter((name) => options[name] === true);
  if (kind === undefined || another !== undefined)
    throw usage('--har、--keylog、--bodies 要写其中一个', 'give exactly one of --har, --keylog and --bodies');
  const out = options.out ?? null;
  if (common.json && kind !== 'bodies' && out === null)
    throw usage('--json 要与 --out 一起使用，标准输出只能有一个文档', '--json needs --out: stdout can hold one document only');
  const run = readRun(dir);
  if (run.interrupted) remark(unended(run, common.language));
  if (kind === 'bodies') exportAllBodies(run, out ?? `bodies-${basename(resolve(dir))}`, common);
  else if (kind === 'har') await exportHar(run, out, common);
  else await exportKeyLog(run, out, common);
  return 0;
}

function usage(what: string, whatEn: string): LabError {
  return new LabError('USAGE', { what, whatEn, command: 'export' });
}

function unended({ recording }: RecordedRun, language: Language): string {
  if (recording) return language === 'zh' ? '仍在录制：只导出到此刻的内容。' : 'it is still being recorded: this is what is there by now.';
  return language === 'zh' ? '记录被中断：只有中断前的内容。' : 'the recording was cut short: this is what came before.';
}

async function exportHar(run: RecordedRun, out: string | null, common: Common): Promise<void> {
  const { head, events, headSha256, lastSha256 } = run;
  const bodies = fileBodies(run.dir);
  const { name, version } = toolOf();
  const state = run.recording ? 'recording' : run.interrupted ? 'interrupted' : 'complete';
  try {
    const pieces = har({ head, events, bodies, state, headSha256, lastSha256, tool: { name, version } });
    if (out === null) return await toStdout(pieces);
    const written = toFile(pieces, out, READABLE);
    const counts = harCounts(events);
    tell(common, { run: resolve(run.dir), kind: 'har', file: resolve(out), ...written, ...counts }, harWords(counts, out, common.language));
  } finally {
    bodies.close();
  }
}

function harWords({ entries, webSocketMessages, dns }: HarCounts, out: string, language: Language): string {
  return language === 'zh'
    ? `${short(out)}：${entries} 条，WebSocket 消息 ${webSocketMessages} 条；未含 DNS ${dns} 条`
    : `${short(out)}: ${entries} entries, ${webSocketMessages} WebSocket messages; ${dns} DNS queries are left out`;
}

async function exportKeyLog(run: RecordedRun, out: string | null, common: Common): Promise<void> {
  const file = inside(run.dir, KEY_LOG);
  if (file === null || !fs.existsSync(file) || fs.statSync(file).size === 0) throw new LabError('NO_KEY_LOG', { run: run.dir });
  const found = { lines: 0, torn: false };
  const pieces = keyLines(file, found);
  if (out === null) await toStdout(pieces);
  else {
    const written = toFile(pieces, out, OWNER_ONLY);
    const zh = common.language === 'zh';
    tell(
      common,
      { run: resolve(run.dir), kind: 'keylog', file: resolve(out), ...written, lines: found.lines },
      zh ? `${short(out)}：${found.lines} 行，仅本用户可读` : `${short(out)}: ${found.lines} lines, for this user only`,
    );
  }
  if (found.torn)
    remark(common.language === 'zh' ? '密钥日志的最后一行不完整，已略去。' : 'the last line of the key log was torn and is left out.');
}

/** Whole lines of a key log, each checked; counts them. @throws LabError RUN_FILE_BROKEN with the line that is none */
function* keyLines(file: string, found: { lines: number; torn: boolean }): Generator<string> {
  const fd = fromDisk(file, () => fs.openSync(file, 'r'));
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  try {
    let rest = '';
    for (let read = fs.readSync(fd, buffer); read > 0; read = fs.readSync(fd, buffer)) {
      const lines = `${rest}${buffer.toString('latin1', 0, read)}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        found.lines += 1;
        if (line !== '' && !line.startsWith('#') && !KEY_LINE.test(line)) throw noKeyLine(found.lines);
      }
      if (lines.length > 0) yield `${lines.join('\n')}\n`;
    }
    found.torn = rest !== '';
  } finally {
    fs.closeSync(fd);
  }
}

function noKeyLine(line: number): LabError {
  return new LabError('RUN_FILE_BROKEN', { file: KEY_LOG, what: `第 ${line} 行不是密钥`, whatEn: `line ${line} is no key` });
}

function exportAllBodies(run: RecordedRun, out: string, common: Common): void {
  const bodies = fileBodies(run.dir);
  try {
    const written = exportBodies(run.events, bodies, out);
    const index = join(out, 'index.tsv');
    const words =
      common.language === 'zh'
        ? `${short(out)}：正文 ${written.bodies} 个，原始消息头 ${written.heads} 个；哈希见 ${short(index)}`
        : `${short(out)}: ${written.bodies} bodies, ${written.heads} raw heads; hashes are in ${short(index)}`;
    tell(common, { run: resolve(run.dir), kind: 'bodies', folder: resolve(out), index: resolve(index), ...written }, words);
  } finally {
    bodies.close();
  }
}

function tell(common: Common, document: object, words: string): void {
  if (common.json) json(document);
  else result(words);
}

async function toStdout(pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
}

/** A new file, whole or not there at all. @throws LabError OUT_EXISTS, OUT_FULL, NO_PERMISSION, BAD_PATH */
function toFile(pieces: Iterable<string>, file: string, mode: number): { readonly bytes: number; readonly sha256: string } {
  const fd = newFile(file, mode);
  const digest = createHash('sha256');
  let bytes = 0;
  try {
    for (const piece of pieces) {
      const chunk = Buffer.from(piece);
      const { error } = writeWhole(fd, chunk);
      if (error !== null) throw error;
      digest.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    fs.rmSync(file, { force: true });
    throw outError(error, file);
  } finally {
    fs.closeSync(fd);
  }
  return { bytes, sha256: digest.digest('hex') };
}

function newFile(file: string, mode: number): number {
  try {
    return fs.openSync(file, 'wx', mode);
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? new LabError('OUT_EXISTS', { path: file }, { cause: error }) : outError(error, file);
  }
}
