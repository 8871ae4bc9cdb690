import type { Report, Words } from '../../../harness/model/finding.js';
import type { GapSource } from '../../../harness/model/event.js';
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
  const { coverage, placebo } = report;
  const all: Words = { zh: '全部', en: 'all' };
  const scope = (g: Report['coverage']['gaps'][number]): Markup =>
    html`${both(g.scope.datum === null ? all : { zh: datumWord(g.scope.datum, 'zh'), en: datumWord(g.scope.datum, 'en') })} · ${g.scope.host === null ? both(all) : html`<span class="host">${g.scope.host}</span>`} · ${both(g.scope.phase === null ? all : PHASE_WORDS[g.scope.phase])}`;
  return html`
<section aria-labelledby="unseen-h"><h2 id="unseen-h">${both({ zh: '没有看到的', en: 'Not seen' })}</h2>
${coverage.gaps.length === 0 ? html`<p>${both({ zh: '各记录器没有报告缺口。', en: 'No recorder reported a gap.' })}</p>` : html`<div class="wide" tabindex="0"><table><thead><tr><th scope="col">${both({ zh: '由谁', en: 'by' })}</th><th scope="col">${both({ zh: '什么', en: 'what' })}</th><th scope="col">${both({ zh: '为什么', en: 'why' })}</th><th scope="col">${both({ zh: '影响：数据 · 主机 · 阶段', en: 'touches: datum · host · phase' })}</th></tr></thead><tbody>${coverage.gaps.map((g) => html`<tr><td>${both(SOURCE_WORDS[g.source])}</td><td>${g.what}</td><td>${g.why}</td><td>${scope(g)}</td></tr>`)}</tbody></table></div>`}
<p>${both({ zh: '本次运行没有任何钩子监视的数据：', en: 'Data that no hook watched in this run: ' })}${both({ zh: coverage.data.unwatched.map((d) => datumWord(d, 'zh')).join('、') || '—', en: coverage.data.unwatched.map((d) => datumWord(d, 'en')).join(', ') || '—' })}</p>
<p>${both({ zh: '本版本也不看：应用原生代码（.so）里的读取、不经代理的流量（UDP、QUIC）、WebSocket 帧内的内容，以及隐私政策等文件的内容。', en: 'This version does not look at reads by native code (.so), traffic beside the proxy (UDP, QUIC), what is inside WebSocket frames, or the text of privacy policies.' })}</p>
</section>
<section aria-labelledby="watched-h"><h2 id="watched-h">${both({ zh: '看了什么', en: 'What was watched' })}</h2>
<dl class="facts">
<div><dt>${both({ zh: '装上的钩子', en: 'hooks installed' })}</dt><dd>${coverage.hooks.installed}</dd></div>
<div><dt>${both({ zh: '这台手机上没有的', en: 'not on this handset' })}</dt><dd>${coverage.hooks.missing.join('、') || '—'}</dd></div>
<div><dt>${both({ zh: '未能装上的', en: 'failed' })}</dt><dd>${coverage.hooks.failed.join('、') || '—'}</dd></div>
<div><dt>${both({ zh: '触发过的', en: 'fired' })}</dt><dd>${Object.entries(coverage.hooks.fired).map(([hook, n]) => `${hook} ×${n}`).join('、') || '—'}</dd></div>
<div><dt>${both({ zh: '请求', en: 'flows' })}</dt><dd>${both({ zh: `共 ${coverage.flows.seen}，完整 ${coverage.flows.whole}，残缺 ${coverage.flows.broken}`, en: `${coverage.flows.seen} seen, ${coverage.flows.whole} whole, ${coverage.flows.broken} broken` })}</dd></div>
<div><dt>${both({ zh: '拒绝我们证书或连不上的主机', en: 'hosts that refused' })}</dt><dd class="host">${coverage.flows.refused.join('、') || '—'}</dd></div>
<div><dt>${both({ zh: '内容无法读懂的主机', en: 'hosts with opaque bytes' })}</dt><dd class="host">${coverage.flows.opaque.join('、') || '—'}</dd></div>
<div><dt>${both({ zh: '对照值（从未放入手机）', en: 'placebos (never planted)' })}</dt><dd>${both({ zh: `${placebo.drawn} 个，在 ${placebo.bytesSearched} 字节中误中 ${placebo.hits} 次`, en: `${placebo.drawn} drawn, ${placebo.hits} false hits in ${placebo.bytesSearched} bytes` })}</dd></div>
</dl></section>`;
}
