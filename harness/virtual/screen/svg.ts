import type { Rect } from '../ui/node.js';

type Values = Readonly<Record<string, string | number>>;

const NONE: Values = {};

/** Attributes of an SVG element. */
export function attributes(values: Values): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${typeof value === 'number' ? Math.round(value * 100) / 100 : value}"`)
    .join(' ');
}

/** A filled rectangle; `more` are further attributes. */
export function rectangle(rect: Rect, fill: string, more: Values = NONE): string {
  return `<rect ${attributes({ x: rect.left, y: rect.top, width: Math.max(0, rect.right - rect.left), height: Math.max(0, rect.bottom - rect.top), fill, ...more })}/>`;
}

/** A box with a border that stays inside it, so that a scrolled parent does not cut it. */
export function bordered(
  rect: Rect,
  fill: string,
  border: { readonly stroke: string; readonly wide: number; readonly rx: number },
): string {
  const by = border.wide / 2;
  const inner = { left: rect.left + by, top: rect.top + by, right: rect.right - by, bottom: rect.bottom - by };
  return rectangle(inner, fill, { rx: border.rx, stroke: border.stroke, 'stroke-width': border.wide });
}

/** One line of text; `y` is its baseline, `size` its font size. */
export function textAt(
  text: string,
  { x, y, size, fill }: { readonly x: number; readonly y: number; readonly size: number; readonly fill: string },
): string {
  return text.trim() === '' ? '' : `<text xml:space="preserve" ${attributes({ x, y, 'font-size': size, fill })}>${escapeText(text)}</text>`;
}

function escapeText(text: string): string {
  return text
    .replace(/[^\t\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '?')
    .replace(/[&<>]/g, (char) => (char === '&' ? '&amp;' : char === '<' ? '&lt;' : '&gt;'));
}
