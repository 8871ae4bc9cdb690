/**
 * Checks an evidence packet: a BagIt 1.0 folder (RFC 8493) whose payload is one recorded run. This file is the whole verifier: it uses
 * Node's own library and nothing else, so that it can be read before it is trusted. Alone: `node verify.js PACKET` (exit 0 or 5).
 *
 * What is checked, in this order; the first thing that does not hold is named:
 *   1. the folder holds files and folders only: no link, device or socket
 *   2. bagit.txt is that of a BagIt 1.0 bag in UTF-8
 *   3. tagmanifest-sha256.txt covers every other file outside data/, and each has its hash
 *   4. manifest-sha256.txt covers every file in data/, and each has its hash
 *   5. nothing was added, nothing leads out of the folder, Payload-Oxum counts right
 *   6. data/events.jsonl is an unbroken chain that begins with the hash of data/run.json, and is not missing where more was recorded
 *   7. every body, picture and value that an event refers to is there with its hash
 *
 * The reports in data/ are not bound to the chain: they follow from the run, and `jiejing judge` on a copy of data/ makes them again.
 * It shows that nothing changed since sealing. Who sealed, and when, only a signature and a time stamp over tagmanifest-sha256.txt can show.
 */
import { createHash, createHmac } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A packet that holds. */
export interface SoundPacket {
  readonly ok: true;
  readonly run: string;
  readonly files: number;
  readonly bytes: number;
  readonly events: number;
  /** The run was closed by its recorder; false: its last line is missing, as after a power cut. */
  readonly ended: boolean;
  /** SHA-256 of the last line of events.jsonl. */
  readonly logHead: string;
  /** SHA-256 of tagmanifest-sha256.txt: what names this packet. */
  readonly root: string;
  /** bag-info.txt, label and value. */
  readonly info: readonly (readonly [string, string])[];
}

/** A run whose chain holds. */
export interface SoundRun extends Pick<SoundPacket, 'ok' | 'run' | 'events' | 'ended' | 'logHead'> {}

/** The first thing that does not hold. `line` is that of `file`, where that has a meaning. */
export interface BrokenPacket {
  readonly ok: false;
  readonly file: string;
  readonly line: number | null;
  readonly what: string;
  readonly whatEn: string;
}

/** A file of the packet, and a line of it where that has a meaning. */
type Place = readonly [file: string, line: number | null];

class Broken extends Error {
  constructor(
    readonly at: Place,
    readonly what: string,
    readonly whatEn: string,
  ) {
    super(`${at[0]}: ${whatEn}`);
  }
}

const TAG_MANIFEST = 'tagmanifest-sha256.txt';
const MANIFEST = 'manifest-sha256.txt';
const BAGIT = 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n';
const CHUNK_BYTES = 1024 * 1024;
/** Events are flat; what nests deeper than this was not written by a recorder. */
const DEEPEST = 32;

/** Checks a packet folder. Never throws for what is in the packet. */
export function verifyPacket(dir: string): SoundPacket | BrokenPacket {
  return orBroken(dir, () => check(dir));
}

/** Checks a run folder that is not in a packet, as steps 6 and 7 do. */
export function verifyRun(dir: string): SoundRun | BrokenPacket {
  return orBroken(dir, () => checkChain(dir, ''));
}

function orBroken<T>(dir: string, work: () => T): T | BrokenPacket {
  try {
    return work();
  } catch (error) {
    if (error instanceof Broken) return { ok: false, file: error.at[0], line: error.at[1], what: error.what, whatEn: error.whatEn };
    if (!(error instanceof Error && 'code' in error)) throw error;
    return { ok: false, file: dir, line: null, what: `无法读取：${error.message}`, whatEn: `cannot be read: ${error.message}` };
  }
}

/** Ends the check unless `holds`. */
function must(holds: boolean, at: Place, what: string, whatEn: string): asserts holds {
  if (!holds) throw new Broken(at, what, whatEn);
}

function check(dir: string): SoundPacket {
  const files = walk(dir, '');
  const bagit = need(dir, 'bagit.txt', files).toString('utf8').replace(/\r\n?/g, '\n');
  must(bagit.trimEnd() === BAGIT.trimEnd(), ['bagit.txt', null], '不是 BagIt 1.0、UTF-8', 'it is not that of a BagIt 1.0 bag in UTF-8');
  const tags = parseManifest(TAG_MANIFEST, need(dir, TAG_MANIFEST, files), false);
  checkHashes(dir, tags, TAG_MANIFEST);
  const payload = parseManifest(MANIFEST, need(dir, MANIFEST, files), true);
  checkHashes(dir, payload, MANIFEST);
  for (const name of files.keys()) {
    const listed = name.startsWith('data/') ? payload.has(name) : tags.has(name) || name === TAG_MANIFEST;
    must(listed, [name, null], '清单之外的文件', 'it is in no manifest: it was added');
  }
  const bytes = [...payload.keys()].reduce((sum, name) => sum + (files.get(name) ?? 0), 0);
  const info = parseInfo(need(dir, 'bag-info.txt', files).toString('utf8'));
  const oxum = `${bytes}.${payload.size}`;
  must(valueOf(info, 'Payload-Oxum') === oxum, ['bag-info.txt', null], `Payload-Oxum 应为 ${oxum}`, `Payload-Oxum should be ${oxum}`);
  const chain = checkChain(path.join(dir, 'data'), 'data/');
  must(valueOf(info, 'Log-Head') === chain.logHead, ['bag-info.txt', null], 'Log-Head 与记录不符', 'Log-Head is not that of the events');
  return { ...chain, files: files.size, bytes, root: hashFile(path.join(dir, TAG_MANIFEST)), info };
}

/** All files below `dir` by name with `/`, with their sizes. */
function walk(dir: string, under: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const name of fs.readdirSync(path.join(dir, under))) {
    const file = under + name;
    const stat = fs.lstatSync(path.join(dir, file));
    if (stat.isDirectory()) for (const [deeper, bytes] of walk(dir, `${file}/`)) found.set(deeper, bytes);
    else if (stat.isFile()) found.set(file, stat.size);
    else throw new Broken([file, null], '不是普通文件（链接或设备）', 'it is no plain file but a link or a device');
  }
  return found;
}

function need(dir: string, file: string, files: ReadonlyMap<string, number>): Buffer {
  must(files.has(file), [file, null], '缺失', 'it is missing');
  return fs.readFileSync(path.join(dir, file));
}

interface Listed {
  readonly sha256: string;
  readonly line: number;
}

/** A manifest of RFC 8493, 2.1.3: hash, white space, path; CR, LF and % in paths stand as %0D, %0A and %25. */
function parseManifest(manifest: string, bytes: Buffer, ofPayload: boolean): Map<string, Listed> {
  const listed = new Map<string, Listed>();
  const lines = bytes.toString('utf8').split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  lines.forEach((text, i) => {
    const line = i + 1;
    const [, sha256, encoded] = /^([0-9a-fA-F]{64})[ \t]+\*?(.+)$/.exec(text) ?? [];
    if (sha256 === undefined || encoded === undefined) throw new Broken([manifest, line], '不是“哈希 路径”', 'it is not a hash and a path');
    const name = encoded.replace(/%(0D|0A|25)/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
    const leadsOut = /\\|^[A-Za-z]:|^~/.test(name) || name.split('/').some((part) => ['', '.', '..'].includes(part));
    const here = name.startsWith('data/') === ofPayload;
    must(here && !leadsOut, [manifest, line], `路径不允许：${name}`, `this path is not allowed here: ${name}`);
    const once = name !== TAG_MANIFEST && !listed.has(name);
    must(once, [manifest, line], `重复或不应出现：${name}`, `it is listed twice, or must not be: ${name}`);
    listed.set(name, { sha256: sha256.toLowerCase(), line });
  });
  return listed;
}

function checkHashes(dir: string, listed: ReadonlyMap<string, Listed>, manifest: string): void {
  for (const [name, { sha256, line }] of listed) {
    const full = path.join(dir, name);
    must(fs.existsSync(full), [name, null], `缺失（${manifest} 第 ${line} 行列有）`, `it is missing (${manifest}, line ${line}, lists it)`);
    const same = hashFile(full) === sha256;
    must(same, [name, null], `与 ${manifest} 第 ${line} 行的哈希不符`, `its SHA-256 is not that of ${manifest}, line ${line}`);
  }
}

function hashFile(file: string): string {
  return hashSlice({ file, offset: 0, length: fs.statSync(file).size, key: null });
}

/** A part of a file, hashed with SHA-256, or with HMAC-SHA256 under a key. */
interface Slice {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  readonly key: Buffer | null;
}

/** The hash in hex; of what is there, when the file is shorter. */
function hashSlice({ file, offset, length, key }: Slice): string {
  const hash = key === null ? createHash('sha256') : createHmac('sha256', key);
  const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, length));
  const fd = fs.openSync(file, 'r');
  try {
    for (let done = 0, read = 1; done < length && read > 0; done += read) {
      read = fs.readSync(fd, buffer, 0, Math.min(buffer.length, length - done), offset + done);
      hash.update(buffer.subarray(0, read));
    }
  } finally {
    fs.closeSync(fd);
  }
  return hash.digest('hex');
}

/** bag-info.txt of RFC 8493, 2.2.2: `Label: value`, lines that begin with white space go on. */
function parseInfo(text: string): [string, string][] {
  const info: [string, string][] = [];
  text.split(/\r\n|\n|\r/).forEach((line, i) => {
    const last = info.at(-1);
    if (line === '') return;
    if (/^[ \t]/.test(line) && last !== undefined) {
      last[1] = `${last[1]} ${line.trim()}`;
      return;
    }
    const at = line.indexOf(':');
    must(at > 0, ['bag-info.txt', i + 1], '不是“标签: 值”', 'it is not a label and a value');
    info.push([line.slice(0, at), line.slice(at + 1).trim()]);
  });
  return info;
}

/** The value of a label, or null. */
function valueOf(info: readonly (readonly [string, string])[], label: string): string | null {
  return info.find(([name]) => name.toLowerCase() === label.toLowerCase())?.[1] ?? null;
}

/**
 * Checks the run in `dir`; `shown` stands before its file names. Each line of events.jsonl is JSON whose `prev` is the SHA-256 of the line before, without its newline; the first
 * line's is that of run.json. The last line is of kind `end` and ends with `"own"`, the SHA-256 of itself without that member.
 */
function checkChain(dir: string, shown: string): SoundRun {
  const log = `${shown}events.jsonl`;
  const head = readOr(dir, 'run.json', shown);
  const events = path.join(dir, 'events.jsonl');
  const bytes = fs.existsSync(events) ? fs.readFileSync(events) : Buffer.alloc(0);
  const files = new RunFiles(dir, shown);
  let prev = createHash('sha256').update(head).digest('hex');
  let number = 0;
  let ended = false;
  for (let start = 0, end = bytes.indexOf(10); end !== -1; start = end + 1, end = bytes.indexOf(10, start)) {
    const line = bytes.subarray(start, end);
    number += 1;
    const at: Place = [log, number];
    const event = parseObject(line.toString('utf8'), log, number);
    must(!ended, at, '在结束行之后', 'it stands behind the last line');
    const here = `e${number}`;
    must(event['id'] === here, at, `此处应为 ${here}`, `${here} should stand here: a line is missing, doubled or swapped`);
    must(event['prev'] === prev, at, '与上一行（首行：run.json）不符', 'it does not fit the line before: one of the two was altered');
    const first = number > 1 || event['head'] === prev;
    must(first, at, '首行没有 run.json 的哈希', 'the first line does not hold the hash of run.json');
    ended = event['kind'] === 'end';
    const own = !ended || event['own'] === ownHash(line.toString('utf8'));
    must(own, at, '与其自身的哈希不符', 'it does not match its own hash');
    files.checkRefs(event, number, 0);
    prev = createHash('sha256').update(line).digest('hex');
  }
  const later = number === 0 ? afterLineOne(dir) : null;
  must(later === null, [log, 1], `缺失，而有在它之后写入的 ${later}`, `it is missing, though ${later} was written after it`);
  const id = parseObject(head.toString('utf8'), `${shown}run.json`, 1)['id'];
  return { ok: true, run: String(id), events: number, ended, logHead: prev };
}

/** A file that can only have been written after line 1; null: the recorder may have been killed before that line. */
function afterLineOne(dir: string): string | null {
  const report = path.join(dir, 'report.json');
  const judged = fs.existsSync(report) ? jsonOrNull(fs.readFileSync(report, 'utf8')) : null;
  const empty = isObject(judged) && isObject(judged['run']) && judged['run']['events'] === 0;
  const before = /^(run\.json|events\.jsonl|values\/manifest\.json|\.lock.*|\.reserve|.*\.new)$/;
  return [...walk(dir, '').keys()].find((name) => !before.test(name) && !(empty && /^(report\.|judgements\/)/.test(name))) ?? null;
}

function ownHash(line: string): string {
  return createHash('sha256')
    .update(`${line.slice(0, line.lastIndexOf(',"own":"'))}}`)
    .digest('hex');
}

function readOr(dir: string, file: string, shown: string): Buffer {
  must(fs.existsSync(path.join(dir, file)), [shown + file, null], '缺失', 'it is missing');
  return fs.readFileSync(path.join(dir, file));
}

function parseObject(text: string, file: string, line: number): Readonly<Record<string, unknown>> {
  const value = jsonOrNull(text);
  if (isObject(value)) return value;
  throw new Broken([file, line], '不是 JSON 对象', 'it is not a JSON object');
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The files of a run that its events refer to. */
class RunFiles {
  readonly #checked = new Set<string>();
  readonly #valueKey: Buffer;

  constructor(
    readonly dir: string,
    readonly shown: string,
  ) {
    const bytes = readOr(dir, 'values/manifest.json', shown);
    const head = parseObject(readOr(dir, 'run.json', shown).toString('utf8'), `${shown}run.json`, 1);
    const recorded = isObject(head['manifest']) ? head['manifest']['sha256'] : null;
    const same = createHash('sha256').update(bytes).digest('hex') === recorded;
    must(same, [`${shown}values/manifest.json`, null], '与 run.json 中的哈希不符', 'its hash is not the one in run.json');
    const seed = String(parseObject(bytes.toString('utf8'), `${shown}values/manifest.json`, 1)['seed']);
    // Values outside the manifest are named by HMAC-SHA256 under this key, so that hashes in the log cannot be tried out without values/.
    this.#valueKey = createHmac('sha256', Buffer.from(seed, 'hex')).update('jiejing value hashes 1').digest();
  }

  /** Every object with `file` and `sha256`, and every value by keyed hash, anywhere in an event. */
  checkRefs(value: unknown, line: number, depth: number): void {
    must(depth <= DEEPEST, [`${this.shown}events.jsonl`, line], '嵌套过深', 'it is nested too deeply');
    if (Array.isArray(value)) for (const each of value) this.checkRefs(each, line, depth + 1);
    if (!isObject(value)) return;
    const { file, sha256, keyedHash } = value;
    const offset = Number(value['offset'] ?? 0);
    const length = Number(value['length'] ?? value['bytes']);
    if (typeof file === 'string' && typeof sha256 === 'string') this.#check({ file, offset, length, key: null }, sha256, line);
    else if (typeof keyedHash === 'string')
      this.#check({ file: `values/${keyedHash}.bin`, offset, length, key: this.#valueKey }, keyedHash, line);
    else for (const each of Object.values(value)) if (typeof each === 'object') this.checkRefs(each, line, depth + 1);
  }

  #check(slice: Slice, expected: string, line: number): void {
    const what = `${slice.file} ${slice.offset} ${slice.length} ${expected}`;
    if (this.#checked.has(what)) return;
    this.#checked.add(what);
    const file = path.join(this.dir, slice.file);
    const shown = this.shown + slice.file;
    const within = !slice.file.split('/').includes('..') && !path.isAbsolute(slice.file);
    must(within, [`${this.shown}events.jsonl`, line], `路径不允许：${slice.file}`, `this path is not allowed: ${slice.file}`);
    must(fs.existsSync(file), [shown, null], `缺失（events.jsonl 第 ${line} 行引用）`, `it is missing (events.jsonl, line ${line})`);
    const same = hashSlice({ ...slice, file }) === expected;
    must(same, [shown, null], `与 events.jsonl 第 ${line} 行登记的不符`, `it is not what events.jsonl, line ${line}, recorded`);
  }
}

const bare = (file: string): string => path.resolve(file).replace(/\.[jt]s$/, '');
const asked = bare(process.argv[1] ?? '.');
const started = fs.existsSync(`${asked}.js`) ? bare(fs.realpathSync(`${asked}.js`)) : asked;
// Bundled into another program this file is not what was started.
if (path.basename(started).startsWith('verify') && started === bare(fileURLToPath(import.meta.url))) {
  const result = verifyPacket(process.argv[2] ?? '.');
  const at = result.ok || result.line === null ? '' : `:${result.line}`;
  if (result.ok) console.log(`OK  ${result.run}  ${result.events} events, ${result.files} files\n证据根哈希 / root  ${result.root}`);
  else console.log(`BROKEN  ${result.file}${at}  ${result.what} / ${result.whatEn}`);
  process.exitCode = result.ok ? 0 : 5;
}
