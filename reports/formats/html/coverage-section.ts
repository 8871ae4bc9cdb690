import type { Report, ReportCoverage, Words } from '../../../harness/model/finding.js';
import type { GapSource } from '../../../harness/model/event.js';
import { gapWords } from '../../gap-words.js';
import { PHASE_WORDS, datumWord } from '../../words.js';
import { both, html, type Markup } from './markup.js';

const SOURCE_WORDS: Readonly<Record<GapSource, Words>> = {
  hooks: { zh: '钩子', en: 'hooks' },
  proxy: { zh: '代理', en: 'proxy' },
  driver: { zh: '驱动', en: 'driver' },
  handset: { zh: '手机', en: 'handset' },
  values: { zh: '布设的数据', en: 'planted values' },
  store: { zh: '存储', en: 'store' },
  linker: { zh: '关联', en: 'linker' },
  documents: { zh: '文件', en: 'documents' },
  run: { zh: '运行', en: 'run' },
};

/** What was not seen, what was watched, and how often the linker was wrong on placebos. */
export function coverageSection(report: Report): Markup {
  return html`${unseenSection(report)} ${watchedSection(report)}`;
}

const ALL: Words = { zh: '全部', en: 'all' };
type Gap = ReportCoverage['gaps'][number];

function unseenSection({ coverage: { gaps, data }, handset }: Report): Markup {
  const unwatched: Words = {
    zh: data.unwatched.map((d) => datumWord(d, 'zh')).join('、') || '—',
    en: data.unwatched.map((d) => datumWord(d, 'en')).join(', ') || '—',
  };
  return html`<section aria-labelledby="unseen-h">
    <h2 id="unseen-h">${both({ zh: '没有看到的', en: 'Not seen' })}</h2>
    ${gaps.length === 0 ? html`<p>${both({ zh: '各记录器没有报告缺口。', en: 'No recorder reported a gap.' })}</p>` : gapTable(gaps)}
    ${
      handset.kind === 'none'
        ? html`<p>${both(NO_HOOKS)}</p>`
        : html`<p>${both({ zh: '本次运行没有任何钩子监视的数据：', en: 'Data that no hook watched in this run: ' })}${both(unwatched)}</p>
            <p>${both(NEVER_LOOKED_AT)}</p>`
    }
  </section>`;
}

const NEVER_LOOKED_AT: Words = {
  zh: '本版本也不看：应用原生代码（.so）里的读取、不经代理的流量（UDP、QUIC 也在其中），以及隐私政策等文件的内容。',
  en: 'This version does not look at reads by native code (.so), traffic beside the proxy (UDP and QUIC among it), or the text of privacy policies.',
};

const NO_HOOKS: Words = {
  zh: '没有手机，也没有钩子：应用读取了什么没有看；不经代理的流量也没有看。',
  en: 'There was no handset and no hook: what apps read was not looked at, nor was traffic beside the proxy.',
};

const GAP_HEADS: readonly Words[] = [
  { zh: '由谁', en: 'by' },
  { zh: '什么', en: 'what' },
  { zh: '为什么', en: 'why' },
  { zh: '影响：数据 · 主机 · 阶段', en: 'touches: datum · host · phase' },
];

function gapTable(gaps: readonly Gap[]): Markup {
  return html`<div class="wide" tabindex="0">
    <table>
      <thead>
        <tr>
          ${GAP_HEADS.map((head) => html`<th scope="col">${both(head)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${gaps.map(gapRow)}
      </tbody>
    </table>
  </div>`;
}

function gapRow({ source, what, why, scope }: Gap): Markup {
  const datum = scope.datum === null ? ALL : { zh: datumWord(scope.datum, 'zh'), en: datumWord(scope.datum, 'en') };
  const host = scope.host === null ? both(ALL) : html`<span class="host">${scope.host}</span>`;
  return html`<tr>
    <td>${both(SOURCE_WORDS[source])}</td>
    <td>${both(gapWords('what', what))}</td>
    <td>${both(gapWords('why', why))}</td>
    <td>${both(datum)} · ${host} · ${both(scope.phase === null ? ALL : PHASE_WORDS[scope.phase])}</td>
  </tr>`;
}

type Row = readonly [Words, Markup];

function watchedSection({ coverage, placebo, handset }: Report): Markup {
  const { hooks, flows } = coverage;
  const fired = Object.entries(hooks.fired).map(([hook, n]) => `${hook} ×${n}`);
  const list = (names: readonly string[]): Markup => html`${names.join('、') || '—'}`;
  const hosts = (names: readonly string[]): Markup => html`<span class="host">${names.join('、') || '—'}</span>`;
  const seen: readonly Row[] = [
    [{ zh: '请求', en: 'flows' }, both(flowCounts(flows))],
    [{ zh: '拒绝我们证书或连不上的主机', en: 'hosts that refused' }, hosts(flows.refused)],
    [{ zh: '内容无法读懂的主机', en: 'hosts with opaque bytes' }, hosts(flows.opaque)],
  ];
  const ofHandset: readonly Row[] = [
    [{ zh: '装上的钩子', en: 'hooks installed' }, html`${hooks.installed}`],
    [{ zh: '这台手机上没有的', en: 'not on this handset' }, list(hooks.missing)],
    [{ zh: '未能装上的', en: 'failed' }, list(hooks.failed)],
    [{ zh: '触发过的', en: 'fired' }, list(fired)],
  ];
  const placebos: Row = [{ zh: '对照值（从未放入手机）', en: 'placebos (never planted)' }, both(placeboCounts(placebo))];
  const rows = handset.kind === 'none' ? seen : [...ofHandset, ...seen, placebos];
  return html`<section aria-labelledby="watched-h">
    <h2 id="watched-h">${both({ zh: '看了什么', en: 'What was watched' })}</h2>
    <dl class="facts">
      ${rows.map(
        ([name, value]) =>
          html`<div>
            <dt>${both(name)}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
  </section>`;
}

function flowCounts({ seen, whole, broken }: ReportCoverage['flows']): Words {
  return { zh: `共 ${seen}，完整 ${whole}，残缺 ${broken}`, en: `${seen} seen, ${whole} whole, ${broken} broken` };
}

/** Counts, the rate per GB, and by type; so few bytes bound a rate only loosely, so the bytes stand beside it. */
function placeboCounts({ drawn, bytesSearched, hits, byType }: Report['placebo']): Words {
  const rate = bytesSearched === 0 ? '—' : String(Math.round((hits / bytesSearched) * 1e9));
  const types = byType.map((one) => `${one.type} ${one.hits}/${one.drawn}`).join(', ');
  return {
    zh: `${drawn} 个，在 ${bytesSearched} 字节中误中 ${hits} 次（每 GB ${rate} 次）；按类型，误中/抽取：${types || '—'}`,
    en: `${drawn} drawn, ${hits} false hits in ${bytesSearched} bytes (${rate} per GB); by type, hits/drawn: ${types || '—'}`,
  };
}
