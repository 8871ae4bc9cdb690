import datum from '../harness/model/datum.json' with { type: 'json' };
import type { Flow, Phase } from '../harness/model/event.js';
import type { Encoding, Facts, Finding, FingerprintParts, Level, Receiver, Rule, Verdict, Words } from '../harness/model/finding.js';
import { GROUP_WORDS } from '../harness/model/datum.js';
import { ACT_WORDS, REASONS, REASON_SENTENCES } from '../harness/model/reasons.js';
import type { Need } from '../harness/model/scenario.js';
import { gapWords } from './gap-words.js';
import simulated from './receivers/simulated.json' with { type: 'json' };
import table from './receivers/table.json' with { type: 'json' };

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

/** A run of `capture`, in place of an app and a scenario. */
export const CAPTURE_WORDS: Words = { zh: '单独抓包', en: 'capture on its own' };
/** What follows from such a run. */
export const NO_APP_WORDS: Words = {
  zh: '这是单独抓包的记录：只有流量，没有检测任何应用，不能得出有无违规的结论。',
  en: 'This is a capture on its own: it holds traffic, no app was tested, and nothing follows for or against one.',
};

/** What became of a flow. */
export const FLOW_WORDS: Readonly<Record<Flow['state'], Words>> = {
  whole: { zh: '完整', en: 'whole' },
  cut: { zh: '超过保存上限', en: 'cut at the limit' },
  truncated: { zh: '服务器中途断开', en: 'truncated by the server' },
  aborted: { zh: '应用中途断开', en: 'aborted by the app' },
  refused: { zh: '连接被拒绝或未能建立', en: 'the connection was refused or failed' },
  opaque: { zh: '内容无法读懂', en: 'opaque' },
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
  'quoted-printable': { zh: 'quoted-printable', en: 'quoted-printable' },
  'utf-16le': { zh: 'UTF-16LE', en: 'UTF-16LE' },
  'utf-16be': { zh: 'UTF-16BE', en: 'UTF-16BE' },
  gbk: { zh: 'GBK', en: 'GBK' },
  md5: { zh: 'MD5 摘要', en: 'MD5' },
  'md5-16': { zh: 'MD5 摘要（16 位）', en: 'MD5 (16 digits)' },
  sha1: { zh: 'SHA-1 摘要', en: 'SHA-1' },
  sha224: { zh: 'SHA-224 摘要', en: 'SHA-224' },
  sha256: { zh: 'SHA-256 摘要', en: 'SHA-256' },
  sha384: { zh: 'SHA-384 摘要', en: 'SHA-384' },
  sha512: { zh: 'SHA-512 摘要', en: 'SHA-512' },
  sm3: { zh: 'SM3 摘要', en: 'SM3' },
  crc32: { zh: 'CRC-32 校验值', en: 'CRC-32' },
  'digest-of-digest': { zh: '二次摘要', en: 'digest of a digest' },
  salted: { zh: '加盐摘要（已知的盐）', en: 'digest with a known salt' },
  hmac: { zh: 'HMAC（已知的密钥）', en: 'HMAC under a known key' },
  joined: { zh: '拼接的分段', en: 'pieces put together' },
  derived: { zh: '钩子所见的加密或摘要结果', en: 'output of a hooked cipher or digest' },
};

const DATUM_WORDS: ReadonlyMap<string, Words> = new Map(datum.rows.map((row) => [row.datum, { zh: row.zh, en: row.en }]));

/** Name of a datum for a reader; the id itself when it is none of the closed list. */
export function datumWord(id: string, language: Language): string {
  return DATUM_WORDS.get(id)?.[language] ?? id;
}

const SDK_WORDS: ReadonlyMap<string, Words> = new Map([...table, ...simulated].map((row) => [row.id, { zh: row.sdk_zh, en: row.sdk_en }]));

/** Name of an SDK of the receivers table for a reader; the id itself when it is none. */
export function sdkWord(id: string, language: Language): string {
  return SDK_WORDS.get(id)?.[language] ?? id;
}

/** Who is behind a host, in words: whose tenant it is where the host is a cloud's, and the name behind an alias. */
export function receiverWord({ party, sdk, landlord, alias }: Receiver, language: Language): string {
  const zh = language === 'zh';
  if (party === 'first') return zh ? '第一方' : 'first party';
  if (sdk !== null) {
    const named = alias === null ? sdkWord(sdk, language) : `${sdkWord(sdk, language)} ← ${alias}`;
    return zh ? `第三方 ${named}` : `third party ${named}`;
  }
  if (landlord === null) return zh ? '接收方未知' : 'receiver unknown';
  return zh ? `接收方是 ${sdkWord(landlord, 'zh')} 的租户，身份未知` : `receiver unknown: a tenant of ${sdkWord(landlord, 'en')}`;
}

/** What a finding names beside its datum: the receiver, the permission that was asked for, or the family of the API; empty for none. */
export function otherWord({ receiver, family }: Pick<FingerprintParts, 'receiver' | 'family'>, language: Language): string {
  if (receiver !== '-') return receiver;
  const group = GROUP_WORDS[family]?.[language];
  if (group !== undefined) return language === 'zh' ? `${group}权限` : `${group} permission`;
  if (family === 'notice') return language === 'zh' ? '隐私提示' : 'privacy notice';
  return family === '-' ? '' : family;
}

/** Reason of a verdict for a reader; null stays empty. */
export function reasonWord(reason: string | null, language: Language): string {
  return reason === null ? '' : (REASON_WORDS[reason]?.[language] ?? reason);
}

/** Who called, by the name of its package; `unknown` in words. */
export function callerWord(caller: string, language: Language): string {
  return caller === 'unknown' ? { zh: '未知调用方', en: 'an unknown caller' }[language] : caller;
}

/** How a value is written in a request, from the wire to the value, of a form as `formsOf` tells it: `Base64 → gzip`. */
export function formWords(form: string, language: Language): string {
  if (form === '' || form === 'plain') return language === 'zh' ? '明文' : 'plain';
  return form
    .split('+')
    .map((step) => stepWord(step, language))
    .join(' → ');
}

function stepWord(step: string, language: Language): string {
  if (step in ENCODING_WORDS) return ENCODING_WORDS[step as Encoding['op']][language];
  const algorithm = /^derived:(.+)$/.exec(step)?.[1];
  return algorithm === undefined ? step : `${algorithm}${language === 'zh' ? '（由钩子看到）' : ' (seen by a hook)'}`;
}

/** A part of a request for a reader. */
export function partWord(part: string, language: Language): string {
  const [kind = '', name = ''] = part.split(/:(.*)/);
  const words: Readonly<Record<string, Words>> = {
    url: { zh: '网址', en: 'URL' },
    body: { zh: '请求正文', en: 'body' },
    header: { zh: `请求头 ${name}`, en: `header ${name}` },
    frame: { zh: `第 ${name} 帧`, en: `frame ${name}` },
  };
  return words[kind]?.[language] ?? part;
}

/** A rule's sentence with its facts, as words of the language; the sentence of `facts.reason` where the rule's own would accuse without ground. */
export function sentence(rule: Pick<Rule, 'text'>, facts: Facts, language: Language): string {
  const text = REASON_SENTENCES[facts['reason'] ?? ''] ?? rule.text;
  const words = new Map(Object.entries(facts).map(([key, value]) => [key, String(factWord(key, value, language))]));
  const pieces = withoutEmpty(text[language], facts)
    .split(/(\{\w+\})/)
    .map((piece) => words.get(piece.slice(1, -1)) ?? piece);
  return pieces.filter((piece) => piece !== '').reduce(besides, '');
}

/** Why a clear or not-tested finding is what it is, without the rule's accusing sentence: the reason in a word, or the whole sentence that names the data no hook watched; empty for neither. */
export function quietWords({ reason, facts }: Pick<Finding, 'reason' | 'facts'>, language: Language): string {
  return typeof facts['data'] === 'string' ? sentence({ text: { zh: '', en: '' } }, facts, language) : reasonWord(reason, language);
}

/** Drops parts in brackets, such as `接收方：{receiver}`, whose facts are all empty; and brackets that nothing is left in. */
function withoutEmpty(text: string, facts: Facts): string {
  const isEmpty = (part: string): boolean => {
    const keys = [...part.matchAll(/\{(\w+)\}/g)].map(([, key = '']) => key);
    return keys.length > 0 && keys.every((key) => facts[key] === '-' || facts[key] === '');
  };
  return text.replace(/（([^（）]*)）| ?\(([^()]*)\)/g, (whole, zh: string | undefined, en: string | undefined) => {
    const [inside, mark] = zh === undefined ? [en ?? '', '; '] : [zh, '；'];
    const all = inside.split(mark);
    const kept = all.filter((part) => !isEmpty(part));
    if (kept.length === all.length) return whole;
    return kept.length === 0 ? '' : whole.replace(inside, () => kept.join(mark));
  });
}

/** Puts a space where Chinese meets Latin letters; what stands inside a fact is left as it is. */
function besides(before: string, after: string): string {
  const meet = (a: RegExp, b: RegExp): boolean => a.test(before) && b.test(after);
  const apart = meet(/\p{Script=Han}$/u, /^[a-z0-9]/i) || meet(/[a-z0-9]$/i, /^\p{Script=Han}/u);
  return before + (apart ? ' ' : '') + after;
}

type FactWord = (value: string, language: Language) => string;

const EACH_DATUM: FactWord = (value, language) =>
  value
    .split(',')
    .map((id) => GROUP_WORDS[id]?.[language] ?? datumWord(id, language))
    .join(language === 'zh' ? '、' : ', ');

/** How each fact that is an id is said in words; all others stand as they are. */
const BOX_WORDS: Readonly<Record<string, Words>> = {
  ticked: { zh: '已被勾选，事先无人点过', en: 'ticked before anyone touched it' },
  unknown: { zh: '是否已勾选无法确定', en: 'not known' },
};

const FACT_WORDS: Readonly<Record<string, FactWord>> = {
  datum: EACH_DATUM,
  group: EACH_DATUM,
  topic: EACH_DATUM,
  data: EACH_DATUM,
  needs: (value, language) =>
    value
      .split(',')
      .map((id) => (id in NEED_WORDS ? NEED_WORDS[id as Need][language] : id))
      .join(language === 'zh' ? '、' : ', '),
  box: (value, language) => BOX_WORDS[value]?.[language] ?? value,
  act: (value, language) => ACT_WORDS[value]?.[language] ?? value,
  phase: (value, language) => (value in PHASE_WORDS ? PHASE_WORDS[value as Phase][language] : value),
  what: (value, language) => gapWords('what', value)[language],
  why: (value, language) => gapWords('why', value)[language],
  caller: callerWord,
  reason: reasonWord,
  form: formWords,
  part: partWord,
  sdk: sdkWord,
  state: (value, language) => (value in FLOW_WORDS ? FLOW_WORDS[value as Flow['state']][language] : value),
};

function factWord(key: string, value: string | number, language: Language): string | number {
  if (typeof value === 'number') return value;
  return value === '-' ? '—' : (FACT_WORDS[key]?.(value, language) ?? value);
}
