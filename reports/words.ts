import datum from '../harness/model/datum.json' with { type: 'json' };
import type { Phase } from '../harness/model/event.js';
import { fill } from '../harness/model/errors.js';
import type { Encoding, Facts, Level, Link, Rule, Verdict, Words } from '../harness/model/finding.js';
import { GROUP_WORDS } from '../harness/model/datum.js';
import { ACT_WORDS, REASONS, REASON_SENTENCES } from '../harness/model/reasons.js';
import type { Need } from '../harness/model/scenario.js';

export type Language = 'zh' | 'en';

/** Verdicts as words for a reader. */
export const VERDICT_WORDS: Readonly<Record<Verdict, Words>> = {
  violation: { zh: '违规', en: 'violation' },
  undecided: { zh: '无法判定', en: 'undecided' },
  clear: { zh: '未发现', en: 'clear' },
  'not-tested': { zh: '未检测', en: 'not tested' },
};

export const PHASE_WORDS: Readonly<Record<Phase | 'undecided' | '-', Words>> = {
  'before-launch': { zh: '启动前', en: 'before launch' },
  'before-consent': { zh: '同意前', en: 'before consent' },
  'after-consent': { zh: '同意后', en: 'after consent' },
  'after-refusal': { zh: '拒绝后', en: 'after refusal' },
  'after-withdrawal': { zh: '撤回同意后', en: 'after withdrawal' },
  undecided: { zh: '先后无法确定', en: 'order undecided' },
  '-': { zh: '—', en: '—' },
};

/** How sure it is that the value is in the request. Not to be mixed up with the C1–C3 classes of personal financial information. */
export const LEVEL_WORDS: Readonly<Record<Level, Words>> = {
  C5: { zh: '已证明（钩子看见了同一字节）', en: 'proven (a hook saw the very bytes)' },
  C4: { zh: '确切（可重放）', en: 'exact (replayable)' },
  C3: { zh: '很可能', en: 'likely' },
  C2: { zh: '部分一致', en: 'partial' },
  C1: { zh: '线索', en: 'hint' },
};

export const REASON_WORDS: Readonly<Record<string, Words>> = REASONS;

export const NEED_WORDS: Readonly<Record<Need, Words>> = {
  launched: { zh: '启动', en: 'launched' },
  'notice-shown': { zh: '出现隐私提示', en: 'notice shown' },
  agreed: { zh: '同意', en: 'agreed' },
  declined: { zh: '拒绝', en: 'declined' },
  withdrawn: { zh: '撤回同意', en: 'withdrawn' },
  'form-reached': { zh: '到达申请表', en: 'form reached' },
  background: { zh: '退到后台', en: 'in background' },
};

const ENCODING_WORDS: Readonly<Record<Encoding['op'], Words>> = {
  percent: { zh: '百分号编码', en: 'percent' },
  json: { zh: 'JSON 转义', en: 'JSON escapes' },
  html: { zh: 'HTML 实体', en: 'HTML entities' },
  base64: { zh: 'Base64', en: 'base64' },
  hex: { zh: '十六进制', en: 'hex' },
  gzip: { zh: 'gzip', en: 'gzip' },
  deflate: { zh: 'deflate', en: 'deflate' },
  brotli: { zh: 'brotli', en: 'brotli' },
  zstd: { zh: 'zstd', en: 'zstd' },
  multipart: { zh: 'multipart 表单', en: 'multipart' },
  md5: { zh: 'MD5 摘要', en: 'MD5' },
  'md5-16': { zh: 'MD5 摘要（16 位）', en: 'MD5 (16 digits)' },
  sha1: { zh: 'SHA-1 摘要', en: 'SHA-1' },
  sha256: { zh: 'SHA-256 摘要', en: 'SHA-256' },
  sm3: { zh: 'SM3 摘要', en: 'SM3' },
  derived: { zh: '钩子所见的加密或摘要结果', en: 'output of a hooked cipher or digest' },
};

const DATUM_WORDS: ReadonlyMap<string, Words> = new Map(datum.rows.map((row) => [row.datum, { zh: row.zh, en: row.en }]));

/** Name of a datum for a reader; the id itself when it is none of the closed list. */
export function datumWord(id: string, language: Language): string {
  return DATUM_WORDS.get(id)?.[language] ?? id;
}

/** Reason of a verdict for a reader; null stays empty. */
export function reasonWord(reason: string | null, language: Language): string {
  return reason === null ? '' : (REASON_WORDS[reason]?.[language] ?? reason);
}

/** A link's chain from the wire to the value, e.g. `gzip → Base64`; `plain` when nothing had to be decoded. */
export function chainWords(link: Pick<Link, 'chain'>, language: Language): string {
  const words = link.chain.map((step) => ENCODING_WORDS[step.op][language]);
  return words.length > 0 ? words.join(' → ') : language === 'zh' ? '明文' : 'plain';
}

/** A rule's sentence with its facts, as words of the language; the sentence of `facts.reason` where the rule's own would accuse without ground. */
export function sentence(rule: Pick<Rule, 'text'>, facts: Facts, language: Language): string {
  const text = REASON_SENTENCES[facts['reason'] ?? ''] ?? rule.text;
  return fill(text[language], Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, factWord(key, value, language)])));
}

function factWord(key: string, value: string | number, language: Language): string | number {
  if (typeof value === 'number') return value;
  const each = (word: (id: string) => string): string =>
    value
      .split(',')
      .map(word)
      .join(language === 'zh' ? '、' : ', ');
  if (key === 'datum' || key === 'group' || key === 'topic') return each((id) => GROUP_WORDS[id]?.[language] ?? datumWord(id, language));
  if (key === 'needs') return each((id) => (id in NEED_WORDS ? NEED_WORDS[id as Need][language] : id));
  if (key === 'act') return ACT_WORDS[value]?.[language] ?? value;
  if (key === 'phase') return value in PHASE_WORDS ? PHASE_WORDS[value as Phase][language] : value;
  if (key === 'reason') return reasonWord(value, language);
  return value;
}
