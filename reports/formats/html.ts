import { createHash } from 'node:crypto';
import type { FormatParts, ReportFormat } from '../format.js';
import { PAGE_SCRIPT, PAGE_STYLE } from './page.generated.js';
import { columnsOf } from './html/columns.js';
import { coverageSection } from './html/coverage-section.js';
import { filmSection } from './html/film-section.js';
import { findingsSection } from './html/findings-section.js';
import { both, html, trusted } from './html/markup.js';
import { summarySection } from './html/summary-section.js';
import { timelineSection } from './html/timeline-section.js';

export default {
  id: 'html',
  fileName: 'report.html',
  render: renderHtml,
} satisfies ReportFormat;

/** One file that opens from disk: its script and style are the only ones its own policy lets run, and nothing is fetched. */
function renderHtml(parts: FormatParts): string {
  const { report, timeline, language } = parts;
  const policy = `default-src 'none'; script-src 'sha256-${sha256(PAGE_SCRIPT)}'; style-src 'sha256-${sha256(PAGE_STYLE)}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
    <html lang="${language === 'zh' ? 'zh-CN' : 'en'}" data-lang="${language}">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${titleOf(report)}</title>
        ${trusted(`<style>${PAGE_STYLE}</style>`)}
      </head>
      <body>
        ${report.handset.simulated ? html`<aside class="simulated" aria-label="模拟 simulated">${both({ zh: '模拟运行 · 虚拟手机 · 不可作为证据', en: 'Simulated run · virtual handset · not fit as evidence' })}</aside>` : report.handset.kind === 'imported' ? html`<aside class="simulated" aria-label="导入 imported">${both({ zh: '由其他工具导入 · 不可作为证据', en: 'Imported from other tools · not fit as evidence' })}</aside>` : ''}
        <nav aria-label="${language === 'zh' ? '本页' : 'This page'}">
          <a href="#timeline">${both({ zh: '时间线', en: 'Timeline' })}</a> <a href="#findings">${both({ zh: '发现', en: 'Findings' })}</a>
          <a href="#unseen-h">${both({ zh: '没有看到的', en: 'Not seen' })}</a>
          <span class="tools"
            ><button type="button" id="language" lang="${language === 'zh' ? 'en' : 'zh-CN'}">
              ${language === 'zh' ? 'English' : '中文'}
            </button>
            <button type="button" id="theme">${both({ zh: '深色 / 浅色', en: 'Dark / light' })}</button></span
          >
        </nav>
        <main>
          ${summarySection(report)} ${timelineSection(timeline.events.length, report.handset.kind === 'none' ? TIMELINE : VIOLATIONS)}
          ${findingsSection(parts)} ${filmSection(parts)} ${coverageSection(report)}
        </main>
        <footer>
          <p>
            ${both({ zh: '读取不等于收集；“未发现”不等于“没有”。每条关联都附可重放的证书，见 report.json；核对方法见证据包内《核验说明》。本报告含个人信息的处理记录，请妥善保管。', en: 'Read is not collected; clear is not clean. Each link has a certificate that can be replayed, in report.json. This report records processing of personal data: keep it safe.' })}
          </p>
        </footer>
        ${trusted(`<script type="application/json" id="columns">${JSON.stringify(columnsOf(report, timeline)).replaceAll('<', '\\u003c')}</script><script>${PAGE_SCRIPT}</script>`)}
      </body>
    </html> `;
  return page.markup;
}

const VIOLATIONS = { zh: '违规时间线', en: 'Violation timeline' };
const TIMELINE = { zh: '时间线', en: 'Timeline' };

function titleOf({ app, handset }: FormatParts['report']): string {
  return handset.kind === 'none' ? '单独抓包 capture · 借镜 Jiejing' : `${app.label} · 借镜检测报告 Jiejing report`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
