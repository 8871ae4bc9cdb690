import type { Frame } from '../ui/desk.js';
import { SIZES } from '../ui/style.js';
import { textWidth } from '../ui/text-metrics.js';
import { rectangle, textAt } from './svg.js';

const LETTERS = [[...'qwertyuiop'], [...'asdfghjkl'], ['⇧', ...'zxcvbnm', '⌫'], ['符号', '，', '空格', '。', '完成']] as const;
const DIGITS = [
  ['1', '2', '3'],
  ['4', '5', '6'],
  ['7', '8', '9'],
  ['⌫', '0', '完成'],
] as const;

/** The on-screen keyboard: digits for phone and number fields. */
export function drawKeyboard(frame: Frame): string {
  const input = frame.focus?.view.input ?? 'text';
  const rows: readonly (readonly string[])[] = input === 'phone' || input === 'number' ? DIGITS : LETTERS;
  const top = frame.height - SIZES.navigationBar - SIZES.keyboard;
  const tall = SIZES.keyboard / rows.length;
  const board = rectangle({ left: 0, top, right: frame.width, bottom: top + SIZES.keyboard }, '#d5d9e0');
  return board + rows.map((row, i) => drawRow(row, frame.width, top + i * tall, tall)).join('');
}

function drawRow(row: readonly string[], wide: number, top: number, tall: number): string {
  const weights = row.map((key) => (key === '空格' ? 4 : key.length > 1 ? 1.6 : 1));
  const unit =
    (wide - 24) /
    Math.max(
      row.length > 3 ? 10 : 3,
      weights.reduce((sum, weight) => sum + weight, 0),
    );
  let left = (wide - unit * weights.reduce((sum, weight) => sum + weight, 0)) / 2;
  return row
    .map((key, i) => {
      const box = { left: left + 6, right: left + unit * (weights[i] ?? 1) - 6, top: top + 10, bottom: top + tall - 10 };
      left += unit * (weights[i] ?? 1);
      return drawKey(key, box);
    })
    .join('');
}

function drawKey(
  key: string,
  box: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number },
): string {
  const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  const cap = rectangle(box, key.length > 1 && key !== '空格' ? '#b9c0cb' : '#fff', { rx: 12 });
  // The font has no shift and delete signs.
  if (key === '⇧') return cap + sign(`M${x} ${y - 24} L${x + 24} ${y} H${x + 11} V${y + 20} H${x - 11} V${y} H${x - 24} Z`);
  if (key === '⌫')
    return (
      cap +
      sign(
        `M${x - 34} ${y} L${x - 14} ${y - 20} H${x + 30} V${y + 20} H${x - 14} Z M${x - 2} ${y - 8} L${x + 14} ${y + 8} M${x + 14} ${y - 8} L${x - 2} ${y + 8}`,
      )
    );
  const size = key.length > 1 ? 38 : 48;
  return cap + textAt(key, { x: x - textWidth(key, size) / 2, y: y + size * 0.36, size, fill: '#1f2329' });
}

function sign(path: string): string {
  return `<path d="${path}" fill="none" stroke="#1f2329" stroke-width="4" stroke-linejoin="round" stroke-linecap="round"/>`;
}
