import { relative } from 'node:path';
import pc from 'picocolors';
import type { Finding, Rule } from '../model/finding.js';
import type { FormatParts } from '../../reports/format.js';
import { PHASE_WORDS, VERDICT_WORDS, datumWord, reasonWord, sentence, type Language } from '../../reports/words.js';
import { cell, wrap } from './say.js';

/** The findings of a judgement for a terminal: a table, a sentence for each violation, what was not seen, and what to do next. */
export function verdictText(parts: FormatParts, dir: string, language: Language, columns: number | undefined): string {
  const width = Math.min(columns ?? 80, 100);
  const t = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const { report } = parts;
  const told = report.findings.map((finding, i) => ({ finding, id: `f${i + 1}` }));
  const shown = told.filter(({ finding }) => finding.verdict === 'violation' || finding.verdict === 'undecided');
  const lines = [
    '',
    pc.bold(`${report.app.label} ${report.app.version} · ${report.scenario.title}`),
    ...(report.handset.simulated ? [pc.magenta(t('模拟运行（虚拟手机），不可作为证据', 'simulated run (virtual handset): not fit as evidence'))] : []),
    ...(report.run.interrupted ? [pc.yellow(t('本次运行没有录完（被中断或中途失败）；已看到的违规仍然成立', 'this run is not complete (interrupted or failed); violations already seen stand'))] : []),
    '',
    ...(shown.length > 0 ? table(shown, language, width) : [t('没有发现违规。', 'No violation was found.')]),
    ...sentences(shown, parts, language, width),
    ...counts(report.findings, language),
    ...unseen(parts, language, width),
    '',
    ...next(shown.length > 0, dir, language, width),
  ];
  return lines.join('\n');
}

type Numbered = { readonly finding: Finding; readonly id: string };

function table(rows: readonly Numbered[], language: Language, width: number): readonly string[] {
  const t = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const widths = [5, 10, 8, 18, Math.max(12, width - 5 - 10 - 8 - 18 - 14 - 5), 14];
  const line = (cells: readonly string[]): string => cells.map((text, i) => cell(text, widths[i] ?? 10)).join(' ').trimEnd();
  const head = line([t('编号', 'id'), t('判定', 'verdict'), t('规则', 'rule'), t('数据', 'datum'), t('接收方 / 读取接口', 'receiver / API'), t('阶段', 'phase')]);
  return [
    pc.bold(head),
    '─'.repeat(width),
    ...rows.map(({ finding, id }) => {
      const { about } = finding;
      const text = line([id, VERDICT_WORDS[finding.verdict][language], finding.rule, about.datum === '-' ? '—' : datumWord(about.datum, language), about.receiver !== '-' ? about.receiver : about.family, PHASE_WORDS[about.phase as keyof typeof PHASE_WORDS]?.[language] ?? about.phase]);
      return finding.verdict === 'violation' ? pc.red(text) : pc.yellow(text);
    }),
    '',
  ];
}

function sentences(rows: readonly Numbered[], parts: FormatParts, language: Language, width: number): readonly string[] {
  const rules = new Map<string, Rule>(parts.rules.map((rule) => [rule.id, rule]));
  return rows.flatMap(({ finding, id }) => {
    const rule = rules.get(finding.rule);
    const text = rule ? sentence(rule, finding.facts, language) : finding.rule;
    const reason = finding.reason === null ? '' : `（${reasonWord(finding.reason, language)}）`;
    return wrap(`${id} ${text}${reason}`, width - 2).map((line, i) => (i === 0 ? line : `    ${line}`));
  });
}

function counts(findings: readonly Finding[], language: Language): readonly string[] {
  const n = (verdict: Finding['verdict']): number => findings.filter((f) => f.verdict === verdict).length;
  const part = (['violation', 'undecided', 'not-tested', 'clear'] as const).map((v) => `${VERDICT_WORDS[v][language]} ${n(v)}`);
  return ['', part.join(' · ')];
}

function unseen({ report }: FormatParts, language: Language, width: number): readonly string[] {
  const { gaps, flows } = report.coverage;
  const quiet = report.findings.filter((f) => f.verdict === 'not-tested');
  const reasons = [...new Set(quiet.map((f) => reasonWord(f.reason, language)))].join(language === 'zh' ? '、' : ', ');
  const hosts = [...new Set([...flows.refused, ...flows.opaque])];
  const t = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const lines: string[] = [];
  if (quiet.length > 0) lines.push(t(`未检测的规则：${[...new Set(quiet.map((f) => f.rule))].join('、')}（${reasons}）`, `rules not tested: ${[...new Set(quiet.map((f) => f.rule))].join(', ')} (${reasons})`));
  if (hosts.length > 0) lines.push(t(`内容未能看到的主机：${hosts.join('、')}`, `hosts whose content was not seen: ${hosts.join(', ')}`));
  if (gaps.length > 0) lines.push(t(`各记录器报告的缺口：${gaps.length} 处，详见报告“没有看到的”`, `gaps reported by the recorders: ${gaps.length}; see "Not seen" in the report`));
  return lines.flatMap((line) => wrap(line, width));
}

function next(found: boolean, dir: string, language: Language, width: number): readonly string[] {
  const run = relative(process.cwd(), dir) || '.';
  const t = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const acts = [
    `npx jiejing open ${run}`,
    ...(found ? [`npx jiejing show ${run} f1`] : []),
    `npx jiejing seal ${run} --out packet`,
  ];
  const about = [t('打开报告', 'open the report'), ...(found ? [t('看第一条发现的证据', 'see the evidence of the first finding')] : []), t('封装证据包', 'seal an evidence packet')];
  return [
    pc.bold(t('接下来：', 'Next:')),
    ...acts.flatMap((act, i) => [`  ${about[i] ?? ''}`, `    ${act}`]),
    ...wrap(t(`记录在 ${run}`, `the run is in ${run}`), width),
  ];
}
