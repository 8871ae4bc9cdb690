import type { Frame } from '../ui/desk.js';
import type { Rect, UiNode } from '../ui/node.js';
import { clickable, enabled, height, width } from '../ui/node.js';
import type { LinkBox } from '../ui/links.js';
import { linkBoxes } from '../ui/links.js';
import { SIZES } from '../ui/style.js';
import { textWidth } from '../ui/text-metrics.js';
import type { Window } from '../ui/window.js';
import { FONT_FAMILY } from './font.js';
import { drawImage } from './icons.js';
import { drawKeyboard } from './keyboard.js';
import { attributes, bordered, rectangle, textAt } from './svg.js';

const INK = '#1f2329';
const FAINT = '#8f959e';
const BLUE = '#1456c8';
const PAPER = '#f5f6f8';

/** An SVG of the screen, or of a part of it, in screen pixels. */
export function drawFrame(frame: Frame, time: string, part: Rect | null): string {
  const view = part ?? { left: 0, top: 0, right: frame.width, bottom: frame.height };
  const body = [
    frame.active.kind === 'launcher' ? wallpaper(frame) : rectangle({ left: 0, top: 0, right: frame.width, bottom: frame.height }, PAPER),
    navigationBar(frame),
    ...frame.windows.map((window) => drawWindow(window, frame)),
    statusBar(frame, time),
    frame.keyboard ? drawKeyboard(frame) : '',
    ...frame.toasts.map((toast, i) => drawToast(toast.text, i, frame)),
    watermark(frame, part),
  ];
  const [w, h] = [Math.max(1, width(view)), Math.max(1, height(view))];
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="${view.left} ${view.top} ${w} ${h}" font-family="${FONT_FAMILY}">${body.join('')}</svg>`;
}

function drawWindow(window: Window, frame: Frame): string {
  const [front] = frame.windows;
  const panel = window !== front;
  const { root } = window;
  const shade = panel
    ? `<rect width="${frame.width}" height="${frame.height}" fill="#000" fill-opacity="0.55"/>${rectangle(root.box, '#fff', { rx: 36 })}`
    : '';
  return shade + drawNode(root, `c${window.id}`);
}

/** A node and its children; a ScrollView cuts off what lies outside it. */
function drawNode(node: UiNode, clip: string): string {
  if (node.visible === null) return '';
  const inner = node.children.map((child, i) => drawNode(child, `${clip}_${i}`)).join('');
  const own = drawView(node);
  if (node.view.type !== 'ScrollView' || inner === '') return own + inner;
  return `${own}<clipPath id="${clip}">${rectangle(node.visible, '#000')}</clipPath><g clip-path="url(#${clip})">${inner}</g>${scrollBar(node)}`;
}

function drawView(node: UiNode): string {
  const { type } = node.view;
  if (type === 'Button') return drawButton(node);
  if (type === 'EditText') return drawField(node);
  if (type === 'CheckBox') return drawTick(node) + drawText(node, enabled(node) ? INK : FAINT);
  if (type === 'ImageView') return drawImage(node);
  if (type === 'TextView') return drawText(node, node.view.onClick === undefined ? INK : BLUE);
  return clickable(node) ? bordered(node.box, '#fff', { rx: 18, stroke: '#dfe1e5', wide: 2 }) : '';
}

function drawButton(node: UiNode): string {
  const on = enabled(node);
  return (
    bordered(node.box, on ? '#e3ecfb' : '#eceef1', { rx: 24, stroke: on ? '#9dbdf2' : '#d8dbe0', wide: 2 }) +
    drawText(node, on ? BLUE : FAINT)
  );
}

function drawField(node: UiNode): string {
  return (
    bordered(node.box, '#fff', { rx: 12, stroke: '#c4c8cf', wide: 3 }) + drawText(node, node.text === '' || !enabled(node) ? FAINT : INK)
  );
}

function drawTick(node: UiNode): string {
  const side = SIZES.box;
  const left = node.box.left + 12;
  const top = (node.box.top + node.box.bottom - side) / 2;
  const box = { left, top, right: left + side, bottom: top + side };
  if (!node.checked) return bordered(box, '#fff', { rx: 8, stroke: '#646a73', wide: 5 });
  const tick = `M${left + 12} ${top + 28} L${left + 23} ${top + 39} L${left + 43} ${top + 16}`;
  return (
    rectangle(box, BLUE, { rx: 8 }) +
    `<path d="${tick}" fill="none" stroke="#fff" stroke-width="7" stroke-linecap="round" stroke-linejoin="round"/>`
  );
}

function drawText(node: UiNode, color: string): string {
  const { drawn } = node;
  if (drawn === null) return '';
  const baseline = (i: number): number => drawn.top + i * drawn.lineHeight + drawn.lineHeight / 2 + drawn.size * 0.36;
  const boxes = linkBoxes(node);
  return drawn.lines
    .map((line, i) => {
      const shift = drawn.align === 'center' ? (drawn.width - textWidth(line.text, drawn.size)) / 2 : 0;
      const links = boxes.filter((one) => one.line === i);
      return (
        plainParts(line.text, links)
          .map(([from, to]) =>
            textAt(line.text.slice(from, to), {
              x: drawn.left + shift + textWidth(line.text.slice(0, from), drawn.size),
              y: baseline(i),
              size: drawn.size,
              fill: color,
            }),
          )
          .join('') + links.map((link) => drawLink(link, baseline(i), drawn.size)).join('')
      );
    })
    .join('');
}

/** Ranges of a line that belong to no link. */
function plainParts(text: string, links: readonly LinkBox[]): readonly (readonly [number, number])[] {
  const cuts = links.toSorted((a, b) => a.from - b.from).flatMap(({ from, to }) => [from, to]);
  const ends = [0, ...cuts, text.length];
  return ends.flatMap((from, i) => (i % 2 === 0 ? [[from, ends[i + 1] ?? text.length] as const] : []));
}

function drawLink({ box, text }: LinkBox, baseline: number, size: number): string {
  return (
    textAt(text, { x: box.left, y: baseline, size, fill: BLUE }) +
    rectangle({ left: box.left, right: box.right, top: baseline + 6, bottom: baseline + 9 }, BLUE)
  );
}

function scrollBar(node: UiNode): string {
  const whole = node.children.reduce((most, child) => Math.max(most, height(child.box)), 0);
  const tall = height(node.box);
  if (whole <= tall + 1) return '';
  const top = node.box.top + (node.scroll / whole) * tall;
  return rectangle({ left: node.box.right - 12, right: node.box.right - 4, top, bottom: top + (tall * tall) / whole }, '#b6bcc6', {
    rx: 4,
  });
}

function drawToast(text: string, i: number, frame: Frame): string {
  const size = 40;
  const wide = Math.min(frame.width - 120, textWidth(text, size) + 96);
  const bottom = frame.height - SIZES.navigationBar - 160 - i * 130 - (frame.keyboard ? SIZES.keyboard : 0);
  const left = (frame.width - wide) / 2;
  return (
    rectangle({ left, right: left + wide, top: bottom - 104, bottom }, '#323232', { rx: 52 }) +
    textAt(text, { x: left + 48, y: bottom - 38, size, fill: '#fff' })
  );
}

function statusBar(frame: Frame, time: string): string {
  const bar = rectangle({ left: 0, top: 0, right: frame.width, bottom: SIZES.statusBar }, '#263850');
  const battery =
    rectangle({ left: frame.width - 96, top: 28, right: frame.width - 44, bottom: 56 }, 'none', {
      rx: 5,
      stroke: '#fff',
      'stroke-width': 4,
    }) +
    rectangle({ left: frame.width - 91, top: 33, right: frame.width - 58, bottom: 51 }, '#fff') +
    rectangle({ left: frame.width - 42, top: 36, right: frame.width - 36, bottom: 48 }, '#fff');
  const bars = [0, 1, 2, 3]
    .map((i) => rectangle({ left: frame.width - 180 + i * 16, right: frame.width - 170 + i * 16, top: 48 - i * 7, bottom: 57 }, '#fff'))
    .join('');
  return bar + textAt(time, { x: 44, y: 56, size: 38, fill: '#fff' }) + bars + battery;
}

function navigationBar(frame: Frame): string {
  const top = frame.height - SIZES.navigationBar;
  const middle = frame.width / 2;
  return (
    rectangle({ left: 0, top, right: frame.width, bottom: frame.height }, '#fff', { 'fill-opacity': 0.6 }) +
    rectangle({ left: middle - 150, right: middle + 150, top: frame.height - 52, bottom: frame.height - 42 }, '#5f6670', { rx: 5 })
  );
}

function wallpaper(frame: Frame): string {
  const shades =
    '<linearGradient id="w" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#5d86c4"/><stop offset="1" stop-color="#c7d8ee"/></linearGradient>';
  return `${shades}<rect ${attributes({ width: frame.width, height: frame.height, fill: 'url(#w)' })}/>`;
}

/** Across every picture, so that none of them passes for a real phone's. */
function watermark(frame: Frame, part: Rect | null): string {
  const badge = { left: frame.width / 2 - 170, right: frame.width / 2 + 170, top: 10, bottom: SIZES.statusBar - 10 };
  const marks = [620, 1240, 1860].map(
    (y, i) =>
      `<text ${attributes({ x: 150 + i * 180, y, 'font-size': 110, fill: '#c62828', 'fill-opacity': 0.13, transform: `rotate(-24 ${150 + i * 180} ${y})` })}>虚拟手机</text>`,
  );
  return `${marks.join('')}${rectangle(badge, '#c62828', { rx: 32 })}${textAt('虚拟手机', { x: badge.left + 90, y: 56, size: 40, fill: '#fff' })}${part === null ? '' : cornerMark(part)}`;
}

/** A cut-out may lie between the marks of the whole picture. */
function cornerMark(part: Rect): string {
  const size = Math.min(34, height(part) * 0.3, width(part) * 0.2);
  return `<text ${attributes({ x: part.right - size * 4.2, y: part.bottom - size * 0.3, 'font-size': size, fill: '#c62828', 'fill-opacity': 0.7 })}>虚拟手机</text>`;
}
