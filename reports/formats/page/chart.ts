import type { Columns, EventKey } from '../html/columns.js';

/** What the chart shows now. */
export interface View {
  from: number;
  to: number;
  selected: number;
  language: 0 | 1;
  visible: Uint8Array;
}

const LANE_WORDS: readonly (readonly [string, string])[] = [
  ['界面', 'UI'],
  ['权限', 'prompts'],
  ['读取', 'reads'],
  ['加密摘要', 'crypto'],
  ['外发', 'flows'],
  ['未看到', 'not seen'],
];
const PHASE_WORDS: Readonly<Record<string, readonly [string, string]>> = {
  'before-launch': ['启动前', 'before launch'],
  'before-consent': ['同意前', 'before consent'],
  'after-consent': ['同意后', 'after consent'],
  'after-refusal': ['拒绝后', 'after refusal'],
  'after-withdrawal': ['撤回后', 'after withdrawal'],
};
const TOP = 44;
const LEFT = 74;
// Past this many marks in a lane, columns of pixels say more than dots, and are drawn in time for the next frame.
const MOST_DOTS = 2500;

/** Where a lane's middle is, in CSS pixels. */
function laneY(lane: number, height: number): number {
  return TOP + ((height - TOP - 10) / LANE_WORDS.length) * (lane + 0.5);
}

/** Draws the whole chart. Colours come from the page's style. */
export function draw(canvas: HTMLCanvasElement, data: Columns, index: ReadonlyMap<EventKey, number>, view: View): void {
  const box = canvas.getBoundingClientRect();
  const ratio = devicePixelRatio || 1;
  const [width, height] = [box.width, box.height];
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext('2d');
  if (!pen) return;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const x = (ms: number): number => LEFT + ((ms - view.from) / (view.to - view.from)) * (width - LEFT - 8);
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = '13px system-ui, sans-serif';
  phases(pen, { data, view, x, width, height, colour });
  lanes(pen, { data, view, x, width, height, colour });
  curves(pen, { data, index, view, x, height, colour });
  marks(pen, { data, view, x, width, height, colour });
}

interface Brush {
  readonly data: Columns;
  readonly view: View;
  readonly x: (ms: number) => number;
  readonly height: number;
  readonly colour: (name: string) => string;
}

function phases(pen: CanvasRenderingContext2D, { data, view, x, width, height, colour }: Brush & { readonly width: number }): void {
  const fill: Readonly<Record<string, string>> = {
    'before-consent': 'warn-tint',
    'after-consent': 'ok-tint',
    'after-refusal': 'bad-tint',
    'after-withdrawal': 'bad-tint',
  };
  for (const [from, to, phase] of data.phases) {
    const [a, b] = [Math.max(LEFT, x(from)), Math.min(width - 8, x(to))];
    if (b <= LEFT || a >= width || b - a < 0.5) continue;
    pen.fillStyle = colour(fill[phase] ?? 'tint');
    pen.fillRect(a, 22, b - a, height - 30);
    const word = PHASE_WORDS[phase]?.[view.language] ?? '';
    pen.fillStyle = colour('ink');
    if (pen.measureText(word).width + 8 < b - a) pen.fillText(word, a + 4, 37);
  }
  pen.fillStyle = colour('soft');
  for (const ms of ticks(view.from, view.to)) {
    const at = x(ms);
    pen.fillRect(at, 18, 1, 5);
    pen.fillText(`${(ms / 1000).toLocaleString('en', { maximumFractionDigits: 3 })} s`, Math.min(at + 3, width - 52), 14);
  }
}

function ticks(from: number, to: number): readonly number[] {
  const rough = (to - from) / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((s) => s >= rough) ?? rough;
  const out: number[] = [];
  for (let t = Math.ceil(from / step) * step; t <= to; t += step) out.push(t);
  return out;
}

function lanes(pen: CanvasRenderingContext2D, { view, width, height, colour }: Brush & { readonly width: number }): void {
  for (const [lane, words] of LANE_WORDS.entries()) {
    const y = laneY(lane, height);
    pen.fillStyle = colour('line');
    pen.fillRect(LEFT, y, width - LEFT - 8, 1);
    pen.fillStyle = colour('ink');
    pen.fillText(words[view.language], 6, y + 5);
  }
}

function curves(
  pen: CanvasRenderingContext2D,
  { data, index, view, x, height, colour }: Brush & { readonly index: ReadonlyMap<EventKey, number> },
): void {
  for (const [read, flow, bad] of data.links) {
    const [a, b] = [index.get(read), index.get(flow)];
    if (a === undefined || b === undefined || !view.visible[b]) continue;
    const [xa, xb] = [x(data.ms[a] ?? 0), x(data.ms[b] ?? 0)];
    if ((xa < LEFT && xb < LEFT) || Math.min(xa, xb) > pen.canvas.width) continue;
    const [ya, yb] = [laneY(2, height), laneY(4, height)];
    pen.strokeStyle = colour(bad ? 'bad' : 'mute');
    pen.globalAlpha = bad ? 0.75 : 0.35;
    pen.lineWidth = bad ? 1.8 : 1;
    pen.beginPath();
    pen.moveTo(xa, ya);
    pen.bezierCurveTo(xa, (ya + yb) / 2 + 10, xb, (ya + yb) / 2 - 10, xb, yb);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

function marks(pen: CanvasRenderingContext2D, { data, view, x, width, height, colour }: Brush & { readonly width: number }): void {
  const colours = [colour('mute'), colour('bad'), colour('warn')];
  const [first, last] = [lowerBound(data.ms, view.from), lowerBound(data.ms, view.to + 1)];
  const dense = last - first > MOST_DOTS;
  const drawn = new Uint8Array((Math.ceil(width) + 1) * LANE_WORDS.length * 3);
  for (const pass of [0, 2, 1]) {
    pen.fillStyle = colours[pass] ?? '';
    for (let i = first; i < last; i++) {
      if (data.mark[i] !== pass || !view.visible[i]) continue;
      const at = x(data.ms[i] ?? 0);
      const lane = data.lane[i] ?? 0;
      const y = laneY(lane, height);
      const slot = (Math.round(at) * LANE_WORDS.length + lane) * 3 + pass;
      if (drawn[slot]) continue;
      drawn[slot] = 1;
      if (dense) pen.fillRect(Math.round(at), y - 9, 1, 18);
      else dot(pen, at, y, pass === 0 ? 4 : 6);
    }
  }
  if (view.selected >= 0) {
    pen.strokeStyle = colour('link');
    pen.lineWidth = 2.5;
    pen.strokeRect(x(data.ms[view.selected] ?? 0) - 9, laneY(data.lane[view.selected] ?? 0, height) - 9, 18, 18);
  }
}

function dot(pen: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fill();
}

/** First index whose value is not below `wanted`, in a sorted list. */
export function lowerBound(sorted: readonly number[], wanted: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The visible event nearest to a point of the canvas, within 14 pixels; -1: none. */
export function hit(canvas: HTMLCanvasElement, data: Columns, view: View, point: { readonly x: number; readonly y: number }): number {
  const { width, height } = canvas.getBoundingClientRect();
  const perPixel = (view.to - view.from) / (width - LEFT - 8);
  const ms = view.from + (point.x - LEFT) * perPixel;
  let best = -1;
  let near = 14;
  for (let i = lowerBound(data.ms, ms - 14 * perPixel); i < data.ms.length && (data.ms[i] ?? 0) <= ms + 14 * perPixel; i++) {
    if (!view.visible[i]) continue;
    const away =
      Math.abs((data.ms[i] ?? 0) - ms) / perPixel + Math.abs(laneY(data.lane[i] ?? 0, height) - point.y) - (data.mark[i] ? 1 : 0);
    if (away < near) [near, best] = [away, i];
  }
  return best;
}

/** Name of a lane. */
export function laneWord(lane: number, language: 0 | 1): string {
  return LANE_WORDS[lane]?.[language] ?? '';
}
