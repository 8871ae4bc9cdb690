import type { Rect, UiNode } from './node.js';
import { height, intersect, NOWHERE, width } from './node.js';
import { fontSize, padding, shownText, SIZES } from './style.js';
import { textWidth, wrap } from './text-metrics.js';

/** Puts a window's nodes into `area`; what lies outside it is not visible. */
export function layout(root: UiNode, area: Rect): void {
  place(root, area, area);
}

/** Height in pixels that a node wants at this width. */
export function naturalHeight(node: UiNode, at: number): number {
  switch (node.view.type) {
    case 'ScrollView':
    case 'FrameLayout':
      return node.children.reduce((most, child) => Math.max(most, naturalHeight(child, at)), 0);
    case 'LinearLayout':
      return node.view.horizontal === true ? rowHeight(node, at) : stackHeight(node, at);
    case 'ImageView':
      return imageSide(node);
    default: {
      const pad = padding(node);
      const lines = wrap(shownText(node), fontSize(node), Math.max(1, at - 2 * pad.x - pad.lead)).length;
      return Math.round(lines * fontSize(node) * SIZES.line) + 2 * pad.y;
    }
  }
}

function stackHeight(node: UiNode, at: number): number {
  const side = inset(node);
  const gaps = Math.max(0, node.children.length - 1) * SIZES.gap;
  return node.children.reduce((sum, child) => sum + naturalHeight(child, at - 2 * side), gaps + 2 * (side > 0 ? SIZES.gap : 0));
}

function rowHeight(node: UiNode, at: number): number {
  const widths = rowWidths(node, at);
  const highest = node.children.reduce((most, child, i) => Math.max(most, naturalHeight(child, widths[i] ?? at)), 0);
  return highest + (inset(node) > 0 ? 2 * SIZES.gap : 0);
}

/** Space that a stack or row keeps on its sides: the outermost of a window keeps off its edges, one that can be touched off its border. */
function inset(node: UiNode): number {
  let outermost = true;
  for (let at = node.parent; at !== null; at = at.parent) if (at.view.type === 'LinearLayout') outermost = false;
  if (outermost) return SIZES.side;
  return node.view.onClick === undefined ? 0 : SIZES.gap;
}

function imageSide(node: UiNode): number {
  if (node.view.id === 'permission_icon') return 120;
  return node.parent?.view.horizontal === true ? 72 : 220;
}

function naturalWidth(node: UiNode): number {
  const { type, horizontal } = node.view;
  if (type === 'ImageView') return imageSide(node);
  if (type === 'LinearLayout' || type === 'FrameLayout' || type === 'ScrollView') {
    const inner = node.children.map(naturalWidth);
    const own = horizontal === true ? inner.reduce((sum, w) => sum + w + SIZES.gap, -SIZES.gap) : Math.max(0, ...inner);
    return own + (type === 'LinearLayout' ? 2 * inset(node) : 0);
  }
  const pad = padding(node);
  const longest = Math.max(
    ...shownText(node)
      .split('\n')
      .map((line) => textWidth(line, fontSize(node))),
  );
  return Math.ceil(longest) + 2 * pad.x + pad.lead + 2;
}

/** Buttons alone share a row evenly; else fields take what is left, and texts give way when there is too little. */
function rowWidths(node: UiNode, at: number): readonly number[] {
  const free = at - 2 * inset(node) - SIZES.gap * Math.max(0, node.children.length - 1);
  if (node.children.every((child) => child.view.type === 'Button')) return node.children.map(() => Math.floor(free / node.children.length));
  const natural = node.children.map(naturalWidth);
  const left = free - natural.reduce((sum, w) => sum + w, 0);
  const takers = node.children.map((child) => (left >= 0 ? child.view.type === 'EditText' : canShrink(child)));
  const takersWidth = natural.reduce((sum, w, i) => sum + (takers[i] === true ? w : 0), 0);
  if (takersWidth === 0) return left >= 0 ? natural : natural.map((w) => Math.floor((w * free) / (free - left)));
  return natural.map((w, i) => (takers[i] === true ? Math.max(40, Math.floor(w + (left * w) / takersWidth)) : w));
}

/** A tick box without a label has nothing to give. */
function canShrink(node: UiNode): boolean {
  const { type } = node.view;
  return type !== 'Button' && type !== 'ImageView' && (type !== 'CheckBox' || node.text !== '');
}

function place(node: UiNode, box: Rect, clip: Rect): void {
  node.box = box;
  node.visible = intersect(box, clip);
  node.drawn = null;
  switch (node.view.type) {
    case 'ScrollView':
      return placeScrolled(node);
    case 'FrameLayout':
      return node.children.forEach((child) => place(child, framed(child, box), node.visible ?? NOWHERE));
    case 'LinearLayout':
      return node.view.horizontal === true ? placeRow(node) : placeStack(node);
    case 'ImageView':
      return;
    default:
      return placeText(node);
  }
}

/** In a FrameLayout containers fill it, pictures stand in the middle, and other views begin at its top. */
function framed(child: UiNode, box: Rect): Rect {
  if (child.children.length > 0 || child.view.type.endsWith('Layout') || child.view.type === 'ScrollView') return box;
  if (child.view.type !== 'ImageView') return { ...box, bottom: Math.min(box.bottom, box.top + naturalHeight(child, width(box))) };
  const side = imageSide(child);
  const left = Math.floor((box.left + box.right - side) / 2);
  const top = Math.floor((box.top + box.bottom - side) / 2);
  return { left, top, right: left + side, bottom: top + side };
}

function placeScrolled(node: UiNode): void {
  node.scroll = Math.min(node.scroll, maxScroll(node));
  const { left, right, top } = node.box;
  for (const child of node.children) {
    const tall = Math.max(naturalHeight(child, right - left), height(node.box));
    place(child, { left, right, top: top - node.scroll, bottom: top - node.scroll + tall }, node.visible ?? NOWHERE);
  }
}

/** How far a ScrollView can be moved, in pixels. */
export function maxScroll(node: UiNode): number {
  return Math.max(0, naturalHeight(node, width(node.box)) - height(node.box));
}

function placeStack(node: UiNode): void {
  const side = inset(node);
  const inner = width(node.box) - 2 * side;
  const heights = node.children.map((child) => naturalHeight(child, inner));
  const wanted = stackHeight(node, width(node.box));
  const scrolled = node.children.findIndex((child) => child.view.type === 'ScrollView');
  // The first ScrollView of a stack has layout_weight 1: it gives up what the others need and, in an activity, takes what they leave.
  const spare = height(node.box) - wanted;
  if (scrolled >= 0) heights[scrolled] = Math.max(SIZES.text * 3, (heights[scrolled] ?? 0) + spare);
  let top = node.box.top + (side > 0 ? SIZES.gap : 0);
  node.children.forEach((child, i) => {
    const tall = heights[i] ?? 0;
    const wide = child.view.type === 'ImageView' ? imageSide(child) : inner;
    const left = node.box.left + side + Math.floor((inner - wide) / 2);
    place(child, { left, top, right: left + wide, bottom: top + tall }, node.visible ?? NOWHERE);
    top += tall + SIZES.gap;
  });
}

function placeRow(node: UiNode): void {
  const widths = rowWidths(node, width(node.box));
  let left = node.box.left + inset(node);
  node.children.forEach((child, i) => {
    const wide = widths[i] ?? 0;
    const tall = Math.min(naturalHeight(child, wide), height(node.box));
    const top = node.box.top + Math.floor((height(node.box) - tall) / 2);
    place(child, { left, top, right: left + wide, bottom: top + tall }, node.visible ?? NOWHERE);
    left += wide + SIZES.gap;
  });
}

function placeText(node: UiNode): void {
  const pad = padding(node);
  const size = fontSize(node);
  const inner = Math.max(1, width(node.box) - 2 * pad.x - pad.lead);
  const lines = wrap(shownText(node), size, inner);
  const lineHeight = size * SIZES.line;
  const free = height(node.box) - lines.length * lineHeight;
  node.drawn = {
    left: node.box.left + pad.x + pad.lead,
    top: node.box.top + Math.max(0, free / 2),
    size,
    lineHeight,
    lines,
    width: inner,
    align: node.view.type === 'Button' ? 'center' : 'left',
  };
}
