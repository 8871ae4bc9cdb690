import type { Rect, UiNode } from './node.js';
import { textWidth } from './text-metrics.js';

/** A span of text that opens something when it is touched. */
export interface Link {
  readonly text: string;
  readonly open: () => void;
}

/** A link span's place on one drawn line. */
export interface LinkBox {
  readonly link: Link;
  readonly box: Rect;
  readonly text: string;
  /** Number of the line, and the span's range in it. */
  readonly line: number;
  readonly from: number;
  readonly to: number;
}

/** Where a view's link spans stand, line by line. */
export function linkBoxes(node: UiNode): readonly LinkBox[] {
  const { drawn } = node;
  if (drawn === null) return [];
  return spans(node).flatMap(({ link, start, end }) =>
    drawn.lines.flatMap((line, i) => {
      const from = Math.max(start, line.start) - line.start;
      const to = Math.min(end, line.start + line.text.length) - line.start;
      if (to <= from) return [];
      const left = drawn.left + textWidth(line.text.slice(0, from), drawn.size);
      const top = drawn.top + i * drawn.lineHeight;
      const text = line.text.slice(from, to);
      return [
        { link, text, line: i, from, to, box: { left, top, right: left + textWidth(text, drawn.size), bottom: top + drawn.lineHeight } },
      ];
    }),
  );
}

/** Each link takes the next place of its text that no earlier link has taken. */
function spans(node: UiNode): readonly { readonly link: Link; readonly start: number; readonly end: number }[] {
  const taken: { link: Link; start: number; end: number }[] = [];
  for (const link of node.view.links ?? []) {
    let start = node.text.indexOf(link.text);
    while (start >= 0 && taken.some((one) => start < one.end && start + link.text.length > one.start))
      start = node.text.indexOf(link.text, start + 1);
    if (start >= 0 && link.text !== '') taken.push({ link, start, end: start + link.text.length });
  }
  return taken;
}

/** The link whose span was touched, or null. */
export function linkAt(node: UiNode, x: number, y: number): Link | null {
  const hit = linkBoxes(node).find(({ box }) => x >= box.left && x < box.right && y >= box.top && y < box.bottom);
  return hit?.link ?? null;
}
