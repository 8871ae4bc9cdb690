import type { View } from '../../model/app.js';
import type { Rect, UiNode } from './node.js';
import { buildNode } from './node.js';
import { layout, naturalHeight } from './layout.js';
import { SIZES } from './style.js';

/** Activities, pickers and the launcher fill the screen; dialogs and permission prompts stand over one. */
export type WindowKind = 'activity' | 'dialog' | 'permission' | 'picker' | 'launcher';

/** One window with its own root view. */
export interface Window {
  readonly id: number;
  readonly kind: WindowKind;
  readonly package: string;
  /** Class name of the activity, whole or without package, as it was opened. */
  readonly name: string;
  root: UiNode;
  /** The process behind it; null for the system's own windows. */
  readonly owner: Owner | null;
  /** What the back key does. */
  readonly back: () => void;
  /** What a touch beside it does. */
  readonly outside: () => void;
}

/** A process that has windows, and the way to reach it. */
export interface Owner {
  readonly package: string;
  readonly label: string;
  readonly pid: number;
  readonly host: WindowHost;
  alive: boolean;
}

/** How a click or a change of the resumed activity reaches the app's process. */
export interface WindowHost {
  /** Runs `listener` with the process's stack below it. What the listener throws is thrown here. */
  click(
    view: { readonly id: string; readonly text: string; readonly className: string; readonly frame: string | null },
    listener: () => void,
  ): void;
  resumed(activity: string): void;
  paused(activity: string): void;
  /** Gets what a listener threw out of `click`, or rejected with later; without it the touch itself throws. */
  crashed?(error: unknown): void;
}

/** Decor and content frames around a window's view; content that may not fit can be scrolled. */
export function windowRoot(content: View, packageName: string, id: number): UiNode {
  const body: View = hasScroll(content) ? content : { type: 'ScrollView', children: [content] };
  return buildNode(
    { type: 'FrameLayout', children: [{ type: 'FrameLayout', id: 'android:id/content', children: [body] }] },
    packageName,
    `w${id}`,
  );
}

function hasScroll(view: View): boolean {
  return view.type === 'ScrollView' || (view.children ?? []).some(hasScroll);
}

/** Lays a window out on the screen; the keyboard takes its space from below. */
export function layoutWindow(window: Window, screen: { readonly width: number; readonly height: number }, keyboard: boolean): void {
  const bottom = screen.height - SIZES.navigationBar - (keyboard ? SIZES.keyboard : 0);
  const free: Rect = { left: 0, top: SIZES.statusBar, right: screen.width, bottom };
  if (window.kind === 'activity' || window.kind === 'picker' || window.kind === 'launcher') {
    layout(window.root, free);
    // The decor reaches behind the bars; its content does not.
    window.root.box = { left: 0, top: 0, right: screen.width, bottom: screen.height };
    window.root.visible = window.root.box;
    return;
  }
  const wide = Math.min(SIZES.dialogWidth, screen.width - 96);
  const most = (bottom - SIZES.statusBar) * 0.86;
  const tall = Math.min(naturalHeight(window.root, wide), most);
  const left = Math.floor((screen.width - wide) / 2);
  const top = Math.floor(SIZES.statusBar + (bottom - SIZES.statusBar - tall) / 2);
  layout(window.root, { left, top, right: left + wide, bottom: Math.floor(top + tall) });
}
