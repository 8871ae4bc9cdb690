import { formsOf } from '../model/timeline.js';
import { LabError } from '../model/errors.js';
import type { Event } from '../model/event.js';
import type { Finding, Link } from '../model/finding.js';
import { eventWords } from '../../reports/event-words.js';
import type { FormatParts } from '../../reports/format.js';
import {
  LEVEL_WORDS,
  VERDICT_WORDS,
  datumWord,
  formWords,
  partWord,
  receiverWord,
  quietWords,
  reasonWord,
  sentence,
  type Language,
} from '../../reports/words.js';
import { judgeRun } from './pipeline.js';
import type { Common } from './program.js';
import { columns, json, result, wrap } from './say.js';

/** Ways of values that are told in words; the document below has them all. */
const MOST_WAYS = 8;

/** Shows one event (e…), link (l…) or finding (f…) of a run. @throws LabError UNKNOWN_ID */
export async function showCommand(dir: string, id: string, common: Common): Promise<number> {
  const parts = await judgeRun(dir, common.language);
  const found = lookUp(parts, id);
  if (found === null) throw new LabError('UNKNOWN_ID', { run: dir, name: id });
  if (common.json) json(found.document);
  else result([...found.words(common.language), '', JSON.stringify(found.document, null, 2)].join('\n'));
  return 0;
}

interface Found {
  readonly document: object;
  words(language: Language): readonly string[];
}

function lookUp(parts: FormatParts, id: string): Found | null {
  const { report, timeline } = parts;
  const finding = /^f\d+$/.test(id) ? report.findings[Number(id.slice(1)) - 1] : undefined;
  if (finding) return { document: finding, words: (language) => findingWords(parts, finding, language) };
  const link = report.links.find((l) => l.id === id);
  if (link) return { document: link, words: (language) => wayOf(parts, link, language) };
  const event = timeline.events.find((e) => e.id === id);
  return event ? { document: event, words: (language) => told(event, language) } : null;
}

function findingWords(parts: FormatParts, finding: Finding, language: Language): readonly string[] {
  const rule = parts.rules.find((r) => r.id === finding.rule);
  const zh = language === 'zh';
  const links = finding.links.flatMap((id) => parts.report.links.find((link) => link.id === id) ?? []);
  const events = finding.events.flatMap((id) => parts.timeline.events.find((e) => e.id === id) ?? []);
  const law = finding.provisions.flatMap((id) => parts.law.get(id) ?? []);
  const part = (head: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : ['', head, ...lines.map((line) => `  ${line}`)];
  const isQuiet = finding.verdict === 'clear' || finding.verdict === 'not-tested';
  const accusing = [
    ...wrap(rule ? sentence(rule, finding.facts, language) : '', columns() - 2),
    ...(finding.reason === null ? [] : [reasonWord(finding.reason, language)]),
  ];
  return [
    `${VERDICT_WORDS[finding.verdict][language]} · ${finding.rule} ${rule?.title[language] ?? ''}`,
    ...(isQuiet ? wrap(quietWords(finding, language), columns() - 2) : accusing),
    ...part(
      zh ? '证据' : 'evidence',
      events.slice(0, MOST_WAYS).flatMap((event) => told(event, language)),
    ),
    ...part(
      zh ? '值的去向' : 'where the values went',
      links.slice(0, MOST_WAYS).flatMap((link) => wayOf(parts, link, language)),
    ),
    ...part(
      zh ? '依据' : 'provisions',
      law.flatMap((row) => wrap(`${row.law} ${row.article}`, columns() - 4)),
    ),
    ...part(
      zh ? '经营者可能的答辩' : 'what the operator may answer',
      (rule?.defences ?? []).flatMap((words) => wrap(words[language], columns() - 4)),
    ),
  ];
}

function told(event: Event, language: Language): readonly string[] {
  return wrap(`${event.id} +${(event.at.ms / 1000).toFixed(3)} s ${eventWords(event)[language]}`, columns() - 4);
}

function wayOf({ timeline }: FormatParts, link: Link, language: Language): readonly string[] {
  const receiver = timeline.receivers.get(link.flow);
  const host = receiver === undefined ? '' : `${receiver.host}（${receiverWord(receiver, language)}）`;
  const form = formWords(formsOf(timeline)(link), language);
  const where = `${partWord(link.span.part, language)} ${link.span.start}-${link.span.end}`;
  return wrap(
    `${link.id} ${datumWord(link.datum, language)}：${link.observation ?? '—'} → ${link.flow} ${host} · ${form} · ${where} · ${LEVEL_WORDS[link.level][language]}`.replace(
      '：',
      language === 'zh' ? '：' : ': ',
    ),
    columns() - 4,
  );
}
