import type { Rect, UiNode } from '../ui/node.js';
import { height, width } from '../ui/node.js';
import { textWidth } from '../ui/text-metrics.js';
import { attributes, rectangle, textAt } from './svg.js';

/** An ImageView. The app declares no pixels, so a picture is drawn as a placeholder, the system's own icons as what they are. */
export function drawImage(node: UiNode): string {
  if (node.view.id === 'permission_icon') return shield(node.box);
  if (node.view.id === 'app_icon') return appIcon(node);
  return placeholder(node.box);
}

function placeholder(box: Rect): string {
  const [w, h] = [width(box), height(box)];
  const at = (x: number, y: number): string => `${box.left + w * x} ${box.top + h * y}`;
  const hill = `M${at(0.18, 0.76)} L${at(0.42, 0.42)} L${at(0.58, 0.62)} L${at(0.68, 0.5)} L${at(0.84, 0.76)} Z`;
  const sun = `<circle ${attributes({ cx: box.left + w * 0.7, cy: box.top + h * 0.3, r: w * 0.08, fill: '#8fb0e6' })}/>`;
  return `${rectangle(box, '#dde7f7', { rx: Math.min(24, w / 4) })}<path d="${hill}" fill="#8fb0e6"/>${sun}`;
}

function shield(box: Rect): string {
  const [x, y, s] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2, Math.min(96, width(box)) / 96];
  const outline = `M${x} ${y - 46 * s} L${x + 40 * s} ${y - 30 * s} V${y} C${x + 40 * s} ${y + 26 * s} ${x + 20 * s} ${y + 42 * s} ${x} ${y + 50 * s} C${x - 20 * s} ${y + 42 * s} ${x - 40 * s} ${y + 26 * s} ${x - 40 * s} ${y} V${y - 30 * s} Z`;
  const tick = `M${x - 18 * s} ${y + 2 * s} L${x - 4 * s} ${y + 16 * s} L${x + 20 * s} ${y - 12 * s}`;
  return `<path d="${outline}" fill="#1456c8"/><path d="${tick}" fill="none" stroke="#fff" stroke-width="${8 * s}" stroke-linecap="round" stroke-linejoin="round"/>`;
}

/** The first character of the app's label on a coloured square. */
function appIcon(node: UiNode): string {
  const letter = [...(node.parent?.view.desc ?? '')][0] ?? '';
  const size = height(node.box) * 0.6;
  const left = (node.box.left + node.box.right - textWidth(letter, size)) / 2;
  return (
    rectangle(node.box, '#1456c8', { rx: 18 }) +
    textAt(letter, { x: left, y: (node.box.top + node.box.bottom) / 2 + size * 0.36, size, fill: '#fff' })
  );
}
