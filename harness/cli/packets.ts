import { resolve } from 'node:path';
import { userInfo } from 'node:os';
import { seal } from '../../reports/packet.js';
import { verifyPacket } from '../../reports/verify.js';
import { LabError } from '../model/errors.js';
import { forgetRun } from '../store/forget.js';
import { readRun } from '../store/read.js';
import type { Common } from './program.js';
import { json, result } from './say.js';
export async function sealCommand(run: string, out: string, { language, json: asJson }: Common): Promise<number> { void readRun; void seal; void resolve; void run; void out; void language; void asJson; return 0; }
export async function verifyCommand(packet: string, { language, json: asJson }: Common): Promise<number> {
  const checked = verifyPacket(packet);
  if (!checked.ok) throw new LabError('PACKET_BROKEN', { file: checked.line === null ? checked.file : `${checked.file}:${checked.line}`, what: checked.what, whatEn: checked.whatEn });
  if (asJson) json(checked);
  else result(language === 'zh' ? '证据包完整' : 'the packet is whole');
  return 0;
}
export async function forgetCommand(run: string, by: string | null, { language, json: asJson }: Common): Promise<number> {
  const when = new Date().toISOString();
  forgetRun(run, when, by ?? userInfo().username);
  if (asJson) json({ run, forgotten: when });
  else result(language === 'zh' ? `${run} 已删除，只留下存根 tombstone.json` : `${run} is gone; its tombstone.json stays`);
  return 0;
}
