import { createHash } from 'node:crypto';
import type { Words } from '../../harness/model/finding.js';
import { beijingTime } from '../beijing.js';
import { CHANGE_WORDS, type Change } from '../compare.js';
import { PAGE_STYLE } from '../formats/page.generated.js';
import { both, html, trusted, type Markup } from '../formats/html/markup.js';
import type { Language } from '../words.js';
import type { Night, NightLine } from './night.js';

/** What an exit code of one audit means. */
export const EXIT_WORDS: Readonly<Record<number, Words>> = {
  0: { zh: '未发现违规', en: 'clear' },
  1: { zh: '有违规', en: 'violations' },
  3: { zh: '未得出结论（实验环境问题）', en: 'inconclusive (the lab failed)' },
  4: { zh: '无法判定或未检测', en: 'undecided or not tested' },
  5: { zh: '完整性受损', en: 'integrity failure' },
  130: { zh: '已中断', en: 'interrupted' },
};

/** One page that says how the night went: an audit a row, with what is new since the last night. No script. */
export function summaryPage(night: Night, language: Language): string {
  const simulated = night.lines.some((line) => line.report?.handset.simulated);
  const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(PAGE_STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
    <html lang="${language === 'zh' ? 'zh-CN' : 'en'}" data-lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>借镜夜间汇总 Jiejing nightly</title>
        ${trusted(`<style>${PAGE_STYLE}</style>`)}
      </head>
      <body>
        ${simulated ? html`<aside class="simulated" aria-label="模拟 simulated">${both({ zh: '含模拟运行 · 虚拟手机 · 不可作为证据', en: 'Holds simulated runs · virtual handset · not fit as evidence' })}</aside>` : ''}
        <main>
          <h1>${both({ zh: '夜间汇总', en: 'Nightly summary' })} <small>${both(beijingTime(night.began))} ${night.began}</small></h1>
          <div class="wide" tabindex="0">
            <table>
              <thead>
                <tr>
                  ${HEADS.map((h) => html`<th scope="col">${both(h)}</th>`)}
                </tr>
              </thead>
              <tbody>
                ${night.lines.map(row)}
              </tbody>
            </table>
          </div>
        </main>
      </body>
    </html> `.markup;
}

const HEADS: readonly Words[] = [
  { zh: '应用', en: 'app' },
  { zh: '场景', en: 'scenario' },
  { zh: '结果', en: 'result' },
  { zh: '违规', en: 'violations' },
  { zh: '与上次相比', en: 'since the last night' },
  { zh: '秒', en: 'seconds' },
  { zh: '报告', en: 'report' },
];

function row(line: NightLine): Markup {
  const violations = line.report?.findings.filter((f) => f.verdict === 'violation').length ?? 0;
  const kind = { 0: 'clear', 1: 'violation', 4: 'undecided' }[line.exit] ?? 'not-tested';
  return html`<tr>
    <td>${line.app}</td>
    <td><code>${line.scenario}</code></td>
    <td>
      <span class="tag ${kind}">${both(EXIT_WORDS[line.exit] ?? { zh: String(line.exit), en: String(line.exit) })}</span
      >${line.error === null ? '' : html`<br /><small>${line.error}</small>`}
    </td>
    <td>${line.report === null ? '—' : violations}</td>
    <td>${changes(line)}</td>
    <td>${line.seconds.toFixed(1)}</td>
    <td>${line.report === null ? '—' : html`<a href="${`${line.run}/report.html`}">report.html</a>`}</td>
  </tr>`;
}

function changes(line: NightLine): Markup {
  if (line.changes === null) return both({ zh: '没有上次的结果', en: 'no earlier result' });
  const list = line.changes;
  const count = (change: Change): number => list.filter((d) => d.change === change).length;
  return html`${(['new', 'still', 'fixed', 'incomparable'] as const).filter((c) => count(c) > 0).map((c) => html`${both(CHANGE_WORDS[c])} ${count(c)} `)}`;
}
