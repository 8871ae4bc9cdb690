import type { Desk, Frame } from './desk.js';
import { changed } from './desk.js';
import { maxScroll } from './layout.js';
import { linkAt } from './links.js';
import type { UiNode } from './node.js';
import { clickable, contains, enabled } from './node.js';
import { SIZES } from './style.js';
import type { Owner } from './window.js';

/** A finger put down and lifted at one place. The handler runs at once; what it started goes on after this returns. */
export function tap(desk: Desk, frame: Frame, x: number, y: number): void {
  if (y >= frame.height - SIZES.navigationBar - (frame.keyboard ? SIZES.keyboard : 0) || y < SIZES.statusBar) return;
  const { active } = frame;
  if (!contains(active.root.box, x, y)) return active.outside();
  const deepest = nodeAt(active.root, x, y);
  for (let node = deepest; node !== null; node = node.parent) {
    const link = node.drawn === null ? null : linkAt(node, x, y);
    if (link !== null)
      return send(
        active.owner,
        { id: node.view.id ?? '', text: link.text, className: node.className, frame: node.view.clickFrame ?? null },
        link.open,
      );
    if (clickable(node)) return clickNode(desk, active.owner, node);
  }
}

/** The topmost visible node at a place; later children lie over earlier ones. */
export function nodeAt(node: UiNode, x: number, y: number): UiNode | null {
  if (!contains(node.visible, x, y)) return null;
  for (let i = node.children.length - 1; i >= 0; i--) {
    const child = node.children[i];
    const hit = child === undefined ? null : nodeAt(child, x, y);
    if (hit !== null) return hit;
  }
  return node;
}

function clickNode(desk: Desk, owner: Owner | null, node: UiNode): void {
  if (!enabled(node)) return;
  const { view } = node;
  if (view.type === 'EditText') {
    desk.focus = node.key;
    desk.keyboard = true;
    changed(desk);
    if (view.onClick === undefined) return;
  }
  send(
    owner,
    {
      id: view.id ?? '',
      text: node.text === '' ? (view.desc ?? '') : node.text,
      className: node.className,
      frame: view.clickFrame ?? null,
    },
    () => {
      if (view.type === 'CheckBox') {
        node.checked = !node.checked;
        changed(desk);
        return [view.onCheck?.(node.checked), view.onClick?.()];
      }
      return view.onClick?.();
    },
  );
}

/** Lets the process run a listener. Listeners may be async in spite of their type; a late rejection is a crash as well. */
function send(
  owner: Owner | null,
  view: { readonly id: string; readonly text: string; readonly className: string; readonly frame: string | null },
  run: () => unknown,
): void {
  if (owner === null) return void run();
  if (!owner.alive) return;
  const crashed = (error: unknown): void => {
    if (owner.host.crashed === undefined) throw error;
    owner.host.crashed(error);
  };
  try {
    owner.host.click(view, () => {
      for (const result of [run()].flat()) if (result instanceof Promise) result.catch(crashed);
    });
  } catch (error) {
    crashed(error);
  }
}

/** A finger drawn over the screen: moves the innermost ScrollView under its start that can move. */
export function swipe(
  desk: Desk,
  frame: Frame,
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
): void {
  for (let node = nodeAt(frame.active.root, from.x, from.y); node !== null; node = node.parent) {
    if (scrollBy(desk, node, from.y - to.y)) return;
  }
}

/** Moves a ScrollView's content up by `dy` pixels; false when it could not move. */
export function scrollBy(desk: Desk, node: UiNode, dy: number): boolean {
  if (node.view.type !== 'ScrollView') return false;
  const next = Math.round(Math.min(maxScroll(node), Math.max(0, node.scroll + dy)));
  if (next === node.scroll) return false;
  node.scroll = next;
  changed(desk);
  return true;
}

/** Puts `text` into a field, through its filters, and gives it the focus; false when it is no field. */
export function putText(desk: Desk, node: UiNode, text: string): boolean {
  if (node.view.type !== 'EditText' || !enabled(node)) return false;
  const { input, maxLength } = node.view;
  const allowed = input === 'number' ? text.replace(/\D/g, '') : input === 'phone' ? text.replace(/[^\d*#+\-() ,/N.;]/g, '') : text;
  node.text = maxLength === undefined ? allowed : [...allowed].slice(0, maxLength).join('');
  desk.focus = node.key;
  desk.keyboard = true;
  changed(desk);
  return true;
}

/** The Enter key: to the next field, or the keyboard goes away. */
export function enter(desk: Desk, frame: Frame): void {
  const { focus } = frame;
  const fields = focus === null ? [] : fieldsOf(frame.active.root);
  const next = focus === null ? undefined : fields[fields.indexOf(focus) + 1];
  if (next === undefined) desk.keyboard = false;
  else desk.focus = next.key;
  changed(desk);
}

function fieldsOf(node: UiNode): readonly UiNode[] {
  return [...(node.view.type === 'EditText' && enabled(node) ? [node] : []), ...node.children.flatMap(fieldsOf)];
}
