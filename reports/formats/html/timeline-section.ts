import type { Words } from '../../../harness/model/finding.js';
import { both, html, type Markup } from './markup.js';

/** The canvas, its controls, and the table that says the same to a screen reader. Filled by the page's script. */
export function timelineSection(events: number, title: Words): Markup {
  return html` <section id="timeline" aria-labelledby="timeline-h">
    <h2 id="timeline-h">${both(title)}</h2>
    <p class="note">
      ${both({ zh: `共 ${events} 个事件。滚轮或 +/- 缩放，拖动或左右键移动，点按或回车看详情；同样的内容在下面的表格里。`, en: `${events} events. Wheel or +/- zooms, drag or arrow keys move, click or Enter shows details; the table below says the same.` })}
    </p>
    <div class="controls">
      <label>${both({ zh: '筛选', en: 'Filter' })} <input type="search" id="filter" autocomplete="off" /></label>
      <label><input type="checkbox" id="only-marked" /> ${both({ zh: '只看与发现有关的', en: 'only what findings cite' })}</label>
      <button type="button" id="zoom-in" aria-label="放大 zoom in">+</button
      ><button type="button" id="zoom-out" aria-label="缩小 zoom out">−</button
      ><button type="button" id="zoom-all">${both({ zh: '全部', en: 'all' })}</button>
    </div>
    <canvas id="chart" tabindex="0" role="img" aria-describedby="chart-text" aria-labelledby="timeline-h"></canvas>
    <p id="chart-text" class="detail" aria-live="polite"></p>
    <div class="wide" tabindex="0">
      <table id="events">
        <thead>
          <tr>
            <th scope="col">${both({ zh: '事件', en: 'event' })}</th>
            <th scope="col">${both({ zh: '秒', en: 'seconds' })}</th>
            <th scope="col">${both({ zh: '类别', en: 'lane' })}</th>
            <th scope="col">${both({ zh: '内容', en: 'what' })}</th>
            <th scope="col">${both({ zh: '发现', en: 'findings' })}</th>
          </tr>
        </thead>
        <tbody></tbody>
      </table>
    </div>
    <p class="pager">
      <button type="button" id="page-back">←</button> <span id="page-at"></span> <button type="button" id="page-next">→</button>
    </p>
  </section>`;
}
