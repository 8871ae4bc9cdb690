import type { Finding, Link, Rule, Words } from '../../../harness/model/finding.js';
import { formsOf } from '../../../harness/model/timeline.js';
import {
  LEVEL_WORDS,
  NO_APP_WORDS,
  PHASE_WORDS,
  REASON_WORDS,
  VERDICT_WORDS,
  datumWord,
  formWords,
  partWord,
  quietWords,
  sdkWord,
  sentence,
} from '../../words.js';
import type { FormatParts } from '../../format.js';
import { both, html, type Markup } from './markup.js';

const MOST_EVENTS = 12;
const MOST_LINKS = 12;

const NOTHING_FOUND: Words = {
  zh: '没有发现违规。这不等于没有问题：请看下面“没有看到的”。',
  en: 'No violation was found. That is not the same as clean: see "Not seen" below.',
};

/** One card for each finding: violations first, then undecided, then what was not tested, then clear. */
export function findingsSection(parts: FormatParts): Markup {
  const rules = new Map(parts.rules.map((r) => [r.id as string, r]));
  const links = new Map(parts.report.links.map((l) => [l.id, l]));
  const numbered = parts.report.findings.map((finding, i) => ({ finding, id: `f${i + 1}` }));
  const of = (...verdicts: readonly Finding['verdict'][]): Markup[] =>
    numbered.filter(({ finding }) => verdicts.includes(finding.verdict)).map((n) => card(parts, n, rules.get(n.finding.rule), links));
  const told = of('violation', 'undecided');
  return html` <section id="findings" aria-labelledby="findings-h">
      <h2 id="findings-h">${both({ zh: '发现', en: 'Findings' })}</h2>
      ${told.length > 0 ? told : html`<p>${both(parts.report.handset.kind === 'none' ? NO_APP_WORDS : NOTHING_FOUND)}</p>`}
    </section>
    <section id="not-tested" aria-labelledby="not-tested-h">
      <h2 id="not-tested-h">${both({ zh: '未检测与未发现', en: 'Not tested, and clear' })}</h2>
      ${quietTable(
        numbered.map((n) => n.finding).filter((f) => f.verdict === 'not-tested' || f.verdict === 'clear'),
        rules,
      )}
    </section>`;
}

function card(
  parts: FormatParts,
  { finding, id }: { finding: Finding; id: string },
  rule: Rule | undefined,
  links: ReadonlyMap<string, Link>,
): Markup {
  const title = rule?.title ?? { zh: finding.rule, en: finding.rule };
  const text = rule ? { zh: sentence(rule, finding.facts, 'zh'), en: sentence(rule, finding.facts, 'en') } : title;
  return html` <article class="card ${finding.verdict}" id="${id}" data-events="${finding.events.join(' ')}">
    <h3>
      <span class="tag ${finding.verdict}">${both(VERDICT_WORDS[finding.verdict])}</span>
      <span class="rule">${finding.rule}</span> ${both(title)}
    </h3>
    <p class="sentence">${both(text)}</p>
    ${finding.reason === null ? '' : html`<p class="note">${both(REASON_WORDS[finding.reason] ?? { zh: finding.reason, en: finding.reason })}</p>`}
    ${aboutList(finding)} ${linkList(finding, links, parts)}
    <p class="events">
      ${both({ zh: '相关事件：', en: 'Events: ' })}${finding.events.slice(0, MOST_EVENTS).map((e) => html`<a class="event" href="#timeline" data-event="${e}">${e}</a> `)}${finding.events.length > MOST_EVENTS ? both({ zh: `等 ${finding.events.length} 个`, en: `of ${finding.events.length}` }) : ''}
    </p>
    ${provisionList(finding, parts)}
    ${
      rule && rule.defences.length > 0
        ? html`<details>
            <summary>${both({ zh: '经营者可能的答辩', en: 'What the operator may answer' })}</summary>
            <ul>
              ${rule.defences.map((d) => html`<li>${both(d)}</li>`)}
            </ul>
          </details>`
        : ''
    }
    <p class="print" title="fingerprint">${both({ zh: '指纹', en: 'fingerprint' })} <code>${finding.fingerprint}</code></p>
  </article>`;
}

function aboutList({ about, count }: Finding): Markup {
  const rows: (readonly [Words, Words])[] = [];
  const same = (text: string): Words => ({ zh: text, en: text });
  if (about.datum !== '-')
    rows.push([
      { zh: '数据', en: 'datum' },
      { zh: datumWord(about.datum, 'zh'), en: datumWord(about.datum, 'en') },
    ]);
  if (about.phase !== '-')
    rows.push([{ zh: '阶段', en: 'phase' }, PHASE_WORDS[about.phase as keyof typeof PHASE_WORDS] ?? same(about.phase)]);
  if (about.receiver !== '-') rows.push([{ zh: '接收主机', en: 'receiving host' }, same(about.receiver)]);
  if (about.sdk !== '-')
    rows.push([
      { zh: 'SDK', en: 'SDK' },
      { zh: sdkWord(about.sdk, 'zh'), en: sdkWord(about.sdk, 'en') },
    ]);
  if (count > 1) rows.push([{ zh: '次数', en: 'times' }, same(String(count))]);
  return rows.length === 0
    ? html``
    : html`<dl>
        ${rows.map(
          ([k, v]) =>
            html`<div>
              <dt>${both(k)}</dt>
              <dd>${both(v)}</dd>
            </div>`,
        )}
      </dl>`;
}

function linkList(finding: Finding, links: ReadonlyMap<string, Link>, parts: FormatParts): Markup {
  const found = finding.links.flatMap((id) => links.get(id) ?? []);
  if (found.length === 0) return html``;
  return html`<details open>
    <summary>${both({ zh: `值的去向（${found.length} 条关联）`, en: `Where the values went (${found.length} links)` })}</summary>
    <div class="wide" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">${both({ zh: '关联', en: 'link' })}</th>
            <th scope="col">${both({ zh: '数据', en: 'datum' })}</th>
            <th scope="col">${both({ zh: '读取 → 外发', en: 'read → flow' })}</th>
            <th scope="col">${both({ zh: '主机', en: 'host' })}</th>
            <th scope="col">${both({ zh: '编码（从线上到值）', en: 'encoding (wire to value)' })}</th>
            <th scope="col">${both({ zh: '位置', en: 'where' })}</th>
            <th scope="col">${both({ zh: '把握', en: 'how sure' })}</th>
          </tr>
        </thead>
        <tbody>
          ${found.slice(0, MOST_LINKS).map((l) => linkRow(l, parts))}
        </tbody>
      </table>
    </div>
    ${found.length > MOST_LINKS ? html`<p class="note">${both({ zh: `其余 ${found.length - MOST_LINKS} 条见 report.json`, en: `${found.length - MOST_LINKS} more are in report.json` })}</p>` : ''}
  </details>`;
}

function linkRow(link: Link, { timeline }: FormatParts): Markup {
  const read =
    link.observation ??
    (link.origin === 'typed'
      ? { zh: '（用户填写）', en: '(typed)' }
      : link.origin === 'picked'
        ? { zh: '（用户选取）', en: '(picked)' }
        : { zh: '（未见读取）', en: '(no read seen)' });
  const receiver = timeline.receivers.get(link.flow);
  const form = formsOf(timeline)(link);
  return html`<tr>
    <td><code>${link.id}</code></td>
    <td>${both({ zh: datumWord(link.datum, 'zh'), en: datumWord(link.datum, 'en') })}</td>
    <td>
      ${typeof read === 'string' ? html`<a class="event" href="#timeline" data-event="${read}">${read}</a>` : both(read)} →
      <a class="event" href="#timeline" data-event="${link.flow}">${link.flow}</a>
    </td>
    <td class="host">
      ${receiver?.host ?? ''}${receiver?.company ? html`<br /><small>${receiver.company.zh}${receiver.company.checked ? '' : both({ zh: '（未核对）', en: ' (unchecked)' })}</small>` : ''}
    </td>
    <td>${both({ zh: formWords(form, 'zh'), en: formWords(form, 'en') })}</td>
    <td>
      ${both({ zh: partWord(link.span.part, 'zh'), en: partWord(link.span.part, 'en') })} <code>${link.span.start}–${link.span.end}</code>
    </td>
    <td>${both(LEVEL_WORDS[link.level])}</td>
  </tr>`;
}

function provisionList(finding: Finding, { law }: FormatParts): Markup {
  const rows = finding.provisions.flatMap((id) => law.get(id) ?? []);
  if (rows.length === 0) return html``;
  return html`<details>
    <summary>${both({ zh: '依据', en: 'Provisions' })}：${rows[0]?.law ?? ''} ${rows[0]?.article ?? ''}</summary>
    <ul>
      ${rows.map((row) => html`<li lang="zh-CN"><b>${row.law}</b> ${row.article}${row.quote_ok === 'yes' ? html`：“${row.text_zh}”` : ''}</li>`)}
    </ul>
  </details>`;
}

function why(finding: Finding): Markup | string {
  const words = { zh: quietWords(finding, 'zh'), en: quietWords(finding, 'en') };
  return words.zh === '' ? '' : both(words);
}

function quietTable(findings: readonly Finding[], rules: ReadonlyMap<string, Rule>): Markup {
  return html`<div class="wide" tabindex="0">
    <table>
      <thead>
        <tr>
          <th scope="col">${both({ zh: '判定', en: 'verdict' })}</th>
          <th scope="col">${both({ zh: '规则', en: 'rule' })}</th>
          <th scope="col">${both({ zh: '原因', en: 'why' })}</th>
          <th scope="col">${both({ zh: '涉及', en: 'about' })}</th>
        </tr>
      </thead>
      <tbody>
        ${findings.map(
          (f) =>
            html`<tr>
              <td><span class="tag ${f.verdict}">${both(VERDICT_WORDS[f.verdict])}</span></td>
              <td><span class="rule">${f.rule}</span> ${both(rules.get(f.rule)?.title ?? { zh: '', en: '' })}</td>
              <td>${why(f)}</td>
              <td>
                ${[f.about.datum === '-' ? [] : [both({ zh: datumWord(f.about.datum, 'zh'), en: datumWord(f.about.datum, 'en') })], f.about.receiver === '-' ? [] : [html` <span class="host">${f.about.receiver}</span>`]].flat()}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
