import { X509Certificate } from 'node:crypto';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openCaFolder } from '../capture/ca-folder.js';
import type { CaFolder } from '../capture/ca-folder.js';
import { LabError } from '../model/errors.js';
import { onDisk, readIfThere } from '../store/disk.js';
import type { Language } from '../../reports/words.js';
import { installWays } from './ca-steps.js';
import type { Parts, Way } from './ca-steps.js';
import type { Common } from './program.js';
import { cell, columns, json, remark, result, short, shortWord, wrap } from './say.js';

/** Folder of the CA when none is told. `capture` makes a new CA each time unless it is given the folder of one. */
const USUAL_FOLDER = 'jiejing-ca';
/** Android's own installer knows a certificate by this ending. */
const DER_NAME = 'jiejing-ca.cer';

/** What `ca` was asked; null: not told. */
export interface CaOptions {
  readonly ca: string | null;
  readonly out: string | null;
  readonly format: 'pem' | 'der' | 'android' | null;
}

/** `ca export` writes the CA's certificate, `ca install-hint` says how to put it on a handset. A CA that is not there is made. @throws LabError USAGE, OUT_EXISTS, CA_KEY_OPEN … */
export function caCommand(act: string, options: CaOptions, common: Common): number {
  if (act !== 'export' && act !== 'install-hint')
    throw usage(`没有子命令 ${act}，可用 export 和 install-hint`, `no subcommand ${act}; there are export and install-hint`);
  if (act === 'install-hint' && (options.out !== null || options.format !== null))
    throw usage('install-hint 不写文件，不用 --out 和 --format', 'install-hint writes no file: no --out and no --format');
  const folder = openCaFolder(options.ca ?? USUAL_FOLDER, Date.now());
  if (folder.made) remark(common.language === 'zh' ? `已在 ${short(folder.dir)} 新建根证书` : `made a new CA in ${short(folder.dir)}`);
  return act === 'export' ? exportCertificate(folder, options, common) : installHint(folder, common);
}

const usage = (what: string, whatEn: string): LabError => new LabError('USAGE', { what, whatEn, command: 'ca' });

function exportCertificate(folder: CaFolder, { out, format }: CaOptions, { language, json: asJson }: Common): number {
  const { authority } = folder;
  const kind = format ?? 'pem';
  const name = { pem: 'jiejing-ca.pem', der: DER_NAME, android: androidName(folder) }[kind];
  const file = out === null ? name : existsSync(out) && statSync(out).isDirectory() ? join(out, name) : out;
  const bytes = kind === 'der' ? new X509Certificate(authority.certPem).raw : Buffer.from(authority.certPem);
  const there = readIfThere(file);
  if (there !== null && !there.equals(bytes)) throw new LabError('OUT_EXISTS', { path: file });
  if (there === null) onDisk(file, () => writeFileSync(file, bytes, { flag: 'wx' }));
  if (asJson) json({ file: resolve(file), format: kind, ...facts(folder) });
  else {
    const zh = language === 'zh';
    const lines = [
      zh ? `已写出 ${short(file)}` : `wrote ${short(file)}`,
      ...about(folder, language),
      `${zh ? '装到手机：' : 'put it on a handset: '}npx jiejing ca install-hint${caOption(folder)}`,
      useIt(folder, language),
    ];
    result(lines.join('\n'));
  }
  return 0;
}

function installHint(folder: CaFolder, { language, json: asJson }: Common): number {
  const parts: Parts = { caOption: caOption(folder), derName: DER_NAME, androidName: androidName(folder) };
  const ways = installWays(parts);
  if (asJson) {
    json({ ...facts(folder), ways });
    return 0;
  }
  const zh = language === 'zh';
  const notes = [
    zh
      ? '应用自己绑定了证书（pinning）的连接仍会被它拒绝：借镜如实记录，不设法绕过。'
      : 'Apps that pin certificates go on refusing ours: that is recorded as it is, and no way round it is offered.',
    zh
      ? '面向 Android 7 及以上开发的应用默认不信任用户证书，所以 7 起要放进系统证书库。'
      : 'Apps made for Android 7 and later do not trust user certificates by default, hence the system store from 7 on.',
  ];
  result(
    [
      zh
        ? '手机信任这份证书后，代理才能读到应用的 TLS 流量：'
        : 'Once a handset trusts this certificate, the proxy can read the TLS traffic of its apps:',
      ...about(folder, language),
      ...ways.flatMap((way) => ['', ...wayLines(way, language)]),
      '',
      ...notes.flatMap((note) => wrap(note, columns())),
      useIt(folder, language),
    ].join('\n'),
  );
  return 0;
}

function wayLines({ android, store, needsRoot, steps, undo }: Way, language: Language): readonly string[] {
  const zh = language === 'zh';
  const where = store === 'user' ? (zh ? '用户证书库' : 'user store') : zh ? '系统证书库' : 'system store';
  const root = needsRoot ? (zh ? '需要 root' : 'needs root') : zh ? '不需要 root' : 'no root needed';
  return [
    zh ? `${android.zh}：${where}，${root}` : `${android.en}: ${where}, ${root}`,
    ...[...steps, undo].flatMap((step, i) => {
      const text = wrap(step[language], columns() - 5).map(
        (line, at) => `  ${cell(at === 0 && i < steps.length ? `${i + 1}.` : '', 2)} ${line}`,
      );
      // A command is never broken: it is there to be copied.
      return [...text, ...(step.command === null ? [] : [`     ${step.command}`])];
    }),
  ];
}

function useIt({ dir }: CaFolder, language: Language): string {
  const command = `npx jiejing capture --ca ${shortWord(dir)} …`;
  return language === 'zh' ? `抓包时使用它：${command}` : `capture with it: ${command}`;
}

const androidName = ({ subjectHashOld }: CaFolder): string => `${subjectHashOld}.0`;
const caOption = ({ dir }: CaFolder): string => (dir === USUAL_FOLDER ? '' : ` --ca ${shortWord(dir)}`);

function facts({ authority, dir, made, subjectHashOld, untilMs }: CaFolder): object {
  const until = new Date(untilMs).toISOString();
  return { folder: resolve(dir), made, name: authority.name, sha256: authority.sha256, subjectHashOld, until };
}

function about(folder: CaFolder, language: Language): readonly string[] {
  const zh = language === 'zh';
  const { authority, dir, untilMs } = folder;
  return [
    [zh ? '根证书文件夹' : 'CA folder', short(dir)],
    [zh ? '名称' : 'name', authority.name],
    // As openssl and handsets show it.
    ['SHA-256', (authority.sha256.toUpperCase().match(/../g) ?? []).join(':')],
    [zh ? '有效期至' : 'valid until', new Date(untilMs).toISOString().slice(0, 10)],
    [zh ? '系统库文件名' : 'system name', androidName(folder)],
  ].map(([label = '', value = '']) => `  ${cell(label, 14)}${value}`);
}
