import type { Report, Verdict, Words } from '../../../harness/model/finding.js';
import type { Need } from '../../../harness/model/scenario.js';
import { beijingTime } from '../../beijing.js';
import { CAPTURE_WORDS, NEED_WORDS, NO_APP_WORDS, VERDICT_WORDS } from '../../words.js';
import { both, html, type Markup } from './markup.js';

const ORDER: readonly Verdict[] = ['violation', 'undecided', 'not-tested', 'clear'];

/** Title, what was run, and the counts of verdicts. */
export function summarySection(report: Report): Markup {
  const count = (verdict: Verdict): number => report.findings.filter((f) => f.verdict === verdict).length;
  const alone = report.handset.kind === 'none';
  return html` <header>
      ${alone ? captureTitle() : appTitle(report)}
      ${report.run.interrupted ? html`<p class="note strong">${both(alone ? CUT_CAPTURE : CUT_RUN)}</p>` : ''}
      <ul class="counts">
        ${ORDER.map((v) => html`<li class="${v}"><b>${count(v)}</b> ${both(VERDICT_WORDS[v])}</li>`)}
      </ul>
    </header>
    <section aria-labelledby="facts-h">
      <h2 id="facts-h">${both(alone ? { zh: '记录', en: 'The recording' } : { zh: '检测对象与条件', en: 'What was tested, and how' })}</h2>
      <dl class="facts">
        ${[...(alone ? captureFacts(report) : appFacts(report)), ...runFacts(report)].map(
          ([k, v]) =>
            html`<div>
              <dt>${both(k)}</dt>
              <dd>${v}</dd>
            </div>`,
        )}
      </dl>
    </section>`;
}

const CUT_RUN: Words = {
  zh: '本次运行被中断：中断之后的行为没有记录；已经看到的违规仍然成立。',
  en: 'This run was interrupted: nothing after the break was recorded; violations already seen stand.',
};
const CUT_CAPTURE: Words = {
  zh: '本次抓包被中断：中断之后的流量没有记录。',
  en: 'This capture was interrupted: no traffic after the break was recorded.',
};

function appTitle({ app }: Report): Markup {
  return html`<p class="brand">${both({ zh: '借镜 · 个人信息保护检测报告', en: 'Jiejing · privacy test report' })}</p>
    <h1>${app.label} <small>${app.package} ${app.version}</small></h1>`;
}

function captureTitle(): Markup {
  return html`<p class="brand">${both({ zh: '借镜 · 流量记录', en: 'Jiejing · record of traffic' })}</p>
    <h1>${both(CAPTURE_WORDS)}</h1>
    <p class="note strong">${both(NO_APP_WORDS)}</p>`;
}

type Fact = readonly [Words, Markup];

function captureFacts({ handset, run }: Report): readonly Fact[] {
  return [
    [{ zh: '开始', en: 'began' }, html`${both(beijingTime(run.began))} ${run.began}`],
    [{ zh: '手机', en: 'handset' }, both(HANDSET_WORDS[handset.kind])],
  ];
}

const HANDSET_WORDS: Readonly<Record<Report['handset']['kind'], Words>> = {
  virtual: { zh: '虚拟手机（模拟）', en: 'virtual handset (simulated)' },
  framework: { zh: '框架手机（模拟）', en: 'framework handset (simulated)' },
  android: { zh: '安卓手机', en: 'Android handset' },
  imported: { zh: '由其他工具导入', en: 'imported from other tools' },
  none: { zh: '没有记录', en: 'not recorded' },
};

function appFacts({ app, handset, scenario, run }: Report): readonly Fact[] {
  const needs = (list: readonly Need[]): Markup =>
    both({ zh: list.map((n) => NEED_WORDS[n].zh).join('、') || '—', en: list.map((n) => NEED_WORDS[n].en).join(', ') || '—' });
  return [
    [
      { zh: '应用文件 SHA-256', en: 'package SHA-256' },
      app.source.where === 'imported'
        ? both({ zh: '未知（证据里没有应用文件）', en: 'unknown (the evidence holds no package)' })
        : html`<code>${app.sha256}</code>`,
    ],
    [{ zh: '来源', en: 'source' }, html`${both(sourceWords(app.source.where))} · ${both(beijingTime(app.source.when))} ${app.source.when}`],
    [{ zh: '行为发生时间', en: 'date of the conduct' }, html`${both(beijingTime(run.began))} ${run.began}`],
    [{ zh: '手机', en: 'handset' }, html`${both(HANDSET_WORDS[handset.kind])} · ${both(handsetWords(handset.facts))}`],
    [{ zh: '场景', en: 'scenario' }, html`${scenario.title} <code>${scenario.id}</code>`],
    [{ zh: '场景目标', en: 'aims' }, needs(scenario.aims)],
    [{ zh: '实际到达', en: 'reached' }, needs(scenario.reached)],
  ];
}

function runFacts({ run }: Report): readonly Fact[] {
  return [
    [{ zh: '记录编号', en: 'run' }, html`<code>${run.id}</code>`],
    [{ zh: '记录头 SHA-256', en: 'head of the run' }, html`<code>${run.head}</code>`],
    [{ zh: '事件数', en: 'events' }, html`${run.events}`],
    [
      { zh: '工具', en: 'tool' },
      html`${run.tool.name} ${run.tool.version}${run.tool.commit ? html` <code>${run.tool.commit.slice(0, 12)}</code>` : ''} · Node
      ${run.tool.node}`,
    ],
  ];
}

/** Where the package came from: those of this repository are told in words. */
function sourceWords(where: string): Words {
  const simulated = /^simulated: (.+)$/.exec(where)?.[1];
  return simulated === undefined ? { zh: where, en: where } : { zh: `模拟应用 ${simulated}`, en: `simulated app ${simulated}` };
}

const FACT_NAMES: Readonly<Record<string, string>> = {
  manufacturer: '制造商',
  model: '型号',
  androidVersion: '安卓版本',
  apiLevel: 'API 级别',
  screen: '屏幕',
  'ro.jiejing.simulated': '模拟',
};

function handsetWords(given: Readonly<Record<string, string>>): Words {
  const told = (name: (key: string) => string): string =>
    Object.entries(given)
      .map(([key, value]) => `${name(key)}=${value}`)
      .join(' · ');
  return { zh: told((key) => FACT_NAMES[key] ?? key), en: told((key) => key) };
}
