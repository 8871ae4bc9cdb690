import { createRunClock } from '../../../../harness/clock.js';
import type { RunClock } from '../../../../harness/model/clock.js';
import type { Ui, View } from '../../../../harness/model/app.js';
import type { UiNode } from '../../../../harness/virtual/ui/node.js';
import { walk } from '../../../../harness/virtual/ui/node.js';
import type { WindowHost, Windows } from '../../../../harness/virtual/ui/windows.js';
import { createWindows } from '../../../../harness/virtual/ui/windows.js';

export const LOAN = 'com.example.kuaidai';

export interface Stage {
  readonly clock: RunClock;
  readonly windows: Windows;
  readonly ui: Ui;
  /** What the process was told, in order. */
  readonly heard: string[];
}

/** A screen with one process attached, which writes down what it is told. */
export function stage(more: Partial<WindowHost> = {}): Stage {
  const clock = createRunClock({});
  const windows = createWindows({ clock, width: 1080, height: 2280 });
  const heard: string[] = [];
  const ui = windows.attach({ package: LOAN, label: '快易贷', pid: 4001 }, hostOf(heard, more));
  return { clock, windows, ui, heard };
}

export function hostOf(heard: string[], more: Partial<WindowHost> = {}): WindowHost {
  return {
    click: (view, listener) => {
      heard.push(`click ${view.text}${view.frame === null ? '' : ` in ${view.frame}`}`);
      listener();
    },
    resumed: (activity) => void heard.push(`resumed ${activity}`),
    paused: (activity) => void heard.push(`paused ${activity}`),
    ...more,
  };
}

/** The visible node with this text in the window in front. */
export function shown(windows: Windows, text: string): UiNode | null {
  for (const node of walk(windows.screen.frame().active.root)) if (node.text === text && node.visible !== null) return node;
  return null;
}

/** Touches the middle of the visible node with this text. */
export function touch(windows: Windows, text: string): void {
  const box = shown(windows, text)?.visible;
  if (box === undefined || box === null) throw new Error(`${text} is not on the screen`);
  windows.screen.tap((box.left + box.right) / 2, (box.top + box.bottom) / 2);
}

export const stack = (...children: readonly View[]): View => ({ type: 'LinearLayout', children });
export const row = (...children: readonly View[]): View => ({ type: 'LinearLayout', horizontal: true, children });
export const label = (text: string, more: Partial<View> = {}): View => ({ type: 'TextView', text, ...more });
export const button = (text: string, onClick: () => void, more: Partial<View> = {}): View => ({ type: 'Button', text, onClick, ...more });
export const field = (id: string, more: Partial<View> = {}): View => ({ type: 'EditText', id, ...more });
