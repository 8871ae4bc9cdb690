import type { RunClock, TimerId } from '../../model/clock.js';
import type { UiNode } from './node.js';
import { walk } from './node.js';
import type { PermissionAsk, PromptOutcome } from './system-windows.js';
import type { Owner, Window } from './window.js';
import { layoutWindow } from './window.js';

/** One entry of a task: an activity of the app, or the contact picker over it. */
export interface Activity {
  readonly name: string;
  readonly window: Window;
  readonly dialogs: Window[];
  /** Called when it goes away without having been ended by its own code. */
  readonly gone: () => void;
}

/** A permission prompt that is shown or waits for its turn. */
export interface Prompt {
  readonly ask: PermissionAsk;
  readonly window: Window;
  readonly answer: (answer: PromptOutcome) => void;
  announced: boolean;
}

/** Everything that is, or could come, on the screen. */
export interface Desk {
  readonly clock: RunClock;
  readonly width: number;
  readonly height: number;
  readonly tasks: Map<string, Activity[]>;
  readonly owners: Map<string, Owner>;
  /** Labels of the apps that ever had a process, by package. */
  readonly labels: Map<string, string>;
  readonly prompts: Prompt[];
  readonly toasts: { readonly id: number; readonly text: string; readonly package: string; readonly timer: TimerId }[];
  readonly shown: ((what: { readonly kind: 'permission'; readonly group: string; readonly permissions: readonly string[] }) => void)[];
  /** Package of the task in front; null: the launcher. */
  front: string | null;
  resumed: Window | null;
  focus: string | null;
  keyboard: boolean;
  activeWindow: number;
  version: number;
  nextId: number;
  frame: Frame | null;
  launcher: Window | null;
}

/** What is on the screen between two changes, laid out. */
export interface Frame {
  /** Grows with every change. */
  readonly number: number;
  /** Bottom first. */
  readonly windows: readonly Window[];
  /** The one that takes touches and stands in the page source. */
  readonly active: Window;
  readonly toasts: readonly { readonly id: number; readonly text: string; readonly package: string }[];
  readonly focus: UiNode | null;
  readonly keyboard: boolean;
  readonly width: number;
  readonly height: number;
}

/** Windows that can be seen, bottom first. Makes the launcher's when nothing else is in front. */
export function visibleWindows(desk: Desk, launcher: () => Window): readonly Window[] {
  const top = desk.front === null ? undefined : desk.tasks.get(desk.front)?.at(-1);
  if (top === undefined) return [(desk.launcher ??= launcher())];
  const prompt = desk.prompts.find((one) => one.ask.package === desk.front);
  return [top.window, ...top.dialogs, ...(prompt === undefined ? [] : [prompt.window])];
}

/** Notes a change: the next frame is made anew, and processes hear which activity is resumed. */
export function changed(desk: Desk): void {
  desk.version++;
  desk.frame = null;
  const task = desk.front === null ? undefined : desk.tasks.get(desk.front);
  if (desk.front !== null && (task === undefined || task.length === 0)) desk.front = null;
  const now = desk.front === null ? null : (task?.findLast((one) => one.window.owner !== null)?.window ?? null);
  const before = desk.resumed;
  if (now !== before) {
    desk.resumed = now;
    if (before?.owner?.alive === true) before.owner.host.paused(before.name);
    if (now?.owner?.alive === true && desk.resumed === now) now.owner.host.resumed(now.name);
  }
  const prompt = desk.prompts.find((one) => one.ask.package === desk.front);
  if (prompt !== undefined && !prompt.announced) {
    prompt.announced = true;
    for (const listener of desk.shown) listener({ kind: 'permission', group: prompt.ask.group, permissions: prompt.ask.permissions });
  }
}

/** The frame of now; the same object until something changes. */
export function frameOf(desk: Desk, launcher: () => Window): Frame {
  if (desk.frame !== null) return desk.frame;
  const windows = visibleWindows(desk, launcher);
  const active = windows[windows.length - 1];
  if (active === undefined) throw new Error('no window at all');
  if (active.id !== desk.activeWindow) {
    desk.activeWindow = active.id;
    desk.keyboard = false;
    desk.focus = null;
  }
  const focus = desk.focus === null ? null : findKey(active, desk.focus);
  const keyboard = desk.keyboard && focus !== null;
  for (const window of windows) layoutWindow(window, desk, keyboard && window === active);
  desk.frame = { number: desk.version, windows, active, toasts: [...desk.toasts], focus, keyboard, width: desk.width, height: desk.height };
  return desk.frame;
}

/** The node with this key in a window, or null. */
export function findKey(window: Window, key: string): UiNode | null {
  if (key !== window.root.key && !key.startsWith(`${window.root.key}/`)) return null;
  for (const node of walk(window.root)) if (node.key === key) return node;
  return null;
}
