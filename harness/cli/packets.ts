import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { beijingTime } from '../../reports/beijing.js';
import { seal, type Packet } from '../../reports/packet.js';
import { verifyPacket } from '../../reports/verify.js';
import { CAPTURE_WORDS, type Language } from '../../reports/words.js';
import { LabError } from '../model/errors.js';
import { forgetRun } from '../store/forget.js';
import { readRun } from '../store/read.js';
import { soundJudgement } from './pipeline.js';
import { toolOf } from './plan.js';
import type { Common } from './program.js';
import { cell, json, oneLine, result, short, shortWord } from './say.js';
import { isRun, replayedText, replayReport, verifyRunCommand } from './verify.js';

/** `seal`: the whole run with a judgement that follows from it as an evidence packet, and what it is good for. @throws LabError RUN_IN_USE, RUN_EXISTS, RUN_BROKEN … */
export async function sealCommand(run: string, out: string, { language, json: asJson }: Common): Promise<number> {
  const judgement = await soundJudgement(run, language);
  const packet = seal({ runDir: run, out, sealedAt: new Date().toISOString(), tool: toolOf(), judgement });
  if (asJson) json({ ...packet, dir: resolve(packet.dir) });
  else result(sealedText(packet, language));
  return 0;
}

function sealedText({ dir, run, files, bytes, root, unfit }: Packet, language: Language): string {
  const zh = language === 'zh';
  return [
    zh ? `已封装并核验：${short(dir)}` : `sealed and verified: ${short(dir)}`,
    ...rows([
      [zh ? '记录' : 'run', run],
      [zh ? '文件' : 'files', `${files} (${megabytes(bytes)})`],
      [zh ? '证据根哈希' : 'root', root],
      [zh ? '作为证据' : 'as evidence', fitness(unfit, language)],
    ]),
    zh ? '请把证据根哈希另行告知接收方；核验：' : 'Tell the receiver the root by other means; to verify:',
    `  npx jiejing verify ${shortWord(dir)}`,
  ].join('\n');
}

/** `verify`: whether a packet or a run is whole, what it says of itself, and whether each link of its report follows from it. @throws LabError PACKET_BROKEN, RUN_FILE_BROKEN, USAGE */
export async function verifyCommand(packet: string, { language, json: asJson }: Common): Promise<number> {
  if (!existsSync(packet))
    throw new LabError('USAGE', { what: `没有文件夹 ${packet}`, whatEn: `there is no folder ${packet}`, command: 'verify' });
  if (isRun(packet)) return verifyRunCommand(packet, { language, json: asJson });
  const checked = verifyPacket(packet);
  if (!checked.ok) {
    const { file, line, what, whatEn } = checked;
    throw new LabError('PACKET_BROKEN', { file: line === null ? file : `${file}:${line}`, what, whatEn });
  }
  const info = new Map(checked.info);
  const data = join(packet, 'data');
  const replayed = replayReport(data, readRun(data), (broken) => new LabError('PACKET_BROKEN', { file: 'data/report.json', ...broken }));
  if (asJson) json({ ...checked, info: Object.fromEntries(info), replayed });
  else {
    const zh = language === 'zh';
    const unfit = info.get('Fit-As-Evidence') ?? null;
    const sealedAt = info.get('Sealed-At') ?? null;
    const facts = rows([
      [zh ? '记录' : 'run', checked.run],
      [zh ? '内容' : 'about', aboutPacket(info.get('External-Description') ?? '', language)],
      [zh ? '封装于' : 'sealed at', sealedAt === null ? '' : `${beijingTime(sealedAt)[language]} ${sealedAt}`],
      [zh ? '文件' : 'files', `${checked.files} (${megabytes(checked.bytes)})`],
      [zh ? '事件' : 'events', `${checked.events}${checked.ended ? '' : zh ? '（记录被中断）' : ' (the recording was cut short)'}`],
      [zh ? '事件链头' : 'log head', checked.logHead],
      [zh ? '关联' : 'links', replayedText(replayed, zh, zh ? '没有判定报告' : 'no report')],
      [zh ? '证据根哈希' : 'root', checked.root],
      [zh ? '作为证据' : 'as evidence', fitness(unfit?.replace(/^no — /, '') ?? null, language)],
    ]);
    const whole = zh ? '证据包完整，内容与封装时一致' : 'the packet is whole: nothing changed since it was sealed';
    result([whole, ...facts, reportsNote(packet, language)].join('\n'));
  }
  return 0;
}

/** The packet's own line is in English. */
function aboutPacket(line: string, language: Language): string {
  if (language === 'en') return line;
  const captured = /^capture on its own, began (\S+)$/.exec(line)?.[1];
  if (captured !== undefined) return `${CAPTURE_WORDS.zh}，开始于 ${beijingTime(captured).zh}`;
  return line.replace(
    /, scenario (\S+), began (\S+)$/,
    (_, scenario: string, began: string) => `，场景 ${scenario}，开始于 ${beijingTime(began).zh}`,
  );
}

/** Judging writes into the run, so that a packet judged in place would no longer be whole. */
function reportsNote(packet: string, language: Language): string {
  const data = shortWord(join(packet, 'data'));
  const commands = `  cp -r ${data} copy && npx jiejing judge copy`;
  return language === 'zh'
    ? `报告不在事件链内：它们由记录得出，可重新得出并比对：\n${commands}`
    : `The reports are not bound to the chain: they follow from the run and can be made again, to compare:\n${commands}`;
}

const UNFIT: Readonly<Record<string, string>> = {
  'simulated handset': '模拟手机',
  'imported from another tool': '由其他工具导入',
  'a capture on its own - no handset and no app recorded': '单独抓包，未记录是哪台手机、哪个应用',
};

function fitness(unfit: string | null, language: Language): string {
  if (unfit === null)
    return language === 'zh'
      ? '没有签名和时间戳，不能证明由谁、何时封装'
      : 'neither signed nor time-stamped: who sealed it, and when, is not proven';
  return language === 'zh' ? `不可（${UNFIT[unfit] ?? unfit}）` : `no (${unfit})`;
}

function rows(facts: readonly (readonly [string, string])[]): readonly string[] {
  return facts.filter(([, fact]) => fact !== '').map(([name, fact]) => `  ${cell(name, 12)} ${oneLine(fact)}`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** A user without an entry in the password file has a number only. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

/** `forget`: removes a run for good but for its tombstone. */
export async function forgetCommand(
  run: string,
  told: { readonly by: string | null; readonly why: string | null },
  { language, json: asJson }: Common,
): Promise<number> {
  const when = new Date().toISOString();
  forgetRun(run, when, told.by ?? userName(), told.why ?? undefined);
  if (asJson) json({ run: resolve(run), forgotten: when });
  else
    result(
      language === 'zh'
        ? `${run} 已删除，只留下存根 ${join(run, 'tombstone.json')}`
        : `${run} is gone; its tombstone stays: ${join(run, 'tombstone.json')}`,
    );
  return 0;
}
