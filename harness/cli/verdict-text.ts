import { basename } from 'node:path';
import stringWidth from 'string-width';
import { shellWord } from '../model/errors.js';
import type { Finding, Rule } from '../model/finding.js';
import type { FormatParts } from '../../reports/format.js';
import {
  CAPTURE_WORDS,
  NO_APP_WORDS,
  PHASE_WORDS,
  VERDICT_WORDS,
  datumWord,
  otherWord,
  reasonWord,
  sentence,
  type Language,
} from '../../reports/words.js';
import { cell, columns, oneLine, paint, short, shortWord, wrap } from './say.js';

interface Numbered {
  readonly finding: Finding;
  readonly id: string;
}
interface Page {
  readonly parts: FormatParts;
  readonly language: Language;
  readonly width: number;
  t(zh: string, en: string): string;
}

/** The findings of a judgement for a terminal: a table, a sentence for each violation, what was not seen, and what to do next. */
export function verdictText(parts: FormatParts, dir: string, language: Language): string {
  const page: Page = { parts, language, width: columns(), t: (zh, en) => (language === 'zh' ? zh : en) };
  const told = parts.report.findings.map((finding, i) => ({ finding, id: `f${i + 1}` }));
  const shown = told.filter(({ finding }) => finding.verdict === 'violation' || finding.verdict === 'undecided');
  const lines = [
    '',
    ...heading(page),
    '',
    ...(shown.length > 0 ? [...table(page, shown), '', ...sentences(page, shown)] : wrap(nothingShown(page), page.width)),
    '',
    counts(page),
    ...unseen(page),
    '',
    ...next(page, shown[0]?.id ?? null, dir),
  ];
  return lines.join('\n');
}

function heading({ parts: { report }, language, width, t }: Page): readonly string[] {
  const { app, scenario, handset, run } = report;
  const cut = t(
    '本次运行没有录完（被中断或中途失败）；已看到的违规仍然成立',
    'this run is not complete (interrupted or failed); violations already seen stand',
  );
  const title = handset.kind === 'none' ? CAPTURE_WORDS[language] : `${`${app.label} ${app.version}`.trimEnd()} · ${scenario.title}`;
  return [
    ...wrap(title, width).map(paint.bold),
    ...(handset.simulated
      ? [paint.magenta(t('模拟运行（虚拟手机），不可作为证据', 'simulated run (virtual handset): not fit as evidence'))]
      : []),
    ...(handset.kind === 'imported'
      ? [paint.magenta(t('由其他工具导入，不可作为证据', 'imported from other tools: not fit as evidence'))]
      : []),
    ...(run.interrupted ? wrap(cut, width).map(paint.yellow) : []),
  ];
}

function nothingShown({ parts: { report }, language, t }: Page): string {
  if (report.handset.kind === 'none') return NO_APP_WORDS[language];
  return t(
    '没有发现违规。这不等于没有问题：请看下面没有检测和没有看到的部分。',
    'No violation was found. That is not the same as clean: see below what was not tested and not seen.',
  );
}

/** Each column as wide as what stands in it; the receiver takes what is left. */
function table({ language, width, t }: Page, rows: readonly Numbered[]): readonly string[] {
  const head = [
    '',
    t('判定', 'verdict'),
    t('规则', 'rule'),
    t('数据', 'datum'),
    t('接收方、接口或权限', 'receiver, API or permission'),
    t('阶段', 'phase'),
  ];
  const cells = rows.map(({ finding, id }) => {
    const { about } = finding;
    const phase = PHASE_WORDS[about.phase as keyof typeof PHASE_WORDS]?.[language] ?? about.phase;
    return [
      id,
      VERDICT_WORDS[finding.verdict][language],
      finding.rule,
      about.datum === '-' ? '—' : datumWord(about.datum, language),
      otherWord(about, language) || '—',
      phase,
    ].map(oneLine);
  });
  const natural = head.map((_, i) => Math.max(...[head, ...cells].map((row) => stringWidth(row[i] ?? ''))));
  const others = natural.reduce((sum, w, i) => (i === 4 ? sum : sum + w), natural.length - 1);
  const widths = natural.map((w, i) => (i === 4 ? Math.min(w, Math.max(12, width - others)) : w));
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => cell(text, widths[i] ?? 0))
      .join(' ')
      .trimEnd();
  const colour = ({ finding }: Numbered): typeof paint.red => (finding.verdict === 'violation' ? paint.red : paint.yellow);
  return [
    paint.bold(line(head)),
    '─'.repeat(Math.min(width, others + (widths[4] ?? 0))),
    ...rows.map((row, i) => colour(row)(line(cells[i] ?? []))),
  ];
}

function sentences({ parts, language, width, t }: Page, rows: readonly Numbered[]): readonly string[] {
  const rules = new Map<string, Rule>(parts.rules.map((rule) => [rule.id, rule]));
  const indent = Math.max(...rows.map(({ id }) => id.length)) + 1;
  return rows.flatMap(({ finding, id }) => {
    const rule = rules.get(finding.rule);
    const text = rule ? sentence(rule, finding.facts, language) : finding.rule;
    const reason =
      finding.reason === null ? '' : t(`（${reasonWord(finding.reason, language)}）`, ` (${reasonWord(finding.reason, language)})`);
    // A closing mark may stand one column (two for Chinese) over.
    return wrap(`${text}${reason}`, width - indent - 2).map((line, i) => (i === 0 ? id : '').padEnd(indent) + line);
  });
}

function counts({ parts, language }: Page): string {
  const n = (verdict: Finding['verdict']): number => parts.report.findings.filter((f) => f.verdict === verdict).length;
  return (['violation', 'undecided', 'not-tested', 'clear'] as const).map((v) => `${VERDICT_WORDS[v][language]} ${n(v)}`).join(' · ');
}

function unseen({ parts: { report }, width, t }: Page): readonly string[] {
  const { gaps, flows } = report.coverage;
  const quiet = report.findings.filter((f) => f.verdict === 'not-tested');
  const comma = t('、', ', ');
  const byReason = new Map<string, Set<string>>();
  for (const { reason, rule } of quiet) byReason.set(reason ?? '', (byReason.get(reason ?? '') ?? new Set<string>()).add(rule));
  const hosts = [...new Set([...flows.refused, ...flows.opaque])];
  const lines = [...byReason].map(([reason, rules]) =>
    t(
      `未检测（${reasonWord(reason, 'zh')}）：${[...rules].join(comma)}`,
      `not tested (${reasonWord(reason, 'en')}): ${[...rules].join(comma)}`,
    ),
  );
  if (hosts.length > 0) lines.push(t(`内容未能看到的主机：${hosts.join(comma)}`, `hosts whose content was not seen: ${hosts.join(comma)}`));
  if (gaps.length > 0)
    lines.push(
      t(
        `各记录器报告的缺口：${gaps.length} 处，详见报告“没有看到的”`,
        `gaps reported by the recorders: ${gaps.length}; see "Not seen" in the report`,
      ),
    );
  return lines.flatMap((line) => wrap(line, width - 2).map((part, i) => (i === 0 ? part : `  ${part}`)));
}

function next({ parts: { report }, t }: Page, first: string | null, dir: string): readonly string[] {
  const run = shortWord(dir);
  const packet = shellWord(`packet-${basename(dir).split('-').at(-1)}`);
  const acts: readonly (readonly [string, string])[] = [
    [t('打开报告', 'open the report'), `npx jiejing open ${run}`],
    ...(first === null
      ? []
      : [[t('看第一条发现的证据', 'see the evidence of the first finding'), `npx jiejing show ${run} ${first}`] as const]),
    ...(report.handset.kind === 'none'
      ? [[t('导出流量', 'export the traffic'), `npx jiejing export ${run} --har --out ${t('文件', 'FILE')}`] as const]
      : []),
    [t('封装证据包', 'seal an evidence packet'), `npx jiejing seal ${run} --out ${packet}`],
  ];
  return [
    paint.bold(t(`记录在 ${short(dir)}。接下来：`, `The run is in ${short(dir)}. Next:`)),
    ...acts.flatMap(([about, act]) => [`  ${about}`, `    ${act}`]),
  ];
}
