import { LabError } from '../model/errors.js';
import type { FormatParts } from '../../reports/format.js';
import { LEVEL_WORDS, VERDICT_WORDS, chainWords, datumWord, sentence } from '../../reports/words.js';
import { judgeRun } from './pipeline.js';
import type { Common } from './program.js';
import { json, result, wrap } from './say.js';

/** Shows one event (e…), link (l…) or finding (f…) of a run. @throws LabError UNKNOWN_ID */
export async function showCommand(dir: string, id: string, common: Common): Promise<number> {
  const parts = await judgeRun(dir, common.language);
  const found = lookUp(parts, id);
  if (found === undefined) throw new LabError('UNKNOWN_ID', { run: dir, name: id });
  if (common.json) json(found);
  else result([...headline(parts, id, common.language), JSON.stringify(found, null, 2)].join('\n'));
  return 0;
}

function lookUp({ report, timeline }: FormatParts, id: string): object | undefined {
  if (/^f\d+$/.test(id)) return report.findings[Number(id.slice(1)) - 1];
  if (/^l\d+$/.test(id)) return report.links.find((l) => l.id === id);
  return timeline.events.find((e) => e.id === id);
}

function headline({ report, rules, timeline }: FormatParts, id: string, language: 'zh' | 'en'): readonly string[] {
  const width = Math.min(process.stdout.columns ?? 80, 100);
  const finding = /^f\d+$/.test(id) ? report.findings[Number(id.slice(1)) - 1] : undefined;
  if (finding) {
    const rule = rules.find((r) => r.id === finding.rule);
    const text = rule ? sentence(rule, finding.facts, language) : '';
    const ways = finding.links.flatMap((l) => report.links.find((k) => k.id === l) ?? []).map((l) => `  ${l.observation ?? '—'} → ${l.flow}  ${timeline.receivers.get(l.flow)?.host ?? ''}  ${chainWords(l, language)}`);
    return [`${VERDICT_WORDS[finding.verdict][language]} ${finding.rule} ${rule?.title[language] ?? ''}`, ...wrap(text, width), ...ways, ''];
  }
  const link = report.links.find((l) => l.id === id);
  if (!link) return [];
  return [`${datumWord(link.datum, language)}：${link.observation ?? '—'} → ${link.flow} ${timeline.receivers.get(link.flow)?.host ?? ''}`, `${chainWords(link, language)} · ${link.span.part} ${link.span.start}–${link.span.end} · ${LEVEL_WORDS[link.level][language]}`, ''];
}
