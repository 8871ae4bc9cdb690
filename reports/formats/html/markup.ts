import type { Words } from '../../../harness/model/finding.js';

/** HTML that is safe as it stands. */
export interface Markup {
  readonly markup: string;
}
type Part = Markup | string | number | readonly Markup[];

/** Text from the run can hold anything an app chose to send: everything is escaped but `Markup`. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return { markup: strings.map((text, i) => text + (i < parts.length ? shown(parts[i] ?? '') : '')).join('') };
}

/** The same text in both languages; the page shows one. */
export function both(words: Words): Markup {
  return html`<span lang="zh-CN">${words.zh}</span><span lang="en">${words.en}</span>`;
}

/** Markup made elsewhere in this folder. */
export function trusted(markup: string): Markup {
  return { markup };
}

/** Escapes for text and for attributes in double quotes. Control characters would show as nothing and are replaced. */
export function escape(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000b-\u001f\u007f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
  );
}

function shown(part: Part): string {
  if (typeof part === 'object') return 'markup' in part ? part.markup : part.map((m) => m.markup).join('');
  return escape(String(part));
}
