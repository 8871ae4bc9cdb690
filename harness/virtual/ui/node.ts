import type { View } from '../../model/app.js';
import type { Line } from './text-metrics.js';

/** Pixels of the screen; right and bottom are outside. */
export interface Rect {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A view as it stands on the screen: what was declared, what has changed since, and where the last layout put it. */
export interface UiNode {
  /** Window and path; the same after a window is rendered anew. */
  readonly key: string;
  readonly view: View;
  readonly package: string;
  readonly className: string;
  /** `package:id/name`, or null. */
  readonly resourceId: string | null;
  readonly index: number;
  readonly parent: UiNode | null;
  readonly children: readonly UiNode[];
  text: string;
  checked: boolean;
  /** Pixels by which a ScrollView's content is moved up. */
  scroll: number;
  /** Where it is, on or off the screen. */
  box: Rect;
  /** The part that can be seen; null when scrolled away or of no size. */
  visible: Rect | null;
  /** Left edge, first line's top and lines of the drawn text. */
  drawn: DrawnText | null;
}

/** Lines of a view's text and where they stand, in pixels of the screen. */
export interface DrawnText {
  readonly left: number;
  readonly top: number;
  readonly size: number;
  readonly lineHeight: number;
  readonly lines: readonly Line[];
  readonly align: 'left' | 'center';
  readonly width: number;
}

/** The place of what is not laid out, or cannot be seen. */
export const NOWHERE: Rect = { left: 0, top: 0, right: 0, bottom: 0 };

/** Builds the nodes of a declared view. Ids that hold a colon are taken as they are (`android:id/content`). */
export function buildNode(view: View, packageName: string, key: string): UiNode {
  return grow(view, { package: packageName, key, parent: null, index: 0 });
}

function grow(view: View, place: Pick<UiNode, 'package' | 'key' | 'parent' | 'index'>): UiNode {
  const { package: packageName, key } = place;
  const children: UiNode[] = [];
  const node: UiNode = {
    ...place,
    view,
    className: `android.widget.${view.type}`,
    children,
    resourceId: view.id === undefined ? null : view.id.includes(':') ? view.id : `${packageName}:id/${view.id}`,
    text: view.text ?? '',
    checked: view.checked ?? false,
    scroll: 0,
    box: NOWHERE,
    visible: null,
    drawn: null,
  };
  const seen = new Map<string, number>();
  (view.children ?? []).forEach((child, at) => {
    const name = child.id ?? `${at}`;
    const nth = seen.get(name) ?? 0;
    seen.set(name, nth + 1);
    children.push(grow(child, { package: packageName, key: `${key}/${name}${nth === 0 ? '' : `~${nth}`}`, parent: node, index: at }));
  });
  return node;
}

/** The node and everything below it, parents first. */
export function* walk(node: UiNode): Generator<UiNode> {
  yield node;
  for (const child of node.children) yield* walk(child);
}

/** Whether a touch on the view itself does something. Buttons, boxes and fields are clickable even when nothing listens. */
export function clickable(node: UiNode): boolean {
  const { type, onClick } = node.view;
  return onClick !== undefined || type === 'Button' || type === 'CheckBox' || type === 'EditText';
}

/** Whether the view takes touches and text. */
export function enabled(node: UiNode): boolean {
  return node.view.enabled ?? true;
}

/** Width in pixels. */
export function width(rect: Rect): number {
  return rect.right - rect.left;
}

/** Height in pixels. */
export function height(rect: Rect): number {
  return rect.bottom - rect.top;
}

/** The common part of two rectangles, or null. */
export function intersect(a: Rect, b: Rect): Rect | null {
  const both = {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
  return both.right > both.left && both.bottom > both.top ? both : null;
}

/** Whether a place lies in the rectangle; nothing lies in null. */
export function contains(rect: Rect | null, x: number, y: number): boolean {
  return rect !== null && x >= rect.left && x < rect.right && y >= rect.top && y < rect.bottom;
}

/** The middle, in whole pixels. */
export function center(rect: Rect): { readonly x: number; readonly y: number } {
  return { x: Math.floor((rect.left + rect.right) / 2), y: Math.floor((rect.top + rect.bottom) / 2) };
}
