import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { LabError } from '../harness/model/errors.js';
import type { RunHead } from '../harness/model/run.js';
import { instructions } from './packet/instructions.js';
import { verifyPacket, verifyRun } from './verify.js';

const CHUNK_BYTES = 1024 * 1024;
/** Files of a recorder at work; they are no part of the run. */
const NOT_EVIDENCE = /^(\.lock.*|\.reserve|.*\.new)$/;

/** What a packet is made from. */
export interface SealParts {
  readonly runDir: string;
  /** The packet's folder; must not be there, or be empty. */
  readonly out: string;
  /** Real wall time, ISO 8601 with zone. */
  readonly sealedAt: string;
  readonly tool: { readonly name: string; readonly version: string };
  /** Number of the judgement that was found to follow from the run: it alone is packed, with the reports at the top; null: no report is packed. */
  readonly judgement: number | null;
}

/** A packet that was made and checked. */
export interface Packet {
  readonly dir: string;
  readonly run: string;
  readonly files: number;
  readonly bytes: number;
  /** SHA-256 of tagmanifest-sha256.txt: what names this packet. */
  readonly root: string;
  /** Null: nothing speaks against it; else why it must not serve as evidence. */
  readonly unfit: string | null;
}

interface Entry {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * Makes the evidence packet of a run: a BagIt 1.0 folder (RFC 8493) with the run folder and one judgement of it as payload, checked before it takes its name.
 * @throws LabError RUN_BROKEN, RUN_FILE_BROKEN, UNKNOWN_RUN, RUN_EXISTS, NO_PERMISSION, BAD_PATH, STORE_FULL
 */
export function seal(parts: SealParts): Packet {
  const { runDir, out } = parts;
  if (!fs.existsSync(path.join(runDir, 'run.json'))) throw new LabError('UNKNOWN_RUN', { name: runDir });
  if (inside(runDir, out))
    throw new LabError('USAGE', {
      what: '证据包不能放在记录文件夹里面',
      whatEn: 'the packet must not lie inside the run folder',
      command: 'seal',
    });
  if (fs.existsSync(out) && (!fs.statSync(out).isDirectory() || fs.readdirSync(out).length > 0))
    throw new LabError('RUN_EXISTS', { dir: out });
  const staged = `${path.resolve(out)}.sealing`;
  if (fs.existsSync(staged)) throw new LabError('RUN_EXISTS', { dir: staged });
  try {
    const unfit = fill(staged, parts);
    const checked = verifyPacket(staged);
    if (!checked.ok) throw new Error(`the packet does not hold right after sealing: ${checked.file}: ${checked.whatEn}`);
    if (fs.existsSync(out)) fs.rmdirSync(out);
    fs.renameSync(staged, out);
    return { dir: out, run: checked.run, files: checked.files, bytes: checked.bytes, root: checked.root, unfit };
  } catch (error) {
    clear(staged);
    throw worded(error, out);
  }
}

/** Removes what was made; a path that cannot be used has nothing to remove. */
function clear(staged: string): void {
  try {
    fs.rmSync(staged, { recursive: true, force: true });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && UNUSABLE[String(error.code)] !== undefined)) throw error;
  }
}

function inside(folder: string, file: string): boolean {
  const relative = path.relative(path.resolve(folder), path.resolve(file));
  return relative === '' || (!relative.startsWith('..') && !path.isAbsolute(relative));
}

/** Writes the whole bag; returns why it is unfit as evidence, or null. */
function fill(bag: string, parts: SealParts): string | null {
  const run = verifyRun(parts.runDir);
  if (!run.ok) {
    const { file, line, what, whatEn } = run;
    throw line === null
      ? new LabError('RUN_FILE_BROKEN', { file, what, whatEn })
      : new LabError('RUN_BROKEN', { file, line, what, whatEn });
  }
  const head = JSON.parse(fs.readFileSync(path.join(parts.runDir, 'run.json'), 'utf8')) as RunHead; // its hash is that of the chain
  makeFolder(path.join(bag, 'data'));
  const payload = list(parts.runDir, '')
    .filter((name) => isOfJudgement(name, parts.judgement))
    .map((name) => copy(parts.runDir, bag, name));
  const unfit = unfitness(head);
  const write = (name: string, text: string): Entry => {
    const bytes = Buffer.from(text);
    fs.writeFileSync(path.join(bag, name), bytes, { flag: 'wx' });
    return { name, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
  };
  const tags = [
    write('bagit.txt', 'BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n'),
    write('bag-info.txt', bagInfo(parts, head, { payload, logHead: run.logHead, events: run.events, ended: run.ended, unfit })),
    write('manifest-sha256.txt', manifest(payload)),
    write('核验说明.txt', instructions({ run: head.id, unfit })),
  ];
  write('tagmanifest-sha256.txt', manifest(tags));
  return unfit;
}

/** Whether a file belongs to the packet: nobody looked whether other judgements follow from the run. */
function isOfJudgement(name: string, judgement: number | null): boolean {
  if (name.startsWith('judgements/')) return judgement !== null && name.startsWith(`judgements/${judgement}/`);
  return judgement !== null || !/^report\.(json|html)$/.test(name);
}

/** Makes a folder and those above it. Not by `recursive`: below /proc Node never comes back from it. */
function makeFolder(folder: string): void {
  if (fs.existsSync(folder)) return;
  if (folder !== path.dirname(folder)) makeFolder(path.dirname(folder));
  fs.mkdirSync(folder);
}

function unfitness(head: RunHead): string | null {
  if (head.handset.simulated) return 'simulated handset';
  if (head.handset.kind === 'none') return 'a capture on its own - no handset and no app recorded';
  return head.handset.kind === 'imported' ? 'imported from another tool' : null;
}

/** All files of the run below `under`, in the order of their names' bytes. */
function list(root: string, under: string): readonly string[] {
  const found = fs.readdirSync(path.join(root, under), { withFileTypes: true }).flatMap((entry): readonly string[] => {
    const name = under + entry.name;
    if (under === '' && NOT_EVIDENCE.test(entry.name)) return [];
    if (entry.isDirectory()) return list(root, `${name}/`);
    // A link would bring in bytes that the chain knows nothing of.
    if (!entry.isFile()) throw new LabError('RUN_FILE_BROKEN', { file: name, what: '不是普通文件', whatEn: 'it is no plain file' });
    return [name];
  });
  return found.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** Copies one file and hashes what was written. */
function copy(runDir: string, bag: string, file: string): Entry {
  const name = `data/${file}`;
  const to = path.join(bag, name);
  makeFolder(path.dirname(to));
  const from = fs.openSync(path.join(runDir, file), 'r');
  const into = fs.openSync(to, 'wx', fs.fstatSync(from).mode & 0o777);
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let bytes = 0;
  try {
    for (let read = fs.readSync(from, buffer); read > 0; read = fs.readSync(from, buffer)) {
      hash.update(buffer.subarray(0, read));
      for (let done = 0; done < read;) done += fs.writeSync(into, buffer, done, read - done);
      bytes += read;
    }
  } finally {
    fs.closeSync(from);
    fs.closeSync(into);
  }
  return { name, sha256: hash.digest('hex'), bytes };
}

/** RFC 8493, 2.1.3. Two blanks, so that `sha256sum -c` reads it as well. */
function manifest(entries: readonly Entry[]): string {
  const lines = entries.map(({ name, sha256 }) => ({
    sha256,
    name: name.replaceAll('%', '%25').replaceAll('\n', '%0A').replaceAll('\r', '%0D'),
  }));
  const sorted = lines.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  return sorted.map(({ sha256, name }) => `${sha256}  ${name}\n`).join('');
}

interface Sealed {
  readonly payload: readonly Entry[];
  readonly logHead: string;
  readonly events: number;
  readonly ended: boolean;
  readonly unfit: string | null;
}

function about({ app, handset, scenario, began }: RunHead): string {
  if (handset.kind === 'none') return `capture on its own, began ${began}`;
  return `${app.label} (${app.package}) ${app.version}, scenario ${scenario.id}, began ${began}`;
}

function bagInfo(parts: SealParts, head: RunHead, sealed: Sealed): string {
  const bytes = sealed.payload.reduce((sum, entry) => sum + entry.bytes, 0);
  const rows: readonly (readonly [string, string | number | null])[] = [
    ['Source-Organization', head.lab],
    ['External-Identifier', head.id],
    ['External-Description', about(head)],
    ['Bagging-Date', parts.sealedAt.slice(0, 10)],
    ['Bag-Software-Agent', `${parts.tool.name} ${parts.tool.version}`],
    ['Payload-Oxum', `${bytes}.${sealed.payload.length}`],
    ['Run-Id', head.id],
    ['Sealed-At', parts.sealedAt],
    ['Log-Head', sealed.logHead],
    ['Log-Events', sealed.events],
    ['Log-Ended', sealed.ended ? 'yes' : 'no - the recorder was stopped before it could close the run'],
    ['Judgement', parts.judgement],
    ['Case-Number', head.caseNumber],
    ['Operator', head.operator],
    ['Handset', `${head.handset.kind} ${head.handset.profile}`],
    ['Signature', 'none'],
    ['Time-Stamp', 'none'],
    ['Fit-As-Evidence', sealed.unfit === null ? null : `no — ${sealed.unfit}`],
  ];
  return rows.flatMap(([label, value]) => (value === null ? [] : [`${label}: ${String(value).replace(/\s+/g, ' ').trim()}\n`])).join('');
}

const UNUSABLE: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  ENOENT: ['不存在，也无法在此建立', 'it is not there, and cannot be made there'],
  ENOTDIR: ['路径中有一段不是文件夹', 'a part of it is no folder'],
  EEXIST: ['已被同名文件占用', 'something else has that name'],
  ENAMETOOLONG: ['名称过长', 'its name is too long'],
  ELOOP: ['符号链接绕成了圈', 'its symbolic links lead in a circle'],
};

function worded(error: unknown, file: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return new LabError('STORE_FULL', { path: file }, { cause: error });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return new LabError('NO_PERMISSION', { path: file }, { cause: error });
  const [what, whatEn] = UNUSABLE[code] ?? [];
  return what === undefined || whatEn === undefined || error instanceof LabError
    ? error
    : new LabError('BAD_PATH', { path: file, what, whatEn }, { cause: error });
}
